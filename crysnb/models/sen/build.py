"""Builds SEN-E3 from plain data."""

from __future__ import annotations

from typing import Any

from crysnb.graph.element_features import FEATURES, MAX_Z
from crysnb.models.sen.config import SENConfig
from crysnb.models.sen.model import SEN

#: Class of the configurations.
CONFIG = SENConfig
#: BibTeX of the method.
CITATION = """@article{liang2023capsule,
  title = {Material symmetry recognition and property prediction accomplished by crystal capsule
           representation},
  author = {Liang, Chao and Rouzhahong, Yilimiranmu and Ye, Caiyuan and Li, Chong and Wang, Biao and
            Li, Huashan},
  journal = {Nature Communications},
  volume = {14},
  pages = {5198},
  year = {2023},
  doi = {10.1038/s41467-023-40756-2},
  note = {The idea; this network is another one}
}
"""


def build(config: dict[str, Any]) -> SEN:
    """An untrained network."""
    return SEN(SENConfig.from_dict(config))


def telling_shapes(config: dict[str, Any]) -> dict[str, tuple[int, ...]]:
    """Shapes of a few weights that fix every size of the configuration, without building it."""
    c = SENConfig.from_dict(config)
    shapes: dict[str, tuple[int, ...]] = {
        "elements.described.weight": (c.width, len(FEATURES)),
        "elements.learned.weight": (MAX_Z + 1, c.width),
        "parts.presence.weight": (c.parts, c.width),
        "parts.feature.weight": (c.parts * c.part_features, c.width),
        "head.3.weight": (len(c.properties), c.width),
    }
    for t in range(c.loops):
        shapes[f"environments.{t}.radial.weight"] = (2 * c.edge_width, c.n_radial)
        if c.l_max:
            shapes[f"environments.{t}.gate.weight"] = (c.channels * c.l_max, c.width)
    for order, n in enumerate(c.pose):
        shapes[f"parts.merge_pose.weights.{order}"] = (c.parts, n, n)
    for u in range(c.layers):
        shapes[f"layers.{u}.pose_value.weights.0"] = (c.heads, c.pose[0], c.pose[0])
    if c.star_attention:
        shapes["star.share"] = (c.star_heads, sum(c.pose))
    if c.object_capsules:
        shapes["objects.feature"] = (c.objects, 2 * c.object_features + c.n_radial, c.object_features)
    if c.likelihood:
        shapes["likelihood.votes.by_part.weight"] = (c.vote_factors, c.width)
    return shapes
