"""Reduced basis of a space of tensors: which components are free, and the others in terms of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: A component this small in every invariant tensor of unit norm is zero.
ZERO = 1e-9
#: A free component must keep at least this share of its size once the earlier free ones are fixed.
#: Otherwise a later one is taken: the relations stay exact, and no coefficient explodes.
PIVOT = 1e-2


@dataclass(frozen=True, slots=True, eq=False)
class ReducedBasis:
    """Columns span the space; in the rows of the free components they are the identity.

    Attributes
    ----------
    free
        Indices of the free components in order of preference, shape [r].
    matrix
        Shape [component, r]: all components from the free ones. Exact zeros and exact twelfths
        where the numbers are within 1e-11 of them.
    """

    free: NDArray[np.int64]
    matrix: NDArray[np.float64]


def reduced_basis(vectors: NDArray[np.float64]) -> ReducedBasis:
    """Gauss–Jordan elimination with pivots in the order of the components.

    Parameters
    ----------
    vectors
        Rows span the space, shape [r, component]; components in order of preference.
    """
    rows = np.array(vectors, dtype=np.float64)
    rank, width = rows.shape
    free: list[int] = []
    for threshold in (PIVOT, 1e-5, 0.0):
        for column in range(width):
            if len(free) == rank:
                break
            at = len(free)
            pivot = at + int(np.abs(rows[at:, column]).argmax())
            if column in free or abs(rows[pivot, column]) <= threshold:
                continue
            rows[[at, pivot]] = rows[[pivot, at]]
            rows[at] /= rows[at, column]
            rest = rows[:, column].copy()
            rest[at] = 0.0
            rows -= rest[:, None] * rows[at]
            free.append(column)
    order = np.argsort(free, kind="stable") if free else np.zeros(0, dtype=np.int64)
    matrix = rows[order].T if free else np.zeros((width, 0))
    return ReducedBasis(np.array(free, dtype=np.int64)[order], tidy(matrix))


def tidy(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same numbers with whole twelfths, zero among them, exact; no negative zero."""
    twelfths = np.round(matrix * 12) / 12
    return np.where(np.abs(matrix - twelfths) < 1e-11, twelfths, matrix) + 0.0
