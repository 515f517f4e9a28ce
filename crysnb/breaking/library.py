"""The distortions that are offered for a crystal, by family and by name."""

from __future__ import annotations

import re
from functools import cached_property

from crysnb.breaking.modes import MAX_SITES, modes
from crysnb.breaking.patterns import DIRECTIONS, Pattern, displacement, rattle, rotation, strain
from crysnb.errors import ShapeError, UnknownName, quote
from crysnb.symmetry.parent import Parent

#: Sites of a cell up to which all of them are listed; above, the first of every orbit.
MAX_LISTED = 12
STRAINS = ("hydrostatic", "e1", "e2", "e3", "e4", "e5", "e6")
N_RATTLES = 5
FAMILIES = ("strain", "mode", "atom", "rotation", "rattle")
_ATOM = re.compile(r"atom (\d{1,6}) ([xyzabc])")


class Library:
    """Named distortions of one crystal; modes are worked out when they are first asked for."""

    def __init__(self, parent: Parent) -> None:
        self.parent = parent
        self._own: dict[str, Pattern] = {}

    @cached_property
    def _modes(self) -> dict[str, Pattern]:
        return {m.name: m for m in modes(self.parent)}

    @property
    def families(self) -> tuple[str, ...]:
        """Families that this crystal has."""
        n = len(self.parent.structure)
        if n == 1:  # whatever moves its only site moves the whole crystal
            return ("strain", "rotation")
        return tuple(f for f in FAMILIES if f != "mode" or n <= MAX_SITES)

    def names(self, family: str) -> tuple[str, ...]:
        """Names of a family that are worth a list; any site is known by its name, listed or not."""
        if family not in FAMILIES:
            raise UnknownName.of("family", family, FAMILIES)
        if family == "strain":
            listed = [f"strain {k}" for k in STRAINS]
        elif family == "mode":
            listed = list(self._modes)
        elif family == "atom":
            listed = [f"atom {k} {d}" for k in self._sites() for d in DIRECTIONS]
        else:
            listed = ["rotation"] if family == "rotation" else [f"rattle {k}" for k in range(N_RATTLES)]
        own = [name for name, pattern in self._own.items() if pattern.family == family]
        return tuple(dict.fromkeys([*listed, *own]))

    def get(self, name: str) -> Pattern:
        """The distortion called so.

        Raises
        ------
        UnknownName
            ``name.unknown_distortion`` if the crystal has none of that name.
        """
        if name in self._own:
            return self._own[name]
        pattern = self._make(name)
        if pattern is None:
            raise UnknownName.of("distortion", name, [n for f in self.families for n in self.names(f)])
        self._own[name] = pattern
        return pattern

    def add(self, pattern: Pattern) -> Pattern:
        """Offer a distortion under its own name, in the place of one that had it."""
        if len(pattern.displacements) != len(self.parent.structure):
            raise ShapeError(
                "breaking.pattern",
                found=f"a pattern of {len(pattern.displacements)} sites",
                accepted=f"one of the {len(self.parent.structure)} sites of this crystal",
            )
        self.parent.left.pop(pattern, None)
        self._own[pattern.name] = pattern
        return pattern

    def _sites(self) -> list[int]:
        n = len(self.parent.structure)
        if n <= MAX_LISTED:
            return list(range(n))
        return sorted(set(self.parent.site_permutations.min(axis=0).tolist()))

    def _make(self, name: str) -> Pattern | None:
        family, _, rest = name.partition(" ")
        if family == "strain" and rest in STRAINS:
            return strain(self.parent, rest)
        if family == "mode" and family in self.families:
            return self._modes.get(name)
        found = _ATOM.fullmatch(name)
        if found is not None and int(found[1]) < len(self.parent.structure):
            return displacement(self.parent, int(found[1]), found[2])
        if name == "rotation":
            return rotation(self.parent)
        is_rattle = "rattle" in self.families and name in self.names("rattle")
        return rattle(self.parent, int(rest)) if is_rattle else None


def pattern_of(parent: Parent, pattern: Pattern | str) -> Pattern:
    """A distortion of a crystal, which may be given by its name.

    Raises
    ------
    UnknownName
        ``name.unknown_distortion``.
    ShapeError
        ``breaking.pattern`` for anything but a name and a distortion.
    """
    if isinstance(pattern, str):
        return Library(parent).get(pattern)
    if not isinstance(pattern, Pattern):
        raise ShapeError(
            "breaking.pattern",
            found=quote(pattern),
            accepted='a distortion, or the name of one such as "strain e3"',
        )
    return pattern
