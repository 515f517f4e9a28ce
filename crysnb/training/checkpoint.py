"""Training state on disk: complete or absent, and the same numbers after a restart."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from crysnb.errors import CrysnbError, quote
from crysnb.files import write_whole
from crysnb.weights import store

_LATEST = "latest.json"


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """State after a whole epoch.

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
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    (temporary / "state.safetensors").write_bytes(store.tensor_bytes(checkpoint.tensors))
    state = {"epoch": checkpoint.epoch, "recipe_hash": checkpoint.recipe_hash, "log": checkpoint.log}
    (temporary / "state.json").write_text(json.dumps(state))
    shutil.rmtree(final, ignore_errors=True)
    temporary.replace(final)
    write_whole(folder / _LATEST, json.dumps({"checkpoint": final.name}).encode(), overwrite=True)
    for old in sorted(folder.glob("epoch*"))[:-2]:
        shutil.rmtree(old, ignore_errors=True)


def latest(folder: Path, recipe_hash: str) -> Checkpoint | None:
    """The last complete checkpoint, or None in a fresh folder.

    Raises
    ------
    CrysnbError
        ``training.other_recipe`` if the folder holds a run of another recipe.
    """
    pointer = folder / _LATEST
    if not pointer.is_file():
        return None
    place = folder / str(json.loads(pointer.read_text())["checkpoint"])
    state: Mapping[str, Any] = json.loads((place / "state.json").read_text())
    if state["recipe_hash"] != recipe_hash:
        raise CrysnbError(
            "training.other_recipe",
            found=f"{quote(str(folder))} holds a run of another recipe",
            accepted="the recipe that the run was started with",
            action="Choose another output folder",
        )
    tensors = store.read_tensors(place / "state.safetensors")
    return Checkpoint(int(state["epoch"]), recipe_hash, tensors, list(state["log"]))
