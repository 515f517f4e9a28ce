"""What is drawn of a crystal: atoms with their images on the cell border, bonds, edges of the cell."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from crysnb.structure.radii import covalent_radius

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure

#: A pair closer than this times the sum of covalent radii is drawn as bonded.
BOND_FACTOR = 1.12
#: An atom this close to a face of the cell, in fractions, is drawn on the opposite face too.
_ON_FACE = 0.02
#: Above this number of drawn atoms no bonds are drawn.
MAX_BONDED = 1500


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CrystalDrawing:
    """Geometry of a drawing, in the frame of the structure.

    Attributes
    ----------
    symbols
        Element of each drawn atom.
    site
        Index of the site that each drawn atom is an image of.
    positions
        Cartesian positions in Å, shape [atom, 3].
    bonds
        Pairs of drawn atoms.
    cell
        Lattice vectors as rows, Å.
    """

    symbols: tuple[str, ...]
    site: tuple[int, ...]
    positions: NDArray[np.float64]
    bonds: tuple[tuple[int, int], ...]
    cell: NDArray[np.float64]

    def edges(self) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
        """The twelve edges of the cell as pairs of points."""
        out = []
        for corner in itertools.product((0, 1), repeat=3):
            for axis in range(3):
                if corner[axis] == 0:
                    start = np.asarray(corner) @ self.cell
                    out.append((start, start + self.cell[axis]))
        return out


def crystal_drawing(structure: Structure) -> CrystalDrawing:
    """The drawing of a checked structure."""
    cell = np.asarray(structure.lattice.matrix, dtype=np.float64)
    symbols: list[str] = []
    sites: list[int] = []
    places: list[NDArray[np.float64]] = []
    for index, site in enumerate(structure):
        frac = np.mod(np.asarray(site.frac_coords, dtype=np.float64), 1.0)
        frac[frac > 1.0 - 1e-9] = 0.0
        for image in itertools.product(*(_images(f) for f in frac)):
            symbols.append(site.specie.symbol)
            sites.append(index)
            places.append((frac + np.asarray(image)) @ cell)
    positions = np.asarray(places).reshape(-1, 3)
    return CrystalDrawing(
        symbols=tuple(symbols),
        site=tuple(sites),
        positions=positions,
        bonds=_bonds(symbols, positions, _metals(structure)),
        cell=cell,
    )


def _images(f: float) -> tuple[int, ...]:
    if f < _ON_FACE:
        return (0, 1)
    return (-1, 0) if f > 1.0 - _ON_FACE else (0,)


def drawn_radius(symbol: str) -> float:
    """Radius of a drawn atom in Å: large atoms are larger, but hide no others."""
    return 0.24 + 0.2 * covalent_radius(symbol)


def _metals(structure: Structure) -> frozenset[str]:
    """Metals among the elements; none if there is nothing else, so that a metal shows its own bonds."""
    metals = {e.symbol for e in structure.composition if e.is_metal}
    return frozenset(metals) if len(metals) < len(structure.composition) else frozenset()


def _bonds(
    symbols: list[str], positions: NDArray[np.float64], metals: frozenset[str]
) -> tuple[tuple[int, int], ...]:
    """Close pairs; two metals beside an anion are not bonded, however large their radii."""
    if len(symbols) > MAX_BONDED:
        return ()
    is_metal = np.asarray([s in metals for s in symbols])
    radii = np.asarray([covalent_radius(s) for s in symbols])
    pairs: list[tuple[int, int]] = []
    for i in range(len(symbols) - 1):  # one row at a time keeps memory flat
        distance = np.linalg.norm(positions[i + 1 :] - positions[i], axis=1)
        near = (distance < BOND_FACTOR * (radii[i + 1 :] + radii[i])) & (distance > 0.1)
        near &= ~(is_metal[i] & is_metal[i + 1 :])
        pairs.extend((i, i + 1 + int(j)) for j in np.flatnonzero(near))
    return tuple(pairs)
