"""MEGNet: its layers as published, aggregation to the right side."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from crysnb.errors import CrysnbError
from crysnb.graph.build import build as graph_of
from crysnb.models.element_input import ROWS
from crysnb.models.interface import build_network
from crysnb.models.megnet.build import build, telling_shapes
from crysnb.models.megnet.config import PRESETS, MEGNetConfig
from crysnb.models.megnet.model import MEGNet, Set2Set, State
from crysnb.structure.examples import example
from crysnb.values.element_table import ElementTable


@pytest.mark.parametrize(
    ("features", "elements", "columns", "expected"),
    [("learned:16", 89, 16, 189_521), ("table:128", 100, 128, 208_065)],
)
def test_number_of_parameters_is_that_of_the_original(
    features: str, elements: int, columns: int, expected: int
) -> None:
    network = MEGNet(features=features, freeze=False)
    # The original has a row for the elements of its data alone.
    rows_more = (ROWS - elements) * columns
    assert sum(p.numel() for p in network.parameters()) - rows_more == expected


def test_a_block_sums_bonds_into_their_centre() -> None:
    """Atom after atom, bond after bond; matgl added bonds to the neighbour until 2026."""
    config = PRESETS.get("teaching")
    block = MEGNet(config).double().blocks[1]
    batch = graph_of([example("rutile"), example("quartz")], 3.0)
    generator = torch.Generator().manual_seed(0)

    def random(n: int) -> torch.Tensor:
        return torch.randn(n, config.width, dtype=torch.float64, generator=generator)

    state = State(random(batch.n_atoms), random(batch.n_edges), random(2))
    result = block(state, batch)
    v, e, u = (f(x) for f, x in zip(block.before, state, strict=True))
    crystal = batch.crystal_of_atom
    bonds = torch.stack(
        [
            block.bond(torch.cat([v[i], v[j], e[k], u[crystal[i]]]))
            for k, (i, j) in enumerate(batch.edge_index.T)
        ]
    )
    atoms = torch.stack(
        [
            block.atom(torch.cat([bonds[batch.edge_index[0] == i].mean(0), v[i], u[crystal[i]]]))
            for i in range(batch.n_atoms)
        ]
    )
    for k in range(2):
        of_bond = crystal[batch.edge_index[0]] == k
        means = [bonds[of_bond].mean(0), atoms[crystal == k].mean(0), u[k]]
        assert torch.allclose(result.u[k], state.u[k] + block.whole(torch.cat(means)))
    assert torch.allclose(result.e, state.e + bonds)
    assert torch.allclose(result.v, state.v + atoms)


def test_set_to_set_reads_a_weighted_mean() -> None:
    module = Set2Set(3, 2).double()
    x = torch.randn(7, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    crystal = torch.tensor([0, 0, 0, 1, 1, 1, 1])
    for k in range(2):
        rows = x[crystal == k]
        query = memory = read = torch.zeros(1, 3, dtype=torch.float64)
        for _ in range(2):
            query, memory = module.lstm(torch.cat([query, read], dim=1), (query, memory))
            read = torch.softmax(rows @ query[0], dim=0)[None] @ rows
        assert torch.allclose(module(x, crystal, 2)[k], torch.cat([query, read], dim=1)[0])


def test_an_atom_without_bonds_is_no_trouble() -> None:
    network = MEGNet(preset="teaching").eval()
    structure = example("NaCl").copy()
    structure.scale_lattice(structure.volume * 30)
    batch = graph_of([structure], network.cutoff)
    assert batch.n_edges == 0
    assert bool(torch.isfinite(network(batch)["formation_energy"]).all())


def test_a_table_becomes_part_of_the_weights() -> None:
    table = ElementTable(np.array([[1.0, 2.0], [3.0, 4.0]]), ("Na", "Cl"), "mine")
    network = MEGNet(preset="teaching", features=table, freeze=True)
    assert network.config.features == "table:2"
    assert network.elements.vectors[17].tolist() == [3.0, 4.0]
    assert "elements.vectors" not in dict(network.named_parameters())


def test_telling_shapes_are_those_of_the_weights() -> None:
    data = MEGNetConfig(properties=("band_gap", "formation_energy"), blocks=2).to_dict()
    weights = build(data).state_dict()
    shapes = telling_shapes(data)
    assert {name: tuple(weights[name].shape) for name in shapes} == shapes
    with pytest.raises(CrysnbError):
        build_network("megnet", {**data, "passes": 0})
