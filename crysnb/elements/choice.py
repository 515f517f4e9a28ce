"""Ways to choose the number of groups, each beside what noise gives."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import calinski_harabasz_score, davies_bouldin_score

from crysnb.elements.cluster import mean_silhouettes
from crysnb.elements.grouping import Method, checked_k, checked_method, group_many
from crysnb.elements.nulls import Draw, box_draws, column_draws, gaussian_draws, principal_axes
from crysnb.elements.prepare import Scaling, prepare
from crysnb.elements.table import element_table
from crysnb.errors import CrysnbError, quote
from crysnb.values.element_table import ElementTable

if TYPE_CHECKING:
    import pandas as pd

_DRAWS = 50
_NULLS: dict[str, Draw] = {"spectrum": gaussian_draws, "columns": column_draws}


def k_scores(
    table: ElementTable | Any,
    ks: Iterable[int] = range(2, 13),
    method: Method = "kmeans",
    *,
    scaling: Scaling | None = None,
    n_null: int = _DRAWS,
    seed: int = 0,
) -> pd.DataFrame:
    """Silhouette, Davies–Bouldin, Calinski–Harabasz, inertia and gap for each number of groups.

    Beside each index stand the lowest and highest of two nulls: ``spectrum``, normal tables with the same
    covariance spectrum, and ``columns``, the table with every column shuffled by itself. A high
    silhouette and Calinski–Harabasz index, a low Davies–Bouldin index and a large gap mean groups.

    Parameters
    ----------
    table
        A table, or what :func:`crysnb.element_table` takes.
    ks
        Numbers of groups.
    method
        Any but ``"hdbscan"``, which finds its own number.
    scaling
        As in :func:`crysnb.cluster_elements`.
    n_null
        Draws of each null, and references of the gap.
    seed
        Of the draws.

    Returns
    -------
    pandas.DataFrame
        Indexed by k. ``gap`` and ``gap_error`` are those of Tibshirani et al. 2001,
        doi:10.1111/1467-9868.00293, eq. 3, with uniform references along the principal axes.

    Raises
    ------
    CrysnbError
        ``elements.groups`` for a bad k or for HDBSCAN.
    """
    import pandas as pd

    if checked_method(method) == "hdbscan":
        raise CrysnbError(
            "elements.groups",
            found=f"{quote(method)}, which finds the number of groups itself",
            accepted="kmeans, agglomerative, average or spectral",
        )
    ready = prepare(element_table(table), scaling)
    tried = [checked_k(k, len(ready.elements)) for k in ks]
    rng = np.random.default_rng(seed)
    points = principal_axes(ready.points)
    own = group_many(points[None], method, tried, rng, n_init=10)
    found = {name: index(points[None], own)[:, 0] for name, index in _INDICES.items()}
    for null, draw in _NULLS.items():
        sets = draw(ready.points, n_null, rng)
        labels = group_many(sets, method, tried, rng)
        for name, index in _INDICES.items():
            values = index(sets, labels)
            found[f"{name}_{null}_low"] = values.min(axis=1)
            found[f"{name}_{null}_high"] = values.max(axis=1)
    boxes = box_draws(ready.points, n_null, rng)
    reference = np.log(_inertia(boxes, group_many(boxes, method, tried, rng)))
    found["gap"] = reference.mean(axis=1) - np.log(found["inertia"])
    found["gap_error"] = reference.std(axis=1) * np.sqrt(1 + 1 / n_null)
    return pd.DataFrame(found, index=pd.Index(tried, name="k"))


def _inertia(sets: NDArray[np.float64], labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """Sum [k, set] of squared distances to the mean of the own group."""
    total = np.empty(labels.shape[:2])
    for i, rows in enumerate(labels):
        member = (rows[..., None] == np.arange(rows.max() + 1)).astype(np.float64)
        counts = np.maximum(member.sum(axis=1), 1)[..., None]
        means = np.matmul(np.swapaxes(member, 1, 2), sets) / counts
        total[i] = ((sets - np.take_along_axis(means, rows[..., None], axis=1)) ** 2).sum(axis=(1, 2))
    return np.maximum(total, 1e-300)


def _each(
    score: Callable[[Any, Any], float],
) -> Callable[[NDArray[np.float64], NDArray[np.int64]], NDArray[np.float64]]:
    def scores(sets: NDArray[np.float64], labels: NDArray[np.int64]) -> NDArray[np.float64]:
        return np.array(
            [
                [score(s, r) if r.min() < r.max() else np.nan for s, r in zip(sets, rows, strict=True)]
                for rows in labels
            ]
        )

    return scores


_INDICES: dict[str, Callable[[NDArray[np.float64], NDArray[np.int64]], NDArray[np.float64]]] = {
    "silhouette": mean_silhouettes,
    "davies_bouldin": _each(davies_bouldin_score),
    "calinski_harabasz": _each(calinski_harabasz_score),
    "inertia": _inertia,
}
