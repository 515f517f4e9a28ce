"""Frames in which a tensor may be written, and the rotations that lead there."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from crysnb.symmetry.metric import orthogonal, snap
from crysnb.values.symmetry_info import SymmetryInfo

#: The structure's own axes; x ∥ a, z ∥ c* (Nye 1957, IRE 1949); IEEE Standard 176-1987.
FRAMES = ("own", "nye", "ieee")


def turned(rotations: NDArray[np.float64], rotation: NDArray[np.float64]) -> NDArray[np.float64]:
    """The operations in another frame, shape [op, 3, 3], on exact numbers where they are near."""
    out, _ = snap(orthogonal(rotation @ rotations @ rotation.T))
    return out


def ieee_rotation(info: SymmetryInfo) -> NDArray[np.float64]:
    """Rotation from the own frame to that of IEEE Standard 176-1987, shape [3, 3].

    Cubic: a, b, c along the axes. Tetragonal, trigonal, hexagonal: c ∥ z, a ∥ x. Orthorhombic:
    edges c < a < b, c ∥ z, a ∥ x. Monoclinic: b ∥ y, the shorter of the two others ∥ z. Triclinic:
    edges c < a < b, c ∥ z, y normal to the plane of a and c.

    Not unique where the lattice has more symmetry than the crystal: the equivalent bases of quartz
    lead to two frames, in which c14 has opposite signs. Hence the matrix is part of every answer, and
    :func:`crysnb.tensors.settings.axis_settings` lists all choices.

    Notes
    -----
    The rules are applied to the conventional axes found here. pymatgen's ``get_ieee_rotation``
    agrees where it follows the standard; it puts the fourfold axis of a tetragonal crystal with
    c < a along x, and for a triclinic one the longest edge along z.
    """
    axes = info.conventional_axes
    a, b, c = axes / np.linalg.norm(axes, axis=1, keepdims=True)
    if info.number <= 2:
        z, x, _ = _by_length(axes)
        y = np.cross(z, x)
    elif info.number <= 15:
        z, _ = _by_length(axes[[0, 2]])
        y = b
    elif info.number <= 74:
        z, x, _ = _by_length(axes)
        y = np.cross(z, x)
    else:
        z, y = c, np.cross(c, a)
    y = y / np.linalg.norm(y)
    return np.array([np.cross(y, z), y, z])


def _by_length(axes: NDArray[np.float64]) -> NDArray[np.float64]:
    # Lengths to 1e-6 Å, so that equal edges keep their order whatever the last digit says.
    lengths = np.linalg.norm(axes, axis=1)
    return np.asarray((axes / lengths[:, None])[np.argsort(np.round(lengths, 6), kind="stable")])
