"""Stages whose result is the average of the weights over the last steps."""

from __future__ import annotations

import copy
import math
from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, TypeVar

import numpy as np
import torch
from torch import nn

from crysnb.errors import CrysnbError
from crysnb.training.place import ALONE, Place
from crysnb.training.recipe import Recipe
from crysnb.training.stage import HasGraph, Stage

_WARM_UP = 0.05  # share of the steps
_FINAL_RATE = 0.01  # of the peak

Crystal = TypeVar("Crystal", bound=HasGraph)


class AveragedStage(Stage[Crystal]):
    """AdamW with warm-up and cosine, averaged weights, and an early stop where the recipe asks for it.

    Parameters
    ----------
    recipe
        What to do.
    network
        What is trained, with the standardisation of its labels in place.
    train, val
        Labelled crystals.
    folder, place, title
        See :class:`~crysnb.training.stage.Stage`.

    Raises
    ------
    CrysnbError
        ``training.no_validation`` if the recipe has a patience and there is no validation crystal.
    """

    #: Beginning of the name of the validation measure by which the recipe's patience goes.
    measure: ClassVar[str]

    def __init__(
        self,
        recipe: Recipe,
        network: nn.Module,
        train: Sequence[Crystal],
        val: Sequence[Crystal],
        folder: Path | None = None,
        *,
        place: Place = ALONE,
        title: str = "",
    ) -> None:
        super().__init__(recipe, network, train, recipe.epochs, folder=folder, place=place, title=title)
        self.val_set = list(val)
        if recipe.patience and not self.val_set:
            raise CrysnbError(
                "training.no_validation",
                found="a recipe that stops by the error on validation crystals, and none of these",
                action="Set patience to 0, or add crystals to the part 'val' of the split",
            )
        self.prepare()
        self.averaged = copy.deepcopy(self.network)
        self.best = copy.deepcopy(self.network) if recipe.patience else self.averaged
        matrices = [p for p in self.network.parameters() if p.ndim > 1]
        others = [p for p in self.network.parameters() if p.ndim <= 1]
        self.optimiser = torch.optim.AdamW(
            [
                {"params": matrices, "weight_decay": recipe.weight_decay},
                {"params": others, "weight_decay": 0.0},
            ],
            lr=recipe.learning_rate,
        )

    @abstractmethod
    def prepare(self) -> None:
        """Put what the labels say into the network, before it is copied."""

    @property
    def parameters(self) -> list[nn.Parameter]:
        """All of the network."""
        return list(self.network.parameters())

    def seed(self) -> int:
        """Another one for every epoch and member."""
        return 1_000_003 * self.recipe.seed + self.epoch

    def rate(self, step: int, steps: int) -> float:
        """Linear warm-up, then a cosine."""
        warm = min(1.0, (step + 1) / max(1.0, _WARM_UP * steps))
        decay = _FINAL_RATE + (1 - _FINAL_RATE) * (1 + math.cos(math.pi * step / steps)) / 2
        return self.recipe.learning_rate * warm * decay

    def kept(self) -> dict[str, nn.Module]:
        """The network, its average, and with a patience the best average so far."""
        best = {"best": self.best} if self.recipe.patience else {}
        return {"network": self.network, "averaged": self.averaged, **best}

    def after_epoch(self) -> None:
        """Keep the best average, where the recipe asks for it."""
        if self.recipe.patience and self._best_epoch() == self.epoch:
            self.best.load_state_dict(self.averaged.state_dict())

    @property
    def is_done(self) -> bool:
        """Whether no epoch is left, or the last ``patience`` of them brought nothing."""
        patience = self.recipe.patience
        return self.epoch >= self.epochs or bool(patience and self.epoch - self._best_epoch() >= patience)

    def _best_epoch(self) -> int:
        errors = [next((v for k, v in e.items() if k.startswith(self.measure)), math.inf) for e in self.log]
        return 1 + int(np.argmin(errors)) if errors else 0

    @torch.no_grad()
    def after_step(self, step: int) -> None:
        """Average the weights; statistics that layers keep are taken as they are."""
        decay = min(self.recipe.ema, (1 + step) / (10 + step))
        for mean, new in zip(self.averaged.parameters(), self.network.parameters(), strict=True):
            mean.lerp_(new, 1 - decay)
        for kept, now in zip(self.averaged.buffers(), self.network.buffers(), strict=True):
            kept.copy_(now)
