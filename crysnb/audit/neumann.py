"""Checks of the tensor itself: index symmetry, forbidden components, relations, and what is tied too much.

``intrinsic`` looks at the output for the crystal as given. ``zeros`` and ``dependents`` look at the output
for the idealised crystal turned at random, turned back into the standard frame: the pattern of components is
then that of the textbook (Nye 1957), and nothing in the function can know the axes. A pattern can be wrong in
two ways. A component that must vanish does not, or a relation is broken: the law is broken. Or a component
that is free vanishes, or several are tied by one relation, at five volumes of several crystals of a class:
the function is blind to it. A network of moments up to l = 2 has c44 = (c11 − c12)/2 in cubic crystals with
cubic sites only, and no piezoelectricity in zincblende.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from crysnb.audit.evaluator import Case
from crysnb.audit.findings import Crystal, Finding
from crysnb.audit.trial import Trial
from crysnb.errors import SymmetryUndetermined
from crysnb.tensors.numbers import decimal_text, linear_text, recognize
from crysnb.tensors.pattern import Turned, turn
from crysnb.values.tensor_kind import TensorKind

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure

Array = NDArray[np.float64]

#: Factors on the lengths of a cell that give more crystals of the same class.
_STRETCHES = (1.0, 0.96, 0.98, 1.03, 1.06)
#: Share of the largest singular value below which outputs are tied.
_TIED = 1e-6
#: Free components up to which the volumes of one crystal can tell them apart.
_FEW = 3


@dataclass(frozen=True, slots=True, eq=False)
class _Row:
    """One turned crystal with its outputs at all volumes, in the turned frame."""

    crystal: Crystal
    turned: Turned
    outputs: tuple[Array, ...]


def index_symmetry(t: Trial, kind: TensorKind) -> list[Finding]:
    """Findings of ``intrinsic`` for every crystal."""
    findings = []
    for crystal in t.crystals:

        def violation(structure: Structure, crystal: Crystal = crystal) -> Array | None:
            full = t.ask(structure, crystal, "", quiet=True)
            return None if full is None else full - _indexed(kind, full)

        expected = _indexed(kind, crystal.output)
        findings.append(
            Finding(
                check="intrinsic",
                crystal=crystal,
                order=0,
                size=float(np.linalg.norm(crystal.output - expected)),
                limit=crystal.limit,
                change="as given",
                after=crystal.structure,
                expected=expected,
                found=crystal.output,
                violation=violation,
                detail=f"The indices of {kind.name} obey {kind.formula}.",
            )
        )
    return findings


def _indexed(kind: TensorKind, full: Array) -> Array:
    return kind.from_components(kind.components(full))


def patterns(t: Trial, kind: TensorKind) -> list[Finding]:
    """Findings of ``zeros`` and ``dependents``."""
    rows = _rows(t, kind)
    findings = [f for row in rows for f in _broken(t, row)]
    classes: dict[tuple[str, tuple[str, ...]], list[_Row]] = {}
    for row in rows:
        classes.setdefault((row.turned.form.point_group, row.turned.form.free), []).append(row)
    for group in classes.values():
        findings += _blind(t, group)
    return findings


def _rows(t: Trial, kind: TensorKind) -> list[_Row]:
    prepared = []
    for k, crystal in enumerate(t.crystals):
        try:
            turned = turn(crystal.structure, kind, np.random.default_rng([t.seed, k]))
        except SymmetryUndetermined:
            continue
        prepared.append((crystal, turned))
    words = "idealised and turned at random"
    cases = [
        Case(_stretched(turned.structure, factor), crystal.name, words)
        for crystal, turned in prepared
        for factor in _STRETCHES
    ]
    outputs = iter(t.evaluator.many(cases))
    rows = []
    for crystal, turned in prepared:
        mine = [next(outputs) for _ in _STRETCHES]
        if mine[0] is not None:
            rows.append(_Row(crystal, turned, tuple(t.law.full(y) for y in mine if y is not None)))
    return rows


def _stretched(structure: Structure, factor: float) -> Structure:
    from pymatgen.core.structure import Structure

    return Structure(structure.lattice.matrix * factor, structure.species, structure.frac_coords)


def _broken(t: Trial, row: _Row) -> list[Finding]:
    """What breaks the law of Neumann on one crystal, for both checks."""
    full, form = row.outputs[0], row.turned.form
    standard = row.turned.standard(full)
    # A tensor below the floor of its unit counts as zero, which every crystal may have.
    size_counts = float(np.linalg.norm(full)) > t.floor
    found = []
    for order, check in enumerate(("zeros", "dependents")):

        def violation(structure: Structure, order: int = order) -> Array | None:
            other = t.ask(structure, row.crystal, "", quiet=True)
            return None if other is None else np.array([*row.turned.deviations(other)[order].values()])

        deviations = row.turned.deviations(full)[order]
        if not deviations:
            continue
        worst = max(deviations, key=lambda name: abs(deviations[name]))
        relation = "0" if check == "zeros" else form.relations[worst]
        value = standard_component(form.kind, standard, worst)
        found.append(
            Finding(
                check=check,
                crystal=row.crystal,
                order=0,
                size=abs(deviations[worst]) if size_counts else 0.0,
                limit=row.crystal.limit,
                change="idealised and turned at random",
                after=row.turned.structure,
                expected=form.project(standard),
                found=standard,
                violation=violation,
                at=row.turned.structure,
                detail=f"In the standard frame of class {form.point_group}, {worst} = {relation}; found "
                f"{worst} = {value:.4g}, off by {deviations[worst]:.2g}.",
            )
        )
    return found


def standard_component(kind: TensorKind, full: Array, name: str) -> float:
    """Value of a named component of a full tensor."""
    return float(kind.components(full)[kind.names.index(name)])


def _blind(t: Trial, group: Sequence[_Row]) -> list[Finding]:
    """Free components that vanish, or are tied, though symmetry leaves them free in this class."""
    form = group[0].turned.form
    if not form.free:
        return []
    picks = [form.kind.names.index(name) for name in form.free]
    tables = [
        np.array([form.kind.components(row.turned.standard(y))[picks] for y in row.outputs]) for row in group
    ]
    return [*_dead(group, tables), *_tied(t, group, tables)]


def _dead(group: Sequence[_Row], tables: Sequence[Array]) -> list[Finding]:
    """Free components that vanish at every volume, on all crystals of the class or on two at least."""
    free = group[0].turned.form.free
    silent = np.array(
        [(np.abs(x) <= r.crystal.limit).all(axis=0) for r, x in zip(group, tables, strict=True)]
    )
    dead = silent.sum(axis=0) >= min(2, len(group))
    if not dead.any():
        return []
    names = ", ".join(name for name, d in zip(free, dead, strict=True) if d)
    rows = [row for row, s in zip(group, silent, strict=True) if s[dead].all()] or list(group)
    text = f"{names} = 0 {_where(rows, group)}, where symmetry leaves {names} free."
    return [_blind_finding(rows, "zeros", text, float(dead.mean()))]


def _tied(t: Trial, group: Sequence[_Row], tables: Sequence[Array]) -> list[Finding]:
    """One relation between free components that holds on several crystals of the class.

    Volumes of one crystal span few dimensions, so crystals are singled out by themselves only where few
    components are free; the relation must then be the same for all of them.
    """
    names = group[0].turned.form.free
    threshold = max(_TIED, 3 * t.rounding)
    loud = [
        (row, x / np.linalg.norm(x, axis=1, keepdims=True))
        for row, x in zip(group, tables, strict=True)
        if (np.linalg.norm(x, axis=1) > row.crystal.limit).all()
    ]
    if len(names) <= _FEW:
        loud = [(row, x) for row, x in loud if len(_null(x, threshold))]
    if len(names) < 2 or len(loud) < max(2, 1 + -(-len(names) // _FEW)):
        return []
    null = _null(np.concatenate([x for _, x in loud]), threshold)
    # A component that vanishes is told by the other check.
    null = null[np.abs(null).max(axis=1) < 1 - 1e-6] if len(null) else null
    if not len(null):
        return []
    rows = [row for row, _ in loud]
    more = f", and {len(null) - 1} more relations," if len(null) > 1 else ""
    free = ", ".join(names)
    text = f"{_tie(names, null[-1])}{more} {_where(rows, group)}, where symmetry leaves {free} free."
    return [_blind_finding(rows, "dependents", text, len(null) / len(names))]


def _null(rows: Array, threshold: float) -> Array:
    """Orthonormal rows that all the given ones, shape [row, component], are perpendicular to."""
    if len(rows) < rows.shape[1] + 1:
        return np.zeros((0, rows.shape[1]))
    _, singular, directions = np.linalg.svd(rows)
    return np.asarray(directions[singular < threshold * singular[0]])


def _where(rows: Sequence[_Row], group: Sequence[_Row]) -> str:
    names = ", ".join(row.crystal.name for row in rows[:4]) + (", …" if len(rows) > 4 else "")
    return f"on {len(rows)} of {len(group)} crystals of class {group[0].turned.form.point_group} ({names})"


def _tie(names: Sequence[str], null: Array) -> str:
    """The relation Σ null · component = 0, solved for the last component that is in it."""
    involved = np.abs(null) > 1e-4 * np.abs(null).max()
    last = int(np.flatnonzero(involved)[-1])
    others = [k for k in range(last) if involved[k]]
    factors = [float(f"{-null[k] / null[last]:.4f}") for k in others]
    closed = recognize(factors)
    known = [c for c in closed if c is not None]
    labels = [names[k] for k in others]
    right = linear_text(labels, known) if len(known) == len(factors) else decimal_text(labels, factors)
    return f"{names[last]} = {right}"


def _blind_finding(group: Sequence[_Row], check: str, text: str, share: float) -> Finding:
    row = min(group, key=lambda r: len(r.crystal.structure))
    standard = row.turned.standard(row.outputs[0])
    return Finding(
        check=check,
        crystal=row.crystal,
        order=0,
        size=share * row.crystal.scale,
        limit=0.0,
        change="idealised and turned at random, at five volumes",
        after=row.turned.structure,
        expected=standard,
        found=standard,
        cause="blind",
        detail=text,
    )
