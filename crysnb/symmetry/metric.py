"""Exactly orthogonal Cartesian operations from integer ones: the metric is idealised first.

A cell from a file or a relaxation is a little strained, so R = L W L⁻¹ is a little off
orthogonal. Averaging the metric over the group and applying the *symmetric* stretch that leads to
it removes the strain without turning the crystal.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

import numpy as np
from numpy.typing import NDArray

#: Matrix entries closer than this to a crystallographic number are taken to be that number. A file
#: with six digits is off by 1e-7, one with four digits by 1e-5.
SNAP_TOLERANCE = 1e-5


@dataclass(frozen=True, slots=True, eq=False)
class Idealised:
    """Cartesian operations and the deformation that makes them exact.

    Attributes
    ----------
    rotations
        Orthogonal matrices, shape [op, 3, 3].
    deformation
        Matrix F, shape [3, 3]: x' = F x sends the given crystal to the ideal one. Symmetric, but
        for a turn below :data:`SNAP_TOLERANCE` that undoes rounding in the file.
    """

    rotations: NDArray[np.float64]
    deformation: NDArray[np.float64]


def idealise(axes: NDArray[np.float64], matrices: NDArray[np.int64]) -> Idealised:
    """Orthogonal Cartesian operations and the stretch that they need.

    Parameters
    ----------
    axes
        Columns are lattice vectors in Å, shape [3, 3].
    matrices
        Integer operations on columns of coordinates in these axes, a whole group, [op, 3, 3].
    """
    metric = axes.T @ axes
    w = matrices.astype(np.float64)
    mean = (w.transpose(0, 2, 1) @ (metric @ w)).sum(axis=0) / len(w)
    inverse = np.linalg.inv(axes)
    values, vectors = np.linalg.eigh(inverse.T @ mean @ inverse)
    stretch = (vectors * np.sqrt(values)) @ vectors.T
    ideal = stretch @ axes
    rotations = orthogonal(ideal @ w @ np.linalg.inv(ideal))
    snapped, turn = snap(rotations)
    return Idealised(snapped, turn @ stretch)


def orthogonal(matrices: NDArray[np.float64]) -> NDArray[np.float64]:
    """Nearest orthogonal matrices, shape [op, 3, 3], of almost orthogonal ones.

    Two Newton steps towards the polar factor: errors e go to e², so 1e-5 ends at rounding.
    """
    for _ in range(2):
        matrices = 1.5 * matrices - 0.5 * (matrices @ (matrices.transpose(0, 2, 1) @ matrices))
    return matrices


def snap(rotations: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Operations on exact crystallographic numbers where all are near, and the turn that takes them there.

    Parameters
    ----------
    rotations
        Orthogonal matrices of a group, shape [op, 3, 3].

    Returns
    -------
    tuple
        ``(exact, turn)`` with exact = turn · rotations · turnᵀ. In an orientation without closed
        numbers that is the input and the identity.
    """
    table = _table()
    at = np.searchsorted(table[1], rotations)
    exact = table[0][at]
    if np.abs(exact - rotations).max() > SNAP_TOLERANCE:
        return rotations, np.eye(3)
    # The intertwiner nearest to the identity; it exists only if the snapped ones are the same group.
    mean = (exact @ rotations.transpose(0, 2, 1)).sum(axis=0) / len(rotations)
    u, _, v = np.linalg.svd(mean)
    turn = u @ v
    # Comparisons with NaN are false: written so that a broken group is not snapped.
    if not np.abs(turn @ rotations @ turn.T - exact).max() < 1e-12:
        return rotations, np.eye(3)
    return exact, turn


@cache
def _table() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Numbers p/q·√n up to 1 with q ≤ 6 and n in 1, 2, 3, 6, and the midpoints between them."""
    positive = {
        float(f) * float(np.sqrt(n))
        for f, n in itertools.product(
            {Fraction(p, q) for q in range(1, 7) for p in range(q + 1)}, (1, 2, 3, 6)
        )
    }
    numbers = np.unique([sign * x for x in positive if x < 1 + 1e-9 for sign in (-1.0, 1.0)])
    numbers = numbers[np.append(True, np.diff(numbers) > 1e-9)] + 0.0  # no negative zero
    return numbers, (numbers[1:] + numbers[:-1]) / 2
