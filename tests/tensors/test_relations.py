"""Closed forms are printed only where they hold."""

from __future__ import annotations

import numpy as np
import pytest

from crysnb.symmetry.point_groups import class_setting
from crysnb.symmetry.project import invariants
from crysnb.tensors import relations as module
from crysnb.tensors.numbers import Closed, recognize


def space(symbol: str, kind: str):
    return invariants(kind, class_setting(symbol).rotations)


@pytest.mark.parametrize(
    ("symbol", "kind", "name", "wrong"),
    [
        ("32", "elastic", "c66", Closed(1, 3, 1)),
        ("32", "elastic", "c24", Closed(0, 1, 1)),  # a component lost is a wrong form too
        ("m-3m", "dielectric", "eps22", Closed(2, 1, 1)),
    ],
)
def test_a_wrong_closed_form_is_replaced_by_decimals(monkeypatch, symbol, kind, name, wrong) -> None:
    given = space(symbol, kind)
    right = module.relations(given)
    replaced = recognize([next(iter(right.coefficients[name].values()))])[0]

    def misread(values):
        return [wrong if form == replaced else form for form in recognize(values)]

    monkeypatch.setattr(module, "recognize", misread)
    found = module.relations(given)
    assert found.coefficients[name] == pytest.approx(right.coefficients[name], abs=1e-12)
    np.testing.assert_allclose(found.matrix, right.matrix, atol=1e-12)
    assert (found.free, found.zeros) == (right.free, right.zeros)
    assert found.notes != ()
    assert f"{len(found.text)} relations in decimals" in found.notes[0]
    assert right.notes == ()


@pytest.mark.parametrize("gap", [1e-7, -1e-7])
def test_a_form_off_by_little_is_wrong_too(monkeypatch, gap) -> None:
    class Off(Closed):
        def __float__(self) -> float:
            return super().__float__() + gap

    given = space("32", "elastic")
    monkeypatch.setattr(module, "recognize", lambda v: [f and Off(f.p, f.q, f.n) for f in recognize(v)])
    found = module.relations(given)
    assert found.coefficients["c66"] == pytest.approx({"c11": 0.5, "c12": -0.5}, abs=1e-12)
    assert found.notes != ()
