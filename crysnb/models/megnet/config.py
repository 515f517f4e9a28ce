"""Configuration of MEGNet; it determines the module completely."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from crysnb.models.config import check_flag, check_numbers, check_properties, from_plain, to_plain
from crysnb.models.element_input import check_features
from crysnb.registry import Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class MEGNetConfig:
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
    n_radial
        Number of Gaussians, on centres from 0 to ``reach``, Å.
    reach
        Place of the last one.
    radial_width
        Their width, Å.
    hidden, width
        Channels inside and at the end of each small network.
    blocks
        Number of blocks.
    passes
        Steps of the set-to-set readout.
    """

    properties: tuple[str, ...] = ("formation_energy",)
    features: str = "learned:16"
    freeze: bool = False
    cutoff: float = 4.0
    n_radial: int = 100
    reach: float = 5.0
    radial_width: float = 0.5
    hidden: int = 64
    width: int = 32
    blocks: int = 3
    passes: int = 2

    def __post_init__(self) -> None:
        object.__setattr__(self, "properties", check_properties(self.properties))
        check_features(self.features)
        check_flag("freeze", self.freeze)
        check_numbers(
            self,
            {
                "cutoff": (2.0, 12.0),
                "n_radial": (2, 512),
                "reach": (2.0, 12.0),
                "radial_width": (0.02, 5.0),
                "hidden": (2, 1024),
                "width": (2, 1024),
                "blocks": (1, 12),
                "passes": (1, 12),
            },
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain data with its schema version."""
        return to_plain(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> MEGNetConfig:
        """Inverse of :meth:`to_dict`; unknown keys and schema versions are errors."""
        return from_plain(cls, data)


#: Ready sizes: ``base`` is the original, ``teaching`` learns fast on a CPU.
PRESETS: Registry[MEGNetConfig] = Registry("preset")
PRESETS.add("base", MEGNetConfig())
PRESETS.add("teaching", MEGNetConfig(n_radial=40, hidden=32, width=16, blocks=2))
