"""Configuration of CGCNN; it determines the module completely."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from crysnb.models.config import check_flag, check_numbers, check_properties, from_plain, to_plain
from crysnb.models.element_input import check_features


@dataclass(frozen=True, slots=True, kw_only=True)
class CGCNNConfig:
    """Sizes of the network; the defaults are the original's.

    Attributes
    ----------
    properties
        Names of the predicted properties.
    features
        What is known of an element, see :class:`~crysnb.models.element_input.ElementInput`.
    freeze
        Whether training leaves the vectors of ``features`` as they are.
    cutoff
        Largest distance of a neighbour, Å.
    neighbors
        Edges reach out to the whole shell of this many neighbours.
    step
        Distance of the centres of the Gaussians, and their width, Å.
    width
        Channels of an atom.
    blocks
        Number of convolutions.
    hidden
        Channels after pooling.
    hidden_layers
        Layers of that width.
    """

    properties: tuple[str, ...] = ("formation_energy",)
    features: str = "cgcnn92"
    freeze: bool = True
    cutoff: float = 8.0
    neighbors: int = 12
    step: float = 0.2
    width: int = 64
    blocks: int = 3
    hidden: int = 128
    hidden_layers: int = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "properties", check_properties(self.properties))
        check_features(self.features)
        check_flag("freeze", self.freeze)
        check_numbers(
            self,
            {
                "cutoff": (2.0, 12.0),
                "neighbors": (1, 100),
                "step": (0.05, 2.0),
                "width": (2, 1024),
                "blocks": (1, 12),
                "hidden": (2, 1024),
                "hidden_layers": (1, 6),
            },
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain data with its schema version."""
        return to_plain(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> CGCNNConfig:
        """Inverse of :meth:`to_dict`; unknown keys and schema versions are errors."""
        return from_plain(cls, data)
