"""Operations in words."""

from __future__ import annotations

import numpy as np
import pytest

import crysnb as cn
from crysnb.errors import SymmetryUndetermined
from crysnb.symmetry.naming import Label, label
from crysnb.symmetry.point_groups import POINT_GROUPS, class_setting


@pytest.mark.parametrize(
    ("matrix", "text"),
    [
        ([[1, 0, 0], [0, 1, 0], [0, 0, 1]], "identity"),
        ([[-1, 0, 0], [0, -1, 0], [0, 0, -1]], "inversion"),
        ([[-1, 0, 0], [0, 1, 0], [0, 0, 1]], "mirror perpendicular to [100]"),
        ([[-1, 0, 0], [0, -1, 0], [0, 0, 1]], "twofold rotation about [001]"),
        ([[0, 1, 0], [1, 0, 0], [0, 0, 1]], "mirror perpendicular to [1-10]"),
        ([[0, -1, 0], [1, 0, 0], [0, 0, 1]], "fourfold rotation about [001]"),
        ([[0, 1, 0], [-1, 0, 0], [0, 0, 1]], "fourfold rotation about [00-1]"),
        ([[0, 1, 0], [-1, 0, 0], [0, 0, -1]], "fourfold rotoinversion about [001]"),
        ([[0, 0, 1], [1, 0, 0], [0, 1, 0]], "threefold rotation about [111]"),
        ([[0, -1, 0], [1, -1, 0], [0, 0, 1]], "threefold rotation about [001]"),
        ([[1, -1, 0], [1, 0, 0], [0, 0, 1]], "sixfold rotation about [001]"),
        ([[1, -1, 0], [0, -1, 0], [0, 0, -1]], "twofold rotation about [100]"),
    ],
)
def test_words(matrix: list[list[int]], text: str) -> None:
    assert label(np.array(matrix)).text == text


@pytest.mark.parametrize(
    "matrix", [[[1, 1, 0], [0, 1, 0], [0, 0, 1]], [[2, 0, 0], [0, 1, 0], [0, 0, 1]], np.zeros((3, 3), int)]
)
def test_a_matrix_of_infinite_order_is_refused(matrix: object) -> None:
    with pytest.raises(SymmetryUndetermined) as error:
        label(np.array(matrix))
    assert error.value.code == "symmetry.not_crystallographic"


@pytest.mark.parametrize("symbol", POINT_GROUPS)
def test_names_are_unique_in_every_group(symbol: str) -> None:
    texts = [name.text for name in class_setting(symbol).labels]
    assert len(set(texts)) == len(texts)
    assert texts[0] == "identity"


@pytest.mark.parametrize("symbol", POINT_GROUPS)
def test_short_names_are_unique_in_every_group(symbol: str) -> None:
    setting = class_setting(symbol)
    names = [op.name for op in setting.operations(setting.rotations, setting.standard_axes)]
    assert len(set(names)) == len(names) == len(setting.labels)
    assert names[0] == "1"
    assert max(map(len, names)) <= 40  # the longest name that a browser may send


@pytest.mark.parametrize("symbol", POINT_GROUPS)
def test_short_names_tell_the_sense(symbol: str) -> None:
    """``3+`` and ``3-`` of one direction are inverse to one another; a name has a sign only then."""
    setting = class_setting(symbol)
    operations = {op.name: op for op in setting.operations(setting.rotations, setting.standard_axes)}
    for name, op in operations.items():
        head, _, direction = name.partition(" ")
        assert head.rstrip("+-") == op.symbol
        if head[-1] in "+-":
            other = operations[f"{op.symbol}{'-' if head[-1] == '+' else '+'} {direction}"]
            np.testing.assert_allclose(op.rotation @ other.rotation, np.eye(3), atol=1e-12)
            assert (op.direction == direction) is (head[-1] == "+")
        else:
            np.testing.assert_allclose(op.rotation @ op.rotation, np.eye(3), atol=1e-12)
            assert op.direction == direction


@pytest.mark.parametrize("name", cn.examples())
def test_short_names_of_crystals_are_unique_and_those_of_the_reasons(name: str) -> None:
    names = [op.name for op in cn.symmetry(name).operations]
    assert len(set(names)) == len(names)
    form = cn.tensor_form(name, "elastic")
    assert {op.name for zero in form.zeros for op in form.why(zero)} <= set(names)


@pytest.mark.parametrize(
    ("axis", "symbol", "name"),
    [
        ((0, 0, 0), "1", "1"), ((0, 0, 0), "-1", "-1"), ((1, 0, 0), "m", "m [100]"),
        ((1, -1, 0), "2", "2 [1-10]"), ((0, 0, -1), "3", "3- [001]"), ((-1, 1, 1), "-3", "-3- [1-1-1]"),
        ((0, 0, 1), "-6", "-6+ [001]"), ((-10, 1, 0), "4", "4- [10 -1 0]"),
    ],
)  # fmt: skip
def test_short_name(axis: tuple[int, int, int], symbol: str, name: str) -> None:
    assert Label(symbol, axis).name == name


@pytest.mark.parametrize("symbol", POINT_GROUPS)
def test_axis_and_sense_agree_with_the_cartesian_matrix(symbol: str) -> None:
    setting = class_setting(symbol)
    for op in setting.operations(setting.rotations, setting.standard_axes):
        r = op.rotation
        det = round(np.linalg.det(r))
        order = {"m": 2}.get(op.symbol, abs(int(op.symbol)) if op.symbol != "m" else 2)
        assert det == (-1 if op.symbol == "m" or op.symbol.startswith("-") else 1)
        if op.direction:
            axis, turn = op.axis, det * r
            np.testing.assert_allclose(turn @ axis, axis, atol=1e-12)
            # Rodrigues: the antisymmetric part is sin(angle) times the axis.
            sine = np.array([turn[2, 1] - turn[1, 2], turn[0, 2] - turn[2, 0], turn[1, 0] - turn[0, 1]]) / 2
            np.testing.assert_allclose(sine, np.sin(2 * np.pi / order) * axis, atol=1e-12)


def test_long_indices_are_set_apart() -> None:
    assert Label("2", (10, -1, 0)).direction == "[10 -1 0]"
