"""Orthogonal projection of a tensor onto what a point group allows (Neumann's principle).

Instead of an average over up to 48 operations, the invariants are the common null space of
D(g) − 1 over two or three generators. The result is written through the reduced basis, so that
forbidden components are exactly 0.0 and tied ones exactly equal up to sign.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crysnb.errors import SymmetryUndetermined
from crysnb.symmetry.group_table import GroupTable, group_table
from crysnb.symmetry.reduced import ReducedBasis, reduced_basis
from crysnb.values.tensor_kind import TensorKind, represent, tensor_kind

#: The null space must be separated from the rest by at least this much (squared singular values).
_GAP = 1e-3


@dataclass(frozen=True, eq=False)
class Invariants:
    """The tensors of one kind that a point group leaves unchanged.

    Attributes
    ----------
    kind
        Kind of tensor.
    group
        The operations.
    vectors
        Orthonormal columns in orthonormal coordinates, shape [component, r].
    """

    kind: TensorKind
    group: GroupTable
    vectors: NDArray[np.float64]

    @property
    def dimension(self) -> int:
        """Number of independent components."""
        return self.vectors.shape[1]

    @cached_property
    def projector(self) -> NDArray[np.float64]:
        """Symmetric idempotent matrix in orthonormal coordinates, shape [component, component]."""
        return np.asarray(self.vectors @ self.vectors.T)

    @cached_property
    def reduced(self) -> ReducedBasis:
        """Free components, and all components in terms of them."""
        return reduced_basis(self.vectors, np.sqrt(self.kind.multiplicity))

    @cached_property
    def to_free(self) -> NDArray[np.float64]:
        """Matrix [r, component] from named components to the free components of the projected tensor."""
        root = np.sqrt(self.kind.multiplicity)
        free = self.reduced.free
        return np.asarray((self.vectors[free] / root[free, None]) @ (self.vectors.T * root))

    @cached_property
    def _operators(self) -> dict[tuple[int, ...], tuple[NDArray[np.float64], NDArray[np.float64]]]:
        # Both printed forms, flattened: to the free components, and back.
        kind, to_free, matrix = self.kind, self.to_free, self.reduced.matrix
        return {
            kind.matrix_shape: (to_free @ kind.from_matrix, kind.to_matrix @ matrix),
            (3,) * kind.rank: (to_free @ kind.from_cartesian, kind.expand @ matrix),
        }

    def project(self, tensor: ArrayLike) -> NDArray[np.float64]:
        """Nearest allowed tensor in the Cartesian norm, in the form it came in."""
        array = np.asarray(tensor)
        if array.dtype != np.float64 or array.shape not in self._operators or not np.isfinite(array).all():
            # The slow path refuses with a reason, or converts.
            self.kind.cartesian(tensor)
            array = array.astype(np.float64)
        to_free, back = self._operators[array.shape]
        return np.asarray((back @ (to_free @ array.reshape(-1))).reshape(array.shape))

    def residual(self, tensor: ArrayLike) -> float:
        """‖T − P T‖ / ‖T‖ in the Cartesian norm; 0 for T = 0."""
        full = self.kind.cartesian(tensor)
        size = float(np.abs(full).max())
        if size == 0.0:
            return 0.0
        full = full / size  # so that squares of tiny or huge numbers neither vanish nor overflow
        return float(np.linalg.norm(full - self.project(full)) / np.linalg.norm(full))


def invariants(kind: str | TensorKind, rotations: ArrayLike) -> Invariants:
    """What the group allows; the last few answers are kept.

    Raises
    ------
    SymmetryUndetermined
        If ``rotations`` is not a complete group of orthogonal matrices.
    """
    return _invariants(tensor_kind(kind), group_table(rotations))


@lru_cache(maxsize=256)
def _invariants(kind: TensorKind, group: GroupTable) -> Invariants:
    generators = list(group.generators)
    m = kind.n_components
    if not generators:
        return Invariants(kind, group, np.eye(m))
    d = represent(kind, group.rotations[generators])
    # Σ (D − 1)ᵀ(D − 1); its null space is that of the stacked D − 1.
    total = 2.0 * len(generators) * np.eye(m) - (d + d.transpose(0, 2, 1)).sum(axis=0)
    values, vectors = np.linalg.eigh(total)
    n = int((values < _GAP).sum())
    if n and values[n - 1] > 1e-9:
        raise SymmetryUndetermined(
            "symmetry.inconsistent",
            found=f"operations that leave no clear set of {kind.name} tensors unchanged",
            accepted="a point group of orthogonal matrices",
            action="Try another symprec.",
        )
    return Invariants(kind, group, vectors[:, :n])


def projector(rotations: ArrayLike, kind: str | TensorKind) -> NDArray[np.float64]:
    """Orthogonal projector onto the invariant tensors.

    Parameters
    ----------
    rotations
        Cartesian point-group operations, a complete group, shape [op, 3, 3].
    kind
        Tensor kind or its name.

    Returns
    -------
    ndarray
        Shape [component, component], symmetric and idempotent, in the orthonormal coordinates of
        :func:`crysnb.values.tensor_kind.represent` (named components times √multiplicity). Zero
        where the group allows nothing, as for the piezoelectricity of NaCl.

    Raises
    ------
    SymmetryUndetermined
        If ``rotations`` is not a group of orthogonal matrices.

    Notes
    -----
    Turning the group turns the projector: P(Q G Qᵀ) = D(Q) P(G) D(Q)ᵀ. Nye (1957), ch. I.
    """
    return invariants(kind, rotations).projector.copy()


def project(kind: str | TensorKind, tensor: ArrayLike, rotations: ArrayLike) -> NDArray[np.float64]:
    """The part of a tensor that the group allows, in the form (Cartesian or matrix) it came in.

    Parameters
    ----------
    kind
        Tensor kind or its name.
    tensor
        Full Cartesian tensor or printed matrix; any unit, which is kept.
    rotations
        Cartesian point-group operations, a complete group, shape [op, 3, 3].

    Returns
    -------
    ndarray
        The nearest allowed tensor in the Cartesian norm. Forbidden components are exactly 0.0.
    """
    return invariants(kind, rotations).project(tensor)


def residual(kind: str | TensorKind, tensor: ArrayLike, rotations: ArrayLike) -> float:
    """‖T − P T‖ / ‖T‖ in the Cartesian norm: how far a tensor is from the group; 0 for T = 0.

    Does not depend on the orientation or the unit. 1 for a non-zero tensor of a kind that the
    group forbids altogether.
    """
    return invariants(kind, rotations).residual(tensor)
