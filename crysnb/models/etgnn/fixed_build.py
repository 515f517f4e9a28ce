"""Builds the network of components in fixed axes, and its ensembles, from plain data."""

from __future__ import annotations

from typing import Any

from crysnb.models.etgnn.build import parts, shapes_of
from crysnb.models.etgnn.config import ETGNNConfig
from crysnb.models.etgnn.model import FixedAxes
from crysnb.models.megnet.build import CITATION
from crysnb.models.tensor_network import TensorEnsemble

__all__ = ["CITATION", "CONFIG", "build", "telling_shapes"]

#: Class of the configurations.
CONFIG = ETGNNConfig


def build(config: dict[str, Any]) -> TensorEnsemble:
    """An untrained ensemble; ``config`` is that of a member plus ``members``, its number."""
    return TensorEnsemble(FixedAxes, *parts(config))


def telling_shapes(config: dict[str, Any]) -> dict[str, tuple[int, ...]]:
    """Shapes of a few weights that fix every size of the configuration, without building it."""
    return shapes_of(*parts(config))
