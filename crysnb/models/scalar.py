"""What networks that predict numbers per crystal have in common."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from crysnb.errors import ShapeError, quote
from crysnb.values.crystal_batch import CrystalBatch
from crysnb.values.property_spec import property_spec
from crysnb.values.trace import Tap, no_tap
from crysnb.weights.reference import FEATURES


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ScalarOutput:
    """What a network gives for a batch.

    Attributes
    ----------
    latent
        Standardised properties, [crystal, property].
    features
        Invariant features, [crystal, channel], in which the distance to the training crystals is taken.
    penalty
        What training adds to the loss, or None.
    """

    latent: Tensor
    features: Tensor
    penalty: Tensor | None = None


class ScalarNetwork(nn.Module, ABC):
    """Network from crystals to numbers; a family implements :meth:`latent`.

    Parameters
    ----------
    properties
        Names of the predicted properties, which are scalars, in the order of the last axis of ``latent``.

    Raises
    ------
    ShapeError
        ``config.range`` for no property, or one that is no scalar.
    """

    def __init__(self, properties: Sequence[str]) -> None:
        super().__init__()
        self.properties = tuple(properties)
        if not self.properties or any(property_spec(name).tensor is not None for name in self.properties):
            raise ShapeError(
                "config.range", found=f"properties = {quote(self.properties)}", accepted="names of scalars"
            )
        self.register_buffer("shift", torch.zeros(len(self.properties)))
        self.register_buffer("scale", torch.ones(len(self.properties)))

    @property
    @abstractmethod
    def cutoff(self) -> float:
        """Radius of the graph, Å."""

    @property
    def neighbors(self) -> int | None:
        """Edges reach out to the whole shell of this many neighbours; None for all within the cutoff."""
        return None

    @abstractmethod
    def latent(self, batch: CrystalBatch, tap: Tap = no_tap) -> ScalarOutput:
        """Standardised properties of each crystal."""

    @torch.no_grad()
    def standardise(self, labels: Tensor) -> None:
        """Take mean and spread of training labels [crystal, property]; NaN where one is missing."""
        for k, column in enumerate(labels.double().T):
            known = column[~column.isnan()]
            self.get_buffer("shift")[k] = known.mean() if len(known) else 0.0
            spread = known.std() if len(known) > 1 else torch.tensor(1.0)
            self.get_buffer("scale")[k] = spread if spread > 0 else 1.0

    def forward(self, batch: CrystalBatch, tap: Tap = no_tap) -> dict[str, Tensor]:
        """Per property [crystal] in its unit, and ``features`` [crystal, channel].

        What cannot be negative, such as a band gap, is 0 where the latent number lies below: the median of
        the labels of metals.
        """
        output = self.latent(batch, tap)
        values = output.latent * self.get_buffer("scale") + self.get_buffer("shift")
        return {
            **{name: values[:, k].clamp(min=least(name)) for k, name in enumerate(self.properties)},
            FEATURES: output.features,
        }


def least(name: str) -> float:
    """Smallest value of a property; −∞ where there is none."""
    bound = property_spec(name).least
    return -math.inf if bound is None else bound
