"""Checks that write the same crystal differently: rotation to wrap, and batch mates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from crysnb.audit.changes import Change, changes, primitive_writing
from crysnb.audit.evaluator import Case
from crysnb.audit.findings import Crystal, Finding
from crysnb.audit.trial import Trial
from crysnb.errors import SymmetryUndetermined
from crysnb.symmetry.detect import detect
from crysnb.symmetry.idealize import idealized_primitive

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure

Array = NDArray[np.float64]

#: Share of n times the value by which an extensive quantity may miss it.
_EXTENSIVE = 1e-2


def written_differently(t: Trial) -> list[Finding]:
    """Findings of every change on every crystal."""
    findings = []
    for order, change in enumerate(changes(t.seed)):
        written = [(c, after) for c in t.crystals if (after := change.write(c.structure)) is not None]
        outputs = t.evaluator.many([Case(after, c.name, change.text) for c, after in written])
        for (crystal, after), output in zip(written, outputs, strict=True):
            if output is not None:
                found = _finding(t, change, crystal, after, t.law.full(output), order)
                findings.append(_controlled(t, change, found))
    return findings


def _finding(
    t: Trial, change: Change, crystal: Crystal, after: Structure, found: Array, order: int
) -> Finding:
    expected = t.law.turned(crystal.output, change.rotation)

    def violation(structure: Structure) -> Array | None:
        # Not wrapped: a site on the face of the cell would be wrapped one way or the other at random.
        other = (change.control or change.write)(structure)
        before = t.ask(structure, crystal, change.text, quiet=True)
        after = None if other is None else t.ask(other, crystal, change.text, quiet=True)
        return None if before is None or after is None else after - t.law.turned(before, change.rotation)

    return Finding(
        check=change.check,
        crystal=crystal,
        order=order,
        size=float(np.linalg.norm(found - expected)),
        limit=crystal.limit,
        change=change.text,
        after=after,
        expected=expected,
        found=found,
        violation=violation,
        detail=_extensive(t, change, crystal, after, found),
    )


def _controlled(t: Trial, change: Change, finding: Finding) -> Finding:
    """A failure stays one only if the control fails as well; otherwise it is another check's."""
    if change.control is None or not finding.failed:
        return finding
    after = change.control(finding.crystal.structure)
    output = None if after is None else t.ask(after, finding.crystal, change.text, quiet=True)
    if output is None:
        return finding
    size = float(np.linalg.norm(output - finding.expected))
    return finding if size > finding.limit else replace(finding, size=size)


def _extensive(t: Trial, change: Change, crystal: Crystal, after: Structure, found: Array) -> str:
    """Says so if a supercell of n cells has n times the value."""
    cells = len(after) / len(crystal.structure)
    if change.check != "supercell" or np.linalg.norm(found - cells * crystal.output) > _EXTENSIVE * float(
        np.linalg.norm(cells * crystal.output)
    ):
        return ""
    what = "value" if t.law.kind is None else "tensor"
    return (
        f"It looks extensive: {cells:g} cells have {cells:g} times the {what}; divide by the number of atoms."
    )


def from_primitive(t: Trial, finding: Finding) -> Finding | None:
    """The same failure on the primitive cell of its crystal, if that is smaller and fails too."""
    change = next((c for c in changes(t.seed) if c.text == finding.change), None)
    if change is None:
        return None
    crystal = finding.crystal
    try:
        cell = idealized_primitive(crystal.structure, detect(crystal.structure))
    except SymmetryUndetermined:
        return None
    if len(cell) >= len(crystal.structure) or (after := change.write(cell)) is None:
        return None
    before, found = (t.ask(s, crystal, change.text, quiet=True) for s in (cell, after))
    if before is None or found is None:
        return None
    small = replace(crystal, structure=cell, output=before)
    smaller = _controlled(
        t, change, _finding(t, primitive_writing(change), small, after, found, finding.order)
    )
    return smaller if smaller.failed else None


def batch_mates(t: Trial) -> list[Finding]:
    """Every crystal once more in one call with others; then, where that changed it, with one mate."""
    findings = []
    by_size = sorted(t.crystals, key=lambda c: len(c.structure))
    for chunk in _chunks(t.crystals):
        cases = [Case(c.structure, c.name, "in one call with others") for c in chunk]
        for place, output in enumerate(t.evaluator.together(cases)):
            if output is None:
                continue
            found = _mated(t, chunk, place, t.law.full(output), len(chunk))
            findings.append(_with_one_mate(t, found, by_size) if found.failed else found)
    return findings


#: Crystals that share a call in this check.
_BATCH = 8


def _chunks(crystals: Sequence[Crystal]) -> list[list[Crystal]]:
    """Groups of at most eight, the last one filled up from the front so that nobody is alone."""
    groups = [list(crystals[i : i + _BATCH]) for i in range(0, len(crystals), _BATCH)]
    if len(groups) > 1 and len(groups[-1]) == 1:
        groups[-1].append(crystals[0])
    elif len(crystals) == 1:
        groups = [[crystals[0], crystals[0]]]
    return groups


def largest_call(t: Trial) -> int:
    """Crystals in the largest call of :func:`batch_mates`."""
    return max(len(chunk) for chunk in _chunks(t.crystals))


def _mated(t: Trial, call: Sequence[Crystal], place: int, found: Array, order: int) -> Finding:
    """Finding for the crystal at one place of a call; a fault may depend on the place, so that is kept."""
    crystal = call[place]
    others = [c for k, c in enumerate(call) if k != place]

    def violation(structure: Structure) -> Array | None:
        alone = t.ask(structure, crystal, "", quiet=True)
        cases = [Case(structure if k == place else c.structure, crystal.name) for k, c in enumerate(call)]
        together = t.evaluator.together(cases, quiet=True)[place]
        return None if alone is None or together is None else t.law.full(together) - alone

    names = f"{others[0].name}{', as the second' if place else ''}" if len(others) == 1 else ""
    names = names or f"{len(others)} other crystals"
    return Finding(
        check="batch",
        crystal=crystal,
        order=order,
        size=float(np.linalg.norm(found - crystal.output)),
        limit=crystal.limit,
        change=f"in one call with {names}",
        after=crystal.structure,
        expected=crystal.output,
        found=found,
        violation=violation,
    )


def _with_one_mate(t: Trial, finding: Finding, by_size: Sequence[Crystal]) -> Finding:
    crystal = finding.crystal
    for mate in [c for c in by_size if c is not crystal][:3]:
        for place, call in enumerate(([crystal, mate], [mate, crystal])):
            output = t.evaluator.together([Case(c.structure, c.name) for c in call], quiet=True)[place]
            if output is not None:
                found = _mated(t, call, place, t.law.full(output), 1 + place)
                if found.failed:
                    return found
    return finding
