"""S10: a POSCAR without symbols is refused, and the message shows the line to add.

Source: pymatgen makes the atoms H, He, Li … with a warning (measured).
"""

from __future__ import annotations

from typing import Any

VASP4 = "Na Cl rock salt\n1\n5.64 0 0\n0 5.64 0\n0 0 5.64\n1 1\nDirect\n0 0 0\n0.5 0.5 0.5\n"
CODE = "structure.missing_symbols"
RULE = ["crysnb.structure.check.missing_symbols"]
CASES = [
    ("vasp 4", "text", VASP4, CODE, RULE),
    ("comments behind the positions", "text", VASP4.replace("0 0 0\n", "0 0 0 first\n"), CODE, RULE),
    ("symbols behind some", "text", VASP4.replace("0.5 0.5 0.5", "0.5 0.5 0.5 Cl"), CODE, RULE),
    (
        "selective dynamics, F is no fluorine",
        "text",
        VASP4.replace("Direct", "Selective\nDirect")
        .replace("0 0 0\n0", "0 0 0 F F F\n0")
        .replace("0.5 0.5 0.5", "0.5 0.5 0.5 F F F"),
        CODE,
        RULE,
    ),
]


def test_refused_with_the_line_to_add(assert_refused: Any) -> None:
    answers = assert_refused(CASES)
    assert "El El" in answers[0]["text"] or "Na Cl" in answers[0]["text"]


def test_a_comment_that_names_the_elements_is_offered(isolated: Any) -> None:
    text = VASP4.replace("Na Cl rock salt", "Na1 Cl1")
    (answer,) = isolated([("", "text", text)])
    assert "'Na Cl'" in answer["text"]


def test_symbols_behind_every_position_are_enough(isolated: Any) -> None:
    text = VASP4.replace("0 0 0\n0", "0 0 0 Na\n0").replace("0.5 0.5 0.5", "0.5 0.5 0.5 Cl")
    (answer,) = isolated([("", "text", text)])
    assert answer["code"] is None
    assert '"element": "Na"' in answer["state"]
