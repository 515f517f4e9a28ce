"""S6: overlapping atoms, through the boundary and in thin cells.

Source: pymatgen takes two atoms 0.006 Å apart without a word (measured).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crysnb.errors import StructureError
from crysnb.structure import check
from crysnb.structure.read import read

CUBE = [[5.0, 0, 0], [0, 5.0, 0], [0, 0, 5.0]]
RULE = ["crysnb.structure.check.overlap"]
CODE = "structure.overlap"
SHEARED = [[3.0, 0, 0], [2.8, 0.6, 0], [0, 0, 9.0]]  # a - b is 0.63 Å long, a and b are not
CASES = [
    ("0.006 Å", "cell", [CUBE, [[0, 0, 0], [0.0012, 0, 0]], [11, 17]], CODE, RULE),
    ("the same place", "cell", [CUBE, [[0.5, 0.5, 0.5], [0.5, 0.5, 0.5]], [11, 11]], CODE, RULE),
    ("one lattice vector apart", "cell", [CUBE, [[0, 0, 0], [1, 0, 0]], [11, 11]], CODE, RULE),
    ("many cells away", "cell", [CUBE, [[0.25, 0, 0], [-6.75, 3, 2]], [11, 17]], CODE, RULE),
    ("across the boundary", "cell", [CUBE, [[0.001, 0, 0], [0.999, 0, 0]], [11, 17]], CODE, RULE),
    ("across a corner", "cell", [CUBE, [[0.01, 0.01, 0.01], [0.99, 0.99, 0.99]], [11, 17]], CODE, RULE),
    ("0.49 Å", "cell", [CUBE, [[0, 0, 0], [0.098, 0, 0]], [1, 1]], CODE, RULE),
    (
        "duplicate in a CIF",
        "text",
        (
            "data_x\n_cell_length_a 5\n_cell_length_b 5\n_cell_length_c 5\n"
            "_cell_angle_alpha 90\n_cell_angle_beta 90\n_cell_angle_gamma 90\n_space_group_IT_number 47\n"
            "loop_\n_atom_site_label\n_atom_site_fract_x\n_atom_site_fract_y\n_atom_site_fract_z\n"
            "Na1 0.2 0.2 0.2\nNa2 0.8 0.8 0.2\n"
        ),
        CODE,
        RULE,
    ),
]


def test_overlaps_are_refused(assert_refused: Any) -> None:
    for answer in assert_refused(CASES, seconds=5):
        assert "Å apart" in answer["text"]


def test_the_pair_is_named() -> None:
    with pytest.raises(StructureError, match=r"Cl2 and Na3|Na3 and Cl2"):
        read((CUBE, [[0, 0, 0], [0.5, 0.5, 0.5], [0.51, 0.5, 0.5]], [11, 17, 11]))


def test_own_image_in_a_thin_cell_is_named() -> None:
    # The cell itself passes S3 and S5; the shortest lattice vector, c - b - a, has 0.4 Å.
    cell = np.array([[10.0, 0, 0], [0, 10.0, 0], [10.0, 10.0, 0.0]])
    cell[2, 2] = 0.52
    cell[2, :2] += 0.1
    heights_ok = check.cell_volume(cell, 1) is None
    assert heights_ok
    moved = np.linalg.norm(cell[2] - cell[0] - cell[1])
    assert moved > check.MIN_DISTANCE  # so this one is allowed, and only remarked on
    assert "structure.close_atoms" in [n.code for n in read((cell, [[0, 0, 0]], [84])).notices]


@given(
    st.floats(0.3, 1.2), st.integers(-3, 3), st.integers(-3, 3), st.sampled_from([(11, 17), (1, 17), (1, 1)])
)
def test_limits_of_refusal_and_notice(distance: float, i: int, j: int, z: tuple[int, int]) -> None:
    place = [distance / 5.0 + i, float(j), 0.0]
    if distance < check.MIN_DISTANCE - 1e-9:
        with pytest.raises(StructureError) as caught:
            read((CUBE, [[0, 0, 0], place], list(z)))
        assert caught.value.code == CODE
    elif distance > check.MIN_DISTANCE + 1e-9:
        codes = [n.code for n in read((CUBE, [[0, 0, 0], place], list(z))).notices]
        if abs(distance - check.CLOSE_DISTANCE) > 1e-9:
            assert ("structure.close_atoms" in codes) == (distance < check.CLOSE_DISTANCE and 1 not in z)
