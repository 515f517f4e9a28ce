"""Names of point-group operations from their integer matrices in conventional crystal axes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crysnb.errors import SymmetryUndetermined

_ORDER = {3: 1, -1: 2, 0: 3, 1: 4, 2: 6}
_WORDS = {
    "2": "twofold rotation",
    "3": "threefold rotation",
    "4": "fourfold rotation",
    "6": "sixfold rotation",
    "-3": "threefold rotoinversion",
    "-4": "fourfold rotoinversion",
    "-6": "sixfold rotoinversion",
}
# How much a reader has to imagine; the inversion and a mirror explain best.
_COST = {"1": 0, "-1": 1, "m": 2, "2": 3, "3": 5, "4": 5, "-4": 6, "-3": 7, "6": 7, "-6": 8}


@dataclass(frozen=True, slots=True)
class Label:
    """The name of one operation, independent of the crystal's orientation.

    Attributes
    ----------
    symbol
        ``1, -1, 2, m, 3, -3, 4, -4, 6, -6``.
    axis
        Direction [uvw] of the axis, or of a mirror's normal, as smallest integers; (0, 0, 0) for
        1 and -1. A rotation of higher order than two turns counter-clockwise about it, so that
        the two threefold rotations about one line are [001] and [00-1].
    """

    symbol: str
    axis: tuple[int, int, int]

    @property
    def direction(self) -> str:
        """``"[001]"``; empty for 1 and -1."""
        return _direction(self.axis)

    @property
    def name(self) -> str:
        """Short and unique in a group: ``"m [100]"``, ``"3+ [001]"``, ``"3- [001]"``.

        Both senses about one line are named after one direction of it, the one whose first index
        that is not zero is positive.
        """
        if not any(self.axis):
            return self.symbol
        flipped = next(k for k in self.axis if k) < 0
        sense = "" if self.symbol in ("2", "m") else "-" if flipped else "+"
        u, v, w = self.axis
        return f"{self.symbol}{sense} {_direction((-u, -v, -w) if flipped else self.axis)}"

    @property
    def text(self) -> str:
        """The operation in words."""
        if self.symbol == "1":
            return "identity"
        if self.symbol == "-1":
            return "inversion"
        if self.symbol == "m":
            return f"mirror perpendicular to {self.direction}"
        return f"{_WORDS[self.symbol]} about {self.direction}"

    @property
    def cost(self) -> int:
        """Effort of understanding, smaller is simpler; explanations prefer simple operations."""
        directions = sum(map(abs, self.axis)) + (min(self.axis) < 0)
        return 10 * _COST[self.symbol] + min(directions, 9)

    def sort_key(self) -> tuple[object, ...]:
        """Order of operations in every list: the identity first, simple ones before others."""
        return (self.cost, tuple(-abs(k) for k in self.axis), tuple(-k for k in self.axis))


def _direction(axis: tuple[int, int, int]) -> str:
    if not any(axis):
        return ""
    wide = max(map(abs, axis)) > 9
    return "[" + (" " if wide else "").join(map(str, axis)) + "]"


def label(matrix: NDArray[np.int64]) -> Label:
    """The name of an operation given in right-handed conventional axes.

    Parameters
    ----------
    matrix
        Integer matrix acting on columns of coordinates, shape [3, 3].

    Raises
    ------
    SymmetryUndetermined
        If the matrix is no crystallographic point operation.
    """
    det = round(float(np.linalg.det(matrix)))
    proper = det * matrix
    order = _ORDER.get(int(np.trace(proper)), 0)
    powers = [np.linalg.matrix_power(proper, k) for k in range(order)]
    if abs(det) != 1 or not order or not (powers[-1] @ proper == np.eye(3)).all():
        raise SymmetryUndetermined(
            "symmetry.not_crystallographic",
            found=f"the matrix {matrix.tolist()}",
            accepted="integer matrices of order 1, 2, 3, 4 or 6",
        )
    symbol = str(det * order) if det * order != -2 else "m"
    return Label(symbol, _axis(proper, powers) if order > 1 else (0, 0, 0))


def _axis(proper: NDArray[np.int64], powers: list[NDArray[np.int64]]) -> tuple[int, int, int]:
    # The sum over the cyclic group maps everything onto the axis.
    onto = np.sum(powers, axis=0)
    column = onto[:, np.abs(onto).sum(axis=0).argmax()]
    axis = column // math.gcd(*map(int, column))
    sign = int(np.sign(axis[np.flatnonzero(axis)[0]]))
    if len(powers) > 2:
        # Counter-clockwise: (axis, x, proper x) is right-handed, for any x off the axis.
        volumes = [np.linalg.det(np.array([axis, x, proper @ x])) for x in np.eye(3)]
        sign = int(np.sign(max(volumes, key=abs)))
    u, v, w = (sign * int(k) for k in axis)
    return u, v, w
