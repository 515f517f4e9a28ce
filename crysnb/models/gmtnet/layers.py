"""Layers of GMTNet: radial basis, invariant attention, equivariant moments and their product.

Equivariant features are stored per order l as [atom, channel, 2l+1] in e3nn's real basis, where every
moment of order l has parity (-1)^l. Products also reach the other parity, which pseudo-tensors
such as the 2o part of the piezoelectric tensor need and no single edge can produce.
"""

from __future__ import annotations

import math

import torch
from e3nn import o3
from torch import Tensor, nn

from crysnb.models.equivariant import envelope
from crysnb.models.segments import Neighborhoods
from crysnb.values.crystal_batch import CrystalBatch
from crysnb.values.trace import Tap

#: Messages are divided by the root of a typical number of neighbours, so that features stay of order one.
_TYPICAL_DEGREE = 30.0


class Geometry:
    """What all blocks share about the edges of a batch: radial features, envelope, harmonics."""

    def __init__(
        self, batch: CrystalBatch, radial: nn.Module, cutoff: float, l_max: int, dtype: torch.dtype
    ) -> None:
        vector = batch.edge_vector.to(dtype)
        distance = vector.norm(dim=1)
        self.edge_index = batch.edge_index
        self.around = Neighborhoods(batch.edge_index[0], batch.n_atoms)
        self.weight = envelope(distance, cutoff)[:, None] / math.sqrt(_TYPICAL_DEGREE)
        self.edge: Tensor = radial(distance)
        orders = list(range(l_max + 1))
        y = o3.spherical_harmonics(orders, vector, normalize=True, normalization="component")
        self.harmonics = torch.split(self.around.table(y), [2 * order + 1 for order in orders], dim=2)


class Attention(nn.Module):
    """Invariant layer with a vector gate per channel, after the node-wise layer of GMTNet.

    The gate is sigmoid(LayerNorm(q ⊙ key)); LayerNorm instead of the original BatchNorm, so that
    a crystal's prediction never depends on its batch mates.
    """

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.key_edge = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.value_edge = nn.Linear(width, width)
        self.value_centre = nn.Linear(width, width, bias=False)
        self.norm = nn.LayerNorm(width)
        self.mix = nn.Sequential(nn.SiLU(), nn.Linear(width, width))
        self.out = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, width), nn.SiLU(), nn.Dropout(dropout))

    def forward(self, x: Tensor, geometry: Geometry, tap: Tap, name: str) -> Tensor:
        """New node features [atom, width]."""
        edge = geometry.edge
        centre, neighbour = geometry.edge_index
        key = self.key(x)[neighbour] + self.key_edge(edge)
        gate = torch.sigmoid(self.norm(self.query(x)[centre] * key))
        gate = tap(f"{name}.gate", gate, axes=("edge", "channel"), doc="attention gates, between 0 and 1")
        value = self.value(x)[neighbour] + self.value_centre(x)[centre] + self.value_edge(edge)
        message = self.mix(value) * gate * geometry.weight
        return torch.add(x, self.out(geometry.around.sum(message)))


class Moments(nn.Module):
    """Node moments A_cl = Σ_j R_cl(r_ij, x_j) Y_l(r_ij), all orders up to l_max.

    Each of ``channels`` channels has its own radial function per order, modulated by the
    neighbour's invariant features.
    """

    def __init__(self, width: int, channels: int, l_max: int) -> None:
        super().__init__()
        self.channels, self.l_max = channels, l_max
        self.radial = nn.Linear(width, channels * (l_max + 1))
        self.sender = nn.Linear(width, channels)

    def forward(self, x: Tensor, geometry: Geometry) -> list[Tensor]:
        """One tensor [atom, channel, 2l+1] per order."""
        n_edges = len(geometry.edge)
        radial = self.radial(geometry.edge).reshape(n_edges, self.l_max + 1, self.channels)
        sender = self.sender(x)[geometry.edge_index[1]] * geometry.weight
        table = geometry.around.table((radial * sender[:, None, :]).reshape(n_edges, -1))
        table = table.reshape(*table.shape[:2], self.l_max + 1, self.channels)
        return [torch.einsum("nkc,nkm->ncm", table[:, :, k], y) for k, y in enumerate(geometry.harmonics)]
