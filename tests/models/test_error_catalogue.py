"""Rows of the error catalogue about the shipped models: polar axis, meaning of the label, evaluation mode.

Rows 1 to 6 are planted in ``tests/audit``; 13 is ``tests/symmetry/test_detect.py``.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch

import crysnb as cn
from crysnb.models.tensor_head import change_of_basis, wigner
from crysnb.values.property_spec import property_spec
from crysnb.values.tensor_kind import DIELECTRIC

SHIPPED = list(cn.models()["name"])


def test_catalogue_row_10_the_polar_axis_of_the_harmonics_is_not_assumed() -> None:
    """Y_2 of z, sent through the change of basis, is the traceless part of z zᵀ; also after a turn."""
    from e3nn import o3

    matrix, _ = change_of_basis(DIELECTRIC)
    z = torch.tensor([0.0, 0.0, 1.0], dtype=torch.float64)
    quarter = torch.tensor([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]], dtype=torch.float64)
    for axis, harmonic in (
        (z, o3.spherical_harmonics(2, z, normalize=True, normalization="norm")),
        (quarter @ z, wigner(2, quarter) @ o3.spherical_harmonics(2, z, True, normalization="norm")),
    ):
        tensor = torch.einsum("k,kij->ij", harmonic, matrix[1:])
        expected = torch.outer(axis, axis) - torch.eye(3) / 3
        assert float((tensor * expected).sum() / tensor.norm() / expected.norm()) == pytest.approx(
            1, abs=1e-6
        )


def test_catalogue_row_15_the_dielectric_label_is_electronic() -> None:
    """ε∞ of rock salt is 2.3 to 2.5; the static one is about 6 (Lowndes and Martin 1969)."""
    predicted = np.trace(cn.predict("NaCl", model="gmtnet-dielectric").value) / 3
    assert 2.0 < predicted < 3.2
    assert "not the static one" in property_spec("dielectric").meaning
    assert "static" in property_spec("dielectric_total").meaning
    assert property_spec("dielectric").symbol != property_spec("dielectric_total").symbol


@pytest.mark.parametrize("name", SHIPPED)
def test_catalogue_row_16_shipped_models_are_in_evaluation_mode(name: str) -> None:
    network = cn.load_model(name, device="cpu").network
    assert [part for part, module in network.named_modules() if module.training] == []
    # Nothing in them could tell one crystal of a batch of the others.
    assert not any(isinstance(m, torch.nn.modules.batchnorm._BatchNorm) for m in network.modules())


def test_the_module_that_is_built_for_training_would_be_seen() -> None:
    from crysnb.models.interface import build_network

    card = cn.load_model("gmtnet-dielectric", device="cpu").card
    assert build_network(card.family, card.config).training
