"""Networks of numbers do not see how a crystal is written: seven ways, in single precision."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from pymatgen.core import Structure

from crysnb.graph.build import build
from crysnb.models.alignn.model import ALIGNN
from crysnb.models.cgcnn.model import CGCNN
from crysnb.models.crystal_transformer.model import CrystalTransformer
from crysnb.models.megnet.model import MEGNet
from crysnb.models.scalar import ScalarNetwork
from crysnb.structure.examples import example
from crysnb.structure.transforms import (
    moved_by_lattice_vectors,
    random_rotation,
    reordered,
    rotated,
    shifted,
    supercell,
)
from crysnb.testing.crystals import REPRESENTATIVE

NETWORKS: dict[str, Callable[[], ScalarNetwork]] = {
    "cgcnn": CGCNN,
    "megnet": MEGNet,
    "alignn": lambda: ALIGNN(preset="teaching"),
    "crystal_transformer": lambda: CrystalTransformer(preset="small"),
}
WAYS: dict[str, Callable[[Structure, np.random.Generator], Structure]] = {
    "rotation": lambda s, rng: rotated(s, random_rotation(rng)),
    "translation": lambda s, rng: shifted(s, tuple(rng.random(3))),
    "wrapping": lambda s, rng: Structure(s.lattice, s.species, s.frac_coords, to_unit_cell=True),
    "image": lambda s, rng: moved_by_lattice_vectors(s, rng.integers(-3, 4, (len(s), 3))),
    "order": reordered,
    "supercell": lambda s, rng: supercell(s, (2, 1, 1)),
    "reduction": lambda s, rng: s.get_reduced_structure("niggli"),
}


@pytest.fixture(scope="module", params=NETWORKS)
def network(request: pytest.FixtureRequest) -> ScalarNetwork:
    """Random weights: nothing learned can hide a fault."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.set_state(torch.Generator().manual_seed(3).get_state())
        made: ScalarNetwork = NETWORKS[request.param]()
        for p in made.parameters():
            p.data.add_(0.05 * torch.randn(p.shape))  # some start from zero
    batch = build([example(name) for name in REPRESENTATIVE], made.cutoff, made.neighbors)
    for _ in range(50):  # statistics of batch normalisation, without which numbers grow from layer to layer
        made(batch)
    return made.eval()


def output(network: ScalarNetwork, *structures: Structure) -> np.ndarray:
    """Standardised properties and features, [crystal, …]."""
    with torch.inference_mode():
        out = network.latent(build(structures, network.cutoff, network.neighbors))
    return torch.cat([out.latent, out.features], dim=1).double().numpy()


@pytest.mark.parametrize("way", WAYS)
def test_the_same_crystal_written_otherwise(network: ScalarNetwork, way: str) -> None:
    structures = [example(name) for name in REPRESENTATIVE]
    expected = output(network, *structures)
    rng = np.random.default_rng(5)
    others = output(network, *(WAYS[way](s, rng) for s in structures))
    difference = np.linalg.norm(others - expected, axis=1) / np.linalg.norm(expected, axis=1)
    assert difference.max() <= 1e-6


def test_crystals_are_told_apart_and_batch_mates_do_not_matter(network: ScalarNetwork) -> None:
    structures = [example(name) for name in REPRESENTATIVE]
    together = output(network, *structures)
    for k, structure in enumerate(structures):
        alone = output(network, structure)[0]
        assert np.linalg.norm(alone - together[k]) <= 1e-6 * np.linalg.norm(alone)
    gaps = np.linalg.norm(together[:, None] - together[None], axis=2) + np.eye(len(together))
    assert gaps.min() > 1e-3
