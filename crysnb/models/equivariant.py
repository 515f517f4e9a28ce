"""What equivariant networks are built of: radial basis, envelope, products and linear maps of irreps.

Features of order l are tensors [atom, channel, 2l+1] in e3nn's real basis.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence

import torch
from e3nn import o3
from torch import Tensor, nn

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
