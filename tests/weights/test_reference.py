"""The training crystals' place in feature space: distances, the file, and what is refused."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from crysnb.errors import WeightsCorrupt, WeightsMissing
from crysnb.weights import store
from crysnb.weights.reference import COMPONENTS, NEIGHBOURS, FeatureReference

SHIPPED = Path(store.__file__).with_name("shipped") / "gmtnet-dielectric"


def reference(n: int = 200, channels: int = 12) -> tuple[FeatureReference, np.ndarray]:
    rng = np.random.default_rng(0)
    mixing = rng.normal(size=(channels, channels)) * np.logspace(0, 3, channels)
    train = rng.normal(size=(n, channels)) @ mixing
    val = rng.normal(size=(20, channels)) @ mixing
    return FeatureReference.fit(train, [f"id-{k} (X{k})" for k in range(n)], val), train


def test_directions_are_whitened_whatever_their_units() -> None:
    found, train = reference()
    assert np.allclose(np.cov(found.train.T), np.eye(12), atol=1e-8)
    scaled = FeatureReference.fit(
        train * np.logspace(-3, 3, 12), found.labels, train[:20] * np.logspace(-3, 3, 12)
    )
    one = train[0] + train[1]
    assert scaled.distance(one * np.logspace(-3, 3, 12)) == pytest.approx(found.distance(one))


def test_distance_is_the_mean_over_the_nearest_and_names_the_nearest() -> None:
    found, train = reference()
    place = found.place(train[7])
    assert place.nearest == "id-7 (X7)"
    to_all = np.sort(np.linalg.norm(found.train - found.train[7], axis=1))
    assert to_all[0] == pytest.approx(0, abs=1e-9)
    assert place.distance == pytest.approx(to_all[:NEIGHBOURS].mean())
    far = found.place(train.mean(axis=0) + 100 * (train[7] - train.mean(axis=0)))
    assert far.distance > 50
    assert far.farther_than == 1
    assert far.ratio == pytest.approx(far.distance / np.median(found.val))
    between = (found.val[9] + found.val[10]) / 2
    assert np.mean(found.val < between) == 0.5


def test_constant_and_many_channels_do_no_harm() -> None:
    rng = np.random.default_rng(1)
    train = np.hstack([rng.normal(size=(60, 80)), np.full((60, 3), 2.0)])
    found = FeatureReference.fit(train, [str(k) for k in range(60)], train[:10] + 0.1)
    assert found.train.shape == (60, 15)
    many = rng.normal(size=(4 * COMPONENTS + 40, COMPONENTS + 10))
    assert FeatureReference.fit(many, ["x"] * len(many), many[:3]).train.shape[1] == COMPONENTS
    assert np.isfinite(found.train).all()
    assert np.isfinite(found.val).all()


def test_round_trip_through_tensors() -> None:
    found, train = reference()
    again = FeatureReference.from_tensors(found.to_tensors(), {"spearman": 0.5})
    assert again.labels == found.labels
    assert again.measured == {"spearman": 0.5}
    x = train[0] + train[1]
    assert again.distance(x) == pytest.approx(found.distance(x), rel=1e-2)


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t.pop("val"),
        lambda t: t.update(extra=torch.zeros(1)),
        lambda t: t.update(train=t["train"][:, :3]),
        lambda t: t.update(train=t["train"][:9]),
        lambda t: t.update(center=t["center"][:3]),
        lambda t: t.update(val=t["val"].flip(0)),
        lambda t: t.update(val=t["val"][:0]),
        lambda t: t.update(labels=torch.tensor([300], dtype=torch.int32)),
        lambda t: t.update(labels=torch.tensor([255], dtype=torch.int32)),
        lambda t: t.update(labels=torch.tensor(0.5)),
    ],
)
def test_tensors_that_do_not_fit_are_refused(change) -> None:
    tensors = reference()[0].to_tensors()
    change(tensors)
    with pytest.raises(WeightsCorrupt, match=r"weights\.reference"):
        FeatureReference.from_tensors(tensors, {})


def test_features_of_another_model_are_refused() -> None:
    with pytest.raises(WeightsCorrupt, match=r"weights\.mismatch"):
        reference()[0].place(np.zeros(5))


# --------------------------------------------------------------------------------------- on disk


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHIPPED, tmp_path / "model"))


def test_the_shipped_reference_has_every_training_crystal() -> None:
    stored = store.load("gmtnet-dielectric")
    assert stored.reference is not None
    assert len(stored.reference.labels) == stored.card.dataset["crystals"]["train"] == 733
    assert len(stored.reference.val) == stored.card.dataset["crystals"]["val"]
    assert (SHIPPED / store.DOMAIN).stat().st_size < 500_000


def test_the_reference_is_checked_by_hash(folder: Path) -> None:
    file = folder / store.DOMAIN
    assert store.load(folder).reference is not None
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    with pytest.raises(WeightsCorrupt, match="does not match its SHA-256"):
        store.load(folder)


def test_a_folder_may_lack_it_but_the_package_may_not(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / store.DOMAIN).unlink()
    assert store.load(folder).reference is None
    shipped = folder.parent / "shipped"
    shutil.copytree(SHIPPED.parent, shipped)
    (shipped / "gmtnet-dielectric" / store.DOMAIN).unlink()
    monkeypatch.setattr(store, "_SHIPPED", shipped)
    with pytest.raises(WeightsMissing):
        store.load("gmtnet-dielectric")


def test_saving_a_reference_leaves_the_weights(folder: Path) -> None:
    before = (folder / store.WEIGHTS).read_bytes()
    stored = store.load(folder)
    card = store.save_reference(folder, stored.card, replace(reference()[0], measured={"near_error": 0.1}))
    assert (folder / store.WEIGHTS).read_bytes() == before
    assert card.sha256 == stored.card.sha256
    again = store.load(folder)
    assert again.card == card
    assert again.reference is not None
    assert again.reference.measured["near_error"] == 0.1


@pytest.mark.parametrize(
    "domain",
    [
        {"sha256": 7},
        {"spearman": 0.5},
        [],
        "text",
        {"sha256": "0", "near_error": "much"},
        {"sha256": "0", "far_error": [1]},
        {"sha256": "0", "spearman_ci95": 0.5},
        {"sha256": "0", "spearman_ci95": [0.5]},
        {"sha256": "0", "spearman_ci95": ["a", "b"]},
        {"sha256": "0", "near_error": 10**400},
    ],
)
def test_a_card_with_a_malformed_domain_is_refused(folder: Path, domain: object) -> None:
    card = json.loads((folder / store.CARD).read_text())
    (folder / store.CARD).write_text(json.dumps({**card, "domain": domain}))
    with pytest.raises(WeightsCorrupt, match=r"weights\.card"):
        store.load(folder)


def test_a_card_without_a_domain_is_complete(folder: Path) -> None:
    card = json.loads((folder / store.CARD).read_text())
    del card["domain"]
    (folder / store.CARD).write_text(json.dumps(card))
    assert store.load(folder).reference is None
