"""A space group where a search put it in a given cell, so that groups of one crystal can be compared."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crysnb.symmetry.detect import conventional_axes, conventional_of
from crysnb.symmetry.naming import Label
from crysnb.symmetry.point_groups import hall_setting
from crysnb.symmetry.search import Cell
from crysnb.symmetry.sites import Conventional

Array = NDArray[np.float64]

_EYE = np.eye(3, dtype=np.int64)
#: Lattices and rotations of one cell are rational in its axes: equal or clearly different.
_EXACT = 1e-3
_ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class LocatedGroup:
    """A space group in the coordinates of a given cell.

    Attributes
    ----------
    number, symbol, point_group, hall_number
        Its names.
    conventional
        Where its conventional cell lies.
    lattice
        Rows are the vectors of the given cell in Å, shape [3, 3].
    axes
        Columns are its right-handed conventional axes in Å, as given, not idealised, shape [3, 3].
    rotations, translations
        Operations of the given cell that its shape allows, shapes [op, 3, 3] and [op, 3].
    """

    number: int
    symbol: str
    point_group: str
    hall_number: int
    conventional: Conventional
    lattice: Array
    axes: Array
    rotations: NDArray[np.int64]
    translations: Array

    @classmethod
    def of(cls, cell: Cell, found: Any) -> LocatedGroup:
        """The group of a dataset that :func:`crysnb.symmetry.search.search` found for the cell."""
        return cls(
            number=int(found.number),
            symbol=str(found.international),
            point_group=str(found.pointgroup).strip(),
            hall_number=int(found.hall_number),
            conventional=conventional_of(found),
            lattice=cell.lattice,
            axes=conventional_axes(cell, found),
            rotations=np.asarray(found.rotations, dtype=np.int64),
            translations=np.asarray(found.translations, dtype=np.float64),
        )

    @property
    def order(self) -> int:
        """Number of point operations."""
        return self.conventional.n_rotations

    @cached_property
    def pure(self) -> Array:
        """Translations inside the given cell, the zero one among them, shape [translation, 3]."""
        return np.asarray(self.translations[(self.rotations == _EYE).all(axis=(1, 2))])

    @property
    def n_operations(self) -> int:
        """Point operations times translations inside the given cell, whatever its shape allows of them."""
        return self.order * len(self.pure)

    @property
    def labels(self) -> tuple[Label, ...]:
        """Names of the point operations, in the order of ``SymmetryInfo.operations``."""
        return hall_setting(self.hall_number).labels

    @cached_property
    def _columns(self) -> Array:
        # The conventional axes of the search; ``axes`` are equivalent ones, which the labels belong to.
        return np.asarray(self.lattice.T @ np.linalg.inv(self.conventional.transformation))

    @cached_property
    def representatives(self) -> tuple[NDArray[np.int64], Array]:
        """One operation per label, in the coordinates of ``conventional``, shapes [op, 3, 3] and [op, 3]."""
        back = np.linalg.inv(self._columns) @ self.axes
        wanted = np.round(back @ hall_setting(self.hall_number).matrices @ np.linalg.inv(back))
        every = self.conventional.rotations
        at = [int((every == w).all(axis=(1, 2)).argmax()) for w in wanted]
        return every[at], self.conventional.translations[at]

    @cached_property
    def centring(self) -> Array:
        """Translations inside the conventional cell, the zero one first, shape [translation, 3]."""
        pure = (self.conventional.rotations == _EYE).all(axis=(1, 2))
        return np.asarray(self.conventional.translations[pure])

    @cached_property
    def _in_given_cell(self) -> tuple[Array, Array]:
        # x' = W x + w in the coordinates of the given cell; not whole numbers where its shape forbids one.
        change, origin = self.conventional.transformation, self.conventional.origin
        w, t = self.representatives
        inverse = np.linalg.inv(change)
        return inverse @ w @ change, (origin @ w.transpose(0, 2, 1) + t - origin) @ inverse.T

    def fixes(self, frac: Array, within: float) -> NDArray[np.bool_]:
        """Which point operations some operation of the group has that leaves a site in place, [op, site].

        These are the site-symmetry groups, whole also in a cell whose own shape lacks some operations.

        Parameters
        ----------
        frac
            Positions in the given cell, shape [site, 3].
        within
            A site is left in place if its image is nearer than this, Å.
        """
        w, t = self._in_given_cell
        gap = frac @ w.transpose(0, 2, 1) + t[:, None, :] - frac
        near = self._shortest(gap.reshape(-1, 3)) < within
        return np.asarray(near.reshape(gap.shape[:2]))

    def contains(self, other: LocatedGroup, tolerance: float) -> bool:
        """Whether every operation of another group of the same cell is one of this, at the same place.

        Parameters
        ----------
        other
            The group that should be the smaller one.
        tolerance
            How far apart in Å the images of a point may be; a search at a loose tolerance knows the place
            of an axis or a centre only as well as that.
        """
        if self._is_the_same_as(other):
            return True
        inverse = np.linalg.inv(other.conventional.transformation)
        if not self._has_translations(np.vstack([inverse.T, other.centring @ inverse.T]), _EXACT):
            return False
        mine, shifts = self._in_given_cell
        theirs, wanted = other._in_given_cell
        gap = np.abs(theirs[:, None] - mine).max(axis=(2, 3))
        if gap.min(axis=1).max() > _EXACT:
            return False
        return self._has_translations(wanted - shifts[gap.argmin(axis=1)], tolerance)

    def _is_the_same_as(self, other: LocatedGroup) -> bool:
        # The usual case of two neighbouring tolerances, without writing the operations out.
        one, two = self.conventional, other.conventional
        return (
            self.hall_number == other.hall_number
            and bool(np.abs(one.transformation - two.transformation).max() < _ROUNDING)
            and bool(np.abs(one.origin - two.origin).max() < _ROUNDING)
        )

    def _has_translations(self, vectors: Array, tolerance: float) -> bool:
        # Vectors in the given cell's coordinates, shape [vector, 3].
        return bool(self._shortest(vectors).max() < tolerance)

    def _shortest(self, vectors: Array) -> Array:
        # Å to the nearest lattice point, centring included, shape [vector].
        gap = (vectors @ self.conventional.transformation.T)[:, None] - self.centring
        gap -= np.round(gap)
        return np.asarray(np.sqrt(((gap @ self._columns.T) ** 2).sum(axis=2)).min(axis=1))
