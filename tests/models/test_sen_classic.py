"""SEN-classic: invariant by itself, and a negative control with the published attention."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from pymatgen.core import Lattice, Structure

from crysnb.errors import CrysnbError
from crysnb.graph.build import build
from crysnb.models.interface import build_network
from crysnb.models.sen.classic import ClassicConfig, PictureCapsules, SENClassic, plane_map
from crysnb.models.sen.classic_build import telling_shapes
from crysnb.structure.examples import example
from crysnb.structure.transforms import random_rotation, recelled, reordered, rotated, supercell
from crysnb.testing.crystals import REPRESENTATIVE
from crysnb.values.trace import Recorder, no_tap


def seeded(config: ClassicConfig) -> SENClassic:
    with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.default_generator.set_state(torch.Generator().manual_seed(1).get_state())
        return SENClassic(config).double().eval()


def run(network: SENClassic, *structures: Structure) -> NDArray[np.float64]:
    with torch.inference_mode():
        output = network(build(structures, network.cutoff))
    return torch.stack([output[name] for name in network.properties], dim=1).numpy()


def batch_dependence(network: SENClassic) -> float:
    """Largest change of the energy with its batch mates, in units of its spread; gaps are cut at zero."""
    structures = [example(name) for name in REPRESENTATIVE]
    alone = np.concatenate([run(network, s)[:, 0] for s in structures])
    together = run(network, *structures)[:, 0]
    return float(np.abs(together - alone).max() / np.ptp(together))


@pytest.mark.parametrize("attention", [False, True])
def test_batch_mates_do_not_matter(attention: bool) -> None:
    assert batch_dependence(seeded(ClassicConfig(atom_attention=attention))) < 1e-9


def test_control_the_published_attention_fails_that_test() -> None:
    assert batch_dependence(seeded(ClassicConfig(legacy_batch_attention=True))) > 1e-3


def test_the_published_attention_warns() -> None:
    config = ClassicConfig(legacy_batch_attention=True)
    with pytest.warns(UserWarning, match="depends on the other crystals"):
        SENClassic(config)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        SENClassic(ClassicConfig())


@pytest.mark.parametrize("attention", [False, True])
@pytest.mark.parametrize("name", ["rutile", "quartz", "BaTiO3"])
def test_invariant(name: str, attention: bool) -> None:
    network = seeded(ClassicConfig(atom_attention=attention))
    structure, rng = example(name), np.random.default_rng(0)
    others = [
        supercell(structure, (2, 1, 1)),
        recelled(structure, rng),
        reordered(structure, rng),
        rotated(structure, random_rotation(rng, proper=False)),
    ]
    assert np.abs(run(network, *others) - run(network, structure)).max() < 1e-9


def test_poses_do_not_turn_with_the_crystal() -> None:
    """Why nothing about space-group operations can be read from them."""
    network = seeded(ClassicConfig())
    poses = []
    for structure in (
        example("quartz"),
        rotated(example("quartz"), random_rotation(np.random.default_rng(2))),
    ):
        recorder = Recorder()
        with torch.inference_mode():
            network(build([structure], network.cutoff), recorder)
        poses.append(recorder.trace()["prim.pose"].value)
    assert poses[0].shape == (1, 16, 6)
    torch.testing.assert_close(poses[0], poses[1], rtol=1e-9, atol=1e-12)


def test_smooth_at_the_cut_off_and_defined_without_neighbours() -> None:
    network = seeded(ClassicConfig())

    def pair(distance: float) -> Structure:
        return Structure(
            Lattice.cubic(14),
            ["Na", "Cl"],
            [[0.0, 0.0, 0.0], [distance, 0.0, 0.0]],
            coords_are_cartesian=True,
        )

    r = network.cutoff
    values = run(network, pair(r - 1e-6), pair(r + 1e-6), pair(r - 0.5))
    assert np.abs(values[0] - values[1]).max() < 1e-6
    assert np.abs(values[0] - values[2]).max() > 1e-6


def test_every_parameter_receives_a_gradient() -> None:
    network = seeded(ClassicConfig(atom_attention=True)).train()
    batch = build([example(n) for n in REPRESENTATIVE[:4]], network.cutoff)
    network.latent(batch).latent.square().sum().backward()  # type: ignore[no-untyped-call]
    assert [n for n, p in network.named_parameters() if p.grad is None or not bool((p.grad != 0).any())] == []


def test_noise_is_a_matter_of_training_alone() -> None:
    network = seeded(ClassicConfig())
    batch = build([example("quartz")], network.cutoff)
    with torch.inference_mode():
        assert torch.equal(network.latent(batch).latent, network.latent(batch).latent)
        network.train()
        assert not torch.equal(network.latent(batch).latent, network.latent(batch).latent)


def test_masking_one_attention_map_changes_that_capsule_alone() -> None:
    """The published code mixes channels of different capsules."""
    capsules = PictureCapsules(8).double().eval()
    picture = torch.randn(2, 256, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        before = capsules(picture, no_tap)[1]
        rows = torch.unflatten(capsules.to_capsules.weight, 0, (16, -1))
        rows[3, -1] += 1.0
        after = capsules(picture, no_tap)[1]
    changed = (before != after).any(2).any(0)
    assert changed.nonzero().flatten().tolist() == [3]


def test_plane_map_of_unit_scale_is_a_rotation() -> None:
    logits = torch.tensor([0.99, 0.99, 0.15, 0.0, 0.0, 0.0], dtype=torch.float64)
    matrix = plane_map(logits).reshape(2, 3)[:, :2]
    unit = torch.nn.functional.selu(torch.tensor(0.99, dtype=torch.float64)) + 0.01
    torch.testing.assert_close(matrix @ matrix.T, unit**2 * torch.eye(2, dtype=torch.float64))


@pytest.mark.parametrize(
    "change", [{"kernel_channels": 30}, {"legacy_batch_attention": "no"}, {"rows": 1}, {"no_such_key": 1}]
)
def test_bad_configurations_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(CrysnbError):
        build_network("sen_classic", {**ClassicConfig().to_dict(), **change})


def test_shapes_tell() -> None:
    data = ClassicConfig(rows=4).to_dict()
    weights = build_network("sen_classic", data).state_dict()
    for name, shape in telling_shapes(data).items():
        assert tuple(weights[name].shape) == shape, name
