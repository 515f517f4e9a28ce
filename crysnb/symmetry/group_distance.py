"""How far a crystal is from a space group, in Å and strain, whatever a search calls it.

A search answers yes or no at a tolerance, by rules of its own. Here the operations of a candidate group are
applied to the crystal and the distances measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from crysnb.errors import StructureError, SymmetryUndetermined
from crysnb.symmetry.detect import Symprec, cell_of, detect, structure_of
from crysnb.symmetry.located import LocatedGroup
from crysnb.symmetry.metric import idealise
from crysnb.symmetry.point_groups import hall_setting
from crysnb.symmetry.search import Cell, search
from crysnb.symmetry.sites import Cosets, average, conventional_cell, match
from crysnb.values.symmetry_info import SymmetryInfo

if TYPE_CHECKING:
    import pandas as pd
    from pymatgen.core.structure import Structure

Array = NDArray[np.float64]

#: Tolerance in Å at which a higher group is looked for; how far beyond the tolerance in use it may be, in Å
#: and in strain (0.05 Å in a cell edge of 5 Å change its square by 0.02).
NEAR_SYMPREC, REACH, REACH_STRAIN = 0.1, 0.05, 0.02
#: Strain that is worth a word.
_NOTABLE_STRAIN = 1e-5
#: Rounds of assigning atoms and moving the origin; more than two are rarely needed.
_ROUNDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationDistance:
    """How far a crystal is from having one operation.

    Attributes
    ----------
    name, text
        As of :class:`~crysnb.values.symmetry_info.Operation`.
    largest, rms
        Distance in Å between the image of an atom and the atom that it should be; the operation may lie
        anywhere, so a motion of all atoms together does not count.
    strain
        ‖RᵀR − 1‖ (Frobenius) of its Cartesian matrix R, which is not orthogonal in a strained cell.
    """

    name: str
    text: str
    largest: float
    rms: float
    strain: float

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "name": self.name,
            "text": self.text,
            "largest": self.largest,
            "rms": self.rms,
            "strain": self.strain,
        }


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class GroupDistance:
    """How far a crystal is from a space group.

    Attributes
    ----------
    number, symbol, point_group
        The group.
    largest, rms
        Shift of an atom in Å that makes the crystal have the group: its distance from the nearest crystal
        that has it, with one and the same cell. A motion of all atoms together does not count.
    strain
        ‖FᵀF − 1‖ (Frobenius) with F the deformation that makes the metric have the group: twice the strain
        where it is small. The metric in Cartesian axes is 1, so this is ‖G' − G‖, the same for every
        choice of cell and the number that ``SymmetryInfo.strain`` is.
    operations
        Each operation by itself. Two images of an atom that is off by d may be 2 d apart.
    rotations
        Point operations, orthogonal, Cartesian, in the crystal's own orientation, shape [op, 3, 3].
    n_operations
        Point operations times translations inside the given cell.
    """

    number: int
    symbol: str
    point_group: str
    largest: float
    rms: float
    strain: float
    operations: tuple[OperationDistance, ...]
    rotations: Array
    n_operations: int

    @property
    def text(self) -> str:
        """The distance in one phrase."""
        strained = f", metric strain {self.strain:.2g}" if self.strain > _NOTABLE_STRAIN else ""
        return (
            f"{self.largest:.2g} Å (largest shift of an atom; {self.rms:.2g} Å rms{strained}) away from "
            f"{self.symbol} ({self.number})"
        )

    def within(self, length: float, strain: float = REACH_STRAIN) -> bool:
        """Whether no atom has to move further than ``length`` in Å, nor the metric more than ``strain``."""
        return self.largest <= length and self.strain <= strain

    def __repr__(self) -> str:
        return f"GroupDistance({self.text})"

    def to_dict(self) -> dict[str, Any]:
        """Plain data, one object per operation included."""
        return {
            "number": self.number,
            "symbol": self.symbol,
            "point_group": self.point_group,
            "n_operations": self.n_operations,
            "largest": self.largest,
            "rms": self.rms,
            "strain": self.strain,
            "operations": [operation.to_dict() for operation in self.operations],
        }

    def to_frame(self) -> pd.DataFrame:
        """One row per operation: name, words, distances in Å, strain."""
        import pandas as pd

        return pd.DataFrame([operation.to_dict() for operation in self.operations])


def group_distance(x: Any, reference: Any = None, symprec: Symprec = "auto") -> GroupDistance:
    """How far a crystal is from the space group of a reference.

    Parameters
    ----------
    x
        Anything that :func:`crysnb.as_structure` accepts.
    reference
        Crystal whose group it is, in the same cell: the one from which ``x`` was distorted. None: ``x``.
    symprec
        Tolerance in Å at which the group is found in the reference, as in :func:`crysnb.symmetry`. It
        chooses the group and has no part in the distance.

    Raises
    ------
    SymmetryUndetermined
        If no group is found, or its translations cannot map the atoms onto each other.
    StructureError
        If a structure is not one that can be worked with, or ``structure.other_atoms``.

    Notes
    -----
    For each operation the atoms of each element are paired with the images so that the sum of squared
    distances is least (Kuhn 1955, doi:10.1002/nav.3800020109), and the place of the operation is moved
    until it is least, too. Distances are measured in the given, strained cell.
    """
    structure = structure_of(x)
    origin = structure if reference is None else structure_of(reference)
    cell, known = cell_of(structure), cell_of(origin)
    if sorted(cell.numbers) != sorted(known.numbers):
        raise StructureError(
            "structure.other_atoms",
            found=f"{structure.composition.formula} beside a reference of {origin.composition.formula}",
            accepted="the same atoms as in the reference, in a cell with the same vectors up to a strain",
        )
    used = detect(origin, symprec).symprec
    return distance_to(
        cell, LocatedGroup.of(Cell(cell.lattice, known.frac, known.numbers), search(known, used))
    )


def distance_to(cell: Cell, group: LocatedGroup) -> GroupDistance:
    """The same for a group that was found in this cell, or in one with the same coordinates."""
    along = Cosets.of(group.rotations, group.translations).pure
    moved, by_translation = average(cell, cell.frac, *along, _assign)
    orbit = by_translation.min(axis=0)  # the first site that each is equivalent to
    keep, size = np.unique(orbit, return_counts=True)
    if (size != len(group.pure)).any():
        raise SymmetryUndetermined(
            "symmetry.inconsistent",
            found="translations that do not map the atoms onto each other",
            action="Try a smaller symprec.",
        )
    whole = conventional_cell(cell, moved, keep, group.conventional, group.centring)
    ideal, _ = average(whole, whole.frac, *group.representatives, _assign)
    step = ((ideal - whole.frac) @ whole.lattice)[:: len(group.centring)]
    shift = (moved - cell.frac) @ cell.lattice + step[np.searchsorted(keep, orbit)]
    shift = shift - shift.mean(axis=0)
    lengths = np.sqrt((shift**2).sum(axis=1))
    setting = hall_setting(group.hall_number)
    metric = idealise(group.axes, setting.matrices)
    stretch = metric.deformation.T @ metric.deformation - np.eye(3)
    return GroupDistance(
        number=group.number,
        symbol=group.symbol,
        point_group=group.point_group,
        largest=float(lengths.max()),
        rms=float(np.sqrt((lengths**2).mean())),
        strain=float(np.linalg.norm(stretch)),
        operations=_operations(whole, group),
        rotations=metric.rotations,
        n_operations=group.n_operations,
    )


def _operations(whole: Cell, group: LocatedGroup) -> tuple[OperationDistance, ...]:
    """Each operation in the conventional cell, wherever it fits best."""
    w, t = group.representatives
    images = whole.frac @ w.transpose(0, 2, 1) + t[:, None, :]
    inverse = np.linalg.inv(whole.lattice)
    paired = _assign(whole, whole.frac, images)
    for _ in range(_ROUNDS):
        gap = images - whole.frac[paired]
        gap = (gap - np.round(gap)) @ whole.lattice
        drift = gap.mean(axis=1, keepdims=True)
        images = images - drift @ inverse
        before, paired = paired, _assign(whole, whole.frac, images)
        if (paired == before).all():
            break
    lengths = np.sqrt(((gap - drift) ** 2).sum(axis=2))
    matrices = hall_setting(group.hall_number).matrices
    r = group.axes @ matrices @ np.linalg.inv(group.axes)
    strains = np.sqrt(((r.transpose(0, 2, 1) @ r - np.eye(3)) ** 2).sum(axis=(1, 2)))
    return tuple(
        OperationDistance(
            name=label.name,
            text=label.text,
            largest=float(length.max()),
            rms=float(np.sqrt((length**2).mean())),
            strain=float(strain),
        )
        for label, length, strain in zip(group.labels, lengths, strains, strict=True)
    )


def _assign(cell: Cell, frac: Array, images: Array) -> NDArray[np.int64]:
    """Site for every image, each site once, with the least sum of squared distances, [op, site]."""
    paired = match(cell, frac, images)
    every = np.arange(len(frac))
    # Where the nearest sites are all different, they are the best pairing.
    for k in np.flatnonzero((np.sort(paired, axis=1) != every).any(axis=1)):
        paired[k] = _hungarian(cell, frac, images[k])
    return paired


def _hungarian(cell: Cell, frac: Array, images: Array) -> NDArray[np.int64]:
    from scipy.optimize import linear_sum_assignment  # 0.1 s that few crystals need

    out = np.zeros(len(frac), dtype=np.int64)
    for number in np.unique(cell.numbers):
        own = np.flatnonzero(cell.numbers == number)
        gap = images[own, None] - frac[own]
        squared = (((gap - np.round(gap)) @ cell.lattice) ** 2).sum(axis=2)
        rows, columns = linear_sum_assignment(squared)
        out[own[rows]] = own[columns]
    return out


def nearly(structure: Structure, info: SymmetryInfo, reach: float = REACH) -> GroupDistance | None:
    """The higher group that a crystal only just misses, with its distance; None if there is none.

    Parameters
    ----------
    structure
        The crystal.
    info
        The symmetry that it is taken to have.
    reach
        How far beyond ``info.symprec`` in Å the largest shift may be; the strain at most 0.02.

    Notes
    -----
    One search at 0.1 Å; distances are measured only if it finds more operations than ``info`` has.
    """
    cell = cell_of(structure)
    found = search(cell, NEAR_SYMPREC)
    if found is None or int(found.number) == info.number:
        return None
    group = LocatedGroup.of(cell, found)
    if group.n_operations <= len(info.rotations) * int(info.is_translation.sum()):
        return None
    try:
        distance = distance_to(cell, group)
    except (SymmetryUndetermined, StructureError):
        return None
    return distance if distance.within(info.symprec + reach) else None
