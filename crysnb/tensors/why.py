"""The smallest set of operations that already forces a zero or a relation.

A relation is a linear functional f with f(T) = 0 for every allowed T. The subgroup H forces it
exactly if f averaged over H vanishes. So only subgroups matter, not the many sets of operations that
generate them: at most 98 per crystal class, built up from one generator to two, and more if needed.
"""

from __future__ import annotations

import itertools
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from crysnb.errors import SymmetryUndetermined
from crysnb.symmetry.group_table import GroupTable, join
from crysnb.values.tensor_kind import TensorKind, represent

#: A functional of unit norm counts as forced when its average is smaller than this.
FORCED = 1e-7

Choice = tuple[int, tuple[int, ...]]  # total cost, operations
Level = dict[frozenset[int], Choice]


class Subgroups:
    """Subgroups of a group by the number of operations that are needed to generate them.

    Parameters
    ----------
    rows
        Multiplication table.
    identity
        Index of the identity.
    costs
        Effort of explaining each operation. Every subgroup keeps its cheapest smallest generating
        set, and among equal ones the first in the order of the operations.
    """

    def __init__(self, rows: list[list[int]], identity: int, costs: tuple[int, ...]) -> None:
        self._rows, self._costs = rows, costs
        start: Level = {frozenset({identity}): (0, ())}
        self._levels: list[Level] = [start]
        self._found = set(start)
        self._steps = list(enumerate(costs))

    def level(self, size: int) -> tuple[list[tuple[int, ...]], NDArray[np.float64]] | None:
        """Subgroups that need ``size`` generators: generating sets, and averages, [subgroup, op].

        The cheapest come first. None if there is no such subgroup.
        """
        while len(self._levels) <= size and self._levels[-1]:
            self._extend()
        if len(self._levels) <= size or not self._levels[size]:
            return None
        ordered = sorted(self._levels[size].items(), key=lambda item: item[1])
        average = np.zeros((len(ordered), len(self._rows)))
        for row, (members, _) in enumerate(ordered):
            average[row, list(members)] = 1.0 / len(members)
        return [chosen for _, (_, chosen) in ordered], average

    def _extend(self) -> None:
        reached: Level = {}
        pairs = len(self._levels) == 2
        for at, (members, (cost, chosen)) in enumerate(self._levels[-1].items()):
            # A pair spans the same whichever comes first.
            for k, extra in self._steps[at + 1 :] if pairs else self._steps:
                if k in members:
                    continue
                bigger = frozenset(join(self._rows, members, (*chosen, k)))
                choice = (cost + extra, tuple(sorted((*chosen, k))))
                if bigger not in self._found and choice < reached.get(bigger, (choice[0] + 1, ())):
                    reached[bigger] = choice
        if len(self._levels) == 1:
            # Later steps need one operation per cyclic subgroup only: the simplest.
            self._steps = [(chosen[0], cost) for cost, chosen in reached.values()]
        self._found |= set(reached)
        self._levels.append(reached)


@lru_cache(maxsize=64)
def _subgroups(raw: bytes, n: int, identity: int, costs: tuple[int, ...]) -> Subgroups:
    rows: list[list[int]] = np.frombuffer(raw, dtype=np.int64).reshape(n, n).tolist()
    return Subgroups(rows, identity, costs)


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
        Rows act on named components, shape [functional, component]; each vanishes on all tensors
        that the group allows.

    Returns
    -------
    list of tuple
        Indices of operations. No smaller set forces the functional, so none can be left out.
    """
    lattice = _subgroups(group.table.tobytes(), len(group.table), group.identity, costs)
    scaled = functionals / np.sqrt(kind.multiplicity)
    scaled = scaled / np.sqrt((scaled**2).sum(axis=1, keepdims=True))
    images = scaled @ represent(kind, group.rotations)  # [op, functional, component]
    answer: list[tuple[int, ...]] = [()] * len(functionals)
    open_rows = np.arange(len(functionals))
    for size in itertools.count(1):
        # Asked for only while something is open: the last levels of a cubic group take the longest.
        level = lattice.level(size) if len(open_rows) else None
        if level is None:
            break
        generators, average = level
        means = average @ images[:, open_rows].reshape(len(images), -1)
        largest = np.abs(means.reshape(len(average), len(open_rows), -1)).max(axis=2)
        forced = largest < FORCED
        for row, choice in zip(open_rows, forced.argmax(axis=0), strict=True):
            answer[row] = generators[choice]
        open_rows = open_rows[~forced.any(axis=0)]
    if len(open_rows):
        raise SymmetryUndetermined(
            "symmetry.inconsistent",
            found=f"a relation of the {kind.name} tensor that the operations do not force",
            accepted="functionals that vanish on every allowed tensor",
        )
    return answer


def vanishing_alone(kind: TensorKind, group: GroupTable) -> list[tuple[int, ...]]:
    """For each operation the components that vanish under it and its powers alone.

    Parameters
    ----------
    kind
        Kind of tensor.
    group
        The operations.

    Returns
    -------
    list of tuple
        Indices of components, one tuple per operation.
    """
    n = len(group.table)
    average = np.zeros((n, n))
    for k in range(n):
        members, power = {group.identity}, k
        while power not in members:
            members.add(power)
            power = int(group.table[power, k])
        average[k, list(members)] = 1.0 / len(members)
    images = represent(kind, group.rotations)
    means = (average @ images.reshape(n, -1)).reshape(images.shape)
    # A component vanishes for all allowed tensors exactly if the projector sends it to nothing.
    return [tuple(np.flatnonzero(np.abs(mean).max(axis=1) < FORCED).tolist()) for mean in means]
