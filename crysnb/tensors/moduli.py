"""Moduli of a polycrystal from single-crystal stiffness (Voigt, Reuss, Hill), and how anisotropic it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crysnb.errors import ShapeError
from crysnb.tensors.convert import to_compliance
from crysnb.values.admissible import admissibility
from crysnb.values.tensor_kind import ELASTIC, rotate

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Moduli:
    """Bulk and shear modulus of an isotropic body, in the unit of the stiffness.

    Attributes
    ----------
    bulk, shear
        K and G.
    """

    bulk: float
    shear: float

    @property
    def young(self) -> float:
        """Young's modulus 9 K G / (3 K + G)."""
        return 9 * self.bulk * self.shear / (3 * self.bulk + self.shear)

    @property
    def poisson(self) -> float:
        """Poisson's ratio (3 K − 2 G) / (6 K + 2 G)."""
        return (3 * self.bulk - 2 * self.shear) / (6 * self.bulk + 2 * self.shear)

    def to_dict(self) -> dict[str, float]:
        """Plain data."""
        return {"bulk": self.bulk, "shear": self.shear, "young": self.young, "poisson": self.poisson}


@dataclass(frozen=True, slots=True)
class Averages:
    """A polycrystal without texture: bounds of its moduli, and their means.

    Attributes
    ----------
    voigt, reuss
        Upper bound (uniform strain) and lower bound (uniform stress).
    """

    voigt: Moduli
    reuss: Moduli

    @property
    def hill(self) -> Moduli:
        """Means of the two bounds (Hill 1952, doi:10.1088/0370-1298/65/5/307)."""
        return Moduli(
            (self.voigt.bulk + self.reuss.bulk) / 2,
            (self.voigt.shear + self.reuss.shear) / 2,
        )

    @property
    def universal_anisotropy(self) -> float:
        """A^U = 5 G_V/G_R + K_V/K_R − 6: 0 for an isotropic crystal, positive for any other.

        Ranganathan and Ostoja-Starzewski (2008), doi:10.1103/PhysRevLett.101.055504.
        """
        return 5 * self.voigt.shear / self.reuss.shear + self.voigt.bulk / self.reuss.bulk - 6

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "voigt": self.voigt.to_dict(),
            "reuss": self.reuss.to_dict(),
            "hill": self.hill.to_dict(),
            "universal_anisotropy": self.universal_anisotropy,
        }


def averages(stiffness: Array) -> Averages:
    """Voigt's and Reuss's averages of one crystal. Turning the crystal does not change them.

    Parameters
    ----------
    stiffness
        Cartesian tensor or Voigt matrix.

    Raises
    ------
    ShapeError
        ``elastic.not_positive_definite`` if some strain costs no energy: Reuss's average has no meaning.
    """
    demands = admissibility(ELASTIC, stiffness)
    if not demands:
        raise ShapeError(
            "elastic.not_positive_definite",
            found=" ".join(f.text for f in demands if not f.passed),
            accepted="a stiffness for which every strain costs energy",
        )
    c = ELASTIC.matrix(ELASTIC.from_components(ELASTIC.components(stiffness)))
    diagonal, off, shear = _sums(c)
    voigt = Moduli((diagonal + 2 * off) / 9, (diagonal - off + 3 * shear) / 15)
    diagonal, off, shear = _sums(to_compliance(c))
    reuss = Moduli(1 / (diagonal + 2 * off), 15 / (4 * diagonal - 4 * off + 3 * shear))
    return Averages(voigt, reuss)


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
    return np.array([_hill(tensor) for tensor in stiffness]).reshape(-1, 2)


def zener_ratio(stiffness: Array, axes: Array | None = None, tolerance: float = 1e-3) -> float | None:
    """Zener's ratio 2 c44 / (c11 − c12) of a cubic tensor; None for any other, and without shear stiffness.

    Parameters
    ----------
    stiffness
        Cartesian tensor or Voigt matrix.
    axes
        Columns are the cubic axes in the frame of the tensor, of any length, shape [3, 3]; by default
        x, y, z.
    tolerance
        Share of the norm by which the tensor may miss the cubic form.

    Notes
    -----
    Zener (1948), *Elasticity and Anelasticity of Metals*: ratio of the two shear stiffnesses.
    """
    full = ELASTIC.cartesian(stiffness)
    if axes is not None:
        unit = axes / np.linalg.norm(axes, axis=0)
        if np.abs(unit.T @ unit - np.eye(3)).max() > tolerance:
            return None
        full = rotate(ELASTIC, full, unit.T)
    c = ELASTIC.matrix(full)
    c11, c12, c44 = np.trace(c[:3, :3]) / 3, (c[0, 1] + c[0, 2] + c[1, 2]) / 3, np.trace(c[3:, 3:]) / 3
    cubic = np.zeros((6, 6))
    cubic[:3, :3] = c12
    np.fill_diagonal(cubic, [c11, c11, c11, c44, c44, c44])
    rest = np.linalg.norm(full - ELASTIC.cartesian(cubic))
    if rest > tolerance * np.linalg.norm(full) or abs(c11 - c12) <= 1e-12 * abs(c11):
        return None
    return float(2 * c44 / (c11 - c12))


def _hill(stiffness: Array) -> tuple[float, float]:
    if not admissibility(ELASTIC, stiffness):
        return np.nan, np.nan
    hill = averages(stiffness).hill
    return hill.bulk, hill.shear


def _sums(m: Array) -> tuple[float, float, float]:
    """m11 + m22 + m33, m12 + m13 + m23, m44 + m55 + m66."""
    values = float(np.trace(m[:3, :3])), float(m[0, 1] + m[0, 2] + m[1, 2]), float(np.trace(m[3:, 3:]))
    return values
