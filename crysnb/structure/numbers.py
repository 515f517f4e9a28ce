"""Numbers as files write them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from numbers import Real

import numpy as np
from numpy.typing import NDArray

from crysnb.errors import StructureError, quote

# 1.5, -2e-3, .25, 1.5(3) with a standard uncertainty, 1/3, and the spellings of non-finite numbers.
_NUMBER = re.compile(
    r"([+-]?(?:\d+\.?\d*|\.\d+)(?:[eEdD][+-]?\d+)?)(?:\(\d*\))?|([+-]?(?:nan|inf(?:inity)?))",
    re.IGNORECASE | re.ASCII,
)
_FRACTION = re.compile(r"([+-]?\d{1,6})/(\d{1,6})", re.ASCII)
_LONGEST = 64


def number(text: str, field: str) -> float:
    """Number in ``text``, possibly not finite: the rules of :mod:`check` judge that.

    Raises
    ------
    StructureError
        ``structure.number`` naming ``field``.
    """
    token = text.strip()
    if len(token) <= _LONGEST:
        if match := _NUMBER.fullmatch(token):
            return (
                float((match[1] or match[2]).replace("d", "e").replace("D", "e"))
                if match[1]
                else float(match[2])
            )
        if (match := _FRACTION.fullmatch(token)) and int(match[2]) != 0:
            return int(match[1]) / int(match[2])
    raise StructureError("structure.number", found=f"{field} is {quote(text)}", accepted="a number")


def array(value: object, shape: tuple[int | None, ...], field: str) -> NDArray[np.float64]:
    """float64 array of the given shape from nested sequences of numbers (None: any length).

    Raises
    ------
    StructureError
        ``structure.number`` if an entry is not a number or the shape differs.
    """
    accepted = "×".join("n" if n is None else str(n) for n in shape) + " numbers"
    try:
        flat = (
            value if isinstance(value, np.ndarray) else np.array(_plain(value, len(shape)), dtype=np.float64)
        )
        out = np.asarray(flat, dtype=np.float64) if flat.dtype.kind in "iuf" else None
    except (TypeError, ValueError, OverflowError):
        out = None
    if out is not None and out.size == 0 and shape[0] is None:
        return np.zeros((0, *(n or 0 for n in shape[1:])))
    if (
        out is None
        or out.ndim != len(shape)
        or any(n is not None and n != m for n, m in zip(shape, out.shape, strict=True))
    ):
        raise StructureError("structure.number", found=f"{field} is {quote(value)}", accepted=accepted)
    return out


def _plain(value: object, depth: int) -> object:
    if depth == 0:
        if isinstance(value, Real) and not isinstance(value, bool | np.bool_):
            return float(value)
        raise TypeError("not a number")
    if isinstance(value, np.ndarray):
        return value
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_plain(v, depth - 1) for v in value]
    raise TypeError("not a list")
