"""S9: deuterium and tritium are read as H, and it is said."""

from __future__ import annotations

from typing import Any

from crysnb.structure.read import read

CELL = (
    "data_x\n_cell_length_a 3\n_cell_length_b 3\n_cell_length_c 3\n_cell_angle_alpha 90\n"
    "_cell_angle_beta 90\n_cell_angle_gamma 90\n_space_group_IT_number 1\nloop_\n"
)
XYZ = "_atom_site_fract_x\n_atom_site_fract_y\n_atom_site_fract_z\n"
CODE = "structure.isotope"
RULE = ["crysnb.structure.remarks.isotopes"]
CASES = [
    ("type D", "text", f"{CELL}_atom_site_type_symbol\n{XYZ}D 0 0 0\n", CODE, RULE),
    ("label D1", "text", f"{CELL}_atom_site_label\n{XYZ}D1 0 0 0\n", CODE, RULE),
    (
        "label D1 of type H",
        "text",
        f"{CELL}_atom_site_label\n_atom_site_type_symbol\n{XYZ}D1 H 0 0 0\n",
        CODE,
        RULE,
    ),
    ("tritium", "text", f"{CELL}_atom_site_type_symbol\n{XYZ}T 0 0 0\n", CODE, RULE),
    ("poscar D", "text", "x\n1\n3 0 0\n0 3 0\n0 0 3\nD\n1\nDirect\n0 0 0\n", CODE, RULE),
    (
        "structure D",
        "structure",
        {"lattice": [[3, 0, 0], [0, 3, 0], [0, 0, 3]], "species": ["D"], "frac_coords": [[0, 0, 0]]},
        CODE,
        RULE,
    ),
]


def test_isotopes_are_noticed(assert_noticed: Any) -> None:
    assert_noticed(CASES)


def test_they_become_hydrogen() -> None:
    structure = read(CASES[0][2]).structure
    assert structure[0].specie.symbol == "H"
    assert structure.labels == ["H1"]


def test_plain_hydrogen_has_no_notice() -> None:
    reading = read(f"{CELL}_atom_site_label\n{XYZ}H1 0 0 0\n")
    assert CODE not in [n.code for n in reading.notices]
