"""The smallest set of operations that already forces a zero or a relation.

A relation is a linear functional f with f(T) = 0 for every allowed T. The subgroup H forces it
exactly if f averaged over H vanishes. Only the subgroups matter, not the sets that generate them,
and there are at most 98; each remembers its simplest smallest generating set.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from crysnb.symmetry.group_table import GroupTable
from crysnb.values.tensor_kind import TensorKind, represent

#: A functional of unit norm counts as forced when its average is smaller than this.
FORCED = 1e-7

Choice = tuple[int, tuple[int, ...]]  # total cost, operations


@dataclass(frozen=True, slots=True, eq=False)
class Subgroups:
    """All subgroups of a group, those with fewer and simpler generators first.

    Attributes
    ----------
    generators
        Smallest and simplest set of operations that generates each subgroup.
    average
        Row h averages over the subgroup, shape [subgroup, op].
    """

    generators: tuple[tuple[int, ...], ...]
    average: NDArray[np.float64]


def subgroups(group: GroupTable, costs: tuple[int, ...]) -> Subgroups:
    """All subgroups, from cyclic ones joined step by step.

    Parameters
    ----------
    group
        The whole group.
    costs
        Effort of explaining each operation; among sets of equal size the cheapest is kept, and
        the first in the order of the operations where costs are equal.
    """
    return _subgroups(group.table.tobytes(), len(group.table), group.identity, costs)


@lru_cache(maxsize=64)
def _subgroups(raw: bytes, n: int, identity: int, costs: tuple[int, ...]) -> Subgroups:
    rows: list[list[int]] = np.frombuffer(raw, dtype=np.int64).reshape(n, n).tolist()
    trivial = frozenset({identity})
    found: dict[frozenset[int], Choice] = {trivial: (0, ())}
    level: dict[frozenset[int], Choice] = {trivial: (0, ())}
    cyclic: dict[frozenset[int], Choice] = {}
    while level:
        reached: dict[frozenset[int], Choice] = {}
        steps = [(c[1][0], c[0]) for c in cyclic.values()] or [(k, costs[k]) for k in range(n)]
        for members, (cost, chosen) in level.items():
            for k, extra in steps:
                if k in members:
                    continue
                bigger = _join(rows, members, [*chosen, k])
                if bigger in found:
                    continue
                choice = (cost + extra, tuple(sorted((*chosen, k))))
                if bigger not in reached or choice < reached[bigger]:
                    reached[bigger] = choice
        cyclic = cyclic or reached
        found.update(reached)
        level = reached
    ordered = sorted(found.items(), key=lambda item: (len(item[1][1]), item[1]))
    average = np.zeros((len(ordered), n))
    for row, (members, _) in enumerate(ordered):
        average[row, list(members)] = 1.0 / len(members)
    return Subgroups(tuple(choice[1] for _, choice in ordered), average)


def _join(rows: list[list[int]], members: frozenset[int], generators: list[int]) -> frozenset[int]:
    """The subgroup spanned by a subgroup and more: coset by coset (Dimino)."""
    known = set(members)
    fresh = [generators[-1]]
    while fresh:
        r = fresh.pop()
        if r in known:
            continue
        known.update(rows[h][r] for h in members)
        fresh += [p for g in generators for p in (rows[r][g],) if p not in known]
    return frozenset(known)


def reasons(
    kind: TensorKind, group: GroupTable, costs: tuple[int, ...], functionals: NDArray[np.float64]
) -> list[tuple[int, ...]]:
    """For each functional the smallest set of operations that makes it vanish on every allowed tensor.

    Parameters
    ----------
    kind
        Kind of tensor.
    group, costs
        The operations and the effort of explaining each.
    functionals
        Rows act on named components, shape [functional, component].

    Returns
    -------
    list of tuple
        Indices of operations. No smaller set forces the functional, so none can be left out.
    """
    below = subgroups(group, costs)
    scaled = functionals / np.sqrt(kind.multiplicity)
    scaled = scaled / np.sqrt((scaled**2).sum(axis=1, keepdims=True))
    images = scaled @ represent(kind, group.rotations)  # [op, functional, component]
    means = below.average @ images.reshape(len(images), -1)
    size = np.abs(means.reshape(len(below.average), *scaled.shape)).max(axis=2)
    first = (size < FORCED).argmax(axis=0)
    return [below.generators[k] for k in first]
