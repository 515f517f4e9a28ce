"""Configuration of SEN-E3; it determines the module completely."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from crysnb.errors import ShapeError, quote
from crysnb.models.config import check_flag, check_numbers, check_properties, from_plain, to_plain

_LIMITS: dict[str, tuple[float, float]] = {
    "cutoff": (2.0, 12.0),
    "mean_degree": (1.0, 1000.0),
    "n_radial": (2, 128),
    "width": (8, 512),
    "edge_width": (8, 512),
    "channels": (1, 128),
    "l_max": (0, 6),
    "loops": (1, 6),
    "parts": (1, 64),
    "part_features": (1, 128),
    "star_heads": (1, 16),
    "layers": (1, 6),
    "heads": (1, 16),
    "objects": (1, 64),
    "object_features": (1, 128),
    "vote_factors": (1, 16),
    "likelihood_weight": (0.0, 10.0),
    "within_weight": (0.0, 10.0),
    "between_weight": (0.0, 10.0),
    "dynamic_weight": (0.0, 10.0),
    "dropout": (0.0, 0.9),
}
_FLAGS = ("composition", "star_attention", "capsule_attention", "object_capsules", "likelihood", "sparsity")


@dataclass(frozen=True, slots=True, kw_only=True)
class SENConfig:
    """Sizes and parts of the network; the defaults are the fast preset.

    Attributes
    ----------
    properties
        Names of the predicted properties, which are scalars.
    cutoff
        Radius of the graph, Å.
    mean_degree
        Typical number of neighbours within the cutoff; messages are divided by its root.
    n_radial
        Number of radial basis functions.
    width
        Invariant channels of an atom or cluster.
    edge_width
        Channels of the messages along edges.
    channels
        Equivariant channels of an atom for each order from 1.
    l_max
        Highest order of poses and directions; sites of cubic symmetry have no direction below 4. With 0
        the network sees distances alone.
    loops
        Number of environment updates.
    parts, part_features
        Part capsules of an atom, and the length of the feature of each.
    pose
        Multiplicity of each order 0 … l_max in a pose.
    star_heads
        Heads of the attention over the neighbours.
    layers, heads
        Layers of attention between the clusters of a crystal, and heads of each.
    objects, object_features
        Types of object capsules, and the length of the feature of each.
    vote_factors
        Functions of distance and part by which votes differ between the edges of an object.
    composition
        Whether the composition gates the atoms.
    star_attention, capsule_attention
        Whether an atom attends to its neighbours, and a cluster to the other clusters; without, only the
        own part remains.
    object_capsules
        Whether there are object capsules.
    likelihood, sparsity
        Whether training asks for votes that explain the poses, and for few objects per crystal.
    likelihood_weight, within_weight, between_weight, dynamic_weight
        Weights in the penalty: of −log p of the poses per pose component, of the entropy of the objects
        within crystals, of that between crystals (with a minus), of the squared variable part of the votes.
    dropout
        Dropout rate on invariant features in training.
    """

    properties: tuple[str, ...] = ("formation_energy", "band_gap")
    cutoff: float = 5.0
    mean_degree: float = 32.0
    n_radial: int = 12
    width: int = 64
    edge_width: int = 64
    channels: int = 16
    l_max: int = 2
    loops: int = 2
    parts: int = 4
    part_features: int = 16
    pose: tuple[int, ...] = (2, 2, 2)
    star_heads: int = 4
    layers: int = 1
    heads: int = 4
    objects: int = 6
    object_features: int = 16
    vote_factors: int = 2
    composition: bool = True
    star_attention: bool = True
    capsule_attention: bool = True
    object_capsules: bool = True
    likelihood: bool = False
    sparsity: bool = True
    likelihood_weight: float = 0.01
    within_weight: float = 0.01
    between_weight: float = 0.01
    dynamic_weight: float = 1e-4
    dropout: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "properties", check_properties(self.properties))
        check_numbers(self, _LIMITS)
        for name in _FLAGS:
            check_flag(name, getattr(self, name))
        given: object = self.pose  # from a card: of any type
        multiplicities = isinstance(given, (list, tuple)) and all(
            type(n) is int and 1 <= n <= 16 for n in given
        )
        if not isinstance(given, (list, tuple)) or not multiplicities or len(given) != self.l_max + 1:
            raise ShapeError(
                "config.range",
                found=f"pose = {quote(given)}",
                accepted=f"{self.l_max + 1} whole numbers from 1 to 16, one for each order",
            )
        object.__setattr__(self, "pose", tuple(given))
        for name, heads in (("star_heads", self.star_heads), ("heads", self.heads)):
            if self.width % heads:
                raise ShapeError(
                    "config.range",
                    found=f"{name} = {heads} for a width of {self.width}",
                    accepted="a divisor of the width",
                )
        if self.likelihood and not self.object_capsules:
            raise ShapeError(
                "config.range",
                found="likelihood without object_capsules",
                accepted="both, or likelihood = false",
            )

    @classmethod
    def fast(cls, **changes: Any) -> SENConfig:
        """Orders up to 2, small enough to train on one CPU core; ``changes`` are further fields.

        Without the likelihood, whose votes take two fifths of the time of a step.
        """
        return cls(**changes)

    @classmethod
    def analysis(cls, **changes: Any) -> SENConfig:
        """Orders up to 4, so that poses at cubic sites have directions; every capsule component."""
        sizes: dict[str, Any] = {
            "l_max": 4,
            "loops": 3,
            "parts": 8,
            "pose": (2, 2, 2, 1, 1),
            "layers": 2,
            "objects": 10,
            "likelihood": True,
        }
        return cls(**{**sizes, **changes})

    def to_dict(self) -> dict[str, Any]:
        """Plain data with its schema version."""
        return to_plain(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> SENConfig:
        """Inverse of :meth:`to_dict`; unknown keys and schema versions are errors."""
        return from_plain(cls, data)
