"""Periodic neighbours within a fixed radius.

Every pair closer than the cutoff is an edge, each directed edge once; nothing is cut by a neighbour
count, so a shell can never be split by rounding. What sits at the cutoff itself does not matter,
because models multiply messages by a smooth envelope that vanishes there.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure

from crysnb.errors import ShapeError


def neighbors(
    structure: Structure, cutoff: float
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Centres [edge], neighbours [edge] and lattice translations [edge, 3].

    Parameters
    ----------
    structure
        A checked structure.
    cutoff
        Radius in Å.

    Returns
    -------
    tuple
        Sorted by centre, neighbour, translation.
    """
    if not 0 < cutoff <= 12:
        raise ShapeError(
            "graph.cutoff", found=f"a cutoff of {cutoff} Å", accepted="more than 0, at most 12 Å"
        )
    centre, neighbour, image, _ = structure.get_neighbor_list(cutoff, exclude_self=True)
    image = np.rint(image).astype(np.int64).reshape(-1, 3)
    order = np.lexsort((image[:, 2], image[:, 1], image[:, 0], neighbour, centre))
    return centre[order].astype(np.int64), neighbour[order].astype(np.int64), image[order]
