"""S1: HTML or script in any text of a file never leaves the reader.

Source: pymatgen keeps a label "Na<script>…" and gemmi keeps block names (measured); Jupyter trusts the
output of a cell that the user just ran, so nothing downstream would stop it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from crysnb.structure.read import read

CANARY = "<img src=x onerror=alert(1)>"
WORD = "<script>canary()</script>"  # as one CIF word

CIF = f"""# {CANARY}
data_{WORD}
_audit_creation_method '{CANARY}'
_chemical_name_common
;
{CANARY}
;
_cell_length_a 5.64
_cell_length_b 5.64
_cell_length_c 5.64
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 90
_symmetry_space_group_name_H-M 'F m -3 m'
_chemical_formula_sum '{CANARY}'
loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
_atom_site_note
Na1{WORD} Na1+ 0 0 0 '{CANARY}'
Cl1{WORD} Cl1- 0.5 0.5 0.5 {WORD}
"""
POSCAR = f"""{CANARY}
1.0
5.64 0 0 {WORD}
0 5.64 0
0 0 5.64
Na Cl
1 1
Direct
0 0 0 {WORD}
0.5 0.5 0.5 {WORD}
{CANARY}
"""
RECORD = {
    "id": "harmless",
    "formula": CANARY,
    "comment": CANARY,
    "lattice": [[5.64, 0, 0], [0, 5.64, 0], [0, 0, 5.64]],
    "species": ["Na", "Cl"],
    "frac_coords": [[0, 0, 0], [0.5, 0.5, 0.5]],
    "targets": {CANARY: CANARY},
}
PYMATGEN = {
    "@module": CANARY,
    "@class": CANARY,
    "lattice": {"matrix": [[5.64, 0, 0], [0, 5.64, 0], [0, 0, 5.64]]},
    "properties": {CANARY: CANARY},
    "sites": [
        {
            "species": [{"element": "Na", "occu": 1}],
            "abc": [0, 0, 0],
            "label": CANARY,
            "properties": {"x": CANARY},
        },
        {"species": [{"element": "Cl", "occu": 1}], "abc": [0.5, 0.5, 0.5], "label": CANARY},
    ],
}


@pytest.mark.parametrize(
    "source",
    [CIF, POSCAR, json.dumps(RECORD), json.dumps(PYMATGEN), RECORD, PYMATGEN],
    ids=lambda s: type(s).__name__,
)
def test_no_text_of_the_input_survives(source: Any) -> None:
    reading = read(source)
    state = json.dumps(reading.structure.as_dict()) + repr(reading) + str(reading.structure)
    for word in ("<", "onerror", "script", "canary"):
        assert word not in state
    assert reading.structure.labels == [f"{s.specie.symbol}{i}" for i, s in enumerate(reading.structure, 1)]


def test_labels_of_a_structure_object_are_rewritten() -> None:
    structure = read("NaCl").structure
    structure[0].label = CANARY
    structure.properties["note"] = CANARY
    structure.add_site_property("note", [CANARY] * len(structure))
    again = read(structure).structure
    assert CANARY not in json.dumps(again.as_dict())
    assert again.labels[0] == "Na1"


def test_a_file_name_is_kept_as_plain_printable_text(tmp_path: Path) -> None:
    path = tmp_path / "evil\x1b[31m\x07.cif"
    path.write_text(CIF)
    assert read(path).structure_id.isprintable()
