"""Tables by name, file and frame; every file comes back as it was written, and none is trusted."""

from __future__ import annotations

import importlib.util
import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import crysnb as cn
from crysnb.elements import table_file
from crysnb.elements.computed import COMPUTED
from crysnb.elements.table import SHIPPED, element_tables, to_element_embeddings
from crysnb.errors import CrysnbError, MissingExtra, ShapeError, UnknownName, WeightsMissing
from crysnb.graph.element_features import MAX_Z

TABLE = cn.ElementTable(
    [[1.0, -2.5e-17], [np.nan, np.nan], [0.1 + 0.2, 3e200]],
    ("Na", "Pm", "Cl"),
    "mine",
    {"columns": ["=a", "b"], "kind": "descriptor", "counts": {"Na": 2}},
)


@pytest.mark.parametrize("suffix", [".json", ".csv", ".npz"])
def test_a_file_gives_back_every_bit(suffix: str, tmp_path: Path) -> None:
    path = table_file.write(TABLE, tmp_path / f"mine{suffix}")
    back = cn.element_table(path)
    np.testing.assert_array_equal(back.vectors, TABLE.vectors)
    assert back.sha256 == TABLE.sha256
    assert back.name == "mine"
    if suffix != ".csv":
        assert back.meta == TABLE.meta
    with pytest.raises(CrysnbError, match="already"):
        table_file.write(TABLE, path)


def test_no_column_of_a_csv_is_a_formula(tmp_path: Path) -> None:
    text = table_file.write(TABLE, tmp_path / "t.csv").read_text()
    assert '"\'=a"' in text


@pytest.mark.parametrize("name", COMPUTED)
def test_computed_tables_have_a_licence_or_no_content(name: str) -> None:
    table = cn.element_table(name)
    assert name in element_tables()
    assert len(table.seen) >= 94
    assert table.kind == "random" or name == "onehot" or table.meta["licence"] == "MIT"
    np.testing.assert_array_equal(cn.element_table(name).vectors, table.vectors)


def test_the_classes_of_the_crystal_graph_network() -> None:
    table = cn.element_table("cgcnn92-like")
    assert table.dim == 92
    assert len(table) == MAX_Z
    assert set(np.unique(table.vectors)) == {0.0, 1.0}


def test_tables_of_the_data_folder(data_dir: Path) -> None:
    assert cn.element_table("magpie").dim == 22
    assert cn.element_table("megnet16").meta["left_out"] == ["Null"]
    assert cn.element_table("matscholar200").kind == "learned"
    numbered = cn.element_table("cgcnn_atom_init")
    np.testing.assert_array_equal(numbered["Fe"], cn.element_table("cgcnn92")["Fe"])


def test_frames_and_mappings() -> None:
    frame = pd.DataFrame({"element": ["Na", "K"], "a": [1, 2], "note": ["x", "y"]})
    assert cn.element_table(frame).columns == ("a",)
    assert cn.element_table(frame.set_index("element"))["K"].tolist() == [2.0]
    assert cn.element_table({"Na": [1.0], "11x": [3.0], 19: [2.0]}).elements == ("Na", "K")
    assert cn.element_table(TABLE) is TABLE


@pytest.mark.parametrize(
    "source", [5, None, object(), [], {}, {"Na": "x"}, {"Na": [1], "K": [1, 2]}, pd.DataFrame()]
)
def test_anything_else_is_our_error(source: object) -> None:
    with pytest.raises(CrysnbError):
        cn.element_table(source)


def test_an_unknown_name_is_told_the_nearest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CRYSNB_DATA", raising=False)
    with pytest.raises(UnknownName, match="magpie-like"):
        cn.element_table("magpie-lik")
    with pytest.raises(CrysnbError) as caught:
        cn.element_table("/no/such/file.json")
    assert caught.value.code == "elements.not_found"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.txt", b"x"), ("a.json", b"{}"), ("a.json", b"[1]"), ("a.json", b"nonsense"),
        ("a.json", b"[" * 100),
        ("a.json", b'{"Na": [1], "Na": [2]}'), ("a.json", b'{"Na": [NaN]}'), ("a.json", b'{"Na": {"x": 1}}'),
        ("a.csv", b""), ("a.csv", b"\xff\xfe"), ("a.csv", b"element,a\n"), ("a.csv", b"element,a\nNa,1,2\n"),
        ("a.csv", b"a,b\n1,2\n"), ("a.csv", b"element,a\nNa,x\n"), ("a.csv", b"element,a\nQq,1\n"),
        ("a.csv", b"element,a\nNa,inf\n"), ("a.csv", b"element,a\nNa,1\nNa,2\n"),
        ("a.npz", b""), ("a.npz", b"PK\x03\x04broken"), ("a.npz", b"\x80\x04pickle"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_table_is_refused(name: str, content: bytes, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(CrysnbError) as caught:
        cn.element_table(path)
    assert caught.value.code.startswith(("elements.", "tensor."))


def _code(path: Path) -> str:
    """Of the error that reading raises; an empty text where it raises none."""
    try:
        cn.element_table(path)
    except CrysnbError as error:
        return error.code
    return ""


def _archive(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)
    return out.getvalue()


def test_no_object_is_unpickled_from_an_archive(tmp_path: Path) -> None:
    out = io.BytesIO()
    np.lib.format.write_array(out, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    path = tmp_path / "x.npz"
    path.write_bytes(_archive(vectors=out.getvalue(), elements=out.getvalue()))
    with pytest.raises(ShapeError, match="damaged"):
        cn.element_table(path)


def test_an_archive_that_swells_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    path.write_bytes(_archive(vectors=b"\0" * (table_file.MAX_BYTES + 1), elements=b""))
    assert path.stat().st_size < 1 << 20
    with pytest.raises(ShapeError) as caught:
        cn.element_table(path)
    assert caught.value.code == "elements.too_large"


@given(st.binary(max_size=200), st.sampled_from([".json", ".csv", ".npz"]))
def test_no_bytes_end_in_another_error(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, suffix: str
) -> None:
    path = tmp_path_factory.mktemp("t") / f"x{suffix}"
    path.write_bytes(data)
    assert _code(path).partition(".")[0] in ("", "elements", "tensor")


@given(st.integers(0, 400), st.integers(0, 255))
def test_a_damaged_archive_is_refused_or_read(
    tmp_path_factory: pytest.TempPathFactory, at: int, byte: int
) -> None:
    data = bytearray(table_file._to_npz(TABLE))
    data[at % len(data)] = byte
    path = tmp_path_factory.mktemp("t") / "x.npz"
    path.write_bytes(bytes(data))
    assert _code(path).partition(".")[0] in ("", "elements", "tensor")


def test_a_huge_number_in_the_remarks_is_refused(tmp_path: Path) -> None:
    found = TABLE.to_dict()
    found["meta"]["counts"] = {"Na": 10**400}
    path = tmp_path / "x.json"
    path.write_text(json.dumps(found))
    with pytest.raises(CrysnbError):
        cn.element_table(path)


def test_without_elementembeddings_the_package_is_named() -> None:
    if importlib.util.find_spec("elementembeddings"):
        pytest.skip("ElementEmbeddings is installed")
    with pytest.raises(MissingExtra, match="ElementEmbeddings"):
        to_element_embeddings(TABLE)


def test_the_shipped_table_or_a_clear_error() -> None:
    if SHIPPED not in element_tables():
        with pytest.raises(WeightsMissing, match="magpie-like"):
            cn.element_table(SHIPPED)
        return
    table = cn.element_table(SHIPPED)
    assert table.kind == "learned"
    assert table.counts
