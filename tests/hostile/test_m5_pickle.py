"""M5: a pickle offered as weights is refused by its content and by its name, and never opened.

Source: ``torch.load(weights_only=True)`` was bypassed twice (CVE-2025-32434, CVE-2026-24747).
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
import pickle
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch

import crysnb as cn
from crysnb.errors import CrysnbError, WeightsCorrupt, WeightsMissing
from crysnb.weights import store

SHIPPED = {name: store.load(name) for name in store.shipped()}


class Canary:
    """Writes a file when it is unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = str(target)

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (Path(self.target),))


def zipped(content: bytes) -> bytes:
    """As torch writes it today."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("model/data.pkl", content)
    return out.getvalue()


def tarred(content: bytes) -> bytes:
    """As torch wrote it long ago."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        info = tarfile.TarInfo("pickle")
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


FORMS = {
    **{f"protocol {k}": (lambda c, k=k: pickle.dumps(c, protocol=k)) for k in range(6)},
    "zip": lambda c: zipped(pickle.dumps(c)),
    "tar": lambda c: tarred(pickle.dumps(c)),
}


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    return tmp_path / "canary"


def test_the_canary_sings(canary: Path) -> None:
    pickle.loads(pickle.dumps(Canary(canary)))  # noqa: S301 - our own, to see that the others prove something
    assert canary.exists()


@pytest.mark.parametrize("name", sorted(SHIPPED))
@pytest.mark.parametrize("form", FORMS)
def test_by_content(tmp_path: Path, canary: Path, form: str, name: str) -> None:
    content = FORMS[form](Canary(canary))
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / store.WEIGHTS).write_bytes(content)
    card = dataclasses.replace(SHIPPED[name].card, sha256=hashlib.sha256(content).hexdigest())
    (folder / store.CARD).write_text(card.to_json())
    with pytest.raises(WeightsCorrupt) as caught:
        cn.predict("NaCl", folder)
    known = form in ("zip", *(f"protocol {k}" for k in range(2, 6)))
    assert caught.value.code == ("weights.pickle" if known else "weights.corrupt")
    with pytest.raises(WeightsCorrupt):
        store.read_tensors(folder / store.WEIGHTS)
    assert not canary.exists()


@pytest.mark.parametrize("suffix", [".pt", ".pth", ".ckpt", ".bin", ".pkl", ".joblib", ".npz", ".tar", ".PT"])
@pytest.mark.parametrize("exists", [True, False])
def test_by_name(tmp_path: Path, canary: Path, suffix: str, exists: bool) -> None:
    file = tmp_path / f"model{suffix}"
    if exists:
        file.write_bytes(zipped(pickle.dumps(Canary(canary))))
    for form in (file, str(file)):
        with pytest.raises(WeightsCorrupt) as caught:
            cn.predict("NaCl", form)
        assert caught.value.code == "weights.pickle"
        assert "safetensors" in caught.value.text
    assert not canary.exists()


def test_beside_nothing_else(tmp_path: Path, canary: Path) -> None:
    (tmp_path / "model.pt").write_bytes(pickle.dumps(Canary(canary)))
    (tmp_path / "pytorch_model.bin").write_bytes(pickle.dumps(Canary(canary)))
    with pytest.raises(WeightsMissing, match="never opened"):
        cn.predict("NaCl", tmp_path)
    assert not canary.exists()


@pytest.mark.parametrize("form", FORMS)
def test_as_a_structure(tmp_path: Path, canary: Path, form: str) -> None:
    file = tmp_path / "crystal.pkl"
    file.write_bytes(FORMS[form](Canary(canary)))
    with pytest.raises(CrysnbError):
        cn.as_structure(file)
    assert not canary.exists()


@pytest.mark.parametrize(("length", "looks"), [(0x4B50, b"PK"), (0x0280, b"\x80\x02"), (0x0480, b"\x80\x04")])
def test_a_safetensors_file_that_begins_like_one_is_read(tmp_path: Path, length: int, looks: bytes) -> None:
    """The file begins with the length of its header, which may be any bytes."""
    pad = 0
    while len(content := safetensors.torch.save({"a": torch.ones(1)}, {"pad": "x" * pad})):
        size = int.from_bytes(content[:8], "little")
        if size >= length:
            break
        pad += max(1, length - size - 8)
    assert content.startswith(looks)
    file = tmp_path / store.WEIGHTS
    file.write_bytes(content)
    assert torch.equal(store.read_tensors(file)["a"], torch.ones(1))
