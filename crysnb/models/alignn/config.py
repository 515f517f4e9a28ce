"""Configuration of ALIGNN; it determines the module completely."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from crysnb.models.config import check_flag, check_numbers, check_properties, from_plain, to_plain
from crysnb.models.element_input import check_features
from crysnb.registry import Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class ALIGNNConfig:
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
        Largest length of a bond, Å.
    neighbors
        Bonds reach out to the whole shell of this many neighbours.
    n_radial, n_angular
        Gaussians of a bond's length on [0, 8] Å and of an angle's cosine on [−1, 1].
    hidden
        Channels between these and ``width``.
    width
        Channels of atoms, bonds and angles.
    alignn_layers, graph_layers
        Layers on both graphs, and layers after them on the crystal graph alone.
    parity
        Gaussians as the original code has them, whose width is the root of the distance of their centres.
    """

    properties: tuple[str, ...] = ("formation_energy",)
    features: str = "cgcnn92"
    freeze: bool = True
    cutoff: float = 8.0
    neighbors: int = 12
    n_radial: int = 80
    n_angular: int = 40
    hidden: int = 64
    width: int = 256
    alignn_layers: int = 4
    graph_layers: int = 4
    parity: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "properties", check_properties(self.properties))
        check_features(self.features)
        check_flag("freeze", self.freeze)
        check_flag("parity", self.parity)
        check_numbers(
            self,
            {
                "cutoff": (2.0, 12.0),
                "neighbors": (1, 100),
                "n_radial": (2, 512),
                "n_angular": (2, 512),
                "hidden": (2, 1024),
                "width": (2, 1024),
                "alignn_layers": (1, 12),
                "graph_layers": (0, 12),
            },
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain data with its schema version."""
        return to_plain(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> ALIGNNConfig:
        """Inverse of :meth:`to_dict`; unknown keys and schema versions are errors."""
        return from_plain(cls, data)


#: Ready sizes: ``base`` is the original, ``teaching`` learns on a CPU.
PRESETS: Registry[ALIGNNConfig] = Registry("preset")
PRESETS.add("base", ALIGNNConfig())
PRESETS.add("teaching", ALIGNNConfig(width=64, alignn_layers=2, graph_layers=2))
