"""Jahn symbols."""

from __future__ import annotations

import pytest

from crysnb.errors import ShapeError
from crysnb.values.jahn import parse
from crysnb.values.tensor_kind import TensorKind


@pytest.mark.parametrize(
    ("symbol", "n"),
    [("V", 3), ("V2", 9), ("[V2]", 6), ("{V2}", 3), ("[V3]", 10), ("{V3}", 1), ("[{V2}2]", 6),
     ("{[V2]2}", 15), ("V[V2]", 18), ("[V2]V", 18), ("[V2]2", 36), ("e[V2]", 6), (" e V2 ", 9)],
)  # fmt: skip
def test_number_of_components(symbol: str, n: int) -> None:
    assert TensorKind.from_jahn(symbol).n_components == n


def test_axial_prefix() -> None:
    assert parse("eV").axial
    assert not parse("V").axial


@pytest.mark.parametrize(
    "symbol",
    [
        "",
        "V]",
        "[V2",
        "[V2}",
        "{V2]",
        "a[V2]",
        "ee[V2]",
        "V7",
        "V8",
        "[[V2]4]",
        "V" * 7,
        "V9",
        "V99",
        "[]",
        "[2V]",
        "x",
        None,
        3,
        "V" * 60,
        "[" * 39,
    ],
)
def test_refused(symbol: object) -> None:
    with pytest.raises(ShapeError) as error:
        parse(symbol)  # type: ignore[arg-type]
    assert error.value.code == "tensor.jahn"
