"""One tensor in many orientations at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from crysnb.values.tensor_kind import TensorKind

Array = NDArray[np.float64]


def turned_many(kind: TensorKind, full: Array, rotations: Array) -> Array:
    """The Cartesian tensor under each rotation, shape [rotation, 3, …].

    Parameters
    ----------
    kind
        Kind of tensor; axial ones carry det(R).
    full
        Cartesian tensor, shape (3,)*rank.
    rotations
        Orthogonal matrices, shape [rotation, 3, 3].
    """
    n, inner = len(rotations), 3 ** (kind.rank - 1)
    out = np.broadcast_to(full.reshape(1, 3, inner), (n, 3, inner))
    for _ in range(kind.rank):
        # Turn the first index, then move it behind the others: after `rank` steps all are back in place.
        out = (rotations @ out).transpose(0, 2, 1).reshape(n, 3, inner)
    out = out.reshape(n, *full.shape)
    if kind.axial:
        out = out * np.sign(np.linalg.det(rotations)).reshape(n, *(1,) * kind.rank)
    return np.asarray(out)


def orthonormal(kind: TensorKind, fulls: Array) -> Array:
    """Orthonormal coordinates, [tensor, component], of Cartesian tensors; index symmetry is averaged."""
    scaled = kind.from_cartesian * np.sqrt(kind.multiplicity)[:, None]
    return np.asarray(fulls.reshape(len(fulls), -1) @ scaled.T)
