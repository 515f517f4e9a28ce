"""How far groups of elements agree with chemistry, and how far shuffled elements would."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import adjusted_rand_score, v_measure_score
from sklearn.metrics.cluster import contingency_matrix, expected_mutual_information

from crysnb.elements.chemistry import PARTITIONS, partition


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement of groups with one partition of the periodic table.

    Attributes
    ----------
    ami
        Adjusted mutual information: 1 the same, about 0 by chance. Vinh et al. 2010, JMLR 11, 2837.
    ari
        Adjusted Rand index. Hubert and Arabie 1985, doi:10.1007/BF01908075.
    v_measure
        Harmonic mean of homogeneity and completeness; not adjusted for chance.
    null_band
        Lowest and highest AMI of the same groups with the elements shuffled.
    """

    ami: float
    ari: float
    v_measure: float
    null_band: tuple[float, float]


def agreements(
    labels: Mapping[str, int], *, n_permutations: int = 300, seed: int = 0
) -> tuple[dict[str, Agreement], float]:
    """Agreement with every partition of chemistry, and one p value for all of them.

    Parameters
    ----------
    labels
        Group of each element; those with a negative number are in none and are left out.
    n_permutations
        Shuffles of the elements over the rows.
    seed
        Of the shuffles.

    Returns
    -------
    agreement, p
        By partition; and the share of shuffles whose best partition agrees as well as the best of the
        real one (in units of that partition's spread over shuffles), which pays for having looked at several.
    """
    elements = [s for s, label in labels.items() if label >= 0]
    groups = np.unique([labels[s] for s in elements], return_inverse=True)[1]
    rng = np.random.default_rng(seed)
    # The first keeps everybody in place.
    n = len(elements)
    order = np.stack([np.arange(n), *(rng.permutation(n) for _ in range(n_permutations))])
    found: dict[str, Agreement] = {}
    real, shuffled = [], []
    for name in PARTITIONS:
        codes = np.unique(partition(name, elements), return_inverse=True)[1]
        ami, *rest = _shuffled_ami(codes, groups, order)
        null = np.array(rest)
        ari = float(adjusted_rand_score(codes, groups)) if elements else 0.0
        measure = float(v_measure_score(codes, groups)) if elements else 0.0
        found[name] = Agreement(float(ami), ari, measure, (float(null.min()), float(null.max())))
        spread = float(null.std()) or 1.0
        real.append((ami - float(null.mean())) / spread)
        shuffled.append((null - null.mean()) / spread)
    best = np.max(shuffled, axis=0)
    # Rounding must not make a shuffle worse than the labels that it leaves as they are.
    p = (1 + int((best >= max(real) - 1e-9).sum())) / (n_permutations + 1)
    return found, p


def _shuffled_ami(
    codes: NDArray[np.int64], groups: NDArray[np.int64], order: NDArray[np.int64]
) -> NDArray[np.float64]:
    """AMI [shuffle] of classes ``codes`` [n] with the groups in another order.

    A shuffle keeps the sizes, so that only the mutual information changes.
    """
    n = len(codes)
    if n == 0 or groups.max() == 0 or codes.max() == 0:
        return np.zeros(len(order))
    one = (codes[:, None] == np.arange(codes.max() + 1)).astype(np.float32)
    other = (groups[:, None] == np.arange(groups.max() + 1)).astype(np.float32)
    # [shuffle, class, group]
    joint = np.matmul(one.T, other[order]).astype(np.float64) / n
    expected = joint.sum(axis=2, keepdims=True) * joint.sum(axis=1, keepdims=True)
    information = np.where(joint > 0, joint * np.log(np.where(joint > 0, joint / expected, 1)), 0)
    table = contingency_matrix(codes, groups, sparse=True)
    by_chance = expected_mutual_information(table, n)
    size = (_entropy(one.mean(axis=0)) + _entropy(other.mean(axis=0))) / 2
    ami: NDArray[np.float64] = (information.sum(axis=(1, 2)) - by_chance) / max(size - by_chance, 1e-12)
    return ami


def _entropy(share: NDArray[np.float32]) -> float:
    held = share[share > 0].astype(np.float64)
    return float(-(held * np.log(held)).sum())
