"""The idealised structure: exact symmetry, everything else as it was."""

from __future__ import annotations

import numpy as np
import pytest
from pymatgen.core.lattice import Lattice
from pymatgen.core.structure import Structure

import crysnb as cn
from crysnb.structure.transforms import random_rotation, rotated, supercell
from crysnb.symmetry.detect import detect
from crysnb.symmetry.idealize import idealized, idealized_primitive

NAMES = ["NaCl", "GaAs", "rutile", "quartz", "GaN", "BaTiO3", "corundum", "zirconia"]


def shaken(given: Structure, noisy, sigma: float = 1e-3, strain: float = 3e-4, seed: int = 0) -> Structure:
    rng = np.random.default_rng(seed)
    moved = noisy(given, sigma, seed)
    f = np.eye(3) + strain * rng.uniform(-1, 1, (3, 3))
    return Structure(moved.lattice.matrix @ ((f + f.T) / 2), moved.species, moved.frac_coords)


@pytest.mark.parametrize("scaling", [(1, 1, 1), (2, 1, 1)])
@pytest.mark.parametrize("name", NAMES)
def test_the_idealised_structure_has_the_group_exactly(crystal, noisy, name, scaling) -> None:
    given = shaken(
        supercell(rotated(crystal(name), random_rotation(np.random.default_rng(1))), scaling), noisy
    )
    info = detect(given)
    ideal = idealized(given, info)
    again = detect(ideal, 1e-5)
    assert again.number == info.number == detect(crystal(name)).number
    assert again.displacement < 1e-9
    assert again.strain < 1e-9
    np.testing.assert_allclose(again.rotations, info.rotations, atol=1e-8)


@pytest.mark.parametrize("name", NAMES)
def test_cell_sites_and_orientation_are_kept(crystal, noisy, name) -> None:
    given = shaken(rotated(crystal(name), random_rotation(np.random.default_rng(1))), noisy)
    info = detect(given)
    ideal = idealized(given, info)
    assert ideal.species == given.species
    shift = (ideal.frac_coords - given.frac_coords) @ given.lattice.matrix
    assert np.linalg.norm(shift, axis=1).max() == pytest.approx(info.displacement)
    assert info.displacement < 6e-3
    np.testing.assert_allclose(shift.mean(axis=0), 0, atol=1e-12)  # no net motion
    np.testing.assert_allclose(ideal.lattice.matrix, given.lattice.matrix @ info.deformation.T)
    np.testing.assert_allclose(info.deformation, info.deformation.T, atol=2e-5)  # a stretch, no turn


def test_idealising_twice_is_idealising_once(crystal, noisy) -> None:
    once = cn.idealize(noisy(crystal("quartz"), 1e-3, 4))
    twice = cn.idealize(once)
    np.testing.assert_allclose(twice.frac_coords, once.frac_coords, atol=1e-10)
    np.testing.assert_allclose(twice.lattice.matrix, once.lattice.matrix, atol=1e-10)


def test_idealising_is_covariant(crystal, noisy) -> None:
    given = noisy(crystal("zirconia"), 1e-3, 4)
    q = random_rotation(np.random.default_rng(8))
    a, b = cn.idealize(rotated(given, q)), rotated(cn.idealize(given), q)
    np.testing.assert_allclose(a.lattice.matrix, b.lattice.matrix, atol=1e-9)
    np.testing.assert_allclose(a.frac_coords, b.frac_coords, atol=1e-9)


def test_a_left_handed_cell_stays_left_handed(crystal) -> None:
    given = crystal("quartz")
    left = Structure(given.lattice.matrix[[1, 0, 2]], given.species, given.frac_coords[:, [1, 0, 2]])
    for out in (
        cn.idealize(left),
        idealized_primitive(supercell(left, (2, 1, 1)), detect(supercell(left, (2, 1, 1)))),
    ):
        assert np.linalg.det(out.lattice.matrix) < 0
        assert detect(out, 1e-5).number == detect(given).number


def test_labels_and_identity_survive(crystal) -> None:
    given = cn.as_structure("quartz")
    ideal = cn.idealize(given)
    assert ideal.labels == given.labels
    had, has = given.properties["crysnb"], ideal.properties["crysnb"]
    assert {**has, "notices": had["notices"]} == had
    assert [n["code"] for n in has["notices"]] == ["structure.idealized"]


@pytest.mark.parametrize("scaling", [(1, 1, 1), (2, 1, 1), (2, 2, 2), (1, 3, 2)])
@pytest.mark.parametrize("name", NAMES)
def test_the_primitive_cell_is_the_same_crystal_in_the_same_orientation(
    crystal, noisy, name, scaling
) -> None:
    given = shaken(
        supercell(rotated(crystal(name), random_rotation(np.random.default_rng(1))), scaling), noisy
    )
    info = detect(given)
    primitive = idealized_primitive(given, info)
    atoms = {
        "NaCl": 2,
        "GaAs": 2,
        "rutile": 6,
        "quartz": 9,
        "GaN": 4,
        "BaTiO3": 5,
        "corundum": 10,
        "zirconia": 12,
    }
    assert len(primitive) == atoms[name]
    assert primitive.volume / len(primitive) == pytest.approx(idealized(given, info).volume / len(given))
    again = detect(primitive, 1e-5)
    assert again.number == info.number
    gaps = np.abs(again.rotations[:, None] - info.rotations[None]).max(axis=(2, 3)).min(axis=1)
    assert gaps.max() < 1e-8
    # Every site of the primitive cell is a site of the idealised given one.
    ideal = idealized(given, info)
    frac = ideal.lattice.get_fractional_coords(primitive.cart_coords)
    for site, x in zip(primitive, frac, strict=True):
        gap = ideal.frac_coords - x
        near = np.abs(gap - np.round(gap)).max(axis=1)
        assert near.min() < 1e-9
        assert ideal[int(near.argmin())].specie == site.specie


def test_a_primitive_cell_is_not_changed(crystal) -> None:
    given = crystal("quartz")
    np.testing.assert_allclose(
        idealized_primitive(given, detect(given)).lattice.matrix, given.lattice.matrix, atol=1e-9
    )


def test_a_rounded_file_is_put_right(crystal) -> None:
    given = crystal("quartz")
    rounded = Structure(np.round(given.lattice.matrix, 5), given.species, np.round(given.frac_coords, 5))
    info = detect(rounded)
    assert set(np.unique(np.abs(info.rotations).round(12))) <= {0, 0.5, 1, round(np.sqrt(3) / 2, 12)}
    assert detect(idealized(rounded, info), 1e-5).strain < 1e-12


def test_one_atom() -> None:
    copper = Structure.from_spacegroup("Fm-3m", Lattice.cubic(3.6), ["Cu"], [[0, 0, 0]])
    assert len(idealized_primitive(copper, detect(copper))) == 1
