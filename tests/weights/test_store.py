"""Weights and cards: hash before parse, no pickle, nothing half written."""

from __future__ import annotations

import json
import pickle
import random
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from crysnb.errors import CrysnbError, UnknownName, WeightsCorrupt, WeightsMissing
from crysnb.weights import store
from crysnb.weights.card import ModelCard


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped model as a user's folder."""
    stored = store.load("gmtnet-dielectric")
    store.save(tmp_path / "model", stored.card, stored.tensors)
    return tmp_path / "model"


def test_round_trip(folder: Path) -> None:
    shipped, copied = store.load("gmtnet-dielectric"), store.load(folder)
    assert shipped.card == copied.card
    assert all(torch.equal(shipped.tensors[k], copied.tensors[k]) for k in shipped.tensors)


def test_every_byte_flip_is_noticed(folder: Path) -> None:
    file = folder / store.WEIGHTS
    content = file.read_bytes()
    rng = random.Random(0)  # noqa: S311 - not for secrets
    for _ in range(100):
        place = rng.randrange(len(content))
        changed = bytearray(content)
        changed[place] ^= 1 << rng.randrange(8)
        file.write_bytes(changed)
        with pytest.raises(WeightsCorrupt):
            store.load(folder)


@pytest.mark.parametrize("tenth", range(10))
def test_truncation_is_noticed(folder: Path, tenth: int) -> None:
    file = folder / store.WEIGHTS
    file.write_bytes(file.read_bytes()[: file.stat().st_size * tenth // 10])
    with pytest.raises(WeightsCorrupt):
        store.load(folder)


class Canary:
    """Writes a file when unpickled."""

    def __init__(self, target: str) -> None:
        self.target = target

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (Path(self.target),))


def test_a_pickle_is_refused_and_never_run(folder: Path, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    content = pickle.dumps(Canary(str(canary)))
    (folder / store.WEIGHTS).write_bytes(content)
    card = replace(
        store.shipped_card("gmtnet-dielectric"), sha256=__import__("hashlib").sha256(content).hexdigest()
    )
    (folder / store.CARD).write_text(card.to_json())
    with pytest.raises(WeightsCorrupt, match=r"weights\.pickle"):
        store.load(folder)
    assert not canary.exists()


def test_a_folder_with_only_a_pickle_says_what_is_accepted(tmp_path: Path) -> None:
    (tmp_path / "model.pt").write_bytes(b"\x80\x04")
    with pytest.raises(WeightsMissing, match="never opened"):
        store.load(tmp_path)


def test_non_finite_weights_are_refused(folder: Path) -> None:
    stored = store.load(folder)
    tensors = {k: v.clone() for k, v in stored.tensors.items()}
    next(iter(tensors.values())).view(-1)[0] = float("nan")
    store.save(folder, stored.card, tensors)
    with pytest.raises(WeightsCorrupt, match="non-finite"):
        store.load(folder)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b"\xff\xfe",
        b"{" * 100_000,
        b'{"a": [' + b"[" * 30 + b"]" * 30 + b"]}",
        b'{"name": 1, "name": 2}',
        b'{"schema_version": 7}',
        b'{"schema_version": 1}',
        b'{"schema_version": 1, "x": NaN}',
        b" " * (2 << 20),
    ],
    ids=["empty", "list", "not utf-8", "open", "deep", "duplicate", "schema", "keys missing", "NaN", "large"],
)
def test_forged_cards_are_refused(folder: Path, text: bytes) -> None:
    (folder / store.CARD).write_bytes(text)
    with pytest.raises(WeightsCorrupt, match=r"weights\.card"):
        store.load(folder)


@pytest.mark.parametrize(
    "change",
    [
        {"properties": []},
        {"properties": "dielectric"},
        {"element_counts": {"Na": -1}},
        {"config": []},
        {"extra": 1},
    ],
)
def test_cards_with_wrong_types_are_refused(change: dict[str, object]) -> None:
    data = json.loads(store.shipped_card("gmtnet-dielectric").to_json()) | change
    with pytest.raises(WeightsCorrupt):
        ModelCard.from_json(json.dumps(data).encode())


def test_a_changed_card_of_a_shipped_model_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "shipped" / "gmtnet-dielectric"
    stored = store.load("gmtnet-dielectric")
    store.save(place, stored.card, stored.tensors)
    assert stored.reference is not None
    store.save_reference(place, store.load(place).card, stored.reference)
    manifest = {"gmtnet-dielectric": store.manifest_of(place)}
    (tmp_path / "shipped" / "manifest.json").write_text(json.dumps(manifest))
    monkeypatch.setattr(store, "_SHIPPED", tmp_path / "shipped")
    store.load("gmtnet-dielectric")
    forged = replace(stored.card, metrics={"test": {"rel_median": 0.0}})
    (place / store.CARD).write_text(forged.to_json())
    with pytest.raises(WeightsCorrupt, match="SHA-256"):
        store.load("gmtnet-dielectric")


@pytest.mark.parametrize("name", ["../../etc", "a\0b", "", "no-such-model", "/nowhere", "x" * 300])
def test_odd_names_end_in_our_errors(name: str) -> None:
    with pytest.raises((UnknownName, WeightsMissing)):
        store.load(name)


def test_errors_are_ours() -> None:
    assert issubclass(WeightsCorrupt, CrysnbError)
