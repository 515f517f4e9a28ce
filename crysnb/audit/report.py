"""What an audit found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd
    from pymatgen.core.structure import Structure

Array = NDArray[np.float64]

#: Names of the checks, in the order of the report, and the law behind each.
LAWS: dict[str, str] = {
    "rotation": "a turned crystal has the turned tensor, and the same scalars",
    "reflection": "the mirror image has the mirrored tensor, and the same scalars",
    "cell": "other lattice vectors of the same lattice change nothing",
    "supercell": "a larger cell of the same crystal has the same intensive property",
    "order": "the order of the sites means nothing",
    "batch": "a crystal's result does not depend on what else is computed, or how often",
    "wrap": "sites moved by lattice vectors, or another origin, change nothing",
    "noise": "atoms and cell moved by 1e-4 to 1e-3 Å change the result a little and smoothly",
    "zeros": "components vanish where symmetry forbids them, and only there",
    "dependents": "components are tied where symmetry ties them, and only there",
    "intrinsic": "the tensor has the index symmetry of its kind, such as T = Tᵀ",
}
CHECKS = tuple(LAWS)

#: What a failure is, told by repeating it with the rounding re-rolled.
CAUSES: dict[str, str] = {
    "exact": "it is the same however the rounding falls: a fault in the function, not noise",
    "jump": "it is gone, or another one, once atoms and cell are moved by 1e-5 Å: rounding decides between "
    "equals, as where a hard cut goes through a shell of equal distances",
    "random": "two identical calls differ: dropout is on, a seed is not set, or something is remembered",
    "blind": "no law is broken, but the function cannot tell apart what symmetry leaves free",
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Example:
    """The smallest crystal and the simplest change that show a failure.

    Attributes
    ----------
    crystal
        Its name or formula.
    change
        What was done to it, in words.
    before, after
        The crystal, and the changed one; both as the function got them.
    expected, found
        What the law demands for ``after``, and what came out; scalars, or full Cartesian tensors.
    """

    crystal: str
    change: str
    before: Structure
    after: Structure
    expected: Array
    found: Array

    @property
    def n_atoms(self) -> int:
        """Number of atoms of the crystal before the change."""
        return len(self.before)

    def __repr__(self) -> str:
        return f"Example({self.crystal}, {self.n_atoms} atoms, {self.change})"

    def to_dict(self) -> dict[str, Any]:
        """Plain data; both structures in the record format."""
        return {
            "crystal": self.crystal,
            "n_atoms": self.n_atoms,
            "change": self.change,
            "before": _record(self.before),
            "after": _record(self.after),
            "expected": self.expected.tolist(),
            "found": self.found.tolist(),
        }


def _record(structure: Structure) -> dict[str, Any]:
    return {
        "lattice": structure.lattice.matrix.tolist(),
        "species": [site.specie.symbol for site in structure],
        "frac_coords": structure.frac_coords.tolist(),
    }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Failure:
    """A law that the function does not keep.

    Attributes
    ----------
    check
        One of :data:`CHECKS`.
    size
        Size of the violation in the example, relative to the output (see :func:`crysnb.audit`); for the
        cause ``"blind"`` the share of the free components that the function does not tell apart.
    tolerance
        Size up to which the same example would have passed.
    cause
        ``"exact"`` (a fault, whatever the rounding), ``"jump"`` (the function is not continuous there),
        ``"random"`` (not deterministic) or ``"blind"``. Float noise is no failure.
    text
        What happened and what it means, in sentences.
    example
        The smallest crystal and the simplest change that show it.
    largest
        Largest size over all crystals and changes.
    """

    check: str
    size: float
    tolerance: float
    cause: str
    text: str
    example: Example
    largest: float

    def __repr__(self) -> str:
        return f"Failure({self.check}, {self.cause}, size {self.size:.2g}: {self.example!r})"

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "check": self.check,
            "size": self.size,
            "tolerance": self.tolerance,
            "cause": self.cause,
            "text": self.text,
            "example": self.example.to_dict(),
            "largest": self.largest,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A crystal for which the function gave no usable result; it says nothing about the laws.

    Attributes
    ----------
    code
        ``"audit.raised"``, ``"audit.non_finite"``, ``"audit.too_large"``, ``"audit.not_numeric"``,
        ``"audit.shape"``, ``"audit.length"`` or ``"audit.mutates_input"``.
    crystal
        Name or formula.
    change
        What had been done to the crystal; empty for the crystal as given.
    text
        What happened.
    """

    code: str
    crystal: str
    change: str
    text: str

    def to_dict(self) -> dict[str, str]:
        """Plain data."""
        return {"code": self.code, "crystal": self.crystal, "change": self.change, "text": self.text}


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """How one check went over all crystals.

    Attributes
    ----------
    check
        One of :data:`CHECKS`.
    tested, failed
        Number of crystals; 0 tested where the check means nothing, as ``zeros`` for a scalar.
    noisy
        Crystals with violations beyond the tolerance that turned out as float noise.
    largest
        Largest size over all crystals and changes.
    """

    check: str
    tested: int
    failed: int
    noisy: int
    largest: float

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "check": self.check,
            "tested": self.tested,
            "failed": self.failed,
            "noisy": self.noisy,
            "largest": self.largest,
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class AuditReport:
    """Which laws of symmetry a function of crystals keeps.

    Attributes
    ----------
    name, kind
        Of the function, and what it was taken for: ``"scalar"`` or the name of a tensor kind.
    failures
        Laws that are broken, in the order of :data:`CHECKS`, each with its smallest example.
    faults
        Crystals for which there was no usable result.
    checks
        How each check went.
    crystals
        Number of crystals that were audited.
    rounding
        Largest rounding error of the function itself, relative to the output.
    precision
        ``"single"`` or ``"double"``, as the numbers show.
    deterministic
        Whether identical calls gave identical results up to rounding.
    """

    name: str
    kind: str
    failures: tuple[Failure, ...]
    faults: tuple[Fault, ...]
    checks: tuple[CheckResult, ...]
    crystals: int
    rounding: float
    precision: str
    deterministic: bool

    @property
    def passed(self) -> bool:
        """Whether no law was broken and every crystal had a result."""
        return not self.failures and not self.faults

    def failure(self, check: str) -> Failure | None:
        """The failure of one check, or None."""
        return next((f for f in self.failures if f.check == check), None)

    def __repr__(self) -> str:
        tested = [c for c in self.checks if c.tested]
        if self.passed:
            went = f"passed, {len(tested)} checks, {self.crystals} crystals"
            return f"AuditReport({self.name}, {self.kind}: {went})"
        failed = ", ".join(f"{f.check} ({f.cause}, {f.size:.2g})" for f in self.failures) or "no check"
        faults = f", {len(self.faults)} faults" if self.faults else ""
        return f"AuditReport({self.name}, {self.kind}: failed {failed}{faults}; {self.crystals} crystals)"

    def to_dict(self) -> dict[str, Any]:
        """The documented JSON object of ``crysnb audit``."""
        return {
            "name": self.name,
            "kind": self.kind,
            "passed": self.passed,
            "failures": [f.to_dict() for f in self.failures],
            "faults": [f.to_dict() for f in self.faults],
            "checks": [c.to_dict() for c in self.checks],
            "crystals": self.crystals,
            "rounding": self.rounding,
            "precision": self.precision,
            "deterministic": self.deterministic,
        }

    def to_frame(self) -> pd.DataFrame:
        """One row per check: result, crystals tested and failed, largest size, cause, smallest example."""
        import pandas as pd

        rows = []
        for c in self.checks:
            f = self.failure(c.check)
            passed = "float noise" if c.noisy else "passed"
            result = "failed" if f else passed if c.tested else "not tested"
            example = f"{f.example.crystal}: {f.example.change}" if f else ""
            rows.append((c.check, result, c.tested, c.failed, c.largest, f.cause if f else "", example))
        columns = ["check", "result", "crystals", "failed", "largest", "cause", "smallest example"]
        return pd.DataFrame(rows, columns=columns)
