"""Every choice of axes that the rules of a frame leave open for a crystal.

The rules (x ∥ a, z ∥ c*; IEEE Standard 176-1987) speak of the lattice. Where the lattice has rotations that
the crystal lacks, several bases obey them equally well, and a tensor has other components in each: c14 of
quartz is -18 or +18 GPa. What is counted are the proper rotations of the lattice, by crystal system (1, 2,
222, 422, 622 for trigonal and hexagonal axes, 432), modulo those of the point group.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crysnb.errors import UnknownName
from crysnb.symmetry.point_groups import hall_setting, point_group_operations
from crysnb.symmetry.project import invariants
from crysnb.tensors.frames import FRAMES, ieee_rotation, turned
from crysnb.values.symmetry_info import SymmetryInfo
from crysnb.values.tensor_kind import TensorKind, represent, tensor_kind

Array = NDArray[np.float64]

#: Rotations and tensors closer than this are the same.
_SAME = 1e-6
#: What the first choice is called.
AS_FOUND = "axes as found"


@dataclass(frozen=True, slots=True, eq=False)
class AxisSetting:
    """One choice of axes that a frame's rules allow.

    Attributes
    ----------
    text
        What leads here from the first choice, such as ``"turned by 180° about z"``.
    turn
        The same as a matrix in the frame, shape [3, 3]: components here are those of the first choice
        turned by it (v' = turn · v). Proper; the identity for the first choice.
    rotation
        Matrix from the structure's own frame to these axes, shape [3, 3].
    """

    text: str
    turn: Array
    rotation: Array

    def __repr__(self) -> str:
        return f"AxisSetting({self.text})"

    def to_dict(self) -> dict[str, Any]:
        """Words and both matrices."""
        return {"text": self.text, "turn": self.turn.tolist(), "rotation": self.rotation.tolist()}


def axis_settings(
    info: SymmetryInfo, frame: str, kind: str | TensorKind | None = None
) -> tuple[AxisSetting, ...]:
    """Inequivalent choices of axes for a crystal, the one that :func:`tensor_form` takes first.

    Parameters
    ----------
    info
        Symmetry of the crystal.
    frame
        ``"own"`` (always one choice), ``"nye"`` or ``"ieee"``.
    kind
        None counts cosets of the point group itself. With a kind, choices that give every allowed tensor
        of it the same components count as one: two for the elastic tensor of 3m, four for its
        piezoelectric one.

    Returns
    -------
    tuple of AxisSetting
        Among the rotations of one coset the easiest to picture is taken.

    Raises
    ------
    UnknownName
        For an unknown frame or kind.

    Notes
    -----
    Two choices are equivalent if a proper rotation of the crystal joins them; improper ones lead to the
    mirror image, another crystal, and are not considered. Counts: 4 for 3, -3, 3m, -4, -6; 2 for m, mm2,
    4, 4/m, 4mm, -42m, 32, -3m, 6, 6/m, 6mm, -6m2, 23, m-3, -43m; 1 for the others. An accidental symmetry
    of the lattice (a = b in an orthorhombic crystal) is not counted, and neither is a relabelling of
    axes that the space group names. For a rhombohedral lattice the obverse and the reverse cell are both
    hexagonal axes.
    International Tables for Crystallography A (2016), chapter 3.5; IEEE Standard 176-1987, section 3.2.
    """
    if frame not in FRAMES:
        raise UnknownName.of("frame", frame, FRAMES)
    if frame == "own":
        return _named(np.eye(3)[None], np.eye(3))
    to_frame = info.standard_frame if frame == "nye" else ieee_rotation(info)
    turns = _turns(hall_setting(info.hall_number).rotations, kind)
    return _named(turned(turns, to_frame @ info.standard_frame.T), to_frame)


def class_settings(rotations: Array, kind: str | TensorKind | None = None) -> tuple[AxisSetting, ...]:
    """The same for a point group in its standard frame, shape [op, 3, 3], without a crystal."""
    return _named(_turns(rotations, kind), np.eye(3))


def normalising(group: Array, lattice: str) -> Array:
    """Rotations of a lattice that map a point group onto itself, one for each coset, [choice, 3, 3].

    Parameters
    ----------
    group
        Point group in the standard frame, shape [op, 3, 3].
    lattice
        Crystal class of proper rotations whose operations are tried, such as ``"622"``.

    Returns
    -------
    ndarray
        In the standard frame; the identity is the first.
    """
    return _normalising(np.ascontiguousarray(np.round(group, 9)).tobytes(), len(group), lattice)


def _turns(group: Array, kind: str | TensorKind | None) -> Array:
    """Cosets in the standard frame, those that one kind of tensor cannot tell apart taken together."""
    turns = normalising(group, _proper_lattice(group))
    if kind is None or len(turns) == 1:
        return turns
    named = tensor_kind(kind)
    allowed = invariants(named, group).vectors
    images = represent(named, turns) @ allowed
    kept: list[int] = []
    for k, image in enumerate(images):
        if not any(np.abs(image - images[other]).max(initial=0.0) < _SAME for other in kept):
            kept.append(k)
    return np.asarray(turns[kept])


@lru_cache(maxsize=256)
def _normalising(raw: bytes, n: int, lattice: str) -> Array:
    group = np.frombuffer(raw).reshape(n, 3, 3)
    found: list[Array] = []
    for turn in sorted(point_group_operations(lattice), key=_effort):
        moved = turn @ group @ turn.T
        if not all(_contains(group, g) for g in moved):
            continue
        if not any(_contains(group, turn @ other.T) for other in found):
            found.append(turn)
    out = np.array(found)
    out.flags.writeable = False
    return out


def _contains(group: Array, operation: Array) -> bool:
    return bool(np.abs(group - operation).max(axis=(1, 2)).min() < _SAME)


def _proper_lattice(group: Array) -> str:
    """Proper rotations of the lattice of a point group's crystal system."""
    traces = np.round(np.linalg.det(group) * np.trace(group, axis1=1, axis2=2))
    threefold = int((traces == 0).sum())
    if threefold:
        # Two, or four with the inversion, about one axis; eight and more about four.
        return "432" if threefold >= 8 else "622"
    if (traces == 1).any():
        return "422"
    twofold = int((traces == -1).sum()) // (1 + int((traces == 3).sum() > 1))
    return {0: "1", 1: "2"}.get(twofold, "222")


def _effort(turn: Array) -> tuple[float, ...]:
    """Order of preference: no turn; about z, x or y; half a turn, which has no sense, before others."""
    angle, axis = _angle_axis(turn)
    along = [bool(abs(axis[k]) > 1 - _SAME) for k in (2, 0, 1)]
    place = along.index(True) if any(along) else 3
    sense = {180: 0, 90: 1, 60: 2, 120: 3}
    return (angle != 0, place, sense.get(abs(angle), 4), angle < 0, *(-np.round(axis, 6)))


def _angle_axis(turn: Array) -> tuple[int, Array]:
    """Angle in whole degrees, signed, about an axis whose first component that is not zero is positive."""
    angle = round(float(np.degrees(np.arccos(np.clip((np.trace(turn) - 1) / 2, -1, 1)))))
    if angle == 0:
        return 0, np.zeros(3)
    if angle == 180:
        column = (turn + np.eye(3))[:, int(np.argmax(np.diag(turn)))]
    else:
        column = np.array([turn[2, 1] - turn[1, 2], turn[0, 2] - turn[2, 0], turn[1, 0] - turn[0, 1]])
    axis = column / np.linalg.norm(column)
    sign = float(np.sign(axis[np.flatnonzero(np.abs(axis) > _SAME)[0]]))
    return (angle if angle == 180 else round(sign) * angle), sign * axis


def turn_text(turn: Array) -> str:
    """A proper rotation in words, such as ``"turned by 90° about z"``; the sense is counter-clockwise."""
    angle, axis = _angle_axis(np.asarray(turn, dtype=np.float64))
    if angle == 0:
        return AS_FOUND
    signed = [(value, name) for value, name in zip(axis, "xyz", strict=True) if abs(value) > _SAME]
    sizes = [abs(value) for value, _ in signed]
    if max(sizes) - min(sizes) < _SAME:
        line = "".join(f" {'-' if v < 0 else '+'} {name}" for v, name in signed)[3:]
    else:
        line = "[" + ", ".join(f"{value:.3f}" for value in axis) + "]"
    return f"turned by {angle}° about {line}"


def _named(turns: Array, to_frame: Array) -> tuple[AxisSetting, ...]:
    return tuple(AxisSetting(turn_text(turn), turn, turn @ to_frame) for turn in turns)
