"""The output folder of a run: one process at a time, one recipe and one set of crystals for good."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import platform
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from torch import Tensor

from crysnb.errors import CrysnbError, quote
from crysnb.files import parse_json, read_whole, write_whole
from crysnb.training.recipe import Recipe
from crysnb.training.recipes import recipe_from
from crysnb.values.crystal_batch import CrystalBatch

log = logging.getLogger(__name__)

LOCK, RECIPE, DATA, LESSONS = ".lock", "recipe.json", "data.json", "lessons.json"
MODEL, CHECKPOINTS = "model", "checkpoints"
_MAX_BYTES = 1 << 20


class Learned(Protocol):
    """A crystal with its label, whatever that is."""

    @property
    def id(self) -> str:
        """Of the record."""
        ...

    @property
    def graph(self) -> CrystalBatch:
        """Of the crystal."""
        ...

    @property
    def label(self) -> Tensor:
        """What is learned."""
        ...


@contextmanager
def held(folder: Path, recipe: Recipe, *, resume: bool) -> Iterator[None]:
    """Meanwhile the folder is this process's alone, and follows ``recipe``.

    Raises
    ------
    CrysnbError
        ``training.locked`` while another process holds it; ``training.exists`` if it holds a run and
        ``resume`` is false; ``training.other_recipe`` if that run follows another recipe;
        ``training.folder`` if it cannot be made or written to. A run without a whole epoch leaves nothing
        to go on from: its folder is free for another one.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    except (OSError, ValueError) as error:
        raise _unusable(folder, error) from error
    try:
        try:
            _take(lock, folder)
        except OSError as error:  # a file system without locks
            raise _unusable(folder, error) from error
        try:
            _follow(folder, recipe, resume=resume)
            yield
        finally:
            os.ftruncate(lock, 0)
    finally:
        os.close(lock)


def _unusable(folder: Path, error: Exception) -> CrysnbError:
    return CrysnbError(
        "training.folder",
        found=f"{quote(str(folder))} cannot be used: {getattr(error, 'strerror', None) or error}",
        accepted="a folder that may be made, written to and locked",
    )


def _take(lock: int, folder: Path) -> None:
    """Lock the open file, which the system undoes when the process ends, and write who holds it."""
    holder = _holder(os.read(lock, 1000))
    here = platform.node()
    if not _lock(lock) or (holder and holder["host"] != here):
        who = f"process {holder['pid']} on {quote(holder['host'])}" if holder else "another process"
        raise CrysnbError(
            "training.locked",
            found=f"{quote(str(folder))} is in use by {who}",
            accepted="a folder that no other run writes to",
            action=f"Wait for it, or choose another folder; if that process is gone, delete {LOCK} in it",
        )
    if holder:
        log.warning("Process %s ended without releasing %s; its lock is taken over", holder["pid"], folder)
    os.ftruncate(lock, 0)
    os.lseek(lock, 0, os.SEEK_SET)
    os.write(lock, json.dumps({"pid": os.getpid(), "host": here}).encode())


def _holder(content: bytes) -> dict[str, Any] | None:
    """Who wrote the lock file; None if it was released."""
    if not content.strip():
        return None
    try:
        value = json.loads(content)
        return {"pid": int(value["pid"]), "host": str(value["host"])}
    except (ValueError, KeyError, TypeError, RecursionError):
        return {"pid": "of unknown number", "host": platform.node()}


if sys.platform == "win32":
    import msvcrt

    def _lock(file: int) -> bool:
        os.lseek(file, 1 << 30, os.SEEK_SET)  # beyond the text, which stays readable
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
else:
    import fcntl

    def _lock(file: int) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def _follow(folder: Path, recipe: Recipe, *, resume: bool) -> None:
    file = folder / RECIPE
    if file.exists() and not _has_begun(folder) and _is_written_here(file):
        for name in (RECIPE, DATA, LESSONS):
            (folder / name).unlink(missing_ok=True)
    started = file.exists() or _has_begun(folder)
    if started and not resume:
        raise CrysnbError(
            "training.exists",
            found=f"{quote(str(folder))} holds a run already",
            action="Pass --resume to go on with it, or choose another folder",
        )
    if file.exists():
        then, now = _read(file), json.loads(json.dumps(recipe.to_dict()))
        if then != now:
            differ = sorted(k for k in then.keys() | now.keys() if then.get(k) != now.get(k))
            raise CrysnbError(
                "training.other_recipe",
                found=f"{quote(str(folder))} holds a run whose recipe differs in {quote(', '.join(differ))}",
                accepted="the recipe that the run was started with",
                action="Choose another output folder",
            )
    else:
        write_whole(file, (json.dumps(recipe.to_dict(), indent=1) + "\n").encode(), overwrite=True)


def _has_begun(folder: Path) -> bool:
    """Whether there is a model or a whole epoch, even of a member or of lessons alone."""
    return (folder / MODEL).exists() or any((folder / CHECKPOINTS).glob("*/epoch*"))


def _is_written_here(file: Path) -> bool:
    """Whether it is a whole recipe, as a run writes; what else a user keeps under this name stays."""
    try:
        recipe_from(_read(file))
    except CrysnbError:
        return False
    return True


def same_data(folder: Path, parts: Mapping[str, Sequence[Learned]], *, write: bool, name: str = DATA) -> None:
    """Check that a run goes on with the crystals it began with; ``write`` them down where it begins.

    Parameters
    ----------
    folder
        Of the run.
    parts
        Crystals by part.
    write
        Whether this process writes.
    name
        Of the file that tells what the run began with.

    Raises
    ------
    CrysnbError
        ``training.no_crystals`` without a training crystal; ``training.other_data`` if ids, structures or
        labels are not those that the run began with.
    """
    if not parts["train"]:
        raise CrysnbError(
            "training.no_crystals",
            found="no training crystal is left",
            accepted="a data set with labelled crystals in the part 'train' of its split",
            action="The log says why crystals were left out",
        )
    now = {part: {"crystals": len(crystals), "sha256": _digest(crystals)} for part, crystals in parts.items()}
    file = folder / name
    if file.exists():
        if _read(file) != now:
            raise CrysnbError(
                "training.other_data",
                found=f"the crystals are not those that the run in {quote(str(folder))} began with",
                accepted="the same data set, unchanged",
                action="Choose another output folder",
            )
    elif write:
        write_whole(file, (json.dumps(now, indent=1) + "\n").encode(), overwrite=True)


def _digest(crystals: Iterable[Learned]) -> str:
    digest = hashlib.sha256()
    for crystal in crystals:
        digest.update(crystal.id.encode(errors="backslashreplace"))
        graph = crystal.graph
        for tensor in (crystal.label, graph.atomic_number, graph.frac, graph.cell):
            # Rounded, so that another build of a numerical library does not pass for other data.
            digest.update(tensor.double().mul(1e6).round().add(0.0).numpy().tobytes())
    return digest.hexdigest()


def _read(file: Path) -> dict[str, Any]:
    def refuse(found: str, _: str = "") -> CrysnbError:
        return CrysnbError(
            "training.folder",
            found=f"{quote(str(file))}: {found}",
            accepted="what crysnb train has written",
            action="Choose another output folder",
        )

    content = read_whole(
        file, "training", limit=_MAX_BYTES, too_large=lambda size: refuse(f"a file of {size:,} bytes")
    )
    value = parse_json(content, depth=10, refuse=refuse)
    if not isinstance(value, dict):
        raise refuse("no JSON object")
    return value
