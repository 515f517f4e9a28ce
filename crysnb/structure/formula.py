"""What a crystal is called; its formula without pymatgen's warning of missing electronegativities."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from math import gcd
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure

#: An element, maybe with its charge.
_SYMBOL = re.compile(r"([A-Z][a-z]?)(?:[0-9.]*[+-])?")

# No Pauling electronegativity: pymatgen warns when it sorts a formula by it.
_WITHOUT = frozenset(
    [
        "He",
        "Ne",
        "Ar",
        "Rf",
        "Db",
        "Sg",
        "Bh",
        "Hs",
        "Mt",
        "Ds",
        "Rg",
        "Cn",
        "Nh",
        "Fl",
        "Mc",
        "Lv",
        "Ts",
        "Og",
    ]
)


def reduced_formula(structure: Structure) -> str:
    """Reduced formula of an ordered structure, as pymatgen writes it; alphabetic where that would warn."""
    return formula_of_symbols(site.specie.symbol for site in structure)


def formula_of_symbols(symbols: Iterable[str]) -> str:
    """Reduced formula of atoms, one symbol each, as :func:`reduced_formula` writes it.

    Raises
    ------
    ValueError
        If a symbol is none.
    """
    from pymatgen.core import Composition

    counts: Counter[str] = Counter()
    for symbol in symbols:
        element = _SYMBOL.fullmatch(symbol)
        if element is None:
            raise ValueError(f"{symbol!r} is no element")
        counts[element[1]] += 1
    if _WITHOUT.isdisjoint(counts):
        return str(Composition(counts).reduced_formula)
    divisor = gcd(*counts.values())
    return "".join(f"{s}{n // divisor if n > divisor else ''}" for s, n in sorted(counts.items()))


def title_of(structure: Any) -> str:
    """What a crystal is called: its id from reading, its name as typed, or its formula; else empty."""
    known = getattr(structure, "properties", None)
    if isinstance(known, dict) and isinstance(known.get("crysnb"), dict):
        return str(known["crysnb"].get("id", ""))
    if isinstance(structure, str) and len(structure) <= 40 and "\n" not in structure:
        return structure
    formula = getattr(structure, "reduced_formula", None) or getattr(
        getattr(structure, "composition", None), "reduced_formula", ""
    )
    return str(formula)
