"""The two baselines for tensors: one turns with the crystal, the other does not, and both are said to."""

import importlib

import numpy as np
import pytest
import torch

import crysnb as cn
from crysnb.errors import CrysnbError
from crysnb.graph.build import build, build_one
from crysnb.models.etgnn.config import ETGNNConfig
from crysnb.models.etgnn.model import ETGNN, FixedAxes
from crysnb.models.interface import FAMILIES, build_network, config_class
from crysnb.models.tensor_head import tensor_of
from crysnb.structure.examples import example
from crysnb.structure.transforms import random_rotation, recelled, rotated
from crysnb.symmetry.detect import detect
from crysnb.symmetry.project import project
from crysnb.values.property_spec import property_spec
from crysnb.values.tensor_kind import rotate
from crysnb.weights import store

ALL = ("dielectric", "piezoelectric", "elastic")
CONFIG = ETGNNConfig(properties=ALL, cutoff=4.5, width=8, hidden=16, blocks=2, channels=4, n_radial=12)


def network(make):
    torch.manual_seed(3)
    return make(CONFIG).double().eval()


def tensors(net, *structures):
    with torch.inference_mode():
        found = net(build(structures, CONFIG.cutoff))
    return {name: found[name].numpy() for name in ALL}


@pytest.mark.parametrize("name", ["quartz", "GaN", "BaTiO3"])
@pytest.mark.parametrize("reflect", [False, True])
def test_etgnn_turns_with_the_crystal(name, reflect):
    net, crystal = network(ETGNN), example(name)
    turn = random_rotation(np.random.default_rng(0)) * (-1 if reflect else 1)
    before, after = tensors(net, crystal), tensors(net, rotated(crystal, turn))
    for prop in ALL:
        kind = tensor_of(property_spec(prop))
        expected = rotate(kind, before[prop][0], turn)
        assert np.abs(after[prop][0] - expected).max() < 1e-9 * max(1, np.abs(expected).max())


@pytest.mark.parametrize("make", [ETGNN, FixedAxes])
def test_neither_depends_on_cell_or_order(make):
    net, crystal = network(make), example("rutile")
    before = tensors(net, crystal)
    for other in (crystal * (2, 1, 1), recelled(crystal, np.random.default_rng(2))):
        after = tensors(net, other)
        for prop in ALL:
            assert np.allclose(after[prop], before[prop], atol=1e-9)


def test_etgnn_obeys_the_point_group_and_forbids_what_it_forbids():
    net = network(ETGNN)
    for name in ("NaCl", "quartz", "corundum"):
        symmetry = detect(example(name))
        for prop, (tensor,) in tensors(net, example(name)).items():
            kind = tensor_of(property_spec(prop))
            allowed = project(kind, tensor, symmetry.rotations)
            assert np.abs(tensor - allowed).max() < 1e-4 * max(1.0, np.abs(tensor).max())


def test_fixed_axes_break_the_symmetry_and_stay_when_the_crystal_turns():
    net, crystal = network(FixedAxes), example("NaCl")
    turn = random_rotation(np.random.default_rng(1))
    before, after = tensors(net, crystal), tensors(net, rotated(crystal, turn))
    eps = before["dielectric"][0]
    assert np.allclose(after["dielectric"][0], eps, atol=1e-9)
    assert np.abs(eps - np.trace(eps) / 3 * np.eye(3)).max() > 1e-2
    assert np.abs(before["piezoelectric"]).max() > 1e-3  # of a crystal with inversion


@pytest.mark.parametrize("make", [ETGNN, FixedAxes])
def test_every_parameter_gets_a_gradient(make):
    net = network(make)
    found = net(build([example(n) for n in ("quartz", "GaN", "BaTiO3", "kyanite")], CONFIG.cutoff))
    sum(found[name].square().sum() for name in ALL).backward()
    idle = [n for n, p in net.named_parameters() if p.grad is None or p.grad.abs().max() == 0]
    # the state starts at zero, and nothing reads it after the last round
    unread = f"blocks.{CONFIG.blocks - 1}.whole"
    assert [n for n in idle if not n.startswith(unread)] == ["embed_state.0.weight"]


@pytest.mark.parametrize("family", ["etgnn", "megnet-tensor"])
def test_families_are_built_from_plain_data(family):
    assert family in FAMILIES
    assert config_class(family) is ETGNNConfig
    plain = {**CONFIG.to_dict(), "members": 2}
    net = build_network(family, plain)
    graph = build_one(example("GaN"), CONFIG.cutoff)
    assert net(graph)["elastic.members"].shape == (1, 2, 3, 3, 3, 3)
    with pytest.raises(CrysnbError, match="width"):
        build_network(family, {**plain, "width": 0})


@pytest.mark.parametrize("family", ["etgnn", "megnet-tensor"])
@pytest.mark.parametrize("name", [*ALL, "dielectric_total"])
def test_telling_shapes_are_those_of_the_network(family, name):
    plain = {**CONFIG.to_dict(), "properties": [name], "members": 2}
    weights = build_network(family, plain).state_dict()
    told = importlib.import_module(FAMILIES.get(family)).telling_shapes(plain)
    assert {key: tuple(weights[key].shape) for key in told} == told


@pytest.mark.parametrize("family", ["etgnn", "megnet-tensor"])
def test_a_card_with_a_number_is_refused_by_our_error(family):
    told = importlib.import_module(FAMILIES.get(family)).telling_shapes
    with pytest.raises(CrysnbError, match="scalar"):
        told({**CONFIG.to_dict(), "properties": ["band_gap"]})


@pytest.mark.skipif("megnet-dielectric" not in store.shipped(), reason="the baseline is not shipped")
def test_who_predicts_in_fixed_axes_is_told():
    codes = [n.code for n in cn.predict("rutile", "megnet-dielectric").notices]
    assert "model.fixed_axes" in codes
    assert "model.fixed_axes" not in [n.code for n in cn.predict("rutile", "etgnn-dielectric").notices]
