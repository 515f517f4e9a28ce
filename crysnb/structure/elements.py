"""Element symbols as files write them. Nothing is guessed: ``Uue`` is not uranium."""

from __future__ import annotations

import re
from dataclasses import dataclass

from crysnb.errors import StructureError, quote
from crysnb.values.symbols import SYMBOLS

_KNOWN = frozenset(SYMBOLS)
_ISOTOPES = {"D": "deuterium", "T": "tritium"}
# Symbol, then nothing or a charge: Na, Na+, Na1+, Na+1, O2-, Fe3.
_SYMBOL = re.compile(r"([A-Za-z]{1,3})(?:\d{0,2}(?:\.\d+)?[+-]|[+-]?\d{1,2}(?:\.\d+)?)?", re.ASCII)
_LABEL = re.compile(r"([A-Za-z]+)(?![A-Za-z])")


@dataclass(frozen=True, slots=True)
class Resolved:
    """An element, and the isotope that was written in its place (``"deuterium"``) or an empty text."""

    symbol: str
    isotope: str = ""


def resolve(text: str, *, where: str = "") -> Resolved:
    """Element for a symbol such as ``Na``, ``NA``, ``O2-`` or ``D``.

    Raises
    ------
    StructureError
        ``structure.unknown_element`` for anything that is not one of the 118 elements.
    """
    match = _SYMBOL.fullmatch(text.strip()) if len(text) < 16 else None
    letters = match[1].capitalize() if match else ""
    if letters in _KNOWN:
        return Resolved(letters)
    if letters in _ISOTOPES:
        return Resolved("H", _ISOTOPES[letters])
    raise StructureError(
        "structure.unknown_element",
        found=f"{where + ': ' if where else ''}{quote(text)} is not the symbol of an element",
        accepted="symbols of the elements 1 to 118, optionally with a charge as in Na1+",
        action="Correct the symbol; dummy atoms and vacancies cannot be read",
    )


def symbol_of_label(label: str, *, where: str = "") -> str:
    """Symbol at the head of a site label (``Na1``, ``O2a``) of a file that gives labels only.

    Only spellings that leave no choice are taken: ``CA1`` may be calcium or a carbon named A.
    """
    match = _LABEL.match(label.strip())
    letters = match[1] if match else ""
    if letters in _KNOWN or letters in _ISOTOPES:
        return letters
    if len(letters) == 1 and letters.upper() in _KNOWN:
        return letters.upper()
    raise StructureError(
        "structure.unknown_element",
        found=f"{where + ': ' if where else ''}the label {quote(label)} does not begin with a symbol",
        accepted="labels such as Na1, or a column _atom_site_type_symbol beside the labels",
        action="Add the column _atom_site_type_symbol with the element of each site",
    )


def isotope_of_label(label: str) -> str:
    """``"deuterium"`` or ``"tritium"`` for a label such as ``D1``, else an empty text."""
    match = _LABEL.match(label.strip())
    return _ISOTOPES.get(match[1], "") if match else ""
