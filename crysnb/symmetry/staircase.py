"""The space group at many tolerances: which answers are stable, and how far the crystal is from each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from crysnb.errors import SymmetryUndetermined
from crysnb.symmetry.detect import cell_of, detect, structure_of
from crysnb.symmetry.group_distance import REACH, GroupDistance, distance_to
from crysnb.symmetry.located import LocatedGroup
from crysnb.symmetry.search import MAX_SYMPREC, MIN_SYMPREC, Cell, check_symprec, search

if TYPE_CHECKING:
    import pandas as pd
    from pymatgen.core.structure import Structure

#: Tolerances in Å from far below to far above what positions are usually known to, evenly on a log scale.
GRID = tuple(float(f"{p:.3g}") for p in np.geomspace(1e-5, 0.3, 25))
#: Tolerance of angles in degrees for the second search at each step.
ANGLE = 5.0
#: Width in decades from which a plateau counts as a candidate.
WIDE = 0.5
#: A decade to both sides of a tolerance, in half decades.
_DECADE = (0.1, 0.3, 3.0, 10.0)
#: Operations of two plateaus may lie this many tolerances of the looser one apart, and at most so many Å.
_PLACE, _MAX_PLACE = 4.0, 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one search found.

    Attributes
    ----------
    symprec
        Distance tolerance in Å.
    number, symbol, point_group
        Space group; 0 and empty where the search failed.
    n_operations
        Point operations times translations inside the given cell.
    with_angle
        Space-group number with a fixed tolerance of 5° for angles; 0 where that search failed.
    """

    symprec: float
    number: int
    symbol: str
    point_group: str
    n_operations: int
    with_angle: int

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "symprec": self.symprec,
            "number": self.number,
            "symbol": self.symbol,
            "point_group": self.point_group,
            "n_operations": self.n_operations,
            "with_angle": self.with_angle,
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plateau:
    """Neighbouring tolerances that give the same group in the same orientation.

    Attributes
    ----------
    first, last
        Smallest and largest tolerance in Å.
    number, symbol, point_group, n_operations
        As of :class:`Step`.
    distance
        How far the crystal is from the group; None where that cannot be told.
    """

    first: float
    last: float
    number: int
    symbol: str
    point_group: str
    n_operations: int
    distance: GroupDistance | None

    @property
    def width(self) -> float:
        """Decades between ``first`` and ``last``."""
        return math.log10(self.last / self.first)

    @property
    def is_candidate(self) -> bool:
        """Whether it is wider than half a decade."""
        return self.width > WIDE

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "first": self.first,
            "last": self.last,
            "width": self.width,
            "is_candidate": self.is_candidate,
            "number": self.number,
            "symbol": self.symbol,
            "point_group": self.point_group,
            "n_operations": self.n_operations,
            "distance": None if self.distance is None else self.distance.to_dict(),
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Staircase:
    """The space group of a crystal as a function of the tolerance.

    Attributes
    ----------
    steps
        One per tolerance, from tight to loose.
    plateaus
        Runs of the same group; failed searches belong to none.
    chosen
        What ``symprec="auto"`` takes; None where it finds nothing.
    warnings
        One sentence for each pair of neighbouring plateaus whose groups are not nested.
    """

    steps: tuple[Step, ...]
    plateaus: tuple[Plateau, ...]
    chosen: Step | None
    warnings: tuple[str, ...]

    @property
    def nested(self) -> bool:
        """Whether each plateau's group contains that of the plateau before, in the same place."""
        return not self.warnings

    @property
    def candidates(self) -> tuple[Plateau, ...]:
        """Plateaus wider than half a decade."""
        return tuple(p for p in self.plateaus if p.is_candidate)

    @property
    def nearly(self) -> Plateau | None:
        """The plateau with more operations than ``chosen`` that the crystal is nearest to.

        Only one whose distance is less than 0.05 Å beyond the tolerance that was chosen, and 0.02 in strain.
        """
        if self.chosen is None:
            return None
        limit, floor = self.chosen.symprec + REACH, self.chosen.n_operations
        higher = [
            (p.distance.largest, k)
            for k, p in enumerate(self.plateaus)
            if p.distance is not None and p.n_operations > floor and p.distance.within(limit)
        ]
        return self.plateaus[min(higher)[1]] if higher else None

    def __repr__(self) -> str:
        chain = " → ".join(p.symbol for p in self.plateaus) or "no group found"
        taken = "" if self.chosen is None else f", auto takes {self.chosen.symbol}"
        return f"Staircase({chain}{taken}{'' if self.nested else ', not nested'})"

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "steps": [step.to_dict() for step in self.steps],
            "plateaus": [plateau.to_dict() for plateau in self.plateaus],
            "chosen": None if self.chosen is None else self.chosen.to_dict(),
            "nested": self.nested,
            "warnings": list(self.warnings),
        }

    def to_frame(self) -> pd.DataFrame:
        """One row per tolerance."""
        import pandas as pd

        return pd.DataFrame([step.to_dict() for step in self.steps])


def staircase(x: Any, tolerances: Sequence[float] = GRID) -> Staircase:
    """Space group of a crystal at each tolerance, without and with a fixed tolerance of angles.

    Parameters
    ----------
    x
        Anything that :func:`crysnb.as_structure` accepts.
    tolerances
        Distances in Å; they are sorted.

    Returns
    -------
    Staircase
        Its groups are held against each other in the crystal's own frame: a looser tolerance should only
        add operations. Where it does not, the group at the looser one is an artefact or another
        distortion, and a warning says so.

    Raises
    ------
    SymmetryUndetermined
        ``symmetry.symprec`` for a tolerance that is out of range.
    StructureError
        If the structure is not one that can be worked with.
    """
    structure = structure_of(x)
    cell = cell_of(structure)
    wanted = sorted({check_symprec(p) for p in np.atleast_1d(np.asarray(tolerances, dtype=object)).flat})
    found = [(p, _locate(cell, p)) for p in wanted]
    steps = tuple(_step(p, group, _number(search(cell, p, ANGLE))) for p, group in found)
    runs = _runs([(p, group) for p, group in found if group is not None])
    return Staircase(
        steps=steps,
        plateaus=tuple(_plateau(cell, run) for run in runs),
        chosen=_chosen(structure, cell),
        warnings=tuple(text for one, other in pairwise(runs) if (text := _doubt(one, other))),
    )


def around(structure: Structure, symprec: float) -> tuple[tuple[float, int], ...]:
    """Pairs (symprec, number) within a decade of ``symprec``, which itself is left out; 0 for a failure."""
    cell = cell_of(structure)
    # Rounded, so that 0.3 times 0.01 is the 0.003 that people read.
    near = [float(f"{symprec * factor:.6g}") for factor in _DECADE]
    return tuple((p, _number(search(cell, p))) for p in near if MIN_SYMPREC <= p <= MAX_SYMPREC)


#: Tolerance and the group found at it.
_Located = tuple[float, LocatedGroup]


def _number(found: Any | None) -> int:
    return 0 if found is None else int(found.number)


def _locate(cell: Cell, symprec: float) -> LocatedGroup | None:
    found = search(cell, symprec)
    return None if found is None else LocatedGroup.of(cell, found)


def _step(symprec: float, group: LocatedGroup | None, with_angle: int) -> Step:
    if group is None:
        return Step(
            symprec=symprec, number=0, symbol="", point_group="", n_operations=0, with_angle=with_angle
        )
    return Step(
        symprec=symprec,
        number=group.number,
        symbol=group.symbol,
        point_group=group.point_group,
        n_operations=group.n_operations,
        with_angle=with_angle,
    )


def _runs(found: Sequence[_Located]) -> list[list[_Located]]:
    """Neighbours with one group; of the same name in another orientation is another group."""
    runs: list[list[_Located]] = []
    for one in found:
        if runs and _same(runs[-1][-1], one):
            runs[-1].append(one)
        else:
            runs.append([one])
    return runs


def _place(symprec: float) -> float:
    """How far apart in Å the places of one operation may be that was found at such a tolerance."""
    return min(_PLACE * symprec + 1e-3, _MAX_PLACE)


def _same(one: _Located, other: _Located) -> bool:
    groups = one[1], other[1]
    if groups[0].number != groups[1].number:
        return False
    within = _place(max(one[0], other[0]))
    return groups[0].contains(groups[1], within) and groups[1].contains(groups[0], within)


def _doubt(lower: list[_Located], higher: list[_Located]) -> str:
    """What is wrong between two neighbouring plateaus; empty if the first group is part of the second."""
    (below, small), (above, large) = lower[-1], higher[0]
    if large.contains(small, _place(above)):
        return ""
    return (
        f"The groups at {below:g} Å ({small.symbol}, {small.number}) and {above:g} Å ({large.symbol}, "
        f"{large.number}) are not nested: the looser one lacks operations of the tighter one. Look at the "
        "structure before taking the looser one."
    )


def _plateau(cell: Cell, run: list[_Located]) -> Plateau:
    group = run[0][1]
    try:
        distance = distance_to(cell, group)
    except SymmetryUndetermined:
        distance = None
    return Plateau(
        first=run[0][0],
        last=run[-1][0],
        number=group.number,
        symbol=group.symbol,
        point_group=group.point_group,
        n_operations=group.n_operations,
        distance=distance,
    )


def _chosen(structure: Structure, cell: Cell) -> Step | None:
    try:
        info = detect(structure)
    except SymmetryUndetermined:
        return None
    return Step(
        symprec=info.symprec,
        number=info.number,
        symbol=info.symbol,
        point_group=info.point_group,
        n_operations=len(info.rotations) * int(info.is_translation.sum()),
        with_angle=_number(search(cell, info.symprec, ANGLE)),
    )
