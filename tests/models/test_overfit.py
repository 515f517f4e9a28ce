"""Each network can learn thirty-two crystals by heart: whatever is told apart can be told."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from pymatgen.core import Composition, Structure

from crysnb.graph.build import build
from crysnb.models.alignn.model import ALIGNN
from crysnb.models.cgcnn.model import CGCNN
from crysnb.models.crystal_transformer.model import CrystalTransformer
from crysnb.models.megnet.model import MEGNet
from crysnb.models.scalar import ScalarNetwork
from crysnb.structure.examples import example
from crysnb.values.crystal_batch import CrystalBatch

pytestmark = pytest.mark.slow

#: Network, largest learning rate.
NETWORKS: dict[str, tuple[Callable[[], ScalarNetwork], float]] = {
    "cgcnn": (CGCNN, 1e-2),
    "megnet": (MEGNet, 5e-3),
    "alignn": (lambda: ALIGNN(preset="teaching"), 5e-3),
    "crystal_transformer": (
        lambda: CrystalTransformer(preset="small", properties=("formation_energy",)),
        2e-3,
    ),
}
STEPS = 300


def crystals() -> list[Structure]:
    """Small cells of three structure types and eleven pairs of elements, each in its own size."""
    rng = np.random.default_rng(0)
    types = [example(name).get_primitive_structure() for name in ("NaCl", "CsCl", "GaAs")]
    pairs = ("LiF", "NaCl", "KBr", "RbI", "MgO", "CaS", "SrSe", "BaTe", "GaAs", "InP", "AlN")
    made = []
    for structure in types:
        for pair in pairs:
            first, second = (str(e) for e in Composition(pair).elements)
            old = [str(e) for e in structure.composition.elements]
            other = structure.copy()
            other.replace_species(dict(zip(old, (first, second), strict=True)))
            other.scale_lattice(other.volume * rng.uniform(0.8, 1.2))
            made.append(other)
    return made[:32]


def learn(network: ScalarNetwork, batch: CrystalBatch, true: torch.Tensor, rate: float) -> None:
    optimiser = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=STEPS)
    for step in range(STEPS):
        network.train(step < STEPS // 2)  # then with the statistics that predictions will use
        loss = (network.latent(batch).latent[:, 0] - true).square().mean()
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        schedule.step()


@pytest.mark.parametrize("name", NETWORKS)
def test_thirty_two_crystals_by_heart(name: str) -> None:
    make, rate = NETWORKS[name]
    structures = crystals()
    assert len(structures) == 32
    labels = torch.randn(32, generator=torch.Generator().manual_seed(0))  # eV/atom, of no rule
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.set_state(torch.Generator().manual_seed(0).get_state())
        network = make()
    batch = build(structures, network.cutoff, network.neighbors)
    network.standardise(labels[:, None])
    shift, scale = (network.get_buffer(name) for name in ("shift", "scale"))
    torch.set_flush_denormal(True)
    try:
        learn(network, batch, (labels - shift) / scale, rate)
    finally:
        torch.set_flush_denormal(False)
    with torch.inference_mode():
        found = network.eval()(batch)["formation_energy"]
    assert float((found - labels).abs().mean()) < 0.005
