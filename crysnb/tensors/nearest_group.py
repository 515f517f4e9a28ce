"""Which crystal class a tensor has by itself, whatever the crystal: δ of each class, freely oriented."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crysnb.symmetry.point_groups import POINT_GROUPS, point_group_operations
from crysnb.symmetry.project import invariants
from crysnb.tensors.blocks import turn_generators
from crysnb.tensors.turning import orthonormal, turned_many
from crysnb.tensors.verdicts import CONSISTENT_BELOW
from crysnb.values.tensor_kind import TensorKind, tensor_kind

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]

#: Orientations on the grid, how many of the best are refined for each class, and for how many steps at most.
GRID, REFINED, STEPS = 512, 12, 40
#: Gain in δ² by a step, and δ² itself, that are rounding; δ of a tensor without noise.
_GAIN, _ZERO, _EXACT = 1e-16, 1e-26, 1e-6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GroupDistance:
    """How far a tensor is from what a crystal class allows, in the orientation that suits it best.

    Attributes
    ----------
    groups
        Hermann–Mauguin symbols of all classes that allow the same tensors of this kind, the one of highest
        order last: an elastic tensor cannot tell 32, 3m and -3m apart.
    n_independent
        Number of independent components in a fixed orientation.
    delta
        Least ‖T − P T‖ / ‖T‖ over all orientations of the class; does not depend on the frame.
    rotation
        Rotation matrix [3, 3] from the frame of the tensor to the standard axes of the class that
        reach ``delta``.
    """

    groups: tuple[str, ...]
    n_independent: int
    delta: float
    rotation: Array

    @property
    def point_group(self) -> str:
        """The class of highest order."""
        return self.groups[-1]

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "point_group": self.point_group,
            "groups": list(self.groups),
            "n_independent": self.n_independent,
            "delta": self.delta,
            "rotation": self.rotation.tolist(),
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class NearestGroup:
    """The highest crystal class that a tensor has by itself.

    Attributes
    ----------
    point_group
        Hermann–Mauguin symbol: the highest of ``groups``.
    groups
        All classes that the tensor cannot tell from it.
    delta
        Distance to it, freely oriented.
    rotation
        Rotation matrix [3, 3] from the frame of the tensor to the standard axes of the class.
    tolerance
        δ below which a class counts as one that the tensor has.
    table
        Every class that the kind can tell, from the least to the most demanding.
    """

    point_group: str
    groups: tuple[str, ...]
    delta: float
    rotation: Array
    tolerance: float
    table: tuple[GroupDistance, ...]

    def __repr__(self) -> str:
        return f"NearestGroup({self.point_group}, delta {self.delta:.2g})"

    @property
    def n_independent(self) -> int:
        """Number of independent components of the class in a fixed orientation."""
        return next(row.n_independent for row in self.table if row.point_group == self.point_group)

    @property
    def text(self) -> str:
        """One sentence: the class, its distance, and the classes that look the same."""
        others = [g for g in self.groups if g != self.point_group]
        alike = f" (or {', '.join(others)}, which this kind of tensor cannot tell from it)" if others else ""
        return f"By itself the tensor has the symmetry {self.point_group}{alike}; delta {self.delta:.2g}."

    def to_dict(self) -> dict[str, Any]:
        """Plain data, the table included."""
        return {
            "point_group": self.point_group,
            "groups": list(self.groups),
            "delta": self.delta,
            "rotation": self.rotation.tolist(),
            "tolerance": self.tolerance,
            "text": self.text,
            "table": [row.to_dict() for row in self.table],
        }

    def to_frame(self) -> pd.DataFrame:
        """One row per class: symbol, classes alike, number of components, δ."""
        import pandas as pd

        rows = [(r.point_group, ", ".join(r.groups), r.n_independent, r.delta) for r in self.table]
        return pd.DataFrame(rows, columns=["point_group", "groups", "n_independent", "delta"])


def nearest_group(
    T: ArrayLike, kind: str | TensorKind, *, tolerance: float = CONSISTENT_BELOW
) -> NearestGroup | None:
    """The highest crystal class whose symmetry a tensor has, in whatever orientation.

    Parameters
    ----------
    T
        Full Cartesian tensor or printed matrix, in any frame and unit.
    kind
        Kind of tensor or its name.
    tolerance
        δ below which a class counts as one that the tensor has.

    Returns
    -------
    NearestGroup or None
        None for a tensor of zeros, which has every symmetry, and for one whose index symmetry is broken by
        more than ``tolerance``, so that not even the class 1 is near.

    Raises
    ------
    ShapeError, UnknownName
        As :func:`crysnb.check`.

    Notes
    -----
    δ(Q) = ‖T_Q − P T_Q‖ / ‖T‖ is minimised over rotations Q: from the eigenvectors of contractions of T to
    rank 2 (for a stiffness C_ijkk and C_ikjk: Cowin and Mehrabadi 1987, doi:10.1093/qjmam/40.4.451) and
    from a grid over SO(3) for tensors whose contractions are isotropic; the best are refined by damped
    Gauss–Newton steps (Levenberg–Marquardt). A class whose tensors take the form of a higher one in suitable
    axes is told as that one: every stiffness of class 4/m does with 4/mmm, so a stiffness knows seven
    crystalline classes and not eleven
    (Forte and Vianello 1996, doi:10.1007/BF00042505).
    """
    chosen = tensor_kind(kind)
    full = chosen.cartesian(T)
    size = float(np.abs(full).max())
    if size == 0.0:
        return None
    unit = full / size / np.linalg.norm(full / size)
    if np.linalg.norm(unit - chosen.from_components(chosen.components(unit))) > tolerance:
        return None
    seeds = np.concatenate([_grid(), _eigenframes(chosen, unit)])
    turned = orthonormal(chosen, turned_many(chosen, unit, seeds))
    table = tuple(_distance(chosen, unit, space, seeds, turned) for space in classes(chosen))
    best = [row for row in table if row.delta < tolerance][-1]
    return NearestGroup(
        point_group=best.point_group,
        groups=best.groups,
        delta=best.delta,
        rotation=best.rotation,
        tolerance=tolerance,
        table=table,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Class:
    """Classes that allow the same tensors, and what they allow in standard axes."""

    groups: tuple[str, ...]
    projector: Array
    n_independent: int
    n_free: int


@lru_cache(maxsize=32)
def classes(kind: TensorKind) -> tuple[_Class, ...]:
    """What a freely turned tensor of this kind can tell of the 32 classes, the least demanding first.

    Two classes that allow the same tensors are one row, and so are a class and a higher one if each
    tensor of the first can be turned into one of the second.
    """
    found: list[_Class] = []
    for group in POINT_GROUPS:
        space = invariants(kind, point_group_operations(group))
        same = [k for k, c in enumerate(found) if np.abs(c.projector - space.projector).max() < 1e-9]
        if same:
            old = found[same[0]]
            found[same[0]] = _Class((*old.groups, group), old.projector, old.n_independent, old.n_free)
        elif space.dimension:
            free = space.dimension + 3 - _open_turns(kind, space.projector)
            found.append(_Class((group,), space.projector, space.dimension, free))
    found.sort(key=lambda c: (c.n_free, c.n_independent))
    merged: list[_Class] = []
    for new in found:
        home = next(
            (k for k, c in enumerate(merged) if c.n_free == new.n_free and _within(kind, new, c)), None
        )
        if home is None:
            merged.append(new)
        else:
            old = merged[home]
            groups = tuple(g for g in POINT_GROUPS if g in old.groups + new.groups)
            # The axes are those of the class that names the row.
            named = new if groups[-1] in new.groups else old
            merged[home] = _Class(groups, named.projector, named.n_independent, named.n_free)
    return tuple(sorted(merged, key=lambda c: (-c.n_free, -c.n_independent)))


def _typical(kind: TensorKind, projector: Array) -> Array:
    """Orthonormal coordinates of an allowed tensor of norm 1 without special values."""
    values = projector @ np.cos(1.0 + 2.0 * np.arange(kind.n_components) ** 2)
    return np.asarray(values / np.linalg.norm(values))


def _open_turns(kind: TensorKind, projector: Array) -> int:
    """Dimension of the rotations that leave a typical allowed tensor allowed."""
    slope = (turn_generators(kind) @ _typical(kind, projector)).T
    return (
        int((np.linalg.svd(slope - projector @ slope, compute_uv=False) < 1e-9).sum()) + 3 - min(slope.shape)
    )


def _within(kind: TensorKind, lower: _Class, higher: _Class) -> bool:
    """Whether a typical tensor of the lower class can be turned into the form of the higher one."""
    unit = kind.from_components(_typical(kind, lower.projector) / np.sqrt(kind.multiplicity))
    seeds = np.concatenate([_grid(), _eigenframes(kind, unit)])
    turned = orthonormal(kind, turned_many(kind, unit, seeds))
    return _distance(kind, unit, higher, seeds, turned).delta < _EXACT


def _distance(kind: TensorKind, unit: Array, space: _Class, seeds: Array, turned: Array) -> GroupDistance:
    outside = np.eye(kind.n_components) - space.projector
    squares = ((turned @ outside) ** 2).sum(axis=1)
    start = seeds[np.argsort(squares, kind="stable")[:REFINED]]
    rotations, left = _refined(kind, unit, outside, start)
    best = int(left.argmin())
    return GroupDistance(
        groups=space.groups,
        n_independent=space.n_independent,
        delta=float(np.sqrt(left[best])),
        rotation=rotations[best],
    )


def _refined(kind: TensorKind, unit: Array, outside: Array, rotations: Array) -> tuple[Array, Array]:
    """Levenberg–Marquardt over rotations: ‖(1 − P) D(exp ω · Q) t‖² for each start, and where it ends."""
    generators = turn_generators(kind)
    x = orthonormal(kind, turned_many(kind, unit, rotations))
    left = ((x @ outside) ** 2).sum(axis=1)
    damping: Array = np.full(len(rotations), 1e-3)
    for _ in range(STEPS):
        # The derivative of D(exp ω) x by ω_k at 0 is L_k x.
        slope = np.einsum("ij,kjl,nl->nik", outside, generators, x, optimize=True)
        gradient = np.einsum("nik,ni->nk", slope, x @ outside)
        curvature = np.einsum("nik,nil->nkl", slope, slope) + damping[:, None, None] * np.eye(3)
        trial = _exp(-np.linalg.solve(curvature, gradient[..., None])[..., 0]) @ rotations
        moved = orthonormal(kind, turned_many(kind, unit, trial))
        size = ((moved @ outside) ** 2).sum(axis=1)
        better = size < left
        gain = np.where(better, left - size, 0.0)
        rotations, x = np.where(better[:, None, None], trial, rotations), np.where(better[:, None], moved, x)
        left = np.where(better, size, left)
        damping = np.where(better, damping / 10, damping * 10).clip(1e-12, 1e6)
        stuck = gain.max() < _GAIN and (damping > 1e3).all()
        if stuck or left.min() < _ZERO:
            break
    return rotations, left


def _exp(turns: Array) -> Array:
    """Rotation matrices [n, 3, 3] of rotation vectors [n, 3] (Rodrigues)."""
    angle = np.linalg.norm(turns, axis=1)
    axis = turns / np.where(angle > 0, angle, 1.0)[:, None]
    cross = np.zeros((len(turns), 3, 3))
    cross[:, [2, 0, 1], [1, 2, 0]] = axis
    cross[:, [1, 2, 0], [2, 0, 1]] = -axis
    sine, versine = np.sin(angle)[:, None, None], (1 - np.cos(angle))[:, None, None]
    return np.asarray(np.eye(3) + sine * cross + versine * cross @ cross)


@lru_cache(maxsize=1)
def _grid() -> Array:
    """Rotations spread evenly over SO(3), shape [GRID, 3, 3]: a Fibonacci lattice (Alexa 2022)."""
    k = np.arange(GRID) + 0.5
    phi, psi = np.sqrt(2.0), 1.533751168755204288118041
    radius, rest = np.sqrt(k / GRID), np.sqrt(1 - k / GRID)
    a, b = 2 * np.pi * k / phi, 2 * np.pi * k / psi
    x, y, z, w = radius * np.sin(a), radius * np.cos(a), rest * np.sin(b), rest * np.cos(b)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    ).transpose(2, 0, 1)


def _eigenframes(kind: TensorKind, unit: Array) -> Array:
    """Axes of every symmetric contraction to rank 2, in each of the 24 orders and senses."""
    axes = point_group_operations("432")
    rows = unit.reshape(3, -1)
    contractions = [rows @ rows.T]
    if kind.rank == 2:
        contractions.append(unit)
    if kind.rank == 4:
        contractions += [np.einsum("ijkk->ij", unit), np.einsum("ikjk->ij", unit)]
    if kind.rank == 3:
        contractions.append(np.einsum("kij,kll->ij", unit, unit))
    frames = [np.linalg.eigh(c + c.T)[1].T for c in contractions]
    proper = np.array([f * np.sign(np.linalg.det(f)) for f in frames])
    return np.asarray((axes[None] @ proper[:, None]).reshape(-1, 3, 3))
