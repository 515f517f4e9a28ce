"""S2: nothing in a file is ever evaluated, imported or matched by a stalling expression."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

HEAD = """data_x
_cell_length_a 5
_cell_length_b 5
_cell_length_c 5
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 90
"""
SITES = """loop_
_atom_site_label
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
Po1 0 0 0
"""


def operations(*texts: str) -> str:
    quoted = [json.dumps(text) for text in texts]
    return HEAD + "loop_\n_symmetry_equiv_pos_as_xyz\n" + "\n".join(quoted) + "\n" + SITES


# CVE-2024-23346: pymatgen evaluated this string of a magnetic CIF.
PAYLOAD = (
    "a,b,[d for d in ().__class__.__mro__[1].__getattribute__"
    "(*[().__class__.__mro__[1]]+['__sub' + 'classes__'])() "
    "if d.__name__ == 'BuiltinImporter'][0].load_module('os').system('touch CANARY');0,0,0"
)
OPERATION = "structure.symmetry_operation"
PARSER = ["crysnb.structure.symop._parse_one"]
CASES = [
    (
        "cve 2024-23346",
        "text",
        HEAD + f'_space_group_magn.transform_BNS_Pp_abc "{PAYLOAD}"\n' + SITES,
        "structure.magnetic",
        [],
    ),
    ("call", "text", operations("x,y,z", "__import__('os').system('touch CANARY'),y,z"), OPERATION, PARSER),
    ("power", "text", operations("x,y,z", "9**9**9**9,y,z"), OPERATION, PARSER),
    ("format", "text", operations("x,y,z", "{0.__class__},y,z"), OPERATION, PARSER),
    ("divide by zero", "text", operations("x,y,z", "x+1/0,y,z"), OPERATION, PARSER),
    ("long digits", "text", operations("x,y,z", "x+1/" + "9" * 70 + ",y,z"), OPERATION, PARSER),
    ("not invertible", "text", operations("x,y,z", "x,x,z"), OPERATION, PARSER),
    ("two parts", "text", operations("x,y"), OPERATION, PARSER),
    # A list cut short would generate another crystal: -x,-y,z and its product with the third are missing.
    (
        "incomplete group",
        "text",
        operations("x,y,z", "-y,x,z"),
        OPERATION,
        ["crysnb.structure.symop.refuse_non_group"],
    ),
    ("no identity", "text", operations("-x,-y,-z"), OPERATION, ["crysnb.structure.symop.refuse_non_group"]),
    # pymatgen decodes "@module" and "@class" anywhere in site properties.
    (
        "monty class",
        "record",
        {
            "lattice": {"matrix": [[5, 0, 0], [0, 5, 0], [0, 0, 5]]},
            "sites": [
                {
                    "species": [{"element": "Po", "occu": {"@module": "os", "@class": "system"}}],
                    "abc": [0, 0, 0],
                }
            ],
        },
        "structure.number",
        [],
    ),
]


def test_payloads_are_refused_and_leave_no_canary(
    assert_refused: Any, monkeypatch: Any, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert_refused(CASES, seconds=2)
    assert list(tmp_path.iterdir()) == []


STALLS = [
    ("open quotes", "text", "data_x\n" + "'a " * 300_000),
    ("closed quotes", "text", "data_x\n_a " + "'a' " * 200_000),
    ("spaces", "text", "data_x\n" + " " * 900_000 + "x"),
    ("hashes", "text", "data_x\n" + "#" * 900_000),
    ("signs", "text", operations("x,y,z", "+" * 79, "x+" * 39)),
    ("digits", "text", HEAD.replace("_a 5", "_a " + "1" * 500_000) + SITES),
    ("brackets", "text", "[" * 500_000),
    ("objects", "text", '{"a":' * 100_000),
    ("fields", "text", "data_x\n" + ";\n" * 2000),
    ("words", "text", "data_x\nloop_\n" + "_a " * 300_000),
    ("scale", "text", "x\n" + "1 " * 300_000 + "\n1 0 0\n0 1 0\n0 0 1\nH\n1\nDirect\n0 0 0"),
    (
        "counts",
        "text",
        "x\n1\n1 0 0\n0 1 0\n0 0 1\n" + "H " * 300_000 + "\n" + "1 " * 3000 + "\nDirect\n0 0 0",
    ),
]


def test_long_input_stalls_nothing(isolated: Any) -> None:
    # The timer of the worker kills after two seconds; a signal would be in the answer.
    answers = isolated(STALLS, seconds=2)
    wrong = {case[0]: a for case, a in zip(STALLS, answers, strict=True) if not a.get("code")}
    assert not wrong, wrong


@pytest.mark.parametrize(
    "text", ["x, y, z", "-x+1/2,y-.5,z+0.5", "1/2+X,-Y,+z", "x-y,x,z+1/3", "2*x,y,1/2*z*2"]
)
def test_operations_are_told_apart_quickly(text: str) -> None:
    from crysnb.errors import StructureError
    from crysnb.structure.symop import _parse_one

    begin = time.perf_counter()
    try:
        _parse_one(text)
    except StructureError as exc:
        assert exc.code == OPERATION  # noqa: PT017
        assert "2*" in text
    assert time.perf_counter() - begin < 0.1
