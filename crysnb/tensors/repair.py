"""Which mistake explains a tensor that its crystal may not have, and the tensor without it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crysnb.tensors.form import TensorForm

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Repair:
    """A mistake that explains a tensor, and the tensor without it.

    Attributes
    ----------
    delta
        ‖T' − P T'‖ / ‖T'‖ of the repaired tensor T'.
    rotation
        Orthogonal matrix [3, 3] that turned the tensor into the structure's frame, after the order
        of its indices was put right; the identity if only that was wrong. Improper for a left-handed frame.
    order
        Voigt order in which the tensor was given, such as ``"xx yy zz xy yz xz"``; the standard one unless
        the order was the mistake.
    text
        The mistake in one sentence.
    tensor
        Repaired tensor in the structure's frame, full Cartesian, in the unit of the given one.
    ambiguous
        Whether an equally simple mistake leads to another tensor; then symmetry cannot tell which.
    alternatives
        Other mistakes that explain the tensor as well and lead to other tensors, the simplest first; at
        most five.
    n_alternatives
        How many there are.
    """

    delta: float
    rotation: Array
    order: str
    text: str
    tensor: Array
    ambiguous: bool = False
    alternatives: tuple[Repair, ...] = ()
    n_alternatives: int = 0

    def __repr__(self) -> str:
        return f"Repair({self.text!r}, delta {self.delta:.2g}{', ambiguous' if self.ambiguous else ''})"

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "delta": self.delta,
            "rotation": self.rotation.tolist(),
            "order": self.order,
            "text": self.text,
            "tensor": self.tensor.tolist(),
            "ambiguous": self.ambiguous,
            "alternatives": [a.to_dict() for a in self.alternatives],
            "n_alternatives": self.n_alternatives,
        }


def find_repair(form: TensorForm, full: Array, lattice: Array | None = None) -> Repair | None:
    """The simplest mistake that explains a tensor; None if none does."""
    del form, full, lattice
    return None
