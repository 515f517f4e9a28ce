"""Multiplication table of a list of operations, and a few of them that generate the rest."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crysnb.errors import SymmetryUndetermined


@dataclass(frozen=True, eq=False)
class GroupTable:
    """A finite group of orthogonal matrices.

    Attributes
    ----------
    rotations
        Matrices, shape [op, 3, 3], read-only.
    table
        table[a, b] is the index of rotations[a] @ rotations[b], shape [op, op].
    """

    rotations: NDArray[np.float64]
    table: NDArray[np.int64]

    @cached_property
    def identity(self) -> int:
        """Index of the identity."""
        return int((self.table[:, 0] == 0).argmax())

    @cached_property
    def generators(self) -> tuple[int, ...]:
        """Two or three operations (none for the trivial group) that generate all others."""
        return _generators(self.table.tobytes(), len(self.table), self.identity)


@lru_cache(maxsize=1024)
def _generators(raw: bytes, n: int, identity: int) -> tuple[int, ...]:
    # The table of a crystal class is the same in every orientation: worked out once.
    table = np.frombuffer(raw, dtype=np.int64).reshape(n, n)
    rows: list[list[int]] = table.tolist()
    every = np.arange(n)
    power, orders = every, np.zeros(n, dtype=np.int64)
    for order in range(1, n + 1):
        orders[(power == identity) & (orders == 0)] = order
        power = table[power, every]
    chosen: list[int] = []
    members = {identity}
    # High orders first: they bring most of the group in one step.
    for candidate in np.argsort(-orders, kind="stable").tolist():
        if candidate not in members:
            chosen.append(candidate)
            members = join(rows, members, chosen)
    return tuple(chosen)


def join(rows: list[list[int]], members: AbstractSet[int], generators: Sequence[int]) -> set[int]:
    """The subgroup that a subgroup and one more operation span, coset by coset (Dimino).

    Parameters
    ----------
    rows
        Multiplication table.
    members
        The subgroup, as indices.
    generators
        Generators of the subgroup, and last the operation that is new.
    """
    known = set(members)
    fresh = [generators[-1]]
    while fresh:
        r = fresh.pop()
        if r not in known:
            known.update([rows[h][r] for h in members])
            fresh += [rows[r][g] for g in generators]
    return known


def group_table(rotations: ArrayLike) -> GroupTable:
    """The group that the matrices are.

    Parameters
    ----------
    rotations
        Cartesian operations, shape [op, 3, 3], a complete group without repetition.

    Raises
    ------
    SymmetryUndetermined
        ``symmetry.inconsistent`` if a matrix is not finite or not orthogonal to 1e-6, occurs
        twice, or a product is missing.
    """
    r = np.ascontiguousarray(rotations, dtype=np.float64)
    if r.ndim != 3 or r.shape[1:] != (3, 3) or not len(r) or not np.isfinite(r).all():
        raise _inconsistent(f"operations of shape {r.shape}, or not finite")
    return _cached_table(r.tobytes(), len(r))


@lru_cache(maxsize=256)
def _cached_table(raw: bytes, n: int) -> GroupTable:
    r = np.frombuffer(raw, dtype=np.float64).reshape(n, 3, 3)
    if np.abs(r @ r.transpose(0, 2, 1) - np.eye(3)).max() > 1e-6:
        raise _inconsistent("a matrix that is not orthogonal")
    flat = r.reshape(n, 9)
    products = (r[:, None] @ r[None]).reshape(n * n, 9)
    # For orthogonal matrices <A, B> = 3 exactly where A = B.
    table = (products @ flat.T).argmax(axis=1)
    if np.abs(products - flat[table]).max() > 1e-6:
        raise _inconsistent(f"{n} operations that lack some of their products")
    table = table.reshape(n, n)
    if (np.sort(table, axis=0) != np.arange(n)[:, None]).any():
        raise _inconsistent("an operation that is listed twice")
    table.flags.writeable = False
    return GroupTable(r, table)


def _inconsistent(found: str) -> SymmetryUndetermined:
    return SymmetryUndetermined(
        "symmetry.inconsistent",
        found=found,
        accepted="a complete point group of orthogonal matrices, shape (op, 3, 3)",
        action="Take the rotations of crysnb.symmetry(structure), or try another symprec.",
    )
