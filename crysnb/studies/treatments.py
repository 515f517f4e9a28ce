"""Choices of the ablation that no field of a recipe states, each as a way to start a run."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import cast

import numpy as np
import torch
from pymatgen.core import Lattice, Structure
from torch import Tensor, nn

from crysnb.datasets.records import data_folder
from crysnb.models.gmtnet.model import GMTNet
from crysnb.models.tensor_head import TensorHead
from crysnb.models.tensor_targets import PLAIN
from crysnb.symmetry.detect import detect
from crysnb.training.data import Labelled, labels_near, load
from crysnb.training.loop import Run, labels_for, seeded_network, standardise
from crysnb.training.loss import tensor_loss, weighted_loss
from crysnb.training.moduli import load_lessons, taught
from crysnb.training.pretrain import formulas_outside, load_scalars, pretrain, seeded_head
from crysnb.training.recipes import tensor_recipe
from crysnb.training.scalar_data import ScalarCrystal
from crysnb.training.stage import displaced
from crysnb.training.tensor_recipe import TensorRecipe
from crysnb.values.crystal_batch import CrystalBatch, collate
from crysnb.values.trace import no_tap

#: Data set of the formation energies and band gaps.
SCALARS = "mp_eform_gap_36k"


@dataclass(frozen=True, slots=True)
class Plain:
    """The run of the recipe as it stands, after its lessons if it has any."""

    def __call__(self, recipe: TensorRecipe, train: Sequence[Labelled], data: Path | None) -> Run:
        """A fresh run."""
        if not recipe.lessons:
            return Run(recipe, train, [])
        lessons = load_lessons(data_folder(recipe.dataset, data), recipe)
        return Run(recipe, train, [], network=taught(recipe, train, lessons))


@dataclass(frozen=True, slots=True)
class Projected:
    """The loss sees S = log(ε − 1) after projection onto the crystal's point group.

    The projection of S and the exponential commute with the group, so that ε = 1 + exp(S) is invariant too.
    """

    def __call__(self, recipe: TensorRecipe, train: Sequence[Labelled], data: Path | None) -> Run:  # noqa: ARG002
        """A run with a projector per crystal."""
        return ProjectedRun(recipe, train, [])


class ProjectedRun(Run):
    """Training on projected outputs; see :class:`Projected`."""

    def _loss(self, chosen: Sequence[Labelled], latent: Tensor) -> Tensor:
        projectors = torch.stack([_projector(c.graph) for c in chosen]).to(latent.dtype)
        projected = torch.einsum("nij,nj->ni", projectors, latent.flatten(1)).reshape(latent.shape)
        return super()._loss(chosen, projected)


@lru_cache(maxsize=4096)
def _projector(graph: CrystalBatch) -> Tensor:
    """Average of R ⊗ R over the point group of one crystal, [9, 9]."""
    lattice = Lattice(graph.cell[0].numpy())
    structure = Structure(lattice, graph.atomic_number.tolist(), graph.frac.numpy())
    rotations = detect(structure).rotations
    return torch.from_numpy(np.einsum("gik,gjl->ijkl", rotations, rotations).reshape(9, 9) / len(rotations))


@dataclass(frozen=True, slots=True)
class PlainTarget:
    """The network gives the tensor itself, no logarithm; the loss's first term is in units of its spread."""

    def __call__(self, recipe: TensorRecipe, train: Sequence[Labelled], data: Path | None) -> Run:  # noqa: ARG002
        """A run whose head is linear."""
        return PlainTargetRun(recipe, train)


class PlainTargetRun(Run):
    """Training on tensors without a transform; see :class:`PlainTarget`."""

    def __init__(self, recipe: TensorRecipe, train: Sequence[Labelled]) -> None:
        network = seeded_network(recipe)
        cast("TensorHead", network.heads[recipe.learns]).target = PLAIN
        super().__init__(recipe, train, [], network=network)
        labels = torch.stack([c.label for c in self.train_set])
        standardise(self.head, labels)
        self.averaged.load_state_dict(self.network.state_dict())
        self.spread = float((labels - labels.mean(0)).flatten(1).square().sum(1).mean().sqrt())

    def _loss(self, chosen: Sequence[Labelled], latent: Tensor) -> Tensor:
        label = labels_near(chosen, latent).to(latent.dtype)
        return weighted_loss((latent - label) / self.spread, latent, label, self.recipe)


@dataclass(frozen=True, slots=True)
class LearnedElements:
    """A learned vector per element, alone or added to the one made of the element's descriptors."""

    descriptors: bool

    def __call__(self, recipe: TensorRecipe, train: Sequence[Labelled], data: Path | None) -> Run:  # noqa: ARG002
        """A run whose first layer reads the one-hot element (and the descriptors)."""
        network = cast("GMTNet", seeded_network(recipe))
        table = network.get_buffer("element_features")
        one_hot = torch.eye(len(table))
        learned = torch.zeros(recipe.model.width, len(table))
        if not self.descriptors:
            # The spread that the layer on standardised descriptors starts with.
            learned.normal_(std=1 / math.sqrt(3), generator=torch.Generator().manual_seed(recipe.seed))
        weight = torch.cat([network.embed.weight.detach(), learned], dim=1) if self.descriptors else learned
        network.register_buffer(
            "element_features", torch.cat([table, one_hot], dim=1) if self.descriptors else one_hot
        )
        bias = network.embed.bias
        network.embed = nn.Linear(weight.shape[1], weight.shape[0])
        network.embed.weight, network.embed.bias = nn.Parameter(weight), bias
        return Run(recipe, train, [], network=network)


@dataclass(frozen=True, slots=True)
class Pretrained:
    """The trunk first learns formation energy and band gap of ``crystals`` other crystals."""

    crystals: int
    epochs: int
    max_atoms: int = 16

    def __call__(self, recipe: TensorRecipe, train: Sequence[Labelled], data: Path | None) -> Run:
        """A run that starts from the pre-trained trunk."""
        network = seeded_network(recipe)
        lessons = _lessons(recipe.dataset, recipe.model.cutoff, self.crystals, self.max_atoms, data)
        pretrain(network, recipe, lessons, self.epochs)
        return Run(recipe, train, [], network=network)


@dataclass(frozen=True, slots=True)
class MultiTask:
    """Every step also learns formation energy and band gap on a batch of other crystals."""

    crystals: int
    weight: float
    max_atoms: int = 16

    def __call__(self, recipe: TensorRecipe, train: Sequence[Labelled], data: Path | None) -> Run:
        """A run with a second head."""
        lessons = _lessons(recipe.dataset, recipe.model.cutoff, self.crystals, self.max_atoms, data)
        return MultiTaskRun(recipe, train, lessons, self.weight)


class MultiTaskRun(Run):
    """Training with an auxiliary scalar head; see :class:`MultiTask`."""

    def __init__(
        self, recipe: TensorRecipe, train: Sequence[Labelled], lessons: Sequence[ScalarCrystal], weight: float
    ) -> None:
        super().__init__(recipe, train, [])
        self.lessons, self.weight = lessons, weight
        self.scalars = seeded_head(recipe, lessons)
        self.optimiser.add_param_group(
            {"params": list(self.scalars.parameters()), "weight_decay": recipe.weight_decay}
        )
        self.draws = torch.Generator().manual_seed(recipe.seed)

    def _loss(self, chosen: Sequence[Labelled], latent: Tensor) -> Tensor:
        picked = torch.randperm(len(self.lessons), generator=self.draws)[: self.recipe.batch_size]
        lessons = [self.lessons[i] for i in picked.tolist()]
        batch = displaced(collate([c.graph for c in lessons]), self.recipe.noise, self.draws)
        labels = torch.stack([c.label for c in lessons])
        auxiliary = self.scalars.loss(self.network.trunk(batch)[0], batch, labels)
        return super()._loss(chosen, latent) + self.weight * auxiliary


@dataclass(frozen=True, slots=True)
class SharedTrunk:
    """One trunk for several tensors: every step also learns those of other recipes, each with its head."""

    others: tuple[str, ...]
    weight: float = 1.0

    def __call__(self, recipe: TensorRecipe, train: Sequence[Labelled], data: Path | None) -> Run:
        """A run whose network has a head for each of the tensors."""
        cutoff = recipe.model.cutoff
        beside = [_beside(tensor_recipe(name).with_changes(cutoff=cutoff), data) for name in self.others]
        return SharedTrunkRun(recipe, train, beside, self.weight)


@lru_cache(maxsize=4)
def _beside(other: TensorRecipe, data: Path | None) -> tuple[TensorRecipe, list[Labelled]]:
    """The other recipe with its training crystals: a formula is in the same part of all three data sets."""
    return other, load(data_folder(other.dataset, data), other, ("train",)).parts["train"]


class SharedTrunkRun(Run):
    """Training on several tensors at once; see :class:`SharedTrunk`."""

    def __init__(
        self,
        recipe: TensorRecipe,
        train: Sequence[Labelled],
        beside: Sequence[tuple[TensorRecipe, list[Labelled]]],
        weight: float,
    ) -> None:
        names = [recipe.learns, *(other.learns for other, _ in beside)]
        highest = max(recipe.model.l_max, *(other.model.l_max for other, _ in beside))
        super().__init__(recipe.with_changes(properties=tuple(names), l_max=highest), train, [])
        self.weight = weight
        self.beside = [(other, crystals, self._standard(other, crystals)) for other, crystals in beside]
        self.averaged.load_state_dict(self.network.state_dict())
        self.draws = torch.Generator().manual_seed(recipe.seed)

    def _standard(self, other: TensorRecipe, crystals: Sequence[Labelled]) -> TensorHead:
        head = cast("TensorHead", self.network.heads[other.learns])
        standardise(head, head.target.latent(torch.stack([c.label for c in crystals])))
        return head

    def _loss(self, chosen: Sequence[Labelled], latent: Tensor) -> Tensor:
        loss = super()._loss(chosen, latent)
        for other, crystals, head in self.beside:
            picked = torch.randperm(len(crystals), generator=self.draws)[: self.recipe.batch_size].tolist()
            labelled = [crystals[i] for i in picked]
            batch = displaced(collate([c.graph for c in labelled]), other.noise, self.draws)
            x, features = self.network.trunk(batch)
            found = head.latent(x, features, batch.crystal_of_atom, batch.n_crystals, no_tap, "")
            labels = labels_for(labelled, found, head).float()
            loss = loss + self.weight * tensor_loss(found, labels, other)
        return loss


@lru_cache(maxsize=1)
def _lessons(
    dataset: str, cutoff: float, count: int, max_atoms: int, data: Path | None
) -> list[ScalarCrystal]:
    """Other crystals, of no formula that the tensor data set has outside its training part."""
    excluded = formulas_outside(data_folder(dataset, data), "train")
    return load_scalars(
        data_folder(SCALARS, data), cutoff=cutoff, count=count, max_atoms=max_atoms, excluded=excluded
    )
