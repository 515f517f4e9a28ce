"""The symmetry of one crystal: space group, Cartesian operations, and how it was found."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crysnb.errors import SymmetryUndetermined


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """A point-group operation in the crystal's own Cartesian frame.

    Attributes
    ----------
    rotation
        3×3 orthogonal matrix, float64.
    symbol
        Hermann–Mauguin symbol: ``1, -1, 2, m, 3, -3, 4, -4, 6, -6``.
    axis
        Unit vector along the axis (for a mirror: its normal), Cartesian; zero for 1 and -1.
    direction
        The same in conventional crystal axes, such as ``"[001]"``; empty for 1 and -1.
    text
        In words, such as ``"mirror perpendicular to [100]"``.
    name
        Short and unique in a group, such as ``"m [100]"`` or ``"3- [001]"``. The sense follows the
        International Tables: + turns counter-clockwise when the direction points at the viewer, for
        a rotoinversion before the inversion.
    """

    rotation: NDArray[np.float64]
    symbol: str
    axis: NDArray[np.float64]
    direction: str
    text: str
    name: str

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[np.float64]:  # noqa: FBT001
        return np.array(self.rotation, dtype=dtype)

    def __repr__(self) -> str:
        return f"Operation({self.text})"

    def to_dict(self) -> dict[str, Any]:
        """Name, symbol, direction, words, axis and Cartesian matrix."""
        return {
            "name": self.name,
            "symbol": self.symbol,
            "direction": self.direction,
            "text": self.text,
            "axis": self.axis.tolist(),
            "rotation": self.rotation.tolist(),
        }


@dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)
class SymmetryInfo:
    """Symmetry of a crystal in its own orientation.

    Attributes
    ----------
    number
        Space-group number, 1–230.
    symbol
        International short symbol, for example ``"P3_221"``.
    hall_number
        Hall number of the setting that spglib chose, 1–530.
    point_group
        Hermann–Mauguin symbol of the crystal class, for example ``"32"``.
    rotations
        Point-group operations of the primitive cell, Cartesian, shape [op, 3, 3], float64,
        orthogonal and closed under multiplication; the identity first.
    operations
        The same with names, in the same order.
    symprec
        Distance tolerance in Å that was used.
    displacement
        Largest shift of an atom, in Å, that idealisation needs.
    strain
        Change of squared lengths that idealisation needs, ‖FᵀF − 1‖ (Frobenius) with F the
        ``deformation``: twice the strain where it is small, the same for every choice of cell.
    site_rotations, site_translations, site_permutations
        Space-group operations of the *given* cell: integer matrices [op, 3, 3] and translations
        [op, 3] on fractional coordinates (x' = W x + w), and the site that each site is sent to,
        [op, site].
    standard_frame
        Rotation matrix [3, 3] from the own frame to the standard one (x ∥ a, z ∥ c* of the
        conventional cell).
    candidates
        (symprec, space-group number) of each detection that was tried; 0 where it failed.
    conventional_axes
        Rows are the idealised conventional axes a, b, c in Å in the own frame, right-handed.
    deformation
        Matrix F, shape [3, 3]: x' = F x sends the given crystal to the idealised one.
    ideal_frac
        Idealised fractional coordinates in the given cell, shape [site, 3].
    """

    number: int
    symbol: str
    hall_number: int
    point_group: str
    rotations: NDArray[np.float64]
    operations: tuple[Operation, ...]
    symprec: float
    displacement: float
    strain: float
    site_rotations: NDArray[np.int64]
    site_translations: NDArray[np.float64]
    site_permutations: NDArray[np.int64]
    standard_frame: NDArray[np.float64]
    candidates: tuple[tuple[float, int], ...] = ()
    conventional_axes: NDArray[np.float64] = field(default_factory=lambda: np.eye(3))
    deformation: NDArray[np.float64] = field(default_factory=lambda: np.eye(3))
    ideal_frac: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 3)))

    def __post_init__(self) -> None:
        r = self.rotations
        orthogonal = len(r) > 0 and np.abs(r @ r.transpose(0, 2, 1) - np.eye(3)).max() < 1e-6
        if not (orthogonal and is_closed(r)):
            raise SymmetryUndetermined(
                "symmetry.inconsistent",
                found=f"{len(r)} operations that are not a group of orthogonal matrices",
                accepted="a complete point group",
                action="Try another symprec.",
            )

    @property
    def is_translation(self) -> NDArray[np.bool_]:
        """Which operations of the given cell are pure translations, shape [op]; one if it is primitive."""
        return np.asarray((self.site_rotations == np.eye(3, dtype=np.int64)).all(axis=(1, 2)))

    def __repr__(self) -> str:
        return (
            f"SymmetryInfo({self.symbol} ({self.number}), {self.point_group}, "
            f"{len(self.rotations)} operations, "
            f"symprec {self.symprec:g} Å, displacement {self.displacement:.2g} Å)"
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain data, operations included."""
        return {
            "number": self.number,
            "symbol": self.symbol,
            "hall_number": self.hall_number,
            "point_group": self.point_group,
            "symprec": self.symprec,
            "displacement": self.displacement,
            "strain": self.strain,
            "candidates": [{"symprec": p, "number": n} for p, n in self.candidates],
            "operations": [op.to_dict() for op in self.operations],
        }


def is_closed(rotations: NDArray[np.float64], tolerance: float = 1e-6) -> bool:
    """Whether the matrices, shape [op, 3, 3], contain all their products."""
    if not len(rotations):
        return False
    flat = rotations.reshape(-1, 9)
    products = (rotations[:, None] @ rotations[None]).reshape(-1, 9)
    # ‖A − B‖² from inner products: one matrix product instead of a four-dimensional difference.
    size, sizes = (products**2).sum(axis=1), (flat**2).sum(axis=1)
    squared = size + (sizes[:, None] - 2 * flat @ products.T).min(axis=0)
    return bool(squared.max() < max(tolerance**2, 1e-13))
