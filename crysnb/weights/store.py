"""Weight files on disk: found by name, checked by hash, written by atomic rename."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import safetensors
import safetensors.torch
import torch

from crysnb.errors import UnknownName, WeightsCorrupt, WeightsMissing, quote
from crysnb.weights.card import ModelCard

if TYPE_CHECKING:
    from torch import Tensor

WEIGHTS, CARD = "weights.safetensors", "card.json"
_SHIPPED = Path(__file__).with_name("shipped")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_MAX_BYTES = 256 << 20


@dataclass(frozen=True, slots=True, eq=False)
class StoredModel:
    """A checked card and the tensors that its hash vouches for."""

    card: ModelCard
    tensors: dict[str, Tensor]


def shipped() -> tuple[str, ...]:
    """Names of the models that come with the package, sorted."""
    return tuple(sorted(_manifest()))


def shipped_card(name: str) -> ModelCard:
    """Card of a shipped model, without reading its weights."""
    return ModelCard.from_json(_checked(_shipped_folder(name) / CARD, _manifest()[name][CARD]))


def load(name_or_folder: str | Path) -> StoredModel:
    """A shipped model by name, or any folder with ``weights.safetensors`` and ``card.json``.

    The weights are read once, hashed, and those same bytes are parsed: for a shipped model both files
    must match the manifest inside the package, for a folder the weights must match the card.

    Raises
    ------
    UnknownName
        For a name that is not shipped.
    WeightsMissing
        If a folder lacks one of the files.
    WeightsCorrupt
        If a file is not what its hash promises, is no safetensors file, or holds non-finite numbers.
    """
    text = os.fspath(name_or_folder)
    if isinstance(name_or_folder, str) and text in _manifest():
        folder, promised = _shipped_folder(text), _manifest()[text]
        card = ModelCard.from_json(_checked(folder / CARD, promised[CARD]))
        return StoredModel(card, _parse(_checked(folder / WEIGHTS, promised[WEIGHTS]), folder))
    folder = Path(text)
    if not _is_folder(folder):
        if isinstance(name_or_folder, str) and _NAME.fullmatch(text):
            raise UnknownName.of("model", text, shipped())
        raise WeightsMissing(
            "weights.missing",
            found=f"no folder {quote(text)}",
            accepted=f"a folder with {WEIGHTS} and {CARD}, or one of {', '.join(shipped())}",
        )
    card = ModelCard.from_json(_read(folder / CARD))
    return StoredModel(card, _parse(_checked(folder / WEIGHTS, card.sha256), folder))


def save(folder: str | Path, card: ModelCard, tensors: Mapping[str, Tensor]) -> ModelCard:
    """Write both files into ``folder`` and return the card with the hash of the weights filled in."""
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    content = safetensors.torch.save({k: v.detach().cpu().contiguous() for k, v in tensors.items()})
    complete = replace(card, sha256=hashlib.sha256(content).hexdigest())
    write_atomic(target / WEIGHTS, content)
    write_atomic(target / CARD, complete.to_json().encode())
    return complete


def write_atomic(path: Path, content: bytes) -> None:
    """Write ``content`` beside ``path``, flush it to disk, then rename: never half a file."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Tensors of a safetensors file, without a card (training checkpoints)."""
    return _parse(_read(path), path.parent)


def tensor_bytes(tensors: Mapping[str, Tensor]) -> bytes:
    """The safetensors form of named tensors."""
    return safetensors.torch.save({k: v.detach().cpu().contiguous() for k, v in tensors.items()})


def manifest_of(folder: Path) -> dict[str, str]:
    """SHA-256 of the two files of a model folder, as the package's manifest lists them."""
    return {name: hashlib.sha256(_read(folder / name)).hexdigest() for name in (CARD, WEIGHTS)}


def _manifest() -> dict[str, dict[str, str]]:
    file = _SHIPPED / "manifest.json"
    if not file.is_file():
        return {}
    content: dict[str, dict[str, str]] = json.loads(file.read_text(encoding="utf-8"))
    return content


def _shipped_folder(name: str) -> Path:
    if name not in _manifest():
        raise UnknownName.of("model", name, shipped())
    return _SHIPPED / name


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):  # a name too long for the file system, or with a NUL byte
        return False


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise _corrupt(path, f"is larger than {_MAX_BYTES >> 20} MiB")
        return path.read_bytes()
    except OSError as error:
        raise WeightsMissing(
            "weights.missing",
            found=f"cannot read {quote(path.name)} in {quote(str(path.parent))}",
            accepted=f"a folder with {WEIGHTS} and {CARD}; pickles (.pt, .ckpt, .tar) are never opened",
        ) from error


def _checked(path: Path, sha256: str) -> bytes:
    content = _read(path)
    if hashlib.sha256(content).hexdigest() != sha256:
        raise _corrupt(path, "does not match its SHA-256")
    return content


def _parse(content: bytes, folder: Path) -> dict[str, Tensor]:
    # A zip archive or a pickle protocol byte: a checkpoint that could run code.
    if content[:2] in (b"PK", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"):
        raise WeightsCorrupt(
            "weights.pickle",
            found=f"{WEIGHTS} in {quote(str(folder))} is a pickled checkpoint",
            accepted="safetensors",
            action="Export the tensors to safetensors where the checkpoint was made",
        )
    try:
        tensors = safetensors.torch.load(content)
    except (safetensors.SafetensorError, ValueError, KeyError, RuntimeError) as error:
        raise _corrupt(folder / WEIGHTS, f"is no safetensors file ({quote(str(error))})") from error
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not torch.isfinite(tensor).all():
            raise _corrupt(folder / WEIGHTS, f"holds non-finite numbers in {quote(name)}")
    return tensors


def _corrupt(path: Path, why: str) -> WeightsCorrupt:
    return WeightsCorrupt(
        "weights.corrupt",
        found=f"{quote(path.name)} in {quote(str(path.parent))} {why}",
        accepted="the file that its card or the package's manifest describes",
        action="Install crysnb again, or fetch or train the model again",
    )
