"""The Wyckoff sequence as a value: tokens, degrees of freedom, edits, and the crystal that it stands for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from crysnb.errors import ShapeError, StructureError, UnknownName, quote
from crysnb.structure.elements import resolve
from crysnb.symmetry.free_parameters import AXES, PARAMETERS, FreePosition, lattice_form, lattice_of
from crysnb.symmetry.search import database

if TYPE_CHECKING:
    import pandas as pd
    from pymatgen.core.structure import Structure

Array = NDArray[np.float64]

CITATION = (
    "Cao, Luo, Lv, Wang (2024), Space group informed transformer for crystalline materials generation "
    "(CrystalFormer), arXiv 2403.15734"
)
_IDENTITY = np.eye(3, dtype=np.int64)
_LARGEST = 1e6


class Token(NamedTuple):
    """One token: g (group), W (Wyckoff position), A (element), X (coordinate) or L (lattice parameter)."""

    kind: str
    orbit: int | None
    name: str
    value: float | str
    is_free: bool


class DegreesOfFreedom(NamedTuple):
    """Numbers that the group leaves free, against those of as many atoms without symmetry.

    ``coordinates`` counts those that only move the origin along a polar axis (``origin``) too, as 3N + 6
    does. ``atoms`` is N, of the primitive cell.
    """

    coordinates: int
    lattice: int
    origin: int
    atoms: int

    @property
    def total(self) -> int:
        """Free coordinates and lattice parameters."""
        return self.coordinates + self.lattice

    @property
    def without_symmetry(self) -> int:
        """3N + 6."""
        return 3 * self.atoms + 6

    @property
    def text(self) -> str:
        """The count as a phrase."""
        return (
            f"{self.coordinates} coordinates and {self.lattice} lattice parameters, of 3 × {self.atoms} + 6"
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Orbit:
    """Symmetry-equivalent sites of the conventional cell.

    Attributes
    ----------
    letter, site_symmetry
        Wyckoff letter and oriented symbol of the site symmetry, as spglib names them.
    element
        Symbol.
    position, values
        Where its sites may lie, and the free coordinates of its representative, in [0, 1).
    rotations, translations
        One operation for each of its sites, shapes [site, 3, 3] and [site, 3].
    """

    letter: str
    site_symmetry: str
    element: str
    position: FreePosition
    values: tuple[float, ...]
    rotations: NDArray[np.int64]
    translations: Array

    @property
    def multiplicity(self) -> int:
        """Number of sites in the conventional cell."""
        return len(self.rotations)

    @property
    def label(self) -> str:
        """Element, multiplicity and letter: ``"O 6c"``."""
        return f"{self.element} {self.multiplicity}{self.letter}"

    @property
    def coordinates(self) -> dict[str, float]:
        """The free coordinates by name."""
        return dict(zip(self.position.free, self.values, strict=True))

    @property
    def point(self) -> Array:
        """Its representative, fractional, shape [3]."""
        return self.position.at(self.values)

    @property
    def sites(self) -> Array:
        """All its sites, fractional, in [0, 1), shape [site, 3]."""
        frac = self.rotations @ self.point + self.translations
        frac = frac - np.floor(frac + 1e-12)
        return np.asarray(np.where(np.abs(frac) < 1e-12, 0.0, frac))


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class WyckoffSequence:
    """A crystal as space group, orbits and lattice. Made by :func:`crysnb.wyckoff`.

    Attributes
    ----------
    number, symbol, hall_number
        The space group in the setting that the sequence is written in.
    symprec
        Tolerance in Å that the group was found with.
    orbits
        By Wyckoff letter, then by coordinates.
    lattice
        a, b, c in Å and alpha, beta, gamma in degrees of the conventional cell.
    displacement, strain
        How far the sequence is from the crystal as given: the farthest site in Å, and the change of squared
        lengths as a share; rounding for a crystal that has its symmetry exactly. Kept by edits.
    """

    number: int
    symbol: str
    hall_number: int
    symprec: float
    orbits: tuple[Orbit, ...]
    lattice: dict[str, float]
    displacement: float
    strain: float

    @property
    def free_lattice(self) -> tuple[str, ...]:
        """Names of the free lattice parameters."""
        return lattice_form(self.hall_number).free

    @cached_property
    def degrees_of_freedom(self) -> DegreesOfFreedom:
        """What is free, and what 3N + 6 would be."""
        w = database(self.hall_number)[0]
        n_centring = int((w == _IDENTITY).all(axis=(1, 2)).sum())
        return DegreesOfFreedom(
            coordinates=sum(len(orbit.values) for orbit in self.orbits),
            lattice=len(self.free_lattice),
            origin=round(float(w.trace(axis1=1, axis2=2).mean())),
            atoms=sum(orbit.multiplicity for orbit in self.orbits) // n_centring,
        )

    @property
    def tokens(self) -> tuple[Token, ...]:
        """The sequence: g, then W, A and three X of each orbit, then six L."""
        out = [Token("g", None, self.symbol, self.number, is_free=False)]
        for k, orbit in enumerate(self.orbits):
            place = f"{orbit.multiplicity}{orbit.letter} ({orbit.site_symmetry})"
            out.append(Token("W", k, "position", place, is_free=False))
            out.append(Token("A", k, "element", orbit.element, is_free=True))
            for axis, text, value in zip(AXES, orbit.position.texts, orbit.point, strict=True):
                is_free = axis in orbit.position.free
                out.append(Token("X", k, axis if is_free else f"{axis} = {text}", float(value), is_free))
        rules = lattice_form(self.hall_number).rules
        for name in PARAMETERS:
            rule = rules[name]
            said = name if rule in (name, self.lattice[name]) else f"{name} = {rule}"
            out.append(Token("L", None, said, self.lattice[name], rule == name))
        return tuple(out)

    def with_changes(
        self,
        *,
        elements: Mapping[int, str] | None = None,
        coordinates: Mapping[int, Mapping[str, float]] | None = None,
        lattice: Mapping[str, float] | None = None,
    ) -> Self:
        """The sequence with other elements, free coordinates or free lattice parameters.

        Parameters
        ----------
        elements
            New element of orbits, by their place in ``orbits``, from 0.
        coordinates
            New free coordinates of orbits, fractional: ``{1: {"x": 0.41}}``.
        lattice
            New free lattice parameters, Å and degrees: ``{"a": 4.9}``.

        Returns
        -------
        WyckoffSequence
            In the same group and setting. A crystal may by chance have more symmetry than the sequence
            that it was made from.

        Raises
        ------
        StructureError
            ``wyckoff.fixed_coordinate``, ``wyckoff.tied_lattice``, ``wyckoff.lattice``,
            ``structure.unknown_element``, ``structure.overlap`` where atoms collide, or any other reason
            for which :func:`crysnb.as_structure` refuses a crystal.
        ShapeError
            ``wyckoff.number`` for what is no finite number.
        UnknownName
            For an orbit, coordinate or parameter that there is not.
        """
        orbits = list(self.orbits)
        for k, symbol in (elements or {}).items():
            orbits[self._place(k)] = replace(orbits[self._place(k)], element=resolve(str(symbol)).symbol)
        for k, new in (coordinates or {}).items():
            orbits[self._place(k)] = _moved(orbits[self._place(k)], new)
        changed = replace(self, orbits=tuple(orbits), lattice=self._other_lattice(lattice or {}))
        changed.structure()  # refused now, not when it is first drawn
        return changed

    def _place(self, orbit: object) -> int:
        if (
            isinstance(orbit, bool)
            or not isinstance(orbit, int | np.integer)
            or not 0 <= orbit < len(self.orbits)
        ):
            raise UnknownName.of("orbit", orbit, [f"{k} ({o.label})" for k, o in enumerate(self.orbits)])
        return int(orbit)

    def _other_lattice(self, new: Mapping[str, float]) -> dict[str, float]:
        form = lattice_form(self.hall_number)
        values = dict(self.lattice)
        for name, value in new.items():
            if name not in PARAMETERS:
                raise UnknownName.of("lattice parameter", name, PARAMETERS)
            rule = form.rules[name]
            if rule != name:
                held = f"equal to {rule}" if isinstance(rule, str) else f"{rule:g}°"
                raise StructureError(
                    "wyckoff.tied_lattice",
                    found=f"a new {name}, which the space group {self.symbol} ({self.number}) keeps {held}",
                    accepted="the free lattice parameters " + ", ".join(form.free),
                )
            values[name] = _number(name, value)
        return form.filled(values)

    def structure(self) -> Structure:
        """The crystal in its standardised conventional cell, x ∥ a and z ∥ c*, checked.

        Orbits follow each other in the order of ``orbits``.

        Raises
        ------
        StructureError
            As of :meth:`with_changes`.
        """
        from pymatgen.core.structure import Structure

        from crysnb.structure.read import as_structure

        species = [orbit.element for orbit in self.orbits for _ in range(orbit.multiplicity)]
        frac = np.concatenate([orbit.sites for orbit in self.orbits])
        rebuilt: Structure = as_structure(Structure(lattice_of(self.lattice), species, frac))
        return rebuilt

    def __repr__(self) -> str:
        orbits = ", ".join(orbit.label for orbit in self.orbits)
        freedom = self.degrees_of_freedom
        return (
            f"WyckoffSequence({self.symbol} ({self.number}): {orbits}; "
            f"{freedom.total} of {freedom.without_symmetry} free)"
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        freedom = self.degrees_of_freedom
        return {
            "space_group": self.number,
            "symbol": self.symbol,
            "hall_number": self.hall_number,
            "symprec": self.symprec,
            "orbits": [
                {
                    "letter": orbit.letter,
                    "multiplicity": orbit.multiplicity,
                    "site_symmetry": orbit.site_symmetry,
                    "element": orbit.element,
                    "position": list(orbit.position.texts),
                    "free": orbit.coordinates,
                }
                for orbit in self.orbits
            ],
            "lattice": dict(self.lattice),
            "free_lattice": list(self.free_lattice),
            "degrees_of_freedom": {
                **freedom._asdict(),
                "total": freedom.total,
                "without_symmetry": freedom.without_symmetry,
            },
            "displacement": self.displacement,
            "strain": self.strain,
            "idea": CITATION,
        }

    def to_frame(self) -> pd.DataFrame:
        """One row per token: kind, orbit, name, value, is_free."""
        import pandas as pd

        frame = pd.DataFrame([token._asdict() for token in self.tokens])
        return frame.astype({"orbit": "Int64"})  # whole numbers, also where there is none


def _moved(orbit: Orbit, new: object) -> Orbit:
    if not isinstance(new, Mapping):
        raise ShapeError(
            "wyckoff.number", found=f"coordinates {quote(new)}", accepted='a dict such as {"x": 0.41}'
        )
    values = orbit.coordinates
    for name, value in new.items():
        if name not in AXES:
            raise UnknownName.of("coordinate", name, AXES)
        if name not in values:
            free = ", ".join(values) or "none"
            raise StructureError(
                "wyckoff.fixed_coordinate",
                found=f"a new {name} on {orbit.label}, where a site is ({', '.join(orbit.position.texts)})",
                accepted=f"its free coordinates: {free}",
            )
        number = _number(name, value)
        values[name] = number - math.floor(number)
    return replace(orbit, values=tuple(values[name] for name in orbit.position.free))


def _number(name: str, value: Any) -> float:
    is_number = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    if not is_number or not abs(value) < _LARGEST:
        raise ShapeError("wyckoff.number", found=f"{name} = {quote(value)}", accepted="a finite number")
    return float(value)


def lengths(gap: Array, lattice: Array) -> Array:
    """Lengths in Å of fractional vectors up to lattice translations, shape of all but the last axis."""
    gap = gap - np.round(gap)
    return np.asarray(np.sqrt(((gap @ lattice) ** 2).sum(axis=-1)))


def distances(these: Array, others: Array, lattice: Array) -> Array:
    """Distances in Å between fractional points up to lattice translations, [point, other]."""
    return lengths(these[:, None, :] - others[None, :, :], lattice)


def first_of_each(points: Array, lattice: Array, reach: float) -> NDArray[np.int64]:
    """Places of the first of each group of points nearer to each other than ``reach`` Å."""
    near = distances(points, points, lattice) < reach
    return np.flatnonzero(near.argmax(axis=1) == np.arange(len(points)))
