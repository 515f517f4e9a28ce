"""Operations in words."""

from __future__ import annotations

import numpy as np
import pytest

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
