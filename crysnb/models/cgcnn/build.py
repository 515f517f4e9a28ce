"""Builds CGCNN from plain data."""

from __future__ import annotations

from typing import Any

from crysnb.models.cgcnn.config import CGCNNConfig
from crysnb.models.cgcnn.model import CGCNN, n_gaussians
from crysnb.models.element_input import ROWS, width_of

#: Class of the configurations.
CONFIG = CGCNNConfig
#: BibTeX of the method.
CITATION = """@article{xie2018cgcnn,
  title = {Crystal Graph Convolutional Neural Networks for an Accurate and Interpretable Prediction of
           Material Properties},
  author = {Xie, Tian and Grossman, Jeffrey C.},
  journal = {Physical Review Letters},
  volume = {120},
  pages = {145301},
  year = {2018},
  doi = {10.1103/PhysRevLett.120.145301}
}
"""


def build(config: dict[str, Any]) -> CGCNN:
    """An untrained network."""
    return CGCNN(CGCNNConfig.from_dict(config))


def telling_shapes(config: dict[str, Any]) -> dict[str, tuple[int, ...]]:
    """Shapes of a few weights that fix every size of the configuration, without building it."""
    one = CGCNNConfig.from_dict(config)
    inner = 2 * one.width + n_gaussians(one)
    shapes: dict[str, tuple[int, ...]] = {
        "elements.vectors": (ROWS, width_of(one.features)),
        "hidden.0.weight": (one.hidden, one.width),
        "out.weight": (len(one.properties), one.hidden),
    }
    for k in range(one.blocks):
        shapes[f"convolutions.{k}.full.weight"] = (2 * one.width, inner)
    for k in range(1, one.hidden_layers):
        shapes[f"hidden.{k}.weight"] = (one.hidden, one.hidden)
    return shapes
