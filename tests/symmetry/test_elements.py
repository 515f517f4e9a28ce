"""Axes, planes and centres: where they lie, what they are called, and that they are what they say."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from pymatgen.core.lattice import Lattice
from pymatgen.core.structure import Structure

import crysnb as cn
from crysnb.errors import SymmetryUndetermined
from crysnb.structure.transforms import recelled, supercell
from crysnb.symmetry.detect import detect
from crysnb.symmetry.elements import SymmetryElement, symmetry_elements


def elements(structure, **options) -> dict[str, SymmetryElement]:
    return {e.name: e for e in symmetry_elements(structure, detect(structure), **options)}


def miss(structure: Structure, points: np.ndarray, species: list) -> float:
    """Largest distance in Å from a point to the nearest site of the same element, periodic."""
    frac = points @ np.linalg.inv(structure.lattice.matrix)
    gap = frac[:, None, :] - structure.frac_coords
    distance = np.linalg.norm((gap - np.round(gap)) @ structure.lattice.matrix, axis=2)
    distance[np.array([[a != b for b in structure.species] for a in species])] = np.inf
    return float(distance.min(axis=1).max())


def is_lattice_vector(structure: Structure, vector: np.ndarray) -> bool:
    return miss(structure, structure.cart_coords + vector, structure.species) < 2e-3


def tangents(normal: np.ndarray) -> np.ndarray:
    """Two vectors that span a plane, shape [2, 3]."""
    return np.linalg.svd(normal[None])[2][1:]


@pytest.mark.parametrize("name", cn.examples())
def test_elements_are_what_they_say(name) -> None:
    structure = cn.as_structure(name)
    info = detect(structure)
    found = symmetry_elements(structure, info)
    assert [e.name for e in found] == [op.name for op in info.operations]
    for e, op in zip(found, info.operations, strict=True):
        images = e.apply(structure.cart_coords)
        assert miss(structure, images, structure.species) < 2e-3
        # The permutation is the one of this very operation, not of another with the same rotation.
        offset = (images - structure.cart_coords[list(e.permutation)]) @ np.linalg.inv(
            structure.lattice.matrix
        )
        np.testing.assert_allclose(offset, np.round(offset), atol=1e-3)
        np.testing.assert_allclose(e.rotation, op.rotation, atol=1e-12)
        check_fixed_points(e)
        times = 2 if e.kind in ("mirror", "glide", "inversion") else e.order
        assert is_lattice_vector(structure, times * e.translation)
        assert (np.linalg.norm(e.translation) > 0.1) == (e.kind in ("screw", "glide"))


def check_fixed_points(e: SymmetryElement) -> None:
    """An element goes onto itself; a pure one stays point by point, and nothing else does."""
    along = {
        "rotation": e.axis[None],
        "screw": e.axis[None],
        "mirror": tangents(e.axis),
        "glide": tangents(e.axis),
    }
    spans = along.get(e.kind, np.zeros((0, 3)))
    for weights in itertools.product((-1.7, 0.0, 2.3), repeat=len(spans)):
        point = e.point + np.asarray(weights) @ spans
        np.testing.assert_allclose(e.apply(point), point + e.translation, atol=1e-9)
    if e.kind != "identity":
        free = np.linalg.svd(np.eye(3) - e.rotation, compute_uv=False) < 1e-9
        assert free.sum() == len(spans)
    # Shifts across an axis or plane would move it; they are never left in the translation.
    np.testing.assert_allclose(e.rotation @ e.translation, e.translation, atol=1e-9)
    proper = e.rotation * np.sign(np.linalg.det(e.rotation))
    sine = (
        np.array([proper[2, 1] - proper[1, 2], proper[0, 2] - proper[2, 0], proper[1, 0] - proper[0, 1]]) / 2
    )
    if e.angle:
        np.testing.assert_allclose(sine, np.sin(e.angle) * e.axis, atol=1e-9)


@pytest.mark.parametrize(
    ("name", "symbols"),
    [
        # Read off the diagrams of the International Tables A.
        ("quartz", {"1", "2", "3_2"}),
        ("quartz-P3121", {"1", "2", "3_1"}),
        ("rutile", {"1", "-1", "m", "n", "2", "2_1", "4_2", "-4"}),
        ("GaN", {"1", "m", "c", "2_1", "3", "6_3"}),
        ("BaTiO3", {"1", "m", "2", "4"}),
        ("baddeleyite", {"1", "-1", "c", "2_1"}),
        ("CaTiO3", {"1", "-1", "n", "m", "a", "2_1"}),
        ("corundum", {"1", "-1", "c", "2", "3", "-3"}),
        ("Si", {"1", "-1", "m", "d", "2", "3", "-3", "4_1", "-4"}),
        ("anatase", {"1", "-1", "m", "a", "d", "2", "4_1", "-4"}),
        ("NaCl", {"1", "-1", "m", "2", "3", "-3", "4", "-4"}),
        ("FeSi", {"1", "2_1", "3"}),
    ],
)
def test_symbols_of_known_crystals(name, symbols) -> None:
    assert {e.symbol for e in elements(cn.as_structure(name)).values()} == symbols


AXES = {
    "P4_1": "4_1", "P4_3": "4_3", "P4_2": "4_2", "P4": "4", "P3_1": "3_1", "P3_2": "3_2", "P6_1": "6_1",
    "P6_5": "6_5", "P6_2": "6_2", "P6_4": "6_4", "P6_3": "6_3", "R3": "3", "P-4": "-4", "I4": "4",
    "Pc": "c", "Cc": "c", "P2_1": "2_1", "Pna2_1": "n a 2_1", "Pca2_1": "c a 2_1", "Pnn2": "n 2",
    "Fdd2": "d 2", "Pba2": "b a 2", "Pmc2_1": "m c 2_1", "P4cc": "c 4 2", "P4nc": "n c 4 2",
    "P4bm": "b a m 4 2", "R3c": "c 3",
}  # fmt: skip


@pytest.mark.parametrize("group", AXES)
def test_symbols_of_a_general_position(group) -> None:
    """Groups whose symbol says what there is; a left screw must not be taken for a right one."""
    lattice = Lattice.hexagonal(7.1, 9.3) if group[1] in "36" else Lattice.tetragonal(7.1, 9.3)
    lattice = (
        Lattice.orthorhombic(7.1, 8.3, 9.7) if group.startswith(("Pn", "Pc", "Pb", "Pm", "F")) else lattice
    )
    lattice = Lattice.monoclinic(7.1, 8.3, 9.7, 104) if group in ("Pc", "Cc", "P2_1") else lattice
    crystal = Structure.from_spacegroup(
        group, lattice, ["Na", "Cl"], [[0.11, 0.23, 0.05], [0.32, 0.08, 0.37]]
    )
    info = detect(crystal)
    assert info.symbol == group
    found = {e.symbol for e in symmetry_elements(crystal, info)} - {"1"}
    wanted = set(AXES[group].split())
    if group[1] in "-46":  # the square of a fourfold and the cube of a sixfold axis
        found -= {"2", "2_1", "3", "3_1", "3_2"} - wanted
    assert found == wanted


def test_the_screw_of_quartz_by_hand() -> None:
    """A third of a turn counter-clockwise and two thirds of c up, not one third: P3_221."""
    s = cn.as_structure("quartz")
    turn = np.array([[-0.5, -np.sqrt(3) / 2, 0], [np.sqrt(3) / 2, -0.5, 0], [0, 0, 1]])
    c = s.lattice.matrix[2]
    assert miss(s, s.cart_coords @ turn.T + 2 / 3 * c, s.species) < 1e-3
    assert miss(s, s.cart_coords @ turn.T + 1 / 3 * c, s.species) > 0.5
    found = elements(s)
    for name, up in (("3+ [001]", 1), ("3- [001]", -1)):
        assert (found[name].kind, found[name].symbol) == ("screw", "3_2")
        np.testing.assert_allclose(found[name].axis, [0, 0, up], atol=1e-9)
        # The shortest of the equivalent shifts is drawn: −1/3 instead of +2/3.
        np.testing.assert_allclose(found[name].translation, -up / 3 * c, atol=1e-6)


def test_sodium_chloride() -> None:
    s = cn.as_structure("NaCl")
    found = elements(s)
    a = s.lattice.a
    np.testing.assert_allclose(found["-1"].point, [a / 2] * 3, atol=1e-6)  # on an atom
    assert found["m [100]"].point[0] == pytest.approx(a / 2)
    assert found["m [1-10]"].point @ found["m [1-10]"].axis == pytest.approx(0, abs=1e-6)
    assert sum(e.kind == "mirror" for e in found.values()) == 9
    corner = elements(s, near=(0, 0, 0))
    np.testing.assert_allclose(corner["-1"].point, 0, atol=1e-9)
    assert all(np.abs(e.point).max() < 1e-6 for e in corner.values())


def test_diamond() -> None:
    s = cn.as_structure("Si")
    found = elements(s)
    # Inversion in the middle of a bond, never on an atom.
    distances = np.sort(np.linalg.norm(s.cart_coords - found["-1"].point, axis=1))
    assert distances[0] > 1.0
    glide = found["m [001]"]
    assert (glide.kind, glide.symbol) == ("glide", "d")
    np.testing.assert_allclose(np.abs(glide.translation), [s.lattice.a / 4, s.lattice.a / 4, 0], atol=1e-6)


@pytest.mark.parametrize("name", ["quartz", "Si", "CaTiO3", "corundum"])
def test_elements_turn_with_the_crystal(name) -> None:
    s = cn.as_structure(name)
    q, _ = np.linalg.qr(np.random.default_rng(5).normal(size=(3, 3)))
    q *= np.linalg.det(q)
    turned = Structure(Lattice(s.lattice.matrix @ q.T), s.species, s.frac_coords)
    before, after = elements(s), elements(turned)
    for key, e in before.items():
        f = after[key]
        assert (f.kind, f.symbol, f.text) == (e.kind, e.symbol, e.text)
        np.testing.assert_allclose(f.axis, q @ e.axis, atol=1e-6)
        assert miss(turned, f.apply(turned.cart_coords), turned.species) < 2e-3


@pytest.mark.parametrize("name", ["NaCl", "quartz", "corundum"])
def test_a_supercell_of_another_shape(name) -> None:
    """The element is there all the same; only the cell's own list of sites is not mapped."""
    small = cn.as_structure(name)
    s = supercell(small, (2, 1, 1))
    found = elements(s)
    assert {e.symbol for e in found.values()} == {e.symbol for e in elements(small).values()}
    assert any(e.permutation is None for e in found.values())
    assert any(e.permutation is not None for e in found.values())
    for e in found.values():
        assert miss(s, e.apply(s.cart_coords), s.species) < 2e-3
        if e.permutation is not None:
            assert sorted(e.permutation) == list(range(len(s)))


@pytest.mark.parametrize("seed", range(3))
def test_a_skewed_cell_has_the_same_elements(seed) -> None:
    s = cn.as_structure("rutile")
    skewed = recelled(s, np.random.default_rng(seed))
    assert sorted(e.symbol for e in elements(skewed).values()) == sorted(
        e.symbol for e in elements(s).values()
    )


def test_noise_changes_no_name(noisy) -> None:
    s = cn.as_structure("anatase")
    ideal = elements(s)
    for seed in range(3):
        shaken = noisy(s, 3e-3, seed)
        info = detect(shaken)
        assert info.number == 141
        for e in symmetry_elements(shaken, info):
            assert (e.kind, e.symbol) == (ideal[e.name].kind, ideal[e.name].symbol)
            assert miss(shaken, e.apply(shaken.cart_coords), shaken.species) < 0.05


def test_plain_data_and_words() -> None:
    d = elements(cn.as_structure("quartz"))["3+ [001]"].to_dict()
    assert d["text"] == "threefold screw axis 3_2 along [001], shift 1.80 Å"
    assert sorted(d["permutation"]) == list(range(9))
    texts = {e.text for e in elements(cn.as_structure("Si")).values()}
    assert "inversion centre" in texts
    assert "glide plane d perpendicular to [001], shift 1.92 Å" in texts


def test_a_symmetry_of_another_crystal_is_refused() -> None:
    with pytest.raises(SymmetryUndetermined) as error:
        symmetry_elements(cn.as_structure("NaCl"), cn.symmetry("quartz"))
    assert error.value.code == "symmetry.inconsistent"
