"""Bonds in both directions, and the pairs of bonds that follow each other."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from crysnb.values.crystal_batch import CrystalBatch


class Bonds(NamedTuple):
    """Directed bonds of a batch and the line graph on them.

    Attributes
    ----------
    centre, neighbour
        Atom that a bond leads to, and the one it comes from, [bond]; sorted by centre.
    vector
        From the centre to the neighbour, Å, float64 [bond, 3].
    first, second
        Bonds of each angle, [angle]: the first leads to the atom that the second comes from.
    """

    centre: Tensor
    neighbour: Tensor
    vector: Tensor
    first: Tensor
    second: Tensor

    @property
    def cosine(self) -> Tensor:
        """Of each angle, −r₁·r₂ / (|r₁| |r₂|), float64; 1 where a bond is gone back."""
        a, b = self.vector[self.first], self.vector[self.second]
        result: Tensor = -(a * b).sum(1) / (a.norm(dim=1) * b.norm(dim=1))
        return result.clamp(-1.0, 1.0)


def bonds_of(batch: CrystalBatch) -> Bonds:
    """Bonds of a batch: where j is a neighbour of i, i becomes one of j.

    A neighbour out to the twelfth need not have the centre among its own; Choudhary and DeCost (2021) give
    both directions of each bond. All pairs of bonds are kept, also a bond and its way back.
    """
    i, j = batch.edge_index
    there = torch.stack([i, j, *batch.edge_image.T])
    back = torch.stack([j, i, *(-batch.edge_image).T])
    rows = torch.unique(torch.cat([there, back], dim=1), dim=1)  # sorted, the centre first
    centre, neighbour = rows[0], rows[1]
    steps = batch.frac[neighbour] - batch.frac[centre] + rows[2:].T
    vector = torch.einsum("bi,bij->bj", steps, batch.cell[batch.crystal_of_atom[centre]])
    degree = torch.bincount(centre, minlength=batch.n_atoms)
    start = torch.cumsum(degree, 0) - degree
    # The bonds that lead to the atom from which a bond comes stand side by side.
    counts = degree[neighbour]
    second = torch.repeat_interleave(counts)
    inside = torch.arange(len(second), device=second.device) - (torch.cumsum(counts, 0) - counts)[second]
    return Bonds(centre, neighbour, vector, start[neighbour][second] + inside, second)
