"""Whether a network can see the crystal at all: atoms beyond its cut-off do not exist for it."""

from __future__ import annotations

import torch

from crysnb.errors import OutOfDomain
from crysnb.values.crystal_batch import CrystalBatch
from crysnb.values.prediction import Notice


def neighbor_notices(graph: CrystalBatch, cutoff: float) -> tuple[Notice, ...]:
    """Warning for atoms without a neighbour within the cut-off, in Å, of the model.

    Raises
    ------
    OutOfDomain
        ``domain.no_neighbors`` if no atom has one.
    """
    seen = int(torch.unique(graph.edge_index[0]).numel())
    if seen == graph.n_atoms:
        return ()
    if not seen:
        raise OutOfDomain(
            "domain.no_neighbors",
            found=f"no two atoms are within {cutoff:g} Å, the reach of the model",
            accepted="crystals whose atoms are bonded",
            action="Check the cell and its unit",
        )
    lonely = f"{graph.n_atoms - seen} of {graph.n_atoms} atoms"
    text = f"{lonely} have no neighbour within {cutoff:g} Å, the reach of the model."
    return (Notice("domain.no_neighbors", "warning", text),)
