"""Operations of the given cell on matrices over atoms, on rows of atoms and on irreps.

With P the permutation of an operation g, P[π(i), i] = 1, and D its matrix in the representation of a row:

    matrices over atoms   g A = P A Pᵀ
    invariant rows        g H = P H
    equivariant rows      g X = P X Dᵀ
    one row per crystal   g O = O Dᵀ

D is block-diagonal of Wigner matrices with parity, in the order of e3nn, where 1o is (x, y, z) and D = R.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import torch
from e3nn import o3
from numpy.typing import NDArray

from crysnb.errors import ShapeError, quote
from crysnb.models.tensor_head import wigner
from crysnb.symmetry.action import SiteAction

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Block:
    """Consecutive components of a row that transform by one order and parity: ``mul`` copies of 2l + 1."""

    start: int
    mul: int
    order: int
    parity: int

    @property
    def width(self) -> int:
        """Components."""
        return self.mul * (2 * self.order + 1)


def blocks(irreps: str, width: int | None = None, name: str = "") -> tuple[Block, ...]:
    """The blocks of an irreps text; ``name`` is whose they are, for the message.

    Raises
    ------
    ShapeError
        ``matrices.irreps`` if the text is none, or its dimension is not ``width``.
    """
    try:
        parsed = o3.Irreps(irreps)
    except (ValueError, TypeError, AttributeError) as error:
        raise ShapeError(
            "matrices.irreps",
            found=f"{quote(name) + ': ' if name else ''}irreps {quote(irreps)}",
            accepted='text such as "1x0e+2x1o"',
        ) from error
    if width is not None and parsed.dim != width:
        raise ShapeError(
            "matrices.irreps",
            found=f"{quote(name) + ': ' if name else ''}irreps {quote(irreps)} of dimension {parsed.dim} for "
            f"{width} components",
            accepted="irreps of the width of a row",
        )
    out, start = [], 0
    for mul, irrep in parsed:
        out.append(Block(start, mul, irrep.l, irrep.p))
        start += out[-1].width
    return tuple(out)


def wigners(order: int, parity: int, rotations: Array) -> Array:
    """D of one order for orthogonal matrices, shape [op, 2l+1, 2l+1].

    Parameters
    ----------
    order, parity
        l, and +1 or −1: whether the inversion keeps the components.
    rotations
        Cartesian, shape [op, 3, 3].
    """
    return _wigners(order, parity, rotations.tobytes(), len(rotations))


@lru_cache(maxsize=256)
def _wigners(order: int, parity: int, raw: bytes, n: int) -> Array:
    # Harmonics have parity (-1)^l of themselves; the other parity is one more sign of the determinant.
    rotations = np.frombuffer(raw).reshape(n, 3, 3)
    _, first, which = np.unique(
        np.round(rotations, 12).reshape(n, 9), axis=0, return_index=True, return_inverse=True
    )
    matrices = np.stack([wigner(order, torch.from_numpy(rotations[k].copy())).numpy() for k in first])
    out = np.asarray(matrices[which.reshape(-1)])
    if parity != (-1) ** order:
        out = out * np.sign(np.linalg.det(rotations))[:, None, None]
    out.flags.writeable = False
    return out


@dataclass(frozen=True, eq=False)
class MatrixGroup:
    """The operations of one cell, acting on what a model computed for its sites."""

    action: SiteAction

    @property
    def n_operations(self) -> int:
        """Operations of the cell."""
        return len(self.action.names)

    @property
    def n_sites(self) -> int:
        """Sites of the cell."""
        return self.action.n_sites

    @cached_property
    def inverse(self) -> NDArray[np.int64]:
        """Site that is sent to each site, shape [op, site]."""
        return np.argsort(self.action.permutations, axis=1)

    def on_pairs(self, op: int, matrix: Array) -> Array:
        """P A Pᵀ for A [site, site, …]."""
        back = self.inverse[op]
        return np.asarray(matrix[np.ix_(back, back)])

    def on_rows(self, op: int, rows: Array) -> Array:
        """P H for H [site, …]."""
        return np.asarray(rows[self.inverse[op]])

    def on_components(self, op: int, values: Array, irreps: str) -> Array:
        """X Dᵀ for X […, component]: what the operation does to irreps alone."""
        out = np.empty_like(values)
        for b in blocks(irreps, values.shape[-1]):
            part = values[..., b.start : b.start + b.width]
            d = wigners(b.order, b.parity, self.action.rotations)[op]
            shaped = part.reshape(*part.shape[:-1], b.mul, 2 * b.order + 1) @ d.T
            out[..., b.start : b.start + b.width] = shaped.reshape(part.shape)
        return out

    def trace_of(self, irreps: str) -> Array:
        """Trace of D of every operation, shape [op]."""
        out = np.zeros(self.n_operations)
        for b in blocks(irreps):
            out += b.mul * wigners(b.order, b.parity, self.action.rotations).trace(axis1=1, axis2=2)
        return out

    @cached_property
    def cosets(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Pure translations, and one operation for every rotation: every operation is one after the other."""
        flat = np.round(self.action.rotations.reshape(-1, 9), 6)
        pure = np.flatnonzero((flat == np.eye(3).reshape(9)).all(axis=1))
        return pure, np.sort(np.unique(flat, axis=0, return_index=True)[1])

    @cached_property
    def n_fixed(self) -> NDArray[np.int64]:
        """Sites that an operation leaves in place, shape [op]."""
        return np.asarray((self.action.permutations == np.arange(self.n_sites)).sum(axis=1))
