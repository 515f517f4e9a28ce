"""Builds GMTNet and its ensembles from plain data."""

from __future__ import annotations

from typing import Any

from crysnb.graph.element_features import FEATURES
from crysnb.models.gmtnet.config import GMTNetConfig
from crysnb.models.gmtnet.model import GMTNet
from crysnb.models.tensor_network import TensorEnsemble, check_members

#: Class of the configurations.
CONFIG = GMTNetConfig
#: BibTeX of the method.
CITATION = """@inproceedings{yan2024gmtnet,
  title = {A Space Group Symmetry Informed Network for {O(3)} Equivariant Crystal Tensor Prediction},
  author = {Yan, Keqiang and Saxton, Alexandra and Qian, Xiaofeng and Qian, Xiaoning and Ji, Shuiwang},
  booktitle = {International Conference on Machine Learning},
  year = {2024},
  note = {arXiv 2406.12888}
}
"""


def build(config: dict[str, Any]) -> TensorEnsemble:
    """An untrained ensemble; ``config`` is that of a member plus ``members``, its number."""
    return TensorEnsemble(GMTNet, *_parts(config))


def telling_shapes(config: dict[str, Any]) -> dict[str, tuple[int, ...]]:
    """Shapes of a few weights that fix every size of the configuration, without building it."""
    one, members = _parts(config)
    shapes: dict[str, tuple[int, ...]] = {}
    for k in range(members):
        shapes[f"members.{k}.embed.weight"] = (one.width, len(FEATURES))
        shapes[f"members.{k}.radial.1.weight"] = (one.width, one.n_radial)
        for b in range(one.blocks):
            name = f"members.{k}.blocks.{b}.moments.radial.weight"
            shapes[name] = (one.channels * (one.l_max + 1), one.width)
            shapes[f"members.{k}.blocks.{b}.moments.sender.weight"] = (one.channels, one.width)
    return shapes


def _parts(config: dict[str, Any]) -> tuple[GMTNetConfig, int]:
    rest = dict(config)
    members = check_members(rest.pop("members", 1))
    return GMTNetConfig.from_dict(rest), members
