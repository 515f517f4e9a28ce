"""What a crystal is called; its formula without pymatgen's warning of missing electronegativities."""

from __future__ import annotations

from collections import Counter
from math import gcd
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure

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
    symbols = [site.specie.symbol for site in structure]
    if _WITHOUT.isdisjoint(symbols):
        return str(structure.composition.reduced_formula)
    counts = Counter(symbols)
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
