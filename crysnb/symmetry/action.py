"""How the operations of the given cell act on its sites: permutations, matrices, orbits, site groups.

Unlike :class:`~crysnb.symmetry.parent.Parent` this takes any cell as it is: a centred cell and a supercell
have pure translations, and 2×1×1 of a cubic cell has only the operations that its shape allows. Orbits and
site-symmetry groups are those of the crystal in every cell.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crysnb.errors import SymmetryUndetermined
from crysnb.symmetry.detect import Symprec, cell_of, detect, structure_of
from crysnb.symmetry.located import LocatedGroup
from crysnb.symmetry.search import Cell, search
from crysnb.values.symbols import SYMBOLS
from crysnb.values.symmetry_info import SymmetryInfo

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

#: Matrix entries of one Cartesian operation from two sources differ by no more than this.
_SAME = 1e-3
#: Å: the image of a site is the site itself, or another one, which is 0.5 Å away at least.
_IN_PLACE = 0.25
_SHIFTS = np.array(list(product(range(-2, 3), repeat=3)))


@dataclass(frozen=True, kw_only=True, slots=True)
class Orbit:
    """Sites that the space group sends to one another.

    Attributes
    ----------
    element
        Symbol of the element.
    wyckoff
        Wyckoff letter; two orbits may share one.
    multiplicity
        Sites in the conventional cell.
    site_symmetry
        Symbol of the site-symmetry group, oriented as in the International Tables: ``"m.mm"``.
    sites
        Indices in the cell, ascending.
    """

    element: str
    wyckoff: str
    multiplicity: int
    site_symmetry: str
    sites: tuple[int, ...]

    @property
    def label(self) -> str:
        """Element with multiplicity and Wyckoff letter, such as ``"Ti 2a"``."""
        return f"{self.element} {self.multiplicity}{self.wyckoff}"


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class SiteAction:
    """The operations of a given cell as they act on sites and on vectors.

    Attributes
    ----------
    symmetry
        What the search found.
    numbers
        Atomic numbers, shape [site].
    permutations
        Site that each site is sent to, shape [op, site].
    rotations
        Exactly orthogonal Cartesian matrices in the crystal's own frame, shape [op, 3, 3].
    names
        Unique names: ``"m [100]"``, ``"1 + (1/2, 1/2, 0)"``.
    kinds
        Symbols ``1 -1 2 m 3 -3 4 -4 6 -6``, or ``t`` for a pure translation.
    has_shift
        Whether an operation moves along its axis or plane: screws and glides, shape [op].
    orbits
        In order of their first sites.
    site_groups
        Which of ``symmetry.rotations`` leave a site in place, shape [point operation, site].
    """

    symmetry: SymmetryInfo
    numbers: Integers
    permutations: Integers
    rotations: Array
    names: tuple[str, ...]
    kinds: tuple[str, ...]
    has_shift: NDArray[np.bool_]
    orbits: tuple[Orbit, ...]
    site_groups: NDArray[np.bool_]

    @property
    def n_sites(self) -> int:
        """Sites of the cell."""
        return len(self.numbers)

    @cached_property
    def orbit_of_site(self) -> Integers:
        """Place in ``orbits`` of every site, shape [site]."""
        out = np.empty(self.n_sites, dtype=np.int64)
        for k, orbit in enumerate(self.orbits):
            out[list(orbit.sites)] = k
        return out

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """Labels of the orbits, unique: the first site in brackets where two orbits share a label."""
        labels = [orbit.label for orbit in self.orbits]
        return tuple(
            label if labels.count(label) == 1 else f"{label} ({orbit.sites[0]})"
            for label, orbit in zip(labels, self.orbits, strict=True)
        )

    @cached_property
    def order(self) -> Integers:
        """Sites by orbit, shape [site]: the order in which matrices are shown."""
        return np.argsort(self.orbit_of_site, kind="stable")

    @cached_property
    def pair_orbits(self) -> Integers:
        """Number of the orbit of every ordered pair of sites under the operations of the cell, [site, site].

        Pair (i, j) is sent to (π(i), j') with i at the first site of its orbit; the operations that leave
        that site in place sort out j'.
        """
        first = self.permutations.min(axis=0)
        out = np.empty((self.n_sites, self.n_sites), dtype=np.int64)
        n = 0
        for site in np.unique(first):
            stays = self.permutations[self.permutations[:, site] == site]
            values, label = np.unique(stays.min(axis=0), return_inverse=True)
            for i in np.flatnonzero(first == site):
                g = int((self.permutations[:, i] == site).argmax())
                out[i] = n + label[self.permutations[g]]
            n += len(values)
        return out

    def site_rotations_of(self, site: int) -> Array:
        """Cartesian matrices of the site-symmetry group of a site, shape [element of the group, 3, 3]."""
        return np.asarray(self.symmetry.rotations[self.site_groups[:, site]])

    def __repr__(self) -> str:
        s = self.symmetry
        return (
            f"SiteAction({s.symbol} ({s.number}), {len(self.names)} operations on {self.n_sites} sites, "
            f"{len(self.orbits)} orbits)"
        )


def site_action(x: Any, symprec: Symprec = "auto") -> SiteAction:
    """Operations of the given cell with their action on its sites.

    Parameters
    ----------
    x
        Anything that :func:`crysnb.as_structure` accepts.
    symprec
        As in :func:`crysnb.symmetry`.

    Raises
    ------
    SymmetryUndetermined
        If no group is found, or its operations do not fit the cell.
    StructureError
        If the structure is not one that can be worked with.
    """
    structure = structure_of(x)
    cell = cell_of(structure)
    info = detect(structure, symprec)
    found = search(cell, info.symprec)
    point = point_operations(cell.lattice @ info.deformation.T, info)
    names, kinds = _names(info, point)
    group = LocatedGroup.of(cell, found)
    site_groups = group.fixes(cell.frac, _IN_PLACE)
    multiplicity = len(group.conventional.rotations) // np.maximum(site_groups.sum(axis=0), 1)
    return SiteAction(
        symmetry=info,
        numbers=cell.numbers,
        permutations=info.site_permutations,
        rotations=info.rotations[point],
        names=names,
        kinds=kinds,
        has_shift=_has_shift(info),
        orbits=_orbits(cell, found, multiplicity),
        site_groups=site_groups,
    )


def point_operations(lattice: Array, info: SymmetryInfo) -> Integers:
    """For every operation of the cell its place in ``info.operations``, shape [site operation].

    Parameters
    ----------
    lattice
        Rows are the idealised vectors of the given cell, Å, shape [3, 3].
    info
        Symmetry of the crystal in this cell.

    Raises
    ------
    SymmetryUndetermined
        ``symmetry.inconsistent`` if an operation is none of the crystal's.
    """
    found = lattice.T @ info.site_rotations @ np.linalg.inv(lattice.T)
    gap = np.abs(found[:, None] - info.rotations).max(axis=(2, 3))
    if gap.min(axis=1).max() > _SAME:
        raise SymmetryUndetermined(
            "symmetry.inconsistent",
            found="an operation of the cell that is none of the crystal's",
            accepted="a symmetry whose operations agree",
            action="Try another symprec.",
        )
    return np.asarray(gap.argmin(axis=1))


def _names(info: SymmetryInfo, point: Integers) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names, with the translation where several operations have one rotation, and kinds."""
    first: dict[int, int] = {}
    names, kinds = [], []
    for k, p in enumerate(point.tolist()):
        operation = info.operations[p]
        start = first.setdefault(p, k)
        shift = info.site_translations[k] - info.site_translations[start]
        shift = shift - np.floor(shift + 1e-6)
        name = operation.name
        if k != start:
            name += f" + ({', '.join(str(Fraction(float(v)).limit_denominator(12)) for v in shift)})"
        names.append(name)
        kinds.append("t" if operation.symbol == "1" and k != start else operation.symbol)
    return tuple(names), tuple(kinds)


def _has_shift(info: SymmetryInfo) -> NDArray[np.bool_]:
    """Operations without a fixed point in the cell's lattice: (1/n) Σ_k Wᵏ (w + t) ≠ 0 for every t."""
    w, t = info.site_rotations, info.site_translations
    power, total = np.broadcast_to(np.eye(3, dtype=np.int64), w.shape), np.zeros(w.shape)
    for _ in range(12):  # a multiple of every order: the mean over it is that over one turn
        total += power
        power = power @ w
    mean = total / 12
    along = np.einsum("gij,gsj->gsi", mean, t[:, None, :] + _SHIFTS)
    return np.asarray(np.abs(along).max(axis=2).min(axis=1) > 0.02)


def _orbits(cell: Cell, found: Any, multiplicity: Integers) -> tuple[Orbit, ...]:
    number = np.asarray(found.crystallographic_orbits)
    out = []
    for first in np.unique(number):
        sites = np.flatnonzero(number == first)
        at = int(sites[0])
        out.append(
            Orbit(
                element=SYMBOLS[int(cell.numbers[at]) - 1],
                wyckoff=str(found.wyckoffs[at]),
                multiplicity=int(multiplicity[at]),
                site_symmetry=str(found.site_symmetry_symbols[at]),
                sites=tuple(sites.tolist()),
            )
        )
    return tuple(sorted(out, key=lambda orbit: orbit.sites))
