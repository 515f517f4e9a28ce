"""A folder of structure files with id_prop.csv: bad rows are listed with codes and cost no good one."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import crysnb as cn
from crysnb import datasets
from crysnb.datasets.folder import read_folder
from crysnb.datasets.records import raw_records, to_record
from crysnb.errors import CrysnbError

TENSOR = [[2.36, 0.0, 0.0], [0.0, 2.36, 0.0], [0.0, 0.0, 2.38]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("NaCl", "quartz", "MgO"):
        cn.write_cif(name, tmp_path / f"{name}.cif")
    return tmp_path


def table(folder: Path, text: str) -> Path:
    (folder / "id_prop.csv").write_text(text, encoding="utf-8")
    return folder


def test_the_plain_convention(folder: Path) -> None:
    found = read_folder(table(folder, "NaCl,2.35\r\nMgO,13.5\r\n\r\n"))
    assert [r.id for r in found] == ["NaCl", "MgO"]
    assert [r.targets for r in found] == [{"target": 2.35}, {"target": 13.5}]
    assert found.records[0].formula == "NaCl"
    assert found.rejected == ()
    assert len(found.records[0].structure) == len(cn.as_structure(folder / "NaCl.cif"))


@pytest.mark.parametrize(("n", "shape"), [(9, (3, 3)), (18, (3, 6)), (36, (6, 6))], ids=["3x3", "3x6", "6x6"])
def test_a_tensor_row_by_row(folder: Path, n: int, shape: tuple[int, int]) -> None:
    cells = ",".join(str(k) for k in range(n))
    tensor = read_folder(table(folder, f"quartz,{cells},\n"), target="t").records[0].targets["t"]
    assert (len(tensor), len(tensor[0])) == shape
    assert tensor[0][:2] == [0.0, 1.0]
    assert tensor[1][0] == shape[1]
    assert tensor[-1][-1] == n - 1


def test_names_in_the_first_row_and_nested_lists(folder: Path) -> None:
    text = f'\ufeffid,gap,eps\nNaCl,8.5,\nquartz,5.7,"{json.dumps(TENSOR)}"\n# a remark\n'
    found = read_folder(table(folder, text))
    assert [r.targets for r in found] == [{"gap": 8.5}, {"gap": 5.7, "eps": TENSOR}]
    assert found.targets() == {"eps": 1, "gap": 2}


def test_a_bad_first_value_is_no_row_of_names(folder: Path) -> None:
    found = read_folder(table(folder, "NaCl,none\nMgO,1\n"))
    assert [r.id for r in found] == ["MgO"]
    assert found.rejected_counts() == {"data.number": 1}


BAD = {
    "NaCl": "data.row",
    "NaCl,": "data.row",
    "NaCl,1,2": "data.row",
    "NaCl,x": "data.number",
    "NaCl,nan": "data.number",
    "NaCl,1e999": "data.number",
    "NaCl,1_0": "data.number",
    "NaCl,١": "data.number",
    'NaCl,"[[1, 2"': "data.number",
    'NaCl,"[[1, null]]"': "data.number",
    'NaCl,"[NaN]"': "data.number",
    'NaCl,"[[[[[1]]]]]"': "data.number",
    "NaCl,[" + "[" * 5000: "data.number",
    'NaCl,"[1' + "0" * 400 + ']"': "data.number",
    ",1": "data.id",
    "../NaCl,1": "data.id",
    "/etc/passwd,1": "data.id",
    "..\\NaCl,1": "data.id",
    ".hidden,1": "data.id",
    "a\x00b,1": "data.id",
    "x" * 300 + ",1": "data.id",
    "absent,1": "structure.not_found",
    "MgO,2": "data.duplicate_id",
    "twice,1": "data.ambiguous_file",
    "broken,1": "structure.format",
    "folder,1": "structure.not_a_file",
}


def test_every_bad_row_has_its_code_and_the_good_one_stays(folder: Path) -> None:
    (folder / "broken.cif").write_text("not a crystal")
    (folder / "folder.cif").mkdir()
    for suffix in (".cif", ".vasp"):
        (folder / f"twice{suffix}").write_text("either")
    for row, code in BAD.items():
        found = read_folder(table(folder, f"MgO,13.5\n{row}\n"))
        assert [r.id for r in found] == ["MgO"], row
        assert [r.code for r in found.rejected] == [code], row
        assert found.rejected[0].text
    rows = "\n".join(BAD)
    found = read_folder(table(folder, f"MgO,13.5\n{rows}\n"))
    assert len(found.rejected) == len(BAD)
    assert "1 records" in repr(found)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "data.nothing"),
        (b"absent,1\n", "data.nothing"),
        (b"\xff\xfe", "data.invalid"),
        (b'NaCl,"1\n', "data.invalid"),
        (b"id,a,a\nNaCl,1,2\n", "data.invalid"),
    ],
)
def test_a_bad_table_ends_in_our_error(folder: Path, content: bytes, code: str) -> None:
    (folder / "id_prop.csv").write_bytes(content)
    with pytest.raises(CrysnbError) as caught:
        read_folder(folder)
    assert caught.value.code == code


def test_no_table_and_no_folder(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(CrysnbError, match=r"data\.not_found"):
            read_folder(path)
    (tmp_path / "id_prop.csv").mkdir()
    with pytest.raises(CrysnbError, match=r"data\.not_a_file"):
        read_folder(tmp_path)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=200))
def test_any_table_ends_in_records_or_our_error(folder: Path, content: bytes) -> None:
    (folder / "id_prop.csv").write_bytes(content)
    with contextlib.suppress(CrysnbError):
        assert read_folder(folder).records


def test_a_poscar_keeps_its_orientation(folder: Path) -> None:
    turned = cn.as_structure("quartz").copy()
    lattice = turned.lattice.matrix[:, [1, 2, 0]]
    from pymatgen.core import Lattice, Structure

    turned = Structure(Lattice(lattice), turned.species, turned.frac_coords)
    (folder / "turned.vasp").write_text(turned.to(fmt="poscar"))
    found = read_folder(table(folder, "turned,1\n")).records[0]
    assert found.structure.lattice.matrix == pytest.approx(lattice, abs=1e-6)


def test_what_is_written_as_json_lines_is_read_back(folder: Path) -> None:
    text = f'id,gap,eps\nNaCl,8.5,\nquartz,5.7,"{json.dumps(TENSOR)}"\n'
    found = read_folder(table(folder, text))
    (folder / "d.jsonl").write_text(found.to_jsonl(), encoding="utf-8")
    again = [to_record(raw) for raw in raw_records(folder / "d.jsonl")]
    assert [(r.id, r.formula, r.targets) for r in again] == [(r.id, r.formula, r.targets) for r in found]
    for old, new in zip(found, again, strict=True):
        assert new.structure.lattice.matrix == pytest.approx(old.structure.lattice.matrix, abs=0)
        assert new.structure.frac_coords == pytest.approx(old.structure.frac_coords, abs=0)


def test_the_package_is_lazy_and_complete() -> None:
    assert datasets.read_folder is read_folder
    for name in datasets.__all__:
        assert getattr(datasets, name).__doc__
