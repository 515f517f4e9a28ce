"""Where the symmetry elements lie: axes, planes and centres of the operations, in the crystal's own frame.

Every point-group operation stands for infinitely many operations of the space group, which differ by
lattice translations. One of them is shown: the one that shifts least along its axis or plane (a
mirror rather than a glide plane, an axis rather than a screw axis), and among these the one whose
element passes nearest to a point of choice. International Tables A, section 1.2.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from crysnb.errors import SymmetryUndetermined
from crysnb.values.symmetry_info import Operation, SymmetryInfo

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure

ElementKind = Literal["identity", "inversion", "rotation", "screw", "rotoinversion", "mirror", "glide"]

#: Fractions of a lattice vector or lengths in Å below this are zero, and lengths in one bin are equal.
_SMALL = 1e-3
_BIN = 2e-3
_SHIFTS = np.array(list(itertools.product(range(-2, 3), repeat=3)), dtype=np.float64)
_WORDS = {2: "twofold", 3: "threefold", 4: "fourfold", 6: "sixfold"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SymmetryElement:
    """The symmetry element of one operation, and that operation.

    The operation is x' = R (x − p) + p + t with p the ``point`` and t the ``translation``: a rotation by
    ``angle`` about ``axis`` through p, followed by the inversion in p for a rotoinversion.

    Attributes
    ----------
    name
        Name of the operation, as in :class:`crysnb.values.symmetry_info.Operation`.
    kind
        ``identity, inversion, rotation, screw, rotoinversion, mirror, glide``.
    symbol
        ``"3"``, ``"3_2"`` (screw), ``"-4"``, ``"m"``, or the letter ``a, b, c, n, d`` of a glide plane
        (``g`` for any other), ``"1"`` and ``"-1"``.
    order
        How often the rotation (proper part) must be done to be the identity; 2 for a plane.
    axis
        Unit vector along the axis, or normal to the plane, Cartesian; zero for 1 and -1. A rotation
        of higher order than two turns counter-clockwise about it.
    point
        A point of the element in Å: of the axis, the plane, or the inversion centre itself.
    translation
        Screw or glide vector in Å, shape [3]; zero for other elements.
    rotation
        R, orthogonal, shape [3, 3].
    permutation
        Site that each site is sent to; None where the given cell is a supercell with another shape
        than the crystal's own, so that the operation does not map the cell's list of sites.
    text
        In words.
    """

    name: str
    kind: ElementKind
    symbol: str
    order: int
    axis: NDArray[np.float64]
    point: NDArray[np.float64]
    translation: NDArray[np.float64]
    rotation: NDArray[np.float64]
    permutation: tuple[int, ...] | None
    text: str

    @property
    def angle(self) -> float:
        """Angle of the proper rotation in radians; 0 for planes, the identity and the inversion."""
        return 2 * math.pi / self.order if self.kind in ("rotation", "screw", "rotoinversion") else 0.0

    def apply(self, positions: NDArray[np.float64]) -> NDArray[np.float64]:
        """Images of points in Å, shape [n, 3]."""
        return np.asarray((positions - self.point) @ self.rotation.T + self.point + self.translation)

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "name": self.name,
            "kind": self.kind,
            "symbol": self.symbol,
            "order": self.order,
            "axis": self.axis.tolist(),
            "point": self.point.tolist(),
            "translation": self.translation.tolist(),
            "permutation": None if self.permutation is None else list(self.permutation),
            "text": self.text,
        }


def symmetry_elements(
    structure: Structure, info: SymmetryInfo, near: tuple[float, float, float] = (0.5, 0.5, 0.5)
) -> tuple[SymmetryElement, ...]:
    """One symmetry element for each of ``info.operations``, in the same order.

    Parameters
    ----------
    structure
        The crystal that ``info`` was found for.
    info
        Its symmetry.
    near
        Fractional coordinates in the given cell; of all equivalent elements the one that passes
        nearest is taken. By default the middle of the cell.

    Returns
    -------
    tuple of SymmetryElement
        Cartesian, in Å, in the frame of the structure. Points and shifts are those of the idealised
        crystal carried over by fractional coordinates, so that they fit the given atoms to within
        ``info.displacement`` and ``info.strain``.

    Raises
    ------
    SymmetryUndetermined
        If ``info`` does not belong to the structure.
    """
    if len(info.ideal_frac) != len(structure):
        raise SymmetryUndetermined(
            "symmetry.inconsistent",
            found=f"a symmetry of {len(info.ideal_frac)} sites for a structure of {len(structure)}",
            accepted="the structure that the symmetry was found for",
        )
    crystal = _Crystal(structure, info)
    middle = np.asarray(near, dtype=np.float64) @ crystal.lattice
    return tuple(crystal.element(operation, middle) for operation in info.operations)


class _Crystal:
    """The idealised crystal: its primitive lattice, and the translation that belongs to each rotation."""

    def __init__(self, structure: Structure, info: SymmetryInfo) -> None:
        self.given = np.asarray(structure.lattice.matrix, dtype=np.float64)
        self.lattice = self.given @ info.deformation.T
        self.numbers = np.asarray(structure.atomic_numbers)
        self.info = info
        inverse = np.linalg.inv(self.lattice)
        self.site_rotations = self.lattice.T @ info.site_rotations @ inverse.T
        pure = np.abs(self.site_rotations - np.eye(3)).max(axis=(1, 2)) < _SMALL
        self.pure = np.flatnonzero(pure)
        self.primitive = _primitive(self.lattice, info.site_translations[pure])

    def element(self, operation: Operation, middle: NDArray[np.float64]) -> SymmetryElement:
        r = operation.rotation
        same = np.flatnonzero(np.abs(self.site_rotations - r).max(axis=(1, 2)) < _SMALL)
        start = self.info.site_translations[same[0]] if len(same) else self._search(r)
        # With the origin in the middle, the nearest element is the one with the shortest point.
        shift = start @ self.lattice + r @ middle - middle
        intrinsic, point = self._nearest(operation, self._wrapped(shift))
        translation = point + middle - r @ (point + middle) + intrinsic
        kind, symbol, order = self._classify(operation, intrinsic)
        return SymmetryElement(
            name=operation.name,
            kind=kind,
            symbol=symbol,
            order=order,
            axis=operation.axis,
            point=self._as_given(point + middle),
            translation=self._as_given(intrinsic),
            rotation=r,
            permutation=self._permutation(same, translation),
            text=_text(kind, symbol, order, operation.direction, float(np.linalg.norm(intrinsic))),
        )

    def _as_given(self, vector: NDArray[np.float64]) -> NDArray[np.float64]:
        out = vector @ np.linalg.inv(self.lattice) @ self.given
        return np.where(np.abs(out) < 1e-9, 0.0, out)

    def _wrapped(self, shift: NDArray[np.float64]) -> NDArray[np.float64]:
        frac = shift @ np.linalg.inv(self.primitive)
        return np.asarray((frac - np.round(frac)) @ self.primitive)

    def _nearest(
        self, operation: Operation, shift: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Intrinsic translation and nearest fixed point over all lattice translations."""
        shifts = shift + _SHIFTS @ self.primitive
        r = operation.rotation
        along = np.outer(operation.axis, operation.axis)
        # Onto what the operation leaves in place: everything, a plane, a line, or a point.
        onto = np.eye(3) - along if operation.symbol == "m" else along if np.linalg.det(r) > 0 else 0 * along
        if operation.symbol == "1":
            onto = np.eye(3)
        intrinsic = shifts @ onto
        points = (shifts - intrinsic) @ np.linalg.pinv(np.eye(3) - r, rcond=1e-6).T
        sizes = np.linalg.norm(intrinsic, axis=1)
        away = np.linalg.norm(points, axis=1)
        # A glide by a whole letter is the one that the space-group symbol speaks of. Ties are settled by
        # the direction of the shift, then of the point, so that noise decides nothing.
        is_glide = operation.symbol == "m" and sizes.min() > _SMALL
        letters = self._glides(intrinsic) if is_glide else [""] * len(shifts)
        odd = np.array([letter == "g" for letter in letters])
        forward = -(intrinsic @ operation.axis)
        keys = np.column_stack([sizes > _SMALL, odd, sizes, forward, away, -intrinsic, -points])
        # The offset is no simple fraction, so that lengths of crystals do not fall on an edge of a bin.
        best = np.lexsort(np.round(keys / _BIN + 0.2718).T[::-1])[0]
        return intrinsic[best] * (sizes[best] > _SMALL), points[best]

    def _classify(self, op: Operation, intrinsic: NDArray[np.float64]) -> tuple[ElementKind, str, int]:
        moves = bool(np.linalg.norm(intrinsic) > _SMALL)
        if op.symbol == "1":
            return "identity", "1", 1
        if op.symbol == "-1":
            return "inversion", "-1", 1
        if op.symbol == "m":
            return ("glide", self._glides(intrinsic[None])[0], 2) if moves else ("mirror", "m", 2)
        order = abs(int(op.symbol))
        if int(op.symbol) < 0:
            return "rotoinversion", op.symbol, order
        if not moves:
            return "rotation", op.symbol, order
        steps = round(order * float(intrinsic @ op.axis) / self._period(op.axis)) % order
        return "screw", f"{order}_{steps}", order

    def _period(self, axis: NDArray[np.float64]) -> float:
        """Shortest lattice translation along an axis, in Å."""
        vectors = _SHIFTS @ self.primitive
        along = vectors @ axis
        lengths = np.linalg.norm(vectors, axis=1)
        return float(along[(along > _SMALL) & (lengths - along < _SMALL)].min())

    def _glides(self, intrinsic: NDArray[np.float64]) -> list[str]:
        """Letters of glide vectors, shape [n, 3]."""
        parts = np.abs(intrinsic @ np.linalg.inv(self.info.conventional_axes))
        parts = parts - np.floor(parts + 5 * _SMALL)
        rest, half = np.abs(parts) < 5 * _SMALL, np.abs(parts - 0.5) < 5 * _SMALL
        quarter = np.abs(np.abs(parts - 0.5) - 0.25) < 5 * _SMALL
        whole = (half | rest).all(axis=1)
        diamond = (quarter | half | rest).all(axis=1) & (quarter.sum(axis=1) > 1)
        single = [("abc"[k] if n == 1 else "n") for k, n in zip(half.argmax(1), half.sum(1), strict=True)]
        return [s if w else "d" if d else "g" for s, w, d in zip(single, whole, diamond, strict=True)]

    def _permutation(
        self, same: NDArray[np.int64], translation: NDArray[np.float64]
    ) -> tuple[int, ...] | None:
        if not len(same):
            return None
        gap = self.info.site_translations[same] - translation @ np.linalg.inv(self.lattice)
        gap = np.abs(gap - np.round(gap)).max(axis=1)
        best = same[gap.argmin()]
        return tuple(int(k) for k in self.info.site_permutations[best])

    def _search(self, r: NDArray[np.float64]) -> NDArray[np.float64]:
        """A translation that makes a symmetry of a rotation which the given cell's shape does not have.

        One atom per translation orbit of the rarest element is tried as the image of the first.
        """
        frac, numbers = self.info.ideal_frac, self.numbers
        orbit = self.info.site_permutations[self.pure].min(axis=0)
        keep = np.unique(orbit)
        values, counts = np.unique(numbers[keep], return_counts=True)
        own = keep[numbers[keep] == values[counts.argmin()]]
        turned = (frac[keep] @ self.lattice) @ r.T @ np.linalg.inv(self.lattice)
        first = turned[np.searchsorted(keep, own[0])]
        best, error = np.zeros(3), np.inf
        for j in own:
            shift = frac[j] - first
            gap = (turned + shift)[:, None, :] - frac
            gap = np.linalg.norm((gap - np.round(gap)) @ self.lattice, axis=2)
            gap[numbers[keep][:, None] != numbers] = np.inf
            worst = float(gap.min(axis=1).max())
            if worst < error:
                best, error = shift, worst
        if error > 10 * self.info.symprec:
            raise SymmetryUndetermined(
                "symmetry.inconsistent",
                found=f"a rotation that leaves atoms {error:.2g} Å away from any other",
                accepted="the structure that the symmetry was found for",
            )
        return np.asarray(best)


def _primitive(lattice: NDArray[np.float64], pure: NDArray[np.float64]) -> NDArray[np.float64]:
    """Three short lattice vectors as rows that span all pure translations, Å."""
    from pymatgen.core.lattice import Lattice

    reduced = np.asarray(Lattice(lattice).get_lll_reduced_lattice().matrix)
    inside = pure @ lattice @ np.linalg.inv(reduced)
    inside = inside - np.round(inside)
    near = np.array(list(itertools.product((-1, 0, 1), repeat=3)))
    vectors = (inside[:, None, :] + near).reshape(-1, 3) @ reduced
    lengths = np.linalg.norm(vectors, axis=1)
    volume = abs(float(np.linalg.det(lattice))) / len(pure)
    chosen: list[NDArray[np.float64]] = []
    for k in np.argsort(np.round(lengths, 6), kind="stable"):
        if lengths[k] > _SMALL and _independent([*chosen, vectors[k]]):
            chosen.append(vectors[k])
        if len(chosen) == 3:
            break
    basis = np.array(chosen)
    if len(chosen) < 3 or abs(abs(float(np.linalg.det(basis))) / volume - 1) > 0.01:
        raise SymmetryUndetermined(
            "symmetry.inconsistent",
            found=f"{len(pure)} translations that are no lattice",
            accepted="the pure translations of a space group",
        )
    return basis


def _independent(vectors: list[NDArray[np.float64]]) -> bool:
    unit = np.array([v / np.linalg.norm(v) for v in vectors])
    return bool(np.linalg.svd(unit, compute_uv=False)[-1] > 0.05)


def _text(kind: ElementKind, symbol: str, order: int, direction: str, length: float) -> str:
    times = _WORDS.get(order, "")
    glide = "glide plane" if symbol == "g" else f"glide plane {symbol}"
    return {
        "identity": "identity: nothing moves",
        "inversion": "inversion centre",
        "mirror": f"mirror plane perpendicular to {direction}",
        "glide": f"{glide} perpendicular to {direction}, shift {length:.2f} Å",
        "rotation": f"{times} axis along {direction}",
        "screw": f"{times} screw axis {symbol} along {direction}, shift {length:.2f} Å",
        "rotoinversion": f"{times} rotoinversion {symbol} about {direction}",
    }[kind]
