"""Units that crysnb knows, and exact factors between those of one dimension.

Factors follow the 2019 SI: the elementary charge is exactly 1.602176634e-19 C (BIPM, SI Brochure,
9th edition), hence 1 eV/Å³ = 160.2176634 GPa.
"""

from __future__ import annotations

from crysnb.errors import CrysnbError, UnknownName

# unit -> (dimension, size in the dimension's base unit)
_UNITS: dict[str, tuple[str, float]] = {
    "1": ("dimensionless", 1.0),
    "C/m^2": ("surface charge", 1.0),
    "GPa": ("pressure", 1.0),
    "kbar": ("pressure", 0.1),
    "eV/angstrom^3": ("pressure", 160.2176634),
    "eV": ("energy", 1.0),
    "meV": ("energy", 1e-3),
    "eV/atom": ("energy per atom", 1.0),
    "meV/atom": ("energy per atom", 1e-3),
    "angstrom": ("length", 1.0),
    "nm": ("length", 10.0),
    "1/cm": ("wavenumber", 1.0),
    "pm/V": ("piezoelectric modulus", 1.0),
    "1/TPa": ("compressibility", 1.0),
}

#: How a unit is written for people; the dimensionless one is not written at all.
DISPLAY: dict[str, str] = {
    "1": "",
    "C/m^2": "C/m²",
    "eV/angstrom^3": "eV/Å³",
    "angstrom": "Å",
    "1/cm": "cm⁻¹",
}


def known_units() -> tuple[str, ...]:
    """Names of all units."""
    return tuple(_UNITS)


def check_unit(unit: object) -> str:
    """``unit`` itself, or :class:`UnknownName`."""
    if not isinstance(unit, str) or unit not in _UNITS:
        raise UnknownName.of("unit", unit, _UNITS)
    return unit


def units_like(unit: str) -> tuple[str, ...]:
    """All units of the dimension of ``unit``, itself among them."""
    dimension, _ = _UNITS[check_unit(unit)]
    return tuple(name for name, (other, _) in _UNITS.items() if other == dimension)


def convert(value: float, source: str, target: str) -> float:
    """``value`` given in ``source``, expressed in ``target``.

    Raises
    ------
    UnknownName
        If a unit is not known.
    CrysnbError
        ``unit.dimension`` if the two measure different things.
    """
    source_dimension, source_size = _UNITS[check_unit(source)]
    target_dimension, target_size = _UNITS[check_unit(target)]
    if source_dimension != target_dimension:
        raise CrysnbError(
            "unit.dimension",
            found=f"{source} measures {source_dimension}, {target} {target_dimension}",
            accepted="two units of one dimension",
        )
    return value * (source_size / target_size)


def display_unit(unit: str) -> str:
    """The unit as written for people, for example ``"C/m²"``; empty for a pure number."""
    return DISPLAY.get(check_unit(unit), unit)
