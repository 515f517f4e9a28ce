"""Bundled crystals: built from space group, lattice constants and Wyckoff positions, offline.

The numbers and their sources stand in ``examples.json`` beside this module. All are conventional
cells with x ∥ a and z ∥ c* (so y = z × x).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from crysnb.errors import StructureError, quote
from crysnb.registry import Registry
from crysnb.structure import check
from crysnb.structure.elements import resolve

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure

_FIELDS = {"name", "title", "space_group", "cell", "sites", "source"}
_OPTIONAL = {"note"}
_CELL = ("a", "b", "c", "alpha", "beta", "gamma")


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A crystal as the literature gives it.

    Attributes
    ----------
    name
        Name under which it is bundled.
    title
        What it is, in words.
    space_group
        Hermann–Mauguin symbol of the setting; ``:2`` names the second origin choice.
    cell
        ``(a, b, c, alpha, beta, gamma)`` in Å and degrees.
    sites
        ``(element, x, y, z)`` of one atom per Wyckoff orbit, fractional.
    source
        Where the numbers come from.
    note
        What was changed against the source; mostly empty.

    Raises
    ------
    StructureError
        If a number, symbol or source cannot be right.
    """

    name: str
    title: str
    space_group: str
    cell: tuple[float, float, float, float, float, float]
    sites: tuple[tuple[str, float, float, float], ...]
    source: str
    note: str = ""

    def __post_init__(self) -> None:
        """Check what can be checked without building the crystal."""
        if not (self.name and self.title and self.space_group and any(c.isdigit() for c in self.source)):
            raise _bad(self.name, "a name, a title, a space group and a source with its year")
        if not self.sites:
            raise _bad(self.name, "at least one site")
        lattice = _lattice(self.cell)
        check.cell_angles(np.array(self.cell[3:]))
        check.cell_size(lattice)
        check.cell_volume(lattice, len(self.sites))
        for symbol, *position in self.sites:
            if resolve(symbol, where=self.name).symbol != symbol or not all(abs(x) <= 1.0 for x in position):
                raise _bad(self.name, "elements, and positions between -1 and 1")


def examples() -> list[str]:
    """Names of the bundled crystals, for :func:`crysnb.as_structure` and everything that takes a structure.

    Returns
    -------
    list of str
        In the order of the table, which never changes: new crystals join at the end. The first six
        are ``NaCl, GaAs, rutile, quartz, GaN, BaTiO3``.
    """
    return list(_table().list())


def find(name: str) -> Example:
    """Entry of a bundled crystal; case does not matter.

    Raises
    ------
    UnknownName
        ``name.unknown_example``, with the nearest name.
    """
    table = _table()
    folded = {known.casefold(): known for known in table}
    return table.get(folded.get(name.strip().casefold(), name))


def example(name: str) -> Structure:
    """Bundled crystal: conventional cell in Å, x ∥ a, z ∥ c*.

    Parameters
    ----------
    name
        One of :func:`examples`; case does not matter.
    """
    return _built(find(name).name).copy()


@cache
def _built(name: str) -> Structure:
    # The space group is worked out once in a process: that takes longer than all the rest.
    from pymatgen.core.lattice import Lattice
    from pymatgen.core.structure import Structure

    e = find(name)
    structure = Structure.from_spacegroup(
        e.space_group, Lattice(_lattice(e.cell)), [s[0] for s in e.sites], [s[1:] for s in e.sites], tol=1e-4
    )
    for i, site in enumerate(structure, 1):
        site.label = f"{site.specie.symbol}{i}"
    return structure


def parse(entry: Mapping[str, Any]) -> Example:
    """Entry of the table; lengths that are left out equal a, angles are 90°, positions may be fractions.

    Raises
    ------
    StructureError
        ``example.entry`` for unknown or missing fields; the codes of the rule for bad numbers.
    """
    name = entry.get("name", "")
    if not set(entry) >= _FIELDS or not set(entry) <= _FIELDS | _OPTIONAL:
        raise _bad(name, f"the fields {', '.join(sorted(_FIELDS))}, and perhaps note")
    cell = entry["cell"]
    if "a" not in cell or not set(cell) <= set(_CELL):
        raise _bad(name, f"a cell with a and perhaps {', '.join(_CELL[1:])}")
    a = float(cell["a"])
    defaults = (a, a, a, 90.0, 90.0, 90.0)
    lengths = [float(cell.get(key, default)) for key, default in zip(_CELL, defaults, strict=True)]
    sites = tuple((str(s), _number(x), _number(y), _number(z)) for s, x, y, z in entry["sites"])
    words = {key: entry[key] for key in (*sorted(_FIELDS - {"cell", "sites"}), *(_OPTIONAL & set(entry)))}
    return Example(
        cell=(lengths[0], lengths[1], lengths[2], lengths[3], lengths[4], lengths[5]), sites=sites, **words
    )


@cache
def _table() -> Registry[Example]:
    """All entries, checked once."""
    table: Registry[Example] = Registry("example")
    text = files("crysnb.structure").joinpath("examples.json").read_text(encoding="utf-8")
    for entry in json.loads(text):
        one = parse(entry)
        table.add(one.name, one)
    return table


def _lattice(cell: tuple[float, float, float, float, float, float]) -> NDArray[np.float64]:
    """Rows a, b, c in Å: a along x, b in the x-y plane."""
    a, b, c, *angles = cell
    cos_a, cos_b, cos_g = (_cosine(angle) for angle in angles)
    sin_g = np.sqrt(1.0 - cos_g**2)
    y = (cos_a - cos_b * cos_g) / sin_g
    z = np.sqrt(max(0.0, 1.0 - cos_b**2 - y**2))
    return np.array([[a, 0.0, 0.0], [b * cos_g, b * sin_g, 0.0], [c * cos_b, c * y, c * z]])


def _cosine(angle: float) -> float:
    """Exact where symmetry fixes the angle, so that b and c have exact zeros."""
    exact = {60.0: 0.5, 90.0: 0.0, 120.0: -0.5}
    return exact[angle] if angle in exact else float(np.cos(np.radians(angle)))


def _number(value: float | str) -> float:
    """0.377, or a fraction such as ``"1/3"``."""
    return float(Fraction(value)) if isinstance(value, str) else float(value)


def _bad(name: object, accepted: str) -> StructureError:
    return StructureError("example.entry", found=f"the bundled crystal {quote(name)}", accepted=accepted)
