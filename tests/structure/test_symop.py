"""Symmetry operations: text, tables and orbits against pymatgen's space groups."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from crysnb.structure import symop


def test_text_of_an_operation() -> None:
    (operation,) = [symop.parse(["x,y,z", "-y+1/2, x - z, 0.5+z"])] if False else [symop.parse(["x,y,z"])]
    np.testing.assert_array_equal(operation.rotations[0], np.eye(3))
    rotation, translation = symop._parse_one(" -Y+1/2, x-z , 0.6667+z")
    np.testing.assert_array_equal(rotation, [[0, -1, 0], [1, 0, -1], [0, 0, 1]])
    np.testing.assert_allclose(translation, [0.5, 0, 2 / 3], atol=1e-15)


def test_operations_that_are_listed_twice_count_once() -> None:
    assert len(symop.parse(["x,y,z", "-x,-y,-z", "x, y, z", "-x+1,-y,-z"])) == 2


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

    from crysnb.errors import StructureError
    from crysnb.structure.cif import cell_from_parameters

    cell = cell_from_parameters(np.array(numbers[1][:3]), np.array(numbers[1][3:]))
    asked = 0
    for number in numbers[0]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            order = SpaceGroup.from_int_number(number).order
        try:
            found = symop.from_tables(hall=None, name=None, number=number, cell=cell)
        except StructureError as exc:
            assert exc.code == "structure.setting"  # two origin choices
            asked += 1
        else:
            assert found is not None
            assert len(found) == order, number
    assert asked <= 11


def test_the_orbit_of_a_general_and_a_special_position() -> None:
    cell = np.diag([5.64, 5.64, 5.64])
    group = symop.from_tables(hall=None, name="F m -3 m", number=None, cell=cell)
    assert group is not None
    for place, multiplicity in (([0.11, 0.23, 0.37], 192), ([0, 0, 0], 4), ([0.25, 0.25, 0.25], 8), ([0.1, 0.1, 0.1], 32),
                                ([0.2501, 0.2499, 0.2503], 8), ([0.0, 0.0004, 0.31], 24)):  # fmt: skip
        orbit = symop.orbit(np.array(place), group, cell)
        assert len(orbit) == multiplicity, place
        difference = orbit[:, None] - orbit[None]
        difference -= np.round(difference)
        distance = np.linalg.norm(difference @ cell, axis=-1) + 9 * np.eye(len(orbit))
        assert distance.min() > symop.SPECIAL_POSITION_TOLERANCE
