"""Conversions of tensors: inverse to each other, covariant, and equal to pymatgen's."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from crysnb.errors import CrysnbError
from crysnb.structure.transforms import random_rotation
from crysnb.tensors.convert import (
    VOIGT_ORDERS,
    from_mandel,
    reorder,
    to_cartesian,
    to_compliance,
    to_mandel,
    to_piezo_d,
    to_piezo_e,
    to_stiffness,
    to_voigt,
)
from crysnb.values.tensor_kind import ELASTIC, PIEZOELECTRIC, rotate


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(3)


def stiffness(rng: np.random.Generator) -> np.ndarray:
    """Any positive definite stiffness of a triclinic crystal, about 100 GPa."""
    half = rng.normal(size=(6, 6))
    return 50 * (half @ half.T + 2 * np.eye(6))


def turn_voigt(matrix: np.ndarray, quantity: str, q: np.ndarray) -> np.ndarray:
    kind = ELASTIC if len(matrix) == 6 else PIEZOELECTRIC
    return to_voigt(rotate(kind, to_cartesian(matrix, quantity), q), quantity)


def test_compliance_of_a_cubic_crystal_has_the_closed_form() -> None:
    """Nye (1957), ch. VIII, eq. (10)."""
    c11, c12, c44 = 165.7, 63.9, 79.6  # silicon
    c = np.zeros((6, 6))
    c[:3, :3] = c12 + (c11 - c12) * np.eye(3)
    c[3:, 3:] = c44 * np.eye(3)
    s = to_compliance(c)
    below = (c11 - c12) * (c11 + 2 * c12)
    assert s[0, 0] == pytest.approx((c11 + c12) / below)
    assert s[0, 1] == pytest.approx(-c12 / below)
    assert s[3, 3] == pytest.approx(1 / c44)
    full = to_cartesian(s, "compliance")
    assert full[1, 2, 1, 2] == pytest.approx(s[3, 3] / 4)


@pytest.mark.parametrize("place", [(0, 0), (0, 3), (3, 0), (3, 4)])
def test_the_factors_of_the_compliance(place: tuple[int, int]) -> None:
    s = np.zeros((6, 6))
    s[place] = s[place[::-1]] = 8.0
    pairs = ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))
    index = pairs[place[0]] + pairs[place[1]]
    factor = {0: 1, 1: 2, 2: 4}[sum(p > 2 for p in place)]
    assert to_cartesian(s, "compliance")[index] == 8.0 / factor
    assert to_cartesian(s, "stiffness")[index] == 8.0


def test_the_factor_of_the_piezoelectric_d() -> None:
    d = np.arange(18.0).reshape(3, 6)
    full = to_cartesian(d, "d")
    assert full[1, 2, 2] == d[1, 2]
    assert full[1, 1, 2] == full[1, 2, 1] == d[1, 3] / 2
    assert to_cartesian(d, "e")[1, 1, 2] == d[1, 3]


def test_round_trips(rng: np.random.Generator) -> None:
    c, e = stiffness(rng), rng.normal(size=(3, 6))
    s = to_compliance(c)
    assert np.allclose(to_stiffness(s), c, rtol=1e-9)
    assert np.allclose(to_piezo_e(to_piezo_d(e, stiffness=c), stiffness=c), e)
    assert np.allclose(to_piezo_e(to_piezo_d(e, compliance=s), compliance=s), e)
    for quantity, matrix in {"stiffness": c, "compliance": s, "e": e, "d": e}.items():
        assert np.allclose(to_voigt(to_cartesian(matrix, quantity), quantity), matrix)
    for quantity in ("stiffness", "compliance"):
        assert np.allclose(from_mandel(to_mandel(c, quantity), quantity), c)


@pytest.mark.parametrize("proper", [True, False])
def test_converting_and_turning_commute(rng: np.random.Generator, proper: bool) -> None:
    c, e, q = stiffness(rng), rng.normal(size=(3, 6)), random_rotation(rng, proper=proper)
    turned_c, turned_e = turn_voigt(c, "stiffness", q), turn_voigt(e, "e", q)
    assert not np.allclose(turned_c, c)
    s = to_compliance(c)
    assert np.allclose(to_compliance(turned_c), turn_voigt(s, "compliance", q), atol=1e-9)
    d = to_piezo_d(e, stiffness=c)
    assert np.allclose(to_piezo_d(turned_e, stiffness=turned_c), turn_voigt(d, "d", q), atol=1e-9)
    # And it is the factors that make it so.
    assert not np.allclose(to_compliance(turned_c), turn_voigt(s, "stiffness", q), atol=1e-6)
    assert not np.allclose(to_piezo_d(turned_e, stiffness=turned_c), turn_voigt(d, "e", q), atol=1e-3)


def test_the_mandel_form_keeps_norm_eigenvalues_and_inverse(rng: np.random.Generator) -> None:
    c, q = stiffness(rng), random_rotation(rng)
    mandel, turned = to_mandel(c), to_mandel(turn_voigt(c, "stiffness", q))
    assert np.linalg.norm(mandel) == pytest.approx(np.linalg.norm(to_cartesian(c, "stiffness")))
    assert np.allclose(np.linalg.eigvalsh(mandel), np.linalg.eigvalsh(turned))
    assert np.allclose(to_mandel(to_compliance(c), "compliance") @ mandel, np.eye(6))


def test_strains_of_the_compliance_are_those_of_the_tensor(rng: np.random.Generator) -> None:
    """ε_ij = s_ijkl σ_kl, and stiffness gives the stress back."""
    c = stiffness(rng)
    stress = rng.normal(size=(3, 3))
    stress = stress + stress.T
    strain = np.einsum("ijkl,kl->ij", to_cartesian(to_compliance(c), "compliance"), stress)
    assert np.allclose(np.einsum("ijkl,kl->ij", to_cartesian(c, "stiffness"), strain), stress)


def test_units_of_d() -> None:
    """1 C/m² over 1 GPa is 1000 pm/V."""
    e = np.zeros((3, 6))
    e[2, 2] = 1.0
    assert to_piezo_d(e, stiffness=np.eye(6))[2, 2] == pytest.approx(1000.0)


def test_pymatgen_agrees(rng: np.random.Generator) -> None:
    from pymatgen.analysis.elasticity.elastic import ComplianceTensor, ElasticTensor

    c = stiffness(rng)
    theirs = ElasticTensor.from_voigt(c)
    s = to_compliance(c)
    assert np.allclose(theirs.compliance_tensor.voigt, s, rtol=1e-9)
    assert np.allclose(np.asarray(theirs.compliance_tensor), to_cartesian(s, "compliance"), rtol=1e-9)
    assert np.allclose(np.asarray(ComplianceTensor.from_voigt(s)), to_cartesian(s, "compliance"), rtol=1e-9)
    assert np.allclose(np.asarray(theirs), to_cartesian(c, "stiffness"))


@pytest.mark.parametrize("order", VOIGT_ORDERS)
def test_orders(rng: np.random.Generator, order: str) -> None:
    labels = {"xx": 1.0, "yy": 2.0, "zz": 3.0, "yz": 23.0, "xz": 13.0, "xy": 12.0}
    vector = [labels[pair] for pair in VOIGT_ORDERS[order]]
    assert reorder(vector, order).tolist() == [1, 2, 3, 23, 13, 12]
    matrix = rng.normal(size=(6, 6))
    assert (reorder(reorder(matrix, order), "standard", order) == matrix).all()
    piezo = rng.normal(size=(3, 6))
    assert (reorder(piezo, order)[:, 3] == piezo[:, VOIGT_ORDERS[order].index("yz")]).all()


def test_the_three_orders_differ() -> None:
    assert len({tuple(reorder(np.arange(6), name)) for name in VOIGT_ORDERS}) == 5
    assert VOIGT_ORDERS["vasp"][3:] == ("xy", "yz", "xz")
    assert VOIGT_ORDERS["abaqus"][3:] == ("xy", "xz", "yz")


def lopsided() -> np.ndarray:
    tensor = np.zeros((3, 3, 3, 3))
    tensor[0, 1, 0, 0] = 1.0
    return tensor


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (lambda: to_compliance(np.zeros((6, 6))), "tensor.singular"),
        (lambda: to_compliance(np.ones((6, 6))), "tensor.singular"),
        (lambda: to_compliance(np.eye(5)), "tensor.shape"),
        (lambda: to_compliance(np.zeros((3, 3, 3, 3))), "tensor.shape"),
        (lambda: to_stiffness(np.eye(6) * np.nan), "tensor.non_finite"),
        (lambda: to_compliance(np.eye(6) * 1j), "tensor.not_numeric"),
        (lambda: to_compliance([[1], [2, 3]]), "tensor.not_numeric"),
        (lambda: to_compliance([[10**400] * 6] * 6), "tensor.not_numeric"),
        (lambda: to_piezo_d(np.zeros((3, 6))), "tensor.elastic_missing"),
        (
            lambda: to_piezo_e(np.zeros((3, 6)), stiffness=np.eye(6), compliance=np.eye(6)),
            "tensor.elastic_missing",
        ),
        (lambda: to_piezo_d(np.zeros((6, 3)), stiffness=np.eye(6)), "tensor.shape"),
        (lambda: to_voigt(np.eye(6), "stiffness"), "tensor.shape"),
        (lambda: to_voigt(lopsided(), "stiffness"), "tensor.asymmetric"),
        (lambda: to_cartesian(np.eye(6), "hardness"), "name.unknown_quantity"),
        (lambda: to_mandel(np.eye(6), "d"), "name.unknown_elastic_quantity"),
        (lambda: reorder(np.eye(6), "ansys"), "name.unknown_voigt_order"),
        (lambda: reorder(np.eye(3), "vasp"), "tensor.shape"),
    ],
)
def test_faults_are_named(act: Callable[[], object], code: str) -> None:
    with pytest.raises(CrysnbError) as caught:
        act()
    assert caught.value.code == code
