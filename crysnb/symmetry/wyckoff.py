"""A crystal taken apart into its Wyckoff sequence.

Space group, then per orbit letter, element and free coordinates, then the lattice: also the alphabet of the
generator CrystalFormer (Cao, Luo, Lv and Wang 2024, arXiv 2403.15734), which is no relative of
CrystalTransformer. There is no model here.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from crysnb.errors import SymmetryUndetermined
from crysnb.symmetry.detect import Symprec, cell_of, conventional_of, detect, structure_of
from crysnb.symmetry.free_parameters import (
    AXES,
    FreePosition,
    free_position,
    lattice_form,
    parameters_of_metric,
)
from crysnb.symmetry.search import Cell, database, search
from crysnb.symmetry.wyckoff_sequence import Orbit, WyckoffSequence, distances, first_of_each, lengths
from crysnb.values.symbols import SYMBOLS
from crysnb.values.symmetry_info import SymmetryInfo

Array = NDArray[np.float64]

#: Å within which an operation leaves a site in place, where the search was tighter than this.
_MIN_REACH = 1e-3


def wyckoff(x: Any, symprec: Symprec = "auto") -> WyckoffSequence:
    """The Wyckoff sequence of a crystal: what its space group does not say already.

    Parameters
    ----------
    x
        Anything that :func:`crysnb.as_structure` accepts.
    symprec
        As in :func:`crysnb.symmetry`.

    Returns
    -------
    WyckoffSequence
        In the standardised conventional cell, in the setting that spglib reports (``hall_number``). That
        cell is turned against the given one; ``.structure()`` puts the crystal together in it.

    Raises
    ------
    SymmetryUndetermined
        If no group is found, or the sites do not fall into whole orbits of it.
    StructureError
        If the structure is not one that can be worked with.
    """
    structure = structure_of(x)
    info = detect(structure, symprec)
    cell = cell_of(structure)
    found = search(cell, info.symprec)
    if found is None or int(found.hall_number) != info.hall_number:
        raise _not_whole("a group that a second search does not find", info)
    place = conventional_of(found)
    rows = cell.lattice @ info.deformation.T
    axes = np.linalg.inv(place.transformation).T @ rows
    given, ideal = (f @ place.transformation.T + place.origin for f in (cell.frac, info.ideal_frac))
    n_cells = abs(float(np.linalg.det(place.transformation)))  # of this kind in the given one
    orbits, displacement = _orbits(Cell(axes, ideal, cell.numbers), given, info, found, n_cells)
    form = lattice_form(info.hall_number)
    return WyckoffSequence(
        number=info.number,
        symbol=info.symbol,
        hall_number=info.hall_number,
        symprec=info.symprec,
        orbits=tuple(sorted(orbits, key=lambda o: (_letter(o.letter), o.point.tolist()))),
        lattice=form.filled(parameters_of_metric(axes @ axes.T)),
        displacement=displacement,
        strain=info.strain,
    )


def _letter(letter: str) -> tuple[int, str]:
    # The 27th position of Pmmm is called A.
    return (letter.isupper(), letter)


def _orbits(
    cell: Cell, given: Array, info: SymmetryInfo, found: Any, n_cells: float
) -> tuple[list[Orbit], float]:
    """Orbits of the sites, and by how much in Å the farthest site was moved.

    ``cell`` has the conventional axes and, in their coordinates, the idealised sites of the given cell, which
    is as large as ``n_cells`` of it; ``given`` are the same sites as they were given.
    """
    reach = max(_MIN_REACH, info.symprec)
    orbits: list[Orbit] = []
    left = np.ones(len(cell.frac), dtype=bool)
    displacement = 0.0
    while left.any():
        site = int(left.argmax())
        orbit = Orbit(
            letter=str(found.wyckoffs[site]),
            site_symmetry=str(found.site_symmetry_symbols[site]),
            element=SYMBOLS[int(cell.numbers[site]) - 1],
            **_representative(info.hall_number, cell.frac[site], cell.lattice, reach),
        )
        away = distances(given, orbit.sites, cell.lattice).min(axis=1)
        mine = left & (cell.numbers == cell.numbers[site]) & (away < reach + info.displacement)
        if not mine[site] or mine.sum() != round(orbit.multiplicity * n_cells):
            raise _not_whole(f"{int(mine.sum())} sites of a whole orbit {orbit.label}", info)
        displacement = max(displacement, float(away[mine].max()))
        left &= ~mine
        orbits.append(orbit)
    return orbits, displacement


def _representative(hall_number: int, point: Array, lattice: Array, reach: float) -> dict[str, Any]:
    """The site of a point's orbit that tables would print, and the operations that lead to the others."""
    w, t = database(hall_number)
    images = w @ point + t
    found: list[tuple[Any, FreePosition, tuple[float, ...]]] = []
    for k in first_of_each(images, lattice, reach):
        stays = lengths(w @ images[k] + t - images[k], lattice) < reach
        cells = np.round(w[stays] @ images[k] + t[stays] - images[k])
        position = free_position(w[stays], t[stays] - cells)
        values = tuple(_inside(images[k][AXES.index(name)]) for name in position.free)
        found.append((_plainness(position, values), position, values))
    _, position, values = min(found, key=lambda entry: entry[0])
    keep = first_of_each(w @ position.at(values) + t, lattice, reach)
    return {"position": position, "values": values, "rotations": w[keep], "translations": t[keep]}


def _plainness(position: FreePosition, values: tuple[float, ...]) -> tuple[Any, ...]:
    """Sorts sites of an orbit: free coordinates early and as such, whole multiples; then by value.

    Tables follow no rule, so that they may print another site of the same orbit: (x, 2x, 0) for 6l of
    P6/mmm, which is (x, -x, 0) here.
    """
    return (
        position.free,
        int((np.abs(position.basis % 1) > _MIN_REACH).sum()),
        float(np.abs(position.basis).sum()),
        int((position.basis < 0).sum()),
        np.round(position.offset, 9).tolist(),
        np.round(values, 6).tolist(),
    )


def _inside(value: float) -> float:
    """The coordinate in [0, 1), a rounding error below 1 as 0."""
    inside = float(value) - float(np.floor(value))
    return inside if inside < 1.0 - 1e-12 else 0.0


def _not_whole(found: str, info: SymmetryInfo) -> SymmetryUndetermined:
    return SymmetryUndetermined(
        "symmetry.inconsistent",
        found=f"{found} in {info.symbol} ({info.number}) at symprec {info.symprec:g} Å",
        accepted="sites that make up whole orbits of the group",
        action="Try a smaller symprec, or cn.idealize(x) first.",
    )
