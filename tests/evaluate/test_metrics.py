"""Error measures on tensors whose errors are known."""

from __future__ import annotations

import numpy as np
import pytest

from crysnb.errors import ShapeError
from crysnb.evaluate.metrics import bootstrap, coverage, per_crystal_errors, tensor_metrics, traceless
from crysnb.structure.transforms import random_rotation
from crysnb.values.tensor_kind import DIELECTRIC, ELASTIC, rotate


def spd(n: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    a = rng.normal(size=(n, 3, 3))
    return np.eye(3) * 2 + a @ a.transpose(0, 2, 1)


def test_perfect_prediction() -> None:
    true = spd(10)
    metrics = tensor_metrics(true, true, DIELECTRIC)
    assert metrics["fnorm_cart"] == metrics["rel_median"] == metrics["aniso_rel_median"] == 0
    assert metrics["ewt5"] == 100


def test_an_isotropic_guess_scores_one_in_anisotropy() -> None:
    true = spd(20)
    isotropic = true - traceless(true)
    assert tensor_metrics(isotropic, true, DIELECTRIC)["aniso_rel_median"] == pytest.approx(1)


def test_isotropic_crystals_do_not_enter_the_anisotropic_error() -> None:
    true = np.concatenate([spd(5), np.tile(np.eye(3) * 4, (50, 1, 1))])
    predicted = true.copy()
    predicted[5:, 0, 0] += 1
    assert tensor_metrics(predicted, true, DIELECTRIC)["aniso_rel_median"] == 0


def test_relative_thresholds() -> None:
    true = np.tile(np.eye(3), (4, 1, 1))
    factors = np.array([1.04, 1.09, 1.2, 1.5])
    metrics = tensor_metrics(true * factors[:, None, None], true, DIELECTRIC)
    assert (metrics["ewt5"], metrics["ewt10"], metrics["ewt25"]) == (25, 50, 75)
    assert metrics["rel_median"] == pytest.approx(0.145)


def test_cartesian_norm_is_invariant_and_voigt_is_not() -> None:
    rng = np.random.default_rng(0)
    true = ELASTIC.from_components(rng.normal(size=21))[None]
    predicted = ELASTIC.from_components(rng.normal(size=21))[None]
    q = random_rotation(rng)
    turned = [rotate(ELASTIC, t[0], q)[None] for t in (predicted, true)]
    a, b = tensor_metrics(predicted, true, ELASTIC), tensor_metrics(*turned, ELASTIC)
    assert a["fnorm_cart"] == pytest.approx(b["fnorm_cart"])
    assert a["fnorm_voigt"] != pytest.approx(b["fnorm_voigt"], rel=1e-3)


def test_shapes_must_agree() -> None:
    with pytest.raises(ShapeError, match=r"evaluate\.shape"):
        per_crystal_errors(np.zeros((2, 3, 3)), np.zeros((3, 3, 3)))


def test_bootstrap_covers_the_mean_and_is_reproducible() -> None:
    sample = np.random.default_rng(1).normal(5, 1, size=200)
    low, high = bootstrap(lambda i: {"mean": float(sample[i].mean())}, 200)["mean"]
    assert low < sample.mean() < high
    assert high - low == pytest.approx(4 * 1 / 200**0.5, rel=0.2)
    assert (low, high) == bootstrap(lambda i: {"mean": float(sample[i].mean())}, 200)["mean"]


def test_zero_labels_enter_absolute_measures_only() -> None:
    true = np.concatenate([spd(4), np.zeros((6, 3, 3)), np.full((1, 3, 3), 5e-324)])
    predicted = true * 1.2
    predicted[4:] = np.diag([3.0, 0.0, 0.0])
    metrics = tensor_metrics(predicted, true, DIELECTRIC)
    assert np.isfinite(list(metrics.values())).all()
    assert metrics["rel_median"] == pytest.approx(0.2)
    assert metrics["aniso_rel_median"] == pytest.approx(0.2)
    assert (metrics["ewt25"], metrics["ewt10"]) == (100, 0)
    assert metrics["fnorm_cart"] > 7 * 3 / 11
    assert set(tensor_metrics(predicted[4:], true[4:], DIELECTRIC)) == {"fnorm_cart", "fnorm_voigt", "mae"}


def test_coverage_counts_only_crystals_with_an_uncertainty() -> None:
    error = np.array([1.0, 2.0, 3.0, 4.0])
    assert coverage(error, np.array([1.0, 1.9, 3.5, np.nan])) == {"coverage68": pytest.approx(2 / 3)}
    assert coverage(error, np.full(4, np.nan)) == {}
