"""Methods that put elements into groups, one point set or many at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from sklearn.cluster import HDBSCAN, KMeans, SpectralClustering

from crysnb.elements import many_kmeans
from crysnb.elements.prepare import pairwise
from crysnb.errors import CrysnbError, UnknownName, quote

#: ``agglomerative`` joins by Ward's criterion, ``average`` by the mean distance.
Method = Literal["kmeans", "agglomerative", "average", "hdbscan", "spectral"]
METHODS: tuple[str, ...] = get_args(Method)
_LINKAGE = {"agglomerative": "ward", "average": "average"}
_STARTS = 20
#: Fewest members of a group of HDBSCAN.
_SMALLEST = 4


def checked_method(method: object) -> Method:
    """``method`` if it is one, or :class:`UnknownName`."""
    if method not in METHODS:
        raise UnknownName.of("clustering method", method, METHODS)
    return method  # type: ignore[return-value] # just checked


def checked_k(k: object, n: int) -> int:
    """``k`` if n elements can be put into so many groups.

    Raises
    ------
    CrysnbError
        ``elements.groups``.
    """
    if isinstance(k, bool) or not isinstance(k, int | np.integer) or not 2 <= int(k) < n:
        raise CrysnbError(
            "elements.groups",
            found=f"{quote(k)} groups of {n} elements",
            accepted=f"a whole number from 2 to {n - 1}, or None to have it chosen",
        )
    return int(k)


def group(points: NDArray[np.float64], method: Method, k: int, seed: int = 0) -> NDArray[np.int64]:
    """Group [n] of each point [n, d]; -1 for points that HDBSCAN puts in none."""
    found: Any
    if method == "kmeans":
        found = KMeans(k, n_init=_STARTS, random_state=seed).fit_predict(points)
    elif method == "hdbscan":
        found = HDBSCAN(min_cluster_size=_SMALLEST, copy=True).fit_predict(points)
    elif method == "spectral":
        spectral = SpectralClustering(
            k, affinity="precomputed", assign_labels="cluster_qr", random_state=seed
        )
        found = spectral.fit_predict(affinity(points))
    else:
        found = fcluster(tree(points, method), k, "maxclust") - 1
    return np.asarray(found, dtype=np.int64)


def affinity(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """exp(-d²/2σ²) [n, n], σ the median distance to the seventh neighbour (Zelnik-Manor and Perona 2004)."""
    distances = pairwise(points)
    seventh = np.sort(distances, axis=1)[:, min(7, len(points) - 1)]
    width = max(float(np.median(seventh)), 1e-12)
    similar: NDArray[np.float64] = np.exp(-((distances / width) ** 2) / 2)
    return similar


def tree(points: NDArray[np.float64], method: Method) -> NDArray[np.float64]:
    """Linkage [n − 1, 4] of an agglomerative method, in SciPy's form."""
    joined: NDArray[np.float64] = linkage(points, _LINKAGE[method])
    return joined


def group_many(
    sets: NDArray[np.float64], method: Method, ks: Sequence[int], rng: np.random.Generator, *, n_init: int = 1
) -> NDArray[np.int64]:
    """Groups [k, set, n] of point sets [set, n, d] for each number of groups; HDBSCAN knows one only."""
    if method == "kmeans":
        return np.stack([many_kmeans.kmeans(sets, k, rng, n_init=n_init)[0] for k in ks])
    if method in _LINKAGE:
        trees = [tree(points, method) for points in sets]
        return np.stack([[fcluster(t, k, "maxclust") - 1 for t in trees] for k in ks]).astype(np.int64)
    seeds = rng.integers(2**31, size=len(sets))
    return np.stack(
        [[group(points, method, k, int(s)) for points, s in zip(sets, seeds, strict=True)] for k in ks]
    )
