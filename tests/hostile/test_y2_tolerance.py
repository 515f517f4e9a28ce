"""Y2: the space group depends on the tolerance. It is swept, and a change within a decade is told."""

from __future__ import annotations

import importlib

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

import crysnb as cn
from crysnb.errors import SymmetryUndetermined
from crysnb.symmetry.staircase import GRID, around, staircase


def perovskite(shift: float) -> Structure:
    """Cubic SrTiO3 with Ti moved along c by ``shift`` Å: Pm-3m (221) becomes P4mm (99)."""
    frac = [[0, 0, 0], [0.5, 0.5, 0.5 + shift / 3.905], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]]
    return Structure(Lattice.cubic(3.905), ["Sr", "Ti", "O", "O", "O"], frac)


def codes(p: cn.Prediction) -> dict[str, str]:
    return {n.code: n.severity for n in p.notices}


def numbers(x: object) -> dict[float, int]:
    return {step.symprec: step.number for step in staircase(x).steps}


def test_the_staircase_covers_more_than_four_orders() -> None:
    found = numbers(perovskite(4e-3))
    assert tuple(found) == GRID
    assert (min(GRID), max(GRID)) == (1e-5, 0.3)
    assert {number for symprec, number in found.items() if symprec < 3e-3} == {99}
    assert {number for symprec, number in found.items() if symprec > 2e-2} == {221}
    assert set(numbers("quartz").values()) == {154}


def test_a_failed_search_is_a_zero_and_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.import_module("crysnb.symmetry.staircase"), "search", lambda *_: None)
    assert set(numbers("NaCl").values()) == {0}
    assert staircase("NaCl").plateaus == ()


@pytest.mark.parametrize("symprec", [0.0, float("nan"), 10.0, 10**400, 10**5000, "auto"], ids="abcdef")
def test_tolerances_are_checked(symprec: object) -> None:
    with pytest.raises(SymmetryUndetermined):
        staircase("NaCl", [symprec])  # type: ignore[list-item]


def test_a_decade_to_both_sides() -> None:
    assert [p for p, _ in around(cn.as_structure("NaCl"), 1e-2)] == [1e-3, 3e-3, 3e-2, 1e-1]
    assert [p for p, _ in around(cn.as_structure("NaCl"), 0.5)] == [0.05, 0.15]


@pytest.mark.parametrize("shift", [0.02, 0.03, 0.04])
def test_a_distorted_perovskite_is_noticed(shift: float) -> None:
    p = cn.predict(perovskite(shift), symprec=1e-2)
    assert p.symmetry is not None
    assert p.symmetry.number == 99
    assert codes(p)["symmetry.tolerance"] == "warning"
    text = next(n.text for n in p.notices if n.code == "symmetry.tolerance")
    assert "99 (P4mm) at 0.01 Å" in text
    assert "221 at 0.1 Å" in text


def test_a_group_that_only_a_tighter_tolerance_breaks_is_mentioned() -> None:
    """Auto asks at 0.01 and 0.03 Å and is content; the neighbourhood shows what happens at 0.001 Å."""
    p = cn.predict(perovskite(3e-3))
    assert p.symmetry is not None
    assert p.symmetry.number == 221
    assert codes(p)["symmetry.tolerance"] == "info"
    assert "99 at 0.001 Å" in next(n.text for n in p.notices if n.code == "symmetry.tolerance")


@pytest.mark.parametrize("shift", [0.0, 1e-5, 0.3])
def test_no_notice_where_nothing_changes_within_a_decade(shift: float) -> None:
    assert "symmetry.tolerance" not in codes(cn.predict(perovskite(shift)))


def test_the_notice_does_not_depend_on_the_orientation() -> None:
    s = perovskite(0.04)
    turned = Structure(Lattice(s.lattice.matrix[:, [1, 2, 0]]), s.species, s.frac_coords)
    texts = [
        next(n.text for n in cn.predict(x).notices if n.code == "symmetry.tolerance") for x in (s, turned)
    ]
    assert texts[0] == texts[1]
    assert np.linalg.det(turned.lattice.matrix) > 0
