"""The 32 crystal classes and the settings of space groups."""

from __future__ import annotations

import numpy as np
import pytest
import spglib

from crysnb.errors import UnknownName
from crysnb.symmetry.point_groups import (
    POINT_GROUPS,
    class_setting,
    hall_setting,
    point_group_operations,
    space_group_setting,
)
from crysnb.values.symmetry_info import is_closed

pytestmark = pytest.mark.filterwarnings("ignore:Set OLD_ERROR_HANDLING:DeprecationWarning")

# International Tables for Crystallography A.
ORDERS = {
    "1": 1, "-1": 2, "2": 2, "m": 2, "2/m": 4, "222": 4, "mm2": 4, "mmm": 8, "4": 4, "-4": 4, "4/m": 8,
    "422": 8, "4mm": 8, "-42m": 8, "4/mmm": 16, "3": 3, "-3": 6, "32": 6, "3m": 6, "-3m": 12, "6": 6,
    "-6": 6, "6/m": 12, "622": 12, "6mm": 12, "-6m2": 12, "6/mmm": 24, "23": 12, "m-3": 24, "432": 24,
    "-43m": 24, "m-3m": 48,
}  # fmt: skip


def test_there_are_32_of_the_right_orders() -> None:
    assert {symbol: len(point_group_operations(symbol)) for symbol in POINT_GROUPS} == ORDERS


@pytest.mark.parametrize("symbol", POINT_GROUPS)
def test_operations_are_an_exactly_orthogonal_closed_group(symbol: str) -> None:
    r = point_group_operations(symbol)
    np.testing.assert_array_equal(r[0], np.eye(3))
    assert np.abs(r @ r.transpose(0, 2, 1) - np.eye(3)).max() < 5e-16
    assert is_closed(r, 1e-12)
    assert not np.signbit(r[r == 0]).any()


@pytest.mark.parametrize("symbol", POINT_GROUPS)
def test_spglib_calls_it_the_same(symbol: str) -> None:
    assert spglib.get_pointgroup(class_setting(symbol).matrices)[0].strip() == symbol


@pytest.mark.parametrize(
    ("symbol", "along_x"),
    [("32", "2"), ("3m", "m"), ("-42m", "2"), ("-6m2", "m"), ("mm2", "m"), ("422", "2")],
)
def test_the_second_generator_is_along_x(symbol: str, along_x: str) -> None:
    setting = class_setting(symbol)
    found = {o.symbol for o in setting.operations(setting.rotations, setting.standard_axes)
             if np.allclose(np.abs(o.axis), [1, 0, 0]) and o.symbol in "2m"}  # fmt: skip
    assert along_x in found


@pytest.mark.parametrize("symbol", ["2", "m", "2/m"])
def test_the_monoclinic_axis_is_y(symbol: str) -> None:
    for name in class_setting(symbol).labels:
        assert name.axis in ((0, 0, 0), (0, 1, 0))


def test_unknown_symbol_has_a_hint() -> None:
    with pytest.raises(UnknownName, match="Did you mean 'm-3m'"):
        point_group_operations("m3m")


@pytest.mark.parametrize("number", [0, 231, -1, True])
def test_unknown_space_group(number: int) -> None:
    with pytest.raises(UnknownName) as error:
        space_group_setting(number)
    assert error.value.code == "name.unknown_space_group"


def test_every_space_group_has_its_class_up_to_orientation() -> None:
    for number in range(1, 231):
        setting, symbol, point_group = space_group_setting(number)
        assert symbol
        assert len(setting.rotations) == ORDERS[point_group]
        assert spglib.get_pointgroup(setting.matrices)[0].strip() == point_group
        assert np.abs(setting.rotations @ setting.rotations.transpose(0, 2, 1) - np.eye(3)).max() < 1e-12


def test_settings_of_one_class_differ_where_the_tables_do() -> None:
    # P-42m has its twofold axes along x and y, P-4m2 has mirrors there.
    texts = [{name.text for name in space_group_setting(n)[0].labels} for n in (111, 115)]
    assert "twofold rotation about [100]" in texts[0]
    assert "mirror perpendicular to [100]" in texts[1]


def test_all_530_hall_settings_are_named() -> None:
    for hall in range(1, 531):
        assert hall_setting(hall).labels[0].symbol == "1"
