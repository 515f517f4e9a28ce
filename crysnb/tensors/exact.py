"""Allowed forms without rounding: invariance solved over the rational numbers, in lattice axes.

With respect to the conventional lattice vectors a, b, c every operation is a matrix W of whole numbers, and
so is its action on the contravariant components t of T = Σ t^{ij…} a_i ⊗ a_j ⊗ …. The equations
(D(W) − 1) t = 0 are solved by fractions, so that counts, zeros and relations are exact for every crystal,
whatever its lattice constants. They concern lattice axes: in hexagonal ones t12 means a_1 ⊗ a_2, which are
not orthogonal. :meth:`ExactForm.cartesian_basis` leads to the usual components.

The floating-point route of :mod:`crysnb.tensors.form` is tested against this one.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crysnb.symmetry.detect import Symprec
from crysnb.tensors.form import tensor_form
from crysnb.tensors.numbers import Closed, linear_text
from crysnb.values.tensor_kind import TensorKind

Row = dict[int, Fraction]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class ExactForm:
    """Free components, zeros and relations in lattice axes, as fractions.

    Attributes
    ----------
    kind
        Kind of tensor; its component names are used with 1, 2, 3 for a, b, c.
    matrices
        Whole-number operations on columns of fractional coordinates, shape [op, 3, 3].
    axes
        Columns are the conventional lattice vectors (Å for a crystal) in its own Cartesian frame, [3, 3].
    free
        Names of the independent components, the earliest possible in printing order.
    coefficients
        Name of every other component -> name of a free one -> factor; empty for a zero.
    """

    kind: TensorKind
    matrices: NDArray[np.int64]
    axes: NDArray[np.float64]
    free: tuple[str, ...]
    coefficients: dict[str, dict[str, Fraction]]

    @property
    def n_independent(self) -> int:
        """Dimension of the solution space."""
        return len(self.free)

    @property
    def zeros(self) -> tuple[str, ...]:
        """Names of the components that vanish."""
        return tuple(name for name, row in self.coefficients.items() if not row)

    @property
    def relations(self) -> dict[str, str]:
        """Right-hand side of every dependent component, e.g. ``{"c66": "(c11 - c12)/2"}``."""
        return {
            name: linear_text(list(row), [Closed(f.numerator, f.denominator, 1) for f in row.values()])
            for name, row in self.coefficients.items()
            if row
        }

    @cached_property
    def basis(self) -> tuple[tuple[Fraction, ...], ...]:
        """All components from the free ones: a row per component, a column per free one."""
        rows = []
        for name in self.kind.names:
            row = self.coefficients.get(name, {name: Fraction(1)})
            rows.append(tuple(row.get(free, Fraction(0)) for free in self.free))
        return tuple(rows)

    def cartesian_basis(self) -> NDArray[np.float64]:
        """A basis of the allowed tensors in the crystal's own frame, shape [r, 3, …, 3], each of norm 1."""
        rank = self.kind.rank
        numbers = np.array([[float(f) for f in row] for row in self.basis])
        numbers = numbers.reshape(self.kind.n_components, self.n_independent)
        tensors = (self.kind.expand @ numbers).T.reshape(self.n_independent, *(3,) * rank)
        for axis in range(1, rank + 1):
            tensors = np.moveaxis(np.tensordot(tensors, self.axes, axes=(axis, 1)), -1, axis)
        sizes = np.sqrt((tensors**2).sum(axis=tuple(range(1, rank + 1)), keepdims=True))
        return np.asarray(tensors / sizes)

    def __repr__(self) -> str:
        return f"ExactForm({self.kind.name}: {self.n_independent} of {self.kind.n_components} independent)"


def exact_form(x: Any, kind: str | TensorKind, symprec: Symprec = "auto") -> ExactForm:
    """The form that symmetry allows in the conventional lattice axes, exactly.

    Parameters
    ----------
    x
        As in :func:`crysnb.tensor_form`: a crystal, the symbol of a class, or a space-group number.
    kind
        Kind of tensor or its name.
    symprec
        As in :func:`crysnb.symmetry`.

    Notes
    -----
    Invariance under generators, Gauss–Jordan elimination over ℚ. Nye (1957), ch. I; International
    Tables D, section 1.1.4 (components in a lattice basis).

    Examples
    --------
    >>> exact_form("32", "elastic").n_independent
    6
    """
    form = tensor_form(x, kind, symprec=symprec)
    kind, names = form.kind, form.kind.names
    equations: list[Row] = []
    for w in generators(form.setting.matrices):
        difference = action(kind, w) - np.eye(kind.n_components, dtype=np.int64)
        equations += [{int(k): Fraction(int(row[k])) for k in np.flatnonzero(row)} for row in difference]
    solved = solve(equations)
    coefficients = {
        names[k]: {names[j]: factor for j, factor in sorted(solved[k].items())} for k in sorted(solved)
    }
    return ExactForm(
        kind=kind,
        matrices=form.setting.matrices,
        axes=form.axes,
        free=tuple(name for k, name in enumerate(names) if k not in solved),
        coefficients=coefficients,
    )


def generators(matrices: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """A few of the matrices of a finite group that generate the rest."""
    known = {np.eye(3, dtype=np.int64).tobytes()}
    chosen: list[NDArray[np.int64]] = []
    for w in matrices:
        if w.tobytes() in known:
            continue
        chosen.append(w)
        new = [np.eye(3, dtype=np.int64)]
        known = {new[0].tobytes()}
        while new:
            products = {p.tobytes(): p for p in (a @ g for a in new for g in chosen)}
            new = [p for key, p in products.items() if key not in known]
            known.update(products)
    return chosen


def action(kind: TensorKind, w: NDArray[np.int64]) -> NDArray[np.int64]:
    """Whole-number matrix of an operation on contravariant components, shape [component, component].

    t'^{ij…} = W_ia W_jb … t^{ab…}, times det W for axial kinds.
    """
    expand = kind.expand.astype(np.int64)
    tensor = expand.reshape(*(3,) * kind.rank, -1)
    for axis in range(kind.rank):
        tensor = np.moveaxis(np.tensordot(w, tensor, axes=(1, axis)), 0, axis)
    first = (expand > 0).argmax(axis=0)
    out = tensor.reshape(len(expand), -1)[first]
    if kind.axial:
        out = out * round(float(np.linalg.det(w)))
    return np.asarray(out, dtype=np.int64)


def solve(equations: list[Row]) -> dict[int, Row]:
    """Solution of Σ a_k x_k = 0: dependent unknown -> coefficients of the free ones.

    Unknowns with the highest numbers are solved for, so that the free ones come as early as possible.
    """
    pivots: dict[int, Row] = {}  # x_pivot = Σ row · x, the row without any pivot
    for equation in equations:
        row: Row = {}
        for k, factor in equation.items():
            _add(row, pivots.get(k, {k: Fraction(1)}), factor)
        if not row:
            continue
        pivot = max(row)
        lead = row.pop(pivot)
        solution = {k: -factor / lead for k, factor in row.items()}
        for other in pivots.values():
            if pivot in other:
                _add(other, solution, other.pop(pivot))
        pivots[pivot] = solution
    return pivots


def _add(row: Row, other: Row, factor: Fraction) -> None:
    """Add factor · other to the row and keep no zeros."""
    for k, value in other.items():
        total = row.get(k, Fraction(0)) + factor * value
        if total:
            row[k] = total
        else:
            row.pop(k, None)
