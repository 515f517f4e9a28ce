"""Groups of elements in a table, judged against noise and against chemistry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from crysnb.elements.abundance import abundance_notice
from crysnb.elements.agreement import agreements
from crysnb.elements.clusters import ElementClusters, KScore
from crysnb.elements.grouping import Method, checked_k, checked_method, group, group_many, tree
from crysnb.elements.many_kmeans import silhouettes
from crysnb.elements.maps import umap_points
from crysnb.elements.nulls import gaussian_draws, principal_axes
from crysnb.elements.prepare import Prepared, Scaling, pairwise, prepare
from crysnb.elements.stability import stability
from crysnb.elements.table import element_table
from crysnb.errors import CrysnbError, UnknownName, quote
from crysnb.values.element_table import ElementTable
from crysnb.values.prediction import Notice

#: Where distances are measured: all columns, the axes with 90 % of the variance, a two-dimensional UMAP.
Space = Literal["embedding", "pcs", "umap2d"]
_KS = range(2, 13)
_SHARE = 0.9
_STARTS = 10
#: A real agreement must be rarer than this among shuffles.
_LEVEL = 0.01


def cluster_elements(
    table: ElementTable | Any,
    method: Method = "kmeans",
    k: int | None = None,
    *,
    scaling: Scaling | None = None,
    space: Space = "embedding",
    noble_gases: bool = False,
    n_null: int = 50,
    seed: int = 0,
) -> ElementClusters:
    """Groups of elements with the band that noise gives, their agreement with chemistry and their stability.

    Parameters
    ----------
    table
        A table, or what :func:`crysnb.element_table` takes.
    method
        ``"kmeans"`` (20 starts), ``"agglomerative"`` (Ward) or ``"average"`` with a dendrogram,
        ``"hdbscan"`` (finds its own number), ``"spectral"``.
    k
        Number of groups. None takes the smallest k from 2 to 12 whose silhouette stands out of the null
        draws as far as the best one, less one standard deviation of these draws.
    scaling
        None z-scores descriptors, and centres learned rows and gives them unit length.
    space
        ``"embedding"``, ``"pcs"`` (90 % of the variance) or ``"umap2d"``, which makes groups of noise and
        says so.
    noble_gases
        Whether they take part.
    n_null
        Normal tables with the covariance spectrum of this one, grouped in the same manner.
    seed
        Of the groups, draws and shuffles.

    Raises
    ------
    CrysnbError
        ``elements.groups`` for a bad k; ``elements.too_few``, ``elements.constant``; unknown names.
    """
    source = element_table(table)
    checked_method(method)
    if space not in get_args(Space):
        raise UnknownName.of("space", space, get_args(Space))
    ready = prepare(source, scaling, noble_gases=noble_gases)
    ks = _numbers_of_groups(k, method, len(ready.elements))
    rng = np.random.default_rng(seed)
    draws = gaussian_draws(ready.points, n_null, rng)
    points = principal_axes(ready.points, _SHARE if space == "pcs" else 1.0)
    if space == "umap2d":
        points = umap_points(points, seed)
        draws = np.stack([umap_points(draw, seed + i) for i, draw in enumerate(draws)])
    null = mean_silhouettes(draws, group_many(draws, method, ks, rng))
    real = mean_silhouettes(points[None], group_many(points[None], method, ks, rng, n_init=_STARTS))[:, 0]
    chosen, upper = _choose(real, null)
    labels = _by_lightest(group(points, method, ks[chosen], seed))
    scores = _scores(ks if method != "hdbscan" else [int(labels.max()) + 1], real, null)
    return _judged(_Found(source, ready, points, labels, method, space, seed), scores, scores[chosen], upper)


def _numbers_of_groups(k: int | None, method: Method, n: int) -> list[int]:
    if method == "hdbscan":
        if k is not None:
            raise CrysnbError(
                "elements.groups",
                found=f"k = {quote(k)} for HDBSCAN, which finds the number of groups itself",
                accepted="k=None",
            )
        return [0]
    return [i for i in _KS if i < n] if k is None else [checked_k(k, n)]


def mean_silhouettes(sets: NDArray[np.float64], labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """Mean silhouette [k, set] of labels [k, set, n] of point sets [set, n, d].

    Points in no group are left out; where there are not two groups, the mean is 0.
    """
    distances = pairwise(sets.astype(np.float32).astype(np.float64))
    if labels.min() >= 0:
        return np.stack([silhouettes(distances, rows, int(rows.max()) + 1).mean(axis=1) for rows in labels])
    means = np.zeros(labels.shape[:2])
    for place in np.ndindex(*means.shape):
        inside = labels[place] >= 0
        found = labels[place][inside]
        if found.size and found.max() > 0:
            part = distances[place[1]][np.ix_(inside, inside)]
            means[place] = silhouettes(part[None], found[None], int(found.max()) + 1).mean()
    return means


def _choose(real: NDArray[np.float64], null: NDArray[np.float64]) -> tuple[int, float]:
    """Index of k, and the silhouette at it that noise reaches when it too may choose its k."""
    mean, spread = null.mean(axis=1), np.maximum(null.std(axis=1), 1e-9)
    excess = (real - mean) / spread
    chosen = int(np.flatnonzero(excess >= excess.max() - 1)[0])
    furthest = float(((null - mean[:, None]) / spread[:, None]).max())
    return chosen, float(mean[chosen] + furthest * spread[chosen])


def _scores(ks: Sequence[int], real: NDArray[np.float64], null: NDArray[np.float64]) -> tuple[KScore, ...]:
    return tuple(
        KScore(
            k,
            float(real[i]),
            float(null[i].mean()),
            (float(null[i].min()), float(null[i].max())),
            float((real[i] - null[i].mean()) / max(null[i].std(), 1e-9)),
        )
        for i, k in enumerate(ks)
    )


def _by_lightest(labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """The same groups, numbered in the order in which they first occur; -1 stays."""
    order = list(dict.fromkeys(label for label in labels.tolist() if label >= 0))
    number = {label: i for i, label in enumerate(order)}
    return np.array([number.get(label, -1) for label in labels.tolist()], dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """Groups before they are judged."""

    source: ElementTable
    ready: Prepared
    points: NDArray[np.float64]
    labels: NDArray[np.int64]
    method: Method
    space: Space
    seed: int


def _judged(found: _Found, scores: tuple[KScore, ...], score: KScore, upper: float) -> ElementClusters:
    symbols = found.ready.elements
    labels = dict(zip(symbols, found.labels.tolist(), strict=True))
    inside = found.labels >= 0
    own = np.full(len(symbols), np.nan)
    k = int(found.labels.max()) + 1
    if k > 1:
        part = pairwise(found.points[inside])[None]
        own[inside] = silhouettes(part, found.labels[inside][None], k)[0]
    silhouette = float(np.nanmean(own)) if k > 1 else 0.0
    agreement, p = agreements(labels, seed=found.seed)
    return ElementClusters(
        table=found.source.name,
        method=found.method,
        space=found.space,
        scaling=found.ready.scaling,
        labels=labels,
        k=k,
        silhouette=silhouette,
        silhouettes=dict(zip(symbols, own.tolist(), strict=True)),
        null_band=(score.null_band[0], upper),
        scores=scores,
        agreement=agreement,
        p_agreement=p,
        stability=stability(found.points, found.labels, found.method, max(k, 2), found.seed),
        is_noise=silhouette <= upper or p > _LEVEL,
        notices=_notices(found),
        linkage=tree(found.points, found.method) if found.method in ("agglomerative", "average") else None,
    )


def _notices(found: _Found) -> tuple[Notice, ...]:
    notices = []
    if found.space == "umap2d":
        text = (
            "Groups were made on a two-dimensional UMAP, which pulls noise apart into groups too: judge the "
            "silhouette by the band alone."
        )
        notices.append(Notice("elements.umap_groups", "warning", text))
    if found.ready.imputed:
        text = (
            f"Missing values were set to the median in: {', '.join(found.ready.imputed[:6])}"
            f"{' …' if len(found.ready.imputed) > 6 else ''}."
        )
        notices.append(Notice("elements.imputed", "info", text))
    if (remark := abundance_notice(found.source, found.ready)) is not None:
        notices.append(remark)
    return tuple(notices)
