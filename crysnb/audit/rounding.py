"""How noisy a function is by itself, and whether a violation is a fault or that noise.

*Size of the noise.* In a generic position x (atoms and cell 0.02 Å off, so that no two distances are equal)
the second difference f(x + δ) + f(x − δ) − 2 f(x) over δ ≈ 1e-6 Å cancels the smooth part of f to second
order, 1e-12; what is left is the rounding of three evaluations, √6 times that of one. Nothing has to be
known about the precision that the function works in.

*Cause of a violation.* The violation is measured again with atoms and cell moved by 1e-5 Å at random, which
is the same crystal for any smooth function, and re-rolls its rounding. A fault comes out the same each time.
Noise comes out different each time, with a mean near zero, and is no larger than the noise elsewhere. A
choice that rounding makes between equals is gone or falls differently, because equals are no longer equal.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from crysnb.audit.evaluator import Case, Evaluator
from crysnb.structure.transforms import displaced, random_strain, shaken

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure

Array = NDArray[np.float64]

#: Å: how far to a generic position, half the base of the second difference, and to re-roll the rounding.
GENERIC, STEP, JITTER = 2e-2, 1e-6, 1e-5
#: Draws of the noise, and repetitions of a violation.
DRAWS, REPEATS = 2, 8
#: A violation below this many times the noise may be noise.
MARGIN = 30.0
#: Relative tolerances: the least for functions in double and in single precision, and the most for any.
LEAST_DOUBLE, LEAST_SINGLE, MOST = 1e-8, 1e-5, 5e-5
#: A violation that falls below this share of itself under the jitter was a jump.
GONE = 0.1


def noise(evaluator: Evaluator, structure: Structure, crystal: str, seed: int) -> float | None:
    """Rounding error of the function near a crystal, in the unit of the output; None without a result."""
    rng = np.random.default_rng(seed)
    shape = (len(structure), 3)
    generic = shaken(structure, GENERIC, rng)
    moved = [generic]
    for _ in range(DRAWS):
        step, strain = STEP * rng.normal(size=shape), STEP * random_strain(rng)
        moved += [displaced(generic, step, strain), displaced(generic, -step, -strain)]
    outputs = evaluator.many([Case(s, crystal, "atoms and cell moved by 0.02 Å") for s in moved])
    if any(y is None for y in outputs):
        return None
    middle, *pairs = (y for y in outputs if y is not None)
    differences = [
        float(np.linalg.norm(plus + minus - 2 * middle))
        for plus, minus in zip(pairs[::2], pairs[1::2], strict=True)
    ]
    return max(differences) / 6**0.5


def limit(scale: float, rounding: float, *, single: bool) -> float:
    """Largest violation that passes, in the unit of the output: 30 times the noise within fixed bounds."""
    least = LEAST_SINGLE if single else LEAST_DOUBLE
    return float(np.clip(MARGIN * rounding, least * scale, MOST * scale))


def cause(
    violation: Callable[[Structure], Array | None],
    structure: Structure,
    size: float,
    rounding: float,
    *,
    symmetric: bool = False,
) -> str:
    """``"exact"``, ``"jump"`` or ``"rounding"`` for a violation of this size.

    Parameters
    ----------
    violation
        The violation, as an array in the unit of the output, for a given structure.
    structure
        Where it was seen.
    size
        Its norm there.
    rounding
        Noise of the function in the same unit.
    symmetric
        Whether the crystal must keep its symmetry, because the violation is one of symmetry: then the origin
        and the volume are moved instead of the atoms.
    """
    rng = np.random.default_rng(0)
    repeats = [
        found
        for _ in range(REPEATS)
        if (found := violation(_rerolled(structure, rng, symmetric=symmetric))) is not None
    ]
    again = violation(structure)
    size = size if again is None else float(np.linalg.norm(again))
    if len(repeats) < 2:
        return "exact" if size > MARGIN * rounding else "rounding"
    stacked = np.array([r.reshape(-1) for r in repeats])
    beyond_noise = size > MARGIN * rounding
    if beyond_noise and np.linalg.norm(stacked, axis=1).max() < GONE * size:
        return "jump"
    mean = stacked.mean(axis=0)
    # Error of the mean, from the scatter of the repetitions.
    error = float(np.sqrt(((stacked - mean) ** 2).sum() / (len(stacked) * (len(stacked) - 1))))
    if float(np.linalg.norm(mean)) > 4 * error:
        return "exact"
    # Larger than the noise and yet at random: the function is not continuous here.
    return "jump" if beyond_noise else "rounding"


def _rerolled(structure: Structure, rng: np.random.Generator, *, symmetric: bool) -> Structure:
    if not symmetric:
        return shaken(structure, JITTER, rng)
    origin = np.tile(rng.uniform(-1, 1, size=3), (len(structure), 1))
    return displaced(structure, origin, JITTER / 10 * rng.normal() * np.eye(3))
