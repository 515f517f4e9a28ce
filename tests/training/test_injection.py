"""Networks of numbers that start from somebody's table of elements."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from crysnb.graph.build import build_one
from crysnb.models.alignn.model import ALIGNN
from crysnb.models.cgcnn.model import CGCNN
from crysnb.models.interface import build_network
from crysnb.models.megnet.model import MEGNet
from crysnb.structure.examples import example
from crysnb.training.recipes import RECIPES
from crysnb.training.scalar_data import ScalarCrystal
from crysnb.training.scalar_loop import ScalarRun
from crysnb.values.element_table import ElementTable

SYMBOLS = ("Na", "Cl", "Ga", "As", "Mg", "O")
TABLE = ElementTable(np.random.default_rng(0).normal(size=(6, 8)), SYMBOLS, "mine")


def run(network: CGCNN) -> ScalarRun:
    """Two epochs on three crystals, without a folder."""
    recipe = RECIPES.get("cgcnn").with_changes(
        epochs=2, batch_size=2, properties=["formation_energy"], learns=["formation_energy"],
        targets=["e"], features=network.config.features, freeze=network.config.freeze,
    )  # fmt: skip
    crystals = [
        ScalarCrystal(
            id=name,
            graph=build_one(example(name), network.cutoff, network.neighbors),
            label=torch.tensor([float(k)]),
        )
        for k, name in enumerate(("NaCl", "GaAs", "MgO"))
    ]
    return ScalarRun(recipe, crystals, crystals[:1], network=network)


@pytest.mark.parametrize("freeze", [True, False])
def test_training_leaves_a_frozen_table_alone_and_tunes_another(freeze: bool) -> None:
    trained = run(CGCNN(features=TABLE, freeze=freeze)).train()
    before = torch.tensor(TABLE.vectors, dtype=torch.float32)
    after = trained.elements.vectors[torch.tensor(TABLE.numbers)].detach()
    assert torch.equal(before, after) is freeze
    unseen = torch.ones(119, dtype=torch.bool)
    unseen[torch.tensor(TABLE.numbers)] = False
    assert not bool(trained.elements.known[unseen].any())
    assert not bool(trained.elements.vectors[unseen].any())


@pytest.mark.parametrize(("make", "family"), [(CGCNN, "cgcnn"), (MEGNet, "megnet"), (ALIGNN, "alignn")])
def test_a_fed_network_is_rebuilt_from_its_configuration(make: type[CGCNN], family: str) -> None:
    preset = {} if make is CGCNN else {"preset": "teaching"}
    network = make(features=TABLE, freeze=False, **preset).eval()
    again = build_network(family, network.config.to_dict()).eval()
    again.load_state_dict(network.state_dict())
    graph = build_one(example("MgO"), network.cutoff, network.neighbors)
    assert torch.equal(again(graph)["formation_energy"], network(graph)["formation_energy"])
