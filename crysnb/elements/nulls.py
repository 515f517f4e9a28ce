"""Tables and partitions without meaning: what the same analysis finds in noise."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from crysnb.elements.prepare import prepare
from crysnb.values.element_table import ElementTable

#: Makes draws [draw, n, d] like points [n, d].
Draw = Callable[[NDArray[np.float64], int, np.random.Generator], NDArray[np.float64]]


def principal_axes(points: NDArray[np.float64], share: float = 1.0) -> NDArray[np.float64]:
    """Coordinates [n, r] of centred points along their principal axes, largest spread first.

    Parameters
    ----------
    points
        [n, d].
    share
        Of the variance that the axes kept explain together. All axes (1.0) keep every distance.
    """
    u, s, _ = np.linalg.svd(points - points.mean(axis=0), full_matrices=False)
    explained = np.cumsum(s**2)
    rank = int(np.searchsorted(explained, min(share, 1 - 1e-12) * explained[-1])) + 1
    coordinates: NDArray[np.float64] = u[:, :rank] * s[:rank]
    return coordinates


def gaussian_draws(
    points: NDArray[np.float64], n_draws: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Normal point sets [draw, n, r] with the covariance spectrum of ``points`` and no groups."""
    spread = principal_axes(points).std(axis=0)
    draws: NDArray[np.float64] = rng.standard_normal((n_draws, len(points), len(spread))) * spread
    return draws


def column_draws(points: NDArray[np.float64], n_draws: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Point sets [draw, n, d] in which every column of ``points`` is shuffled by itself."""
    return np.stack([rng.permuted(points, axis=0) for _ in range(n_draws)])


def box_draws(points: NDArray[np.float64], n_draws: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Uniform point sets [draw, n, r] in the box of the principal axes (Tibshirani 2001, choice b)."""
    axes = principal_axes(points)
    low, high = axes.min(axis=0), axes.max(axis=0)
    draws: NDArray[np.float64] = low + (high - low) * rng.random((n_draws, *axes.shape))
    return draws


def random_like(table: ElementTable, seed: int = 0) -> ElementTable:
    """A normal table of the elements that ``table`` has seen, with the spectrum of its covariance.

    Raises
    ------
    ShapeError
        See :func:`crysnb.elements.prepare.prepare`.
    """
    ready = prepare(table, "raw", noble_gases=True)
    (rows,) = gaussian_draws(ready.points, 1, np.random.default_rng(seed))
    meta = {
        "kind": "random",
        "seed": seed,
        "source": f"normal numbers with the covariance spectrum of {table.name}",
    }
    return ElementTable(rows, ready.elements, f"random like {table.name}", meta)


def shuffle_rows(table: ElementTable, seed: int = 0) -> ElementTable:
    """The same vectors, each given to another element at random; unseen elements stay unseen.

    Every distribution, distance and cluster of the table is kept; what it says of chemistry is lost.
    """
    rows = table.vectors.copy()
    seen = [table.elements.index(s) for s in table.seen]
    rows[seen] = rows[np.random.default_rng(seed).permutation(seen)]
    return table.replaced(vectors=rows, name=f"{table.name} shuffled", shuffled_with_seed=seed)


def permute_columns(table: ElementTable, seed: int = 0) -> ElementTable:
    """Every column shuffled by itself over the elements that the table has seen."""
    rows = table.vectors.copy()
    seen = [table.elements.index(s) for s in table.seen]
    rows[seen] = np.random.default_rng(seed).permuted(rows[seen], axis=0)
    return table.replaced(vectors=rows, name=f"{table.name} with shuffled columns", shuffled_with_seed=seed)
