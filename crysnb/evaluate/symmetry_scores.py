"""Does a network know the symmetry by itself? Scored before any projection.

Each crystal is idealised and turned at random; the raw tensor is turned back into the standard frame
(x ∥ a, z ∥ c*), where zeros and relations are the textbook ones. Nothing is enforced before the score.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure

from crysnb.structure.transforms import random_rotation, rotated
from crysnb.symmetry.detect import detect
from crysnb.symmetry.idealize import idealized
from crysnb.tensors.form import TensorForm, tensor_form
from crysnb.values.property_spec import FLOOR, PropertySpec
from crysnb.values.tensor_kind import TensorKind, rotate

Array = NDArray[np.float64]

#: Share of the norm that a forbidden component or a broken relation may reach.
THRESHOLD = 1e-4
#: Thresholds of the original evaluation script, whatever the unit (Yan et al. 2024, public code).
LEGACY_ZERO, LEGACY_DEPENDENT = 1e-5, 1e-4
#: Names of the scores.
NAMES = ("zero_success", "dependent_success", "legacy_zero_rate", "legacy_dependent_rate")


@dataclass(frozen=True, slots=True, eq=False)
class Turned:
    """A crystal prepared for the score.

    Attributes
    ----------
    structure
        Idealised and turned at random.
    back
        Matrix from the turned frame to the standard one.
    form
        Allowed form in the standard frame.
    """

    structure: Structure
    back: Array
    form: TensorForm


def turn(structure: Structure, kind: TensorKind, rng: np.random.Generator) -> Turned:
    """Idealise a crystal and turn it at random."""
    ideal = idealized(structure, detect(structure))
    form = tensor_form(ideal, kind, frame="nye")
    q = random_rotation(rng)
    return Turned(rotated(ideal, q), form.rotation @ q.T, form)


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
    form, kind = turned.form, turned.form.kind
    standard = rotate(kind, kind.cartesian(tensor), turned.back)
    parts = dict(zip(kind.names, kind.components(standard), strict=True))
    limit = max(THRESHOLD * float(np.linalg.norm(standard)), FLOOR[unit])
    zeros = [abs(parts[name]) for name in form.zeros]
    broken = [abs(float(form.functional(n) @ list(parts.values()))) for n in form.relations]
    pairs = [
        abs(float(form.functional(n) @ list(parts.values())))
        for n in form.relations
        if [abs(f) for f in form.coefficients[n].values()] == [1.0]
    ]
    passed = (
        max(zeros, default=0.0) <= limit,
        max(broken, default=0.0) <= limit,
        max(zeros, default=0.0) <= LEGACY_ZERO,
        max(pairs, default=0.0) <= LEGACY_DEPENDENT,
    )
    return dict(zip(NAMES, passed, strict=True))
