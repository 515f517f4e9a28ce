"""The reduced basis in print: zeros, free components and closed forms, each verified."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crysnb.symmetry.project import Invariants
from crysnb.symmetry.reduced import ZERO
from crysnb.tensors.numbers import Closed, decimal_text, linear_text, recognize
from crysnb.values.tensor_kind import represent

#: A printed form must be invariant to this when put back into the operations.
VERIFIED = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Relations:
    """Printed form of an invariant space.

    Attributes
    ----------
    free, zeros
        Names of the independent and of the vanishing components.
    text
        Right-hand sides of the others by name.
    coefficients
        The same as numbers: name, free name, factor.
    matrix
        All components from the free ones, shape [component, r], closed forms to full precision.
    notes
        Remarks on what could not be printed in closed form.
    """

    free: tuple[str, ...]
    zeros: tuple[str, ...]
    text: dict[str, str]
    coefficients: dict[str, dict[str, float]]
    matrix: NDArray[np.float64]
    notes: tuple[str, ...]


def relations(space: Invariants) -> Relations:
    """Relations of the invariant space, with closed forms only where they hold.

    Recognised coefficients are put back into the operations; if they are not invariant to
    :data:`VERIFIED`, decimals are printed instead of a wrong formula.
    """
    names = space.kind.names
    basis, free = space.reduced.matrix, space.reduced.free.tolist()
    zero = np.abs(basis).max(axis=1, initial=0.0) < ZERO
    dependent = [k for k in range(len(names)) if not zero[k] and k not in free]
    used = {k: np.flatnonzero(np.abs(basis[k]) > ZERO) for k in dependent}
    flat = recognize(np.concatenate([basis[k, used[k]] for k in dependent] or [np.zeros(0)]))
    forms = dict(zip(dependent, _split(flat, [len(used[k]) for k in dependent]), strict=True))

    # In a slightly tilted crystal rounding may leave 1e-10 of a free component: a closed form of 0.
    kept = {k: [f is None or f.p != 0 for f in row] for k, row in forms.items()}
    exact = np.zeros_like(basis)
    exact[free] = basis[free]
    for k, row in forms.items():
        values = basis[k, used[k]]
        exact[k, used[k]] = [float(f) if f is not None else v for f, v in zip(row, values, strict=True)]
    if _is_invariant(space, exact):
        used = {k: used[k][kept[k]] for k in dependent}
        forms = {k: [f for f, keep in zip(row, kept[k], strict=True) if keep] for k, row in forms.items()}
        zero |= ~exact.any(axis=1)
        dependent = [k for k in dependent if not zero[k]]
    else:
        exact, forms = np.where(zero[:, None], 0.0, basis), {k: [None] * len(row) for k, row in forms.items()}

    free_names = [names[k] for k in free]
    text, coefficients, decimals = {}, {}, []
    for k in dependent:
        row, own = forms[k], [free_names[j] for j in used[k]]
        values = [float(v) for v in exact[k, used[k]]]
        coefficients[names[k]] = dict(zip(own, values, strict=True))
        closed = [f for f in row if f is not None]
        if len(closed) == len(row):
            text[names[k]] = linear_text(own, closed)
        else:
            text[names[k]] = decimal_text(own, values)
            decimals.append(names[k])
    notes: tuple[str, ...] = ()
    if decimals:
        listed = ", ".join(decimals[:4]) + (", …" if len(decimals) > 4 else "")
        remark = f"non-crystallographic orientation: {len(decimals)} relations in decimals ({listed})"
        notes = (remark,)
    return Relations(
        free=tuple(free_names),
        zeros=tuple(name for name, z in zip(names, zero, strict=True) if z),
        text=text,
        coefficients=coefficients,
        matrix=exact,
        notes=notes,
    )


def _split(flat: list[Closed | None], lengths: list[int]) -> list[list[Closed | None]]:
    at = np.cumsum([0, *lengths])
    return [flat[a:b] for a, b in itertools.pairwise(at)]


def _is_invariant(space: Invariants, matrix: NDArray[np.float64]) -> bool:
    generators = list(space.group.generators)
    if not generators or not matrix.shape[1]:
        return True
    weighted = matrix * np.sqrt(space.kind.multiplicity)[:, None]
    gap = represent(space.kind, space.group.rotations[generators]) @ weighted - weighted
    return bool(np.abs(gap).max() <= VERIFIED * max(1.0, float(np.abs(weighted).max())))
