"""Poses of atoms: what a site's symmetry forbids, and which operation leads from one pose to another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from e3nn import o3
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from crysnb.errors import ShapeError, quote
from crysnb.matrices.group import MatrixGroup, blocks, wigners
from crysnb.matrices.layers import Layer
from crysnb.matrices.space import free_orders

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]

#: Poses below this share of the largest are drawn as none.
VISIBLE = 1e-6
#: Start rotations of a search, and those of them that are refined.
_STARTS, _REFINED = 1500, 80
#: Two rotations are one below this angle, degrees. Refinement: step of differences, longest step, rounds.
_SAME_ANGLE = 1.0
_STEP, _LONGEST, _ROUNDS = 1e-3, 0.3, 25


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class ForbiddenOrders:
    """Size of the poses of every orbit by order, beside the number of components that the site allows.

    Attributes
    ----------
    layer
        Name of the tensor.
    orbits, site_symmetries
        Label and site-symmetry symbol, [orbit].
    orders
        Name of each block, such as ``"1o"``, [order].
    allowed
        n_l of the site group, shape [orbit, order].
    sizes
        Norm of a site's components, relative to the largest in the layer, shape [orbit, order].
    broken
        ‖X − Π_S X‖ / ‖X‖ of each orbit, with the projector of the site group; NaN for a null pose.
    """

    layer: str
    orbits: tuple[str, ...]
    site_symmetries: tuple[str, ...]
    orders: tuple[str, ...]
    allowed: NDArray[np.int64]
    sizes: Array
    broken: Array

    @property
    def largest_forbidden(self) -> float:
        """Largest relative size of a component that must vanish; 0 where none is forbidden."""
        return float(self.sizes[self.allowed == 0].max(initial=0.0))

    def to_frame(self) -> pd.DataFrame:
        """One row per orbit and order: orbit, site symmetry, order, allowed, size."""
        import pandas as pd

        n = len(self.orders)
        return pd.DataFrame(
            {
                "layer": self.layer,
                "orbit": np.repeat(self.orbits, n),
                "site symmetry": np.repeat(self.site_symmetries, n),
                "order": list(self.orders) * len(self.orbits),
                "allowed": self.allowed.ravel(),
                "size": self.sizes.ravel(),
            }
        )

    def __repr__(self) -> str:
        return f"ForbiddenOrders({self.layer!r}: largest {self.largest_forbidden:.2g})"


def forbidden_orders(layer: Layer, group: MatrixGroup) -> ForbiddenOrders:
    """Which orders of a pose each site's symmetry forbids, and how large they are.

    Raises
    ------
    ShapeError
        ``matrices.role`` for a layer without poses of atoms.
    """
    irreps = _irreps(layer)
    action = group.action
    parts = blocks(irreps, layer.values.shape[-1])
    names = [f"{b.order}{'e' if b.parity == 1 else 'o'}" for b in parts]
    unique = tuple(dict.fromkeys(names))
    of = {name: (b.order, b.parity) for name, b in zip(names, parts, strict=True)}
    norms: Array = np.zeros((len(layer.values), len(unique)))
    for name, b in zip(names, parts, strict=True):
        flat = layer.values[..., b.start : b.start + b.width].reshape(len(layer.values), -1)
        norms[:, unique.index(name)] += (flat**2).sum(axis=1)
    norms = np.sqrt(norms)
    whole = float(np.sqrt((norms**2).sum(axis=1)).max(initial=0.0)) or 1.0
    allowed, sizes, broken = [], [], []
    for orbit in action.orbits:
        site = orbit.sites[0]
        rotations = action.site_rotations_of(site)
        allowed.append(
            [
                free_orders(rotations, l, "even" if p == 1 else "odd")[l]
                for l, p in (of[name] for name in unique)
            ]
        )
        sizes.append(norms[list(orbit.sites)].max(axis=0) / whole)
        broken.append(_broken(layer.values[site], irreps, rotations, VISIBLE * whole))
    return ForbiddenOrders(
        layer=layer.name,
        orbits=action.labels,
        site_symmetries=tuple(o.site_symmetry for o in action.orbits),
        orders=unique,
        allowed=np.array(allowed, dtype=np.int64),
        sizes=np.array(sizes),
        broken=np.array(broken),
    )


def _irreps(layer: Layer) -> str:
    if layer.role != "poses" or layer.irreps is None:
        raise ShapeError(
            "matrices.role",
            found=f"{quote(layer.name)} holds {layer.role}, shape {layer.values.shape}",
            accepted="a layer with irreps of atoms",
        )
    return layer.irreps


def _broken(pose: Array, irreps: str, rotations: Array, least: float) -> float:
    size = float(np.linalg.norm(pose))
    if size <= least:
        return float("nan")
    mean = np.mean([turned(pose, irreps, rotations, k) for k in range(len(rotations))], axis=0)
    return float(np.linalg.norm(pose - mean)) / size


def turned(pose: Array, irreps: str, rotations: Array, k: int) -> Array:
    """A pose […, component] after the k-th of the orthogonal matrices [op, 3, 3]."""
    out = np.empty_like(pose)
    for b in blocks(irreps, pose.shape[-1]):
        part = pose[..., b.start : b.start + b.width]
        shaped = part.reshape(*part.shape[:-1], b.mul, 2 * b.order + 1)
        d = wigners(b.order, b.parity, rotations)[k]
        out[..., b.start : b.start + b.width] = (shaped @ d.T).reshape(part.shape)
    return out


def surface(layer: Layer, site: int, directions: Array) -> Array:
    """f(n) = Σ_lm X_lm Y_lm(n) of a site, summed over channels and copies, shape [direction].

    Parameters
    ----------
    layer
        Poses of atoms.
    site
        Index of the site.
    directions
        Unit vectors, shape [direction, 3].

    Notes
    -----
    Blocks of the other parity, which no function on a sphere has, are left out.
    """
    import torch

    irreps = _irreps(layer)
    points = torch.from_numpy(np.ascontiguousarray(directions))
    out = np.zeros(len(directions))
    for b in blocks(irreps, layer.values.shape[-1]):
        if b.parity != (-1) ** b.order:
            continue
        part = layer.values[site, :, b.start : b.start + b.width].reshape(-1, 2 * b.order + 1).sum(axis=0)
        y = o3.spherical_harmonics(b.order, points, normalize=True, normalization="component")
        out += y.numpy() @ part
    return out


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class RelativeRotation:
    """Rotations and rotoinversions that lead from one pose to another, found without the operations.

    Attributes
    ----------
    rotations
        Those that fit best and equally well, shape [found, 3, 3]: a set, since a pose does not change under
        the symmetry of its site.
    cosine
        ⟨X_j, X_i Dᵀ⟩ / (‖X_i‖ ‖X_j‖) of the best one; 1 for a perfect fit.
    n_expected
        Operations of the crystal that send the one site to the other, without translations.
    n_recovered
        Of these, how many are among ``rotations``, within a degree.
    misorientation
        Smallest angle between a found and an expected rotation, degrees; NaN where none is expected.
    """

    rotations: Array
    cosine: float
    n_expected: int
    n_recovered: int
    misorientation: float

    def __repr__(self) -> str:
        return (
            f"RelativeRotation(cosine {self.cosine:.6f}, {self.n_recovered} of {self.n_expected} operations)"
        )


def relative_rotation(layer: Layer, group: MatrixGroup, i: int, j: int, *, seed: int = 0) -> RelativeRotation:
    """Estimate how the pose of atom j is turned against that of atom i.

    The overlap ⟨X_j, X_i D(R)ᵀ⟩ is maximised over O(3), from many starts. In a crystal that is only nearly
    symmetric this finds the approximate operation.

    Parameters
    ----------
    layer
        Poses of atoms.
    group
        The operations, to compare with.
    i, j
        Sites.
    seed
        Of the starts.

    Raises
    ------
    ShapeError
        ``matrices.role``, ``matrices.site``, and ``matrices.null`` for a pose that vanishes.
    """
    irreps = _irreps(layer)
    n = len(layer.values)
    if not (0 <= i < n and 0 <= j < n):
        raise ShapeError("matrices.site", found=f"sites {i} and {j}", accepted=f"0 to {n - 1}")
    a, b = layer.values[i], layer.values[j]
    sizes = np.linalg.norm(a), np.linalg.norm(b)
    largest = float(np.linalg.norm(layer.values.reshape(n, -1), axis=1).max(initial=0.0))
    if min(sizes) <= VISIBLE * largest or largest == 0:
        raise ShapeError(
            "matrices.null",
            found=f"the pose of site {i if sizes[0] < sizes[1] else j} vanishes",
            accepted="two poses that do not; a site's symmetry may forbid all their orders",
        )
    overlap = _Overlap(a / sizes[0], b / sizes[1], irreps)
    rng = np.random.default_rng(seed)
    found: list[tuple[float, Array]] = []
    for sign in (1.0, -1.0):
        starts = Rotation.random(_STARTS, random_state=rng).as_matrix()
        order = np.argsort(-overlap(sign * starts))[:_REFINED]
        refined = overlap.refined(sign * starts[order])
        found += list(zip(overlap(refined).tolist(), refined, strict=True))
    best = max(value for value, _ in found)
    rotations = _distinct([r for value, r in found if value > best - 1e-6])
    images = group.action.permutations[:, i] == j
    expected = np.unique(np.round(group.action.rotations[images], 9), axis=0)
    angles = np.array([[_angle(r, e) for r in rotations] for e in expected]).reshape(len(expected), -1)
    return RelativeRotation(
        rotations=rotations,
        cosine=best,
        n_expected=len(expected),
        n_recovered=int((angles.min(axis=1, initial=np.inf) < _SAME_ANGLE).sum()),
        misorientation=float(angles.min()) if angles.size else float("nan"),
    )


class _Overlap:
    """⟨b, a D(R)ᵀ⟩ for many R at once, by harmonics at fixed points."""

    def __init__(self, a: Array, b: Array, irreps: str) -> None:
        import torch

        self._parts = []
        grid = np.arange(1, 61)
        points = np.stack([np.sin(grid), np.sin(2**0.5 * grid), np.sin(3**0.5 * grid)], axis=1)
        self._points = points
        for block in blocks(irreps, a.shape[-1]):
            shape = (-1, 2 * block.order + 1)
            x, y = (v[..., block.start : block.start + block.width].reshape(shape) for v in (a, b))
            before = o3.spherical_harmonics(
                block.order, torch.from_numpy(points), normalize=True, normalization="component"
            ).numpy()
            # Y(R p) = D Y(p) as columns, so Dᵀ = Y(p)⁺ Y(R p) with rows p; ⟨y, x Dᵀ⟩ = Σ_ab D_ba (xᵀy)_ab.
            self._parts.append((block, np.linalg.pinv(before), x.T @ y))

    def __call__(self, rotations: Array) -> Array:
        import torch

        out = np.zeros(len(rotations))
        turned_points = torch.from_numpy(np.einsum("pj,rij->rpi", self._points, rotations).copy())
        signs = np.sign(np.linalg.det(rotations))
        for block, inverse, weight in self._parts:
            y = o3.spherical_harmonics(
                block.order, turned_points, normalize=True, normalization="component"
            ).numpy()
            d = np.einsum("ap,rpb->rba", inverse, y)
            value = np.einsum("rba,ab->r", d, weight)
            out += value if block.parity == (-1) ** block.order else signs * value
        return out

    def refined(self, rotations: Array) -> Array:
        """The nearest maxima, by Newton steps with differences; all starts at once."""
        n = len(rotations)
        axes = np.eye(3) * _STEP
        pairs = [(k, m) for k in range(3) for m in range(k)]
        moves = np.concatenate(
            [
                np.zeros((1, 3)),
                axes,
                -axes,
                [axes[k] + axes[m] for k, m in pairs],
                [-axes[k] - axes[m] for k, m in pairs],
            ]
        )
        small = Rotation.from_rotvec(moves).as_matrix()
        for _ in range(_ROUNDS):
            f = self((small[None] @ rotations[:, None]).reshape(-1, 3, 3)).reshape(n, -1)
            gradient = (f[:, 1:4] - f[:, 4:7]) / (2 * _STEP)
            hessian = np.zeros((n, 3, 3))
            for k in range(3):
                hessian[:, k, k] = f[:, 1 + k] + f[:, 4 + k] - 2 * f[:, 0]
            for q, (k, m) in enumerate(pairs):
                both = f[:, 7 + q] + f[:, 10 + q] - 2 * f[:, 0]
                hessian[:, k, m] = hessian[:, m, k] = (both - hessian[:, k, k] - hessian[:, m, m]) / 2
            hessian /= _STEP**2
            values, vectors = np.linalg.eigh(hessian)
            downhill = -np.maximum(np.abs(values), 0.1)  # uphill in every direction, also near a saddle
            step = -np.einsum("nij,nj,nkj,nk->ni", vectors, 1 / downhill, vectors, gradient)
            length = np.linalg.norm(step, axis=1, keepdims=True)
            step *= np.minimum(1.0, _LONGEST / np.maximum(length, 1e-300))
            rotations = Rotation.from_rotvec(step).as_matrix() @ rotations
        return rotations


def _distinct(rotations: list[Array]) -> Array:
    kept: list[Array] = []
    for r in rotations:
        if all(_angle(r, k) > _SAME_ANGLE for k in kept):
            kept.append(r)
    return np.array(kept)


def _angle(a: Array, b: Array) -> float:
    """Angle between two orthogonal matrices, degrees; 180 if only one of them is proper."""
    r = a @ b.T
    if np.linalg.det(r) < 0:
        return 180.0
    return float(np.degrees(np.linalg.norm(Rotation.from_matrix(r).as_rotvec())))
