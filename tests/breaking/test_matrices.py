"""Intermediate tensors along distortions: slopes 1 and 2, kept operations silent, broken ones not."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import crysnb as cn
from crysnb.breaking.matrices import matrix_response
from crysnb.errors import ShapeError, UnknownName
from crysnb.graph.build import build
from crysnb.models.interface import build_network
from crysnb.models.sen.config import SENConfig
from crysnb.values.trace import Recorder, Trace

AMPLITUDES = np.geomspace(1e-4, 1e-3, 6)
LAYER = "cap.attn.0.0"


@pytest.fixture(scope="module")
def traced():
    """An untrained SEN-E3 in float64: nothing that is learned can make the slopes."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.set_state(torch.Generator().manual_seed(1).get_state())
        network = build_network("sen", SENConfig().to_dict()).double().eval()

    def run(structure) -> Trace:
        graph, tap = build([structure], network.cutoff, network.neighbors), Recorder()
        with torch.inference_mode():
            outputs = network(graph, tap)
        return Trace(tap.trace(), batch=graph, by_construction=True, outputs=outputs)

    return run


@pytest.mark.parametrize(
    ("crystal", "pattern", "order"),
    [
        ("SrTiO3", "atom 1 z", 2),  # Ti off its centre
        ("SrTiO3", "strain hydrostatic", 1),
        ("SrTiO3", "strain e4", 2),
        ("rutile", "strain e3", 1),
        ("rutile", "strain e6", 2),
    ],
)
def test_invariants_change_as_slowly_as_symmetry_says(crystal, pattern, order, traced):
    found = matrix_response(crystal, pattern, traced, LAYER, amplitudes=AMPLITUDES)
    assert found.order == order
    # A predicted gap below zero is none, so that of an untrained network may be flat.
    assert found.slopes["formation_energy"] == pytest.approx(order, abs=0.05)
    assert found.crossings == ()


def test_kept_operations_are_silent_and_broken_ones_grow_with_the_amplitude(traced):
    found = matrix_response("SrTiO3", "atom 1 z", traced, "env.1.irreps", amplitudes=AMPLITUDES)
    assert int(found.kept.sum()) == 8  # 4mm
    assert found.residuals[:, found.kept].max() < 1e-10
    lost = found.residuals[:, ~found.kept]
    assert lost.min() > 1e-6
    # ε_g ∝ amplitude: a decade in the one is a decade in the other.
    np.testing.assert_allclose(np.log10(lost[-1] / lost[0]), 1, atol=0.05)
    assert np.abs(found.sensitivity[found.kept]).max() < 1e-6 < found.sensitivity[~found.kept].min()
    assert len(found.to_frame()) == len(AMPLITUDES) * 48


def test_invariant_matrices_notice_an_operation_too(traced):
    found = matrix_response("rutile", "atom 2 x", traced, LAYER, amplitudes=AMPLITUDES)
    assert not found.kept.all()
    assert found.residuals[:, found.kept].max() < 1e-10
    assert found.residuals[-1, ~found.kept].max() > 1e-8


def test_what_cannot_be_asked_is_refused(traced):
    with pytest.raises(ShapeError, match="turn"):
        matrix_response("rutile", "rotation", traced, LAYER)
    with pytest.raises(UnknownName, match="layer"):
        matrix_response("rutile", "strain e1", traced, "cap.attn.7")
    with pytest.raises(ShapeError, match="amplitude"):
        matrix_response("rutile", "strain e1", traced, LAYER, amplitudes=[0.0])


def test_a_shipped_model_is_asked_in_one_line():
    found = matrix_response(
        "BaTiO3",
        "strain e3",
        lambda s: cn.trace(s, "gmtnet-dielectric", dtype="float64"),
        "member0.block1.out",
        amplitudes=[1e-3, 2e-3, 4e-3],
    )
    assert found.kept.all()
    assert np.isfinite(found.outputs["dielectric"]).all()
