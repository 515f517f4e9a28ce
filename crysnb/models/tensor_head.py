"""Linear equivariant heads: node features to one crystal tensor with exactly its own irreps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

import torch
from e3nn import o3
from e3nn.io import CartesianTensor
from torch import Tensor, nn

from crysnb.errors import ShapeError
from crysnb.models.equivariant import EquivariantLinear, Irrep
from crysnb.models.segments import mean_per_crystal
from crysnb.models.tensor_targets import target_of
from crysnb.values.property_spec import PropertySpec
from crysnb.values.tensor_kind import TensorKind, represent
from crysnb.values.trace import Tap


def tensor_of(spec: PropertySpec) -> TensorKind:
    """Tensor kind of a property; :class:`ShapeError` for a scalar."""
    if spec.tensor is None:
        raise ShapeError("model.head", found=f"{spec.name} is a scalar", accepted="a tensor property")
    return spec.tensor


def irreps_of(text: str) -> dict[Irrep, int]:
    """Multiplicity per irrep, e.g. ``"2x0e+1x4e"`` -> {(0, 1): 2, (4, 1): 1}."""
    return {(ir.l, ir.p): n for n, ir in o3.Irreps(text)}


def merge_irreps(many: Iterable[Mapping[Irrep, int]]) -> list[Irrep]:
    """All irreps that occur, sorted."""
    return sorted({irrep for one in many for irrep in one})


@cache
def change_of_basis(kind: TensorKind) -> tuple[Tensor, str]:
    """Orthonormal rows [component, 3, …, 3] from irreps to Cartesian, float64, and the irreps.

    The basis is e3nn's, which comes in single precision; each irrep is then projected onto the maps
    that commute with two generic rotations (which generate a dense set), so that equivariance holds
    to double precision. e3nn rebuilds the basis on every conversion, hence the cache.
    """
    products = CartesianTensor(kind.formula).reduced_tensor_products(torch.zeros(1, dtype=torch.float64))
    rough = products.change_of_basis.to(torch.float64).reshape(kind.n_components, -1)
    to_reduced = torch.from_numpy(kind.expand / kind.multiplicity**0.5)
    rotations = torch.stack([_rotation(axis) for axis in ((0.3, 1.1, -0.7), (2.0, 0.6, 1.3))])
    cartesian = torch.from_numpy(represent(kind, rotations.numpy()))
    rows, at = [], 0
    for n, irrep in products.irreps_out:
        turned = [wigner(irrep.l, rotation) for rotation in rotations]
        for _ in range(n):
            block = rough[at : at + irrep.dim] @ to_reduced
            rows.append(_commuting(block, turned, cartesian) @ to_reduced.T)
            at += irrep.dim
    return torch.cat(rows).reshape(-1, *(3,) * kind.rank), str(products.irreps_out)


def _rotation(axis: tuple[float, float, float]) -> Tensor:
    """Rotation about ``axis`` by its length in radians, float64."""
    x, y, z = axis
    generator = torch.tensor([[0, -z, y], [z, 0, -x], [-y, x, 0]], dtype=torch.float64)
    result: Tensor = torch.linalg.matrix_exp(generator)
    return result


def wigner(order: int, rotation: Tensor) -> Tensor:
    """Matrix D with Y_l(R v) = D Y_l(v), [2l+1, 2l+1] float64, for a proper rotation.

    Fitted to the harmonics themselves: e3nn's route over Euler angles is good to 1e-6 only.
    """
    grid = torch.arange(4 * (order + 1) ** 2, dtype=torch.float64) + 1
    points = torch.stack([torch.sin(grid), torch.sin(2**0.5 * grid), torch.sin(3**0.5 * grid)], dim=1)
    before, after = (
        o3.spherical_harmonics(order, v, normalize=True, normalization="component")
        for v in (points, points @ rotation.T)
    )
    solution: Tensor = torch.linalg.lstsq(before, after).solution
    return solution.T


def _commuting(block: Tensor, left: list[Tensor], right: Tensor) -> Tensor:
    """The nearest matrix W to ``block`` [d, m] with left[k] W = W right[k] for every k."""
    d, m = block.shape
    one_d, one_m = torch.eye(d, dtype=block.dtype), torch.eye(m, dtype=block.dtype)
    constraint = torch.cat(
        [torch.kron(a, one_m) - torch.kron(one_d, b.T.contiguous()) for a, b in zip(left, right, strict=True)]
    )
    _, values, vectors = torch.linalg.svd(constraint)
    free = vectors[len(values) - int((values < 1e-3).sum()) :]
    nearest: Tensor = free.T @ (free @ block.flatten())
    return nearest.reshape(d, m)


class TensorHead(nn.Module):
    """Mean over atoms of gated linear maps per irrep, then one fixed matrix to Cartesian.

    For a permittivity the network predicts S = log(ε − 1), so that ε = 1 + exp(S) is symmetric with
    eigenvalues above 1 whatever the weights; for a stiffness S = log(c), so that c = exp(S) is positive
    definite (see :mod:`crysnb.models.tensor_targets`). Other properties are linear in the features.

    Parameters
    ----------
    spec
        The property; its tensor kind gives irreps and index symmetry.
    width
        Channels of the invariant features.
    channels
        Channels of each equivariant feature.
    """

    def __init__(self, spec: PropertySpec, width: int, channels: Mapping[Irrep, int]) -> None:
        super().__init__()
        kind = tensor_of(spec)
        self.rank = kind.rank
        self.target = target_of(kind.name)
        matrix, irreps = change_of_basis(kind)
        self.order = list(irreps_of(irreps).items())
        self.irreps: dict[Irrep, int] = irreps_of(irreps)
        self.register_buffer("to_cartesian", matrix.reshape(len(matrix), -1), persistent=False)
        scalars = self.irreps.get((0, 1), 0)
        if scalars:
            self.scalar = nn.Sequential(nn.Linear(width, width), nn.SiLU(), nn.Linear(width, scalars))
        # Statistics of the training targets: mean of the scalar parts, spread of each irrep.
        self.register_buffer("shift", torch.zeros(scalars))
        self.register_buffer("scale", torch.ones(len(self.order)))
        self.linear = EquivariantLinear(channels, self.irreps)

    def forward(
        self, x: Tensor, features: dict[Irrep, Tensor], crystal: Tensor, n_crystals: int, tap: Tap, name: str
    ) -> Tensor:
        """Cartesian tensors [crystal, 3, …, 3] in the property's unit."""
        latent = self.latent(x, features, crystal, n_crystals, tap, name)
        return self.target.tensor(latent)

    def latent(
        self, x: Tensor, features: dict[Irrep, Tensor], crystal: Tensor, n_crystals: int, tap: Tap, name: str
    ) -> Tensor:
        """What is learned in place of the Cartesian tensors, [crystal, 3, …, 3]."""
        mapped = self.linear(features)
        if (0, 1) in self.irreps:
            mapped[(0, 1)] = mapped[(0, 1)] + self.scalar(x)[:, :, None]
        nodes = torch.cat([mapped[irrep].flatten(1) for irrep, _ in self.order], dim=1)
        nodes = tap(
            f"{name}.nodes", nodes, axes=("atom", "component"), irreps=self.text, doc="tensor of each atom"
        )
        pooled = mean_per_crystal(nodes, crystal, n_crystals)
        pooled = tap(
            f"{name}.crystal", pooled, axes=("crystal", "component"), irreps=self.text, doc="mean over atoms"
        )
        flat = self._standard(pooled) @ self.get_buffer("to_cartesian").to(x.dtype)
        return flat.reshape(-1, *(3,) * self.rank)

    @property
    def text(self) -> str:
        """Irreps of the head's vector in e3nn notation."""
        return "+".join(f"{n}x{l}{'e' if p > 0 else 'o'}" for (l, p), n in self.order)

    def _standard(self, pooled: Tensor) -> Tensor:
        scale, shift = self.get_buffer("scale").to(pooled.dtype), self.get_buffer("shift").to(pooled.dtype)
        sizes = [n * (2 * l + 1) for (l, _), n in self.order]
        parts = [part * s for part, s in zip(torch.split(pooled, sizes, dim=1), scale, strict=True)]
        for k, (irrep, _) in enumerate(self.order):
            if irrep == (0, 1):
                parts[k] = parts[k] + shift
        return torch.cat(parts, dim=1)
