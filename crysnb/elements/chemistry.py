"""What chemistry says about elements: properties to probe a table for, and partitions to compare groups with.

Source of all values: pymatgen's periodic table (Ong et al. 2013, doi:10.1016/j.commatsci.2012.10.028).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Element

from crysnb.errors import UnknownName
from crysnb.values.symbols import SYMBOLS

NOBLE_GASES = frozenset({"He", "Ne", "Ar", "Kr", "Xe", "Rn", "Og"})


@dataclass(frozen=True, slots=True)
class ElementProperty:
    """A number that belongs to an element.

    Attributes
    ----------
    name
        Short name, such as ``"X"``.
    text
        In words.
    unit
        As printed; empty for a pure number.
    attribute
        Of :class:`pymatgen.core.Element`.
    columns
        Names of columns that hold it, small letters and digits alone.
    """

    name: str
    text: str
    unit: str
    attribute: str
    columns: frozenset[str]


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: What tables are probed for, in the order of printed tables.
PROPERTIES: dict[str, ElementProperty] = {
    p.name: p
    for p in (
        ElementProperty(
            "X", "Pauling electronegativity", "", "X", _names("x electronegativity paulingelectronegativity")
        ),
        ElementProperty(
            "radius", "atomic radius", "Å", "atomic_radius", _names("atomicradius atomicradiusa")
        ),
        ElementProperty(
            "IE1",
            "first ionisation energy",
            "eV",
            "ionization_energy",
            _names("ionizationenergy firstionizationenergy ionizationenergyev"),
        ),
        ElementProperty(
            "EA",
            "electron affinity",
            "eV",
            "electron_affinity",
            _names("electronaffinity electronaffinityev"),
        ),
        ElementProperty("Tm", "melting point", "K", "melting_point", _names("meltingt meltingpoint")),
        ElementProperty(
            "mendeleev",
            "Mendeleev number",
            "",
            "mendeleev_no",
            _names("mendeleev mendeleevno mendeleevnumber"),
        ),
        ElementProperty("group", "group", "", "group", _names("group column")),
        ElementProperty("row", "row", "", "row", _names("row period")),
    )
}


def element_property(name: str, elements: Iterable[str]) -> NDArray[np.float64]:
    """Values [element] of one of :data:`PROPERTIES`; NaN where the periodic table has none.

    Raises
    ------
    UnknownName
        ``name.unknown_element_property``.
    """
    if name not in PROPERTIES:
        raise UnknownName.of("element property", name, PROPERTIES)
    return np.array([_value(symbol, PROPERTIES[name].attribute) for symbol in elements])


@cache
def _value(symbol: str, attribute: str) -> float:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pymatgen warns for every value that it lacks
        value = getattr(Element(symbol), attribute)
    return float("nan") if value is None else float(value)


def _family(element: Element) -> str:
    for name, is_one in _FAMILIES:
        if is_one(element):
            return name
    return "other nonmetal"


#: Tried in this order: ten families with the remaining nonmetals, eleven with the noble gases.
_FAMILIES: tuple[tuple[str, Callable[[Element], bool]], ...] = (
    ("alkali metal", lambda e: e.is_alkali),
    ("alkaline earth", lambda e: e.is_alkaline),
    ("halogen", lambda e: e.is_halogen),
    ("chalcogen", lambda e: e.is_chalcogen),
    ("noble gas", lambda e: e.is_noble_gas),
    ("metalloid", lambda e: e.is_metalloid),
    ("lanthanoid", lambda e: e.is_lanthanoid),
    ("actinoid", lambda e: e.is_actinoid),
    ("transition metal", lambda e: e.is_transition_metal),
    ("post-transition metal", lambda e: e.is_post_transition_metal),
)

_PARTITIONS: dict[str, Callable[[Element], str]] = {
    "family": _family,
    "block": lambda e: str(e.block),
    "group": lambda e: str(e.group),
    "row": lambda e: str(e.row),
    "metal": lambda e: "metal" if e.is_metal else "metalloid" if e.is_metalloid else "nonmetal",
}
#: Names of the partitions of the periodic table.
PARTITIONS: tuple[str, ...] = tuple(_PARTITIONS)


@cache
def _classes(name: str) -> dict[str, str]:
    return {symbol: _PARTITIONS[name](Element(symbol)) for symbol in SYMBOLS}


def partition(name: str, elements: Iterable[str]) -> list[str]:
    """Class of each element in one of :data:`PARTITIONS`.

    Raises
    ------
    UnknownName
        ``name.unknown_partition``.
    """
    if name not in _PARTITIONS:
        raise UnknownName.of("partition", name, _PARTITIONS)
    classes = _classes(name)
    return [classes[symbol] for symbol in elements]
