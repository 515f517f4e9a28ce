"""Configuration of CrystalTransformer; it determines the module completely."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from crysnb.errors import ShapeError
from crysnb.models.config import check_choice, check_numbers, check_properties, from_plain, to_plain
from crysnb.registry import Registry

GEOMETRIES = ("periodic", "cartesian")
READOUTS = ("mean", "sum", "attention")


@dataclass(frozen=True, slots=True, kw_only=True)
class CrystalTransformerConfig:
    """Sizes of the network.

    Attributes
    ----------
    properties
        Names of the predicted properties, one head each.
    geometry
        ``periodic``, or ``cartesian`` for the published forward pass, whose layout is fixed: it looks at
        ``width``, ``heads``, ``layers``, ``hidden`` and ``dropout`` alone.
    cutoff
        Largest distance of a neighbour, Å.
    n_radial
        Number of Gaussians of a distance.
    width
        Channels of an atom; half of them are the vector of its element.
    heads, layers, hidden
        Attention heads, layers, and channels inside the feed-forward part of a layer.
    readout
        How atoms become a crystal: their ``mean``, their ``sum`` (for properties of the cell as a whole), or
        a mean with learned weights, ``attention``.
    dropout
        Rate while training.
    element_dropout
        Share of the atoms whose element is hidden while training.
    """

    properties: tuple[str, ...] = ("formation_energy", "band_gap")
    geometry: str = "periodic"
    cutoff: float = 6.0
    n_radial: int = 64
    width: int = 256
    heads: int = 8
    layers: int = 8
    hidden: int = 512
    readout: str = "mean"
    dropout: float = 0.0
    element_dropout: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "properties", check_properties(self.properties))
        check_choice("geometry", self.geometry, GEOMETRIES)
        check_choice("readout", self.readout, READOUTS)
        check_numbers(
            self,
            {
                "cutoff": (2.0, 12.0),
                "n_radial": (2, 512),
                "width": (4, 1024),
                "heads": (1, 64),
                "layers": (1, 24),
                "hidden": (4, 4096),
                "dropout": (0.0, 0.9),
                "element_dropout": (0.0, 0.5),
            },
        )
        if self.width % 2 or self.width % self.heads:
            raise ShapeError(
                "config.range",
                found=f"a width of {self.width} for {self.heads} heads",
                accepted="an even width that the number of heads divides",
            )

    def to_dict(self) -> dict[str, Any]:
        """Plain data with its schema version."""
        return to_plain(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> CrystalTransformerConfig:
        """Inverse of :meth:`to_dict`; unknown keys and schema versions are errors."""
        return from_plain(cls, data)


#: Ready sizes: ``base`` has the layout of the publication, ``small`` learns on a CPU.
PRESETS: Registry[CrystalTransformerConfig] = Registry("preset")
PRESETS.add("base", CrystalTransformerConfig())
PRESETS.add("small", CrystalTransformerConfig(n_radial=32, width=128, heads=4, layers=4, hidden=256))
