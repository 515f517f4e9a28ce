"""What a space group leaves free: coordinates of a Wyckoff position, and lattice parameters."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cache

import numpy as np
from numpy.typing import NDArray

from crysnb.errors import StructureError
from crysnb.symmetry.search import database

Array = NDArray[np.float64]

AXES = ("x", "y", "z")
LENGTHS, ANGLES = ("a", "b", "c"), ("alpha", "beta", "gamma")
PARAMETERS = (*LENGTHS, *ANGLES)

_ROUNDING = 1e-9
_MAX_DENOMINATOR = 48
#: Twice the dot products of no lattice with symmetry of its own: what is equal in their mean must be.
_GENERIC = np.array([[41.0, 3.0, 5.0], [3.0, 59.0, 7.0], [5.0, 7.0, 83.0]])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FreePosition:
    """The points that a site-symmetry group leaves in place: offset + basis · values.

    Attributes
    ----------
    offset
        Rational, shape [3]; zero where a coordinate is free itself.
    basis
        Reduced so that every free coordinate stands for itself, shape [3, free].
    free
        Names of the free coordinates, of "x", "y", "z".
    """

    offset: Array
    basis: Array
    free: tuple[str, ...]

    def at(self, values: tuple[float, ...]) -> Array:
        """The point with these free coordinates, shape [3]."""
        return np.asarray(self.offset + self.basis @ np.asarray(values, dtype=np.float64))

    @property
    def texts(self) -> tuple[str, str, str]:
        """The three coordinates as tables print them: ``("x", "2x", "1/4")``."""
        x, y, z = (self._text(row) for row in range(3))
        return x, y, z

    def _text(self, row: int) -> str:
        terms = [(_fraction(c), name) for c, name in zip(self.basis[row], self.free, strict=True)]
        terms = [*((c, name) for c, name in terms if c), (_fraction(self.offset[row]), "")]
        out = ""
        for number, name in terms:
            if number or (not out and not name):
                size = abs(number)
                sign = "-" if number < 0 else "+" if out else ""
                out += sign + (name if name and size == 1 else f"{size}{name}")
        return out


def _fraction(number: float) -> Fraction:
    return Fraction(float(number)).limit_denominator(_MAX_DENOMINATOR)


def free_position(rotations: NDArray[np.int64], translations: Array) -> FreePosition:
    """The fixed points of a site-symmetry group.

    Parameters
    ----------
    rotations, translations
        Its operations x' = W x + w, lattice translations included in w, shapes [op, 3, 3] and [op, 3].
        Their mean is the projector onto the points that none of them moves.
    """
    mean, point = rotations.mean(axis=0), translations.mean(axis=0)
    rows = _reduced(mean.T)
    pivots = [int(np.flatnonzero(np.abs(row) > _ROUNDING)[0]) for row in rows]
    basis = rows.T.reshape(3, len(pivots))
    offset = point - basis @ point[pivots]
    exact = np.array([float(_fraction(v)) for v in offset])
    # Whole cells are taken off what is not tied to a free coordinate of its own.
    return FreePosition(offset=exact - np.floor(exact), basis=basis, free=tuple(AXES[p] for p in pivots))


def _reduced(matrix: Array) -> Array:
    """Reduced row echelon form without its empty rows, entries rational, shape [rank, columns]."""
    rows = [[_fraction(v) for v in row] for row in matrix]
    rank = 0
    for column in range(len(rows[0])):
        pivot = next((r for r in range(rank, len(rows)) if rows[r][column]), None)
        if pivot is None:
            continue
        rows[rank], rows[pivot] = rows[pivot], rows[rank]
        rows[rank] = [v / rows[rank][column] for v in rows[rank]]
        for r in range(len(rows)):
            if r != rank and rows[r][column]:
                factor = rows[r][column]
                rows[r] = [a - factor * b for a, b in zip(rows[r], rows[rank], strict=True)]
        rank += 1
    return np.array(rows[:rank], dtype=np.float64).reshape(rank, len(matrix[0]))


@dataclass(frozen=True, slots=True)
class LatticeForm:
    """Which of a, b, c, alpha, beta, gamma are free in a setting.

    Attributes
    ----------
    rules
        For every parameter its own name if it is free, the name of the one that it equals, or its angle in
        degrees.
    """

    rules: dict[str, str | float]

    @property
    def free(self) -> tuple[str, ...]:
        """Names of the free parameters."""
        return tuple(name for name in PARAMETERS if self.rules[name] == name)

    def filled(self, values: dict[str, float]) -> dict[str, float]:
        """All six parameters from the free ones, Å and degrees."""
        return {
            name: values[rule] if isinstance(rule, str) else rule
            for name, rule in ((name, self.rules[name]) for name in PARAMETERS)
        }


@cache
def lattice_form(hall_number: int) -> LatticeForm:
    """The free lattice parameters of a Hall setting.

    They are read off the metric tensor of a lattice without symmetry, averaged over the point group: what
    comes out equal, or at 90° or 120°, must be so in every lattice.
    """
    w = database(hall_number)[0].astype(np.float64)
    values = parameters_of_metric((w.transpose(0, 2, 1) @ _GENERIC @ w).mean(axis=0))
    rules: dict[str, str | float] = {}
    for names in (LENGTHS, ANGLES):
        for k, name in enumerate(names):
            value = values[name]
            fixed = next((angle for angle in (90.0, 120.0) if abs(value - angle) < 1e-6), None)
            equal = next((other for other in names[:k] if abs(values[other] - value) < 1e-6), None)
            rules[name] = fixed if fixed is not None and names is ANGLES else equal or name
    return LatticeForm(rules)


def parameters_of_metric(metric: Array) -> dict[str, float]:
    """Lengths in Å and angles in degrees of the lattice with this metric tensor, in Å²."""
    lengths = np.sqrt(np.diag(metric))
    cosines = np.clip(metric / np.outer(lengths, lengths), -1, 1)
    angles = np.degrees(np.arccos([cosines[1, 2], cosines[0, 2], cosines[0, 1]]))
    return dict(zip(PARAMETERS, [*map(float, lengths), *map(float, angles)], strict=True))


def lattice_of(parameters: dict[str, float]) -> Array:
    """Lattice vectors as rows, x ∥ a and z ∥ c*, Å, shape [3, 3].

    Raises
    ------
    StructureError
        ``wyckoff.lattice`` where no lattice has such lengths and angles.
    """
    a, b, c = (parameters[name] for name in LENGTHS)
    ca, cb, cg = np.cos(np.radians([parameters[name] for name in ANGLES]))
    sg = np.sqrt(max(0.0, 1 - cg**2))
    height = 1 - ca**2 - cb**2 - cg**2 + 2 * ca * cb * cg
    angles = [parameters[name] for name in ANGLES]
    if min(a, b, c) <= 0 or not all(0 < angle < 180 for angle in angles) or height <= _ROUNDING:
        raise StructureError(
            "wyckoff.lattice",
            found="lengths and angles " + ", ".join(f"{n} = {parameters[n]:g}" for n in PARAMETERS),
            accepted="positive lengths in Å, and angles in degrees that three vectors can have at once",
        )
    rows = [[a, 0, 0], [b * cg, b * sg, 0], [c * cb, c * (ca - cb * cg) / sg, c * np.sqrt(height) / sg]]
    lattice = np.array(rows, dtype=np.float64)
    lattice[np.abs(lattice) < 1e-12 * max(a, b, c)] = 0.0  # cos 90° is not quite zero
    return lattice
