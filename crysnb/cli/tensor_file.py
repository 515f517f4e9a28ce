"""A tensor in a JSON file: nothing but nested lists of numbers, and not many of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NoReturn

from crysnb.errors import ShapeError, quote
from crysnb.files import read_whole

#: A tensor of rank 6 has 729 numbers.
MAX_BYTES, MAX_DEPTH = 1 << 16, 6
_ACCEPTED = "a JSON file with a nested list of numbers"


def read_tensor(path: Path) -> list[Any]:
    """The nested list of numbers in a file; its shape is not looked at.

    Raises
    ------
    ShapeError
        ``tensor.not_found``, ``tensor.not_a_file``, ``tensor.unreadable_file``, ``tensor.too_large``;
        ``tensor.syntax`` for what is not JSON; ``tensor.not_numeric`` for anything but numbers in lists;
        ``tensor.non_finite`` for the words NaN and Infinity.
    """
    data = read_whole(
        path, "tensor", limit=MAX_BYTES, too_large=_too_large, error=ShapeError, accepted=_ACCEPTED
    )
    if _depth(data) > MAX_DEPTH:
        raise ShapeError(
            "tensor.not_numeric", found="deeply nested lists", accepted=f"at most {MAX_DEPTH} levels"
        )
    try:
        value = json.loads(data.decode("utf-8-sig"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise ShapeError(
            "tensor.syntax",
            found=f"{quote(path.name)} is not JSON: {quote(str(error))}",
            accepted="a nested list of numbers, such as [[2, 0, 0], [0, 2, 0], [0, 0, 3]]",
        ) from None
    if not isinstance(value, list) or not _is_numeric(value):
        raise ShapeError(
            "tensor.not_numeric",
            found=f"{quote(path.name)} holds something else than numbers in lists",
            accepted="a nested list of numbers, such as [[2, 0, 0], [0, 2, 0], [0, 0, 3]]",
        )
    return value


def _too_large(_: int) -> ShapeError:
    return ShapeError(
        "tensor.too_large",
        found=f"a tensor file of more than {MAX_BYTES:,} bytes",
        accepted=f"at most {MAX_BYTES:,} bytes",
    )


def _depth(data: bytes) -> int:
    deepest = level = 0
    for byte in data:
        level += (byte in b"[{") - (byte in b"]}")
        deepest = max(deepest, level)
    return deepest


def _is_numeric(value: Any) -> bool:
    if isinstance(value, list):
        return all(_is_numeric(v) for v in value)
    return isinstance(value, int | float) and not isinstance(value, bool)


def _refuse_constant(word: str) -> NoReturn:
    raise ShapeError("tensor.non_finite", found=f"{word} in the tensor file", accepted="finite numbers")
