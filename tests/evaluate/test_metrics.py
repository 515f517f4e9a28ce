"""Error measures on tensors whose errors are known."""

from __future__ import annotations

import numpy as np
import pytest

from crysnb.errors import ShapeError
from crysnb.evaluate.by_system import SMALL, by_system, crystal_system
from crysnb.evaluate.metrics import bootstrap, coverage, per_crystal_errors, tensor_metrics, traceless
from crysnb.structure.transforms import random_rotation
from crysnb.tensors.moduli import vrh_moduli
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


def isotropic(bulk: float, shear: float) -> np.ndarray:
    one = np.eye(3)
    volume = np.einsum("ij,kl->ijkl", one, one)
    both = np.einsum("ik,jl->ijkl", one, one) + np.einsum("il,jk->ijkl", one, one)
    return (bulk - 2 * shear / 3) * volume + shear * both


def test_moduli_of_an_isotropic_body_are_its_own() -> None:
    assert vrh_moduli(isotropic(100.0, 40.0)[None])[0] == pytest.approx([100.0, 40.0])


def test_moduli_of_copper() -> None:
    # c11 = 168.4, c12 = 121.4, c44 = 75.4 GPa (Simmons and Wang 1971): K = 137.1, G_V = 54.6, G_R = 40.0.
    c = np.zeros((6, 6))
    c[:3, :3] = 121.4
    c[range(3), range(3)] = 168.4
    c[range(3, 6), range(3, 6)] = 75.4
    q = random_rotation(np.random.default_rng(0))
    for tensor in (ELASTIC.cartesian(c), rotate(ELASTIC, ELASTIC.cartesian(c), q)):
        bulk, shear = vrh_moduli(tensor[None])[0]
        assert bulk == pytest.approx((168.4 + 2 * 121.4) / 3)
        half = (168.4 - 121.4) / 2
        voigt = (2 * half + 3 * 75.4) / 5
        reuss = 5 / (2 / half + 3 / 75.4)
        assert shear == pytest.approx((voigt + reuss) / 2)


def test_elastic_metrics_have_moduli_and_leave_out_what_has_none() -> None:
    true = np.array([isotropic(100.0, 40.0), isotropic(50.0, 20.0)])
    predicted = np.array([isotropic(110.0, 37.0), isotropic(-5.0, 20.0)])
    metrics = tensor_metrics(predicted, true, ELASTIC)
    assert metrics["k_vrh_mae"] == pytest.approx(10)
    assert metrics["g_vrh_mae"] == pytest.approx(3)
    assert metrics["fnorm_cart"] == pytest.approx((np.hypot(30, 3 * 20**0.5) + 3 * 55) / 2)
    assert "k_vrh_mae" not in tensor_metrics(predicted[1:], true[1:], ELASTIC)
    assert "k_vrh_mae" not in tensor_metrics(spd(2), spd(2), DIELECTRIC)


def test_crystal_systems_by_number() -> None:
    last = {
        "triclinic": 2, "monoclinic": 15, "orthorhombic": 74, "tetragonal": 142, "trigonal": 167,
        "hexagonal": 194, "cubic": 230,
    }  # fmt: skip
    start = 1
    for system, end in last.items():
        assert {crystal_system(n) for n in range(start, end + 1)} == {system}
        start = end + 1
    assert crystal_system(None) == "undetermined"


def test_rows_of_a_table_by_system_and_the_interval_of_the_large_ones() -> None:
    values = np.arange(3.0 * SMALL)
    systems = ["cubic"] * (2 * SMALL) + ["trigonal"] * (SMALL - 1) + ["undetermined"]
    table = by_system(systems, lambda i: {"mean": float(values[i].mean())}, seed=0)
    assert list(table) == ["trigonal", "cubic", "undetermined"]
    assert (table["cubic"]["n"], table["cubic"]["small"]) == (2 * SMALL, False)
    assert (table["trigonal"]["n"], table["trigonal"]["small"]) == (SMALL - 1, True)
    assert table["cubic"]["mean"] == values[: 2 * SMALL].mean()
    assert table["undetermined"]["mean"] == values[-1]
    low, high = table["cubic"]["ci95"]["mean"]
    assert 0 < low < values[: 2 * SMALL].mean() < high < 2 * SMALL - 1
    assert table["trigonal"]["ci95"] == {}
