"""Directions: even coverings of the sphere, and where on it a function is smallest."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Points of the covering that a search starts from; neighbours are about 4° apart.
_N_START = 3000
_N_NEAR = 8
#: Local minima that are followed.
_MOST_STARTS = 48
#: First and last step of the search, in radians. Below the last one a smooth function does not change.
_FIRST, _LAST = 0.06, 2e-9
_MOST_STEPS = 200
#: Minima that differ by less than this share are the same; then the direction decides.
_SAME = 1e-9


@cache
def covering(n: int) -> Array:
    """Unit vectors that cover the sphere evenly (a Fibonacci lattice), shape [n, 3]."""
    k = np.arange(n) + 0.5
    z = 1 - 2 * k / n
    turn = np.pi * (1 + np.sqrt(5)) * k
    out = np.column_stack([np.sqrt(1 - z**2) * np.cos(turn), np.sqrt(1 - z**2) * np.sin(turn), z])
    out.flags.writeable = False
    return out


@cache
def _neighbours() -> NDArray[np.intp]:
    from scipy.spatial import cKDTree

    points = covering(_N_START)
    return np.asarray(cKDTree(points).query(points, k=_N_NEAR + 1)[1], dtype=np.intp)


def plane(n: Array) -> tuple[Array, Array]:
    """Two unit vectors perpendicular to each unit vector and to each other, shapes [..., 3]."""
    helper = np.where(np.abs(n[..., :1]) < 0.6, [1.0, 0.0, 0.0], [0.0, 1.0, 0.0])
    p = np.cross(helper, n)
    p = p / np.linalg.norm(p, axis=-1, keepdims=True)
    return p, np.cross(n, p)


def smallest(f: Callable[[Array], Array]) -> tuple[float, Array]:
    """The smallest value of a function of direction, and one unit vector where it is taken.

    Parameters
    ----------
    f
        Maps unit vectors, shape [k, 3], to numbers, shape [k].

    Returns
    -------
    tuple
        Value, and direction [3]. Among equal minima the direction with the largest z, then y, then x.

    Notes
    -----
    Every local minimum of an even covering (4°) is followed by a pattern search in the tangent plane until
    its step is 2e-9, so that a smooth function is found to rounding, the direction to about 1e-8.
    """
    points = covering(_N_START)
    values = f(points)
    starts = np.flatnonzero(values <= values[_neighbours()].min(axis=1))
    starts = starts[np.argsort(values[starts], kind="stable")][:_MOST_STARTS]
    found, at = _followed(f, points[starts], values[starts])
    span = max(float(np.ptp(values)), float(np.abs(found).max()), np.finfo(float).tiny)
    same = np.flatnonzero(found <= found.min() + _SAME * span)
    key = np.round(at[same], 5)
    best = same[np.lexsort((key[:, 0], key[:, 1], key[:, 2]))[-1]]
    return float(found[best]), at[best]


def _followed(f: Callable[[Array], Array], start: Array, values: Array) -> tuple[Array, Array]:
    grid = np.linspace(-1.0, 1.0, 5)
    offsets = np.array([(a, b) for a in grid for b in grid if (a, b) != (0, 0)])
    at, found = start.copy(), values.copy()
    step = np.full(len(at), _FIRST)
    for _ in range(_MOST_STEPS):
        active = np.flatnonzero(step > _LAST)
        if not len(active):
            break
        p, q = plane(at[active])
        move = step[active, None, None] * (
            offsets[None, :, :1] * p[:, None] + offsets[None, :, 1:] * q[:, None]
        )
        trial = at[active, None] + move
        trial /= np.linalg.norm(trial, axis=-1, keepdims=True)
        tried = f(trial.reshape(-1, 3)).reshape(len(active), -1)
        best = tried.argmin(axis=1)
        rows = np.arange(len(active))
        better = tried[rows, best] < found[active]
        at[active[better]] = trial[rows, best][better]
        found[active[better]] = tried[rows, best][better]
        step[active[~better]] *= 0.4
    return found, at


def indices_of(direction: Array, axes: Array, largest: int = 6, degrees: float = 0.05) -> str:
    """Small integers [uvw] of a direction on crystal axes, such as ``"[1-10]"``; empty if there are none.

    Parameters
    ----------
    direction
        Shape [3].
    axes
        Columns are a, b, c in the same frame, shape [3, 3].
    largest, degrees
        Largest index, and the angle within which it must fit.
    """
    uvw = _small_integers(largest)
    vectors = uvw @ axes.T
    cosine = (vectors @ direction) / (np.linalg.norm(vectors, axis=1) * np.linalg.norm(direction))
    fits = np.flatnonzero(cosine >= np.cos(np.radians(degrees)))
    if not len(fits):
        return ""
    best = uvw[fits[np.argmin(np.abs(uvw[fits]).sum(axis=1))]]
    return "[" + "".join(str(int(k)) for k in best) + "]"


@cache
def _small_integers(largest: int) -> Array:
    span = np.arange(-largest, largest + 1)
    grid = np.stack(np.meshgrid(span, span, span, indexing="ij"), axis=-1).reshape(-1, 3)
    grid = grid[np.abs(grid).sum(axis=1) > 0]
    return np.asarray(grid[np.gcd.reduce(grid, axis=1) == 1], dtype=np.float64)
