"""Configuration of the two baselines; it determines the modules completely."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from crysnb.models.config import check_numbers, check_properties, from_plain, to_plain


@dataclass(frozen=True, slots=True, kw_only=True)
class ETGNNConfig:
    """Sizes of the network.

    Attributes
    ----------
    properties
        Names of the predicted properties, one head each.
    cutoff
        Radius of the graph, Å.
    n_radial
        Number of Gaussians of a distance.
    width, hidden
        Channels of atoms, bonds and state, and of the layers that update them.
    blocks
        Number of rounds of updates.
    channels
        Coefficients of each bond.
    """

    properties: tuple[str, ...] = ("dielectric",)
    cutoff: float = 5.0
    n_radial: int = 50
    width: int = 32
    hidden: int = 64
    blocks: int = 3
    channels: int = 16

    def __post_init__(self) -> None:
        object.__setattr__(self, "properties", check_properties(self.properties))
        check_numbers(
            self,
            {
                "cutoff": (2.0, 12.0),
                "n_radial": (2, 512),
                "width": (4, 1024),
                "hidden": (4, 1024),
                "blocks": (1, 6),
                "channels": (1, 256),
            },
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain data with its schema version."""
        return to_plain(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> ETGNNConfig:
        """Inverse of :meth:`to_dict`; unknown keys and schema versions are errors."""
        return from_plain(cls, data)
