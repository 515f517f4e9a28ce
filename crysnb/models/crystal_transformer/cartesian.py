"""The published forward pass: listed atoms at Cartesian places, read at the first one."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from crysnb.errors import OutOfDomain

if TYPE_CHECKING:
    from crysnb.models.crystal_transformer.config import CrystalTransformerConfig
    from crysnb.values.crystal_batch import CrystalBatch
    from crysnb.values.trace import Tap

#: Elements that have a column.
ELEMENTS = 100


class Cartesian(nn.Module):
    """Tokens of element and place, a post-norm encoder, the first token: Jin et al. (2025).

    Parameters
    ----------
    config
        Sizes.

    Warns
    -----
    UserWarning
        Always: what this gives depends on orientation, origin, cell and order of the sites.
    """

    def __init__(self, config: CrystalTransformerConfig) -> None:
        super().__init__()
        warnings.warn(
            "geometry='cartesian' is not invariant: its prediction changes when the crystal is turned, "
            "moved, written in another cell or with its sites in another order",
            stacklevel=2,
        )
        half = config.width // 2
        self.chemistry = nn.Linear(ELEMENTS, half)
        self.place = nn.Linear(3, half)
        layer = nn.TransformerEncoderLayer(
            config.width, config.heads, config.hidden, dropout=config.dropout, batch_first=True
        )
        self.layers = nn.TransformerEncoder(layer, config.layers, enable_nested_tensor=False)

    def forward(self, batch: CrystalBatch, tap: Tap) -> Tensor:
        """The first atom of each crystal after all layers, [crystal, width].

        Raises
        ------
        OutOfDomain
            ``domain.element`` beyond fermium.
        """
        number = batch.atomic_number
        if int(number.max()) > ELEMENTS:
            raise OutOfDomain(
                "domain.element",
                found=f"an element of atomic number {int(number.max())}",
                accepted=f"elements up to {ELEMENTS}, which the published model has",
            )
        dtype = self.chemistry.weight.dtype
        one_hot = nn.functional.one_hot(number - 1, ELEMENTS).to(dtype)
        cells = batch.cell[batch.crystal_of_atom]
        places = torch.einsum("ai,aij->aj", batch.frac, cells).to(dtype)
        tokens = torch.cat([self.chemistry(one_hot), self.place(places)], dim=1)
        tokens = tap("embedding", tokens, axes=("atom", "channel"), doc="element and place of each atom")
        counts = torch.bincount(batch.crystal_of_atom)
        padded = nn.utils.rnn.pad_sequence(list(torch.split(tokens, counts.tolist())), batch_first=True)
        size = padded.shape[1]
        empty = torch.arange(size, device=counts.device)[None] >= counts[:, None]
        result: Tensor = self.layers(padded, src_key_padding_mask=empty)[:, 0]
        return result
