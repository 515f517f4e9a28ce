"""Fusion diagrams: the ways to couple several spherical tensors to one, counted, priced and compared.

The factors are moments of a neighbourhood, one irrep of each order l ≤ l_max with parity (-1)^l. A diagram is
a binary tree over them whose inner lines carry an order each. As a language for equivariant products:
Li, Pengmei, Zheng, Thiede, Liu and Kondor (2022), arXiv 2211.07482. Nothing is trained here.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from crysnb.errors import ShapeError, UnknownName, quote
from crysnb.tensors.fusion_trees import (
    Line,
    Shape,
    clebsch_gordan,
    coupled,
    places_of,
    plain_shapes,
    shape_of,
    shape_text,
)

if TYPE_CHECKING:
    import pandas as pd

    from crysnb.tensors.recoupling import Recoupling

CITATION = (
    "Li, Pengmei, Zheng, Thiede, Liu, Kondor (2022), Unifying O(3) equivariant neural networks design with "
    "tensor-network formalism, arXiv 2211.07482"
)
#: Highest order of the factors, and how many there may be.
MAX_L, ORDERS = 4, (2, 3, 4)

_ZERO = 1e-12


@dataclass(frozen=True, slots=True)
class Cost:
    """Multiplications to evaluate all diagrams of one shape for one channel.

    A vertex costs two multiplications for each non-zero Clebsch–Gordan coefficient in e3nn's real basis.

    Attributes
    ----------
    shape
        Of the diagrams.
    diagrams, vertices
        How many there are; vertices are counted once for equal factors.
    apart, shared
        Multiplications if every diagram is evaluated alone, and if what they have in common is kept.
    """

    shape: str
    diagrams: int
    vertices: int
    apart: int
    shared: int


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class FusionDiagrams:
    """All admissible fusion diagrams of one shape. Made by :func:`crysnb.fusion_diagrams`.

    Attributes
    ----------
    l_max, order
        Highest order of the factors, and their number ν.
    target
        Order and parity of the result.
    shape
        Which pairs are coupled first, leaves from 0.
    diagrams
        The trees, by the orders of their leaves, then of their inner lines.
    """

    l_max: int
    order: int
    target: tuple[int, int]
    shape: Shape
    diagrams: tuple[Line, ...]

    def __len__(self) -> int:
        return len(self.diagrams)

    @property
    def target_name(self) -> str:
        """Such as ``"1o"``."""
        return f"{self.target[0]}{'e' if self.target[1] > 0 else 'o'}"

    @cached_property
    def by_leaves(self) -> dict[tuple[int, ...], tuple[Line, ...]]:
        """Diagrams by the orders of their leaves. Their number does not depend on the shape."""
        out: dict[tuple[int, ...], list[Line]] = {}
        for diagram in self.diagrams:
            out.setdefault(diagram.leaves, []).append(diagram)
        return {leaves: tuple(found) for leaves, found in out.items()}

    @cached_property
    def n_for_equal_factors(self) -> int:
        """Independent results for equal factors, where other diagrams repeat them or vanish."""
        return n_symmetric(self.l_max, self.order, self.target)

    def recoupling(self, other: str | Shape, leaves: Sequence[int]) -> Recoupling:
        """How the diagrams of another shape follow from these, for factors of given orders.

        Parameters
        ----------
        other
            Another shape of the same factors, such as ``"1 (2 3)"``.
        leaves
            Orders of the factors, such as ``(1, 2, 1)``.

        Raises
        ------
        UnknownName
            ``name.unknown_shape`` or ``name.unknown_leaves``.
        """
        from crysnb.tensors.recoupling import recoupling

        chosen = tuple(leaves) if isinstance(leaves, list | tuple) else ()
        if not all(isinstance(v, int) for v in chosen) or chosen not in self.by_leaves:
            raise UnknownName.of("leaves", leaves, [str(known) for known in self.by_leaves])
        return recoupling(self.shape, shape_of(other, self.order), chosen, self.target[0])

    @cached_property
    def costs(self) -> tuple[Cost, ...]:
        """Multiplications for every shape that differs by more than the names of its leaves."""
        return tuple(_cost(shape, self.l_max, self.target) for shape in plain_shapes(self.order))

    def __repr__(self) -> str:
        return (
            f"FusionDiagrams({shape_text(self.shape)} → {self.target_name}, l ≤ {self.l_max}: "
            f"{count_text(len(self))}, {self.n_for_equal_factors} independent for equal factors)"
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "l_max": self.l_max,
            "order": self.order,
            "target": self.target_name,
            "shape": shape_text(self.shape),
            "n_diagrams": len(self),
            "n_for_equal_factors": self.n_for_equal_factors,
            "diagrams": [diagram.text for diagram in self.diagrams],
            "costs": [
                {"shape": c.shape, "diagrams": c.diagrams, "vertices": c.vertices, "apart": c.apart,
                 "shared": c.shared}
                for c in self.costs
            ],
            "language": CITATION,
        }  # fmt: skip

    def to_frame(self) -> pd.DataFrame:
        """One row per diagram: leaves, diagram, multiplications."""
        import pandas as pd

        rows = [(d.leaves, d.text, sum(map(_vertex_cost, d.couplings()))) for d in self.diagrams]
        return pd.DataFrame(rows, columns=["leaves", "diagram", "multiplications"])


def fusion_diagrams(
    l_max: int = 2, order: int = 3, target: str = "1o", shape: str | None = None
) -> FusionDiagrams:
    """All fusion diagrams that couple ν moments of a neighbourhood to one irrep.

    Parameters
    ----------
    l_max
        Highest order of the moments, 0 to 4; their parity is (-1)^l.
    order
        Number ν of moments that are multiplied, 2 to 4 (the body order is ν + 1).
    target
        Irrep of the result, such as ``"0e"`` or ``"2e"``.
    shape
        Which pairs are coupled first, such as ``"((1 2) 3) 4"`` or ``"(1 2) (3 4)"``; one after the other
        unless said.

    Returns
    -------
    FusionDiagrams
        None are in it where nothing couples to the target.

    Raises
    ------
    ShapeError
        ``fusion.l_max``, ``fusion.order`` or ``fusion.target``.
    UnknownName
        ``name.unknown_shape``.
    """
    limits: tuple[tuple[str, Any, int, int], ...] = (
        ("l_max", l_max, 0, MAX_L),
        ("order", order, ORDERS[0], ORDERS[-1]),
    )
    for name, value, low, high in limits:
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or not low <= value <= high:
            raise ShapeError(
                f"fusion.{name}", found=f"{name} = {quote(value)}", accepted=f"a whole number {low} to {high}"
            )
    wanted = _irrep(target)
    chosen = plain_shapes(order)[0] if shape is None else shape_of(shape, order)
    diagrams = tuple(_diagrams(chosen, int(l_max), wanted))
    return FusionDiagrams(l_max=int(l_max), order=int(order), target=wanted, shape=chosen, diagrams=diagrams)


def _irrep(target: object) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{1,2})([eo])", target) if isinstance(target, str) else None
    if match is None or not match[1].isascii():
        raise ShapeError(
            "fusion.target", found=f"target {quote(target)}", accepted='an irrep such as "0e", "1o" or "2e"'
        )
    return int(match[1]), 1 if match[2] == "e" else -1


def count_text(n: int) -> str:
    """``"1 diagram"``, ``"2 diagrams"``."""
    return f"{n} diagram{'' if n == 1 else 's'}"


# ---- diagrams -------------------------------------------------------------------------------------


def _diagrams(shape: Shape, l_max: int, target: tuple[int, int]) -> Iterator[Line]:
    n_leaves = len(places_of(shape))
    for leaves in itertools.product(range(l_max + 1), repeat=n_leaves):
        if (-1) ** sum(leaves) == target[1]:
            yield from coupled(shape, leaves, target[0])


def n_symmetric(l_max: int, order: int, target: tuple[int, int]) -> int:
    """Multiplicity of an irrep in the symmetric power of the moments l ≤ l_max.

    By characters: the mean over permutations of products of power sums (Molien). A moment of order l has
    the weights -l … l and parity (-1)^l.
    """
    size = order * l_max
    total: NDArray[np.float64] = np.zeros((2, 2 * size + 1))
    for permutation in itertools.permutations(range(order)):
        product = np.zeros_like(total)
        product[0, size] = 1.0
        for length in _cycles(permutation):
            product = _times(product, l_max, length)
        total += product
    weights = np.round(total / np.prod(np.arange(1, order + 1))).astype(int)[int(target[1] < 0)]
    at = size + target[0]
    return int(weights[at] - (weights[at + 1] if at + 1 < len(weights) else 0)) if at < len(weights) else 0


def _cycles(permutation: tuple[int, ...]) -> list[int]:
    left, out = set(range(len(permutation))), []
    while left:
        start = at = left.pop()
        length = 1
        while (at := permutation[at]) != start:
            left.remove(at)
            length += 1
        out.append(length)
    return out


def _times(product: NDArray[np.float64], l_max: int, length: int) -> NDArray[np.float64]:
    """Times the power sum of a cycle: weights and parities of one moment, each taken ``length`` times."""
    out = np.zeros_like(product)
    for order in range(l_max + 1):
        odd = (order * length) % 2
        for m in range(-order, order + 1):
            out += np.roll(product[::-1] if odd else product, m * length, axis=1)
    return out


# ---- cost -----------------------------------------------------------------------------------------


@cache
def _vertex_cost(orders: tuple[int, int, int]) -> int:
    return 2 * int((np.abs(clebsch_gordan(*orders)) > _ZERO).sum())


def _cost(shape: Shape, l_max: int, target: tuple[int, int]) -> Cost:
    diagrams = tuple(_diagrams(shape, l_max, target))
    vertices: dict[str, int] = {}
    for diagram in diagrams:
        _collect(diagram, vertices)
    return Cost(
        shape=shape_text(shape),
        diagrams=len(diagrams),
        vertices=len(vertices),
        apart=sum(_vertex_cost(v) for diagram in diagrams for v in diagram.couplings()),
        shared=sum(vertices.values()),
    )


def _collect(line: Line, vertices: dict[str, int]) -> None:
    """Every vertex by what is coupled there; the factors are equal, so the places of leaves do not matter."""
    if line.sources is not None:
        vertices[line.text] = _vertex_cost((line.sources[0].l, line.sources[1].l, line.l))
        for source in line.sources:
            _collect(source, vertices)
