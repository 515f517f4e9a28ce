"""The vectors of elements: what is admitted, what is refused, and that nothing is lost on the way."""

from __future__ import annotations

import json

import numpy as np
import pytest

from crysnb.errors import CrysnbError, ShapeError, UnknownName
from crysnb.structure.elements import SYMBOLS
from crysnb.values.element_table import MAX_DIM, ElementTable

ROWS = np.array([[1.0, 2.0], [np.nan, np.nan], [3.0, np.nan]])


def table(**meta: object) -> ElementTable:
    return ElementTable(ROWS, ("Na", "Pm", "Cl"), "mine", meta)


def test_rows_are_found_by_symbol_and_by_atomic_number() -> None:
    t = table()
    assert t.dim == 2
    assert len(t) == 3
    assert t["Na"].tolist() == [1.0, 2.0]
    assert t.numbers.tolist() == [11, 61, 17]
    by_z = t.by_atomic_number()
    assert by_z.shape == (len(SYMBOLS) + 1, 2)
    assert by_z[11].tolist() == [1.0, 2.0]
    assert np.isnan(np.delete(by_z, [11, 17], axis=0)).all()
    assert t.by_atomic_number(20).shape == (21, 2)
    with pytest.raises(UnknownName, match="Nb"):
        t["Nb"]


def test_a_row_of_nan_is_an_unseen_element_and_one_value_is_not() -> None:
    assert table().unseen == ("Pm",)
    assert table().seen == ("Na", "Cl")
    assert "1 unseen" in repr(table())


def test_the_vectors_cannot_be_changed_afterwards() -> None:
    rows = ROWS.copy()
    t = ElementTable(rows, ("Na", "Pm", "Cl"), "mine")
    rows[0, 0] = 9
    assert t["Na"][0] == 1.0
    with pytest.raises(ValueError, match="read-only"):
        t.vectors[0, 0] = 5


def test_a_selection_keeps_the_order_asked_for_and_the_counts_of_its_elements() -> None:
    t = table(counts={"Na": 3, "Cl": 4}, columns=["a", "b"], bias=[0.5, 1.0]).select(["Cl", "Na"])
    assert t.elements == ("Cl", "Na")
    assert t.vectors[1].tolist() == [1.0, 2.0]
    assert t.counts == {"Na": 3, "Cl": 4}
    assert t.columns == ("a", "b")
    assert t.select(["Na"]).counts == {"Na": 3}


def test_other_columns_drop_what_described_the_old_ones() -> None:
    t = table(columns=["a", "b"], bias=[0.5, 1.0], source="x").replaced(vectors=np.ones((3, 3)))
    assert t.columns == ("0", "1", "2")
    assert dict(t.meta) == {"source": "x"}


def test_json_and_back() -> None:
    t = table(counts={"Na": np.int64(3)}, kind="descriptor", seeds=(1, 2))
    back = ElementTable.from_dict(json.loads(json.dumps(t.to_dict(), allow_nan=False)))
    assert back.sha256 == t.sha256
    assert back.name == "mine"
    assert back.kind == "descriptor"
    assert back.meta == t.meta
    np.testing.assert_array_equal(back.vectors, t.vectors)


def test_the_hash_tells_contents_apart() -> None:
    t = table()
    assert t.replaced(name="other").sha256 == t.sha256
    assert t.replaced(elements=("K", "Pm", "Cl")).sha256 != t.sha256
    assert t.replaced(vectors=ROWS + 1e-9).sha256 != t.sha256


def test_a_frame_has_elements_and_columns() -> None:
    frame = table(columns=["a", "b"]).to_frame()
    assert frame.loc["Na", "b"] == 2.0
    assert frame.index.name == "element"


@pytest.mark.parametrize(
    ("vectors", "elements", "meta", "code"),
    [
        (ROWS, ("Na", "Pm"), None, "elements.shape"),
        (ROWS[:, 0], ("Na", "Pm", "Cl"), None, "elements.shape"),
        (np.ones((1, MAX_DIM + 1)), ("Na",), None, "elements.shape"),
        (np.ones((1, 0)), ("Na",), None, "elements.shape"),
        ([[1.0], [np.inf]], ("Na", "K"), None, "elements.non_finite"),
        ([["x"]], ("Na",), None, "tensor.not_numeric"),
        ([[1j]], ("Na",), None, "tensor.not_numeric"),
        ([[1.0], [1.0]], ("Na", "Na"), None, "elements.twice"),
        ([[1.0]], ("Xx",), None, "elements.symbol"),
        ([[1.0]], (11,), None, "elements.symbol"),
        ([[1.0]], "H", None, "elements.symbol"),
        ([[1.0]], ("Na",), {"kind": "magic"}, "elements.meta"),
        ([[1.0]], ("Na",), {"columns": ["a", "b"]}, "elements.meta"),
        ([[1.0]], ("Na",), {"counts": {"Na": -1}}, "elements.meta"),
        ([[1.0]], ("Na",), {"counts": [1]}, "elements.meta"),
        ([[1.0]], ("Na",), {"x": object()}, "elements.meta"),
        ([[1.0]], ("Na",), {"x": float("nan")}, "elements.meta"),
        ([[1.0]], ("Na",), 5, "elements.meta"),
    ],
)
def test_what_is_no_table_is_refused(vectors: object, elements: object, meta: object, code: str) -> None:
    with pytest.raises(ShapeError) as caught:
        ElementTable(vectors, elements, "x", meta)  # type: ignore[arg-type]
    assert caught.value.code == code


@pytest.mark.parametrize(
    "found",
    [
        {}, [], None, {"schema_version": 2}, {"schema_version": 1}, {"schema_version": 1, "vectors": {}},
        {"schema_version": 1, "vectors": [[1]], "elements": "Na"},
        {"schema_version": 1, "vectors": [[1], [1, 2]], "elements": ["Na", "K"]},
        {"schema_version": 1, "vectors": [1], "elements": ["Na"]},
        {"schema_version": 1, "vectors": [[None, "a"]], "elements": ["Na"]},
        {"schema_version": 1, "vectors": [[1.0]], "elements": [{}]},
    ],
)  # fmt: skip
def test_other_json_is_refused_by_our_own_error(found: object) -> None:
    with pytest.raises(CrysnbError):
        ElementTable.from_dict(found)  # type: ignore[arg-type]
