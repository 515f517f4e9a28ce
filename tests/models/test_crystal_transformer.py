"""CrystalTransformer: its attention term by term, the published forward pass, the table of elements."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from pymatgen.core import Lattice, Structure
from torch import Tensor
from torch.nn.functional import layer_norm, linear, relu, softplus

from crysnb.errors import CrysnbError, OutOfDomain, UnknownName
from crysnb.graph.build import build as graph_of
from crysnb.models.crystal_transformer.build import build, telling_shapes
from crysnb.models.crystal_transformer.config import PRESETS, CrystalTransformerConfig
from crysnb.models.crystal_transformer.model import CrystalTransformer
from crysnb.models.interface import build_network
from crysnb.structure.examples import example
from crysnb.structure.transforms import random_rotation, rotated, supercell
from crysnb.values.crystal_batch import collate
from crysnb.values.trace import Recorder, no_tap

NAMES = ("formation_energy", "band_gap", "bulk_modulus", "shear_modulus")
TINY = CrystalTransformerConfig(n_radial=8, width=16, heads=4, layers=2, hidden=24, cutoff=4.0)
NOT_INVARIANT = pytest.mark.filterwarnings("ignore:.*is not invariant")


def seeded(config: CrystalTransformerConfig, **changes: Any) -> CrystalTransformer:
    """Random weights, also where training starts from zero."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.set_state(torch.Generator().manual_seed(1).get_state())
        network = CrystalTransformer(config, **changes)
        for p in network.parameters():
            p.data.add_(0.3 * torch.randn(p.shape))
    return network.double().eval()


def parameters(network: torch.nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


@NOT_INVARIANT
@pytest.mark.parametrize(
    ("tasks", "expected"), [(1, 4_263_297), (2, 4_362_370), (3, 4_428_419), (4, 4_494_468)]
)
def test_number_of_parameters_is_that_of_the_publication(tasks: int, expected: int) -> None:
    assert parameters(CrystalTransformer(geometry="cartesian", properties=NAMES[:tasks])) == expected


def test_presets() -> None:
    assert round(parameters(CrystalTransformer(properties=NAMES[:1])) / 1e6, 2) == 4.44
    assert parameters(CrystalTransformer(preset="small")) <= 600_000
    with pytest.raises(UnknownName, match="small"):
        CrystalTransformer(preset="smal")


def test_a_layer_is_the_sum_over_all_images() -> None:
    network = seeded(TINY)
    batch = graph_of([example("rutile"), example("NaCl")], TINY.cutoff)
    encoder, layer = network.encoder, network.encoder.layers[1]
    pairs = network.geometry.pairs(batch, torch.float64)
    x = torch.randn(batch.n_atoms, 16, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    weight, total = list(encoder._weights(pairs))[1]
    result = layer(x, pairs, weight, total, no_tap, "")

    q, k, v = layer.query_key_value(layer.norm_attention(x)).reshape(-1, 3, 4, 4).unbind(1)
    own = torch.arange(batch.n_atoms)
    centre, neighbour = torch.cat([batch.edge_index, torch.stack([own, own])], dim=1)
    r = torch.cat([batch.edge_vector.norm(dim=1), torch.zeros(batch.n_atoms, dtype=torch.float64)])
    mu = torch.linspace(0, 4.0, 8, dtype=torch.float64)
    rho = torch.exp(-(((r[:, None] - mu) / 0.5) ** 2))
    envelope = (1 + torch.cos(math.pi * r / 4.0)) / 2
    mixed = torch.zeros(batch.n_atoms, 4, 4, dtype=torch.float64)
    for h in range(4):
        tau, b = encoder.tau[4 + h], encoder.bias_radial[:, 4 + h]
        s = (q[centre, h] * k[neighbour, h]).sum(1) / 2 + rho @ b - softplus(tau) * (r / 4) ** 2
        for i in range(batch.n_atoms):
            at = centre == i
            a = envelope[at] * torch.exp(s[at])
            values = v[neighbour[at], h] + rho[at] @ layer.value_radial[h]
            mixed[i, h] = (a[:, None] * values).sum(0) / a.sum()
    y = x + layer.out(mixed.flatten(1))
    inner = torch.nn.functional.gelu(layer.forward_in(layer.norm_forward(y)))
    expected = y + layer.forward_out(inner)
    assert torch.allclose(result, expected, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("readout", ["mean", "attention", "sum"])
def test_readouts_and_the_size_of_the_cell(readout: str) -> None:
    network = seeded(TINY, readout=readout)
    structure = example("quartz")
    one, two = network.latent(graph_of([structure, supercell(structure, (1, 2, 1))], TINY.cutoff)).features
    assert torch.allclose(two, one * (2 if readout == "sum" else 1), rtol=1e-9)


def test_the_attention_can_be_seen_and_seeing_changes_nothing() -> None:
    network = seeded(TINY)
    batch = graph_of([example("rutile"), example("NaCl")], TINY.cutoff)
    recorder = Recorder()
    seen, plain = network(batch, recorder), network(batch)
    assert all(torch.equal(seen[name], plain[name]) for name in plain)
    entry = recorder.trace()["layer0.attention"]
    assert entry.axes == ("crystal", "head", "atom", "neighbor")
    n = len(example("rutile"))
    first = entry.value[0, :, :n]
    assert torch.allclose(first.sum(2), torch.ones(4, n, dtype=torch.float64))
    assert float(first[:, :, n:].max()) < 1e-20  # none for the places that fill up a smaller crystal


def test_a_hidden_element_is_one_that_is_not_known() -> None:
    network = seeded(TINY, element_dropout=0.5)
    batch = graph_of([example("NaCl")], TINY.cutoff)
    calm = network(batch)["formation_energy"]
    with torch.random.fork_rng(devices=[]):
        assert not torch.equal(network.train()(batch)["formation_energy"], calm)
    assert torch.equal(network.eval()(batch)["formation_energy"], calm)


def test_the_cartesian_geometry_warns() -> None:
    with pytest.warns(UserWarning, match="not invariant"):
        CrystalTransformer(TINY, geometry="cartesian")


@NOT_INVARIANT
def test_the_cartesian_geometry_is_the_published_forward_pass() -> None:
    """Written out with matrices: post-norm, ReLU, the first site, no activation in the head."""
    network = seeded(TINY, geometry="cartesian", properties=("band_gap",))
    structures = [example("rutile"), example("NaCl")]
    result = network.latent(graph_of(structures, network.cutoff, network.neighbors)).latent
    w = network.state_dict()

    def dense(x: Tensor, name: str) -> Tensor:
        return linear(x, w[f"{name}.weight"], w[f"{name}.bias"])

    for structure, value in zip(structures, result, strict=True):
        one_hot = torch.zeros(len(structure), 100, dtype=torch.float64)
        for k, site in enumerate(structure):
            one_hot[k, site.specie.Z - 1] = 1
        places = torch.tensor(np.array(structure.cart_coords))
        x = torch.cat([dense(one_hot, "cartesian.chemistry"), dense(places, "cartesian.place")], dim=1)
        for k in range(2):
            at = f"cartesian.layers.layers.{k}"
            qkv = linear(x, w[f"{at}.self_attn.in_proj_weight"], w[f"{at}.self_attn.in_proj_bias"])
            q, key, v = (part.reshape(-1, 4, 4).transpose(0, 1) for part in qkv.chunk(3, dim=1))
            mixed = torch.softmax(q @ key.transpose(1, 2) / 2, dim=2) @ v
            x = x + dense(mixed.transpose(0, 1).flatten(1), f"{at}.self_attn.out_proj")
            x = layer_norm(x, (16,), w[f"{at}.norm1.weight"], w[f"{at}.norm1.bias"])
            x = x + dense(relu(dense(x, f"{at}.linear1")), f"{at}.linear2")
            x = layer_norm(x, (16,), w[f"{at}.norm2.weight"], w[f"{at}.norm2.bias"])
        expected = dense(dense(x[0], "heads.0.0"), "heads.0.1")
        assert torch.allclose(value, expected, rtol=1e-6)


@NOT_INVARIANT
def test_the_cartesian_geometry_sees_the_orientation() -> None:
    network = seeded(TINY, geometry="cartesian")
    structure = example("quartz")
    turned = rotated(structure, random_rotation(np.random.default_rng(0)))
    one, two = network.latent(graph_of([structure, turned], network.cutoff)).latent
    assert float(((one - two).norm() / one.norm()).detach()) > 1e-2


@NOT_INVARIANT
def test_an_element_without_a_column_is_our_error() -> None:
    heavy = Structure(Lattice.cubic(4), ["Md"], [[0, 0, 0]])
    network = seeded(TINY, geometry="cartesian")
    with pytest.raises(OutOfDomain, match=r"domain\.element"):
        network(graph_of([heavy], network.cutoff))


def test_the_table_of_elements_knows_what_was_seen() -> None:
    network = seeded(TINY)
    table = network.element_embedding({"O": 7, "Ti": 2})
    assert table.vectors.shape == (118, 8)
    assert table.seen == ("O", "Ti")
    assert table.counts == {"O": 7, "Ti": 2}
    np.testing.assert_array_equal(table["O"], network.elements[8].detach().numpy())
    assert len(network.element_embedding().seen) == 118


@NOT_INVARIANT
def test_the_published_table_keeps_its_bias_apart() -> None:
    network = seeded(TINY, geometry="cartesian")
    table = network.element_embedding()
    one_hot = torch.nn.functional.one_hot(torch.tensor(7), 100).double()
    token = network.cartesian.chemistry(one_hot).detach().numpy()
    np.testing.assert_allclose(table["O"] + np.array(table.meta["bias"]), token)


@NOT_INVARIANT
@pytest.mark.parametrize("geometry", ["periodic", "cartesian"])
@pytest.mark.parametrize("n", [1, 2])
def test_telling_shapes_are_those_of_the_weights(geometry: str, n: int) -> None:
    data = {**TINY.to_dict(), "geometry": geometry, "properties": list(NAMES[:n])}
    weights = build(data).state_dict()
    shapes = telling_shapes(data)
    assert {name: tuple(weights[name].shape) for name in shapes} == shapes


@pytest.mark.parametrize(
    "change",
    [{"geometry": "polar"}, {"readout": "first"}, {"width": 30}, {"width": 13, "heads": 13}, {"layers": 0},
     {"dropout": 1.0}, {"cutof": 3}, {"properties": "band_gap"}],
    ids=repr,
)  # fmt: skip
def test_configurations_out_of_range(change: dict[str, Any]) -> None:
    with pytest.raises(CrysnbError):
        build_network("crystal_transformer", {**PRESETS.get("small").to_dict(), **change})


def test_a_pair_beyond_the_cutoff_has_no_weight_and_a_finite_gradient() -> None:
    """Noise moves atoms and leaves the edges: some then lie farther than the cutoff, with a high score."""
    network = CrystalTransformer(TINY).train()
    batch = graph_of([example("rutile")], 4.0)
    stretched = replace(batch, cell=batch.cell * 1.3)
    calm = graph_of([example("NaCl")], 4.0)
    for layer in network.encoder.layers:
        layer.query_key_value.weight.data.mul_(30.0)
    network.latent(collate([stretched, calm])).latent.square().sum().backward()
    gradients = [p.grad for p in network.parameters() if p.grad is not None]
    assert all(bool(torch.isfinite(g).all()) for g in gradients)


def test_attention_can_be_replaced() -> None:
    network = seeded(TINY)
    batch = graph_of([example("rutile")], TINY.cutoff)

    def uniform(name: str, value: Tensor, /, **_: Any) -> Tensor:
        return torch.full_like(value, 1 / value.shape[3]) if name.endswith("attention") else value

    def same(name: str, value: Tensor, /, **_: Any) -> Tensor:
        return value.clone()

    plain = network(batch)["formation_energy"]
    assert torch.allclose(network(batch, same)["formation_energy"], plain, rtol=1e-9)
    assert not torch.allclose(network(batch, uniform)["formation_energy"], plain, rtol=1e-3)


def test_high_scores_of_pairs_that_are_no_edges_change_nothing() -> None:
    """Trained scores reach tens: neither far pairs nor the places that fill up a crystal may leak in."""
    network = seeded(TINY)
    for layer in network.encoder.layers:
        layer.query_key_value.weight.data.mul_(20.0)
    large, small = example("baddeleyite"), example("rutile")
    alone = network(graph_of([small], 4.0))["formation_energy"][0]
    together = network(graph_of([large, small], 4.0))["formation_energy"][1]
    doubled = network(graph_of([supercell(small, (3, 1, 1))], 4.0))["formation_energy"][0]
    assert torch.allclose(together, alone, rtol=1e-9)
    assert torch.allclose(doubled, alone, rtol=1e-9)
