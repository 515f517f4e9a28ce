"""What a network gives in place of a tensor: a logarithm where the tensor has to be positive.

The exponential of a symmetric matrix commutes with rotations and keeps every symmetry of the matrix, so
that the head stays linear and equivariant while the tensor obeys its bound whatever the weights.
"""

from __future__ import annotations

import math
from typing import Protocol

import torch
from torch import Tensor

#: Largest Frobenius norm of log(ε − 1) that is exponentiated.
_LOG_LIMIT = 12 * math.sqrt(3)
#: Mean of the logarithms of the six stiffnesses (in GPa), and the Frobenius norm of what is left. Labels lie
#: between 1.6 and 6.3 and below 7. The eigenvalues then differ by a factor of at most exp(9 √2) = 3.4e5, and
#: rounding to single precision cannot make one negative.
_MEAN_LOG = (-3.0, 9.0)
_LOG_DEVIATION = 9.0
#: Smallest stiffness whose logarithm is learned, GPa.
_SOFTEST = 1.0
#: Norm above which a piezoelectric tensor is learned by its logarithm, C/m²; and the largest ‖S‖.
_PIEZO_SCALE = 0.2
_ASINH_LIMIT = 8.0


class Target(Protocol):
    """From what the head gives to the tensor, and back for labels."""

    def tensor(self, latent: Tensor) -> Tensor:
        """Cartesian tensors [crystal, 3, …, 3] in the property's unit."""
        ...

    def latent(self, tensor: Tensor) -> Tensor:
        """What the head should give for labels [crystal, 3, …, 3]."""
        ...


class Plain:
    """The tensor itself."""

    def tensor(self, latent: Tensor) -> Tensor:
        """The same."""
        return latent

    def latent(self, tensor: Tensor) -> Tensor:
        """The same."""
        return tensor


class LogMinusOne:
    """S = log(ε − 1) of a permittivity, so that ε = 1 + exp(S) has eigenvalues above 1."""

    def tensor(self, latent: Tensor) -> Tensor:
        """ε, [crystal, 3, 3]."""
        return one_plus_exp(latent)

    def latent(self, tensor: Tensor) -> Tensor:
        """S, [crystal, 3, 3]."""
        return log_minus_one(tensor)


class LogStiffness:
    """S = log(c/GPa) of the stiffness as a map of strains, so that c = exp(S) is positive definite."""

    def tensor(self, latent: Tensor) -> Tensor:
        """Stiffness in GPa, [crystal, 3, 3, 3, 3]."""
        return from_mandel(torch.linalg.matrix_exp(bounded_log(latent))).to(latent.dtype)

    def latent(self, tensor: Tensor) -> Tensor:
        """S, [crystal, 3, 3, 3, 3]; eigenvalues clipped from below at 1 GPa."""
        values, vectors = torch.linalg.eigh(to_mandel(tensor))
        logs = torch.log(values.clamp(min=_SOFTEST))
        return from_mandel(torch.einsum("nab,nb,ncb->nac", vectors, logs, vectors))


class AsinhNorm:
    """S = e asinh(‖e‖/e₀)/‖e‖, e₀ = 0.2 C/m²: the direction stays, the size is logarithmic above e₀.

    Published tensors span four decades; the map and its inverse commute with rotations and keep zeros.
    """

    def tensor(self, latent: Tensor) -> Tensor:
        """Piezoelectric tensor in C/m², [crystal, 3, 3, 3]; norm below 300 C/m²."""
        size = _norm(latent)
        bounded = size.clamp(max=_ASINH_LIMIT)
        result: Tensor = latent * (_PIEZO_SCALE * torch.sinh(bounded) / size)
        return result

    def latent(self, tensor: Tensor) -> Tensor:
        """S, [crystal, 3, 3, 3]."""
        size = _norm(tensor)
        result: Tensor = tensor * (torch.asinh(size / _PIEZO_SCALE) / size)
        return result


PLAIN = Plain()
_TARGETS: dict[str, Target] = {
    "dielectric": LogMinusOne(),
    "elastic": LogStiffness(),
    "piezoelectric": AsinhNorm(),
}


def target_of(kind: str) -> Target:
    """How tensors of a kind are learned, by the kind's name."""
    return _TARGETS.get(kind, PLAIN)


def one_plus_exp(latent: Tensor) -> Tensor:
    """1 + exp(S) of symmetric matrices [crystal, 3, 3]: symmetric, eigenvalues above 1.

    In double precision inside: torch's single-precision matrix exponential chooses its order by the
    whole batch, so that a crystal's result would depend on its batch mates in the sixth digit.
    """
    s = (latent + latent.transpose(1, 2)).double() / 2
    # Bounded so that no input can overflow; log(ε − 1) of real insulators lies between −3 and 6.
    size = s.norm(dim=(1, 2), keepdim=True)
    exponential: Tensor = torch.linalg.matrix_exp(s * (_LOG_LIMIT / size.clamp(min=_LOG_LIMIT)))
    one = torch.eye(3, dtype=s.dtype, device=s.device)
    return (one + (exponential + exponential.transpose(1, 2)) / 2).to(latent.dtype)


def log_minus_one(epsilon: Tensor) -> Tensor:
    """Inverse of :func:`one_plus_exp` for labels, [crystal, 3, 3], eigenvalues clipped above 1.05."""
    values, vectors = torch.linalg.eigh((epsilon + epsilon.transpose(1, 2)) / 2)
    logs = torch.log((values - 1).clamp(min=0.05))
    result: Tensor = torch.einsum("bij,bj,bkj->bik", vectors, logs, vectors)
    return result


def bounded_log(latent: Tensor) -> Tensor:
    """Mandel form [crystal, 6, 6] of S in double precision, mean and deviation within their bounds."""
    s = to_mandel(latent.double())
    one = torch.eye(6, dtype=s.dtype, device=s.device)
    mean = s.diagonal(dim1=1, dim2=2).mean(1)[:, None, None]
    rest = s - mean * one
    size = rest.norm(dim=(1, 2), keepdim=True)
    bounded: Tensor = rest * (_LOG_DEVIATION / size.clamp(min=_LOG_DEVIATION))
    return mean.clamp(*_MEAN_LOG) * one + bounded


def to_mandel(tensor: Tensor) -> Tensor:
    """Symmetric matrices [crystal, 6, 6] of rank-4 tensors in an orthonormal basis of strains.

    Mehrabadi and Cowin (1990), doi:10.1093/qjmam/43.1.15: a rotation acts on this form as an orthogonal
    6×6 matrix, so that its exponential and logarithm are tensors too.
    """
    basis = _strains(tensor)
    m = torch.einsum("aij,nijkl,bkl->nab", basis, tensor, basis)
    return (m + m.transpose(1, 2)) / 2


def from_mandel(matrix: Tensor) -> Tensor:
    """Rank-4 tensors [crystal, 3, 3, 3, 3] of matrices [crystal, 6, 6]; symmetrised."""
    basis = _strains(matrix)
    symmetric = (matrix + matrix.transpose(1, 2)) / 2
    result: Tensor = torch.einsum("aij,nab,bkl->nijkl", basis, symmetric, basis)
    return result


def _norm(tensor: Tensor) -> Tensor:
    """Frobenius norm, kept above zero so that it can be divided by, [crystal, 1, …, 1]."""
    squares = tensor.square().sum(dim=tuple(range(1, tensor.ndim)), keepdim=True)
    return torch.sqrt(squares + 1e-16)


def _strains(like: Tensor) -> Tensor:
    """Orthonormal symmetric matrices [6, 3, 3] in the order xx, yy, zz, yz, xz, xy."""
    basis = torch.zeros(6, 3, 3, dtype=like.dtype, device=like.device)
    for k in range(3):
        basis[k, k, k] = 1.0
    for k, (i, j) in enumerate(((1, 2), (0, 2), (0, 1)), 3):
        basis[k, i, j] = basis[k, j, i] = math.sqrt(0.5)
    return basis
