"""Jahn's notation for the index symmetry of tensors, e.g. ``[[V2]2]`` or ``e[V2]``.

V is a polar vector; a number repeats; square brackets symmetrise the repeated thing, braces
antisymmetrise it; a leading ``e`` makes the tensor axial. H. A. Jahn, Acta Cryst. 2, 30 (1949),
doi:10.1107/S0365110X49000060.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from crysnb.errors import ShapeError, quote

#: A tensor of rank 6 has 729 entries, and its projector half a million; two ranks more take hours.
MAX_RANK = 6
_LETTERS = "ijklmnop"

# A permutation of places, and the sign that goes with it.
Swap = tuple[tuple[int, ...], int]


@dataclass(frozen=True, slots=True)
class Jahn:
    """A parsed symbol.

    Attributes
    ----------
    formula
        Index symmetry in e3nn notation, e.g. ``"ijk=ikj"``.
    axial
        Whether the tensor picks up det(R).
    """

    formula: str
    axial: bool


def parse(symbol: str) -> Jahn:
    """The index symmetry that a Jahn symbol means.

    Raises
    ------
    ShapeError
        ``tensor.jahn`` for anything that is not a symbol, for time-odd tensors (prefix ``a``),
        and beyond rank 6.
    """
    compact = re.sub(r"\s", "", str(symbol))
    body = compact.removeprefix("e")
    if len(compact) > 40 or not re.fullmatch(r"[V\d\[\]{}]+", body):
        raise _refused(symbol)
    rank, swaps, rest = _product(body, symbol)
    if rest or not 1 <= rank <= MAX_RANK:
        raise _refused(symbol)
    letters = _LETTERS[:rank]
    terms = [letters]
    for places, sign in swaps:
        terms.append(("-" if sign < 0 else "") + "".join(letters[k] for k in places))
    return Jahn("=".join(terms), compact.startswith("e"))


def _product(text: str, symbol: str) -> tuple[int, list[Swap], str]:
    """Factors side by side until the text ends or a bracket closes."""
    rank, swaps = 0, list[Swap]()
    while text and text[0] in "V[{":
        size, own, text = _factor(text, symbol)
        copies, text = _number(text)
        for _ in range(copies):
            _check(rank + size, symbol)
            swaps = [_widen(s, 0, rank + size) for s in swaps] + [_widen(s, rank, rank + size) for s in own]
            rank += size
    return rank, swaps, text


def _factor(text: str, symbol: str) -> tuple[int, list[Swap], str]:
    """``V``, or one thing repeated inside brackets."""
    if text[0] == "V":
        return 1, [], text[1:]
    sign, end = (1, "]") if text[0] == "[" else (-1, "}")
    if text[1:2] not in ("V", "[", "{"):
        raise _refused(symbol)
    size, own, text = _factor(text[1:], symbol)
    copies, text = _number(text)
    if not text.startswith(end):
        raise _refused(symbol)
    rank = size * copies
    _check(rank, symbol)
    swaps = [_widen(s, size * k, rank) for k in range(copies) for s in own]
    for k in range(copies - 1):
        places = list(range(rank))
        a, b = size * k, size * (k + 1)
        places[a : a + size], places[b : b + size] = places[b : b + size], places[a : a + size]
        swaps.append((tuple(places), sign))
    return rank, swaps, text[1:]


def _number(text: str) -> tuple[int, str]:
    digits = re.match(r"\d{0,2}", text)
    found = digits.group() if digits else ""
    return (int(found) if found else 1), text[len(found) :]


def _widen(swap: Swap, offset: int, rank: int) -> Swap:
    places, sign = swap
    moved = [*range(offset), *(offset + p for p in places), *range(offset + len(places), rank)]
    return tuple(moved), sign


def _check(rank: int, symbol: str) -> None:
    if rank > MAX_RANK:
        raise _refused(symbol)


def _refused(symbol: object) -> ShapeError:
    return ShapeError(
        "tensor.jahn",
        found=f"Jahn symbol {quote(symbol)}",
        accepted=f'such as "[V2]", "V[V2]", "[[V2]2]", "eV2", "{{V2}}", up to rank {MAX_RANK}, not time-odd',
    )
