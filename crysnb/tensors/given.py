"""A tensor as it is given: its kind, its numbers, and the range in which they can be computed with."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crysnb.errors import ShapeError, quote
from crysnb.values.prediction import Prediction
from crysnb.values.tensor_kind import KINDS, TensorKind, tensor_kind

Array = NDArray[np.float64]

#: Squares of larger entries lose their digits or overflow.
LARGEST_ENTRY = 1e100


def given_tensor(T: ArrayLike | Prediction, kind: str | TensorKind | None) -> tuple[TensorKind, Array]:
    """Kind and full Cartesian tensor, shape (3,)*rank, of an array or a prediction.

    Raises
    ------
    ShapeError
        ``tensor.kind`` if the shape names no kind, or two kinds contradict each other;
        ``tensor.too_large``; those of :meth:`TensorKind.cartesian`.
    UnknownName
        For an unknown kind.
    """
    named = tensor_kind(kind) if kind is not None else None
    if not isinstance(T, Prediction):
        chosen = named or kind_of_shape(_shape(T))
        return chosen, within_range(chosen.cartesian(T))
    own = T.spec.tensor
    if own is None or (named is not None and named != own) or T.frame != "own":
        raise ShapeError(
            "tensor.kind",
            found=f"a prediction of {quote(T.property)} in the frame {quote(T.frame)}",
            accepted=f"a tensor{f' of kind {named.name}' if named else ''} in the frame 'own'",
        )
    return own, within_range(own.cartesian(T.value))


def kind_of_shape(shape: tuple[int, ...]) -> TensorKind:
    """The kind that an array of this shape is taken for when none is named."""
    for kind in KINDS.values():
        if shape in (kind.matrix_shape, (3,) * kind.rank):
            return kind
    raise ShapeError(
        "tensor.kind",
        found=f"an array of shape {shape}",
        accepted="3×3 (dielectric), 3×6 or 3×3×3 (piezoelectric), 6×6 or 3×3×3×3 (elastic)",
    )


def _shape(T: ArrayLike) -> tuple[int, ...]:
    try:
        return np.asarray(T).shape
    except (TypeError, ValueError, OverflowError):
        return ()  # ragged: no shape that names a kind


def within_range(full: Array) -> Array:
    """The tensor itself, or ``tensor.too_large`` where squares of its entries cannot be computed with."""
    if np.abs(full).max() > LARGEST_ENTRY:
        raise ShapeError(
            "tensor.too_large",
            found=f"an entry of {np.abs(full).max():.3g}",
            accepted=f"entries up to {LARGEST_ENTRY:g}",
        )
    return full


def norm_of(tensor: Array) -> float:
    """Cartesian norm, also where squares of the entries would vanish or overflow."""
    size = float(np.abs(tensor).max())
    return size * float(np.linalg.norm(tensor / size)) if size else 0.0


def filled_half(kind: TensorKind, matrix: Array) -> str:
    """``"upper"`` or ``"lower"`` for a printed matrix that should be symmetric and has one triangle alone."""
    if len(set(kind.matrix_shape)) != 1 or len(kind.matrix_shape) != 2:
        return ""
    rows = kind.to_matrix.reshape(*kind.matrix_shape, -1)
    upper, lower = np.triu(matrix, 1).any(), np.tril(matrix, -1).any()
    if upper == lower or not np.array_equal(rows, rows.transpose(1, 0, 2)):
        return ""
    return "upper" if upper else "lower"
