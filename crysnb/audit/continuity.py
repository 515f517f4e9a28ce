"""The check ``noise``: a small displacement has a small and smooth effect."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from crysnb.audit import rounding
from crysnb.audit.evaluator import Case
from crysnb.audit.findings import Crystal, Finding
from crysnb.audit.trial import Trial
from crysnb.structure.transforms import displaced, random_strain

Array = NDArray[np.float64]

#: Displacements in Å along one random direction (rms over the coordinates).
STEPS = np.array([0.0, 1e-4, 2e-4, 4e-4, 7e-4, 1e-3])
#: Least jump, relative to the output, that counts; and the most that 1e-3 Å may change an output by.
LEAST_JUMP, STEEPEST = 1e-4, 0.2
#: Value at all steps from a parabola through all but the first.
_FIT = np.vander(STEPS / STEPS[-1], 3) @ np.linalg.pinv(np.vander(STEPS[1:] / STEPS[-1], 3))


def continuity(t: Trial) -> list[Finding]:
    """Findings of atoms and cell of each crystal moved at random; of one atom alone where that failed."""
    findings = []
    for crystal in t.crystals:
        rng = np.random.default_rng(t.seed)
        strain, vectors = random_strain(rng), rng.normal(size=(len(crystal.structure), 3))
        finding = _along(t, crystal, vectors, strain, "atoms and cell moved at random", 1)
        if finding is not None and finding.failed:
            first = np.zeros_like(vectors)
            first[0] = vectors[0] / np.linalg.norm(vectors[0]) * 3**0.5
            alone = _along(t, crystal, first, 0 * strain, "first atom moved", 0)
            finding = alone if alone is not None and alone.failed else finding
        if finding is not None:
            findings.append(finding)
    return findings


def _along(
    t: Trial, crystal: Crystal, vectors: Array, strain: Array, words: str, order: int
) -> Finding | None:
    moved = [displaced(crystal.structure, step * vectors, step * strain) for step in STEPS[1:]]
    outputs = t.evaluator.many([Case(s, crystal.name, words) for s in moved])
    if any(y is None for y in outputs):
        return None
    path = np.array([crystal.output, *(t.law.full(y) for y in outputs if y is not None)])
    smooth = np.tensordot(_FIT, path[1:], axes=1)
    jumps = np.linalg.norm((path - smooth).reshape(len(path), -1), axis=1)
    worst = int(jumps.argmax())
    limit = max(LEAST_JUMP * crystal.scale, crystal.limit, rounding.MARGIN * crystal.rounding)
    finding = Finding(
        check="noise",
        crystal=crystal,
        order=order,
        size=float(jumps[worst]),
        limit=limit,
        change=f"{words} by {STEPS[max(worst, 1)]:g} Å",
        after=moved[max(worst, 1) - 1],
        expected=smooth[worst],
        found=path[worst],
        cause="jump",
        detail="It jumps where atoms leave their exact places." if worst == 0 else "It jumps on the way.",
    )
    drift = float(np.linalg.norm(path[-1] - path[0]))
    if finding.failed or drift <= STEEPEST * crystal.scale:
        return finding
    return replace(
        finding,
        size=drift,
        limit=STEEPEST * crystal.scale,
        change=f"{words} by 0.001 Å",
        after=moved[-1],
        expected=path[0],
        found=path[-1],
        cause="exact",
        detail="It is smooth, but steeper than any property of a crystal.",
    )
