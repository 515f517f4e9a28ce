"""Bundled crystals against literature: space group, composition, bond lengths, frame."""

from __future__ import annotations

import gzip
import json
import re
import warnings
from pathlib import Path

import numpy as np
import pytest

import crysnb as cn
from crysnb.errors import StructureError, UnknownName
from crysnb.structure.examples import example, examples, find, parse

# Name: space group number, atoms in the cell, and nearest-neighbour distances in Å with their number
# per atom of the first element listed. Sources: those of the crystals, which give rutile 1.9485(5) and
# 1.9800(9) Å, quartz 1.605 and 1.614 Å, LiNbO3 1.889 and 2.112 Å, black phosphorus 2.224
# and 2.244 Å. Where all positions are special or one parameter is free: NaCl a/2, GaAs √3 a/4, GaN u c.
KNOWN = {
    "NaCl": (225, 8, [(2.8201, 6)]),
    "GaAs": (216, 8, [(2.4480, 4)]),
    "rutile": (136, 6, [(1.9485, 4), (1.9800, 2)]),
    "quartz": (154, 9, [(1.605, 2), (1.614, 2)]),
    "GaN": (186, 4, [(1.949, 3), (1.956, 1)]),
    "MgO": (225, 8, [(4.2112 / 2, 6)]),
    "CsCl": (221, 2, [(4.123 * 3**0.5 / 2, 8)]),
    "Si": (227, 8, [(5.4307 * 3**0.5 / 4, 4)]),
    "ZnO": (186, 4, [(1.975, 3), (0.3817 * 5.2071, 1)]),
    "anatase": (141, 12, [(1.934, 4), (1.980, 2)]),
    "quartz-P3121": (152, 9, [(1.605, 2), (1.614, 2)]),
    "corundum": (167, 30, [(1.856, 3), (1.971, 3)]),
    "calcite": (167, 30, [(2.360, 6)]),
    "LiNbO3": (161, 30, [(1.889, 3), (2.112, 3)]),
    "SrTiO3": (221, 5, [(3.9053 / 2**0.5, 12)]),
    "CaTiO3": (62, 20, [(2.314, 2), (2.442, 1), (2.501, 1)]),
    "baddeleyite": (
        14,
        12,
        [(2.051, 1), (2.057, 1), (2.151, 1), (2.163, 1), (2.189, 1), (2.220, 1), (2.285, 1)],
    ),
    "spinel": (227, 56, [(3**0.5 * (0.2624 - 0.125) * 8.0832, 4)]),
    "fluorite": (225, 12, [(5.4631 * 3**0.5 / 4, 8)]),
    "graphite": (194, 4, [(2.464 / 3**0.5, 3)]),
    "MoS2": (194, 6, [(2.417, 6)]),
    "Fe": (229, 2, [(2.8665 * 3**0.5 / 2, 8), (2.8665, 6)]),
    "kyanite": (2, 32, [(1.847, 1), (1.850, 1), (1.873, 1), (1.885, 1), (1.972, 1), (1.986, 1)]),
    "FeSi": (198, 8, [(2.294, 1), (2.341, 3), (2.515, 3)]),
    "black-phosphorus": (64, 8, [(2.224, 2), (2.244, 1)]),
}
# One bond each that is known to every chemist, with a tolerance that a misprint would exceed:
# (centre, neighbour, mean length in Å, number). C-O of carbonate, Ti-O of TiO6, Si-O of SiO4, Al-O of AlO6.
BONDS = {
    "calcite": ("C", "O", 1.28, 3),
    "anatase": ("Ti", "O", 1.95, 6),
    "CaTiO3": ("Ti", "O", 1.95, 6),
    "SrTiO3": ("Ti", "O", 1.95, 6),
    "LiNbO3": ("Nb", "O", 2.00, 6),
    "kyanite": ("Si", "O", 1.63, 4),
    "spinel": ("Al", "O", 1.93, 6),
    "corundum": ("Al", "O", 1.91, 6),
    "baddeleyite": ("Zr", "O", 2.16, 7),
    "quartz-P3121": ("Si", "O", 1.61, 4),
}


def space_group_number(structure: object, symprec: float) -> int:
    from pymatgen.symmetry.analyzer import SpacegroupAnalyzer

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of spglib's error handling
        return SpacegroupAnalyzer(structure, symprec=symprec).get_space_group_number()  # type: ignore[arg-type]


@pytest.mark.parametrize("name", KNOWN)
def test_space_group_and_bond_lengths(name: str) -> None:
    number, n_sites, shells = KNOWN[name]
    structure = example(name)
    assert len(structure) == n_sites
    assert space_group_number(structure, 1e-4) == number
    nearest = sorted(n.nn_distance for n in structure.get_neighbors(structure[0], 3.6))
    for distance, count in shells:
        found, nearest = nearest[:count], nearest[count:]
        np.testing.assert_allclose(found, distance, atol=6e-4)


@pytest.mark.parametrize("name", BONDS)
def test_bonds_that_every_chemist_knows(name: str) -> None:
    centre, neighbour, length, count = BONDS[name]
    structure = example(name)
    for site in (s for s in structure if s.specie.symbol == centre):
        around = sorted(
            n.nn_distance for n in structure.get_neighbors(site, 3.3) if n.specie.symbol == neighbour
        )
        assert np.mean(around[:count]) == pytest.approx(length, abs=0.025)
        if len(around) > count:
            assert around[count] > 1.15 * around[count - 1], "the first shell has no edge"


def test_every_crystal_is_known_here() -> None:
    assert {*KNOWN, "BaTiO3"} == set(examples())


def test_all_systems_and_centrings_are_there() -> None:
    infos = [cn.symmetry(name) for name in examples()]
    assert {system(i.number) for i in infos} == {
        "triclinic", "monoclinic", "orthorhombic", "tetragonal", "trigonal", "hexagonal", "cubic",
    }  # fmt: skip
    assert {i.symbol[0] for i in infos} == set("PCIFR")
    # Chiral (only rotations): both hands of quartz and a cubic one.
    assert {n for n, i in zip(examples(), infos, strict=True) if np.all(np.linalg.det(i.rotations) > 0)} == {
        "quartz", "quartz-P3121", "FeSi",
    }  # fmt: skip


def system(number: int) -> str:
    names = ("triclinic", "monoclinic", "orthorhombic", "tetragonal", "trigonal", "hexagonal", "cubic")
    return names[np.searchsorted([2, 15, 74, 142, 167, 194, 230], number)]


# Where a calculation of the same phase is at hand (Materials Project, PBE): it may be off by a few percent.
CALCULATED = {
    "MgO": "mp-1265", "CsCl": "mp-22865", "Si": "mp-149", "ZnO": "mp-2133", "anatase": "mp-390",
    "corundum": "mp-1143", "calcite": "mp-3953", "LiNbO3": "mp-3731", "CaTiO3": "mp-4019",
    "baddeleyite": "mp-2858", "spinel": "mp-3536", "fluorite": "mp-2741", "kyanite": "mp-5065",
    "FeSi": "mp-871",
}  # fmt: skip


@pytest.mark.slow
def test_calculations_of_the_same_crystals_agree(data_dir: Path) -> None:
    from pymatgen.analysis.structure_matcher import StructureMatcher

    wanted = {mp: name for name, mp in CALCULATED.items()}
    matcher, seen = StructureMatcher(ltol=0.04, stol=0.2, angle_tol=2), set()
    with gzip.open(data_dir / "mp_eform_gap_36k" / "structures.jsonl.gz", "rt") as lines:
        for line in lines:
            if (record := json.loads(line))["id"] in wanted:
                name, theirs = wanted[record["id"]], cn.as_structure(record)
                ours = example(name)
                assert space_group_number(theirs, 0.05) == space_group_number(ours, 1e-3), name
                ratio = (theirs.volume / len(theirs)) / (ours.volume / len(ours))
                assert 0.97 < ratio ** (1 / 3) < 1.03, name
                worst = matcher.get_rms_dist(ours, theirs)
                assert worst is not None, name
                assert worst[1] < 0.12, name
                seen.add(name)
    assert seen == set(CALCULATED)


def test_the_two_quartzes_are_mirror_images() -> None:
    one, other = example("quartz"), example("quartz-P3121")
    np.testing.assert_array_equal(one.lattice.matrix, other.lattice.matrix)
    mirrored = np.mod(one.frac_coords * [1, 1, -1] + 1e-9, 1)
    for site in other:
        gap = mirrored - np.mod(site.frac_coords + 1e-9, 1)
        assert np.abs(gap - np.round(gap)).max(axis=1).min() < 1e-9


GOOD = {
    "name": "x", "title": "t", "space_group": "Fm-3m", "cell": {"a": 4.0}, "sites": [["Mg", 0, 0, "1/2"]],
    "source": "A. Author, J. Test 1, 1 (1999)",
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"source": "somebody said so"}, "example.entry"),
        ({"doi": "10.1000/1"}, "example.entry"),
        ({"cell": {"b": 4.0}}, "example.entry"),
        ({"cell": {"a": 4.0, "volume": 64}}, "example.entry"),
        ({"cell": {"a": 0.4}}, "structure.cell_length"),
        ({"cell": {"a": 4.0, "gamma": 190}}, "structure.cell_angle"),
        ({"sites": []}, "example.entry"),
        ({"sites": [["Xx", 0, 0, 0]]}, "structure.unknown_element"),
        ({"sites": [["mg", 0, 0, 0]]}, "example.entry"),
        ({"sites": [["Mg", 0, 0, 2.5]]}, "example.entry"),
        ({"sites": [["Mg", 0, 0, float("nan")]]}, "example.entry"),
    ],
)
def test_the_table_is_checked(change: dict[str, object], code: str) -> None:
    assert parse(GOOD).sites == (("Mg", 0.0, 0.0, 0.5),)
    with pytest.raises(StructureError) as caught:
        parse({**GOOD, **change})
    assert caught.value.code == code


def test_barium_titanate_is_polar_along_plus_z() -> None:
    structure = example("BaTiO3")
    assert space_group_number(structure, 1e-3) == 99
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
    e = find(name)
    np.testing.assert_allclose(example(name).lattice.parameters, e.cell, rtol=1e-12)
    if e.cell[3:5] == (90.0, 90.0):
        np.testing.assert_array_equal(c[:2], 0.0)


def test_names_and_sources() -> None:
    names = cn.examples()
    assert names[:6] == ["NaCl", "GaAs", "rutile", "quartz", "GaN", "BaTiO3"]
    assert len(names) == len({name.casefold() for name in names}) == 26
    for name in names:
        assert re.search(r"\b(19|20)\d\d\)", find(name).source), name
        assert find(name.upper()).name == name
        assert cn.as_structure(name.lower()).properties["crysnb"] == {"id": name, "notices": []}


def test_an_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(UnknownName, match="Did you mean 'quartz'") as caught:
        cn.as_structure("quarz")
    assert caught.value.code == "name.unknown_example"


def test_a_caller_cannot_change_the_bundled_crystal() -> None:
    example("NaCl").scale_lattice(1.0)
    assert example("NaCl").volume == pytest.approx(5.6402**3)
