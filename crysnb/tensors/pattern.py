"""Raw tensors of a crystal in general orientation, held against the textbook pattern of its class.

The crystal is idealised and turned at random; a tensor that a network gives for it is turned back into the
standard frame (x ∥ a, z ∥ c*), where zeros and relations are the textbook ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from crysnb.structure.transforms import random_rotation, rotated
from crysnb.symmetry.detect import detect
from crysnb.symmetry.idealize import idealized
from crysnb.tensors.form import TensorForm, tensor_form
from crysnb.values.tensor_kind import TensorKind, rotate

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Turned:
    """A crystal in general orientation, with the way back.

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

    def standard(self, tensor: Array) -> Array:
        """Full Cartesian tensor in the standard frame, from one in the turned frame."""
        return rotate(self.form.kind, self.form.kind.cartesian(tensor), self.back)

    def deviations(self, tensor: Array) -> tuple[dict[str, float], dict[str, float]]:
        """What a tensor (in the turned frame) has of forbidden components, and breaks of relations.

        Returns
        -------
        tuple of dict
            Value of each component that must vanish, and left minus right side of each relation.
        """
        form, kind = self.form, self.form.kind
        values = kind.components(self.standard(tensor))
        parts = dict(zip(kind.names, values, strict=True))
        zeros = {name: float(parts[name]) for name in form.zeros}
        broken = {name: float(form.functional(name) @ values) for name in form.relations}
        return zeros, broken


def turn(structure: Structure, kind: TensorKind, rng: np.random.Generator) -> Turned:
    """Idealise a crystal and turn it at random."""
    ideal = idealized(structure, detect(structure))
    form = tensor_form(ideal, kind, frame="nye")
    q = random_rotation(rng)
    return Turned(rotated(ideal, q), form.rotation @ q.T, form)
