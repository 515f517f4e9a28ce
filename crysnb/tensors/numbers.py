"""Closed forms p/q·√n of the numbers that crystallographic orientations produce."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from functools import cache
from math import gcd, lcm

import numpy as np
from numpy.typing import ArrayLike, NDArray

#: Denominators, radicands and size of the numbers that are recognised.
MAX_DENOMINATOR, RADICANDS, LARGEST = 12, (1, 2, 3, 6), 24
#: Operations are exact to rounding, so a closed form has to fit that well (relative above 1).
TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class Closed:
    """The number p/q·√n in lowest terms, q > 0.

    Attributes
    ----------
    p, q, n
        Numerator with sign, denominator, radicand (1, 2, 3 or 6).
    """

    p: int
    q: int
    n: int

    def __float__(self) -> float:
        return self.p / self.q * math.sqrt(self.n)


def recognize(values: ArrayLike) -> list[Closed | None]:
    """The closed form of each number, None where there is none.

    Parameters
    ----------
    values
        Numbers, shape [k].

    Examples
    --------
    >>> recognize([0.5, -(3**0.5) / 2, 0.123456789])
    [Closed(p=1, q=2, n=1), Closed(p=-1, q=2, n=3), None]
    """
    x = np.asarray(values, dtype=np.float64)
    numbers, forms = _table()
    size = np.abs(x)
    at = np.clip(np.searchsorted(numbers, size), 1, len(numbers) - 1)
    at -= (size - numbers[at - 1]) < (numbers[at] - size)
    fits = np.abs(numbers[at] - size) <= TOLERANCE * np.maximum(1.0, size)
    return [
        Closed(-forms[k].p if v < 0 else forms[k].p, forms[k].q, forms[k].n) if ok else None
        for v, k, ok in zip(x.tolist(), at.tolist(), fits.tolist(), strict=True)
    ]


@cache
def _table() -> tuple[NDArray[np.float64], tuple[Closed, ...]]:
    forms = [Closed(0, 1, 1)]
    for n, q in itertools.product(RADICANDS, range(1, MAX_DENOMINATOR + 1)):
        forms += [Closed(p, q, n) for p in range(1, int(LARGEST * q / n**0.5) + 1) if gcd(p, q) == 1]
    forms.sort(key=float)
    return np.array([float(f) for f in forms]), tuple(forms)


def linear_text(names: list[str], forms: list[Closed]) -> str:
    """Σ form · name as ASCII text that sympy can read, e.g. ``"(c11 - c12)/2"``.

    Parameters
    ----------
    names
        Names in order of preference; positive terms are printed first.
    forms
        Their coefficients, none of them zero.
    """
    if len({f.n for f in forms}) > 1:
        # Different roots have no common factor: one group after the other.
        groups = [
            linear_text(
                [a for a, f in zip(names, forms, strict=True) if f.n == n], [f for f in forms if f.n == n]
            )
            for n in sorted({f.n for f in forms})
        ]
        return " + ".join(groups).replace("+ -", "- ")
    q = lcm(*(f.q for f in forms))
    whole = [f.p * (q // f.q) for f in forms]
    common = gcd(*whole)
    sign = -1 if all(p < 0 for p in whole) else 1
    terms = [(sign * p // common, name) for p, name in zip(whole, names, strict=True)]
    terms.sort(key=lambda term: term[0] < 0)
    # gcd and denominator have no common factor left beyond this one.
    shared = gcd(common, q)
    common, q = common // shared, q // shared
    inner = _sum_text(terms)
    factors = [str(common)] * (common != 1) + [f"sqrt({forms[0].n})"] * (forms[0].n != 1)
    bracket = len(terms) > 1 and (factors or q != 1 or sign < 0)
    body = "*".join([*factors, f"({inner})" if bracket else inner])
    return ("-" if sign < 0 else "") + body + (f"/{q}" if q != 1 else "")


def decimal_text(names: list[str], values: list[float]) -> str:
    """Σ value · name with twelve digits, for orientations without closed forms."""
    out = ""
    for name, value in zip(names, values, strict=True):
        sign = "-" if value < 0 else "+"
        factor = "" if abs(value) == 1.0 else f"{abs(value):.12g}*"
        out += f" {sign} {factor}{name}"
    return out[3:] if out.startswith(" +") else "-" + out[3:]


def _sum_text(terms: list[tuple[int, str]]) -> str:
    out = ""
    for p, name in terms:
        out += (" - " if p < 0 else " + ") + ("" if abs(p) == 1 else f"{abs(p)}*") + name
    return out[3:] if out.startswith(" +") else "-" + out[3:]
