"""Y3: operations that are no group are refused everywhere, and a tensor that moves far says so."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch

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

REASONS = {
    "one missing": "lack some of their products",
    "one twice": "listed twice",
    "one sheared": "not orthogonal",
    "not a number": "not finite",
    "none": "shape (0, 3, 3)",
    "no identity": "lack some of their products",
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
        assert REASONS[name] in error.value.text


@pytest.mark.parametrize("name", [n for n in BROKEN if n != "one twice"])
def test_such_a_symmetry_cannot_even_be_made(name: str) -> None:
    with pytest.raises(SymmetryUndetermined):
        dataclasses.replace(INFO, rotations=BROKEN[name])


def test_a_tensor_that_moves_far_reports_how_far() -> None:
    wrong_axes = np.diag([9.0, 4.0, 4.0])  # c along x, the crystal has it along z
    assert residual("dielectric", wrong_axes, INFO.rotations) > 0.3
    assert cn.tensor_form("quartz", "dielectric").residual(wrong_axes) > 0.3


def test_a_prediction_that_projection_would_change_much_is_not_projected(fake_model: Any) -> None:
    """The network answers in wrong axes: projecting would make a tidy number out of nonsense."""

    def act(batch: Any, _: Any) -> dict[str, torch.Tensor]:
        return {"dielectric": torch.diag(torch.tensor([9.0, 4.0, 4.0])).repeat(batch.n_crystals, 1, 1)}

    p = cn.predict("quartz", fake_model(act))
    assert (p.notices[0].code, p.notices[0].severity) == ("symmetry.projection_refused", "error")
    np.testing.assert_allclose(p.value, np.diag([9.0, 4.0, 4.0]))
    assert p.uncertainty is None
    assert p.symmetry_residual == pytest.approx(residual("dielectric", p.value, INFO.rotations))
    share = f"{p.symmetry_residual:.1%}"
    assert share in p.notices[0].text


def test_a_little_is_projected_and_the_residual_stands_beside_the_value(fake_model: Any) -> None:
    def act(batch: Any, _: Any) -> dict[str, torch.Tensor]:
        return {"dielectric": torch.diag(torch.tensor([5.0, 5.01, 4.0])).repeat(batch.n_crystals, 1, 1)}

    p = cn.predict("quartz", fake_model(act))
    assert p.value[0, 0] == p.value[1, 1]
    raw = np.diag([5.0, 5.01, 4.0])
    expected = np.linalg.norm(raw - np.diag([5.005, 5.005, 4.0])) / np.linalg.norm(raw)
    assert p.symmetry_residual == pytest.approx(expected, rel=1e-4)
    assert p.to_dict()["symmetry_residual"] == p.symmetry_residual
    assert not any(n.code == "symmetry.projection_refused" for n in p.notices)


def test_the_shipped_network_is_never_refused() -> None:
    for p in cn.predict(["NaCl", "quartz", "calcite", "baddeleyite"]):
        assert not any(n.code == "symmetry.projection_refused" for n in p.notices)


def test_the_rounding_that_is_all_of_a_forbidden_tensor_is_projected_away(fake_model: Any) -> None:
    """Piezoelectricity of rock salt: relative to nothing, everything that projection removes is much."""

    def act(batch: Any, _: Any) -> dict[str, torch.Tensor]:
        return {"piezoelectric": torch.full((batch.n_crystals, 3, 3, 3), 1e-8)}

    p = cn.predict("NaCl", fake_model(act, properties=("piezoelectric",)))
    assert not p.value.any()
    assert p.symmetry_residual is not None
    assert p.symmetry_residual < 1e-4
    assert not any(n.severity == "error" for n in p.notices)
