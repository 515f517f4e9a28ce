"""JSON Lines data sets: read in order, faults named by line."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import pytest

from crysnb.datasets.dataset import read_jsonl
from crysnb.datasets.records import data_folder, raw_records, read_split, select, to_record
from crysnb.errors import CrysnbError, StructureError, UnknownName

RECORD = {
    "id": "a",
    "lattice": [[4, 0, 0], [0, 4, 0], [0, 0, 4]],
    "species": ["Cs", "Cl"],
    "frac_coords": [[0, 0, 0], [0.5, 0.5, 0.5]],
    "targets": {"x": 1.0},
    "symmetry_ok": True,
}


@pytest.mark.parametrize("name", ["d.jsonl", "d.jsonl.gz"])
def test_reads_plain_and_compressed(tmp_path: Path, name: str) -> None:
    text = json.dumps(RECORD) + "\n\n" + json.dumps({**RECORD, "id": "b"}) + "\n"
    content = gzip.compress(text.encode()) if name.endswith("gz") else text.encode()
    (tmp_path / name).write_bytes(content)
    found = [to_record(r) for r in raw_records(tmp_path / name)]
    assert [r.id for r in found] == ["a", "b"]
    assert found[0].formula == "CsCl"
    assert found[0].targets == {"x": 1.0}
    assert found[0].flags == {"symmetry_ok": True}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b'{"id": 1}\nnot json\n', "data.invalid"),
        (b"[1, 2]\n", "data.invalid"),
        (b"\xff\xfe\n", "data.unreadable"),
        (b"[" * 100_000, "data.invalid"),
    ],
)
def test_faults_are_ours(tmp_path: Path, content: bytes, code: str) -> None:
    file = tmp_path / "d.jsonl"
    file.write_bytes(content)
    with pytest.raises(CrysnbError) as caught:
        list(raw_records(file))
    assert caught.value.code == code


def test_truncated_gzip_and_missing_file(tmp_path: Path) -> None:
    file = tmp_path / "d.jsonl.gz"
    file.write_bytes(gzip.compress(json.dumps(RECORD).encode() * 50)[:-20])
    for path in (file, tmp_path / "none.jsonl"):
        with pytest.raises(CrysnbError, match=r"data\.unreadable"):
            list(raw_records(path))


def test_a_bad_crystal_is_refused_by_the_structure_rules() -> None:
    with pytest.raises(StructureError):
        to_record({**RECORD, "lattice": [[float("nan"), 0, 0], [0, 4, 0], [0, 0, 4]]})


def test_split_and_selection(tmp_path: Path) -> None:
    split = tmp_path / "split.json"
    split.write_text(json.dumps({"scheme": "…", "train": ["a"], "test": ["b"]}))
    assert read_split(split) == {"train": ["a"], "test": ["b"]}
    records = [{"id": "a"}, {"id": "b"}]
    assert list(select(records, split, "test")) == [{"id": "b"}]
    assert list(select(records, None, None)) == records
    with pytest.raises(UnknownName, match="train"):
        list(select(records, split, "tset"))
    split.write_text("[]")
    with pytest.raises(CrysnbError, match=r"data\.split"):
        read_split(split)


def test_missing_data_names_the_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CRYSNB_DATA", raising=False)
    for root in (None, tmp_path):
        with pytest.raises(CrysnbError, match="CRYSNB_DATA"):
            data_folder("mp_dielectric", root)


def test_damaged_gzip_anywhere_is_ours(tmp_path: Path) -> None:
    file = tmp_path / "d.jsonl.gz"
    content = bytearray(gzip.compress(json.dumps(RECORD).encode() * 50))
    for k in range(0, len(content), 7):
        damaged = content.copy()
        damaged[k] ^= 0xFF
        file.write_bytes(damaged)
        try:
            list(raw_records(file))
        except CrysnbError as error:
            assert error.code in ("data.unreadable", "data.invalid")  # noqa: PT017 - or it does not matter


def test_a_data_set_of_lines(tmp_path: Path) -> None:
    bad = {**RECORD, "id": "nan", "targets": {"x": [[float("nan")]]}}
    lines = [RECORD, bad, {**RECORD, "targets": [1]}, {**RECORD, "id": "b", "lattice": None}, RECORD]
    (tmp_path / "d.jsonl").write_text("".join(json.dumps(r) + "\n" for r in lines))
    found = read_jsonl(tmp_path / "d.jsonl")
    assert [r.id for r in found] == ["a"]
    assert [r.code for r in found.rejected] == [
        "data.number", "data.targets", "structure.number", "data.duplicate_id",
    ]  # fmt: skip
    odd = {**RECORD, "note": float("inf")}
    (tmp_path / "d.jsonl").write_text(json.dumps(odd))
    with pytest.raises(CrysnbError, match=r"data\.not_json"):
        read_jsonl(tmp_path / "d.jsonl").to_jsonl()


def test_a_split_that_is_a_pipe_or_missing(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name in ("pipe", "none", "."):
        with pytest.raises(CrysnbError, match=r"data\.split"):
            read_split(tmp_path / name)
