"""Single violations, and how the smallest of them becomes a failure with its cause."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from crysnb.audit import rounding
from crysnb.audit.report import CAUSES, LAWS, CheckResult, Example, Failure

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure

Array = NDArray[np.float64]
#: Findings of the size of noise that are looked at again.
_DOUBTFUL = 4
ROUNDING = "rounding"

Violation = Callable[["Structure"], "Array | None"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Crystal:
    """A crystal with what the function says of it.

    Attributes
    ----------
    name, structure
        The crystal.
    output
        Scalars, or the full Cartesian tensor.
    scale
        What sizes are relative to: norm of the output, but at least 10 % of the largest over all crystals,
        so that a tensor that symmetry makes vanish is not divided by itself.
    rounding
        Noise of the function here, in the unit of the output.
    limit
        Largest violation that passes, in the unit of the output.
    """

    name: str
    structure: Structure
    output: Array
    scale: float = 1.0
    rounding: float = 0.0
    limit: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Finding:
    """One law, one crystal, one change.

    Attributes
    ----------
    check, crystal
        What was tested on what.
    order
        Rank of the change by simplicity.
    size, limit
        Norm of the violation, and the largest that passes, both in the unit of the output.
    change, after, expected, found
        As in :class:`crysnb.audit.report.Example`.
    violation, at
        The violation as a function of the structure, to tell its cause, and the structure where it was seen;
        None if ``cause`` is known, or for the crystal itself.
    cause, detail
        What is known already, and a sentence about this case.
    """

    check: str
    crystal: Crystal
    order: int
    size: float
    limit: float
    change: str
    after: Structure
    expected: Array
    found: Array
    violation: Violation | None = None
    at: Structure | None = None
    cause: str = ""
    detail: str = ""

    @property
    def failed(self) -> bool:
        """Whether it exceeds its limit."""
        return self.size > self.limit

    @property
    def relative(self) -> float:
        """Size relative to the output."""
        return self.size / self.crystal.scale


def failure(findings: Sequence[Finding], smaller: Callable[[Finding], Finding | None]) -> Failure | None:
    """The failure of one check from its findings, or None; ``smaller`` tries to shrink an example."""
    best, why = _simplest(findings)
    if best is None:
        return None
    small = smaller(best)
    if small is not None and (told := _cause(small)) != ROUNDING:
        best, why = small, told
    return Failure(
        check=best.check,
        size=best.relative,
        tolerance=best.limit / best.crystal.scale,
        cause=why,
        text=_text(best, why),
        example=Example(
            crystal=best.crystal.name,
            change=best.change,
            before=best.crystal.structure,
            after=best.after,
            expected=best.expected,
            found=best.found,
        ),
        largest=max(f.relative for f in findings if f.failed),
    )


def _simplest(findings: Sequence[Finding]) -> tuple[Finding | None, str]:
    """The failed finding to show, and its cause.

    What is certainly more than noise comes first, and what breaks a law before what is only blind; then the
    crystal of fewest atoms, and its simplest change. Of what could be noise the most suspicious few are
    tried, and passed if they turn out as noise of the size that the function has.
    """
    failed = [f for f in findings if f.failed]
    certain = [f for f in failed if f.cause or f.size > rounding.MARGIN * f.crystal.rounding]
    if certain:
        best = min(certain, key=lambda f: (f.cause == "blind", len(f.crystal.structure), f.order))
        why = _cause(best)
        # More than noise, and yet not there when measured again: something in the function remembers.
        return best, "random" if why == ROUNDING else why
    doubtful = sorted(failed, key=lambda f: -f.size / f.crystal.rounding)[:_DOUBTFUL]
    for finding in doubtful:
        if (why := _cause(finding)) != ROUNDING:
            return finding, why
    return None, ""


def _cause(finding: Finding) -> str:
    if finding.cause or finding.violation is None:
        return finding.cause or "exact"
    at = finding.crystal.structure if finding.at is None else finding.at
    return rounding.cause(
        finding.violation, at, finding.size, finding.crystal.rounding, symmetric=finding.at is not None
    )


def _text(finding: Finding, why: str) -> str:
    law = f"The law: {LAWS[finding.check]}."
    if why == "blind":
        return f"{finding.detail} {CAUSES[why].capitalize()}."
    atoms = len(finding.crystal.structure)
    seen = (
        f"{finding.crystal.name} ({atoms} atom{'s' if atoms > 1 else ''}), {finding.change}: off by "
        f"{finding.relative:.2g} of the output, tolerance {finding.limit / finding.crystal.scale:.1g}."
    )
    return " ".join(part for part in (law, seen, finding.detail, f"Cause {why}: {CAUSES[why]}.") if part)


def result(check: str, findings: Sequence[Finding], *, passed: bool) -> CheckResult:
    """How a check went over all crystals; ``passed`` if nothing in it was more than noise."""
    tested = {id(f.crystal) for f in findings}
    failed = {id(f.crystal) for f in findings if f.failed}
    return CheckResult(
        check=check,
        tested=len(tested),
        failed=0 if passed else len(failed),
        noisy=len(failed) if passed else 0,
        largest=max((f.relative for f in findings if f.cause != "blind"), default=0.0),
    )


def scaled(crystals: Sequence[Crystal], noises: Sequence[float], *, single: bool) -> list[Crystal]:
    """The crystals with their scales, noise and limits."""
    largest = max(float(np.linalg.norm(c.output)) for c in crystals)
    out = []
    for crystal, noise in zip(crystals, noises, strict=True):
        scale = max(float(np.linalg.norm(crystal.output)), 0.1 * largest) or 1.0
        limit = rounding.limit(scale, noise, single=single)
        out.append(replace(crystal, scale=scale, rounding=noise, limit=limit))
    return out
