"""Training of one network on tensors, evaluated with averaged weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from crysnb.evaluate import gauge
from crysnb.evaluate.metrics import tensor_metrics
from crysnb.models.interface import build_network
from crysnb.models.tensor_head import TensorHead, tensor_of
from crysnb.models.tensor_network import TensorEnsemble, TensorNetwork
from crysnb.training.averaged import AveragedStage
from crysnb.training.data import Labelled, labels_near
from crysnb.training.loss import tensor_loss
from crysnb.training.place import ALONE, Place
from crysnb.training.tensor_recipe import TensorRecipe
from crysnb.values.crystal_batch import CrystalBatch, collate
from crysnb.values.property_spec import property_spec
from crysnb.values.trace import no_tap


class Run(AveragedStage[Labelled]):
    """Training of one network on tensors; call :meth:`train`.

    Parameters
    ----------
    recipe
        What to do.
    train, val
        Labelled crystals.
    folder
        Where checkpoints go, or None to keep nothing.
    network
        What to start from; if None, a network initialised from the recipe's seed.
    place, title
        See :class:`~crysnb.training.stage.Stage`.

    Raises
    ------
    CrysnbError
        ``training.no_validation`` if the recipe has a patience and there is no validation crystal.
    """

    network: TensorNetwork
    recipe: TensorRecipe
    measure = "fnorm_cart"

    def __init__(
        self,
        recipe: TensorRecipe,
        train: Sequence[Labelled],
        val: Sequence[Labelled],
        folder: Path | None = None,
        network: TensorNetwork | None = None,
        *,
        place: Place = ALONE,
        title: str = "",
    ) -> None:
        network = seeded_network(recipe) if network is None else network
        super().__init__(recipe, network, train, val, folder, place=place, title=title)

    def prepare(self) -> None:
        """Standardise the labels' irreps."""
        self.head = cast("TensorHead", self.network.heads[self.recipe.learns])
        labels = torch.stack([c.label for c in self.train_set]).to(self.place.device)
        standardise(self.head, self.head.target.latent(labels))

    def train(self, *, resume: bool = False) -> TensorNetwork:
        """Run all epochs and return the averaged network on the CPU, in evaluation mode.

        With a patience in the recipe it is the one of the epoch with the smallest ``fnorm_cart`` on
        validation.
        """
        self.run(resume=resume)
        return cast("TensorNetwork", self.best).eval().cpu()

    def validate(self) -> dict[str, float]:
        """Metrics of the averaged network on the validation part."""
        return evaluate(self.averaged, self.val_set, self.recipe.learns) if self.val_set else {}

    def loss(self, chosen: Sequence[Labelled], batch: CrystalBatch) -> Tensor:
        """Of the tensors; see :mod:`crysnb.training.loss`."""
        with self.place.autocast():
            latent = self._latent(batch)
        return self._loss(chosen, latent.float())

    def _latent(self, batch: CrystalBatch) -> Tensor:
        x, features = self.network.trunk(batch)
        return self.head.latent(x, features, batch.crystal_of_atom, batch.n_crystals, no_tap, "")

    def _loss(self, chosen: Sequence[Labelled], latent: Tensor) -> Tensor:
        # Ablations put other losses here.
        labels = labels_for(chosen, latent, self.head).float()
        return tensor_loss(latent, labels.to(latent.device), self.recipe)


def labels_for(chosen: Sequence[Labelled], latent: Tensor, head: TensorHead) -> Tensor:
    """Labels [crystal, 3, …, 3] for what a head gives, of several choices the nearest."""
    if all(c.choices is None for c in chosen):
        return torch.stack([c.label for c in chosen])
    return labels_near(chosen, head.target.tensor(latent.detach()).cpu())


def settled(network: nn.Module, crystals: Sequence[Labelled], name: str) -> list[Labelled]:
    """The crystals with one label each: of several choices the one nearest to what ``network`` gives.

    Members of an ensemble that chose for themselves would choose differently, and cancel in the mean.
    """
    if all(c.choices is None for c in crystals):
        return list(crystals)
    labels = labels_near(crystals, torch.from_numpy(predict_labels(network, crystals, name)))
    return [replace(c, label=label, choices=None) for c, label in zip(crystals, labels, strict=True)]


def seeded_network(recipe: TensorRecipe) -> TensorNetwork:
    """A network initialised from the recipe's seed, without touching the global generator."""
    return cast("TensorNetwork", seeded_ensemble(recipe.with_changes(members=1)).members[0])


def seeded_ensemble(recipe: TensorRecipe) -> TensorEnsemble:
    """An ensemble initialised from the recipe's seed, without touching the global generator."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.set_state(torch.Generator().manual_seed(recipe.seed).get_state())
        config = {**recipe.model.to_dict(), "members": recipe.members}
        return cast("TensorEnsemble", build_network(recipe.family, config))


def predict_labels(network: nn.Module, crystals: Sequence[Labelled], name: str) -> np.ndarray[Any, Any]:
    """Output called ``name`` for every crystal, [crystal, …, 3, 3] as float64."""
    network.eval()
    device = next((p.device for p in network.parameters()), torch.device("cpu"))
    with torch.inference_mode():
        parts = [
            network(collate([c.graph for c in crystals[k : k + 32]]).to(device))[name].double().cpu()
            for k in range(0, len(crystals), 32)
        ]
    return torch.cat(parts).numpy()


def evaluate(network: nn.Module, crystals: Sequence[Labelled], name: str) -> dict[str, float]:
    """Metrics of a network on labelled crystals."""
    return tensor_scores(predict_labels(network, crystals, name), crystals, name)


def tensor_scores(
    predicted: np.ndarray[Any, Any], crystals: Sequence[Labelled], name: str
) -> dict[str, float]:
    """Metrics of tensors [crystal, 3, …, 3] of the property called ``name``.

    Named ``…_gauge`` where some of the labels have several choices.
    """
    kind = tensor_of(property_spec(name))
    metrics = tensor_metrics(predicted, true_labels(crystals, predicted), kind)
    is_open = any(c.choices is not None for c in crystals)
    return {key + gauge.SUFFIX * is_open: value for key, value in metrics.items()}


def true_labels(crystals: Sequence[Labelled], predicted: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Labels [crystal, 3, …, 3], of several choices the one nearest to the prediction of the same shape."""
    return labels_near(crystals, torch.from_numpy(np.asarray(predicted))).numpy()


def uncertainty_factor(network: nn.Module, crystals: Sequence[Labelled], name: str) -> float:
    """Factor on the members' standard deviation that covers ‖error‖ for 68 % of the crystals."""
    members = predict_labels(network, crystals, f"{name}.members")
    mean = members.mean(axis=1)
    true = true_labels(crystals, mean)
    error = (mean - true).reshape(len(true), -1)
    spread = members.std(axis=1, ddof=1).reshape(len(true), -1)
    ratio = np.linalg.norm(error, axis=1) / np.maximum(np.linalg.norm(spread, axis=1), 1e-12)
    return float(np.quantile(ratio, 0.68))


@torch.no_grad()
def standardise(head: TensorHead, latent: Tensor) -> None:
    """Put mean and spread per irrep of the latent labels [crystal, 3, …, 3] into the head."""
    vectors = latent.flatten(1) @ head.get_buffer("to_cartesian").double().T
    scales, at = [], 0
    for (order, parity), n in head.order:
        block = vectors[:, at : at + n * (2 * order + 1)]
        at += block.shape[1]
        if (order, parity) == (0, 1):
            head.get_buffer("shift").copy_(block.mean(0))
            block = block - block.mean(0)
        scales.append(block.square().mean().sqrt().clamp(min=1e-6))
    head.get_buffer("scale").copy_(torch.stack(scales))
