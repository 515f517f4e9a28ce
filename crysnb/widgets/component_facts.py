"""What each component of a tensor is under a form: its role, its relatives, its deviation. No widget here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from crysnb.errors import ShapeError
from crysnb.tensors.given import filled_half
from crysnb.units import display_unit
from crysnb.values.prediction import Notice
from crysnb.values.tensor_kind import TensorKind

if TYPE_CHECKING:
    from crysnb.tensors.form import TensorForm
    from crysnb.values.symmetry_info import Operation

Role = Literal["independent", "equal", "opposite", "dependent", "zero", "unknown"]
Sign = Literal["equal", "opposite", "other"]

#: Two coefficients closer than this are the same; they are products of small integers and square roots.
SAME = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """One named component of a tensor.

    Attributes
    ----------
    name
        For example ``"c14"``.
    row, column
        Place in the printed array, from 0.
    role
        What symmetry makes of it; ``"unknown"`` where no symmetry was determined.
    violated
        True if the number misses its relation (or zero) by more than the tolerance; free
        components cannot.
    value
        The number, or None where there is none or it is not finite.
    uncertainty
        One standard deviation, or None if there is none.
    deviation
        ``value`` minus what the relation gives from the free components, in the unit of the tensor;
        None for a free component or without numbers.
    relation
        Closed form, for example ``"c66 = (c11 - c12)/2"``; empty for a free component.
    operations
        Minimal set of operations that forces the role; empty for a free component.
    links
        Components that share a free parameter with this one, and how they are tied.
    """

    name: str
    row: int
    column: int
    role: Role
    violated: bool
    value: float | None
    uncertainty: float | None
    deviation: float | None
    relation: str
    operations: tuple[Operation, ...]
    links: tuple[tuple[str, Sign], ...]


def place_of(name: str) -> tuple[int, int]:
    """Row and column of a component in the printed array, from 0."""
    match = re.fullmatch(r"[a-z]+([1-6])([1-6])", name)
    if match is None:
        raise ShapeError(
            "view.not_a_matrix",
            found=f"component {name}, which has no row and column",
            accepted="dielectric, piezoelectric and elastic tensors",
        )
    return int(match[1]) - 1, int(match[2]) - 1


def coefficient_rows(form: TensorForm, kind: TensorKind) -> dict[str, NDArray[np.float64]]:
    """Every component as a row of coefficients over the free components; zeros give a row of zeros."""
    position = {name: k for k, name in enumerate(form.free)}
    rows: dict[str, NDArray[np.float64]] = {}
    for name in kind.names:
        row = np.zeros(len(position))
        if name in position:
            row[position[name]] = 1.0
        else:
            for free, coefficient in form.coefficients.get(name, {}).items():
                row[position[free]] = coefficient
        rows[name] = row
    return rows


def role_of(name: str, row: NDArray[np.float64], form: TensorForm) -> Role:
    """Role of one component from its coefficients."""
    if name in form.free:
        return "independent"
    used = row[np.abs(row) > SAME]
    if not len(used):
        return "zero"
    if len(used) == 1 and abs(used[0] - 1.0) < SAME:
        return "equal"
    if len(used) == 1 and abs(used[0] + 1.0) < SAME:
        return "opposite"
    return "dependent"


def links_of(rows: dict[str, NDArray[np.float64]]) -> dict[str, tuple[tuple[str, Sign], ...]]:
    """Relatives of every component: those that share a free parameter, and how they are tied."""
    names, table = list(rows), np.array(list(rows.values()))
    one, other = table[:, None], table[None]
    if not table.size:
        return dict.fromkeys(names, ())
    shared = (np.abs(one * other) > SAME**2).any(axis=2)
    equal = np.abs(one - other).max(axis=2) < SAME
    opposite = np.abs(one + other).max(axis=2) < SAME
    links: dict[str, list[tuple[str, Sign]]] = {name: [] for name in names}
    for k, m in np.argwhere(shared & ~np.eye(len(names), dtype=bool)):
        sign: Sign = "equal" if equal[k, m] else "opposite" if opposite[k, m] else "other"
        links[names[k]].append((names[m], sign))
    return {name: tuple(found) for name, found in links.items()}


def components_of(
    kind: TensorKind,
    form: TensorForm | None,
    value: NDArray[np.float64] | None,
    tolerance: float,
    spread: NDArray[np.float64] | None = None,
) -> tuple[Component, ...]:
    """All components in printing order.

    Parameters
    ----------
    kind
        Kind of the tensor.
    form
        Allowed form, or None where the symmetry is not known.
    value
        The tensor, Cartesian or as the printed matrix; may hold non-finite numbers; None for none.
    tolerance
        Largest allowed deviation of one component, in the unit of the tensor.
    spread
        One standard deviation of each component, shape [component]; NaN where it is not known.
    """
    numbers = kind.components(value) if value is not None and np.isfinite(value).all() else None
    known = np.isfinite(spread) if spread is not None else np.zeros(len(kind.names), dtype=bool)
    rows = coefficient_rows(form, kind) if form is not None else {}
    links = links_of(rows)
    free = None
    if form is not None and numbers is not None:
        free = numbers[[kind.names.index(name) for name in form.free]]
    out = []
    for k, name in enumerate(kind.names):
        row, column = place_of(name)
        role: Role = "unknown" if form is None else role_of(name, rows[name], form)
        gap = None
        if numbers is not None and free is not None and role != "independent":
            gap = float(numbers[k] - rows[name] @ free)
        out.append(
            Component(
                name=name,
                row=row,
                column=column,
                role=role,
                violated=gap is not None and abs(gap) > tolerance,
                value=None if numbers is None else float(numbers[k]),
                uncertainty=float(spread[k]) if spread is not None and known[k] else None,
                deviation=gap,
                relation=_relation(name, role, form),
                operations=() if form is None or role == "independent" else tuple(form.why(name)),
                links=links.get(name, ()),
            )
        )
    return tuple(out)


def _relation(name: str, role: Role, form: TensorForm | None) -> str:
    if form is None or role in ("independent", "unknown"):
        return ""
    return f"{name} = 0" if role == "zero" else f"{name} = {form.relations[name]}"


def index_notices(kind: TensorKind, value: NDArray[np.float64], norm: float, unit: str) -> tuple[Notice, ...]:
    """A matrix that breaks the symmetry of its indices is averaged for display; that must be said."""
    given = np.asarray(value)
    kept = kind.matrix(kind.from_components(kind.components(given)))
    gap = float(np.abs(given - kept).max())
    if gap <= 1e-6 * max(norm, 1e-300):
        return ()
    size = f"{gap:.2g} {display_unit(unit)}".strip()
    half = filled_half(kind, given)
    filled = f"Only the {half} triangle of the matrix is filled. " if half else ""
    return (
        Notice(
            "tensor.index_symmetry",
            "warning",
            f"{filled}The matrix is not symmetric under exchange of its indices (by up to {size}); "
            "the mean of the two halves is shown.",
        ),
    )
