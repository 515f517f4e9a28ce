"""CGCNN: its layers as published, its inputs, its errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from crysnb.errors import CrysnbError, OutOfDomain, ShapeError, UnknownName
from crysnb.graph.build import build as graph_of
from crysnb.graph.element_classes import CLASSES, element_classes
from crysnb.models.cgcnn.build import build, telling_shapes
from crysnb.models.cgcnn.config import CGCNNConfig
from crysnb.models.cgcnn.model import CGCNN
from crysnb.models.interface import build_network
from crysnb.structure.examples import example
from crysnb.values.element_table import ElementTable


def trained(network: torch.nn.Module) -> int:
    return sum(p.numel() for p in network.parameters() if p.requires_grad)


def table(*elements: str, dim: int = 5) -> ElementTable:
    vectors = np.random.default_rng(0).normal(size=(len(elements), dim))
    return ElementTable(vectors, elements, "mine")


@pytest.mark.parametrize(("features", "expected"), [("cgcnn92", 80_833), ("table:128", 83_137)])
def test_number_of_parameters_is_that_of_the_original(features: str, expected: int) -> None:
    assert trained(CGCNN(CGCNNConfig(features=features))) == expected


def test_a_convolution_is_the_published_sum() -> None:
    """One atom after another, with the layer on the concatenated vector as eq. 5 writes it."""
    network = CGCNN().double().eval()
    batch = graph_of([example("rutile")], network.cutoff, network.neighbors)
    layer = network.convolutions[0]
    for norm in (layer.norm_edge, layer.norm_sum):  # statistics that a mistake could not pass through
        norm.running_mean.uniform_(-1, 1)
        norm.running_var.uniform_(0.5, 2)
    v = torch.randn(batch.n_atoms, 64, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    r = batch.edge_vector.norm(dim=1)
    u = torch.exp(-(((r[:, None] - torch.arange(41).double() * 0.2) / 0.2) ** 2))
    result = layer(v, network.radial(r, torch.float64), batch.edge_index, lambda _, x, **__: x, "")
    for i in range(batch.n_atoms):
        total = torch.zeros(64, dtype=torch.float64)
        for e in (batch.edge_index[0] == i).nonzero()[:, 0]:
            z = layer.norm_edge(layer.full(torch.cat([v[i], v[batch.edge_index[1, e]], u[e]])[None]))[0]
            total += torch.sigmoid(z[:64]) * torch.nn.functional.softplus(z[64:])
        expected = torch.nn.functional.softplus(v[i] + layer.norm_sum(total[None])[0])
        assert torch.allclose(result[i], expected, rtol=1e-12)


def test_classes_of_elements() -> None:
    rows = element_classes()
    assert rows.shape == (104, 92)
    assert set(np.unique(rows)) == {0.0, 1.0}

    def names(z: int) -> set[str]:
        return {CLASSES[k] for k in np.flatnonzero(rows[z])}

    assert names(8) == {
        "group_16", "row_2", "electronegativity_8", "covalent_radius_pm_1", "valence_6",
        "log_ionization_energy_6", "electron_affinity_6", "block_p", "log_molar_volume_4",
    }  # fmt: skip
    assert {"group_0", "row_6", "valence_2", "block_f"} <= names(60)
    assert {"valence_2", "group_18"} <= names(2)
    assert "valence_11" in names(29)


def test_a_table_becomes_part_of_the_weights() -> None:
    mine = table("Na", "Cl")
    frozen, tuned = CGCNN(features=mine), CGCNN(features=mine, freeze=False)
    assert tuned.config.features == "table:5"
    np.testing.assert_allclose(frozen.elements.vectors[11], mine["Na"], rtol=1e-6)
    assert trained(tuned) - trained(frozen) == frozen.elements.vectors.numel()
    again = build(tuned.config.to_dict())
    again.load_state_dict(tuned.state_dict())
    batch = graph_of([example("NaCl")], 8.0, 12)
    assert torch.equal(again.eval()(batch)["formation_energy"], tuned.eval()(batch)["formation_energy"])


def test_an_element_without_a_vector_is_named() -> None:
    gap = ElementTable(np.array([[1.0, 2.0], [np.nan, np.nan]]), ("Ti", "O"), "gap")
    network = CGCNN(features=gap).eval()
    with pytest.raises(OutOfDomain, match=r"domain\.element.*for O\."):
        network(graph_of([example("rutile")], 8.0, 12))


def test_tables_that_cannot_be_used_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"elements\.partial.*O"):
        CGCNN(features=ElementTable(np.array([[1.0, 2.0], [1.0, np.nan]]), ("Ti", "O"), "half"))
    with pytest.raises(ShapeError, match=r"elements\.columns"):
        CGCNN(CGCNNConfig(features="table:7")).elements.take(table("Ti"))


@pytest.mark.parametrize(
    "change",
    [
        {"features": "magpie"}, {"features": "learned:0"}, {"features": 3}, {"freeze": 1}, {"width": 0},
        {"cutoff": 99.0}, {"neighbors": 2.5}, {"properties": ["dielectric"]}, {"properties": []},
    ],
    ids=repr,
)  # fmt: skip
def test_configurations_out_of_range(change: dict[str, Any]) -> None:
    with pytest.raises(CrysnbError):
        build_network("cgcnn", {**CGCNNConfig().to_dict(), **change})


def test_unknown_keys_are_named() -> None:
    with pytest.raises(UnknownName, match="widht"):
        CGCNNConfig.from_dict({**CGCNNConfig().to_dict(), "widht": 3})


@pytest.mark.parametrize("features", ["onehot", "learned:16", "table:3", "cgcnn92"])
def test_telling_shapes_are_those_of_the_weights(features: str) -> None:
    config = CGCNNConfig(properties=("band_gap", "formation_energy"), features=features, hidden_layers=3)
    weights = build(config.to_dict()).state_dict()
    shapes = telling_shapes(config.to_dict())
    assert {name: tuple(weights[name].shape) for name in shapes} == shapes
