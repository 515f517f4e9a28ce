"""S7: partial and mixed occupancy is refused with the sites listed; nothing is rounded.

Source: pymatgen rescales sums up to its tolerance and drops sites of occupancy 0; ASE keeps the
majority element and hides the rest in ``info`` (read in both).
"""

from __future__ import annotations

import io
from typing import Any

import pytest

from crysnb.errors import DisorderedStructure
from crysnb.structure.read import read

CODE = "structure.disorder"
RULE = ["crysnb.structure.check.full_occupancy"]


def cif(*rows: str, extra: str = "") -> str:
    return (
        "data_x\n_cell_length_a 5.64\n_cell_length_b 5.64\n_cell_length_c 5.64\n_cell_angle_alpha 90\n"
        "_cell_angle_beta 90\n_cell_angle_gamma 90\n_symmetry_space_group_name_H-M 'F m -3 m'\n"
        "loop_\n_atom_site_label\n_atom_site_type_symbol\n_atom_site_fract_x\n_atom_site_fract_y\n"
        f"_atom_site_fract_z\n_atom_site_occupancy\n{extra}" + "\n".join(rows) + "\n"
    )


CL = "Cl1 Cl 0.5 0.5 0.5 1.0"
LATTICE = {"matrix": [[5.64, 0, 0], [0, 5.64, 0], [0, 0, 5.64]]}


def pymatgen(*species: tuple[str, float]) -> dict[str, Any]:
    kinds = [{"element": e, "occu": o} for e, o in species]
    return {"lattice": LATTICE, "sites": [{"species": kinds, "abc": [0, 0, 0]}]}


CASES = [
    ("half and half", "text", cif("Na1 Na 0 0 0 0.5", "K1 K 0 0 0 0.5", CL), CODE, RULE),
    ("0.99", "text", cif("Na1 Na 0 0 0 0.99", CL), CODE, RULE),
    ("0.9999", "text", cif("Na1 Na 0 0 0 0.9999(2)", CL), CODE, RULE),
    ("1.02", "text", cif("Na1 Na 0 0 0 1.02", CL), CODE, RULE),
    ("sum 1.02", "text", cif("Na1 Na 0 0 0 0.52", "K1 K 0 0 0 0.5", CL), CODE, RULE),
    ("vacancy", "text", cif("Na1 Na 0 0 0 0", CL), CODE, RULE),
    ("negative", "text", cif("Na1 Na 0 0 0 -1", CL), CODE, RULE),
    ("mixed in json", "record", pymatgen(("Na", 0.5), ("K", 0.5)), CODE, RULE),
    ("vacancy in json", "record", pymatgen(("Na", 0.9)), CODE, RULE),
    ("full and something more", "record", pymatgen(("Na", 1.0), ("K", 1e-9)), CODE, RULE),
    (
        "structure object",
        "structure",
        {"lattice": LATTICE["matrix"], "species": [{"Na": 0.5, "K": 0.5}], "frac_coords": [[0, 0, 0]]},
        CODE,
        RULE,
    ),
    (
        "disorder groups without occupancies",
        "text",
        cif("Na1 Na 0 0 0 1 1", "K1 K 0.5 0 0 1 2", extra="_atom_site_disorder_group\n"),
        CODE,
        [],
    ),
]


def test_disorder_is_refused(assert_refused: Any) -> None:
    for answer in assert_refused(CASES):
        assert answer["type"] == "DisorderedStructure"


def test_sites_are_listed() -> None:
    with pytest.raises(DisorderedStructure, match=r"site 1 \(Na 0.5\), site 2 \(K 0.5\)"):
        read(CASES[0][2])


def test_disorder_that_ase_hides() -> None:
    from ase.io import read as ase_read

    atoms = ase_read(io.StringIO(cif("Na1 Na 0 0 0 0.7", "K1 K 0 0 0 0.3", CL)), format="cif")
    assert set(atoms.get_chemical_symbols()) == {"Na", "Cl"}  # the potassium is gone
    with pytest.raises(DisorderedStructure):
        read(atoms)


@pytest.mark.parametrize("text", ["1", "1.0", "1.000(3)", ".", "?"])
def test_full_occupancy_is_read(text: str) -> None:
    assert len(read(cif(f"Na1 Na 0 0 0 {text}", CL)).structure) == 8
