"""Symmetry operations: text, tables and orbits against pymatgen's space groups."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from crysnb.errors import StructureError
from crysnb.structure import symop
from crysnb.structure.cif import cell_from_parameters


def test_text_of_an_operation() -> None:
    np.testing.assert_array_equal(symop.parse(["x,y,z"]).rotations[0], np.eye(3))
    rotation, translation = symop._parse_one(" -Y+1/2, x-z , 0.6667+z")
    np.testing.assert_array_equal(rotation, [[0, -1, 0], [1, 0, -1], [0, 0, 1]])
    np.testing.assert_allclose(translation, [0.5, 0, 2 / 3], atol=1e-15)


def test_operations_that_are_listed_twice_count_once() -> None:
    assert len(symop.parse(["x,y,z", "-x,-y,-z", "x, y, z", "-x+1,-y,-z"])) == 2


# International Tables, volume A: the groups with two origin choices.
TWO_ORIGINS = {48, 50, 59, 68, 70, 85, 86, 88, 125, 126, 129, 130, 133, 134, 137, 138, 141, 142}
TWO_ORIGINS |= {201, 203, 222, 224, 227, 228}
SYSTEMS = [
    (range(1, 3), (5.1, 6.2, 7.3, 81.0, 95.0, 104.0)),
    (range(3, 16), (5.1, 6.2, 7.3, 90.0, 104.0, 90.0)),
    (range(16, 75), (5.1, 6.2, 7.3, 90.0, 90.0, 90.0)),
    (range(75, 143), (5.1, 5.1, 7.3, 90.0, 90.0, 90.0)),
    (range(143, 195), (5.1, 5.1, 7.3, 90.0, 90.0, 120.0)),
    (range(195, 231), (5.1, 5.1, 5.1, 90.0, 90.0, 90.0)),
]


@pytest.mark.parametrize("numbers", SYSTEMS, ids=lambda s: f"{s[0][0]}-{s[0][-1]}")
def test_every_space_group_number_gives_its_order_or_asks(numbers: tuple[range, tuple[float, ...]]) -> None:
    from pymatgen.symmetry.groups import SpaceGroup

    cell = cell_from_parameters(np.array(numbers[1][:3]), np.array(numbers[1][3:]))
    asked = set()
    for number in numbers[0]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            order = SpaceGroup.from_int_number(number).order
        try:
            found = symop.from_tables(hall=None, name=None, number=number, cell=cell)
        except StructureError as exc:
            assert exc.code == "structure.setting"  # noqa: PT017
            asked.add(number)
        else:
            assert found is not None
            assert len(found) == order, number
    assert asked == TWO_ORIGINS.intersection(numbers[0])


def test_the_orbit_of_a_general_and_a_special_position() -> None:
    cell = np.diag([5.64, 5.64, 5.64])
    group = symop.from_tables(hall=None, name="F m -3 m", number=None, cell=cell)
    assert group is not None
    for place, multiplicity in (
        ([0.11, 0.23, 0.37], 192),
        ([0, 0, 0], 4),
        ([0.25, 0.25, 0.25], 8),
        ([0.1, 0.1, 0.1], 32),
        ([0.2501, 0.2499, 0.2503], 8),
        ([0.0, 0.0004, 0.31], 24),
    ):
        orbit = symop.orbit(np.array(place), group, cell)
        assert len(orbit) == multiplicity, place
        difference = orbit[:, None] - orbit[None]
        difference -= np.round(difference)
        distance = np.linalg.norm(difference @ cell, axis=-1) + 9 * np.eye(len(orbit))
        assert distance.min() > symop.SPECIAL_POSITION_TOLERANCE


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("C m c a", 64),
        ("Cmce", 64),
        ("A b m 2", 39),
        ("Aba2", 41),
        ("C m m e", 67),
        ("Cmma", 67),
        ("P 1 21/c 1", 14),
        ("P 21/c", 14),
        ("P2_1/n", 14),
        ("R 3 c", 161),
        ("R -3 c :H", 167),
        ("p 63/m m c", 194),
        ("Fm-3m", 225),
    ],
)
def test_names_old_and_new(name: str, number: int) -> None:
    cells = {14: (5.1, 6.2, 7.3, 90.0, 104.0, 90.0)}
    parameters = cells.get(number) or next(p for numbers, p in SYSTEMS if number in numbers)
    cell = cell_from_parameters(np.array(parameters[:3]), np.array(parameters[3:]))
    found = symop.from_tables(hall=None, name=name, number=None, cell=cell)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pymatgen.symmetry.groups import SpaceGroup

        assert found is not None
        assert len(found) == SpaceGroup.from_int_number(number).order


@pytest.mark.parametrize("name", ["C c c a", "C c c e", "F d -3 m", "P n n n"])
def test_bare_names_with_two_origins_are_refused(name: str) -> None:
    with pytest.raises(StructureError) as caught:
        symop.from_tables(hall=None, name=name, number=None, cell=np.diag([5.0, 5.0, 5.0]))
    assert caught.value.code == "structure.setting"
