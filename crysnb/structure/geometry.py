"""Distances in a periodic cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure

NEIGHBOR_CUTOFF = 4.0  # Å


def cell_heights(cell: NDArray[np.float64]) -> NDArray[np.float64]:
    """Distances between opposite faces of the cell, [3], in Å."""
    volume = abs(float(np.linalg.det(cell)))
    areas = np.linalg.norm(np.cross(cell[[1, 2, 0]], cell[[2, 0, 1]]), axis=1)
    return np.asarray(volume / areas, dtype=np.float64)


# Indices i, j and the distance in Å of every ordered pair, nearest first.
Pairs = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]


def shortest_pairs(structure: Structure) -> Pairs:
    """Pairs of atoms ``(i, j, distance in Å)`` within 4 Å under periodic boundaries, nearest first."""
    wrapped = structure.copy()
    wrapped.translate_sites(range(len(wrapped)), [0.0, 0.0, 0.0], to_unit_cell=True)
    centre, other, _, distance = wrapped.get_neighbor_list(NEIGHBOR_CUTOFF)
    order = np.lexsort((other, centre, np.round(distance, 6)))
    return (
        np.asarray(centre, dtype=np.int64)[order],
        np.asarray(other, dtype=np.int64)[order],
        np.asarray(distance, dtype=np.float64)[order],
    )
