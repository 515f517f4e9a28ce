"""A trained model in double precision: symmetry and slopes are told from rounding there."""

from __future__ import annotations

import copy
from typing import cast

import torch
from torch import nn

from crysnb.models.interface import Model, Network


def double(model: Model) -> Model:
    """The same model on the CPU in float64, with the weights as they are."""
    here = model.on(torch.device("cpu"))
    network = copy.deepcopy(cast("nn.Module", here.network)).to(torch.float64)
    return Model(model.card, cast("Network", network), torch.device("cpu"), model.reference)
