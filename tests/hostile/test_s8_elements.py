"""S8: what is not an element is refused; nothing becomes another element.

Source: pymatgen turns ``Uue`` into uranium and ``Xx`` into a dummy species (measured).
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crysnb.errors import StructureError
from crysnb.structure import check, elements
from crysnb.structure.read import read

CODE = "structure.unknown_element"
RULE = ["crysnb.structure.raw.resolve", "crysnb.structure.cif.resolve", "crysnb.structure.check.resolve"]
CELL = (
    "data_x\n_cell_length_a 5\n_cell_length_b 5\n_cell_length_c 5\n_cell_angle_alpha 90\n"
    "_cell_angle_beta 90\n_cell_angle_gamma 90\n_space_group_IT_number 1\nloop_\n"
)
XYZ = "_atom_site_fract_x\n_atom_site_fract_y\n_atom_site_fract_z\n"
LATTICE = [[5, 0, 0], [0, 5, 0], [0, 0, 5]]
NAMES = [
    "Uue",
    "Xx",
    "X",
    "Vac",
    "Va",
    "M1",
    "Q",
    "Zz",
    "Lp",
    "Bq",
    "?",
    "Na2O",
    "OH",
    "Wat",
    "e-",
    "0",
    "El",
]


def _cases() -> list[tuple[Any, ...]]:
    out: list[tuple[Any, ...]] = []
    for name in NAMES:
        if name != "?":
            out.append(
                (f"type {name}", "text", f"{CELL}_atom_site_type_symbol\n{XYZ}{name} 0 0 0\n", CODE, RULE)
            )
        if name not in ("OH", "Na2O", "e-", "0"):
            text = f"{CELL}_atom_site_label\n{XYZ}{name} 0 0 0\n"
            out.append((f"label {name}", "text", text, CODE, ["crysnb.structure.cif.symbol_of_label", *RULE]))
        if name not in ("0", "?"):
            text = f"x\n1\n5 0 0\n0 5 0\n0 0 5\n{name}\n1\nDirect\n0 0 0\n"
            out.append((f"poscar {name}", "text", text, CODE, RULE))
        record = {"lattice": LATTICE, "species": [name], "frac_coords": [[0, 0, 0]]}
        out.append((f"record {name}", "record", record, CODE, RULE))
    out.append(
        (
            "dummy in an object",
            "structure",
            {"lattice": LATTICE, "species": ["X0+"], "frac_coords": [[0, 0, 0]]},
            CODE,
            RULE,
        )
    )
    out.append(
        (
            "dummy by flag",
            "text",
            f"{CELL}_atom_site_label\n_atom_site_calc_flag\n{XYZ}C1 dum 0 0 0\n",
            CODE,
            RULE,
        )
    )
    out.append(
        ("ase X", "atoms", {"lattice": LATTICE, "species": ["X"], "positions": [[0, 0, 0]]}, CODE, RULE)
    )
    out += [(f"number {z}", "cell", [LATTICE, [[0, 0, 0]], [z]], CODE, []) for z in (0, 119, -1, 11.5)]
    return out


CASES = _cases()


def test_what_is_no_element_is_refused(assert_refused: Any) -> None:
    assert_refused(CASES)


def test_every_element_is_itself() -> None:
    for z, symbol in enumerate(elements.SYMBOLS, 1):
        for text in (symbol, symbol + "3+", symbol + "+", symbol.upper()):
            if text.capitalize() == symbol or text == symbol + "3+" or text == symbol + "+":
                assert elements.resolve(text).symbol == symbol
        assert z == read((LATTICE, [[0, 0, 0]], [z])).structure[0].specie.Z
    assert len(elements.SYMBOLS) == 118


@given(st.text(max_size=6))
def test_any_text_is_an_element_or_refused(text: str) -> None:
    try:
        found = elements.resolve(text)
    except StructureError as exc:
        assert exc.code == CODE  # noqa: PT017
    else:
        assert found.symbol in elements.SYMBOLS
        assert text.strip().casefold().startswith(found.symbol.casefold()) or found.isotope


def test_a_parser_that_changes_an_element_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    # The last guard: whatever a parser makes of it, the written symbol decides.
    uranium = elements.Resolved("U")
    monkeypatch.setattr("crysnb.structure.raw.resolve", lambda *_, **__: uranium)
    cell = (LATTICE, [[0, 0, 0]], [84])
    with pytest.raises(StructureError) as caught:
        read(cell)
    assert caught.value.code == "structure.symbol_mismatch"
    monkeypatch.setattr(check, "symbols_agree", lambda *_: None)
    assert read(cell).structure[0].specie.symbol == "U"


@pytest.mark.parametrize("label", ["CA1", "HO2", "OW", "NA", "hello"])
def test_labels_that_leave_a_choice_are_refused(label: str) -> None:
    with pytest.raises(StructureError):
        read(f"{CELL}_atom_site_label\n{XYZ}{label} 0 0 0\n")
    # A type column decides.
    text = f"{CELL}_atom_site_label\n_atom_site_type_symbol\n{XYZ}{label} C 0 0 0\n"
    assert read(text).structure[0].specie.symbol == "C"
