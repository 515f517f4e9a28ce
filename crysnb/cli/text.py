"""Plain-text tables."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

#: Smaller than this share of the largest entry is printed as 0.
_NOISE = 1e-9


def width(text: str) -> int:
    """Columns that ``text`` takes in a terminal."""
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    combining = sum(unicodedata.combining(c) > 0 for c in text)
    return len(text) + wide - combining


def printable(text: str) -> str:
    """Text from a file without characters that could steer the terminal."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def table(rows: Sequence[Sequence[str]], *, right: bool = False, indent: str = "") -> str:
    """Rows as aligned columns; ``right`` aligns all columns but the first to the right."""
    if not rows:
        return ""
    widths = [max(width(row[k]) for row in rows) for k in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = []
        for k, (cell, space) in enumerate(zip(row, widths, strict=True)):
            padding = " " * (space - width(cell))
            cells.append(padding + cell if right and k else cell + padding)
        lines.append((indent + "  ".join(cells)).rstrip())
    return "\n".join(lines)


def number(value: float, scale: float = 0.0) -> str:
    """Five significant digits; noise beside ``scale`` is 0."""
    return "0" if abs(value) <= _NOISE * scale else f"{value:.5g}"


def matrix(values: NDArray[np.float64], rows: Sequence[str], columns: Sequence[str]) -> str:
    """A labelled matrix of numbers."""
    scale = float(np.abs(values).max(initial=0.0))
    body = [
        [label, *(number(float(v), scale) for v in line)] for label, line in zip(rows, values, strict=True)
    ]
    return table([["", *columns], *body], right=True, indent="  ")


def axis_labels(size: int) -> tuple[str, ...]:
    """Labels of a Cartesian (3) or Voigt (6) index."""
    return ("x", "y", "z") if size == 3 else ("xx", "yy", "zz", "yz", "xz", "xy")
