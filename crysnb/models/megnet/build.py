"""Builds MEGNet from plain data."""

from __future__ import annotations

from typing import Any

from crysnb.models.element_input import ROWS, width_of
from crysnb.models.megnet.config import MEGNetConfig
from crysnb.models.megnet.model import MEGNet

#: Class of the configurations.
CONFIG = MEGNetConfig
#: BibTeX of the method.
CITATION = """@article{chen2019megnet,
  title = {Graph Networks as a Universal Machine Learning Framework for Molecules and Crystals},
  author = {Chen, Chi and Ye, Weike and Zuo, Yunxing and Zheng, Chen and Ong, Shyue Ping},
  journal = {Chemistry of Materials},
  volume = {31},
  pages = {3564--3572},
  year = {2019},
  doi = {10.1021/acs.chemmater.9b01294}
}
"""


def build(config: dict[str, Any]) -> MEGNet:
    """An untrained network."""
    return MEGNet(MEGNetConfig.from_dict(config))


def telling_shapes(config: dict[str, Any]) -> dict[str, tuple[int, ...]]:
    """Shapes of a few weights that fix every size of the configuration, without building it."""
    one = MEGNetConfig.from_dict(config)
    shapes: dict[str, tuple[int, ...]] = {
        "elements.vectors": (ROWS, width_of(one.features)),
        "embed_bond.0.weight": (one.hidden, one.n_radial),
        "embed_bond.2.weight": (one.width, one.hidden),
        "out.weight": (len(one.properties), max(one.width // 2, 1)),
    }
    return shapes | {f"blocks.{k}.bond.0.weight": (one.hidden, 4 * one.width) for k in range(one.blocks)}
