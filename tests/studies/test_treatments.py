"""Each choice that the ablation makes outside the recipe changes what it says, and nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import crysnb as cn
from crysnb.studies import treatments
from crysnb.studies.ablation import base_recipe
from crysnb.studies.treatments import (
    LearnedElements,
    MultiTask,
    PlainTarget,
    Pretrained,
    Projected,
    SharedTrunk,
    SharedTrunkRun,
)
from crysnb.training.data import Labelled, load
from crysnb.training.loop import Run
from crysnb.training.pretrain import formulas_outside, load_scalars, pretrain
from crysnb.values.crystal_batch import collate

RECIPE = base_recipe("gmtnet-dielectric", 2).with_changes(
    batch_size=2, width=8, channels=2, blocks=1, cutoff=4.0, noise=0.0, dropout=0.0
)


@pytest.fixture(scope="module")
def train(data: Path) -> list[Labelled]:
    return load(data / "mp_dielectric", RECIPE).parts["train"]


def step(run: Run) -> float:
    return run._step(run.train_set, torch.Generator().manual_seed(0))


def weights(network: nn.Module) -> Tensor:
    return torch.cat([p.detach().flatten() for p in network.parameters()]).clone()


def test_projection_in_training_matters_only_for_displaced_atoms(train: list[Labelled]) -> None:
    def losses(noise: float) -> tuple[float, float]:
        recipe = RECIPE.with_changes(noise=noise)
        return step(Run(recipe, train, [])), step(Projected()(recipe, train, None))

    plain, projected = losses(0.0)
    assert projected == pytest.approx(plain, rel=1e-6)
    plain, projected = losses(0.2)
    assert abs(projected - plain) > 1e-4 * plain


def test_the_projector_is_that_of_the_crystal(train: list[Labelled]) -> None:
    rutile = next(c for c in train if c.id == "rutile")
    random = torch.randn(3, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    random = random + random.T
    got = (treatments._projector(rutile.graph) @ random.flatten()).reshape(3, 3).numpy()
    expected = cn.tensor_form("rutile", "dielectric").project(random.numpy())
    np.testing.assert_allclose(got, expected, atol=1e-9)
    assert np.linalg.norm(got - random.numpy()) > 0.1


def test_plain_target_is_linear_and_standardised_on_epsilon(train: list[Labelled]) -> None:
    run = PlainTarget()(RECIPE, train, None)
    mean = np.mean([np.trace(c.label.numpy()) for c in train]) / 3**0.5
    assert abs(float(run.head.get_buffer("shift")[0])) == pytest.approx(mean, rel=1e-5)
    network = run.train()
    batch = collate([c.graph for c in train])
    x, features = network.trunk(batch)
    head = network.heads["dielectric"]
    latent = head.latent(x, features, batch.crystal_of_atom, batch.n_crystals, treatments_tap, "")
    torch.testing.assert_close(network(batch)["dielectric"], latent)


def treatments_tap(_name: str, value: Tensor, /, **_about: object) -> Tensor:
    return value


def test_learned_elements_start_neutral_beside_the_descriptors_and_learn(train: list[Labelled]) -> None:
    batch = collate([c.graph for c in train])
    base = Run(RECIPE, train, [])
    both = LearnedElements(descriptors=True)(RECIPE, train, None)
    torch.testing.assert_close(
        both.network(batch)["dielectric"], base.network(batch)["dielectric"], rtol=1e-5, atol=1e-5
    )
    both.train()
    learned = both.network.embed.weight[:, -104:].detach()
    seen = sorted({int(z) for c in train for z in c.graph.atomic_number})
    assert learned[:, seen].abs().max(0).values.min() > 0
    assert learned[:, [z for z in range(104) if z not in seen]].abs().max() == 0


def test_learned_elements_alone_know_nothing_of_the_periodic_table(train: list[Labelled]) -> None:
    run = LearnedElements(descriptors=False)(RECIPE, train, None)
    assert torch.equal(run.network.get_buffer("element_features"), torch.eye(104))
    assert run.network.embed.weight.shape == (RECIPE.model.width, 104)
    other = LearnedElements(descriptors=False)(RECIPE.with_changes(seed=1), train, None)
    assert not torch.equal(run.network.embed.weight, other.network.embed.weight)
    assert np.isfinite(step(run))


def test_lessons_share_no_formula_with_val_or_test(data: Path) -> None:
    excluded = formulas_outside(data / "mp_dielectric", "train")
    assert excluded == {"GaN", "BaTiO3"}
    lessons = load_scalars(data / "mp_eform_gap_36k", cutoff=4.0, count=10, max_atoms=30, excluded=excluded)
    # Not rutile (test part), not GaN and BaTiO3 (excluded), not the record without a gap.
    assert {c.id for c in lessons} == {"s-NaCl", "s-GaAs", "s-quartz"}
    assert next(c for c in lessons if c.id == "s-GaAs").label.tolist() == [-2.0, 0.5]
    fewer = load_scalars(data / "mp_eform_gap_36k", cutoff=4.0, count=2, max_atoms=30, excluded=excluded)
    assert [c.id for c in fewer] == [c.id for c in lessons][:2]
    small = load_scalars(data / "mp_eform_gap_36k", cutoff=4.0, count=9, max_atoms=8, excluded=excluded)
    assert {c.id for c in small} == {"s-NaCl", "s-GaAs"}


def test_pretraining_learns_and_leaves_the_tensor_head(data: Path, train: list[Labelled]) -> None:
    lessons = load_scalars(data / "mp_eform_gap_36k", cutoff=4.0, count=9, max_atoms=30, excluded=())
    run = Run(RECIPE, train, [])
    head, trunk = weights(run.network.heads), weights(run.network.blocks)
    recipe = RECIPE.with_changes(learning_rate=1e-2)
    losses = pretrain(run.network, recipe, lessons, 30)
    assert losses[-1] < 0.5 * losses[0]
    assert torch.equal(weights(run.network.heads), head)
    assert not torch.equal(weights(run.network.blocks), trunk)


def test_a_pretrained_run_starts_from_the_pretrained_trunk(data: Path, train: list[Labelled]) -> None:
    state = torch.default_generator.get_state()
    start = Pretrained(crystals=9, epochs=2, max_atoms=30)
    first, again = start(RECIPE, train, data), start(RECIPE, train, data)
    assert torch.equal(weights(first.network), weights(again.network))
    assert torch.equal(weights(first.network), weights(first.averaged))
    assert not torch.equal(weights(first.network), weights(Run(RECIPE, train, []).network))
    assert torch.equal(state, torch.default_generator.get_state())


def test_multi_task_adds_the_weighted_scalar_loss(data: Path, train: list[Labelled]) -> None:
    def first(weight: float) -> float:
        return step(MultiTask(crystals=9, weight=weight, max_atoms=30)(RECIPE, train, data))

    none, half, whole = first(0.0), first(0.5), first(1.0)
    assert none == pytest.approx(step(Run(RECIPE, train, [])), rel=1e-6)
    assert whole - none == pytest.approx(2 * (half - none), rel=1e-4)
    assert half - none > 0.01
    run = MultiTask(crystals=9, weight=0.5, max_atoms=30)(RECIPE, train, data)
    before = weights(run.scalars)
    step(run)
    assert not torch.equal(weights(run.scalars), before)


def test_a_shared_trunk_adds_the_weighted_loss_of_the_other_tensor(train: list[Labelled]) -> None:
    other = RECIPE.with_changes(learns="dielectric_total", properties=("dielectric_total",))

    def run(weight: float) -> SharedTrunkRun:
        return SharedTrunkRun(RECIPE, train, [(other, train[:2])], weight)

    alone, half, whole = (step(run(weight)) for weight in (0.0, 0.5, 1.0))
    assert whole - alone == pytest.approx(2 * (half - alone), rel=1e-4)
    assert whole > alone
    trained = run(1.0)
    before = weights(trained.network.heads["dielectric_total"])
    step(trained)
    assert not torch.equal(weights(trained.network.heads["dielectric_total"]), before)
    shift = trained.averaged.heads["dielectric_total"].get_buffer("shift")
    assert torch.equal(shift, trained.network.heads["dielectric_total"].get_buffer("shift"))


def test_a_shared_trunk_reads_the_training_part_of_the_other_recipe(
    data: Path, train: list[Labelled]
) -> None:
    treatments._beside.cache_clear()
    run = SharedTrunk(("gmtnet-dielectric",))(RECIPE.with_changes(learns="dielectric"), train, data)
    assert isinstance(run, SharedTrunkRun)
    assert [len(crystals) for _, crystals, _ in run.beside] == [4]
