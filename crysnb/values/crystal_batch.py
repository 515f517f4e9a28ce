"""Many crystals as one graph: atoms, cells and periodic edges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from crysnb.errors import ShapeError


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CrystalBatch:
    """Atoms, cells and edges of many crystals.

    Cells have the lattice vectors as *rows*: Cartesian = fractional @ cell. Geometry is float64
    and stays so; models cast edge vectors to their own dtype, so that differences of large
    coordinates lose nothing.

    Attributes
    ----------
    atomic_number
        int64 [atom].
    frac
        Fractional coordinates, float64 [atom, 3].
    cell
        Lattice vectors in Å, float64 [crystal, 3, 3].
    crystal_of_atom
        int64 [atom], sorted, without gaps.
    edge_index
        int64 [2, edge]: row 0 the centre, row 1 its neighbour; sorted by centre.
    edge_image
        int64 [edge, 3]: lattice translation of the neighbour.
    """

    atomic_number: Tensor
    frac: Tensor
    cell: Tensor
    crystal_of_atom: Tensor
    edge_index: Tensor
    edge_image: Tensor

    def __post_init__(self) -> None:
        n_atoms, n_crystals = len(self.atomic_number), len(self.cell)
        shapes = (
            (self.frac, (n_atoms, 3)),
            (self.cell, (n_crystals, 3, 3)),
            (self.crystal_of_atom, (n_atoms,)),
            (self.edge_index, (2, self.edge_index.shape[-1])),
            (self.edge_image, (self.edge_index.shape[-1], 3)),
        )
        for tensor, shape in shapes:
            if tuple(tensor.shape) != shape:
                _refuse(f"a tensor of shape {tuple(tensor.shape)} where {shape} is needed")
        if len({t.device for t in self._tensors()}) != 1:
            _refuse("tensors on several devices")
        if self.frac.dtype != torch.float64 or self.cell.dtype != torch.float64:
            _refuse("geometry that is not float64")
        if not (torch.isfinite(self.frac).all() and torch.isfinite(self.cell).all()):
            _refuse("a non-finite coordinate or cell")
        steps = torch.diff(self.crystal_of_atom)
        gapless = n_atoms > 0 and self.crystal_of_atom[0] == 0 and self.crystal_of_atom[-1] == n_crystals - 1
        if not gapless or (steps < 0).any() or (steps > 1).any():
            _refuse("crystal indices that are unsorted or have gaps")
        if (torch.diff(self.edge_index[0]) < 0).any():
            _refuse("edges that are not sorted by centre")
        if (torch.linalg.det(self.cell) == 0).any():
            _refuse("a cell without volume")

    def _tensors(self) -> tuple[Tensor, ...]:
        return (
            self.atomic_number,
            self.frac,
            self.cell,
            self.crystal_of_atom,
            self.edge_index,
            self.edge_image,
        )

    @property
    def n_atoms(self) -> int:
        """Number of atoms."""
        return len(self.atomic_number)

    @property
    def n_crystals(self) -> int:
        """Number of crystals."""
        return len(self.cell)

    @property
    def n_edges(self) -> int:
        """Number of directed edges."""
        return int(self.edge_index.shape[1])

    @property
    def edge_vector(self) -> Tensor:
        """From the centre to its neighbour, Å, float64 [edge, 3]."""
        centre, neighbour = self.edge_index
        steps = self.frac[neighbour] - self.frac[centre] + self.edge_image.to(self.frac.dtype)
        cells = self.cell[self.crystal_of_atom[centre]]
        return torch.einsum("ei,eij->ej", steps, cells)

    def to(self, device: torch.device | str) -> CrystalBatch:
        """The same batch on another device; itself where it is there already."""
        if self.frac.device == torch.device(device):
            return self
        return CrystalBatch(
            atomic_number=self.atomic_number.to(device),
            frac=self.frac.to(device),
            cell=self.cell.to(device),
            crystal_of_atom=self.crystal_of_atom.to(device),
            edge_index=self.edge_index.to(device),
            edge_image=self.edge_image.to(device),
        )

    def __repr__(self) -> str:
        return f"CrystalBatch({self.n_crystals} crystals, {self.n_atoms} atoms, {self.n_edges} edges)"


def collate(batches: Sequence[CrystalBatch]) -> CrystalBatch:
    """One batch from several, in order.

    Raises
    ------
    ShapeError
        ``batch.invalid`` if there is nothing to join.
    """
    if not batches:
        _refuse("no crystals")
    atoms = torch.tensor([0, *(b.n_atoms for b in batches)]).cumsum(0).tolist()
    crystals = torch.tensor([0, *(b.n_crystals for b in batches)]).cumsum(0).tolist()
    return CrystalBatch(
        atomic_number=torch.cat([b.atomic_number for b in batches]),
        frac=torch.cat([b.frac for b in batches]),
        cell=torch.cat([b.cell for b in batches]),
        crystal_of_atom=torch.cat(
            [b.crystal_of_atom + n for b, n in zip(batches, crystals[:-1], strict=True)]
        ),
        edge_index=torch.cat([b.edge_index + n for b, n in zip(batches, atoms[:-1], strict=True)], dim=1),
        edge_image=torch.cat([b.edge_image for b in batches]),
    )


def _refuse(found: str) -> None:
    raise ShapeError("batch.invalid", found=found, accepted="what the class documents")
