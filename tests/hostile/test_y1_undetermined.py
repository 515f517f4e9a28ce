"""Y1: the search finds nothing. The answer is an error with tolerance and size, never "P1".

Source: spglib returns None (or raises, in its new error mode) for overlapping atoms and odd tolerances.
"""

from __future__ import annotations

import pytest

import crysnb as cn
from crysnb.errors import SymmetryUndetermined
from crysnb.symmetry import detect, search


@pytest.fixture(params=["returns None", "raises"])
def failing(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        if request.param == "raises":
            raise search._SpglibError("spacegroup search failed.")

    monkeypatch.setattr(search, "_dataset", fail)


@pytest.mark.parametrize("symprec", ["auto", 1e-3])
@pytest.mark.parametrize("call", [cn.symmetry, cn.idealize], ids=["symmetry", "idealize"])
def test_undetermined(failing: None, call, symprec) -> None:
    with pytest.raises(SymmetryUndetermined) as error:
        call("quartz", symprec=symprec)
    assert error.value.code == "symmetry.undetermined"
    assert "9 atoms" in error.value.text
    assert "0.001" in error.value.text


def test_no_form_without_symmetry(failing: None) -> None:
    with pytest.raises(SymmetryUndetermined):
        cn.tensor_form("quartz", "elastic")


def test_one_failed_tolerance_does_not_stop_auto(monkeypatch: pytest.MonkeyPatch) -> None:
    true = detect.search
    monkeypatch.setattr(detect, "search", lambda cell, p: None if p > 2e-2 else true(cell, p))
    info = cn.symmetry("quartz")
    assert info.point_group == "32"
    assert (3e-2, 0) in info.candidates
