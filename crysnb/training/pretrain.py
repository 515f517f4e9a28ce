"""Formation energy and band gap as lessons for the trunk, before or beside the tensors."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from crysnb.datasets.records import raw_records, read_split, to_record
from crysnb.errors import CrysnbError
from crysnb.graph.build import build_one
from crysnb.models.segments import mean_per_crystal
from crysnb.models.tensor_network import TensorNetwork
from crysnb.symmetry.detect import detect
from crysnb.symmetry.idealize import idealized_primitive
from crysnb.training.scalar_data import ScalarCrystal
from crysnb.training.stage import Stage
from crysnb.training.tensor_recipe import TensorRecipe
from crysnb.values.crystal_batch import CrystalBatch

#: Keys of the labels, in the order of the head's outputs.
TARGETS = ("formation_energy_per_atom", "band_gap_pbe")

_WARM_UP = 0.05  # share of the steps


def formulas_outside(folder: Path, part: str) -> set[str]:
    """Reduced formulas of the records that are not in ``part`` of a data set; no label is read."""
    inside = set(read_split(folder / "split.json")[part])
    return {
        str(raw["formula"])
        for raw in raw_records(folder / "structures.jsonl.gz")
        if str(raw["id"]) not in inside
    }


def load_scalars(
    folder: Path,
    *,
    cutoff: float,
    count: int | None,
    max_atoms: int,
    excluded: Collection[str],
    targets: Sequence[str] = TARGETS,
) -> list[ScalarCrystal]:
    """The first ``count`` small crystals of the training part, by the digest of their ids.

    Parameters
    ----------
    folder
        A data set with ``targets``.
    cutoff
        Of the graphs, Å.
    count
        How many at most; None for all.
    max_atoms
        Largest number of atoms of a stored cell.
    excluded
        Reduced formulas to leave out. Records that the structure checks refuse are left out too.
    targets
        Keys of the labels, in the order of the result.
    """
    train = set(read_split(folder / "split.json")["train"])
    suitable = [
        raw
        for raw in raw_records(folder / "structures.jsonl.gz")
        if str(raw.get("id")) in train
        and raw["formula"] not in excluded
        and len(raw["species"]) <= max_atoms
        and all(name in raw["targets"] for name in targets)
    ]
    suitable.sort(key=lambda raw: hashlib.sha256(str(raw["id"]).encode()).hexdigest())
    return list(_graphs(suitable[:count], cutoff, targets))


def _graphs(
    records: Iterable[dict[str, Any]], cutoff: float, targets: Sequence[str]
) -> Iterator[ScalarCrystal]:
    for raw in records:
        try:
            record = to_record(raw)
            cell = idealized_primitive(record.structure, detect(record.structure))
        except CrysnbError:
            continue
        label = torch.tensor([float(raw["targets"][name]) for name in targets])
        yield ScalarCrystal(id=record.id, graph=build_one(cell, cutoff), label=label)


class ScalarHead(nn.Module):
    """Mean over atoms of a small network on the invariant features; one output per label.

    Parameters
    ----------
    width
        Channels of the invariant features.
    labels
        Training labels [crystal, k]: mean and spread are put into the head.
    """

    def __init__(self, width: int, labels: Tensor) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(width, width), nn.SiLU(), nn.Linear(width, labels.shape[1]))
        self.register_buffer("shift", labels.mean(0))
        self.register_buffer("scale", labels.std(0))

    def forward(self, x: Tensor, batch: CrystalBatch) -> Tensor:
        """Predicted labels [crystal, k] from node features [atom, width]."""
        pooled = mean_per_crystal(self.layers(x), batch.crystal_of_atom, batch.n_crystals)
        return pooled * self.get_buffer("scale") + self.get_buffer("shift")

    def loss(self, x: Tensor, batch: CrystalBatch, labels: Tensor) -> Tensor:
        """Mean absolute error in units of the labels' spread."""
        error: Tensor = (self(x, batch) - labels) / self.get_buffer("scale")
        return error.abs().mean()


def seeded_head(recipe: TensorRecipe, crystals: Sequence[ScalarCrystal]) -> ScalarHead:
    """A head initialised from the recipe's seed, without touching the global generator."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.set_state(torch.Generator().manual_seed(recipe.seed + 1).get_state())
        return ScalarHead(recipe.model.width, torch.stack([c.label for c in crystals]))


def pretrain(
    network: TensorNetwork, recipe: TensorRecipe, crystals: Sequence[ScalarCrystal], epochs: int
) -> list[float]:
    """Train the trunk on the scalar labels, in place; returns the mean loss of each epoch.

    The tensor heads are not touched. For the rest see :class:`Lessons`.
    """
    head = seeded_head(recipe, crystals)

    def loss_of(batch: CrystalBatch, labels: Tensor) -> Tensor:
        return head.loss(network.trunk(batch)[0], batch, labels)

    parameters = [p for n, p in network.named_parameters() if not n.startswith("heads.")]
    lessons = Lessons(recipe, network, crystals, epochs, loss_of, [*parameters, *head.parameters()])
    lessons.run()
    return [float(entry["loss"]) for entry in lessons.log]


class Lessons(Stage[ScalarCrystal]):
    """Training on scalar labels; call :meth:`run`.

    Rate, batch size, noise, weight decay and clipping are the recipe's; the rate rises linearly over the
    first 5 % of the steps and then falls to zero as a cosine.

    Parameters
    ----------
    recipe, network, crystals, epochs, settings
        See :class:`~crysnb.training.stage.Stage`.
    loss_of
        Mean loss of a batch with its labels [crystal, label].
    parameters
        What is changed.
    """

    def __init__(
        self,
        recipe: TensorRecipe,
        network: TensorNetwork,
        crystals: Sequence[ScalarCrystal],
        epochs: int,
        loss_of: Callable[[CrystalBatch, Tensor], Tensor],
        parameters: Sequence[nn.Parameter],
        **settings: Any,
    ) -> None:
        super().__init__(recipe, network, crystals, epochs, **settings)
        self._loss_of, self._parameters = loss_of, list(parameters)
        self.optimiser = torch.optim.AdamW(
            self._parameters, lr=recipe.learning_rate, weight_decay=recipe.weight_decay
        )

    @property
    def parameters(self) -> list[nn.Parameter]:
        """What is changed."""
        return self._parameters

    def seed(self) -> int:
        """Another one for every epoch, and none of the tensors' epochs."""
        return 7_000_003 * (self.recipe.seed + 1) + self.epoch

    def rate(self, step: int, steps: int) -> float:
        """Linear warm-up, then a cosine down to zero."""
        share = step / steps
        rate = min(1.0, (share + 1e-3) / _WARM_UP) * (1 + math.cos(math.pi * share)) / 2
        return self.recipe.learning_rate * rate

    def loss(self, chosen: Sequence[ScalarCrystal], batch: CrystalBatch) -> Tensor:
        """As it was given, of the labels of ``chosen``."""
        labels = torch.stack([c.label for c in chosen]).to(self.place.device)
        with self.place.autocast():
            return self._loss_of(batch, labels)
