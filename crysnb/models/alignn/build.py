"""Builds ALIGNN from plain data."""

from __future__ import annotations

from typing import Any

from crysnb.models.alignn.config import ALIGNNConfig
from crysnb.models.alignn.model import ALIGNN
from crysnb.models.element_input import ROWS, width_of

#: Class of the configurations.
CONFIG = ALIGNNConfig
#: BibTeX of the method.
CITATION = """@article{choudhary2021alignn,
  title = {Atomistic Line Graph Neural Network for improved materials property predictions},
  author = {Choudhary, Kamal and DeCost, Brian},
  journal = {npj Computational Materials},
  volume = {7},
  pages = {185},
  year = {2021},
  doi = {10.1038/s41524-021-00650-1}
}
"""


def build(config: dict[str, Any]) -> ALIGNN:
    """An untrained network."""
    return ALIGNN(ALIGNNConfig.from_dict(config))


def telling_shapes(config: dict[str, Any]) -> dict[str, tuple[int, ...]]:
    """Shapes of a few weights that fix every size of the configuration, without building it."""
    one = ALIGNNConfig.from_dict(config)
    square = (one.width, one.width)
    shapes: dict[str, tuple[int, ...]] = {
        "elements.vectors": (ROWS, width_of(one.features)),
        "embed_bond.0.0.weight": (one.hidden, one.n_radial),
        "embed_angle.0.0.weight": (one.hidden, one.n_angular),
        "out.weight": (len(one.properties), one.width),
    }
    for k in range(one.alignn_layers):
        shapes |= {f"on_graph.{k}.edge.weight": square, f"on_line_graph.{k}.edge.weight": square}
    return shapes | {f"last.{k}.edge.weight": square for k in range(one.graph_layers)}
