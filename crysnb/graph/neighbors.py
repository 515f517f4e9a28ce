"""Periodic neighbours within a fixed radius, or the whole shells of the nearest ones.

Every pair closer than the cutoff is an edge, each directed edge once. Where a published model takes the
k nearest neighbours, all that are as far as the k-th one are taken too: in rock salt, diamond and
perovskites the twelfth neighbour lies in the middle of a shell, and rounding would choose. What sits at
the cutoff itself does not matter to models that multiply messages by an envelope that vanishes there.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure

from crysnb.errors import ShapeError

#: Distances that differ by less belong to one shell, Å.
SHELL = 1e-3


def neighbors(
    structure: Structure, cutoff: float, nearest: int | None = None
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Centres [edge], neighbours [edge] and lattice translations [edge, 3].

    Parameters
    ----------
    structure
        A checked structure.
    cutoff
        Radius in Å.
    nearest
        Take for each atom only what is no farther than its neighbour of this number, by more than
        :data:`SHELL`; None for all.

    Returns
    -------
    tuple
        Sorted by centre, neighbour, translation.
    """
    if not 0 < cutoff <= 12:
        raise ShapeError(
            "graph.cutoff", found=f"a cutoff of {cutoff} Å", accepted="more than 0, at most 12 Å"
        )
    if nearest is not None and nearest < 1:
        raise ShapeError("graph.neighbors", found=f"{nearest} neighbours", accepted="at least 1")
    centre, neighbour, image, distance = structure.get_neighbor_list(cutoff, exclude_self=True)
    image = np.rint(image).astype(np.int64).reshape(-1, 3)
    if nearest is not None:
        kept = _within_shells(centre, distance, nearest)
        centre, neighbour, image = centre[kept], neighbour[kept], image[kept]
    order = np.lexsort((image[:, 2], image[:, 1], image[:, 0], neighbour, centre))
    return centre[order].astype(np.int64), neighbour[order].astype(np.int64), image[order]


def _within_shells(
    centre: NDArray[np.int64], distance: NDArray[np.float64], nearest: int
) -> NDArray[np.bool_]:
    """Which edges [edge] reach no farther than the shell of the centre's ``nearest``-th neighbour."""
    order = np.lexsort((distance, centre))
    first = np.searchsorted(centre[order], centre, side="left")
    last = np.searchsorted(centre[order], centre, side="right") - 1
    limit = distance[order][np.minimum(first + nearest - 1, last)]
    kept: NDArray[np.bool_] = distance <= limit + SHELL
    return kept
