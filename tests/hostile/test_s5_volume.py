"""S5: zero, negative and sliver cells; a left-handed cell is legal.

Source: pymatgen takes a CIF length of -5 (the sign vanishes) and a POSCAR with two parallel vectors
(volume 0); measured.
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

C = "crysnb.structure.check."


def cif(
    a: object = 5, b: object = 5, c: object = 5, alpha: object = 90, beta: object = 90, gamma: object = 90
) -> str:
    return (
        f"data_x\n_cell_length_a {a}\n_cell_length_b {b}\n_cell_length_c {c}\n_cell_angle_alpha {alpha}\n"
        f"_cell_angle_beta {beta}\n_cell_angle_gamma {gamma}\n_space_group_IT_number 1\n"
        "loop_\n_atom_site_label\n_atom_site_fract_x\n_atom_site_fract_y\n_atom_site_fract_z\nPo1 0 0 0\n"
    )


def poscar(cell: list[list[float]], scale: str = "1.0") -> str:
    rows = "\n".join(" ".join(map(str, row)) for row in cell)
    return f"x\n{scale}\n{rows}\nPo\n1\nDirect\n0 0 0\n"


NEGATIVE = "structure.negative_length"
VOLUME = "structure.volume"
CASES = [
    ("negative length", "text", cif(a=-5), NEGATIVE, [C + "negative_length"]),
    ("negative length with uncertainty", "text", cif(c="-5.00(2)"), NEGATIVE, [C + "negative_length"]),
    ("zero length", "text", cif(b=0), NEGATIVE, [C + "negative_length"]),
    ("zero scale", "text", poscar([[5, 0, 0], [0, 5, 0], [0, 0, 5]], "0"), NEGATIVE, [C + "negative_length"]),
    (
        "one of three scales negative",
        "text",
        poscar([[5, 0, 0], [0, 5, 0], [0, 0, 5]], "1 -1 1"),
        NEGATIVE,
        [C + "negative_length"],
    ),
    ("angle 0", "text", cif(alpha=0), "structure.cell_angle", [C + "cell_angles"]),
    ("angle -90", "text", cif(gamma=-90), "structure.cell_angle", [C + "cell_angles"]),
    ("angle 270", "text", cif(beta=270), "structure.cell_angle", [C + "cell_angles"]),
    (
        "impossible angles",
        "text",
        cif(alpha=30, beta=30, gamma=170),
        "structure.cell_angle",
        [C + "cell_angles"],
    ),
    ("parallel vectors", "text", poscar([[5, 0, 0], [10, 0, 0], [0, 0, 5]]), VOLUME, [C + "cell_volume"]),
    (
        "parallel vectors, volume factor",
        "text",
        poscar([[5, 0, 0], [10, 0, 0], [0, 0, 5]], "-125"),
        VOLUME,
        [C + "cell_volume"],
    ),
    (
        "zero cell",
        "cell",
        [[[0, 0, 0], [0, 0, 0], [0, 0, 0]], [[0, 0, 0]], [84]],
        "structure.cell_length",
        [],
    ),
    ("0.9 Å^3 per atom", "text", poscar([[1, 0, 0], [0, 1, 0], [0, 0, 0.9]]), "structure.cell_length", []),
    (
        "5 atoms in 4 Å^3",
        "cell",
        [[[2, 0, 0], [0, 2, 0], [0, 0, 1]], [[0.2 * k, 0, 0] for k in range(5)], [1] * 5],
        VOLUME,
        [C + "cell_volume"],
    ),
    (
        "sliver",
        "text",
        poscar([[50, 0, 0], [0, 50, 0], [49.9, 0, 0.4]]),
        "structure.cell_height",
        [C + "cell_volume"],
    ),
    (
        "atoms in a flat box",
        "atoms",
        {"lattice": [[5, 0, 0], [0, 5, 0], [5, 5, 0]], "species": ["Po"], "positions": [[0, 0, 0]]},
        VOLUME,
        [C + "cell_volume"],
    ),
]


def test_flat_and_negative_cells_are_refused(assert_refused: Any) -> None:
    assert_refused(CASES, seconds=5)


def test_a_left_handed_cell_is_read_and_kept() -> None:
    cell = [[0, 5.6, 0], [5.6, 0, 0], [0, 0, 5.6]]
    structure = read(poscar(cell)).structure
    assert np.linalg.det(structure.lattice.matrix) < 0
    np.testing.assert_array_equal(structure.lattice.matrix, cell)


@given(st.floats(0.2, 1.5), st.floats(1.0, 20.0))
def test_the_height_decides_at_its_limit(height: float, shear: float) -> None:
    # Volume per atom is far above its own limit: only the height can refuse.
    cell = np.array([[20.0, 0, 0], [0, 20.0, 0], [shear, 0, height]])
    if height < check.MIN_CELL_HEIGHT:
        with pytest.raises(StructureError) as caught:
            check.cell_volume(cell, 1)
        assert caught.value.code == "structure.cell_height"
    else:
        check.cell_volume(cell, 1)


@given(st.floats(0.5, 2.0))
def test_the_volume_decides_at_its_limit(volume: float) -> None:
    cell = np.diag([1.0, 1.0, volume])
    if volume < check.MIN_VOLUME_PER_ATOM:
        with pytest.raises(StructureError) as caught:
            check.cell_volume(cell, 1)
        assert caught.value.code == VOLUME
    else:
        check.cell_volume(cell, 1)
