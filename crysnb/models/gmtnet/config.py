"""Configuration of GMTNet; it determines the module completely."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

from crysnb.errors import ShapeError, UnknownName, quote
from crysnb.values.property_spec import property_spec

SCHEMA_VERSION = 1


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
    """

    properties: tuple[str, ...] = ("dielectric", "piezoelectric", "elastic")
    cutoff: float = 5.5
    n_radial: int = 24
    width: int = 64
    channels: int = 16
    l_max: int = 4
    blocks: int = 2
    dropout: float = 0.0

    def __post_init__(self) -> None:
        given: object = self.properties  # from a card: of any type
        if not isinstance(given, (list, tuple)) or not all(isinstance(n, str) for n in given):
            raise ShapeError("config.range", found=f"properties = {quote(given)}", accepted="a list of names")
        object.__setattr__(self, "properties", tuple(self.properties))
        for name in self.properties:
            property_spec(name)
        limits: dict[str, tuple[float, float]] = {
            "cutoff": (2.0, 12.0),
            "n_radial": (2, 512),
            "width": (4, 1024),
            "channels": (1, 256),
            "l_max": (2, 6),
            "blocks": (1, 6),
            "dropout": (0.0, 0.9),
        }
        for name, (low, high) in limits.items():
            value: object = getattr(self, name)
            whole = name not in ("cutoff", "dropout")
            number = isinstance(value, (int, float)) and not isinstance(value, bool)
            if not number or (whole and not isinstance(value, int)) or not low <= float(value) <= high:  # type: ignore[arg-type]
                raise ShapeError(
                    "config.range",
                    found=f"{name} = {quote(value)}",
                    accepted=f"{name} from {low} to {high}{', a whole number' if whole else ''}",
                )
        if not self.properties:
            raise ShapeError("config.range", found="no properties", accepted="at least one")

    def to_dict(self) -> dict[str, Any]:
        """Plain data with its schema version."""
        return {"schema_version": SCHEMA_VERSION, **asdict(self), "properties": list(self.properties)}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> GMTNetConfig:
        """Inverse of :meth:`to_dict`; unknown keys and schema versions are errors."""
        rest = dict(data)
        version = rest.pop("schema_version", None)
        if type(version) is not int or version != SCHEMA_VERSION:
            raise ShapeError(
                "config.schema", found=f"schema version {version!r}", accepted=f"{SCHEMA_VERSION}"
            )
        known = {f.name for f in fields(cls)}
        for key in rest:
            if key not in known:
                raise UnknownName.of("configuration key", key, known)
        return cls(**rest)
