"""Builds CrystalTransformer from plain data."""

from __future__ import annotations

from typing import Any

from crysnb.models.crystal_transformer.cartesian import ELEMENTS
from crysnb.models.crystal_transformer.config import CrystalTransformerConfig
from crysnb.models.crystal_transformer.model import CrystalTransformer
from crysnb.models.element_input import ROWS

#: Class of the configurations.
CONFIG = CrystalTransformerConfig
#: BibTeX of the method.
CITATION = """@article{jin2025ctuae,
  title = {Transformer-generated atomic embeddings to enhance prediction accuracy of crystal properties with
           machine learning},
  author = {Jin, Luozhijie and Du, Zijian and Shu, Le and Cen, Yan and Xu, Yuanfeng and Mei, Yongfeng and
            Zhang, Hao},
  journal = {Nature Communications},
  volume = {16},
  pages = {1210},
  year = {2025},
  doi = {10.1038/s41467-025-56481-x}
}
"""


def build(config: dict[str, Any]) -> CrystalTransformer:
    """An untrained network."""
    return CrystalTransformer(CrystalTransformerConfig.from_dict(config))


def telling_shapes(config: dict[str, Any]) -> dict[str, tuple[int, ...]]:
    """Shapes of a few weights that fix every size of the configuration, without building it."""
    one = CrystalTransformerConfig.from_dict(config)
    width, half = one.width, one.width // 2
    alone = one.geometry == "cartesian" and len(one.properties) == 1
    shapes: dict[str, tuple[int, ...]] = {
        f"heads.{k}.0.weight": (half if alone else width, width) for k in range(len(one.properties))
    }
    if one.geometry == "cartesian":
        shapes["cartesian.chemistry.weight"] = (half, ELEMENTS)
        inner = "cartesian.layers.layers.{}.linear1.weight"
    else:
        shapes["elements"] = (ROWS, half)
        shapes["geometry.structure.weight"] = (half, one.n_radial)
        shapes["encoder.bias_radial"] = (one.n_radial, one.layers * one.heads)
        inner = "encoder.layers.{}.forward_in.weight"
    return shapes | {inner.format(k): (one.hidden, width) for k in range(one.layers)}
