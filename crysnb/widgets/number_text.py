"""Numbers as people read them in a table of one unit."""

from __future__ import annotations

import math
from collections.abc import Iterable

MINUS = "\N{MINUS SIGN}"


def decimals_for(values: Iterable[float | None]) -> int | None:
    """Decimals that show the largest value with four significant digits; None: use powers of ten."""
    largest = max((abs(v) for v in values if v is not None and math.isfinite(v)), default=0.0)
    if largest == 0.0:
        return 1
    exponent = math.floor(math.log10(largest))
    return None if exponent < -3 or exponent > 5 else min(max(3 - exponent, 0), 6)


def number_text(value: float | None, decimals: int | None) -> str:
    """The number with a typographic minus; an exact zero is ``"0"``, a rounded one keeps its decimals."""
    if value is None:
        return ""
    if not math.isfinite(value):
        return "not a number"
    if value == 0.0:
        return "0"
    text = f"{value:.2e}" if decimals is None else f"{value:.{decimals}f}"
    if float(text) == 0.0:
        text = text.lstrip("-")
    return text.replace("-", MINUS)


def small_text(value: float) -> str:
    """A residual: two significant digits, ``"0"`` if exact."""
    return "0" if value == 0 else f"{value:.1e}".replace("e-0", "e-").replace("e+00", "")


def share_text(value: float) -> str:
    """A share of one: percent where that reads well, a power of ten where it does not."""
    if value < 1e-4:
        return small_text(value)
    return f"{100 * value:.0f} %" if value > 0.1 else f"{100 * value:.2g} %"
