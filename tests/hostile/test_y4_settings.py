"""Y4: settings, rows and columns, and axes are not mixed. Cartesian operations only leave ``symmetry/``.

Oracles: spglib's integer operations turned by hand, moyo, and the trigonal and monoclinic tables of
Nye (1957).
"""

from __future__ import annotations

import ast
import itertools
from pathlib import Path

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

import crysnb as cn
from crysnb.errors import CrysnbError
from crysnb.structure.transforms import random_rotation, rotated
from crysnb.symmetry.detect import cell_of, detect
from crysnb.symmetry.project import projector
from crysnb.symmetry.search import search
from crysnb.values.tensor_kind import ELASTIC, represent

PACKAGE = Path(cn.__file__).parent
#: Integer operations of a cell and changes of setting: they mean nothing without its axes.
IN_THE_CELL = {"site_rotations", "site_translations", "transformation_matrix", "origin_shift"}
#: The value that carries them.
ALLOWED = {"values/symmetry_info.py"}


def trigonal() -> Structure:
    return cn.as_structure("corundum")


def monoclinic() -> Structure:
    return cn.as_structure("baddeleyite")


def quartz() -> Structure:
    return cn.as_structure("quartz")


CRYSTALS = {"trigonal -3m": trigonal, "trigonal 32": quartz, "monoclinic": monoclinic}


def test_integer_operations_stay_inside_symmetry() -> None:
    found = set()
    for path in PACKAGE.rglob("*.py"):
        name = path.relative_to(PACKAGE).as_posix()
        if name.startswith("symmetry/") or name in ALLOWED:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in IN_THE_CELL:
                found.add(f"{name}:{node.lineno} {node.attr}")
    assert found == set()


def by_hand(s: Structure, symprec: float = 1e-3) -> np.ndarray:
    """Cartesian operations from spglib's integer ones: R = L W L⁻¹ with the vectors as columns."""
    found = search(cell_of(s), symprec)
    assert found is not None
    columns = s.lattice.matrix.T
    return np.unique(np.round(columns @ found.rotations @ np.linalg.inv(columns), 6) + 0.0, axis=0)


def same_set(a: np.ndarray, b: np.ndarray, tolerance: float = 1e-5) -> bool:
    distance = np.abs(a[:, None] - b[None]).max(axis=(2, 3))
    return len(a) == len(b) and bool(distance.min(axis=1).max() < tolerance)


@pytest.mark.parametrize("name", CRYSTALS)
def test_rotations_are_those_of_the_crystal_as_it_lies(name: str) -> None:
    """With rows and columns exchanged, operations of an oblique cell are not even orthogonal."""
    for seed in range(3):
        s = rotated(CRYSTALS[name](), random_rotation(np.random.default_rng(seed)))
        rotations = detect(s).rotations
        assert same_set(rotations, by_hand(s))
        moved = s.lattice.matrix @ rotations[-1].T @ np.linalg.inv(s.lattice.matrix)
        np.testing.assert_allclose(moved, np.round(moved), atol=1e-4)


@pytest.mark.parametrize("name", CRYSTALS)
@pytest.mark.parametrize("order", list(itertools.permutations(range(3))), ids=str)
def test_renamed_vectors_describe_the_same_crystal(name: str, order: tuple[int, ...]) -> None:
    """The same atoms in the same place: every tensor and every operation must be the same."""
    s = CRYSTALS[name]()
    renamed = Structure(s.lattice.matrix[list(order)], s.species, s.frac_coords[:, list(order)])
    a, b = detect(s), detect(renamed)
    assert (a.number, a.point_group) == (b.number, b.point_group)
    assert same_set(a.rotations, b.rotations)
    for kind in ("dielectric", "piezoelectric", "elastic"):
        np.testing.assert_allclose(projector(a.rotations, kind), projector(b.rotations, kind), atol=1e-9)
    np.testing.assert_allclose(cn.predict(s).value, cn.predict(renamed).value, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", CRYSTALS)
def test_a_turned_crystal_turns_its_tensors(name: str) -> None:
    s = CRYSTALS[name]()
    turn = random_rotation(np.random.default_rng(7))
    a, b = detect(s), detect(rotated(s, turn))
    assert same_set(turn @ a.rotations @ turn.T, b.rotations)
    d = represent(ELASTIC, turn[None])[0]
    np.testing.assert_allclose(
        d @ projector(a.rotations, ELASTIC) @ d.T, projector(b.rotations, ELASTIC), atol=1e-8
    )
    np.testing.assert_allclose(
        turn @ cn.predict(s).value @ turn.T, cn.predict(rotated(s, turn)).value, rtol=1e-4, atol=1e-4
    )


@pytest.mark.parametrize("name", CRYSTALS)
def test_moyo_agrees(name: str) -> None:
    moyopy = pytest.importorskip("moyopy")
    s = rotated(CRYSTALS[name](), random_rotation(np.random.default_rng(11)))
    cell = moyopy.Cell(
        basis=s.lattice.matrix.tolist(), positions=s.frac_coords.tolist(), numbers=list(s.atomic_numbers)
    )
    found = moyopy.MoyoDataset(cell, symprec=1e-3)
    columns = s.lattice.matrix.T
    theirs = columns @ np.array(found.operations.rotations) @ np.linalg.inv(columns)
    theirs = np.unique(np.round(theirs, 6) + 0.0, axis=0)
    info = detect(s)
    assert info.number == found.number
    assert same_set(info.rotations, theirs)


def zeros(form: cn.TensorForm) -> set[str]:
    return {name for name, text in form.relations.items() if str(text) == "0"}


def test_the_trigonal_table_in_the_nye_frame() -> None:
    """Nye (1957), table 9: 32 and -3m with x ∥ a. c14 = -c24 = c56, and c15, c25, c46 vanish."""
    for name in ("quartz", "corundum"):
        form = cn.tensor_form(name, "elastic", "nye")
        assert form.n_independent == 6
        rng = np.random.default_rng(0)
        c = form.project(ELASTIC.matrix(ELASTIC.from_components(rng.normal(size=21))))
        assert c[0, 3] == -c[1, 3] == c[4, 5]
        assert c[5, 5] == pytest.approx((c[0, 0] - c[0, 1]) / 2)
        assert [c[0, 4], c[1, 4], c[3, 5], c[0, 5], c[2, 3]] == [0.0] * 5
        assert c[0, 3] != 0.0


MONOCLINIC_B = {(0, 3), (0, 5), (1, 3), (1, 5), (2, 3), (2, 5), (3, 4), (4, 5)}


@pytest.mark.parametrize("unique", ["a", "b", "c"])
def test_the_monoclinic_table_for_each_unique_axis(unique: str) -> None:
    """Nye (1957), table 9: 2 ∥ y in the frame nye and ieee, wherever the file has its unique axis."""
    place = "abc".index(unique)
    cycle = np.roll(np.eye(3), place - 1, axis=0)  # sends the y axis to the unique one
    s = monoclinic()
    other = Structure(
        Lattice(np.linalg.inv(cycle).T @ s.lattice.matrix), s.species, s.frac_coords @ np.linalg.inv(cycle)
    )
    assert detect(other).number == detect(s).number == 14
    lengths = [np.linalg.norm(v) for v in other.lattice.matrix]
    assert lengths[place] == pytest.approx(s.lattice.b)
    for frame in ("nye", "ieee"):
        form = cn.tensor_form(other, "elastic", frame)
        assert form.n_independent == 13
        c = form.project(ELASTIC.matrix(ELASTIC.from_components(np.arange(1.0, 22.0))))
        assert {(i, j) for i in range(6) for j in range(i, 6) if c[i, j] == 0.0} == MONOCLINIC_B


def test_axes_other_than_the_own_ones_are_asked_for_by_name() -> None:
    s = rotated(monoclinic(), random_rotation(np.random.default_rng(3)))
    assert cn.tensor_form(s, "dielectric").frame == "own"
    np.testing.assert_array_equal(cn.tensor_form(s, "dielectric").rotation, np.eye(3))
    assert cn.predict(s).frame == "own"
    ieee = cn.tensor_form(s, "dielectric", "ieee")
    assert ieee.frame == "ieee"
    assert np.abs(ieee.rotation - np.eye(3)).max() > 0.1
    with pytest.raises(CrysnbError):
        cn.tensor_form(s, "dielectric", "IEEE 1978")
    with pytest.raises(CrysnbError):
        cn.tensor_form("2/m", "elastic", "ieee")  # its axes depend on lengths that a class does not have
