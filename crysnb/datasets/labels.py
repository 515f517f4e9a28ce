"""Labels that can be used, and why the others cannot: one rule for training, scoring and the report."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crysnb.errors import CrysnbError, quote
from crysnb.symmetry.project import invariants
from crysnb.values.admissible import admissibility
from crysnb.values.property_spec import FLOOR, PROPERTIES
from crysnb.values.tensor_kind import ELASTIC, TensorKind

Array = NDArray[np.float64]

#: Largest ‖T − PT‖/‖T‖ of a label; above it tensor and crystal have different axes or different symmetry.
MAX_RESIDUAL = 0.05


def target_names(raw: Mapping[str, Any]) -> tuple[str, ...]:
    """Keys of the labels that a record has."""
    targets = raw.get("targets")
    return (
        tuple(k for k, value in targets.items() if value is not None) if isinstance(targets, Mapping) else ()
    )


def usable(
    raw: Mapping[str, Any], target: str, kind: TensorKind | None, *, largest: float = math.inf
) -> Array:
    """The label of a record, as far as that can be judged without looking at the crystal.

    Parameters
    ----------
    raw
        In the record format (see :mod:`crysnb.datasets.records`).
    target
        Key of the label.
    kind
        Kind of tensor, or None for a number.
    largest
        An entry of at least this size is refused.

    Returns
    -------
    ndarray
        Full Cartesian tensor, or a number as an array of shape ().

    Raises
    ------
    CrysnbError
        ``label.missing``; ``label.breaks_symmetry`` if the record says so itself (``symmetry_ok``), and
        ``label.flag`` if it says neither true nor false;
        ``label.too_large``, ``label.not_numeric``, ``label.non_finite``, and what
        :meth:`TensorKind.cartesian` raises.
    """
    targets = raw.get("targets")
    given = targets.get(target) if isinstance(targets, Mapping) else None
    if given is None:
        raise CrysnbError("label.missing", found=f"no {target}", accepted="records with that target")
    flag = raw.get("symmetry_ok", True)
    if kind is not None and not isinstance(flag, bool):
        raise CrysnbError(
            "label.flag", found=f"symmetry_ok is {quote(flag)}", accepted="true or false, or no such key"
        )
    if kind is not None and not flag:
        raise CrysnbError(
            "label.breaks_symmetry",
            found="symmetry_ok of the record is false",
            accepted="tensors that the point group of the crystal leaves unchanged",
        )
    label = kind.cartesian(given) if kind is not None else np.array(_number(given))
    size = float(np.abs(label).max())
    if size >= largest:
        raise CrysnbError("label.too_large", found=f"an entry of {size:g}", accepted=f"less than {largest:g}")
    return label


def _number(given: Any) -> float:
    if isinstance(given, bool) or not isinstance(given, (int, float)):
        raise CrysnbError("label.not_numeric", found="a label that is no number", accepted="a number")
    try:
        value = float(given)
    except OverflowError:
        value = math.inf
    if not math.isfinite(value):
        raise CrysnbError("label.non_finite", found="a label of NaN or infinity", accepted="a finite number")
    return value


def check_stable(label: Array, kind: TensorKind) -> None:
    """Refuse a stiffness that no stable crystal has.

    Raises
    ------
    CrysnbError
        ``label.not_positive_definite``.
    """
    if kind == ELASTIC:
        for finding in admissibility(kind, kind.matrix(label)):
            if not finding.passed:
                raise CrysnbError("label.not_positive_definite", found=finding.text.rstrip("."))


def symmetry_residual(label: Array, kind: TensorKind, rotations: ArrayLike) -> tuple[float, float]:
    """How far a tensor is from the group of its crystal.

    Parameters
    ----------
    label
        Full Cartesian tensor in the frame of the crystal.
    kind
        Kind of tensor.
    rotations
        Cartesian point-group operations, shape [op, 3, 3].

    Returns
    -------
    tuple
        ‖T − PT‖/‖T‖, 0 for T = 0; and ‖T − PT‖ in the unit of the label (Cartesian norms).
    """
    allowed = invariants(kind, rotations)
    relative = allowed.residual(label)
    return relative, relative * float(np.linalg.norm(label))


def check_symmetry(
    label: Array, kind: TensorKind, rotations: ArrayLike, *, tolerance: float = MAX_RESIDUAL
) -> tuple[float, float]:
    """:func:`symmetry_residual`, refused above ``tolerance`` where it is not below the noise of the unit.

    Raises
    ------
    CrysnbError
        ``label.breaks_symmetry``.
    """
    relative, absolute = symmetry_residual(label, kind, rotations)
    if relative > tolerance and absolute > _floor(kind):
        raise CrysnbError(
            "label.breaks_symmetry",
            found=f"{relative:.1%} of the tensor is not invariant under the point group of the crystal",
            accepted=f"at most {tolerance:.0%}",
            action="Check that tensor and cell are given in the same Cartesian axes",
        )
    return relative, absolute


def _floor(kind: TensorKind) -> float:
    """Size below which a tensor of this kind counts as zero."""
    units = {spec.unit for spec in PROPERTIES.values() if spec.tensor == kind}
    return max((FLOOR.get(unit, 0.0) for unit in units), default=0.0)
