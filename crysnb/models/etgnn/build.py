"""Builds ETGNN and its ensembles from plain data."""

from __future__ import annotations

from typing import Any

from crysnb.models.etgnn.config import ETGNNConfig
from crysnb.models.etgnn.model import ETGNN
from crysnb.models.tensor_head import irreps_of, tensor_of
from crysnb.models.tensor_network import TensorEnsemble, check_members
from crysnb.values.property_spec import property_spec

#: Class of the configurations.
CONFIG = ETGNNConfig
#: BibTeX of the method.
CITATION = """@misc{zhong2022etgnn,
  title = {Edge-based Tensor Prediction via Graph Neural Networks},
  author = {Zhong, Yang and Yu, Hongyu and Gong, Xingao and Xiang, Hongjun},
  year = {2022},
  note = {arXiv 2201.05770}
}
"""


def build(config: dict[str, Any]) -> TensorEnsemble:
    """An untrained ensemble; ``config`` is that of a member plus ``members``, its number."""
    return TensorEnsemble(ETGNN, *parts(config))


def telling_shapes(config: dict[str, Any]) -> dict[str, tuple[int, ...]]:
    """Shapes of a few weights that fix every size of the configuration, without building it."""
    one, members = parts(config)
    return shapes_of(one, members)


def parts(config: dict[str, Any]) -> tuple[ETGNNConfig, int]:
    """Configuration of a member, and how many there are."""
    rest = dict(config)
    members = check_members(rest.pop("members", 1))
    return ETGNNConfig.from_dict(rest), members


def shapes_of(one: ETGNNConfig, members: int) -> dict[str, tuple[int, ...]]:
    """Telling shapes of what both baselines have."""
    first = one.properties[0]
    (order, parity), times = min(irreps_of(tensor_of(property_spec(first)).irreps).items())
    linear = f"heads.{first}.linear.weights.{order}{'e' if parity > 0 else 'o'}"
    shapes: dict[str, tuple[int, ...]] = {}
    for k in range(members):
        shapes[f"members.{k}.embed_bond.0.weight"] = (one.hidden, one.n_radial)
        shapes[f"members.{k}.embed_atom.2.weight"] = (one.width, one.hidden)
        for b in range(one.blocks):
            shapes[f"members.{k}.blocks.{b}.bond.0.weight"] = (one.hidden, 4 * one.width)
        shapes[f"members.{k}.{linear}"] = (times, one.channels)
    return shapes
