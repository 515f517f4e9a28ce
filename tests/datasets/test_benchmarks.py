"""MatBench and UnconvBench: tables that the tests make, official folds, damaged files."""

from __future__ import annotations

import dataclasses
import gzip
import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

import crysnb as cn
from crysnb.datasets.benchmarks import (
    MATBENCH,
    UNCONVBENCH,
    Task,
    download_matbench,
    read_matbench,
    read_unconvbench,
)
from crysnb.datasets.json_files import load_json
from crysnb.datasets.records import raw_records, read_folds
from crysnb.errors import CrysnbError, UnknownName

CRYSTALS = ("NaCl", "MgO", "GaAs", "rutile", "quartz", "CsCl", "Si", "ZnO", "GaN", "spinel")
SMALL = dataclasses.replace(MATBENCH["matbench_phonons"], rows=11)


def table(n: int = 11, target: str = "last phdos peak", **changes: Any) -> dict[str, Any]:
    rows = [[cn.as_structure(CRYSTALS[k % 10]).as_dict(), 100.0 + k] for k in range(n)]
    return {"index": list(range(n)), "columns": ["structure", target], "data": rows, **changes}


def write(path: Path, content: Any) -> Path:
    text = json.dumps(content).encode()
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    return path


def test_ids_targets_and_folds_of_a_small_table(tmp_path: Path) -> None:
    found = read_matbench(write(tmp_path / "matbench_phonons.json.gz", table()), SMALL)
    assert [r.id for r in found.dataset][::5] == ["mb-phonons-01", "mb-phonons-06", "mb-phonons-11"]
    assert found.dataset.records[2].targets == {"last_phdos_peak": 102.0}
    assert found.dataset.records[2].formula == "GaAs"
    assert len(found.folds) == 5
    tests = [i for fold in found.folds for i in fold["test"]]
    assert sorted(tests) == [r.id for r in found.dataset]
    for fold in found.folds:
        assert sorted(fold["train"] + fold["test"]) == sorted(tests)


def test_official_folds(data_dir: Path, tmp_path: Path) -> None:
    """The folds stored with the task came with the benchmark's own rows."""
    folder = data_dir / "matbench_phonons"
    raw = list(raw_records(folder / "structures.jsonl.gz"))
    rows = []
    for r in raw:
        s = Structure(Lattice(r["lattice"]), r["species"], r["frac_coords"])
        rows.append([s.as_dict(), r["targets"]["last_phdos_peak"]])
    content = {"index": list(range(len(raw))), "columns": ["structure", "last phdos peak"], "data": rows}
    found = read_matbench(write(tmp_path / "matbench_phonons.json.gz", content))
    assert [r.id for r in found.dataset] == [r["id"] for r in raw]
    assert [set(f["test"]) for f in found.folds] == [
        set(f["test"]) for f in read_folds(folder / "split.json")
    ]


def test_classes_are_stratified(tmp_path: Path) -> None:
    task = dataclasses.replace(MATBENCH["matbench_mp_is_metal"], rows=20)
    content = table(20, "is_metal")
    for k, row in enumerate(content["data"]):
        row[1] = k % 4 == 0
    found = read_matbench(write(tmp_path / "x.json", content), task)
    metals = {r.id for r in found.dataset if r.targets["is_metal"] == 1}
    assert [len(metals & set(fold["test"])) for fold in found.folds] == [1] * 5
    content["data"][0][1] = "maybe"
    with pytest.raises(CrysnbError, match=r"data\.invalid"):
        read_matbench(write(tmp_path / "x.json", content), task)


def test_a_bad_row_is_listed_and_keeps_its_place_in_the_folds(tmp_path: Path) -> None:
    content = table()
    content["data"][3][0] = {"lattice": {"matrix": np.eye(3).tolist()}, "sites": []}
    content["data"][4][1] = None
    content["data"][5][0] = None
    found = read_matbench(write(tmp_path / "x.json", content), SMALL)
    assert len(found.dataset) == 8
    assert [r.id for r in found.dataset.rejected] == ["mb-phonons-04", "mb-phonons-05", "mb-phonons-06"]
    assert found.dataset.rejected[1].code == "label.missing"
    assert {i for fold in found.folds for i in fold["test"]} > {r.id for r in found.dataset}


def test_unconvbench(tmp_path: Path) -> None:
    task = dataclasses.replace(UNCONVBENCH["unconvbench_2d_gap"], rows=11)
    content = table()
    del content["index"]
    content["columns"] = ["inputs", "gap"]
    found = read_unconvbench(write(tmp_path / "ub_unconvbench_2d_gap.json", content), task)
    assert found.dataset.records[0].id == "unconvbench_2d_gap-01"
    assert found.dataset.records[0].targets == {"gap": 100.0}
    assert (
        found.folds[0]["test"] != read_matbench(write(tmp_path / "x.json", table()), SMALL).folds[0]["test"]
    )


def test_names_and_rows(tmp_path: Path) -> None:
    with pytest.raises(CrysnbError, match=r"data\.rows"):
        read_matbench(write(tmp_path / "matbench_phonons.json.gz", table()))
    with pytest.raises(CrysnbError, match=r"data\.rows"):
        read_unconvbench(write(tmp_path / "ub_unconvbench_qmof.json", table()))
    for name in ("matbench_steels", "nonsense", "../x"):
        with pytest.raises(UnknownName):
            read_matbench(tmp_path / "x.json", name)
        with pytest.raises(UnknownName):
            download_matbench(name, tmp_path)


BROKEN = [
    [], 3, {}, {"columns": [], "data": []}, table(columns=["structure"]),
    table(columns=["structure", "other"]), table(data=[[1, 2, 3]]), table(data={"a": 1}),
    table(data=[1] * 11),
]  # fmt: skip


@pytest.mark.parametrize("k", range(len(BROKEN)))
def test_a_table_that_is_none(tmp_path: Path, k: int) -> None:
    with pytest.raises(CrysnbError, match=r"data\.invalid"):
        read_matbench(write(tmp_path / "x.json", BROKEN[k]), SMALL)


def test_json_in_every_wrapping_and_in_none(tmp_path: Path) -> None:
    file = tmp_path / "any.name"
    plain = json.dumps({"a": [1]}).encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("../../evil.json", plain)
        archive.writestr("readme.txt", "hello")
    for content in (plain, gzip.compress(plain), packed.getvalue()):
        file.write_bytes(content)
        assert load_json(file) == {"a": [1]}
    assert list(tmp_path.iterdir()) == [file]
    two = io.BytesIO()
    with zipfile.ZipFile(two, "w") as archive:
        archive.writestr("a.json", plain)
        archive.writestr("b.json", plain)
    bad = [
        b"", b"{", b"\xff", gzip.compress(plain)[:-3], gzip.compress(plain)[:9], packed.getvalue()[:40],
        two.getvalue(), b"[" * 100_000, b"\x80\x04\x95", b"\x1f\x8bnonsense",
    ]  # fmt: skip
    for content in bad:
        file.write_bytes(content)
        with pytest.raises(CrysnbError, match=r"data\.invalid"):
            load_json(file)
    file.write_bytes(gzip.compress(b" " * 1_000_000))
    with pytest.raises(CrysnbError, match=r"data\.too_large"):
        load_json(file, limit=10_000)
    with pytest.raises(CrysnbError, match=r"data\.not_found"):
        load_json(tmp_path / "none")


def test_a_published_file_is_asked_for_by_hash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRYSNB_OFFLINE", "1")
    monkeypatch.setenv("CRYSNB_CACHE", str(tmp_path / "cache"))
    with pytest.raises(CrysnbError, match=r"download\.offline"):
        download_matbench("matbench_phonons")
    assert not (tmp_path / "cache").exists()
    content = gzip.compress(json.dumps(table()).encode())
    task = dataclasses.replace(SMALL, sha256=hashlib.sha256(content).hexdigest())
    monkeypatch.setitem(MATBENCH, task.name, task)
    (tmp_path / "matbench_phonons.json.gz").write_bytes(content)
    file = download_matbench("matbench_phonons", tmp_path)
    assert len(read_matbench(file).dataset) == 11


def test_every_published_file_has_a_hash() -> None:
    for task in MATBENCH.values():
        assert len(bytes.fromhex(task.sha256)) == 32
    assert isinstance(SMALL, Task)
    assert len({t.sha256 for t in MATBENCH.values()}) == len(MATBENCH)
