"""Training of one network on numbers, evaluated with averaged weights."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from crysnb.evaluate.metrics import ScalarErrors
from crysnb.models.interface import build_network
from crysnb.models.scalar import ScalarNetwork
from crysnb.training.averaged import AveragedStage
from crysnb.training.place import ALONE, Place
from crysnb.training.scalar_data import ScalarCrystal
from crysnb.training.scalar_recipe import ScalarRecipe
from crysnb.values.crystal_batch import CrystalBatch, collate

#: Crystals in a batch without gradients.
_TOGETHER = 64


class ScalarRun(AveragedStage[ScalarCrystal]):
    """Training of one network on numbers; call :meth:`train`.

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
    """

    network: ScalarNetwork
    recipe: ScalarRecipe
    measure = "score"

    def __init__(
        self,
        recipe: ScalarRecipe,
        train: Sequence[ScalarCrystal],
        val: Sequence[ScalarCrystal],
        folder: Path | None = None,
        network: ScalarNetwork | None = None,
        *,
        place: Place = ALONE,
        title: str = "",
    ) -> None:
        network = seeded_scalar_network(recipe) if network is None else network
        super().__init__(recipe, network, train, val, folder, place=place, title=title)

    def prepare(self) -> None:
        """Standardise the labels."""
        self.network.standardise(torch.stack([c.label for c in self.train_set]))

    def train(self, *, resume: bool = False) -> ScalarNetwork:
        """Run all epochs and return the averaged network on the CPU, in evaluation mode.

        With a patience in the recipe it is the one of the epoch with the smallest ``score`` on validation.
        """
        self.run(resume=resume)
        return cast("ScalarNetwork", self.best).eval().cpu()

    def validate(self) -> dict[str, float]:
        """Metrics of the averaged network on the validation part."""
        return scores(self.averaged, self.val_set, self.recipe.learns) if self.val_set else {}

    def loss(self, chosen: Sequence[ScalarCrystal], batch: CrystalBatch) -> Tensor:
        """Mean error of the standardised labels that are known, and the network's penalty."""
        with self.place.autocast():
            output = self.network.latent(batch)
        labels = torch.stack([c.label for c in chosen]).to(output.latent)
        true = (labels - self.network.get_buffer("shift")) / self.network.get_buffer("scale")
        loss = error_loss(output.latent.float(), true.float(), self.recipe.huber)
        return loss if output.penalty is None else loss + output.penalty.float()


def error_loss(predicted: Tensor, true: Tensor, huber: float) -> Tensor:
    """Mean of |ŷ − y| over labels [crystal, property] that are no NaN, quadratic below ``huber``.

    Each property counts with the share of crystals that have it.
    """
    known = ~true.isnan()
    error = (predicted - torch.where(known, true, predicted.detach())).abs()
    if huber:
        error = torch.where(error < huber, error.square() / (2 * huber), error - huber / 2)
    return torch.where(known, error, 0).sum() / error.numel()


def scores(
    network: torch.nn.Module, crystals: Sequence[ScalarCrystal], names: Sequence[str]
) -> dict[str, float]:
    """``mae_NAME`` in its unit for each property, and ``score``: their mean in units of the labels' mad.

    ``mad`` is the mean absolute deviation of the labels from their mean, so that guessing the mean scores 1.
    """
    true = torch.stack([c.label for c in crystals]).double().numpy()
    predicted = predict_numbers(network, crystals, names)
    result: dict[str, float] = {}
    relative = []
    for k, name in enumerate(names):
        known = np.flatnonzero(~np.isnan(true[:, k]))
        if len(known):
            measured = ScalarErrors(predicted[known, k], true[known, k]).metrics(np.arange(len(known)))
            result[f"mae_{name}"] = measured["mae"]
            relative.append(measured["mae"] / measured["mad"] if measured["mad"] else measured["mae"])
    return {"score": float(np.mean(relative)), **result} if relative else {}


def predict_numbers(
    network: torch.nn.Module, crystals: Sequence[ScalarCrystal], names: Sequence[str]
) -> NDArray[np.float64]:
    """Predicted properties of crystals, [crystal, property]."""
    network.eval()
    device = next((p.device for p in network.parameters()), torch.device("cpu"))
    parts = []
    with torch.inference_mode():
        for k in range(0, len(crystals), _TOGETHER):
            output = network(collate([c.graph for c in crystals[k : k + _TOGETHER]]).to(device))
            parts.append(torch.stack([output[name] for name in names], dim=1).double().cpu())
    return torch.cat(parts).numpy()


def seeded_scalar_network(recipe: ScalarRecipe) -> ScalarNetwork:
    """A network initialised from the recipe's seed, without touching the global generator."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.set_state(torch.Generator().manual_seed(recipe.seed).get_state())
        return cast("ScalarNetwork", build_network(recipe.family, recipe.model.to_dict()))
