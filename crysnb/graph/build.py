"""Structures to :class:`~crysnb.values.crystal_batch.CrystalBatch`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from pymatgen.core import Lattice, Structure

from crysnb.graph.neighbors import neighbors
from crysnb.values.crystal_batch import CrystalBatch, collate


def build_one(structure: Structure, cutoff: float, nearest: int | None = None) -> CrystalBatch:
    """Graph of one checked structure; ``cutoff`` in Å, see :func:`~crysnb.graph.neighbors.neighbors`."""
    centre, neighbour, image = neighbors(structure, cutoff, nearest)
    return CrystalBatch(
        atomic_number=torch.tensor([site.specie.Z for site in structure], dtype=torch.int64),
        frac=torch.from_numpy(np.array(structure.frac_coords, dtype=np.float64)),
        cell=torch.from_numpy(np.array(structure.lattice.matrix, dtype=np.float64))[None],
        crystal_of_atom=torch.zeros(len(structure), dtype=torch.int64),
        edge_index=torch.from_numpy(np.stack([centre, neighbour])),
        edge_image=torch.from_numpy(image),
    )


def build(structures: Sequence[Structure], cutoff: float, nearest: int | None = None) -> CrystalBatch:
    """Graphs of several checked structures as one batch, in order; see :func:`build_one`."""
    return collate([build_one(structure, cutoff, nearest) for structure in structures])


def to_structure(batch: CrystalBatch) -> Structure:
    """The structure of a batch of one crystal, cell and order of sites as they are."""
    return Structure(Lattice(batch.cell[0].numpy()), batch.atomic_number.tolist(), batch.frac.numpy())
