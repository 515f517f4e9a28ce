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
#: Spacing in radians of the points that slope and curvature are taken from; lengths of a Newton step to try.
_STENCIL = 1e-4
_LENGTHS = 2.0 ** -np.arange(-1, 12)
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
    Every local minimum of an even covering (4°) is followed by a pattern search in the tangent plane, by
    Newton steps, which walk along narrow curved valleys where the search crawls, and by a search again until
    its step is 2e-9: a smooth function is found to rounding, the direction to about 1e-8.
    """
    points = covering(_N_START)
    values = f(points)
    starts = np.flatnonzero(values <= values[_neighbours()].min(axis=1))
    starts = starts[np.argsort(values[starts], kind="stable")][:_MOST_STARTS]
    found, at = _followed(f, points[starts], values[starts], _FIRST)
    found, at = _newton(f, at, found)
    found, at = _followed(f, at, found, _STENCIL)
    span = max(float(np.ptp(values)), float(np.abs(found).max()), np.finfo(float).tiny)
    same = np.flatnonzero(found <= found.min() + _SAME * span)
    key = np.round(at[same], 5)
    best = same[np.lexsort((key[:, 0], key[:, 1], key[:, 2]))[-1]]
    return float(found[best]), at[best]


def _followed(f: Callable[[Array], Array], start: Array, values: Array, first: float) -> tuple[Array, Array]:
    grid = np.linspace(-1.0, 1.0, 5)
    offsets = np.array([(a, b) for a in grid for b in grid if (a, b) != (0, 0)])
    at, found = start.copy(), values.copy()
    step = np.full(len(at), first)
    for _ in range(_MOST_STEPS):
        active = np.flatnonzero(step > _LAST)
        if not len(active):
            break
        trial = _moved(at[active], step[active, None, None] * offsets)
        tried = f(trial.reshape(-1, 3)).reshape(len(active), -1)
        best = tried.argmin(axis=1)
        rows = np.arange(len(active))
        better = tried[rows, best] < found[active]
        at[active[better]] = trial[rows, best][better]
        found[active[better]] = tried[rows, best][better]
        step[active[~better]] *= 0.4
    return found, at


def _newton(f: Callable[[Array], Array], start: Array, values: Array) -> tuple[Array, Array]:
    """Newton's method in the tangent plane with |λ| for λ, each step as long as serves best."""
    stencil = np.array([(a, b) for a in (-1, 0, 1) for b in (-1, 0, 1)], dtype=float)
    at, found = start.copy(), values.copy()
    active = np.arange(len(at))
    for _ in range(_MOST_STEPS):
        v = f(_moved(at[active], _STENCIL * stencil).reshape(-1, 3)).reshape(len(active), 3, 3)
        gradient = np.stack([v[:, 2, 1] - v[:, 0, 1], v[:, 1, 2] - v[:, 1, 0]], axis=1) / (2 * _STENCIL)
        mixed = (v[:, 2, 2] - v[:, 2, 0] - v[:, 0, 2] + v[:, 0, 0]) / 4
        own = [v[:, 2, 1] - 2 * v[:, 1, 1] + v[:, 0, 1], v[:, 1, 2] - 2 * v[:, 1, 1] + v[:, 1, 0]]
        curvature = np.stack([own[0], mixed, mixed, own[1]], axis=1).reshape(-1, 2, 2) / _STENCIL**2
        if not (np.isfinite(gradient).all() and np.isfinite(curvature).all()):
            break
        size, axes = np.linalg.eigh(curvature)
        size = np.maximum(np.abs(size), np.finfo(float).tiny)
        along = np.clip(np.einsum("kab,ka->kb", axes, gradient) / size, -1.0, 1.0)
        move = -np.einsum("kab,kb->ka", axes, along)
        trial = _moved(at[active], _LENGTHS[None, :, None] * move[:, None])
        tried = f(trial.reshape(-1, 3)).reshape(len(active), -1)
        best, rows = tried.argmin(axis=1), np.arange(len(active))
        better = tried[rows, best] < found[active]
        at[active[better]] = trial[rows, best][better]
        found[active[better]] = tried[rows, best][better]
        active = active[better]
        if not len(active):
            break
    return found, at


def _moved(at: Array, offsets: Array) -> Array:
    """Directions [k, m, 3] beside each of ``at``, by offsets [m, 2] or [k, m, 2] in its tangent plane."""
    p, q = plane(at)
    moved = at[:, None] + offsets[..., :1] * p[:, None] + offsets[..., 1:] * q[:, None]
    return np.asarray(moved / np.linalg.norm(moved, axis=-1, keepdims=True))


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
