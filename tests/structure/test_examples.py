"""Bundled crystals against literature: space group, composition, bond lengths, frame."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import crysnb as cn
from crysnb.errors import UnknownName
from crysnb.structure.examples import example, examples, find

# Name: space group number, atoms in the cell, and nearest-neighbour distances in Å with their number
# per atom of the first element. Sources: rutile 1.9485(5) and 1.9800(9) Å from Abrahams and Bernstein
# (1971); quartz 1.605 and 1.614 Å from Levien et al. (1980); NaCl a/2, GaAs √3 a/4; GaN and BaTiO3
# from lattice constants and the one free parameter, e.g. u c = 0.377 × 5.189 Å.
KNOWN = {
    "NaCl": (225, 8, [(2.8201, 6)]),
    "GaAs": (216, 8, [(2.4480, 4)]),
    "rutile": (136, 6, [(1.9485, 4), (1.9800, 2)]),
    "quartz": (154, 9, [(1.605, 2), (1.614, 2)]),
    "GaN": (186, 4, [(1.949, 3), (1.956, 1)]),
}


@pytest.mark.parametrize("name", KNOWN)
def test_space_group_and_bond_lengths(name: str) -> None:
    from pymatgen.symmetry.analyzer import SpacegroupAnalyzer

    number, n_sites, shells = KNOWN[name]
    structure = example(name)
    assert len(structure) == n_sites
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of spglib's error handling
        assert SpacegroupAnalyzer(structure, symprec=1e-4).get_space_group_number() == number
    nearest = sorted(n.nn_distance for n in structure.get_neighbors(structure[0], 3.0))
    for distance, count in shells:
        found, nearest = nearest[:count], nearest[count:]
        np.testing.assert_allclose(found, distance, atol=6e-4)


def test_barium_titanate_is_polar_along_plus_z() -> None:
    from pymatgen.symmetry.analyzer import SpacegroupAnalyzer

    structure = example("BaTiO3")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        assert SpacegroupAnalyzer(structure, symprec=1e-3).get_space_group_number() == 99
    titanium = structure[1]
    oxygen = sorted(structure.get_neighbors(titanium, 2.3), key=lambda n: n.nn_distance)
    assert [n.specie.symbol for n in oxygen] == ["O"] * 6
    np.testing.assert_allclose([n.nn_distance for n in oxygen], [1.872, *[2.004] * 4, 2.146], atol=1e-3)
    assert np.mean([n.coords for n in oxygen], axis=0)[2] < titanium.coords[2]


def test_quartz_is_the_left_of_the_two_screws() -> None:
    # P3_2: going up by c/3 ... the threefold screw turns by 240 degrees, so Si climbs 2/3 per 120 degrees.
    structure = example("quartz")
    silicon = [site for site in structure if site.specie.symbol == "Si"]
    turned = {
        round(float(np.degrees(np.arctan2(*(s.coords - _axis(s))[[1, 0]])) % 360)): s.frac_coords[2]
        for s in silicon
    }
    assert sorted(turned) == [0, 120, 240]
    assert (turned[120] - turned[0]) % 1.0 == pytest.approx(2 / 3)


def _axis(site: object) -> np.ndarray:
    """Nearest point of the screw axis along c through the origin, modulo lattice vectors."""
    lattice = site.lattice  # type: ignore[attr-defined]
    corners = [lattice.get_cartesian_coords([i, j, site.frac_coords[2]]) for i in (0, 1) for j in (0, 1)]
    return min(corners, key=lambda c: float(np.linalg.norm(c - site.coords)))  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", examples())
def test_frame_is_x_along_a_and_z_along_c_star(name: str) -> None:
    a, b, c = example(name).lattice.matrix
    assert a[0] > 0
    np.testing.assert_array_equal(a[1:], 0.0)
    c_star = np.cross(a, b)
    assert c_star[2] > 0
    np.testing.assert_array_equal(c_star[:2], 0.0)
    np.testing.assert_array_equal(c[:2], 0.0)


def test_names_and_sources() -> None:
    assert cn.examples() == ["NaCl", "GaAs", "rutile", "quartz", "GaN", "BaTiO3"]
    for name in cn.examples():
        assert any(
            year in find(name).source for year in ("1957", "1963", "1971", "1977", "1980", "1982", "1992")
        )
        assert find(name.upper()).name == name
        assert cn.as_structure(name.lower()).properties["crysnb"]["id"] == name


def test_an_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(UnknownName, match="Did you mean 'quartz'") as caught:
        cn.as_structure("quarz")
    assert caught.value.code == "name.unknown_example"


def test_a_caller_cannot_change_the_bundled_crystal() -> None:
    example("NaCl").scale_lattice(1.0)
    assert example("NaCl").volume == pytest.approx(5.6402**3)
