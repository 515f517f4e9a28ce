"""Training state on disk: complete or absent, and the same numbers after a restart."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from crysnb.errors import CrysnbError, quote
from crysnb.files import parse_json, read_whole, write_whole
from crysnb.weights import store

log = logging.getLogger(__name__)

_LATEST, _STATE, _TENSORS = "latest.json", "state.json", "state.safetensors"
_MAX_BYTES = 64 << 20
_KEPT = 2


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """State after a whole epoch; random numbers follow from the recipe's seed and the epoch.

    Attributes
    ----------
    epoch
        Epochs done.
    recipe_hash
        Hash of the recipe that the run follows.
    tensors
        Network, averaged network and optimiser, flat.
    log
        What was printed after each epoch.
    """

    epoch: int
    recipe_hash: str
    tensors: dict[str, Tensor]
    log: list[dict[str, Any]]


def save(folder: Path, checkpoint: Checkpoint) -> None:
    """Write under a temporary name, rename, then point ``latest.json`` at it; keep the one before."""
    final = folder / f"epoch{checkpoint.epoch:05d}"
    temporary = folder / f".{final.name}.{os.getpid()}"
    for left in folder.glob(".epoch*"):  # of runs that were killed here
        shutil.rmtree(left, ignore_errors=True)
    temporary.mkdir(parents=True)
    content = store.tensor_bytes(checkpoint.tensors)
    state = {
        "epoch": checkpoint.epoch,
        "recipe_hash": checkpoint.recipe_hash,
        "sha256": hashlib.sha256(content).hexdigest(),
        "log": checkpoint.log,
    }
    write_whole(temporary / _TENSORS, content, overwrite=False)
    write_whole(temporary / _STATE, json.dumps(state).encode(), overwrite=False)
    shutil.rmtree(final, ignore_errors=True)
    temporary.replace(final)
    write_whole(folder / _LATEST, json.dumps({"checkpoint": final.name}).encode(), overwrite=True)
    for old in _complete(folder)[_KEPT:]:
        shutil.rmtree(old, ignore_errors=True)


def latest(folder: Path, recipe_hash: str) -> Checkpoint | None:
    """The last complete checkpoint, or None in a fresh folder.

    A checkpoint that was changed since gives way to the one before it, which leads to the same end.

    Raises
    ------
    CrysnbError
        ``training.other_recipe`` if the folder holds a run of another recipe; ``training.checkpoint`` if
        it holds no checkpoint that can be read.
    """
    faults = []
    for place in _places(folder):
        try:
            found = _read(place)
        except CrysnbError as error:
            faults.append(error)
            log.warning("%s is passed over: %s", place.name, error)
            continue
        if found.recipe_hash != recipe_hash:
            raise CrysnbError(
                "training.other_recipe",
                found=f"{quote(str(folder))} holds a run of another recipe",
                accepted="the recipe that the run was started with",
                action="Choose another output folder",
            )
        return found
    if faults:
        raise unusable(folder, faults[0].text)
    return None


def unusable(folder: Path, why: str) -> CrysnbError:
    """Error for a folder without a checkpoint that can be used."""
    return CrysnbError(
        "training.checkpoint",
        found=f"no checkpoint in {quote(str(folder))} can be used: {quote(why)}",
        accepted="what crysnb train has written there",
        action="Choose another output folder, or remove this one",
    )


def _complete(folder: Path) -> list[Path]:
    """Folders of checkpoints, the newest first."""
    return sorted((p for p in folder.glob("epoch*") if p.is_dir()), reverse=True)


def _places(folder: Path) -> list[Path]:
    """Checkpoints in the order in which to try them: what ``latest.json`` says, then older ones."""
    pointer = folder / _LATEST
    complete = _complete(folder)
    if not pointer.is_file():
        # Removed, or the run was killed before it wrote one: what bears a final name is whole.
        return complete
    try:
        name = _object(pointer)["checkpoint"]
    except (CrysnbError, KeyError):
        return complete
    return [p for p in complete if p.name <= str(name)] or complete


def _read(place: Path) -> Checkpoint:
    state = _object(place / _STATE)
    epoch, entries = state.get("epoch"), state.get("log")
    if type(epoch) is not int or epoch < 0 or not isinstance(entries, list) or len(entries) != epoch:
        raise _damaged(f"{place.name} holds no state of a run")
    tensors = store.read_tensors(place / _TENSORS, str(state.get("sha256")))
    return Checkpoint(epoch, str(state.get("recipe_hash")), tensors, entries)


def _object(file: Path) -> dict[str, Any]:
    content = read_whole(file, "checkpoint", limit=_MAX_BYTES, too_large=_too_large)
    value = parse_json(content, depth=5, refuse=lambda found, _: _damaged(f"{file.name}: {found}"))
    if not isinstance(value, dict):
        raise _damaged(f"{file.name} holds no object")
    return value


def _too_large(size: int) -> CrysnbError:
    return _damaged(f"a file of {size:,} bytes")


def _damaged(found: str) -> CrysnbError:
    return CrysnbError("training.checkpoint", found=found, accepted="what crysnb train has written")
