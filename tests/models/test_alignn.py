"""ALIGNN: its layers as published, bonds both ways, every pair of bonds that follow each other."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from crysnb.errors import CrysnbError
from crysnb.graph.build import build as graph_of
from crysnb.models.alignn.bonds import bonds_of
from crysnb.models.alignn.build import build, telling_shapes
from crysnb.models.alignn.config import PRESETS, ALIGNNConfig
from crysnb.models.alignn.model import ALIGNN, EdgeGated
from crysnb.models.interface import build_network
from crysnb.structure.examples import example
from crysnb.values.element_table import ElementTable


def parameters(network: torch.nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


@pytest.mark.parametrize(("features", "expected"), [("cgcnn92", 4_026_753), ("table:128", 4_035_969)])
def test_number_of_parameters_is_that_of_the_original(features: str, expected: int) -> None:
    assert parameters(ALIGNN(features=features)) == expected


def test_every_bond_has_its_way_back() -> None:
    batch = graph_of([example("baddeleyite"), example("rutile")], 8.0, 12)
    bonds = bonds_of(batch)
    assert len(bonds.centre) > batch.n_edges  # a twelfth neighbour that has twelve nearer ones itself
    assert bool((torch.diff(bonds.centre) >= 0).all())
    rows = torch.cat([bonds.centre[:, None], bonds.neighbour[:, None], bonds.vector], dim=1).numpy()
    back = torch.cat([bonds.neighbour[:, None], bonds.centre[:, None], -bonds.vector], dim=1).numpy()
    order, other = (np.lexsort(np.round(x, 6).T) for x in (rows, back))
    np.testing.assert_allclose(rows[order], back[other], atol=1e-9)


def test_angles_are_all_pairs_of_bonds_that_follow_each_other() -> None:
    bonds = bonds_of(graph_of([example("rutile"), example("NaCl")], 3.0, 4))
    pairs = set(zip(bonds.first.tolist(), bonds.second.tolist(), strict=True))
    assert len(pairs) == len(bonds.first)
    assert pairs == {
        (a, b)
        for a in range(len(bonds.centre))
        for b in range(len(bonds.centre))
        if bonds.centre[a] == bonds.neighbour[b]
    }
    cosine = bonds.cosine.numpy()
    there, on = -bonds.vector[bonds.first].numpy(), -bonds.vector[bonds.second].numpy()
    norms = np.linalg.norm(there, axis=1) * np.linalg.norm(on, axis=1)
    np.testing.assert_allclose(cosine, -(there * on).sum(1) / norms, atol=1e-12)
    assert np.abs(cosine).max() <= 1
    returns = np.linalg.norm(there + on, axis=1) < 1e-9
    np.testing.assert_allclose(cosine[returns], 1)
    assert returns.sum() == len(bonds.centre)


def test_an_edge_gated_layer_is_the_published_one() -> None:
    layer = EdgeGated(4).double().eval()
    generator = torch.Generator().manual_seed(0)
    x, y = (torch.randn(n, 4, dtype=torch.float64, generator=generator) for n in (3, 5))
    target, source = torch.tensor([0, 0, 1, 2, 2]), torch.tensor([1, 2, 0, 0, 1])
    nodes, edges = layer(x, y, target, source)
    m = torch.stack(
        [layer.source(x[source[e]]) + layer.target(x[target[e]]) + layer.edge(y[e]) for e in range(5)]
    )
    silu = torch.nn.functional.silu
    assert torch.allclose(edges, y + silu(layer.norm_edge(m)))
    for i in range(3):
        at = target == i
        gates = torch.sigmoid(m[at])
        h = (gates * layer.other(x[source[at]])).sum(0) / (gates.sum(0) + 1e-6)
        assert torch.allclose(nodes[i], x[i] + silu(layer.norm_node((layer.own(x[i]) + h)[None]))[0])


def test_parity_has_the_gaussians_of_the_original() -> None:
    x = torch.tensor([2.05], dtype=torch.float64)
    step = 8 / 79
    for parity, gamma in ((True, 1 / step), (False, 1 / step**2)):
        network = ALIGNN(ALIGNNConfig(width=4, parity=parity))
        expected = torch.exp(-gamma * (x - torch.arange(80) * step) ** 2)
        assert torch.allclose(network.radial(x, torch.float64)[0], expected.clamp(min=2e-22))


def test_atoms_without_neighbours_are_no_trouble() -> None:
    network = ALIGNN(preset="teaching").eval()
    structure = example("NaCl").copy()
    structure.scale_lattice(structure.volume * 100)
    batch = graph_of([structure], network.cutoff, network.neighbors)
    assert batch.n_edges == 0
    assert bool(torch.isfinite(network(batch)["formation_energy"]).all())


def test_a_table_becomes_part_of_the_weights() -> None:
    table = ElementTable(np.array([[1.0, 2.0], [3.0, 4.0]]), ("Na", "Cl"), "mine")
    network = ALIGNN(preset="teaching", features=table, freeze=False)
    assert network.elements.vectors[17].tolist() == [3.0, 4.0]
    assert "elements.vectors" in dict(network.named_parameters())


def test_telling_shapes_are_those_of_the_weights() -> None:
    data = PRESETS.get("teaching").to_dict()
    weights = build(data).state_dict()
    shapes = telling_shapes(data)
    assert {name: tuple(weights[name].shape) for name in shapes} == shapes
    with pytest.raises(CrysnbError):
        build_network("alignn", {**data, "graph_layers": -1})
