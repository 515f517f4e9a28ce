"""The 32 crystal classes and the settings of the space groups: named operations in standard axes."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray

from crysnb.errors import SymmetryUndetermined, UnknownName
from crysnb.symmetry.metric import orthogonal, snap
from crysnb.symmetry.naming import Label, label
from crysnb.symmetry.search import database, standard_setting
from crysnb.values.symmetry_info import Operation

_PA_3 = 501  # its Hall number
_I = "-x,-y,-z"
_TWO_X, _TWO_Y, _TWO_Z = "x,-y,-z", "-x,y,-z", "-x,-y,z"
_M_X, _M_Y, _M_Z = "-x,y,z", "x,-y,z", "x,y,-z"
_FOUR, _FOUR_BAR = "-y,x,z", "y,-x,-z"
_THREE_111 = "z,x,y"
# Hexagonal axes, x along a. "2 along x" and "m perpendicular to x" as the text book has them.
_THREE, _SIX, _SIX_BAR = "-y,x-y,z", "x-y,x,z", "-x+y,-x,-z"
_TWO_A, _M_A = "x-y,-y,-z", "-x+y,y,z"

#: Generators of the 32 crystal classes: unique axis z, except monoclinic y; second generator 2 or m along x.
POINT_GROUPS: dict[str, tuple[str, ...]] = {
    "1": (),
    "-1": (_I,),
    "2": (_TWO_Y,),
    "m": (_M_Y,),
    "2/m": (_TWO_Y, _I),
    "222": (_TWO_Z, _TWO_X),
    "mm2": (_TWO_Z, _M_X),
    "mmm": (_TWO_Z, _TWO_X, _I),
    "4": (_FOUR,),
    "-4": (_FOUR_BAR,),
    "4/m": (_FOUR, _I),
    "422": (_FOUR, _TWO_X),
    "4mm": (_FOUR, _M_X),
    "-42m": (_FOUR_BAR, _TWO_X),
    "4/mmm": (_FOUR, _TWO_X, _I),
    "3": (_THREE,),
    "-3": (_THREE, _I),
    "32": (_THREE, _TWO_A),
    "3m": (_THREE, _M_A),
    "-3m": (_THREE, _TWO_A, _I),
    "6": (_SIX,),
    "-6": (_SIX_BAR,),
    "6/m": (_SIX, _I),
    "622": (_SIX, _TWO_A),
    "6mm": (_SIX, _M_A),
    "-6m2": (_SIX_BAR, _M_A),
    "6/mmm": (_SIX, _TWO_A, _I),
    "23": (_TWO_Z, _THREE_111),
    "m-3": (_TWO_Z, _THREE_111, _I),
    "432": (_FOUR, _THREE_111),
    "-43m": (_FOUR_BAR, _THREE_111),
    "m-3m": (_FOUR, _THREE_111, _I),
}


@dataclass(frozen=True, eq=False)
class Setting:
    """Point operations in conventional axes, in the order that is used everywhere.

    Attributes
    ----------
    matrices
        Integer matrices W on columns of coordinates, shape [op, 3, 3]; the identity first, then
        by how easily an operation is explained.
    labels
        Their names.
    """

    matrices: NDArray[np.int64]
    labels: tuple[Label, ...]

    @cached_property
    def rotations(self) -> NDArray[np.float64]:
        """Cartesian matrices in the standard frame (x ∥ a, z ∥ c*), shape [op, 3, 3], exact to rounding."""
        metric = np.einsum("nki,nkj->ij", self.matrices, self.matrices) / len(self.matrices)
        columns = np.linalg.cholesky(metric).T  # upper triangular: a ∥ x, b in the xy plane
        turned = columns @ self.matrices @ np.linalg.inv(columns)
        out, _ = snap(orthogonal(turned))
        out.flags.writeable = False
        return out

    @cached_property
    def standard_axes(self) -> NDArray[np.float64]:
        """Columns are conventional axes in the standard frame that the operations leave metric-invariant."""
        metric = np.einsum("nki,nkj->ij", self.matrices, self.matrices) / len(self.matrices)
        return np.asarray(np.linalg.cholesky(metric).T)

    def operations(self, rotations: NDArray[np.float64], axes: NDArray[np.float64]) -> tuple[Operation, ...]:
        """Named operations for Cartesian matrices in the same order.

        Parameters
        ----------
        rotations
            Cartesian matrices, shape [op, 3, 3].
        axes
            Columns are the conventional axes in the same Cartesian frame, shape [3, 3].
        """
        directions = self._directions @ axes.T
        lengths = np.sqrt((directions**2).sum(axis=1, keepdims=True))
        directions = directions / np.where(lengths > 0, lengths, 1.0)
        return tuple(
            Operation(r, symbol, axis, direction, text, name)
            for r, axis, (symbol, direction, text, name) in zip(
                rotations, directions, self._texts, strict=True
            )
        )

    @cached_property
    def _directions(self) -> NDArray[np.float64]:
        return np.array([name.axis for name in self.labels], dtype=np.float64)

    @cached_property
    def _texts(self) -> tuple[tuple[str, str, str, str], ...]:
        return tuple((label.symbol, label.direction, label.text, label.name) for label in self.labels)


def _ordered(matrices: NDArray[np.int64]) -> Setting:
    labels = [label(w) for w in matrices]
    order = sorted(range(len(labels)), key=lambda k: labels[k].sort_key())
    ordered = np.array([matrices[k] for k in order])
    ordered.flags.writeable = False
    return Setting(ordered, tuple(labels[k] for k in order))


@cache
def hall_setting(hall_number: int) -> Setting:
    """Point operations of a Hall setting, 1–530, in its own axes."""
    return _ordered(np.unique(database(hall_number)[0], axis=0))


@cache
def equivalent_axes(hall_number: int) -> NDArray[np.int64]:
    """Proper changes of conventional axes that lead to the same setting, shape [choice, 3, 3].

    The rotations of the lattice that map the space group onto itself (the point part of its
    Euclidean normaliser), for example the twofold rotation about c in quartz, which is no symmetry
    of the crystal. International Tables A, section 3.5.2.
    """
    setting = hall_setting(hall_number)
    w = setting.matrices
    rotations, translations = database(hall_number)
    seed = np.array([[2.0, 0.31, 0.17], [0.31, 3.1, 0.23], [0.17, 0.23, 4.7]])  # no symmetry of its own
    metric = (w.transpose(0, 2, 1) @ seed @ w).mean(axis=0)
    candidates = _unimodular()
    keeps_metric = (
        np.abs(candidates.transpose(0, 2, 1) @ metric @ candidates - metric).max(axis=(1, 2)) < 1e-9
    )
    centring = translations[(rotations == np.eye(3, dtype=np.int64)).all(axis=(1, 2))]
    group = {m.tobytes() for m in w}
    # Pa-3 alone has a class whose normaliser the glide planes break: a quarter turn makes it Pb-3.
    own = candidates[keeps_metric] if hall_number != _PA_3 else w[np.linalg.det(w) > 0]
    found = []
    for v in own:
        inverse = np.round(np.linalg.inv(v)).astype(np.int64)
        if not all((v @ m @ inverse).tobytes() in group for m in w):
            continue
        gap = (centring @ v.T)[:, None, :] - centring
        if np.abs(gap - np.round(gap)).max(axis=2).min(axis=1).max() < 1e-6:
            found.append(v)
    return np.array(found)


@cache
def _unimodular() -> NDArray[np.int64]:
    """All matrices of -1, 0, 1 with determinant 1, shape [n, 3, 3]."""
    every = np.array(list(itertools.product((-1, 0, 1), repeat=9)), dtype=np.int64).reshape(-1, 3, 3)
    return np.asarray(every[np.linalg.det(every).round() == 1])


@cache
def class_setting(symbol: str) -> Setting:
    """Point operations of a crystal class in the standard setting.

    Parameters
    ----------
    symbol
        Hermann–Mauguin symbol, one of :data:`POINT_GROUPS`.

    Raises
    ------
    UnknownName
        For any other symbol.
    """
    if symbol not in POINT_GROUPS:
        raise UnknownName.of("point group", symbol, POINT_GROUPS)
    return _ordered(_generate([_matrix(text) for text in POINT_GROUPS[symbol]]))


def space_group_setting(number: int) -> tuple[Setting, str, str]:
    """Operations, short symbol and crystal class of a space group in its standard setting.

    Raises
    ------
    UnknownName
        Unless ``number`` is 1–230.
    """
    if isinstance(number, bool) or not 1 <= number <= 230:
        raise UnknownName(
            "name.unknown_space_group", found=f"space group {number!r}", accepted="a number from 1 to 230"
        )
    hall, symbol, point_group = standard_setting(int(number))
    return hall_setting(hall), symbol, point_group


def point_group_operations(symbol: str) -> NDArray[np.float64]:
    """Cartesian operations of a crystal class in the standard setting, shape [op, 3, 3].

    Unique axis z, except monoclinic y; hexagonal axes with x ∥ a; second generator (2 or m) along
    x. The identity comes first and the order is always the same.

    Parameters
    ----------
    symbol
        One of the 32 Hermann–Mauguin symbols, for example ``"4mm"`` or ``"-6m2"``.

    Raises
    ------
    UnknownName
        For any other symbol; the message names the nearest one.

    Examples
    --------
    >>> point_group_operations("-6m2").shape
    (12, 3, 3)
    """
    return class_setting(symbol).rotations.copy()


def _matrix(text: str) -> NDArray[np.int64]:
    rows = []
    for part in text.split(","):
        terms = part.replace("-", "+-").split("+")
        rows.append([sum((-1 if t[0] == "-" else 1) for t in terms if t.endswith(x)) for x in "xyz"])
    return np.array(rows, dtype=np.int64)


def _generate(generators: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    known = {np.eye(3, dtype=np.int64).tobytes(): np.eye(3, dtype=np.int64)}
    new = list(known.values())
    while new:
        products = {w.tobytes(): w for w in (a @ g for a in new for g in generators)}
        new = [w for key, w in products.items() if key not in known]
        known.update((w.tobytes(), w) for w in new)
        if len(known) > 48:
            raise SymmetryUndetermined("symmetry.inconsistent", found="generators of an infinite group")
    return np.array(list(known.values()))
