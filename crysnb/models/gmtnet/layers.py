"""Layers of GMTNet: radial basis, invariant attention, equivariant moments and their product.

Equivariant features are stored per order l as [atom, channel, 2l+1] in e3nn's real basis, where every
moment of order l has parity (-1)^l. Products also reach the other parity, which pseudo-tensors
such as the 2o part of the piezoelectric tensor need and no single edge can produce.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence

import torch
from e3nn import o3
from torch import Tensor, nn

from crysnb.models.segments import Neighborhoods
from crysnb.values.crystal_batch import CrystalBatch
from crysnb.values.trace import Tap

#: Messages are divided by the root of a typical number of neighbours, so that features stay of order one.
_TYPICAL_DEGREE = 30.0

Irrep = tuple[int, int]  # order l, parity ±1


def envelope(distance: Tensor, cutoff: float) -> Tensor:
    """Smooth cut-off: 1 at 0; value, slope and curvature vanish at ``cutoff``.

    Polynomial with p = 6 of Gasteiger, Groß and Günnemann (2020), arXiv 2003.03123, eq. 8.
    """
    x = (distance / cutoff).clamp(max=1.0)
    return 1 - 28 * x**6 + 48 * x**7 - 21 * x**8


class RadialBasis(nn.Module):
    """Bessel functions sin(nπr/c)/r, times nothing: the envelope is applied to messages.

    Gasteiger et al. (2020), eq. 7; ``[edge] -> [edge, n]``.
    """

    def __init__(self, n: int, cutoff: float) -> None:
        super().__init__()
        self.cutoff = cutoff
        self.register_buffer("frequency", math.pi * torch.arange(1, n + 1) / cutoff, persistent=False)

    def forward(self, distance: Tensor) -> Tensor:
        """Basis functions of distances in Å."""
        frequency: Tensor = self.get_buffer("frequency").to(distance.dtype)
        r = distance.clamp(min=1e-6)[:, None]
        return math.sqrt(2 / self.cutoff) * self.cutoff * torch.sin(frequency * r) / r / 4


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


def product_paths(l_max: int, wanted: Collection[Irrep]) -> list[tuple[int, int, Irrep]]:
    """All (l1, l2, wanted irrep) with l1 ≤ l2 that do not vanish for a channel times itself."""
    return [
        (l1, l2, (l3, (-1) ** (l1 + l2)))
        for l1 in range(l_max + 1)
        for l2 in range(l1, l_max + 1)
        for l3 in range(l2 - l1, l1 + l2 + 1)
        if (l3, (-1) ** (l1 + l2)) in wanted
        and not (l1 == l2 and l3 % 2 == 1)  # antisymmetric in equal factors
    ]


class SquareProduct(nn.Module):
    """Channel-wise square of the moments, A ⊗ A → the wanted irreps, by one matrix product.

    Paths are combined with Clebsch–Gordan coefficients scaled to unit output variance.
    """

    def __init__(self, l_max: int, wanted: Collection[Irrep]) -> None:
        super().__init__()
        self.paths = product_paths(l_max, wanted)
        self.irreps: dict[Irrep, int] = {}
        for _, _, irrep in self.paths:
            self.irreps[irrep] = self.irreps.get(irrep, 0) + 1
        pairs, matrix = _square_matrix(l_max, self.paths)
        self.register_buffer("first", pairs[0], persistent=False)
        self.register_buffer("second", pairs[1], persistent=False)
        self.register_buffer("matrix", matrix, persistent=False)

    def forward(self, moments: Sequence[Tensor]) -> dict[Irrep, Tensor]:
        """Per output irrep a tensor [atom, path × channel, 2l+1]."""
        a = torch.cat(list(moments), dim=2)
        n, c, _ = a.shape
        pairs = a[:, :, self.get_buffer("first")] * a[:, :, self.get_buffer("second")]
        flat = pairs.reshape(n * c, -1) @ self.get_buffer("matrix").to(a.dtype)
        parts: dict[Irrep, list[Tensor]] = {irrep: [] for irrep in self.irreps}
        at = 0
        for _, _, irrep in self.paths:
            size = 2 * irrep[0] + 1
            parts[irrep].append(flat[:, at : at + size].reshape(n, c, size))
            at += size
        return {irrep: torch.cat(part, dim=1) for irrep, part in parts.items()}


def _square_matrix(l_max: int, paths: list[tuple[int, int, Irrep]]) -> tuple[Tensor, Tensor]:
    """Index pairs i ≤ j of the concatenated moments that matter, [2, pair], and the matrix [pair, output]."""
    size = (l_max + 1) ** 2
    first, second = torch.triu_indices(size, size)
    columns = []
    for l1, l2, (l3, _) in paths:
        coupling = torch.zeros(size, size, 2 * l3 + 1, dtype=torch.float64)
        block = o3.wigner_3j(l1, l2, l3, dtype=torch.float64) * math.sqrt(2 * l3 + 1)
        coupling[l1**2 : (l1 + 1) ** 2, l2**2 : (l2 + 1) ** 2] = block
        both = coupling + coupling.transpose(0, 1)
        both[torch.arange(size), torch.arange(size)] /= 2
        columns.append(both[first, second])
    matrix = torch.cat(columns, dim=1)
    used = matrix.abs().sum(1) > 0  # even irreps alone need no product of an even and an odd order
    return torch.stack([first, second])[:, used], matrix[used]


class EquivariantLinear(nn.Module):
    """Mixes channels within each irrep, ``[atom, c_in, 2l+1] -> [atom, c_out, 2l+1]``; no bias."""

    def __init__(self, inputs: Mapping[Irrep, int], outputs: Mapping[Irrep, int]) -> None:
        super().__init__()
        self.outputs = {irrep: n for irrep, n in outputs.items() if irrep in inputs}
        self.weights = nn.ParameterDict(
            {
                _key(irrep): nn.Parameter(torch.randn(n, inputs[irrep]) / math.sqrt(inputs[irrep]))
                for irrep, n in self.outputs.items()
            }
        )

    def forward(self, x: dict[Irrep, Tensor]) -> dict[Irrep, Tensor]:
        """Mixed features; irreps that the layer does not output are dropped."""
        return {
            irrep: torch.einsum("dc,ncm->ndm", self.weights[_key(irrep)], x[irrep]) for irrep in self.outputs
        }


def _key(irrep: Irrep) -> str:
    return f"{irrep[0]}{'e' if irrep[1] > 0 else 'o'}"
