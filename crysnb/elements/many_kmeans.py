"""k-means and silhouettes of many small point sets at once: what a null distribution needs.

scikit-learn runs one set in about the time that this takes for fifty, since its cost is in the call.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_ITERATIONS = 20


def kmeans(
    points: NDArray[np.float64], k: int, rng: np.random.Generator, *, n_init: int = 1
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Labels [set, n] and inertias [set] of point sets [set, n, d]: k-means++ starts, then Lloyd's steps.

    Parameters
    ----------
    points
        Sets of equal size.
    k
        Number of groups, at most n.
    rng
        Source of the starts.
    n_init
        Starts of each set; the one with the least inertia is kept.

    Notes
    -----
    Single precision in the steps. Arthur and Vassilvitskii 2007 (k-means++); Lloyd 1982,
    doi:10.1109/TIT.1982.1056489.
    """
    n_sets = len(points)
    sets = np.repeat(points.astype(np.float32), n_init, axis=0) if n_init > 1 else points.astype(np.float32)
    square = np.einsum("snd,snd->sn", sets, sets)
    centres = _starts(sets, square, k, rng)
    labels, inertia = _lloyd(sets, square, centres)
    if n_init == 1:
        return labels, inertia
    best = inertia.reshape(n_sets, n_init).argmin(axis=1) + n_init * np.arange(n_sets)
    return labels[best], inertia[best]


def _starts(
    sets: NDArray[np.float32], square: NDArray[np.float32], k: int, rng: np.random.Generator
) -> NDArray[np.float32]:
    n_sets, n = square.shape
    every = np.arange(n_sets)
    chosen = np.empty((n_sets, k), dtype=np.int64)
    chosen[:, 0] = rng.integers(n, size=n_sets)
    nearest = np.full((n_sets, n), np.inf, dtype=np.float32)
    for j in range(1, k):
        last = sets[every, chosen[:, j - 1]]
        inner = np.matmul(sets, last[:, :, None])[..., 0]
        distance = square - 2 * inner + square[every, chosen[:, j - 1]][:, None]
        nearest = np.minimum(nearest, np.maximum(distance, 0))
        steps = np.cumsum(nearest, axis=1, dtype=np.float64)
        drawn = rng.random(n_sets)[:, None] * steps[:, -1:]
        chosen[:, j] = np.minimum((steps <= drawn).sum(axis=1), n - 1)
    starts: NDArray[np.float32] = sets[every[:, None], chosen]
    return starts


def _lloyd(
    sets: NDArray[np.float32], square: NDArray[np.float32], centres: NDArray[np.float32]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    n_sets, n = square.shape
    labels = np.full((n_sets, n), -1, dtype=np.int64)
    groups = np.arange(centres.shape[1])[:, None]
    inertia = np.zeros(n_sets)
    active: NDArray[np.int64] = np.arange(n_sets)
    part, middle = sets, centres
    for _ in range(_ITERATIONS):
        # Groups before points: the smallest over a middle axis is found in whole rows at a time.
        distance = np.matmul(middle, np.swapaxes(part, 1, 2))
        distance *= -2
        distance += np.einsum("skd,skd->sk", middle, middle)[:, :, None]
        found = distance.argmin(axis=1)
        least = np.take_along_axis(distance, found[:, None], axis=1)[:, 0]
        inertia[active] = (least + square[active]).sum(axis=1, dtype=np.float64)
        moved = np.flatnonzero((found != labels[active]).any(axis=1))
        labels[active] = found
        if not len(moved):
            break
        active, part, middle = active[moved], part[moved], middle[moved]
        member = (found[moved][:, None] == groups).astype(np.float32)
        counts = member.sum(axis=2)[..., None]
        middle = np.where(counts > 0, np.matmul(member, part) / np.maximum(counts, 1), middle)
    return labels, inertia


def silhouettes(distances: NDArray[np.float64], labels: NDArray[np.int64], k: int) -> NDArray[np.float64]:
    """Silhouette [set, n] of each point from distances [set, n, n] and labels [set, n] in 0 … k − 1.

    0 for a point that is alone in its group, and where there is one group only. Rousseeuw 1987,
    doi:10.1016/0377-0427(87)90125-7, eq. 3.
    """
    member = (labels[..., None] == np.arange(k)).astype(distances.dtype)
    counts = member.sum(axis=1)
    sums = np.matmul(distances, member)
    own = np.take_along_axis(sums, labels[..., None], axis=2)[..., 0]
    size = np.take_along_axis(counts, labels, axis=1)
    inside = own / np.maximum(size - 1, 1)
    means = np.where(counts[:, None] > 0, sums / np.maximum(counts, 1)[:, None], np.inf)
    np.put_along_axis(means, labels[..., None], np.inf, axis=2)
    outside = means.min(axis=2)
    larger = np.maximum(inside, outside)
    defined = (size > 1) & np.isfinite(outside) & (larger > 0)
    with np.errstate(invalid="ignore"):
        values = (outside - inside) / np.where(defined, larger, 1)
    return np.where(defined, values, 0.0)
