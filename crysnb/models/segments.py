"""Sums over the neighbours of an atom and over the atoms of a crystal."""

from __future__ import annotations

import torch
from torch import Tensor


class Neighborhoods:
    """Edges laid out as a table [atom, slot], so that sums over neighbours are matrix products.

    Parameters
    ----------
    centre
        int64 [edge], sorted.
    n_atoms
        Number of atoms.
    """

    def __init__(self, centre: Tensor, n_atoms: int) -> None:
        degree = torch.bincount(centre, minlength=n_atoms)
        first = torch.cumsum(degree, 0) - degree
        self.slots = int(degree.max()) if len(centre) else 0
        self.n_atoms = n_atoms
        self.place = centre * self.slots + torch.arange(len(centre), device=centre.device) - first[centre]

    def table(self, edge_values: Tensor) -> Tensor:
        """``[edge, k] -> [atom, slot, k]``, zero where there is no edge."""
        width = edge_values.shape[1]
        out = edge_values.new_zeros(self.n_atoms * self.slots, width)
        return out.index_copy_(0, self.place, edge_values).reshape(self.n_atoms, self.slots, width)

    def sum(self, edge_values: Tensor) -> Tensor:
        """Sum over the edges of each centre, ``[edge, k] -> [atom, k]``."""
        return self.table(edge_values).sum(1)


def mean_per_crystal(nodes: Tensor, crystal: Tensor, n_crystals: int) -> Tensor:
    """Mean over the atoms of each crystal, ``[atom, k] -> [crystal, k]``."""
    return segment_mean(nodes, crystal, n_crystals)


def segment_sum(values: Tensor, index: Tensor, n: int) -> Tensor:
    """Sum of the rows with the same index, ``[row, k] -> [n, k]``; zero where there is none."""
    return values.new_zeros(n, *values.shape[1:]).index_add_(0, index, values)


def segment_mean(values: Tensor, index: Tensor, n: int) -> Tensor:
    """Mean of the rows with the same index, ``[row, k] -> [n, k]``; zero where there is none."""
    counts = torch.bincount(index, minlength=n).clamp(min=1).to(values.dtype)
    return segment_sum(values, index, n) / counts[:, None]


def segment_softmax(scores: Tensor, index: Tensor, n: int) -> Tensor:
    """Softmax over the rows with the same index, ``[row] -> [row]``; summed in double precision."""
    top = scores.new_full((n,), -torch.inf).scatter_reduce(0, index, scores.detach(), "amax")
    weights = torch.exp(scores - top[index])
    total = segment_sum(weights.double()[:, None], index, n)[:, 0]
    return weights / total[index].to(weights.dtype)
