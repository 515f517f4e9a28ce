"""Several GMTNets trained from different seeds: their mean, and their spread as uncertainty."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from crysnb.errors import ShapeError
from crysnb.models.gmtnet.config import GMTNetConfig
from crysnb.models.gmtnet.model import GMTNet
from crysnb.values.crystal_batch import CrystalBatch
from crysnb.values.trace import Tap, no_tap
from crysnb.weights.reference import FEATURES

MAX_MEMBERS = 16


class GMTNetEnsemble(nn.Module):
    """Mean of the tensors of its members.

    The mean commutes with rotations and with the projection onto a point group, so that everything
    that holds for a member holds for the ensemble.

    Parameters
    ----------
    config
        Sizes of each member.
    members
        How many.
    """

    def __init__(self, config: GMTNetConfig, members: int) -> None:
        super().__init__()
        if not 1 <= members <= MAX_MEMBERS:
            raise ShapeError(
                "config.range", found=f"{members} members", accepted=f"from 1 to {MAX_MEMBERS} members"
            )
        self.config = config
        self.members = nn.ModuleList(GMTNet(config) for _ in range(members))

    @property
    def cutoff(self) -> float:
        """Radius of the graph, Å."""
        return self.config.cutoff

    @property
    def properties(self) -> tuple[str, ...]:
        """Names of the predicted properties."""
        return self.config.properties

    def forward(self, batch: CrystalBatch, tap: Tap = no_tap) -> dict[str, Tensor]:
        """Per property the mean [crystal, …], and under ``<property>.members`` [crystal, member, …].

        ``features`` are those of all members side by side, [crystal, channel].
        """
        outputs = [member(batch, _prefixed(tap, f"member{k}")) for k, member in enumerate(self.members)]
        result: dict[str, Tensor] = {}
        for name in self.config.properties:
            stacked = torch.stack([output[name] for output in outputs], dim=1)
            result[name] = stacked.mean(dim=1)
            result[f"{name}.members"] = stacked
        result[FEATURES] = torch.cat([output[FEATURES] for output in outputs], dim=1)
        return result


def _prefixed(tap: Tap, prefix: str) -> Tap:
    if tap is no_tap:
        return no_tap

    def named(name: str, value: Tensor, /, **about: Any) -> Tensor:
        return tap(f"{prefix}.{name}", value, **about)

    return named
