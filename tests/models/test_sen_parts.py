"""The parts of SEN-E3: sizes, paths, gradients, switches, configuration."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
import torch
from e3nn import o3
from torch import Tensor

from crysnb.errors import CrysnbError
from crysnb.graph.build import build
from crysnb.models.interface import build_network
from crysnb.models.sen.build import telling_shapes
from crysnb.models.sen.capsules import Blocks
from crysnb.models.sen.config import SENConfig
from crysnb.models.sen.environment import Coupling
from crysnb.models.sen.model import SEN
from crysnb.models.sen.poses import PoseLayout, Votes, squash
from crysnb.structure.examples import example
from crysnb.values.trace import Recorder

SMALL: dict[str, Any] = {"width": 16, "edge_width": 16, "channels": 4, "likelihood": True}
FOUR = ("rutile", "quartz", "BaTiO3", "GaN")


def seeded(config: SENConfig) -> SEN:
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.set_state(torch.Generator().manual_seed(5).get_state())
        return SEN(config).double()


def batch_of_four() -> Any:
    return build([example(name) for name in FOUR], 5.0)


def n_parameters(config: SENConfig) -> int:
    return sum(p.numel() for p in SEN(config).parameters())


def test_presets_have_the_sizes_that_they_promise() -> None:
    assert n_parameters(SENConfig.fast(likelihood=True)) <= 300_000
    fast, analysis = SENConfig.fast(), SENConfig.analysis()
    assert (fast.l_max, fast.loops, fast.parts, fast.objects) == (2, 2, 4, 6)
    assert analysis.l_max == 4
    assert analysis.pose == (2, 2, 2, 1, 1)
    assert all(getattr(analysis, part) for part in ("star_attention", "object_capsules", "likelihood"))
    assert not fast.likelihood


@pytest.mark.parametrize("preset", [SENConfig.fast, SENConfig.analysis])
def test_every_parameter_receives_a_gradient(preset: Any) -> None:
    network = seeded(preset(**SMALL)).train()
    with torch.no_grad():  # what starts at zero would stop the gradient of what comes before
        for parameter in network.parameters():
            parameter.add_(0.05)
    batch = batch_of_four()
    output = network.latent(batch)
    assert output.penalty is not None
    (output.latent.square().sum() + output.penalty).backward()  # type: ignore[no-untyped-call]
    silent = [n for n, p in network.named_parameters() if p.grad is None or not bool((p.grad != 0).any())]
    assert silent == []


def test_control_a_part_that_is_not_called_is_noticed() -> None:
    network = seeded(SENConfig.fast(**SMALL)).eval()  # no penalty: the votes are not computed
    network.latent(batch_of_four()).latent.square().sum().backward()  # type: ignore[no-untyped-call]
    silent = {n.split(".")[0] for n, p in network.named_parameters() if p.grad is None}
    assert silent == {"likelihood"}


@pytest.mark.parametrize("l_max", [1, 2, 3, 4])
def test_every_output_order_has_a_path(l_max: int) -> None:
    coupling = Coupling(l_max)
    assert set(coupling.irreps) == {(order, (-1) ** order) for order in range(l_max + 1)}
    assert bool((coupling.get_buffer("matrix").abs().sum(0) > 0).all())
    votes = Votes(PoseLayout((2,) * (l_max + 1)), 3, 8, 6, 16, 2)
    reached = {(l2, l3) for _, l2, l3 in votes.paths}
    assert reached == {(a, b) for a in range(l_max + 1) for b in range(l_max + 1)}


def test_votes_are_those_of_a_plain_tensor_product() -> None:
    """The matrix products over components against a sum over paths, edge by edge."""
    layout = PoseLayout((2, 2, 2))
    votes = Votes(layout, 3, 8, 6, 16, 2).double()
    generator = torch.Generator().manual_seed(0)
    pose = torch.randn(1, 3, layout.dim, dtype=torch.float64, generator=generator)
    feature = torch.randn(1, 3, 8, dtype=torch.float64, generator=generator)
    direction = torch.randn(1, 3, dtype=torch.float64, generator=generator)
    factors = torch.tensor([1.0, 0.3, -0.7], dtype=torch.float64)
    harmonics = o3.spherical_harmonics([0, 1, 2], direction, normalize=True, normalization="component")[0]
    variable = votes.variable(feature)
    maps = votes.maps(pose, variable)
    fast = torch.einsum("nkdqm,q,m->nkd", maps, factors, harmonics)[0]
    slow: list[list[Tensor]] = [[torch.zeros(2, 2 * order + 1).double() for order in range(3)] for _ in "abc"]
    y = torch.split(harmonics, [1, 3, 5])
    for k in range(3):
        for path, (l1, l2, l3) in enumerate(votes.paths):
            weight = 1 + (variable[0, k, path] * factors[1:]).sum()
            part = votes.static[path][k].T @ layout.split(pose[0, k])[l1]
            matrix = o3.wigner_3j(l1, l2, l3, dtype=torch.float64) * (2 * l3 + 1) ** 0.5
            slow[k][l3] = slow[k][l3] + weight * torch.einsum("cm,q,mqr->cr", part, y[l2], matrix)
    for k in range(3):
        torch.testing.assert_close(fast[k], layout.join(slow[k]))


def test_squash_is_twice_differentiable_at_zero() -> None:
    zero = torch.zeros(3, dtype=torch.float64)
    hessian = torch.func.hessian(lambda x: squash(x).sum())(zero)
    assert bool(torch.isfinite(hessian).all())
    long = torch.full((3,), 1e6, dtype=torch.float64)
    assert float(squash(long).norm()) == pytest.approx(1)


def test_attention_rows_are_shares() -> None:
    network = seeded(SENConfig.fast(**SMALL)).eval()
    recorder = Recorder()
    batch = batch_of_four()
    with torch.inference_mode():
        network(batch, recorder)
    trace = recorder.trace()
    same = batch.crystal_of_atom[:, None] == batch.crystal_of_atom[None, :]
    for h in range(4):
        matrix = trace[f"cap.attn.0.{h}"].value
        assert bool((matrix >= 0).all())
        torch.testing.assert_close(matrix.sum(1), torch.ones(batch.n_atoms).double())
        assert float(matrix[~same].abs().max()) == 0
        star = trace[f"star.self.{h}"].value.clone()
        star.index_add_(0, batch.edge_index[0], trace[f"star.attn.{h}"].value)
        torch.testing.assert_close(star, torch.ones(batch.n_atoms).double())
    shares = torch.zeros(batch.n_crystals, 6).double()
    shares.index_add_(0, batch.crystal_of_atom, trace["glob.assign"].value)
    torch.testing.assert_close(shares, torch.ones_like(shares))
    explained = torch.zeros(batch.n_atoms).double()
    explained.index_add_(0, batch.edge_index[1], trace["obj.resp"].value.sum(1))
    assert float(explained.min()) > 0
    assert float(explained.max()) <= 1 + 1e-12


def test_a_tap_may_replace_the_attention() -> None:
    """Uniform attention instead of the learned one changes the output; the same values change nothing."""
    network = seeded(SENConfig.fast(**SMALL)).eval()
    batch = batch_of_four()

    def same(name: str, value: Tensor, /, **_: Any) -> Tensor:
        return value.clone()

    def uniform(name: str, value: Tensor, /, **_: Any) -> Tensor:
        if not name.startswith("cap.attn"):
            return value
        inside = (value > 0).to(value.dtype)
        return inside / inside.sum(1, keepdim=True)

    with torch.inference_mode():
        plain, kept, changed = (network.latent(batch, tap).latent for tap in (Recorder(), same, uniform))
    assert torch.equal(plain, kept)
    assert float((plain - changed).abs().max()) > 1e-8


def test_masking_one_part_capsule_changes_that_part_alone() -> None:
    network = seeded(SENConfig.fast(**SMALL)).eval()
    batch = batch_of_four()

    def without_second(name: str, value: Tensor, /, **_: Any) -> Tensor:
        if name != "prim.presence":
            return value
        keep = torch.ones(4, dtype=value.dtype)
        keep[1] = 0
        return value * keep

    seen: dict[str, Recorder] = {"all": Recorder(), "masked": Recorder()}

    def recorded(name: str, value: Tensor, /, **about: Any) -> Tensor:
        return seen["masked"](name, without_second(name, value), **about)

    with torch.inference_mode():
        network(batch, seen["all"])
        network(batch, recorded)
    whole, masked = (seen[k].trace() for k in ("all", "masked"))
    for name in ("prim.feature", "prim.pose"):
        assert torch.equal(whole[name].value, masked[name].value)
    kept = [0, 2, 3]
    assert torch.equal(whole["prim.presence"].value[:, kept], masked["prim.presence"].value[:, kept])
    assert not torch.equal(whole["clus.scalar"].value, masked["clus.scalar"].value)


def test_blocks_give_back_what_they_take() -> None:
    crystal = torch.tensor([0, 0, 0, 1, 2, 2])
    blocks = Blocks(crystal, 3)
    values = torch.arange(12.0).reshape(6, 2)
    assert torch.equal(blocks.gather(blocks.spread(values)), values)
    weights = torch.rand(3, 3, 3, generator=torch.Generator().manual_seed(0))
    shown = blocks.tapped(Recorder(), "x", weights, "")
    assert torch.equal(blocks.gather(shown)[:1], blocks.gather(weights)[:1])


@pytest.mark.parametrize(
    "off",
    [
        {"composition": False},
        {"star_attention": False},
        {"capsule_attention": False},
        {"likelihood": False},
        {"sparsity": False},
        {"object_capsules": False, "likelihood": False},
    ],
)
def test_every_component_can_be_switched_off(off: dict[str, bool]) -> None:
    batch = batch_of_four()
    whole = seeded(SENConfig.fast(**SMALL)).eval()
    without = seeded(SENConfig.fast(**{**SMALL, **off})).eval()
    with torch.inference_mode():
        output = without(batch, Recorder())
        assert bool(torch.isfinite(output["band_gap"]).all())
        without.train()
        penalty = without.latent(batch).penalty
    if "object_capsules" in off:
        assert penalty is None
    if set(off) - {"sparsity"}:
        assert len(without.state_dict()) < len(whole.state_dict())


def test_without_directions_there_are_distances() -> None:
    network = seeded(SENConfig.fast(**SMALL, l_max=0, pose=(2,))).train()
    batch = batch_of_four()
    output = network.latent(batch)
    assert output.penalty is not None
    (output.latent.square().sum() + output.penalty).backward()  # type: ignore[no-untyped-call]
    gradient = network.parts.scalar.weight.grad
    assert gradient is not None
    assert float(gradient.abs().max()) > 0
    recorder = Recorder()
    with torch.inference_mode():
        network.eval()(batch, recorder)
    trace = recorder.trace()
    assert "env.0.irreps" not in trace
    assert trace["prim.pose"].irreps == "2x0e"
    shapes = telling_shapes(network.config.to_dict())
    assert all(tuple(network.state_dict()[name].shape) == shape for name, shape in shapes.items())


def test_penalty_is_a_matter_of_training_alone() -> None:
    network = seeded(SENConfig.fast(**SMALL))
    batch = batch_of_four()
    assert network.eval().latent(batch, Recorder()).penalty is None
    size = network.likelihood.get_buffer("size").clone()
    assert network.train().latent(batch).penalty is not None
    assert not torch.equal(size, network.likelihood.get_buffer("size"))


def test_poses_are_constants_for_the_likelihood() -> None:
    """Otherwise shrinking every pose would explain them best."""
    network = seeded(SENConfig.fast(**SMALL, sparsity=False, object_capsules=True)).train()
    penalty = network.latent(batch_of_four()).penalty
    assert penalty is not None
    penalty.backward()  # type: ignore[no-untyped-call]
    for layer in network.layers:
        feed = layer.get_parameter("feed.4.weight").grad  # tokens reach the votes, the last poses do not
        assert feed is not None


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"l_max": 3}, "config.range"),
        ({"pose": "222"}, "config.range"),
        ({"pose": [2, 2, True]}, "config.range"),
        ({"pose": [2, 2, 0]}, "config.range"),
        ({"heads": 5}, "config.range"),
        ({"star_heads": 3}, "config.range"),
        ({"object_capsules": False, "likelihood": True}, "config.range"),
        ({"composition": 1}, "config.range"),
        ({"width": 1e9}, "config.range"),
        ({"properties": ["dielectric"]}, "config.range"),
        ({"no_such_key": 1}, "name.unknown"),
        ({"schema_version": 7}, "config.schema"),
    ],
)
def test_bad_configurations_are_refused(change: dict[str, Any], code: str) -> None:
    data = {**SENConfig.fast().to_dict(), **change}
    with pytest.raises(CrysnbError) as caught:
        build_network("sen", data)
    assert caught.value.code.startswith(code)


def test_configuration_survives_plain_data_and_shapes_tell() -> None:
    config = SENConfig.analysis(**SMALL)
    assert SENConfig.from_dict(config.to_dict()) == config
    weights = build_network("sen", config.to_dict()).state_dict()
    for name, shape in telling_shapes(config.to_dict()).items():
        assert tuple(weights[name].shape) == shape, name


def test_dropout_is_off_outside_training() -> None:
    network = seeded(SENConfig.fast(**SMALL, dropout=0.5)).eval()
    batch = batch_of_four()
    with torch.inference_mode(), warnings.catch_warnings():
        warnings.simplefilter("error")
        assert torch.equal(network.latent(batch).latent, network.latent(batch).latent)
