"""Where an element stands in the periodic table, 18 and 32 columns wide."""

from __future__ import annotations

from dataclasses import dataclass

from crysnb.values.symbols import SYMBOLS

_NOBLE = (0, 2, 10, 18, 36, 54, 86, 118)
_F_BLOCK = range(3, 17)
#: Rows of the wide table, of the narrow one, and the empty one between its d and f blocks.
ROWS_WIDE, ROWS_NARROW, GAP = 7, 10, 8


@dataclass(frozen=True, slots=True)
class Place:
    """Row and column from 1: in 18 columns, where the f block stands below, and in 32."""

    row: int
    column: int
    wide_row: int
    wide_column: int


def place(number: int) -> Place:
    """Place of the element of an atomic number; lutetium and lawrencium are in group 3 (IUPAC 2021)."""
    period = next(p for p in range(1, 8) if number <= _NOBLE[p])
    within = number - _NOBLE[period - 1]
    length = _NOBLE[period] - _NOBLE[period - 1]
    left = 1 if length == 2 else 2
    wide = within if length == 32 or within <= left else 32 - (length - within)
    if wide in _F_BLOCK:
        return Place(period + 3, wide, period, wide)
    return Place(period, wide if wide <= 2 else wide - 14, period, wide)


PLACES: dict[str, Place] = {symbol: place(z) for z, symbol in enumerate(SYMBOLS, 1)}
