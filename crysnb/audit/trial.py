"""The function on its crystals: base results, repetitions, noise. What every check starts from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from crysnb.audit import rounding
from crysnb.audit.evaluator import Case, Evaluator
from crysnb.audit.findings import Crystal, Finding, scaled
from crysnb.audit.subject import Law, Subject, law_of
from crysnb.errors import ShapeError
from crysnb.values.property_spec import FLOOR

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure

Array = NDArray[np.float64]

#: Identical calls of a function that is not deterministic differ from each other; violations may be this
#: many times larger before they count.
SHAKE_MARGIN = 10.0
#: Squares of the differences between outputs that are all smaller would vanish.
SMALLEST_OUTPUT = 1e-100


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trial:
    """A function with its crystals, ready to be checked.

    Attributes
    ----------
    evaluator, law, crystals, seed
        The guarded function, how its output turns, crystals with a result, seed of all random choices.
    again
        Per crystal the result of a second identical call; None where it gave none.
    deterministic
        Whether the second results equal the first up to rounding.
    """

    evaluator: Evaluator
    law: Law
    crystals: tuple[Crystal, ...]
    seed: int
    again: tuple[Array | None, ...]
    deterministic: bool

    @property
    def rounding(self) -> float:
        """Largest noise relative to the output."""
        return max(c.rounding / c.scale for c in self.crystals)

    @property
    def single(self) -> bool:
        """Whether the function works in single precision, as its numbers or its noise show."""
        return self.evaluator.single or self.rounding > _DOUBLE

    @property
    def floor(self) -> float:
        """Norm below which a tensor counts as zero: that of the unit, where the outputs are well above it."""
        largest = max(float(np.linalg.norm(c.output)) for c in self.crystals)
        unit = self.law.unit
        return min(FLOOR[unit], 1e-3 * largest) if unit is not None else 0.0

    def ask(
        self, structure: Structure, crystal: Crystal, change: str, *, quiet: bool = False
    ) -> Array | None:
        """Full output for one structure; None after a fault."""
        output = self.evaluator.one(Case(structure, crystal.name, change), quiet=quiet)
        return None if output is None else self.law.full(output)


#: Noise above this share of the output is not that of double precision.
_DOUBLE = 1e-10


def trial(subject: Subject, structures: Sequence[tuple[str, Structure]], seed: int) -> Trial:
    """Ask for every crystal alone, twice, and measure the noise.

    Raises
    ------
    ShapeError
        ``audit.nothing`` if no crystal has a result; ``audit.too_small``; ``audit.kind`` if the outputs are
        not of a kind.
    """
    evaluator = Evaluator(subject)
    first = [evaluator.one(Case(s, name)) for name, s in structures]
    usable = [(name, s, y) for (name, s), y in zip(structures, first, strict=True) if y is not None]
    if not usable:
        told = evaluator.faults[0].text if evaluator.faults else "there is no crystal"
        raise ShapeError(
            "audit.nothing",
            found=f"{subject.name} gave no usable result for any of {len(structures)} crystals: {told}",
            accepted="a function of a list of structures that returns one number or array for each",
        )
    _refuse_tiny([y for *_, y in usable])
    law = law_of(subject.kind, usable[0][2].shape)
    crystals = [Crystal(name=name, structure=s, output=law.full(y)) for name, s, y in usable]
    repeated = [evaluator.one(Case(c.structure, c.name, "the same call again")) for c in crystals]
    again = [None if y is None else law.full(y) for y in repeated]
    evaluator.sharing = 1  # whether crystals may share a call is not known yet
    noises = [rounding.noise(evaluator, c.structure, c.name, seed) or 0.0 for c in crystals]
    single = evaluator.single or any(
        n > _DOUBLE * float(np.linalg.norm(c.output)) for c, n in zip(crystals, noises, strict=True)
    )
    prepared = scaled(crystals, noises, single=single)
    shaken = [
        0.0 if y is None else float(np.linalg.norm(y - c.output)) / c.scale
        for c, y in zip(prepared, again, strict=True)
    ]
    deterministic = all(s * c.scale <= c.limit for s, c in zip(shaken, prepared, strict=True))
    if not deterministic:
        least = SHAKE_MARGIN * max(shaken)
        prepared = [replace(c, limit=max(c.limit, least * c.scale)) for c in prepared]
    return Trial(
        evaluator=evaluator,
        law=law,
        crystals=tuple(prepared),
        seed=seed,
        again=tuple(again),
        deterministic=deterministic,
    )


def _refuse_tiny(outputs: Sequence[Array]) -> None:
    largest = max(float(np.abs(y).max(initial=0.0)) for y in outputs)
    if 0 < largest < SMALLEST_OUTPUT:
        raise ShapeError(
            "audit.too_small",
            found=f"outputs of at most {largest:.3g}",
            accepted=f"outputs that reach {SMALLEST_OUTPUT:g} on some crystal, or are all zero",
            action="Give them in a smaller unit",
        )


def repetitions(t: Trial) -> list[Finding]:
    """Differences between identical calls; limits as if the function were deterministic."""
    findings = []
    for c, y in zip(t.crystals, t.again, strict=True):
        if y is None:
            continue
        findings.append(
            Finding(
                check="batch",
                crystal=c,
                order=0,
                size=float(np.linalg.norm(y - c.output)),
                limit=min(c.limit, rounding.MOST * c.scale),
                change="the same call again",
                after=c.structure,
                expected=c.output,
                found=y,
                cause="random",
            )
        )
    return findings
