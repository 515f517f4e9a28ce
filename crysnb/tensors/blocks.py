"""The irreducible blocks of a kind of tensor: which angular momentum and parity a part of it has."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crysnb.values.tensor_kind import TensorKind

Array = NDArray[np.float64]

#: Infinitesimal rotations about x, y and z: the Levi-Civita symbol with its sign turned.
_TURNS = np.array(
    [
        [[0, 0, 0], [0, 0, -1], [0, 1, 0]],
        [[0, 0, 1], [0, 0, 0], [-1, 0, 0]],
        [[0, -1, 0], [1, 0, 0], [0, 0, 0]],
    ],
    dtype=np.float64,
)


@lru_cache(maxsize=64)
def block_projectors(kind: TensorKind) -> dict[str, Array]:
    """Projector onto each irreps block, by name such as ``"2e"``, in rising order of l.

    Returns
    -------
    dict
        Symmetric matrices [component, component] in the orthonormal coordinates of
        :func:`crysnb.values.tensor_kind.represent`; they are idempotent, orthogonal to each other
        and add up to one. All copies of one l make one block; the trace is (2l + 1) times their number.

    Notes
    -----
    The blocks are the eigenspaces of the Casimir operator Jx² + Jy² + Jz², whose eigenvalues are
    l(l + 1) (Edmonds 1957, ch. 2). No Clebsch–Gordan coefficients are needed. Rotations turn the
    parts within their blocks, so every projector commutes with D(R).
    """
    values, vectors = np.linalg.eigh(_casimir(kind))
    parity = "e" if (kind.rank % 2 == 0) != kind.axial else "o"
    found = {}
    for square in sorted({round(float(v)) for v in values}):
        columns = vectors[:, np.rint(values) == square]
        projector = columns @ columns.T
        projector.flags.writeable = False
        found[f"{(math.isqrt(4 * square + 1) - 1) // 2}{parity}"] = projector
    return found


def block_norms(kind: TensorKind, tensor: ArrayLike) -> dict[str, float]:
    """Cartesian norm of the part of a tensor in each irreps block; rotations do not change it.

    The squares add up to ‖T‖² where the tensor has the index symmetry of its kind.
    """
    coordinates = kind.components(tensor) * np.sqrt(kind.multiplicity)
    return {name: float(np.linalg.norm(p @ coordinates)) for name, p in block_projectors(kind).items()}


@lru_cache(maxsize=64)
def turn_generators(kind: TensorKind) -> Array:
    """Infinitesimal rotations about x, y and z, shape [3, component, component], antisymmetric.

    In the orthonormal coordinates of :func:`crysnb.values.tensor_kind.represent`:
    D(exp ω) = exp(Σ ω_k L_k) for a rotation by |ω| about ω.
    """
    m = kind.n_components
    basis = (kind.expand / np.sqrt(kind.multiplicity)).reshape(*(3,) * kind.rank, m)
    flat = basis.reshape(-1, m)
    found = []
    for turn in _TURNS:
        # A rotation acts on all indices at once, so its derivative is a sum over them.
        moved = sum(
            np.moveaxis(np.tensordot(turn, basis, axes=(1, axis)), 0, axis) for axis in range(kind.rank)
        )
        found.append(flat.T @ np.asarray(moved).reshape(-1, m))
    generators = np.array(found)
    generators.flags.writeable = False
    return generators


def _casimir(kind: TensorKind) -> Array:
    generators = turn_generators(kind)
    return np.asarray(-(generators @ generators).sum(axis=0))
