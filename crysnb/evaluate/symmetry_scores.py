"""Does a network know the symmetry by itself? Scored before any projection.

Each crystal is idealised and turned at random; the raw tensor is turned back into the standard frame
(x ∥ a, z ∥ c*), where zeros and relations are the textbook ones. Nothing is enforced before the score.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure

from crysnb.tensors.pattern import Turned, turn
from crysnb.values.property_spec import FLOOR, PropertySpec

Array = NDArray[np.float64]

#: Share of the norm that a forbidden component or a broken relation may reach.
THRESHOLD = 1e-4
#: Thresholds of the original evaluation script, whatever the unit (Yan et al. 2024, public code).
LEGACY_ZERO, LEGACY_DEPENDENT = 1e-5, 1e-4
#: Names of the scores.
NAMES = ("zero_success", "dependent_success", "legacy_zero_rate", "legacy_dependent_rate")


def symmetry_scores(
    structures: Sequence[Structure],
    spec: PropertySpec,
    raw: Callable[[list[Structure]], list[Array | None]],
    rng: np.random.Generator,
) -> list[dict[str, bool]]:
    """Scores of each crystal.

    Parameters
    ----------
    structures
        Crystals whose symmetry can be determined.
    spec
        A tensor property.
    raw
        Gives the unprojected tensors of structures, None where there is none. None, or a tensor that is not
        finite, fails every score: what a network cannot say has no symmetry.
    rng
        For the random turns.
    """
    if spec.tensor is None or not structures:
        return []
    turned = [turn(structure, spec.tensor, rng) for structure in structures]
    return [
        scores(t, tensor, spec.unit)
        if tensor is not None and np.isfinite(tensor).all()
        else dict.fromkeys(NAMES, False)
        for t, tensor in zip(turned, raw([t.structure for t in turned]), strict=True)
    ]


def scores(turned: Turned, tensor: Array, unit: str) -> dict[str, bool]:
    """Whether the raw ``tensor`` (in the turned frame) has the zeros and relations of the crystal."""
    form = turned.form
    zeros, relations = turned.deviations(tensor)
    limit = max(THRESHOLD * float(np.linalg.norm(turned.standard(tensor))), FLOOR[unit])
    forbidden = max(map(abs, zeros.values()), default=0.0)
    broken = max(map(abs, relations.values()), default=0.0)
    pairs = [
        abs(difference)
        for name, difference in relations.items()
        if [abs(f) for f in form.coefficients[name].values()] == [1.0]
    ]
    passed = (
        forbidden <= limit,
        broken <= limit,
        forbidden <= LEGACY_ZERO,
        max(pairs, default=0.0) <= LEGACY_DEPENDENT,
    )
    return dict(zip(NAMES, passed, strict=True))
