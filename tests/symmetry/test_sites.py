"""Which site goes where, in cells large enough for the search tree."""

from __future__ import annotations

import numpy as np
import pytest
from pymatgen.core.lattice import Lattice
from pymatgen.core.structure import Structure

from crysnb.structure.transforms import recelled, reordered, supercell
from crysnb.symmetry import sites as module
from crysnb.symmetry.detect import detect
from crysnb.symmetry.search import Cell


def large(crystal, name: str, scaling: tuple[int, int, int], sigma: float = 2e-3) -> Structure:
    """A supercell with noise, its sites in another order."""
    rng = np.random.default_rng(8)
    given = reordered(supercell(crystal(name), scaling), rng)
    moved = given.cart_coords + rng.normal(0, sigma, (len(given), 3))
    return Structure(given.lattice, given.species, moved, coords_are_cartesian=True)


@pytest.mark.parametrize(
    ("name", "scaling"),
    [("NaCl", (3, 3, 3)), ("quartz", (2, 3, 2)), ("rutile", (3, 3, 2)), ("triclinic", (3, 3, 3))],
)
def test_the_tree_finds_what_all_distances_find(monkeypatch, crystal, name, scaling) -> None:
    given = large(crystal, name, scaling)
    assert len(given) >= module._MANY
    fast = detect(given, 1e-1)
    monkeypatch.setattr(module, "_MANY", 10**6)
    slow = detect(given, 1e-1)
    assert (fast.site_permutations == slow.site_permutations).all()
    assert (fast.ideal_frac == slow.ideal_frac).all()


def test_the_tree_is_enough_for_a_usual_supercell(monkeypatch, crystal) -> None:
    monkeypatch.setattr(module, "_match_all", None)
    assert detect(large(crystal, "NaCl", (3, 3, 3)), 1e-1).number == 225


def test_coordinates_on_the_border_of_the_cell(crystal) -> None:
    given = supercell(crystal("NaCl"), (3, 3, 3))
    frac = given.frac_coords - np.round(given.frac_coords) - 1e-17
    frac[::2] += 3.0
    info = detect(Structure(given.lattice, given.species, frac))
    assert (np.sort(info.site_permutations, axis=1) == np.arange(len(given))).all()
    assert info.displacement < 1e-9


@pytest.mark.parametrize("seed", range(3))
def test_a_skewed_cell(monkeypatch, crystal, seed) -> None:
    given = recelled(supercell(crystal("NaCl"), (3, 3, 3)), np.random.default_rng(seed))
    fast = detect(given)
    monkeypatch.setattr(module, "_MANY", 10**6)
    assert (fast.site_permutations == detect(given).site_permutations).all()


def test_a_fractional_neighbour_that_is_not_the_cartesian_one_is_not_trusted() -> None:
    # One long edge: 0.02 of it is 2 Å, and 0.1 of a short one is 0.3 Å.
    lattice = np.diag([100.0, 3.0, 3.0])
    frac = np.array([[0.0, 0.0, 0.0], [0.1, 0.1, 0.0], *([0.05 + 0.1 * k, 0.5, 0.5] for k in range(8))])
    cell = Cell(lattice, frac, np.full(len(frac), 11))
    images = frac[None].copy()
    images[0, 0] = [0.06, 0.0, 0.0]  # 6 Å from the first site in space, 4 Å from the second
    images = np.concatenate([frac[None], images])
    found, certain = module._match_near(cell, frac, images)
    assert certain.tolist() == [True, False]
    assert (found[0] == np.arange(len(frac))).all()


def test_what_the_tree_is_not_certain_of_goes_the_exact_way(monkeypatch) -> None:
    # In a sliver the bound on Cartesian lengths is too weak to trust anything but exact hits.
    lattice = np.array([[4.0, 0, 0], [39.0, 4.0, 0], [0, 0, 40.0]])
    rng = np.random.default_rng(0)
    frac = rng.random((80, 3))
    cell = Cell(lattice, frac, rng.integers(1, 3, 80))
    images = frac + np.linspace(0.0, 0.5, 6)[:, None, None] * rng.uniform(-1, 1, (6, 80, 3))
    near, certain = module._match_near(cell, frac, images)
    exact = module._match_all(cell, frac, images)
    assert certain[0]
    assert not certain.all()
    assert (near != exact).any()
    assert (near[certain] == exact[certain]).all()
    assert (module.match(cell, frac, images) == exact).all()


def test_one_site_of_an_element_among_many() -> None:
    given = Structure.from_spacegroup("Fm-3m", Lattice.cubic(3.6), ["Cu"], [[0, 0, 0]])
    given = supercell(given, (3, 3, 3))
    given.replace(5, "Au")
    info = detect(given)
    assert (info.site_permutations[:, 5] == 5).all()
    assert info.point_group == "m-3m"
