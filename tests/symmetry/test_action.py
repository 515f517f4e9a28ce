"""Operations of the given cell on its sites: permutations, orbits, site groups, in any cell."""

from __future__ import annotations

import numpy as np
import pytest

import crysnb as cn
from crysnb.structure.transforms import random_rotation, reordered, rotated
from crysnb.symmetry.action import site_action

# From the International Tables: operations of the cell, then per orbit label and order of the site group.
KNOWN = {
    "rutile": (16, {"Ti 2a": 8, "O 4f": 4}),
    "corundum": (36, {"Al 12c": 3, "O 18e": 2}),
    "SrTiO3": (48, {"Sr 1a": 48, "Ti 1b": 48, "O 3c": 16}),
    "GaAs": (96, {"Ga 4a": 24, "As 4c": 24}),
    "quartz": (6, {"Si 3a": 2, "O 6c": 1}),
}


@pytest.mark.parametrize("name", KNOWN)
def test_orbits_and_site_groups_are_those_of_the_tables(name):
    action = site_action(name)
    n_operations, orbits = KNOWN[name]
    assert len(action.names) == n_operations == len(set(action.names))
    assert {o.label: len(action.site_rotations_of(o.sites[0])) for o in action.orbits} == orbits
    assert sorted(action.order) == list(range(action.n_sites))


@pytest.mark.parametrize("name", [*KNOWN, "NaCl", "spinel"])
def test_rotations_send_the_crystal_to_itself_as_the_permutations_say(name):
    structure = cn.as_structure(name)
    structure = rotated(structure, random_rotation(np.random.default_rng(3), proper=True))
    action = site_action(structure)
    x, cell = structure.cart_coords, structure.lattice.matrix
    images = x @ action.rotations.transpose(0, 2, 1)
    gap = (images - x[action.permutations]) @ np.linalg.inv(cell)
    gap = gap - gap[:, :1]  # one translation for all sites of an operation
    assert np.abs((gap - np.round(gap)) @ cell).max() < 1e-6
    eye = np.eye(3)
    assert np.abs(action.rotations @ action.rotations.transpose(0, 2, 1) - eye).max() < 1e-10


@pytest.mark.parametrize("name", [*KNOWN, "CaTiO3"])
def test_pair_orbits_are_what_the_operations_merge(name):
    action = site_action(reordered(cn.as_structure(name), np.random.default_rng(1)))
    label = action.pair_orbits
    for p in action.permutations:
        assert (label[np.ix_(p, p)] == label).all()
    fixed = (action.permutations == np.arange(action.n_sites)).sum(axis=1)
    assert label.max() + 1 == round((fixed**2).mean())  # Burnside


def test_a_supercell_has_translations_and_the_orbits_of_the_crystal():
    structure = cn.as_structure("NaCl")
    structure.make_supercell([2, 1, 1])
    action = site_action(structure)
    assert action.kinds.count("t") == 7
    assert [(o.label, len(o.sites)) for o in action.orbits] == [("Na 4a", 8), ("Cl 4b", 8)]
    # The cell's own operations are fewer; the sites are as symmetric as ever.
    assert len(action.names) == 8 * 16
    assert action.site_groups.all()
    assert "1 + (1/2, 0, 0)" in action.names


def test_screws_and_glides_are_told_apart():
    action = site_action("rutile")
    shifted = {n for n, s in zip(action.names, action.has_shift, strict=True) if s}
    assert {"4+ [001]", "4- [001]", "m [100]", "2 [100]"} <= shifted
    assert not {"1", "-1", "-4+ [001]", "m [110]", "m [001]"} & shifted
    assert not site_action("SrTiO3").has_shift.any()
