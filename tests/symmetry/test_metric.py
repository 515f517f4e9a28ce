"""Orthogonal operations out of a strained cell."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crysnb.structure.transforms import random_rotation
from crysnb.symmetry.metric import SNAP_TOLERANCE, idealise, orthogonal, snap
from crysnb.symmetry.point_groups import POINT_GROUPS, class_setting, point_group_operations


@given(
    symbol=st.sampled_from(list(POINT_GROUPS)),
    seed=st.integers(0, 2**31),
    strain=st.sampled_from([0.0, 1e-4, 1e-2]),
)
def test_operations_of_a_strained_cell_are_exactly_orthogonal(symbol: str, seed: int, strain: float) -> None:
    rng = np.random.default_rng(seed)
    setting = class_setting(symbol)
    q = random_rotation(rng)
    true = q @ setting.standard_axes
    axes = (np.eye(3) + strain * rng.uniform(-1, 1, (3, 3))) @ true
    ideal = idealise(axes, setting.matrices)
    r = ideal.rotations
    assert np.abs(r @ r.transpose(0, 2, 1) - np.eye(3)).max() < 1e-14
    # The deformed cell has the symmetry exactly.
    cell = ideal.deformation @ axes
    np.testing.assert_allclose(r @ cell, cell @ setting.matrices, atol=1e-12)
    # A stretch, not a turn: symmetric and positive (up to the snap).
    f = ideal.deformation
    assert np.abs(f - f.T).max() < 2 * SNAP_TOLERANCE
    assert np.linalg.eigvalsh((f + f.T) / 2).min() > 0.9


def test_an_unstrained_cell_stays(  # the deformation is the identity
) -> None:
    setting = class_setting("6/mmm")
    q = random_rotation(np.random.default_rng(0))
    np.testing.assert_allclose(
        idealise(q @ setting.standard_axes, setting.matrices).deformation, np.eye(3), atol=1e-13
    )


def test_newton_polishes_to_rounding() -> None:
    q = random_rotation(np.random.default_rng(1))[None] + 1e-6
    polished = orthogonal(q)
    assert np.abs(polished @ polished.transpose(0, 2, 1) - np.eye(3)).max() < 1e-15


def test_rounded_orientation_is_taken_as_meant() -> None:
    r = point_group_operations("32")
    angle = 3e-6
    tilt = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    exact, turn = snap(tilt @ r @ tilt.T)
    np.testing.assert_array_equal(exact, r)
    np.testing.assert_allclose(turn @ tilt @ r @ (turn @ tilt).T, r, atol=1e-13)


@pytest.mark.parametrize("angle", [1e-4, 0.01, 0.3])
def test_another_orientation_is_left_alone(angle: float) -> None:
    r = point_group_operations("32")
    tilt = np.array([[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]])
    given_ = tilt @ r @ tilt.T
    same, turn = snap(given_)
    assert same is given_
    np.testing.assert_array_equal(turn, np.eye(3))
