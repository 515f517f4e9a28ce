"""Labels whose axes are known only up to rotations that the crystal's point group cannot tell apart.

A published piezoelectric tensor in standard axes may be turned by any rotation that maps the point group
onto itself (a quarter turn about z for -43m changes every sign) and still look right. Where the record
says so (``sign_reliable`` is false), the score is taken with the choice that suits the prediction best.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from crysnb.symmetry.point_groups import hall_setting
from crysnb.tensors.settings import normalising
from crysnb.values.symmetry_info import SymmetryInfo
from crysnb.values.tensor_kind import TensorKind, rotate

Array = NDArray[np.float64]

#: What a measure is called that was taken after the minimisation.
SUFFIX = "_gauge"
#: Record flag; false means that the sign convention of the label is unknown.
FLAG = "sign_reliable"


def is_ambiguous(kind: TensorKind | None, flags: dict[str, object]) -> bool:
    """Whether a label is scored up to the normaliser: of rank 3, with signs that its record calls unknown."""
    return kind is not None and kind.rank == 3 and flags.get(FLAG) is False


def settings(symmetry: SymmetryInfo) -> Array:
    """Rotations that map the point group onto itself, one for each different outcome, [choice, 3, 3].

    Candidates are the proper rotations of the highest lattice symmetry in the conventional axes: 24
    for orthogonal axes, 12 for hexagonal ones. They are in the crystal's own frame; the identity is
    the first. Improper ones are left out: they lead to the enantiomorph, another crystal.
    """
    hexagonal = 143 <= symmetry.number <= 194
    own = symmetry.standard_frame
    standard = hall_setting(symmetry.hall_number).rotations
    return np.asarray(own.T @ normalising(standard, "622" if hexagonal else "432") @ own)


def nearest_label(kind: TensorKind, predicted: Array, label: Array, symmetry: SymmetryInfo | None) -> Array:
    """The Cartesian label in the setting nearest to the prediction; as given without symmetry."""
    if symmetry is None:
        return label
    choices = [rotate(kind, label, turn) for turn in settings(symmetry)]
    return choices[int(np.argmin([np.linalg.norm(predicted - c) for c in choices]))]
