"""Prediction: frozen, short repr, JSON without NaN."""

from __future__ import annotations

import json

import numpy as np
import pytest

from crysnb.errors import ShapeError
from crysnb.values.prediction import Notice, Prediction
from crysnb.values.property_spec import property_spec


def make(value: object, **changes: object) -> Prediction:
    fields: dict[str, object] = {
        "value": value,
        "spec": property_spec("dielectric"),
        "model": "m",
        "frame": "own",
        "symmetry": None,
        "symmetry_residual": None,
        "structure_id": "x",
        "formula": "NaCl",
    }
    return Prediction(**(fields | changes))  # type: ignore[arg-type]


def test_value_is_a_read_only_copy_in_float64() -> None:
    p = make(np.eye(3, dtype=np.float32))
    assert p.value.dtype == np.float64
    with pytest.raises(ValueError, match="read-only"):
        p.value[0, 0] = 2


def test_the_callers_array_stays_writable() -> None:
    mine = np.eye(3)
    make(mine)
    mine[0, 0] = 7


def test_repr_is_short_and_to_dict_is_json() -> None:
    p = make(np.eye(3))
    assert len(repr(p)) < 120
    assert json.loads(json.dumps(p.to_dict(), allow_nan=False))["value"] == np.eye(3).tolist()
    assert list(p.to_frame().component) == ["eps11", "eps22", "eps33", "eps23", "eps13", "eps12"]


def test_non_finite_needs_an_error_notice() -> None:
    bad = np.full((3, 3), np.nan)
    with pytest.raises(ShapeError, match="non_finite"):
        make(bad)
    p = make(bad, notices=(Notice("prediction.non_finite", "error", "…"),))
    assert json.loads(json.dumps(p.to_dict(), allow_nan=False))["value"] == [[None] * 3] * 3
