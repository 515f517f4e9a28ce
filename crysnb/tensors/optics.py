"""Optic axes and refractive indices of a permittivity tensor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Principal values that differ by less than this share of the largest are equal.
EQUAL = 1e-4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Optics:
    """Principal values of a permittivity, and what follows for light.

    Attributes
    ----------
    values
        Principal permittivities, smallest first, shape [3].
    axes
        Rows are their unit vectors, right-handed, shape [3, 3]. Not unique where values are equal.
    character
        ``"isotropic"``, ``"uniaxial positive"`` (the value along the axis is the larger one),
        ``"uniaxial negative"``, ``"biaxial positive"`` (the acute angle between the optic axes lies about the
        axis of the largest value) or ``"biaxial negative"``.
    optic_axes
        Unit vectors along which both polarisations travel equally fast: none, one or two, shape [k, 3].
        Empty also where a value is not positive.
    """

    values: Array
    axes: Array
    character: str
    optic_axes: Array

    @property
    def indices(self) -> Array | None:
        """Refractive indices √ε, smallest first, where all values are positive; light needs ε∞ for that."""
        return np.sqrt(self.values) if self.values[0] > 0 else None

    @property
    def angle(self) -> float | None:
        """Acute angle between two optic axes in degrees; None unless biaxial."""
        if len(self.optic_axes) < 2:
            return None
        cosine = min(abs(float(self.optic_axes[0] @ self.optic_axes[1])), 1.0)
        return float(np.degrees(np.arccos(cosine)))

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        indices = self.indices
        return {
            "values": self.values.tolist(),
            "axes": self.axes.tolist(),
            "character": self.character,
            "refractive_indices": None if indices is None else indices.tolist(),
            "optic_axes": self.optic_axes.tolist(),
            "optic_angle": self.angle,
        }


def optics(permittivity: Array) -> Optics:
    """Principal values, optic character and optic axes of a symmetric 3×3 tensor.

    The axes turn with the tensor. Born and Wolf (1999), *Principles of Optics*, §15.3: the optic axes lie
    in the plane of the smallest and largest principal value, at tan δ = √((1/ε1 − 1/ε2)/(1/ε2 − 1/ε3)) from
    the axis of the largest.
    """
    values, vectors = np.linalg.eigh((permittivity + permittivity.T) / 2)
    axes = vectors.T * np.sign(np.linalg.det(vectors))
    low, middle, high = values
    tolerance = EQUAL * float(np.abs(values).max())
    none = np.zeros((0, 3))
    if high - low <= tolerance:
        return Optics(values=values, axes=axes, character="isotropic", optic_axes=none)
    for pair, single, word in ((high - middle, 0, "negative"), (middle - low, 2, "positive")):
        if pair <= tolerance:
            found = axes[[single]] if low > 0 else none
            return Optics(values=values, axes=axes, character=f"uniaxial {word}", optic_axes=found)
    if low <= 0:
        return Optics(values=values, axes=axes, character="biaxial", optic_axes=none)
    delta = np.arctan(np.sqrt((1 / low - 1 / middle) / (1 / middle - 1 / high)))
    both = [np.cos(delta) * axes[2] + sign * np.sin(delta) * axes[0] for sign in (1, -1)]
    word = "positive" if delta < np.pi / 4 else "negative"
    return Optics(values=values, axes=axes, character=f"biaxial {word}", optic_axes=np.array(both))
