"""The crystal before it is distorted: idealised, with its operations as they act on the sites of its cell."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from crysnb.errors import StructureError
from crysnb.symmetry.action import point_operations
from crysnb.symmetry.detect import Symprec, detect, structure_of
from crysnb.symmetry.idealize import idealized
from crysnb.values.symmetry_info import Operation, SymmetryInfo

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure

Array = NDArray[np.float64]

#: Å below which an operation is kept, and the share of the largest distance that is still rounding.
_ROUNDING, _SHARE = 1e-9, 1e-6


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Parent:
    """An idealised crystal and the operations of its cell, in its own Cartesian frame.

    Attributes
    ----------
    structure
        The idealised structure; cell, orientation and order of sites are those of the given one.
    symmetry
        Symmetry of the structure as it was given.
    operations
        Point operations of the crystal, all of which its cell carries: those of ``symmetry.operations``.
    point
        For every operation of the cell its place in ``operations``, shape [site operation].
    site_rotations, site_translations, site_permutations
        Operations of the cell on fractional coordinates, and the site that each site is sent to, as in
        :class:`~crysnb.values.symmetry_info.SymmetryInfo`.
    """

    structure: Structure
    symmetry: SymmetryInfo
    operations: tuple[Operation, ...]
    point: NDArray[np.int64]
    site_rotations: NDArray[np.int64]
    site_translations: Array
    site_permutations: NDArray[np.int64]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the operations."""
        return tuple(op.name for op in self.operations)

    @cached_property
    def rotations(self) -> Array:
        """Cartesian matrices of ``operations``, shape [operation, 3, 3]."""
        return np.array([op.rotation for op in self.operations])

    @cached_property
    def cartesian(self) -> Array:
        """Cartesian matrix of every operation of the cell, shape [site operation, 3, 3]."""
        return np.asarray(self.rotations[self.point])

    @cached_property
    def left(self) -> dict[Any, Any]:
        """What patterns leave, where :mod:`crysnb.breaking.step` looked it up."""
        return {}

    @property
    def is_translation(self) -> NDArray[np.bool_]:
        """Which operations of the cell are pure translations, shape [site operation]."""
        return self.symmetry.is_translation

    @property
    def n_translations(self) -> int:
        """Pure translations of the cell, 1 for a primitive one."""
        return int(self.is_translation.sum())

    def act(self, displacements: Array) -> Array:
        """Images of a displacement pattern under every operation: (g d)[π(i)] = R d[i].

        Parameters
        ----------
        displacements
            Cartesian, shape [site, 3].

        Returns
        -------
        ndarray
            Shape [site operation, site, 3].
        """
        turned = displacements @ self.cartesian.transpose(0, 2, 1)
        out = np.empty_like(turned)
        np.put_along_axis(out, self.site_permutations[:, :, None], turned, axis=1)
        return out

    def distances(self, structure: Structure) -> Array:
        """How far a distorted crystal is from having each operation of the cell, Å, [site operation].

        The largest of two lengths: by how much the operation misses the site that it should send a site to,
        once the best shift is taken off, and by how much it misses the end of a cell edge because it
        would have to stretch the lattice. No tolerance of a symmetry search enters.

        Parameters
        ----------
        structure
            The distorted crystal, sites in the same order.
        """
        lattice = np.asarray(structure.lattice.matrix, dtype=np.float64)
        frac = np.asarray(structure.frac_coords, dtype=np.float64)
        images = frac @ self.site_rotations.transpose(0, 2, 1) + self.site_translations[:, None, :]
        gap = images - frac[self.site_permutations]
        gap = gap - np.round(gap)
        gap = (gap - gap.mean(axis=1, keepdims=True)) @ lattice
        atoms = np.sqrt((gap**2).sum(axis=2).max(axis=1))
        turned = lattice.T @ self.site_rotations @ np.linalg.inv(lattice.T)
        stretch = (turned.transpose(0, 2, 1) @ turned - np.eye(3)) / 2
        edges = np.sqrt(((lattice @ stretch) ** 2).sum(axis=2).max(axis=1))
        return np.asarray(np.maximum(atoms, edges))

    def by_operation(self, distances: Array) -> Array:
        """The least distance over all site operations with the same rotation, shape [operation]."""
        out = np.full(len(self.operations), np.inf)
        np.minimum.at(out, self.point, distances)
        return out

    def __repr__(self) -> str:
        s = self.symmetry
        return f"Parent({self.structure.composition.reduced_formula}, {s.symbol} ({s.number}))"


def is_kept(distances: Array) -> NDArray[np.bool_]:
    """Which operations are left, [operation]: those that are off by rounding alone."""
    return np.asarray(distances <= _ROUNDING + _SHARE * distances.max(initial=0.0))


def parent_of(x: Any, symprec: Symprec = "auto") -> Parent:
    """The idealised crystal that distortions start from.

    Parameters
    ----------
    x
        Anything that :func:`crysnb.as_structure` accepts, or a :class:`Parent`, which is returned.
    symprec
        As in :func:`crysnb.symmetry`.

    Raises
    ------
    SymmetryUndetermined
        If no group is found.
    StructureError
        ``breaking.cell`` for a cell whose shape the crystal's symmetry does not have (2×1×1 of NaCl): it
        carries only some of the point operations, so nothing could be said of the others.
    """
    if isinstance(x, Parent):
        return x
    structure = structure_of(x)
    info = detect(structure, symprec)
    ideal = idealized(structure, info)
    lattice = np.asarray(ideal.lattice.matrix, dtype=np.float64)
    point = point_operations(lattice, info)
    n_carried = len(np.unique(point))
    if n_carried < len(info.operations):
        raise StructureError(
            "breaking.cell",
            found=f"a cell that carries {n_carried} of the {len(info.operations)} point operations of "
            f"its crystal, {info.symbol} ({info.number})",
            accepted="a cell with the shape that the crystal's symmetry asks for",
            action="Use the primitive cell, for example cn.as_structure(x).get_primitive_structure().",
        )
    return Parent(
        structure=ideal,
        symmetry=info,
        operations=info.operations,
        point=point,
        site_rotations=info.site_rotations,
        site_translations=info.site_translations,
        site_permutations=info.site_permutations,
    )
