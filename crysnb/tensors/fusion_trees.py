"""Fusion diagrams as trees: shapes, the orders on their lines, and the coefficients at their vertices."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from crysnb.errors import UnknownName

#: A leaf by its place from 0, or a pair of shapes.
Shape = int | tuple["Shape", "Shape"]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a diagram: its order l, and the two lines that meet in it unless it is a leaf.

    ``place`` is the first leaf that it comes from.
    """

    l: int
    place: int
    sources: tuple[Line, Line] | None = None

    @property
    def text(self) -> str:
        """Such as ``"((1 1)2 1)1"``: the orders, each pair followed by what it is coupled to."""
        if self.sources is None:
            return str(self.l)
        return f"({self.sources[0].text} {self.sources[1].text}){self.l}"

    @property
    def leaves(self) -> tuple[int, ...]:
        """Orders of the leaves by place, as far as they are here."""
        found = sorted(_leaves(self))
        return tuple(order for _, order in found)

    def couplings(self) -> Iterator[tuple[int, int, int]]:
        """Orders (l1, l2, l3) of every vertex, those of the leaves first."""
        if self.sources is not None:
            for source in self.sources:
                yield from source.couplings()
            yield self.sources[0].l, self.sources[1].l, self.l


def _leaves(line: Line) -> list[tuple[int, int]]:
    if line.sources is None:
        return [(line.place, line.l)]
    return _leaves(line.sources[0]) + _leaves(line.sources[1])


@cache
def all_shapes(order: int) -> tuple[Shape, ...]:
    """The (2ν - 3)!! ways to couple ν labelled factors in pairs, each pair by its first leaf."""

    def over(places: tuple[int, ...]) -> list[Shape]:
        if len(places) == 1:
            return [places[0]]
        out: list[Shape] = []
        for size in range(len(places) - 1, 0, -1):
            for rest in itertools.combinations(places[1:], size - 1):
                left = (places[0], *rest)
                right = tuple(p for p in places if p not in left)
                out += [(a, b) for a in over(left) for b in over(right)]
        return out

    return tuple(over(tuple(range(order))))


@cache
def plain_shapes(order: int) -> tuple[Shape, ...]:
    """One shape of each kind that differs by more than the names of its leaves."""
    seen: dict[object, Shape] = {}
    for shape in all_shapes(order):
        seen.setdefault(_kind(shape), shape)
    return tuple(seen.values())


def _kind(shape: Shape) -> str:
    if isinstance(shape, int):
        return "."
    return "(" + "".join(sorted(map(_kind, shape))) + ")"


def shape_text(shape: Shape) -> str:
    """``"(1 2) 3"`` for ``((0, 1), 2)``."""

    def inner(part: Shape) -> str:
        return str(part + 1) if isinstance(part, int) else f"({inner(part[0])} {inner(part[1])})"

    return inner(shape) if isinstance(shape, int) else inner(shape)[1:-1]


def shape_of(shape: object, order: int) -> Shape:
    """The shape with this text, or this shape; :class:`UnknownName` if there is none for so many factors."""
    for known in all_shapes(order):
        if shape in (known, shape_text(known)):
            return known
    raise UnknownName.of("shape", shape, map(shape_text, all_shapes(order)))


def places_of(shape: Shape) -> list[int]:
    """Leaves of a shape, from left to right."""
    return [shape] if isinstance(shape, int) else places_of(shape[0]) + places_of(shape[1])


def coupled(shape: Shape, leaves: Sequence[int], target: int) -> tuple[Line, ...]:
    """Diagrams of factors of given orders that lead to a given order, parity aside."""
    return tuple(line for line in _lines(shape, tuple(leaves)) if line.l == target)


def _lines(shape: Shape, leaves: tuple[int, ...]) -> list[Line]:
    if isinstance(shape, int):
        return [Line(leaves[shape], shape)]
    return [
        Line(order, min(a.place, b.place), (a, b))
        for a in _lines(shape[0], leaves)
        for b in _lines(shape[1], leaves)
        for order in range(abs(a.l - b.l), a.l + b.l + 1)
    ]


@cache
def clebsch_gordan(l1: int, l2: int, l3: int) -> NDArray[np.float64]:
    """Real coefficients of e3nn with orthonormal rows, shape [2 l1 + 1, 2 l2 + 1, 2 l3 + 1], read-only."""
    import torch
    from e3nn import o3

    found = np.asarray(o3.wigner_3j(l1, l2, l3, dtype=torch.float64).numpy() * np.sqrt(2 * l3 + 1))
    found.flags.writeable = False
    return found
