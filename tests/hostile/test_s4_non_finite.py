"""S4: every number of every form in turn is NaN, infinite or overflowing.

Source: spglib dies with a segmentation fault on such numbers, also through pymatgen, which accepts a
CIF with a cell length "nan" (measured).
"""

from __future__ import annotations

import json
from typing import Any

BAD = ("nan", "inf", "-inf", "1e308", "1e999")
FINITE = ["crysnb.structure.check.finite"]
CIF = [
    "data_x\n_cell_length_a",
    "5",
    "_cell_length_b",
    "5",
    "_cell_length_c",
    "5",
    "_cell_angle_alpha",
    "90",
    "_cell_angle_beta",
    "90",
    "_cell_angle_gamma",
    "90",
    (
        "_symmetry_space_group_name_H-M 'P 1'\nloop_\n_atom_site_label\n_atom_site_fract_x\n"
        "_atom_site_fract_y\n_atom_site_fract_z\n_atom_site_occupancy\nPo1"
    ),
    "0.1",
    "",
    "0.2",
    "",
    "0.3",
    "",
    "1.0",
    "",
]
POSCAR = [
    "x",
    "1.0",
    "",
    "5",
    " ",
    "0",
    " ",
    "0",
    "",
    "0",
    " ",
    "5",
    " ",
    "0",
    "",
    "0",
    " ",
    "0",
    " ",
    "5",
    "Po\n1\nDirect",
    "0.1",
    " ",
    "0.2",
    " ",
    "0.3",
    "",
]
LATTICE = [[5.0, 0.0, 0.0], [0.0, 5.0, 0.0], [0.0, 0.0, 5.0]]
VALUES = {
    "nan": float("nan"),
    "inf": float("inf"),
    "-inf": float("-inf"),
    "1e308": 1e308,
    "1e999": float("inf"),
}
CODE = "structure.non_finite"


def _is_number(piece: str) -> bool:
    try:
        float(piece)
    except ValueError:
        return False
    return True


def _texts(name: str, pieces: list[str]) -> list[tuple[Any, ...]]:
    out = []
    for k, piece in enumerate(pieces):
        if not _is_number(piece):
            continue
        for bad in BAD:
            changed = [*pieces[:k], bad, *pieces[k + 1 :]]
            text = "".join(p if p == " " else (p + ("\n" if p == "" else " ")) for p in changed)
            if name == "poscar":
                text = _poscar([*pieces[:k], bad, *pieces[k + 1 :]])
            out.append((f"{name} number {k} = {bad}", "text", text, CODE, FINITE))
    return out


def _poscar(p: list[str]) -> str:
    n = [piece for piece in p if _is_number(piece)]
    return (
        f"x\n{n[0]}\n{n[1]} {n[2]} {n[3]}\n{n[4]} {n[5]} {n[6]}\n{n[7]} {n[8]} {n[9]}\nPo\n1\nDirect\n"
        f"{n[10]} {n[11]} {n[12]}\n"
    )


def _objects() -> list[tuple[Any, ...]]:
    out: list[tuple[Any, ...]] = []
    for bad in ("nan", "inf", "-inf", "1e308"):
        value = VALUES[bad]
        for k in range(12):
            lattice = [row.copy() for row in LATTICE]
            place = [0.1, 0.2, 0.3]
            if k < 9:
                lattice[k // 3][k % 3] = value
            else:
                place[k - 9] = value
            record = {"lattice": lattice, "species": ["Po"], "frac_coords": [place]}
            out.append((f"record {k} = {bad}", "record", record, CODE, FINITE))
            out.append((f"json {k} = {bad}", "text", json.dumps(record), CODE, FINITE))
            out.append((f"cell tuple {k} = {bad}", "cell", [lattice, [place], [84]], CODE, FINITE))
            if k >= 9 or bad != "1e308":
                out.append((f"structure {k} = {bad}", "structure", record, CODE, FINITE))
                atoms = {"lattice": lattice, "species": ["Po"], "positions": [place]}
                out.append((f"atoms {k} = {bad}", "atoms", atoms, CODE, FINITE))
    return out


CASES = [*_texts("cif", CIF), *_texts("poscar", POSCAR), *_objects()]
# 1e30 is finite, but no digit of the position is left: x - floor(x) is noise.
FAR = [
    (
        f"{value:g} cells away",
        "cell",
        [LATTICE, [[value, 0, 0]], [84]],
        "structure.coordinate_range",
        ["crysnb.structure.check.coordinate_range"],
    )
    for value in (1e30, 1001.0, -1001.0)
]


def test_every_number_of_every_form_in_turn(assert_refused: Any) -> None:
    answers = assert_refused(CASES, seconds=5)
    assert len(answers) > 300
    # The field is named.
    texts = {case[0]: answer["text"] for case, answer in zip(CASES, answers, strict=True)}
    assert "_cell_length_b" in texts["cif number 3 = nan"]
    assert "_atom_site_fract_x of site 1" in texts["cif number 13 = inf"]


def test_a_negative_volume_factor_that_overflows(assert_refused: Any) -> None:
    text = _poscar(POSCAR).replace("\n1.0\n", "\n-1e308\n")
    assert_refused([("volume", "text", text, CODE, FINITE)])


def test_a_position_absurdly_far_away_is_refused(assert_refused: Any) -> None:
    assert_refused(FAR)
