"""Y3: operations that are no group are refused everywhere, and a tensor that moves far says so."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import crysnb as cn
from crysnb.errors import SymmetryUndetermined
from crysnb.symmetry.project import project, projector, residual

INFO = cn.symmetry("quartz")
BROKEN = {
    "one missing": INFO.rotations[:-1],
    "one twice": np.concatenate([INFO.rotations, INFO.rotations[1:2]]),
    "one sheared": INFO.rotations + np.eye(6)[1][:, None, None] * 1e-3,
    "not a number": np.where(np.arange(6)[:, None, None] == 3, np.nan, INFO.rotations),
    "none": INFO.rotations[:0],
    "no identity": INFO.rotations[1:],
}


@pytest.mark.parametrize("name", BROKEN)
def test_projection_is_refused(name: str) -> None:
    for action in (
        lambda: projector(BROKEN[name], "elastic"),
        lambda: project("elastic", np.eye(6), BROKEN[name]),
        lambda: residual("elastic", np.eye(6), BROKEN[name]),
    ):
        with pytest.raises(SymmetryUndetermined) as error:
            action()
        assert error.value.code == "symmetry.inconsistent"


@pytest.mark.parametrize("name", [n for n in BROKEN if n != "one twice"])
def test_such_a_symmetry_cannot_even_be_made(name: str) -> None:
    with pytest.raises(SymmetryUndetermined):
        dataclasses.replace(INFO, rotations=BROKEN[name])


def test_a_tensor_that_moves_far_reports_how_far() -> None:
    wrong_axes = np.diag([9.0, 4.0, 4.0])  # c along x, the crystal has it along z
    assert residual("dielectric", wrong_axes, INFO.rotations) > 0.3
    assert cn.tensor_form("quartz", "dielectric").residual(wrong_axes) > 0.3
