"""Builds SEN-classic from plain data."""

from __future__ import annotations

from typing import Any

from crysnb.graph.element_features import MAX_Z
from crysnb.models.sen.build import CITATION
from crysnb.models.sen.classic import ClassicConfig, SENClassic

__all__ = ["CITATION", "CONFIG", "build", "telling_shapes"]

#: Class of the configurations.
CONFIG = ClassicConfig


def build(config: dict[str, Any]) -> SENClassic:
    """An untrained network."""
    return SENClassic(ClassicConfig.from_dict(config))


def telling_shapes(config: dict[str, Any]) -> dict[str, tuple[int, ...]]:
    """Shapes of a few weights that fix every size of the configuration, without building it."""
    c = ClassicConfig.from_dict(config)
    shapes: dict[str, tuple[int, ...]] = {
        "state": (c.width,),
        "edge.1.weight": (64, c.n_radial),
        "elements.learned.weight": (MAX_Z + 1, 2 * c.width),
        "perception.weight": (768, (5 + 5 * c.legacy_batch_attention) * c.width),
        "capsules.layers.3.weight": (c.picture_channels, c.picture_channels, 3, 3),
        "head.1.weight": (len(c.properties), 64),
    }
    for t in range(c.loops):
        shapes[f"updates.{t}.0.kernel.weight"] = (c.kernel_channels, 1, 3, 3)
    return shapes
