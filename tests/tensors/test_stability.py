"""Born's conditions by Laue class against eigenvalues, and the bounds of the polycrystal."""

from __future__ import annotations

import math

import numpy as np
import pytest

from crysnb.errors import CrysnbError
from crysnb.structure.transforms import random_rotation, rotated
from crysnb.symmetry.point_groups import POINT_GROUPS, point_group_operations
from crysnb.symmetry.project import project
from crysnb.tensors.check import check
from crysnb.tensors.stability import born_conditions, reported_bounds
from crysnb.values.admissible import admissibility
from crysnb.values.tensor_kind import ELASTIC, rotate

LAUE = ("-1", "2/m", "mmm", "4/m", "4/mmm", "-3", "-3m", "6/m", "6/mmm", "m-3", "m-3m")


def sample(group: str, rng: np.random.Generator) -> np.ndarray:
    """A stiffness of a class near the edge of stability."""
    matrix = np.diag(rng.normal(1.0, 1.0, size=6)) + 0.8 * rng.normal(size=(6, 6)) * (
        rng.random((6, 6)) < 0.5
    )
    return ELASTIC.matrix(project(ELASTIC, 50 * (matrix + matrix.T), point_group_operations(group)))


@pytest.mark.parametrize("group", POINT_GROUPS)
def test_the_conditions_are_positive_definiteness(group: str) -> None:
    """Necessary and sufficient, for stable and unstable tensors."""
    rng = np.random.default_rng(2)
    stable = 0
    for _ in range(120):
        matrix = sample(group, rng)
        findings = born_conditions(matrix, group)
        passed = all(f.passed for f in findings)
        assert passed == bool(admissibility(ELASTIC, matrix)), [f.text for f in findings]
        stable += passed
    stiff = np.diag([300.0, 300, 300, 170, 170, 170])
    stiff[:3, :3] += 40  # isotropic but for rounding: every class allows its projection
    stiff = ELASTIC.matrix(project(ELASTIC, stiff, point_group_operations(group)))
    assert all(f.passed for f in born_conditions(stiff, group))
    assert stable < 120


@pytest.mark.parametrize("group", LAUE)
def test_every_condition_can_fail(group: str) -> None:
    rng = np.random.default_rng(5)
    codes = {f.code for f in born_conditions(100 * np.eye(6), group)}
    broken: set[str] = set()
    for _ in range(2000):
        broken |= {f.code for f in born_conditions(sample(group, rng), group) if not f.passed}
        if broken == codes:
            break
    assert broken == codes


@pytest.mark.parametrize("group", ["4/m", "4/mmm", "-3", "-3m", "6/m", "6/mmm"])
def test_two_signs_do_not_cancel(group: str) -> None:
    """c33 < 0 and c11 + c12 < 0 leave their product positive: |c12| is what tells."""
    c = np.diag([100.0, 100, -100, 50, 50, 125])
    c[0, 1] = c[1, 0] = -150.0
    assert not all(f.passed for f in born_conditions(c, group))
    assert not admissibility(ELASTIC, c)


def test_the_condition_that_fails_is_named() -> None:
    c = np.zeros((6, 6))
    c[:3, :3] = 120 - 20 * np.eye(3)  # c11 = 100, c12 = 120
    c[3:, 3:] = 40 * np.eye(3)
    failed = [f for f in check(c, "NaCl", "elastic").physical if not f.passed]
    assert [f.code for f in failed] == ["elastic.positive_definite", "elastic.born.c11_c12"]
    assert failed[1].values == (("c11 - c12", pytest.approx(-20.0)),)
    assert "Laue class m-3m: c11 - c12 = -20 but has to be positive" in failed[1].text
    assert failed[1].to_dict()["values"] == {"c11 - c12": pytest.approx(-20.0)}


def test_a_crystal_may_stand_anywhere(quartz_stiffness: np.ndarray) -> None:
    """The conditions are put to the standard axes, whatever the structure's own frame is."""
    from crysnb.structure.examples import example

    q = random_rotation(np.random.default_rng(3))
    one = check(quartz_stiffness, "quartz", "elastic").physical
    two = check(rotate(ELASTIC, quartz_stiffness, q), rotated(example("quartz"), q), "elastic").physical
    assert [f.code for f in one] == [f.code for f in two]
    for a, b in zip(one, two, strict=True):
        assert dict(a.values) == pytest.approx(dict(b.values))
        assert a.passed
        assert b.passed


def test_the_bounds_of_the_polycrystal(quartz_stiffness: np.ndarray) -> None:
    found = {f.code: dict(f.values) for f in check(quartz_stiffness, "quartz", "elastic").physical}
    bulk, shear = found["elastic.voigt_reuss_bulk"], found["elastic.voigt_reuss_shear"]
    assert bulk["K_V"] > bulk["K_R"] > 30
    assert shear["G_V"] > shear["G_R"] > 30


def test_reported_moduli_in_the_wrong_order() -> None:
    bulk, shear = reported_bounds({"k_voigt": 100.0, "k_reuss": 104.0, "g_voigt": 50.0, "g_reuss": 50.0})
    assert not bulk.passed
    assert shear.passed
    assert bulk.text == "Bulk modulus, Voigt 100 < Reuss 104 GPa."
    assert reported_bounds({"k_voigt": 100.0}) == ()
    assert reported_bounds({"k_voigt": 100.0, "k_reuss": None}) == ()


def test_moduli_that_differ_in_the_eighth_digit_are_printed_so() -> None:
    (bulk,) = reported_bounds({"k_voigt": 87.123456, "k_reuss": 87.123457})
    assert bulk.text == "Bulk modulus, Voigt 87.123456 < Reuss 87.123457 GPa."


@pytest.mark.parametrize(
    ("moduli", "code"),
    [
        ({"k_voigt": "100", "k_reuss": 90.0}, "elastic.modulus"),
        ({"k_voigt": math.nan, "k_reuss": 90.0}, "elastic.modulus"),
        ({"k_voigt": 10**400, "k_reuss": 90.0}, "elastic.modulus"),
        ({"g_voigt": [1.0]}, "elastic.modulus"),
        ({"k_Voigt": 100.0, "k_reuss": 90.0}, "name.unknown_modulus"),
    ],
)
def test_what_is_no_modulus_is_refused(moduli: dict[str, float | None], code: str) -> None:
    with pytest.raises(CrysnbError) as caught:
        reported_bounds(moduli)
    assert caught.value.code == code
