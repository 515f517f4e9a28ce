"""Distance of a crystal to a group: planted displacements, an independent oracle, invariances."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

import crysnb as cn
from crysnb.errors import StructureError, SymmetryUndetermined
from crysnb.structure.transforms import random_rotation, rotated, supercell
from crysnb.symmetry import group_distance as module
from crysnb.symmetry.detect import cell_of, detect
from crysnb.symmetry.group_distance import group_distance, nearly
from crysnb.symmetry.search import search

A = 3.905
PARENT = np.array([[0, 0, 0], [0.5, 0.5, 0.5], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]])


def perovskite(displacement: np.ndarray | float = 0.0, c: float = A) -> Structure:
    """Cubic SrTiO3 with Ti moved along z by a number of Å, or all atoms by an array."""
    shift = np.zeros((5, 3))
    shift[1, 2] = displacement if np.isscalar(displacement) else 0.0
    if not np.isscalar(displacement):
        shift = np.asarray(displacement)
    lattice = Lattice.tetragonal(A, c)
    return Structure(lattice, ["Sr", "Ti", "O", "O", "O"], PARENT + shift @ np.linalg.inv(lattice.matrix))


def noisy(name: str, size: float, seed: int = 0) -> Structure:
    s = cn.as_structure(name)
    noise = size * np.random.default_rng(seed).normal(size=(len(s), 3))
    return Structure(s.lattice, s.species, s.frac_coords + noise @ np.linalg.inv(s.lattice.matrix))


@pytest.mark.parametrize("symprec", [0.05, 0.1, 0.3])
def test_a_planted_shift_whatever_the_tolerance(symprec: float) -> None:
    """Ti off by d: the nearest cubic crystal moves Ti by 4/5 d and the four others by d/5."""
    d = 0.02
    found = group_distance(perovskite(d), symprec=symprec)
    assert (found.number, found.n_operations) == (221, 48)
    assert found.largest == pytest.approx(4 / 5 * d, abs=1e-12)
    assert found.rms == pytest.approx(np.sqrt((16 + 4) / 25 / 5) * d, abs=1e-12)
    assert found.strain < 1e-12
    table = found.to_frame().set_index("name")
    for kept in ("1", "m [100]", "m [110]", "4+ [001]", "2 [001]"):
        assert table.largest[kept] < 1e-12
    for lost in ("-1", "m [001]", "2 [100]"):
        assert table.largest[lost] == pytest.approx(2 * 4 / 5 * d)  # the image is off to the other side
    assert f"{4 / 5 * d:.2g} Å" in found.text


def test_against_least_squares_over_all_crystals_of_the_group() -> None:
    """The nearest crystal with the group, found by linear algebra from the parent's permutations alone."""
    rng = np.random.default_rng(5)
    shift = 0.02 * rng.normal(size=(5, 3))
    mean = np.zeros((15, 15))
    rotations = [
        np.diag(s) @ np.eye(3)[list(p)]
        for p in itertools.permutations(range(3))
        for s in itertools.product((-1, 1), repeat=3)
    ]
    for r in rotations:
        for k, image in enumerate(PARENT @ r.T):
            gap = image - PARENT
            to = int(np.abs(gap - np.round(gap)).sum(axis=1).argmin())
            mean[3 * to : 3 * to + 3, 3 * k : 3 * k + 3] += r / len(rotations)
    free = np.hstack([mean, np.tile(np.eye(3), (5, 1))])  # allowed shifts, and all atoms together
    x = shift.reshape(-1)
    rest = (x - free @ np.linalg.lstsq(free, x, rcond=1e-9)[0]).reshape(5, 3)
    found = group_distance(perovskite(shift), perovskite())
    assert found.largest == pytest.approx(np.linalg.norm(rest, axis=1).max(), abs=1e-10)
    assert found.rms == pytest.approx(np.sqrt((rest**2).sum() / 5), abs=1e-10)


@pytest.mark.parametrize("name", ["NaCl", "quartz", "rutile", "corundum", "GaN", "baddeleyite"])
def test_agrees_with_idealisation_where_that_applies(name: str) -> None:
    s = noisy(name, 0.003)
    info = detect(s, 0.03)
    found = group_distance(s, symprec=0.03)
    assert found.number == info.number == detect(cn.as_structure(name)).number
    assert found.largest == pytest.approx(info.displacement, abs=1e-12)
    assert found.strain == pytest.approx(info.strain, abs=1e-12)
    assert [o.name for o in found.operations] == [o.name for o in info.operations]
    np.testing.assert_allclose(found.rotations, info.rotations, atol=1e-12)
    assert found.operations[0].largest == 0.0


def moved_by(s: Structure, vector: list[float]) -> Structure:
    return s.copy().translate_sites(range(len(s)), vector, frac_coords=False)


def crystals_of_one() -> dict[str, Structure]:
    """One distorted crystal in other orientations, orders, cells and places."""
    s = noisy("rutile", 0.004, seed=3)
    rng = np.random.default_rng(1)
    order = rng.permutation(len(s))
    sheared = np.array([[1, 0, 0], [1, 1, 0], [-1, 2, 1]]) @ s.lattice.matrix
    return {
        "given": s,
        "turned": rotated(s, random_rotation(rng)),
        "order": Structure(s.lattice, [s.species[k] for k in order], s.frac_coords[order]),
        "moved": moved_by(s, [0.123, -0.456, 0.789]),
        "sheared": Structure(sheared, s.species, s.cart_coords, coords_are_cartesian=True),
        "1x1x2": supercell(s, np.diag([1, 1, 2])),
        "2x1x1": supercell(s, np.diag([2, 1, 1])),
        "2x3x1": supercell(s, np.diag([2, 3, 1])),
    }


@pytest.mark.parametrize("how", ["turned", "order", "moved", "sheared", "1x1x2", "2x1x1", "2x3x1"])
def test_the_distance_belongs_to_the_crystal(how: str) -> None:
    same = crystals_of_one()
    one, other = (group_distance(same[k], symprec=0.05) for k in ("given", how))
    assert one.largest > 1e-3
    assert one.number == other.number == 136
    assert other.largest == pytest.approx(one.largest, abs=1e-9)
    assert other.rms == pytest.approx(one.rms, abs=1e-9)
    assert other.strain == pytest.approx(one.strain, abs=1e-9)
    assert sorted(o.largest for o in other.operations) == pytest.approx(
        sorted(o.largest for o in one.operations), abs=1e-9
    )


def test_a_supercell_whose_translations_are_broken() -> None:
    """One of eight Ti is off: 39 atoms make up for it, and the largest shift is its own."""
    s = supercell(perovskite(), np.diag([2, 2, 2]))
    s.translate_sites(
        [next(k for k, x in enumerate(s.species) if str(x) == "Ti")], [0, 0, 0.02], frac_coords=False
    )
    found = group_distance(s, symprec=0.1)
    assert (found.number, found.n_operations) == (221, 48 * 8)
    assert found.largest == pytest.approx(0.02 * 39 / 40, abs=1e-12)


def test_the_strain_is_that_of_the_metric() -> None:
    c = 1.01 * A
    found = group_distance(perovskite(0.0, c), perovskite())
    mean = (2 + 1.01**2) / 3
    expected = np.sqrt(2 * (mean - 1) ** 2 + (mean / 1.01**2 - 1) ** 2)
    assert found.strain == pytest.approx(expected, rel=1e-9)
    assert found.largest < 1e-12
    table = found.to_frame().set_index("name")
    assert table.strain["4+ [001]"] < 1e-12
    assert table.strain["4+ [100]"] == pytest.approx(np.hypot(1.01**2 - 1, 1 - 1.01**-2), rel=1e-9)


def test_a_reference_gives_the_group_at_any_amplitude() -> None:
    sizes = [group_distance(perovskite(d), perovskite()).largest for d in (0.1, 0.2, 0.4)]
    assert sizes == pytest.approx([0.08, 0.16, 0.32])


def test_pairs_are_the_best_ones_where_two_images_want_one_site() -> None:
    s = Structure(
        Lattice.cubic(5.0), ["Na", "Na", "Na", "Cl"], [[0, 0, 0], [0.1, 0, 0], [0.5, 0, 0], [0.5, 0.5, 0.5]]
    )
    cell = cell_of(s)
    images = np.array([[[0.06, 0, 0], [0.12, 0, 0], [0.45, 0, 0], [0.5, 0.5, 0.4]]])
    paired = module._assign(cell, cell.frac, images)[0]

    def cost(order: tuple[int, ...]) -> float:
        return float(((images[0] - cell.frac[list(order)]) ** 2).sum())

    assert module.match(cell, cell.frac, images)[0].tolist() == [1, 1, 2, 3]
    assert tuple(paired) == min(((*p, 3) for p in itertools.permutations(range(3))), key=cost)


@pytest.mark.parametrize("shift", [0.01, 0.02, 0.04])
def test_a_crystal_that_only_just_misses_a_group(shift: float) -> None:
    s = perovskite(shift)
    info = detect(s, 1e-3)
    assert info.number == 99
    found = nearly(s, info)
    assert found is not None
    assert found.number == 221
    assert found.largest == pytest.approx(0.8 * shift, abs=1e-12)


def test_what_is_not_nearly_higher() -> None:
    assert nearly(perovskite(), detect(perovskite())) is None
    far = perovskite(0.2)
    assert nearly(far, detect(far)) is None
    some = perovskite(0.04)
    assert nearly(some, detect(some, 1e-3), reach=0.02) is None
    for name in ("quartz", "BaTiO3", "kyanite"):
        s = cn.as_structure(name)
        assert nearly(s, detect(s)) is None


def test_a_tetragonal_cell_is_not_nearly_cubic_because_no_atom_moves() -> None:
    for c, near in ((1.005, True), (1.02, False)):
        s = perovskite(0.0, c * A)
        info = detect(s, 1e-3)
        assert info.number == 123
        assert search(cell_of(s), 0.1).number == 221
        assert (nearly(s, info) is not None) == near
    assert group_distance(perovskite(0.0, 1.005 * A), perovskite()).within(0.01)
    assert not group_distance(perovskite(0.0, 1.02 * A), perovskite()).within(0.01)


def test_a_reference_with_other_atoms_is_refused() -> None:
    with pytest.raises(StructureError) as error:
        group_distance(perovskite(), "NaCl")
    assert error.value.code == "structure.other_atoms"


def test_plain_data() -> None:
    found = group_distance(perovskite(0.02), symprec=0.1)
    answer = json.loads(json.dumps(found.to_dict()))
    assert answer["number"] == 221
    assert len(answer["operations"]) == 48
    assert (
        repr(found) == "GroupDistance(0.016 Å (largest shift of an atom; 0.008 Å rms) away from Pm-3m (221))"
    )


def test_tolerances_are_checked() -> None:
    with pytest.raises(SymmetryUndetermined):
        group_distance("NaCl", symprec=5.0)
