"""Bulk and shear modulus of a polycrystal from single-crystal stiffness (Voigt, Reuss, Hill)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from crysnb.tensors.convert import to_compliance
from crysnb.values.admissible import admissibility
from crysnb.values.tensor_kind import ELASTIC

Array = NDArray[np.float64]


def vrh_moduli(stiffness: Array) -> Array:
    """Hill's bulk and shear modulus of each crystal, in the unit given.

    Parameters
    ----------
    stiffness
        Cartesian tensors, shape [crystal, 3, 3, 3, 3].

    Returns
    -------
    ndarray
        Shape [crystal, 2]: K and G, the means of Voigt's upper and Reuss's lower bound; NaN for a tensor
        that is not positive definite, for which Reuss's average has no meaning.

    Notes
    -----
    Hill (1952), doi:10.1088/0370-1298/65/5/307. Turning the crystal does not change the result.
    """
    return np.array([_hill(ELASTIC.matrix(tensor)) for tensor in stiffness]).reshape(-1, 2)


def _hill(c: Array) -> tuple[float, float]:
    if not admissibility(ELASTIC, c):
        return np.nan, np.nan
    s = to_compliance(c)
    diagonal, off, shear = _sums(c)
    voigt = (diagonal + 2 * off) / 9, (diagonal - off + 3 * shear) / 15
    diagonal, off, shear = _sums(s)
    reuss = 1 / (diagonal + 2 * off), 15 / (4 * diagonal - 4 * off + 3 * shear)
    return (voigt[0] + reuss[0]) / 2, (voigt[1] + reuss[1]) / 2


def _sums(m: Array) -> tuple[float, float, float]:
    """m11 + m22 + m33, m12 + m13 + m23, m44 + m55 + m66."""
    values = float(np.trace(m[:3, :3])), float(m[0, 1] + m[0, 2] + m[1, 2]), float(np.trace(m[3:, 3:]))
    return values
