"""Reduced basis of a space of tensors: which components are free, and the others in terms of them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: A component this small in every invariant tensor of unit norm is zero.
ZERO = 1e-11
#: Errors of the elimination stay below this; a true coefficient of a slightly tilted crystal does not.
ROUNDING = 1e-13
#: A free component must keep at least this much (of a unit tensor) once the earlier free ones are fixed.
#: Crystallographic orientations stay above 0.08. In others a smaller one would be free in name only:
#: a later component is taken, the relations stay exact, and no coefficient explodes.
PIVOT = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class ReducedBasis:
    """Columns span the space; in the rows of the free components they are the identity (RREF).

    Attributes
    ----------
    free
        Indices of the free components in order of preference, shape [r].
    matrix
        Shape [component, r]: all components from the free ones. Exact zeros and exact twelfths
        where the numbers are within :data:`ROUNDING` of them.
    """

    free: NDArray[np.int64]
    matrix: NDArray[np.float64]


def reduced_basis(vectors: NDArray[np.float64], scale: NDArray[np.float64]) -> ReducedBasis:
    """Reduced form with the free components taken in the order of preference.

    Parameters
    ----------
    vectors
        Orthonormal columns that span the space, shape [component, r]; components in order of
        preference.
    scale
        Factor by which each row exceeds the printed component, shape [component].
    """
    width, rank = vectors.shape
    free: list[int] = []
    # Gram–Schmidt on the rows: what is left of a row is what the earlier free ones do not fix.
    rest = vectors.copy()
    left = (rest**2).sum(axis=1)
    for threshold in (PIVOT, 1e-6, 0.0):
        k = -1
        while len(free) < rank:
            large = np.flatnonzero(left[k + 1 :] > threshold**2)
            if not len(large):
                break
            k += 1 + int(large[0])
            free.append(k)
            unit = rest[k] / math.sqrt(float(rest[k] @ rest[k]))
            along = rest @ unit
            rest -= along[:, None] * unit
            left = (rest**2).sum(axis=1)
            left[k] = 0.0
    chosen = np.sort(np.array(free, dtype=np.int64))
    if not free:
        return ReducedBasis(chosen, np.zeros((width, 0)))
    printed = vectors / scale[:, None]
    matrix = np.asarray(np.linalg.solve(printed[chosen].T, printed.T).T, dtype=np.float64)
    return ReducedBasis(chosen, tidy(matrix))


def tidy(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same numbers with whole twelfths, zero among them, exact; no negative zero."""
    twelfths = np.round(matrix * 12) / 12
    return np.where(np.abs(matrix - twelfths) < ROUNDING, twelfths, matrix) + 0.0
