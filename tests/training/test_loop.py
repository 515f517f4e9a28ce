"""Each ingredient of a training step does what the recipe says."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import crysnb as cn
from crysnb.graph.build import build_one
from crysnb.models.gmtnet.build import build
from crysnb.training.data import Labelled, TrainingData
from crysnb.training.loop import Run, uncertainty_factor
from crysnb.training.loss import tensor_loss
from crysnb.training.publish import write_model
from crysnb.training.recipes import RECIPES
from crysnb.training.stage import displaced
from crysnb.values.crystal_batch import CrystalBatch, collate

RECIPE = RECIPES.get("gmtnet-dielectric").with_changes(
    members=1, epochs=2, batch_size=1, width=8, channels=2, blocks=1, dropout=0.0, noise=0.0, cutoff=4.0
)


def crystal(name: str, *diagonal: float) -> Labelled:
    structure = cn.as_structure(name)
    return Labelled(
        id=name,
        graph=build_one(structure, RECIPE.model.cutoff),
        label=torch.diag(torch.tensor(diagonal, dtype=torch.float64)),
        elements=tuple(sorted(str(e) for e in structure.composition.elements)),
    )


@pytest.fixture(scope="module")
def train() -> list[Labelled]:
    return [crystal("NaCl", 2, 2, 2), crystal("rutile", 6, 6, 7), crystal("GaAs", 11, 11, 11)]


@pytest.fixture(scope="module")
def val() -> list[Labelled]:
    return [crystal("quartz", 30, 30, 50)]


@pytest.mark.parametrize("ema", [0.2, 0.995])
def test_averaged_weights_have_the_closed_form(
    train: list[Labelled], ema: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run(RECIPE.with_changes(ema=ema, learning_rate=0.05), train, [])
    seen = [weights(run.network)]
    step = Run._step

    def recorded(self: Run, chosen: Sequence[Labelled], generator: torch.Generator) -> float:
        loss = step(self, chosen, generator)
        seen.append(weights(self.network))
        return loss

    monkeypatch.setattr(Run, "_step", recorded)
    run.train()
    decays = [min(ema, (1 + k) / (10 + k)) for k in range(6)]
    shares = [1.0] + [1 - d for d in decays]
    expected = sum(s * math.prod(decays[k:]) * w for k, (s, w) in enumerate(zip(shares, seen, strict=True)))
    torch.testing.assert_close(weights(run.averaged), expected, rtol=1e-5, atol=1e-6)
    # The last weights and the first ones are both something else, so that the test can fail.
    assert (weights(run.averaged) - seen[-1]).abs().max() > 1e-4
    assert (weights(run.averaged) - seen[0]).abs().max() > 1e-4


def weights(network: nn.Module) -> Tensor:
    return torch.cat([p.detach().flatten() for p in network.parameters()]).clone()


def test_atoms_are_displaced_by_the_stated_deviation_reproducibly(val: list[Labelled]) -> None:
    batch = collate([val[0].graph] * 1000)

    def moved(seed: int) -> CrystalBatch:
        return displaced(batch, 0.06, torch.Generator().manual_seed(seed))

    shift = torch.einsum("ai,aij->aj", moved(0).frac - batch.frac, batch.cell[batch.crystal_of_atom])
    covariance = torch.cov(shift.T) / 0.06**2
    torch.testing.assert_close(covariance, torch.eye(3, dtype=torch.float64), rtol=0, atol=0.06)
    assert shift.mean(0).abs().max() < 0.004
    assert torch.equal(moved(0).frac, moved(0).frac)
    assert not torch.equal(moved(0).frac, moved(1).frac)
    assert torch.equal(moved(0).cell, batch.cell)


def test_a_step_uses_the_noise(train: list[Labelled]) -> None:
    losses = [
        Run(RECIPE.with_changes(noise=noise), train, [])._step(train, torch.Generator().manual_seed(0))
        for noise in (0.0, 0.0, 0.3)
    ]
    assert losses[0] == losses[1]
    assert abs(losses[2] - losses[0]) > 1e-4


def test_learning_rate_warms_up_and_decays(train: list[Labelled]) -> None:
    run = Run(RECIPE, train, [])

    def share(step: int) -> float:
        run._set_rate(step, 1000)
        (rate,) = {group["lr"] for group in run.optimiser.param_groups}
        return float(rate) / RECIPE.learning_rate

    assert share(0) == pytest.approx(1 / 50)
    assert share(24) == pytest.approx(0.5, rel=0.01)
    assert share(49) == pytest.approx(1, rel=0.01)
    assert share(500) == pytest.approx(0.505)
    assert share(999) == pytest.approx(0.01, rel=0.01)


def test_every_step_sets_its_rate(train: list[Labelled]) -> None:
    run = Run(RECIPE, train, [])
    run.train()
    last = run.optimiser.param_groups[0]["lr"]
    run._set_rate(5, 6)
    assert last == run.optimiser.param_groups[0]["lr"] < 0.1 * RECIPE.learning_rate


def test_each_term_of_the_loss_has_its_weight() -> None:
    label = torch.diag(torch.tensor([3.0, 2.0, 2.0], dtype=torch.float64))[None]
    latent = torch.zeros(1, 3, 3, dtype=torch.float64)  # ε̂ = 2: only the first entry is wrong, by 1
    terms = {
        "latent_weight": math.log(2),
        "relative_weight": 1 / math.sqrt(17),
        "anisotropy_weight": math.sqrt(2 / 3) / (math.sqrt(2 / 3) + 0.05 * math.sqrt(17)),
    }

    def loss(**changes: float) -> float:
        none = dict.fromkeys(terms, 0.0)
        return float(tensor_loss(latent, label, RECIPE.with_changes(**{**none, **changes})))

    for name, value in terms.items():
        assert loss(**{name: 1.0}) == pytest.approx(value, rel=1e-5)
        assert loss(**{name: 2.5}) == pytest.approx(2.5 * value, rel=1e-5)
    assert loss(**dict.fromkeys(terms, 1.0)) == pytest.approx(sum(terms.values()), rel=1e-5)


def test_the_head_is_standardised_by_training_labels_only(train: list[Labelled], val: list[Labelled]) -> None:
    def statistics(train: list[Labelled], val: list[Labelled]) -> Tensor:
        head = Run(RECIPE, train, val).head
        return torch.cat([head.get_buffer("shift"), head.get_buffer("scale")])

    own = statistics(train, [])
    assert torch.equal(own, statistics(train, val))
    assert not torch.equal(own, statistics(train + val, []))
    # Mean over crystals of the trace part of log(ε − 1), in an orthonormal basis.
    logs = [np.log(np.diag(c.label.numpy()) - 1).sum() / math.sqrt(3) for c in train]
    assert float(own[0].abs()) == pytest.approx(abs(np.mean(logs)), rel=1e-5)


def test_elements_are_counted_in_the_training_part_only(
    train: list[Labelled], val: list[Labelled], tmp_path: Path
) -> None:
    data = TrainingData({"train": train, "val": val}, {})
    expected = {"As": 1, "Cl": 1, "Ga": 1, "Na": 1, "O": 1, "Ti": 1}
    assert data.element_counts() == expected
    assert data.element_counts("val") == {"O": 1, "Si": 1}
    card = write_model(tmp_path / "model", RECIPE, build({**RECIPE.model.to_dict(), "members": 1}), data, {})
    assert card.element_counts == expected


class Fixed(nn.Module):
    """Gives stored members, crystal after crystal."""

    def __init__(self, members: Tensor) -> None:
        super().__init__()
        self.members, self.at = members, 0

    def forward(self, batch: CrystalBatch) -> dict[str, Any]:
        start, self.at = self.at, self.at + batch.n_crystals
        return {"dielectric.members": self.members[start : self.at]}


def test_uncertainty_factor_covers_68_percent(train: list[Labelled]) -> None:
    n, rng = 200, np.random.default_rng(0)
    label = train[0].label.numpy()
    ratio = rng.permutation(np.linspace(0, 5, n))  # ‖error‖ over the spread's norm
    pattern = rng.normal(size=(n, 3, 3)) * rng.uniform(0.1, 10, size=(n, 1, 1))
    signs = np.array([1, -1, 1, -1])[:, None, None]
    spread = np.sqrt(4 / 3) * np.abs(pattern)  # standard deviation of ±1, ±1 with one degree lost
    size = np.linalg.norm(spread, axis=(1, 2))
    error = (ratio * size)[:, None, None] * np.eye(3) / math.sqrt(3)
    members = label + error[:, None] + signs * pattern[:, None]
    factor = uncertainty_factor(Fixed(torch.from_numpy(members)), [train[0]] * n, "dielectric")
    assert factor == pytest.approx(0.68 * 5, rel=1e-6)
    covered = np.linalg.norm(error, axis=(1, 2)) <= factor * size
    assert covered.mean() == pytest.approx(0.68, abs=1 / n)
