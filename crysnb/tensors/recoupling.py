"""From one shape of a fusion diagram to another: the change of basis, by tensors and by 6j symbols."""

from __future__ import annotations

import itertools
from collections import deque
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crysnb.tensors.fusion_trees import Line, Shape, all_shapes, clebsch_gordan, coupled, shape_text

Array = NDArray[np.float64]

_ZERO = 1e-9


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Recoupling:
    """Two bases of the same space of coupled tensors, and the matrix between them.

    Attributes
    ----------
    first, second
        Diagrams of the two shapes.
    shapes
        Texts of the shapes.
    leaves, target
        Orders of the factors and of the result.
    matrix
        Coefficients of the second diagrams in the first, from contracted Clebsch–Gordan tensors, shape
        [first, second].
    by_6j
        The same from 6j symbols (products of them, where more than one pair is coupled otherwise), with the
        signs that the real basis gives to vertices.
    span_residual
        Largest entry of a second tensor that the first ones do not give, and the reverse.
    """

    first: tuple[Line, ...]
    second: tuple[Line, ...]
    shapes: tuple[str, str]
    leaves: tuple[int, ...]
    target: int
    matrix: Array
    by_6j: Array
    span_residual: float

    @cached_property
    def orthogonality_residual(self) -> float:
        """Largest entry of U Uᵀ - 1."""
        return float(np.abs(self.matrix @ self.matrix.T - np.eye(len(self.matrix))).max())

    @cached_property
    def residual(self) -> float:
        """Largest difference between the matrix and that from 6j symbols."""
        return float(np.abs(self.matrix - self.by_6j).max())

    def __repr__(self) -> str:
        return (
            f"Recoupling({self.shapes[0]} → {self.shapes[1]}, leaves {self.leaves} to l = {self.target}: "
            f"{len(self.first)} diagrams, same space to {self.span_residual:.1e}, 6j to {self.residual:.1e})"
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "shapes": list(self.shapes),
            "leaves": list(self.leaves),
            "target": self.target,
            "first": [line.text for line in self.first],
            "second": [line.text for line in self.second],
            "matrix": self.matrix.tolist(),
            "by_6j": self.by_6j.tolist(),
            "span_residual": self.span_residual,
            "orthogonality_residual": self.orthogonality_residual,
            "residual": self.residual,
        }


def recoupling(first: Shape, second: Shape, leaves: tuple[int, ...], target: int) -> Recoupling:
    """The matrix between the diagrams of two shapes, in double precision.

    Parameters
    ----------
    first, second
        Shapes of the same factors.
    leaves
        Their orders.
    target
        Order of the result.

    Notes
    -----
    ((j1 j2) J12 j3) J in terms of (j1 (j2 j3) J23) J has the coefficients
    (-1)^(j1 + j2 + j3 + J) √((2 J12 + 1)(2 J23 + 1)) {j1 j2 J12; j3 J J23}: Edmonds (1957), eq. 6.1.5; any
    other pair of shapes is a chain of such steps. Real coefficients differ from complex ones by a sign of
    each vertex, which is fitted; products of four entries around a cycle do not depend on it.
    """
    one, two = coupled(first, leaves, target), coupled(second, leaves, target)
    a, b = (np.array([_tensor(line, leaves).ravel() for line in lines]) for lines in (one, two))
    matrix = a @ b.T / (2 * target + 1)
    span = max(float(np.abs(b - matrix.T @ a).max()), float(np.abs(a - matrix @ b).max()))
    return Recoupling(
        first=one,
        second=two,
        shapes=(shape_text(first), shape_text(second)),
        leaves=leaves,
        target=target,
        matrix=matrix,
        by_6j=_signed(_chain(first, second, leaves, target), matrix),
        span_residual=span,
    )


def _tensor(line: Line, leaves: tuple[int, ...]) -> Array:
    """The coupled tensor, one axis per leaf in the order of places, then that of the result."""
    places, tensor = _contracted(line)
    order = [places.index(place) for place in range(len(leaves))]
    return np.transpose(tensor, (*order, len(leaves)))


def _contracted(line: Line) -> tuple[list[int], Array]:
    if line.sources is None:
        return [line.place], np.eye(2 * line.l + 1)
    (mine, left), (theirs, right) = map(_contracted, line.sources)
    coupling = clebsch_gordan(line.sources[0].l, line.sources[1].l, line.l)
    half = np.tensordot(left, coupling, axes=(left.ndim - 1, 0))  # leaves, right, result
    whole = np.tensordot(right, half, axes=(right.ndim - 1, half.ndim - 2))
    return theirs + mine, whole


# ---- 6j symbols -----------------------------------------------------------------------------------


@cache
def six_j(a: int, b: int, c: int, d: int, e: int, f: int) -> float:
    """The 6j symbol {a b c; d e f} of sympy."""
    from sympy.physics.wigner import wigner_6j  # type: ignore[import-untyped]  # torch brings sympy

    return float(wigner_6j(a, b, c, d, e, f))


def _chain(first: Shape, second: Shape, leaves: tuple[int, ...], target: int) -> Array:
    """Product of elementary steps along a shortest way between two shapes."""
    matrix = np.eye(len(coupled(first, leaves, target)))
    way = _way(first, second)
    for here, there in itertools.pairwise(way):
        matrix = matrix @ _step(here, there, leaves, target)
    return matrix


def _way(first: Shape, second: Shape) -> list[Shape]:
    n_leaves = len(max(_clusters(first), key=len))
    before: dict[Shape, Shape | None] = {first: None}
    queue = deque([first])
    while queue and second not in before:
        here = queue.popleft()
        for there in all_shapes(n_leaves):
            if there not in before and len(_clusters(here) - _clusters(there)) == 1:
                before[there] = here
                queue.append(there)
    way: list[Shape] = []
    at: Shape | None = second
    while at is not None:
        way.append(at)
        at = before[at]
    return way[::-1]


Cluster = frozenset[int]


def _clusters(shape: Shape) -> frozenset[Cluster]:
    """The sets of leaves that are coupled to one line, leaves and the whole among them."""
    if isinstance(shape, int):
        return frozenset({frozenset({shape})})
    left, right = map(_clusters, shape)
    return left | right | {max(left, key=len) | max(right, key=len)}


def _orders(line: Line) -> dict[Cluster, int]:
    if line.sources is None:
        return {frozenset({line.place}): line.l}
    left, right = map(_orders, line.sources)
    return {**left, **right, max(left, key=len) | max(right, key=len): line.l}


def _step(first: Shape, second: Shape, leaves: tuple[int, ...], target: int) -> Array:
    """The matrix between two shapes that differ in one cluster: X ∪ Y of the one, Y ∪ Z of the other."""
    (one,), (two,) = _clusters(first) - _clusters(second), _clusters(second) - _clusters(first)
    x, y, z, whole = one - two, one & two, two - one, one | two
    rows = [_orders(line) for line in coupled(first, leaves, target)]
    columns = [_orders(line) for line in coupled(second, leaves, target)]
    matrix = np.zeros((len(rows), len(columns)))
    for i, row in enumerate(rows):
        for k, column in enumerate(columns):
            if any(row[shared] != column[shared] for shared in row.keys() & column.keys()):
                continue
            a, b, c, total, ab, bc = row[x], row[y], row[z], row[whole], row[one], column[two]
            sign = (-1) ** (a + b + c + total)
            # A vertex is written with its first leaf on the left; the formula wants X, Y, Z in this order.
            sign *= _turned(x, y, a + b - ab) * _turned(one, z, ab + c - total)
            sign *= _turned(y, z, b + c - bc) * _turned(x, two, a + bc - total)
            matrix[i, k] = sign * np.sqrt((2 * ab + 1) * (2 * bc + 1)) * six_j(a, b, ab, c, total, bc)
    return matrix


def _turned(left: Cluster, right: Cluster, exponent: int) -> int:
    return 1 if min(left) < min(right) else (-1) ** exponent


def _signed(matrix: Array, wanted: Array) -> Array:
    """The matrix with a sign for each row and column, chosen so that it agrees with another where it can.

    Signs are passed on from entry to entry along those that are not zero, so that only as many are chosen as
    there are rows and columns.
    """
    rows, columns = np.zeros(len(matrix)), np.zeros(matrix.shape[1])
    relative = np.where((np.abs(matrix) > _ZERO) & (np.abs(wanted) > _ZERO), np.sign(matrix * wanted), 0.0)
    for start in range(len(rows)):
        if rows[start]:
            continue
        rows[start] = 1.0
        queue: deque[tuple[bool, int]] = deque([(True, start)])
        while queue:
            is_row, at = queue.popleft()
            here, there, signs = (rows, columns, relative[at]) if is_row else (columns, rows, relative[:, at])
            for k in np.flatnonzero((signs != 0) & (there == 0)):
                there[k] = here[at] * signs[k]
                queue.append((not is_row, int(k)))
    columns[columns == 0] = 1.0
    return np.asarray(rows[:, None] * matrix * columns)
