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
from crysnb.files import write_whole
from crysnb.weights.card import ModelCard
from crysnb.weights.reference import FeatureReference

if TYPE_CHECKING:
    from torch import Tensor

WEIGHTS, CARD, DOMAIN = "weights.safetensors", "card.json", "domain.safetensors"
_SHIPPED = Path(__file__).with_name("shipped")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_MAX_BYTES = 256 << 20
# Files of these names hold pickles, which run code when they are opened.
_PICKLE_SUFFIXES = {
    ".pt",
    ".pth",
    ".ckpt",
    ".bin",
    ".pkl",
    ".pickle",
    ".joblib",
    ".tar",
    ".zip",
    ".npy",
    ".npz",
}
_DTYPES = {torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.bool}


@dataclass(frozen=True, slots=True, eq=False)
class StoredModel:
    """A checked card and the tensors that its hash vouches for.

    Attributes
    ----------
    card, tensors
        Description and weights.
    reference
        Where the training crystals lie in feature space; None if the card names none, or a folder of
        one's own comes without that file.
    """

    card: ModelCard
    tensors: dict[str, Tensor]
    reference: FeatureReference | None = None


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
        tensors = _parse(_checked(folder / WEIGHTS, promised[WEIGHTS]), folder / WEIGHTS)
        return StoredModel(card, tensors, _reference(folder, card, required=True))
    folder = Path(text)
    if folder.suffix.lower() in _PICKLE_SUFFIXES and not _is_folder(folder):
        raise _pickled(f"{quote(folder.name)} is named like a pickled checkpoint")
    if not _is_folder(folder):
        if isinstance(name_or_folder, str) and _NAME.fullmatch(text):
            raise UnknownName.of("model", text, shipped())
        raise WeightsMissing(
            "weights.missing",
            found=f"no folder {quote(text)}",
            accepted=f"a folder with {WEIGHTS} and {CARD}, or one of {', '.join(shipped())}",
        )
    card = ModelCard.from_json(_read(folder / CARD))
    tensors = _parse(_checked(folder / WEIGHTS, card.sha256), folder / WEIGHTS)
    return StoredModel(card, tensors, _reference(folder, card, required=False))


def save_reference(folder: str | Path, card: ModelCard, reference: FeatureReference) -> ModelCard:
    """Write where the training crystals lie, and its hash into the card, which is returned."""
    target = Path(folder)
    content = tensor_bytes(reference.to_tensors())
    domain = {**reference.measured, "sha256": hashlib.sha256(content).hexdigest()}
    complete = replace(card, domain=domain)
    write_whole(target / DOMAIN, content, overwrite=True)
    write_whole(target / CARD, complete.to_json().encode(), overwrite=True)
    return complete


def _reference(folder: Path, card: ModelCard, *, required: bool) -> FeatureReference | None:
    file = folder / DOMAIN
    if not card.domain or not (required or file.is_file()):
        return None
    tensors = _parse(_checked(file, card.domain["sha256"]), file)
    return FeatureReference.from_tensors(tensors, card.domain)


def save(folder: str | Path, card: ModelCard, tensors: Mapping[str, Tensor]) -> ModelCard:
    """Write both files into ``folder`` and return the card with the hash of the weights filled in."""
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    content = safetensors.torch.save({k: v.detach().cpu().contiguous() for k, v in tensors.items()})
    complete = replace(card, sha256=hashlib.sha256(content).hexdigest())
    write_whole(target / WEIGHTS, content, overwrite=True)
    write_whole(target / CARD, complete.to_json().encode(), overwrite=True)
    return complete


def read_tensors(path: Path, sha256: str | None = None) -> dict[str, Tensor]:
    """Tensors of a safetensors file, without a card (training checkpoints); its hash is checked if given."""
    return _parse(_read(path) if sha256 is None else _checked(path, sha256), path)


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


def _parse(content: bytes, path: Path) -> dict[str, Tensor]:
    # safetensors: eight bytes with the length of a JSON object, then that object. Those bytes may look
    # like anything, so a zip archive or a pickle is told by what comes after.
    if content[8:9] != b"{" and content.startswith((b"PK", *(b"\x80%c" % k for k in range(1, 6)))):
        raise _pickled(f"{path.name} in {quote(str(path.parent))} is a pickled checkpoint")
    try:
        tensors = safetensors.torch.load(content)
    except (safetensors.SafetensorError, ValueError, KeyError, RuntimeError, OverflowError) as error:
        raise _corrupt(path, f"is no safetensors file ({quote(str(error))})") from error
    for name, tensor in tensors.items():
        if tensor.dtype not in _DTYPES:
            raise _corrupt(path, f"holds {quote(name)} as {tensor.dtype}")
        if tensor.is_floating_point() and not torch.isfinite(tensor).all():
            raise _corrupt(path, f"holds non-finite numbers in {quote(name)}")
    return tensors


def _pickled(found: str) -> WeightsCorrupt:
    return WeightsCorrupt(
        "weights.pickle",
        found=found,
        accepted=f"a folder with {WEIGHTS} and {CARD}; pickles are never opened, they can run code",
        action="Export the tensors to safetensors where the checkpoint was made",
    )


def _corrupt(path: Path, why: str) -> WeightsCorrupt:
    return WeightsCorrupt(
        "weights.corrupt",
        found=f"{quote(path.name)} in {quote(str(path.parent))} {why}",
        accepted="the file that its card or the package's manifest describes",
        action="Install crysnb again, or fetch or train the model again",
    )
