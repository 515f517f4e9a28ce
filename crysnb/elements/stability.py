"""Whether groups come back with another seed, and with a fifth of the elements left out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crysnb.elements.grouping import Method, group_many

_RUNS = 20
_SHARE = 0.8
_STARTS = 3


@dataclass(frozen=True, slots=True, eq=False)
class Stability:
    """How reproducible groups are.

    Attributes
    ----------
    seeds
        Mean adjusted Rand index between runs that differ in their seed only; 1 for methods without one.
    subsamples
        Mean adjusted Rand index between the groups and those of 80 % of the elements, on these.
    consensus
        [element, element]: share of the subsamples with both elements in which they are together.
    elements
        [element]: mean consensus with the own group less that with the nearest other group, -1 to 1;
        NaN for an element in no group.
    """

    seeds: float
    subsamples: float
    consensus: NDArray[np.float64]
    elements: NDArray[np.float64]


def stability(
    points: NDArray[np.float64], labels: NDArray[np.int64], method: Method, k: int, seed: int = 0
) -> Stability:
    """Stability of the groups ``labels`` [n] of ``points`` [n, d] over 20 seeds and 20 subsamples."""
    rng = np.random.default_rng(seed)
    n = len(points)
    runs = np.repeat(points[None], _RUNS, axis=0)
    seeded = group_many(runs, method, [k], rng, n_init=_STARTS)[0] if method == "kmeans" else labels[None]
    kept = np.stack([np.sort(rng.permutation(n)[: round(_SHARE * n)]) for _ in range(_RUNS)])
    parts = group_many(points[kept], method, [k], rng, n_init=_STARTS)[0]
    agree = [
        float(rand_indices(np.stack([labels[rows], part]))[0, 1])
        for rows, part in zip(kept, parts, strict=True)
    ]
    consensus = _consensus(kept, parts, n)
    between = rand_indices(seeded)
    pairs = between[np.triu_indices(len(between), 1)]
    return Stability(
        float(pairs.mean()) if pairs.size else 1.0,
        float(np.mean(agree)),
        consensus,
        _margins(consensus, labels),
    )


def rand_indices(runs: NDArray[np.int64]) -> NDArray[np.float64]:
    """Adjusted Rand index [run, run] of labels [run, n] (Hubert and Arabie 1985, eq. 5)."""
    n = runs.shape[1]
    member = (runs[:, :, None] == np.arange(runs.min(), runs.max() + 1)).astype(np.float64)
    joint = np.einsum("anc,bnd->abcd", member, member, optimize=True)
    together = _pairs(joint).sum(axis=(2, 3))
    each = _pairs(member.sum(axis=1)).sum(axis=1)
    by_chance = each[:, None] * each[None] / _pairs(np.array(float(n)))
    most = (each[:, None] + each[None]) / 2
    same = np.isclose(most, by_chance)
    indices: NDArray[np.float64] = np.where(
        same, 1.0, (together - by_chance) / np.where(same, 1, most - by_chance)
    )
    return indices


def _pairs(count: NDArray[np.float64]) -> NDArray[np.float64]:
    pairs: NDArray[np.float64] = count * (count - 1) / 2
    return pairs


def _consensus(kept: NDArray[np.int64], parts: NDArray[np.int64], n: int) -> NDArray[np.float64]:
    together, both = np.zeros((n, n)), np.zeros((n, n))
    for rows, part in zip(kept, parts, strict=True):
        grid = np.ix_(rows, rows)
        both[grid] += 1
        together[grid] += (part[:, None] == part[None]) & (part[:, None] >= 0)
    consensus: NDArray[np.float64] = np.where(both > 0, together / np.maximum(both, 1), np.nan)
    return consensus


def _margins(consensus: NDArray[np.float64], labels: NDArray[np.int64]) -> NDArray[np.float64]:
    known = np.where(np.isnan(consensus), 0.0, consensus)
    np.fill_diagonal(known, 0.0)
    groups = np.unique(labels[labels >= 0])
    member = (labels[:, None] == groups).astype(np.float64)
    others = np.maximum(member.sum(axis=0) - member, 1)
    mean = known @ member / others
    inside = np.where(member.sum(axis=1) > 0, (mean * member).sum(axis=1), np.nan)
    outside = np.where(member > 0, -np.inf, mean).max(axis=1) if len(groups) > 1 else np.zeros(len(labels))
    margins: NDArray[np.float64] = inside - outside
    return margins
