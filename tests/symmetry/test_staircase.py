"""The space group at many tolerances: plateaus, what auto takes, and groups that do not fit together."""

from __future__ import annotations

import importlib
import json
from typing import Any

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

import crysnb as cn
from crysnb.errors import SymmetryUndetermined
from crysnb.symmetry.detect import cell_of, detect
from crysnb.symmetry.located import LocatedGroup
from crysnb.symmetry.search import Cell, search
from crysnb.symmetry.staircase import GRID, staircase

module = importlib.import_module("crysnb.symmetry.staircase")


def perovskite(shift: float, axis: int = 2) -> Structure:
    """Cubic SrTiO3 with Ti moved along an axis by a number of Å."""
    frac = np.array([[0, 0, 0], [0.5, 0.5, 0.5], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]])
    frac[1, axis] += shift / 3.905
    return Structure(Lattice.cubic(3.905), ["Sr", "Ti", "O", "O", "O"], frac)


def located(s: Structure, symprec: float) -> LocatedGroup:
    cell = cell_of(s)
    return LocatedGroup.of(cell, search(cell, symprec))


def test_two_plateaus_of_a_distorted_perovskite() -> None:
    found = staircase(perovskite(0.02))
    assert [p.symbol for p in found.plateaus] == ["P4mm", "Pm-3m"]
    low, high = found.plateaus
    assert low.first == 1e-5
    assert high.last == 0.3
    assert low.last < high.first < 0.1
    assert (low.n_operations, high.n_operations) == (8, 48)
    assert found.candidates == (low, high)
    assert low.distance is not None
    assert high.distance is not None
    assert low.distance.largest < 1e-12
    assert high.distance.largest == pytest.approx(0.016)
    assert found.nested
    assert found.nearly is high
    assert found.chosen is not None
    info = detect(perovskite(0.02))
    assert (found.chosen.number, found.chosen.symprec) == (info.number, info.symprec)


@pytest.mark.parametrize("name", ["NaCl", "quartz", "rutile", "spinel"])
def test_a_perfect_crystal_is_one_plateau(name: str) -> None:
    found = staircase(name, GRID[::6])
    (plateau,) = found.plateaus
    info = cn.symmetry(name)
    assert plateau.number == info.number
    assert plateau.n_operations == found.steps[0].n_operations
    assert plateau.width == pytest.approx(np.log10(0.3 / 1e-5), abs=1e-3)
    assert {step.with_angle for step in found.steps} == {info.number}
    assert found.nearly is None


def test_noise_makes_a_nested_chain_that_ends_at_the_crystal() -> None:
    s = cn.as_structure("rutile")
    noise = 0.003 * np.random.default_rng(1).normal(size=(len(s), 3))
    found = staircase(
        Structure(s.lattice, s.species, s.frac_coords + noise @ np.linalg.inv(s.lattice.matrix))
    )
    assert found.nested
    assert found.plateaus[0].number < 10
    assert found.plateaus[-1].number == 136
    sizes = [p.n_operations for p in found.plateaus]
    assert sizes == sorted(sizes)
    assert len(found.plateaus) > 1


def test_a_supercell_has_the_same_steps() -> None:
    s = perovskite(0.02)
    big = s.copy()
    big.make_supercell([2, 1, 1])
    one, two = (staircase(x, GRID[::4]) for x in (s, big))
    assert [x.number for x in one.steps] == [x.number for x in two.steps]
    assert [2 * x.n_operations for x in one.steps] == [x.n_operations for x in two.steps]


def test_a_group_is_part_of_another_only_in_its_own_place_and_orientation() -> None:
    cubic = located(perovskite(0.0), 0.01)
    along_c, along_a = (located(perovskite(0.1, axis), 0.01) for axis in (2, 0))
    assert cubic.contains(along_c, 1e-3)
    assert cubic.contains(along_a, 1e-3)
    assert cubic.contains(cubic, 1e-6)
    assert not along_c.contains(cubic, 0.5)
    assert not along_c.contains(along_a, 0.5)
    # Moved by a quarter of the cell: the same operations about other points.
    moved = located(perovskite(0.0).translate_sites(range(5), [0.25, 0, 0]), 0.01)
    assert not cubic.contains(moved, 0.5)
    assert cubic.contains(moved, 3.0)


def test_a_centred_group_is_no_part_of_a_primitive_one() -> None:
    lattice = Lattice.cubic(4.0)
    body = located(Structure(lattice, ["Fe", "Fe"], [[0, 0, 0], [0.5, 0.5, 0.5]]), 0.01)
    simple = located(Structure(lattice, ["Cs", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]]), 0.01)
    assert body.number == 229
    assert simple.number == 221
    assert body.contains(simple, 1e-3)
    assert not simple.contains(body, 1e-3)


def test_groups_that_do_not_fit_together_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """At loose tolerances a search that answers for another distortion: the same symbol, turned."""
    other = perovskite(0.1, axis=0)

    def confused(cell: Cell, symprec: float, angle: float = -1.0) -> Any:
        return search(cell_of(other) if symprec > 0.02 else cell, min(symprec, 0.02), angle)

    monkeypatch.setattr(module, "search", confused)
    found = staircase(perovskite(0.1, axis=2))
    assert {step.number for step in found.steps} == {99}
    assert len(found.plateaus) == 2
    assert not found.nested
    assert "not nested" in found.warnings[0]
    assert "P4mm" in found.warnings[0]
    assert not found.to_dict()["nested"]


def test_a_search_that_fails_in_between_belongs_to_no_plateau(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(cell: Cell, symprec: float, angle: float = -1.0) -> Any:
        return None if 1e-3 < symprec < 1e-2 else search(cell, symprec, angle)

    monkeypatch.setattr(module, "search", failing)
    found = staircase("quartz")
    assert 0 in {step.number for step in found.steps}
    assert [p.number for p in found.plateaus] == [154]


def test_plain_data() -> None:
    found = staircase(perovskite(0.02), GRID[::3])
    answer = json.loads(json.dumps(found.to_dict()))
    assert [row["symprec"] for row in answer["steps"]] == list(GRID[::3])
    assert answer["plateaus"][1]["distance"]["largest"] == pytest.approx(0.016)
    assert answer["chosen"]["number"] == 99
    assert len(found.to_frame()) == len(GRID[::3])
    assert repr(found) == "Staircase(P4mm → Pm-3m, auto takes P4mm)"


def test_a_strained_cell_is_no_near_symmetry() -> None:
    """Tetragonal indium: at 0.3 Å a search calls it cubic, and no atom would have to move."""
    found = staircase(Structure(Lattice.tetragonal(3.25, 4.95), ["In"] * 2, [[0, 0, 0], [0.5, 0.5, 0.5]]))
    assert [p.number for p in found.plateaus] == [139, 225]
    assert found.plateaus[1].distance is not None
    assert found.plateaus[1].distance.largest < 1e-12
    assert found.nearly is None


@pytest.mark.parametrize("tolerances", ["0.1", None, {"a": 1}, [None], [[0.1, "x"]]])
def test_odd_tolerances_end_in_an_error_of_ours(tolerances: Any) -> None:
    with pytest.raises(SymmetryUndetermined) as error:
        staircase("quartz", tolerances)
    assert error.value.code == "symmetry.symprec"


def test_tolerances_are_sorted_and_taken_once() -> None:
    assert [s.symprec for s in staircase("quartz", [0.1, 0.01, 0.1]).steps] == [0.01, 0.1]
    assert [s.symprec for s in staircase("quartz", 0.1).steps] == [0.1]  # type: ignore[arg-type]
    assert staircase("quartz", []).plateaus == ()
