"""Configuration of GMTNet; it determines the module completely."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from crysnb.models.config import check_numbers, check_properties, from_plain, to_plain


@dataclass(frozen=True, slots=True, kw_only=True)
class GMTNetConfig:
    """Sizes of the network.

    Attributes
    ----------
    properties
        Names of the predicted properties, one head each.
    cutoff
        Radius of the graph, Å.
    n_radial
        Number of radial basis functions.
    width
        Channels of invariant node and edge features.
    channels
        Channels of equivariant node moments.
    l_max
        Highest angular order of the moments; 3 is needed for rank 3, 4 for rank 4.
    blocks
        Number of blocks of attention, moments and product.
    dropout
        Dropout rate on invariant features while training.
    neighbors
        Edges reach out to the whole shell of this many neighbours; None for all within the cutoff.
    """

    properties: tuple[str, ...] = ("dielectric", "piezoelectric", "elastic")
    cutoff: float = 5.5
    n_radial: int = 24
    width: int = 64
    channels: int = 16
    l_max: int = 4
    blocks: int = 2
    dropout: float = 0.0
    neighbors: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "properties", check_properties(self.properties))
        check_numbers(
            self,
            {
                "cutoff": (2.0, 12.0),
                "n_radial": (2, 512),
                "width": (4, 1024),
                "channels": (1, 256),
                "l_max": (2, 6),
                "blocks": (1, 6),
                "dropout": (0.0, 0.9),
                **({} if self.neighbors is None else {"neighbors": (1, 64)}),
            },
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain data with its schema version; without ``neighbors``, which came later, where it is None."""
        data = to_plain(self)
        return data if self.neighbors is not None else {k: v for k, v in data.items() if k != "neighbors"}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> GMTNetConfig:
        """Inverse of :meth:`to_dict`; unknown keys and schema versions are errors."""
        return from_plain(cls, data)
