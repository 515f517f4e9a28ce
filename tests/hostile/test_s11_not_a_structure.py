"""S11: empty, binary, wrong, cut, mixed: only our errors leave the reader, whatever the bytes.

Source: pymatgen ends in ZeroDivisionError for a CIF without sites and OverflowError for a coordinate
"inf" (measured), and takes the first of several blocks in silence.
"""

from __future__ import annotations

import json
import os
import warnings
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from crysnb.errors import CrysnbError, StructureError
from crysnb.structure.read import read

BLOCK = """data_one
_cell_length_a 5
_cell_length_b 5
_cell_length_c 5
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 90
_symmetry_space_group_name_H-M 'P 1'
loop_
_space_group_symop_operation_xyz
'x, y, z'
loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
_atom_site_occupancy
Na1 Na1+ 0.0 0.0 0.0 1.0
Cl1 Cl1- 0.5 0.5 0.5(2) 1
"""
POSCAR = "Na Cl\n1.0\n5.64 0 0\n0 5.64 0\n0 0 5.64\nNa Cl\n1 1\nDirect\n0 0 0\n0.5 0.5 0.5\n"
RECORD = {
    "id": "one",
    "lattice": [[5.0, 0.0, 0.0], [0.0, 5.0, 0.0], [0.0, 0.0, 5.0]],
    "species": ["Na", "Cl"],
    "frac_coords": [[0.0, 0.0, 0.0], [0.5, 0.5, 0.5]],
}
JSON = json.dumps(RECORD)
BYTES = ["crysnb.structure.check.text_bytes"]
SEVERAL = ["crysnb.structure.check.several"]


def hexed(data: bytes) -> str:
    return data.hex()


CASES = [
    ("empty", "bytes", hexed(b""), "structure.empty", BYTES),
    ("white space", "bytes", hexed(b" \n\t\r\n"), "structure.empty", BYTES),
    ("nul", "bytes", hexed(BLOCK.encode() + b"\x00"), "structure.binary", BYTES),
    ("gzip", "bytes", hexed(b"\x1f\x8b\x08" + b"a" * 50), "structure.binary", BYTES),
    ("zip", "bytes", hexed(b"PK\x03\x04" + b"a" * 50), "structure.binary", BYTES),
    ("elf", "bytes", hexed(b"\x7fELF\x02\x01\x01" + bytes(64)), "structure.binary", BYTES),
    ("utf-16", "bytes", hexed(BLOCK.encode("utf-16")), "structure.encoding", BYTES),
    ("png", "bytes", hexed(b"\x89PNG\r\n\x1a\n" + bytes(20)), "structure.binary", BYTES),
    ("two blocks", "text", BLOCK + BLOCK.replace("data_one", "data_two"), "structure.several", SEVERAL),
    ("the same block twice", "text", BLOCK + BLOCK, "structure.several", SEVERAL),
    ("two records", "text", json.dumps([RECORD, RECORD]), "structure.several", SEVERAL),
    ("prose", "text", "This is a crystal.\nIt is blue.\n", "structure.format", []),
    ("xyz", "text", "2\n\nNa 0 0 0\nCl 2.8 0 0\n", "structure.format", []),
    ("json lines", "text", JSON + "\n" + JSON, "structure.syntax", []),
    ("json number", "text", "[1]", "structure.format", []),
    ("json list", "text", "[]", "structure.block", []),
    ("duplicate key", "text", JSON.replace('"id"', '"lattice"'), "structure.syntax", []),
    (
        "no sites",
        "text",
        BLOCK[: BLOCK.index("Na1")],
        "structure.no_sites",
        ["crysnb.structure.check.site_count"],
    ),
    ("no loop", "text", BLOCK[: BLOCK.index("loop_")], "structure.no_sites", []),
    ("no angle", "text", BLOCK.replace("_cell_angle_beta 90\n", ""), "structure.missing", []),
    ("unknown length", "text", BLOCK.replace("_length_b 5", "_length_b ?"), "structure.missing", []),
    ("unknown coordinate", "text", BLOCK.replace("Na1 Na1+ 0.0", "Na1 Na1+ ?"), "structure.missing", []),
    ("word for a number", "text", BLOCK.replace("_length_b 5", "_length_b five"), "structure.number", []),
    ("arabic digits", "text", BLOCK.replace("_length_b 5", "_length_b \u0665"), "structure.number", []),
    (
        "a length twice",
        "text",
        BLOCK.replace("_cell_length_b 5", "_cell_length_b 5\n_cell_length_b 6"),
        "structure.syntax",
        [],
    ),
    ("short row", "text", BLOCK.rstrip()[:-2], "structure.syntax", []),
    ("open quote", "text", BLOCK.replace("'P 1'", "'P 1"), "structure.syntax", []),
    ("open field", "text", BLOCK + ";\nabc", "structure.syntax", []),
    ("dictionary", "text", BLOCK + "save_frame\n", "structure.syntax", []),
    (
        "unknown group",
        "text",
        BLOCK[: BLOCK.index("loop_")].replace("P 1", "P 17 m") + BLOCK[BLOCK.index("loop_\n_atom") :],
        "structure.space_group",
        [],
    ),
    ("modulated", "text", BLOCK + "_cell_modulation_dimension 1\n", "structure.modulated", []),
    ("cut poscar", "text", POSCAR[:-14], "structure.syntax", []),
    ("poscar without mode", "text", POSCAR.replace("Direct\n", ""), "structure.syntax", []),
    ("symbols and counts differ", "text", POSCAR.replace("1 1", "2"), "structure.syntax", []),
    ("five-entry tuple", "cell", [1, 2, 3, 4, 5], "structure.type", []),
    ("ragged lattice", "cell", [[[1, 2], [3]], [[0, 0, 0]], [1]], "structure.number", []),
    ("words in a lattice", "cell", [[["a"] * 3] * 3, [[0, 0, 0]], [1]], "structure.number", []),
    ("booleans in a lattice", "cell", [[[True] * 3] * 3, [[0, 0, 0]], [1]], "structure.number", []),
    ("empty record", "record", {}, "structure.format", []),
]


def test_refused_with_the_right_code(assert_refused: Any) -> None:
    assert_refused(CASES, seconds=5, megabytes=512)


def test_the_seed_files_themselves_are_read() -> None:
    for text in (BLOCK, POSCAR, JSON):
        assert read(text).structure.composition.reduced_formula == "NaCl"


@pytest.mark.parametrize("block", ["two", 1])
def test_one_of_several_blocks_can_be_chosen(block: str | int) -> None:
    text = BLOCK + BLOCK.replace("data_one", "data_two").replace("Cl1 Cl1-", "Br1 Br1-")
    assert read(text, block=block).structure.composition.reduced_formula == "NaBr"


@pytest.mark.parametrize("block", ["three", 2, -1])
def test_a_block_that_is_not_there(block: str | int) -> None:
    with pytest.raises(StructureError) as caught:
        read(BLOCK, block=block)
    assert caught.value.code == "structure.block"


def test_the_suffix_is_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "POSCAR.cif"
    path.write_text(POSCAR)
    assert read(path).structure_id == "POSCAR"


@pytest.mark.parametrize("encode", ["utf-8-sig", "latin-1"])
def test_old_encodings_of_names_are_read(tmp_path: Path, encode: str) -> None:
    path = tmp_path / "x.cif"
    path.write_bytes(("# Müller, 5 Å\n" + BLOCK).encode(encode).replace(b"\n", b"\r\n"))
    assert len(read(str(path)).structure) == 2


def test_what_is_not_a_file_is_not_opened(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (tmp_path, pipe, Path("/dev/zero"), Path("/dev/stdin")):
        for form in (path, str(path)):
            with pytest.raises(StructureError) as caught:
                read(form)
            assert caught.value.code in ("structure.not_a_file", "structure.unreadable_file"), path


def test_a_dangling_link_and_a_missing_file(tmp_path: Path) -> None:
    link = tmp_path / "link.cif"
    link.symlink_to(tmp_path / "nowhere.cif")
    for path in (link, tmp_path / "missing.cif", Path("a\x00b"), Path("x" * 300)):
        with pytest.raises(StructureError) as caught:
            read(path)
        assert caught.value.code in ("structure.not_found", "structure.unreadable_file")


@pytest.mark.parametrize("thing", [None, 3, 2.5, object(), [1, 2], {1}, range(3), lambda: 0, StructureError])
def test_other_objects_are_refused(thing: object) -> None:
    with pytest.raises(StructureError) as caught:
        read(thing)
    assert caught.value.code == "structure.type"


def test_what_is_not_derived_from_exception_is_caught_too(monkeypatch: pytest.MonkeyPatch) -> None:
    class Panic(BaseException):
        """As the panic of an extension library: no Exception."""

    def panic(*_: object) -> None:
        raise Panic

    monkeypatch.setattr("crysnb.structure.read.build", panic)
    with pytest.raises(StructureError) as caught:
        read("NaCl")
    assert caught.value.code == "structure.unreadable"
    assert "Panic" in caught.value.text


def test_an_interrupt_is_let_through(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("crysnb.structure.read.build", interrupt)
    with pytest.raises(KeyboardInterrupt):
        read("NaCl")


# ---- fuzz: a small lane of the quick suite; HYPOTHESIS_PROFILE=free explores ---------------------------

SEEDS = [BLOCK.encode(), POSCAR.encode(), JSON.encode()]
PIECES = [
    b"nan",
    b"-",
    b"inf",
    b"1e999",
    b"0",
    b"'",
    b'"',
    b";",
    b"\n;\n",
    b"#",
    b"loop_",
    b"data_",
    b"\n",
    b"\r",
    b" ",
    b"?",
    b".",
    b"_",
    b"x",
    b"/0",
    b"1/3",
    b"(",
    b"[",
    b"{",
    b"}",
    b",",
    b"\xff",
    b"\xc3\xa9",
    b"\x00",
    b"Uue",
    b"D",
    b"9" * 30,
    b"Direct",
    b"null",
    b"true",
    b"1 1 1 1",
    b"save_",
    b"\xe2\x80\xa8",
]
edits = st.tuples(
    st.floats(0, 1), st.integers(0, 12), st.one_of(st.sampled_from(PIECES), st.binary(max_size=6))
)


def only_our_errors(data: bytes) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            reading = read(data)
        except CrysnbError as exc:
            assert exc.code.startswith("structure.")  # noqa: PT017
            assert exc.code != "structure.unreadable", exc.text  # noqa: PT017
            assert len(exc.text) < 900  # noqa: PT017
        else:
            assert 0 < len(reading.structure) <= 500
            assert reading.structure.labels[0].endswith("1")


@settings(max_examples=150)
@given(st.binary(max_size=300))
@example(b"data_")
@example(b"loop_ loop_")
def test_any_bytes(data: bytes) -> None:
    only_our_errors(data)


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(SEEDS), st.lists(edits, min_size=1, max_size=6))
def test_changed_files(seed: bytes, changes: list[tuple[float, int, bytes]]) -> None:
    data = bytearray(seed)
    for where, cut, piece in changes:
        at = int(where * len(data))
        data[at : at + cut] = piece
    only_our_errors(bytes(data))


@settings(max_examples=150)
@given(st.sampled_from(SEEDS), st.data())
def test_changed_words(seed: bytes, data: st.DataObject) -> None:
    words = seed.split(b" ")
    for _ in range(data.draw(st.integers(1, 3))):
        words[data.draw(st.integers(0, len(words) - 1))] = data.draw(st.sampled_from(PIECES))
    only_our_errors(b" ".join(words))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=150)
@given(st.sampled_from(["lattice", "species", "frac_coords", "id", "sites"]), json_values)
def test_any_value_in_a_record(key: str, value: Any) -> None:
    try:
        read({**RECORD, key: value})
    except CrysnbError as exc:
        assert exc.code != "structure.unreadable", exc.text  # noqa: PT017
