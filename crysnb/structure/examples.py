"""Bundled crystals: built from space group, lattice constants and Wyckoff positions, offline.

All are conventional cells with x ∥ a and z ∥ c* (so y = z × x); in these six c* ∥ c.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from crysnb.registry import Registry

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure


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
        Hermann–Mauguin symbol.
    a, c
        Lattice constants in Å; a = b.
    gamma
        Angle between a and b in degrees; the others are 90.
    sites
        ``(element, x, y, z)`` of one atom per Wyckoff orbit.
    source
        Where the numbers come from.
    """

    name: str
    title: str
    space_group: str
    a: float
    c: float
    gamma: float
    sites: tuple[tuple[str, float, float, float], ...]
    source: str


_THIRD = 1.0 / 3.0
_EXAMPLES: Registry[Example] = Registry("example")
for _example in (
    Example(
        name="NaCl",
        title="rock salt",
        space_group="Fm-3m",
        a=5.6402,
        c=5.6402,
        gamma=90.0,
        sites=(("Na", 0.0, 0.0, 0.0), ("Cl", 0.5, 0.5, 0.5)),
        source="R. W. G. Wyckoff, Crystal Structures, 2nd ed., vol. 1 (Interscience, New York, 1963)",
    ),
    Example(
        name="GaAs",
        title="gallium arsenide, zinc blende",
        space_group="F-43m",
        a=5.6533,
        c=5.6533,
        gamma=90.0,
        sites=(("Ga", 0.0, 0.0, 0.0), ("As", 0.25, 0.25, 0.25)),
        source="J. S. Blakemore, J. Appl. Phys. 53, R123 (1982), doi:10.1063/1.331665",
    ),
    Example(
        name="rutile",
        title="rutile TiO2",
        space_group="P4_2/mnm",
        a=4.593659,
        c=2.958682,
        gamma=90.0,
        sites=(("Ti", 0.0, 0.0, 0.0), ("O", 0.30479, 0.30479, 0.0)),
        source="S. C. Abrahams and J. L. Bernstein, J. Chem. Phys. 55, 3206 (1971), doi:10.1063/1.1676569",
    ),
    Example(
        name="quartz",
        title="alpha-quartz, space group P3_221 (the enantiomorph P3_121 is its mirror image)",
        space_group="P3_221",
        a=4.916,
        c=5.4054,
        gamma=120.0,
        # The source has its origin at Si; the standard one lies 2/3 c lower.
        sites=(("Si", 0.4697, 0.0, 2.0 * _THIRD), ("O", 0.4135, 0.2669, 0.1191 + 2.0 * _THIRD)),
        source="L. Levien, C. T. Prewitt and D. J. Weidner, Am. Mineral. 65, 920 (1980), at 1 atm",
    ),
    Example(
        name="GaN",
        title="gallium nitride, wurtzite; the Ga to N bond along c points to +z",
        space_group="P6_3mc",
        a=3.190,
        c=5.189,
        gamma=120.0,
        sites=(("Ga", _THIRD, 2.0 * _THIRD, 0.0), ("N", _THIRD, 2.0 * _THIRD, 0.377)),
        source="H. Schulz and K. H. Thiemann, Solid State Commun. 23, 815 (1977), "
        "doi:10.1016/0038-1098(77)90959-0",
    ),
    Example(
        name="BaTiO3",
        title="barium titanate, tetragonal ferroelectric phase at room temperature",
        space_group="P4mm",
        a=3.9998,
        c=4.0180,
        gamma=90.0,
        # z reversed against the source, so that Ti is displaced from its O octahedron along +z.
        sites=(
            ("Ba", 0.0, 0.0, 0.0),
            ("Ti", 0.5, 0.5, 0.518),
            ("O", 0.5, 0.5, -0.016),
            ("O", 0.5, 0.0, 0.485),
        ),
        source="R. H. Buttner and E. N. Maslen, Acta Cryst. B 48, 764 (1992)",
    ),
):
    _EXAMPLES.add(_example.name, _example)


def examples() -> list[str]:
    """Names of the bundled crystals, for :func:`crysnb.as_structure` and everything that takes a structure.

    Returns
    -------
    list of str
        ``["NaCl", "GaAs", "rutile", "quartz", "GaN", "BaTiO3"]``.
    """
    return list(_EXAMPLES.list())


def find(name: str) -> Example:
    """Entry of a bundled crystal; case does not matter.

    Raises
    ------
    UnknownName
        ``name.unknown_example``, with the nearest name.
    """
    folded = {known.casefold(): known for known in _EXAMPLES}
    return _EXAMPLES.get(folded.get(name.strip().casefold(), name))


def example(name: str) -> Structure:
    """Bundled crystal: conventional cell in Å, x ∥ a, z ∥ c*.

    Parameters
    ----------
    name
        One of :func:`examples`; case does not matter.
    """
    from pymatgen.core.lattice import Lattice
    from pymatgen.core.structure import Structure

    e = find(name)
    cos, sin = (0.0, 1.0) if e.gamma == 90.0 else (-0.5, float(np.sqrt(0.75)))
    cell = [[e.a, 0.0, 0.0], [e.a * cos, e.a * sin, 0.0], [0.0, 0.0, e.c]]
    structure = Structure.from_spacegroup(
        e.space_group, Lattice(cell), [s[0] for s in e.sites], [s[1:] for s in e.sites], tol=1e-4
    )
    for i, site in enumerate(structure, 1):
        site.label = f"{site.specie.symbol}{i}"
    return structure
