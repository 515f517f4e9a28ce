"""Random networks in float64, so that nothing learned can hide a fault."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

import crysnb as cn
from crysnb.matrices.group import MatrixGroup
from crysnb.matrices.report import Matrices, analyse
from crysnb.models.interface import build_network
from crysnb.models.sen.config import SENConfig
from crysnb.symmetry.action import site_action
from crysnb.values.trace import Recorder, Trace

CRYSTALS = ("rutile", "corundum", "SrTiO3", "GaAs", "quartz")


@pytest.fixture(scope="session")
def sen_trace() -> Callable[..., Trace]:
    """Traces of an untrained SEN-E3 with poses up to order 4."""
    config = SENConfig(l_max=4, pose=(2, 2, 2, 1, 1), likelihood=True)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.set_state(torch.Generator().manual_seed(5).get_state())
        network = build_network("sen", config.to_dict()).double().eval()
    from crysnb.graph.build import build

    def run(x) -> Trace:
        graph, recorder = build([cn.as_structure(x)], network.cutoff, network.neighbors), Recorder()
        with torch.inference_mode():
            outputs = network(graph, recorder)
        return Trace(recorder.trace(), batch=graph, model="sen", by_construction=True, outputs=outputs)

    return run


@pytest.fixture(scope="session")
def analysed(sen_trace) -> Callable[[str], Matrices]:
    """One analysis per crystal, made once."""
    made: dict[str, Matrices] = {}

    def get(name: str) -> Matrices:
        if name not in made:
            made[name] = analyse(sen_trace(name))
        return made[name]

    return get


@pytest.fixture(scope="session")
def group() -> Callable[[str], MatrixGroup]:
    return lambda x: MatrixGroup(site_action(x))
