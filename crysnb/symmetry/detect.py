"""Symmetry of a crystal in its own orientation, at a tolerance that the crystal itself suggests."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from crysnb.errors import DisorderedStructure, SymmetryUndetermined
from crysnb.symmetry.metric import idealise
from crysnb.symmetry.point_groups import equivalent_axes, hall_setting
from crysnb.symmetry.search import Cell, check_symprec, database, search
from crysnb.symmetry.sites import Conventional, site_symmetry
from crysnb.values.symmetry_info import SymmetryInfo

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure

Symprec = float | Literal["auto"]

#: Tolerances in Å that ``"auto"`` tries, and the largest shift (Å) and strain that it takes for noise.
#: Measured by benchmarks/symmetry_noise.py.
TIGHT, USUAL, LOOSE, LOOSER = 1e-3, 1e-2, 3e-2, 1e-1
MAX_AUTO_DISPLACEMENT, MAX_AUTO_STRAIN = 3e-2, 1e-2

# The trace decides how near a choice of axes is, and powers of 1/3 settle ties.
_PREFERENCE = 1e3 * np.eye(3).reshape(9) + 3.0 ** -np.arange(9)


def symmetry(x: Any, symprec: Symprec = "auto") -> SymmetryInfo:
    """Space group, point group and Cartesian operations of a crystal, in its own orientation.

    Parameters
    ----------
    x
        Anything that :func:`crysnb.as_structure` accepts.
    symprec
        Distance tolerance in Å, or ``"auto"``: one around 0.01 Å at which the answer does not
        depend on the tolerance (at most four searches).

    Returns
    -------
    SymmetryInfo
        ``rotations`` are those of the *primitive* cell, so that a supercell of NaCl still has 48;
        ``site_rotations`` and the like are those of the given cell. Turning the crystal by Q
        turns the rotations to Q R Qᵀ.

    Raises
    ------
    SymmetryUndetermined
        If no group is found, or ``symprec`` is out of range.
    StructureError
        If the structure is not one that can be worked with.

    Notes
    -----
    The search is spglib's (Togo, Shinohara, Tanaka 2024, doi:10.1080/27660400.2024.2384822).
    """
    return detect(structure_of(x), symprec)


def detect(structure: Structure, symprec: Symprec = "auto") -> SymmetryInfo:
    """The same as :func:`symmetry` for a structure that has been through ``as_structure``."""
    cell = cell_of(structure)
    if isinstance(symprec, str) and symprec == "auto":
        return _auto(cell)
    used = check_symprec(symprec)
    trials = _Trials(cell)
    if not trials.number(used):
        raise _undetermined(cell, f"at symprec {used:g} Å")
    return trials.info(used)


def structure_of(x: Any) -> Structure:
    """The checked structure of anything that names one."""
    from crysnb.structure.read import as_structure

    structure: Structure = as_structure(x)
    return structure


def cell_of(structure: Structure) -> Cell:
    """The numbers of a structure, checked to be finite and no sliver."""
    if not structure.is_ordered:
        raise DisorderedStructure(
            "structure.disordered",
            found="sites with mixed or partial occupancy",
            accepted="one whole atom per site",
        )
    return Cell(
        lattice=np.asarray(structure.lattice.matrix, dtype=np.float64),
        frac=np.asarray(structure.frac_coords, dtype=np.float64).reshape(-1, 3),
        numbers=np.asarray(structure.atomic_numbers, dtype=np.int64),
    )


class _Trials:
    """Searches of one crystal at several tolerances, each done once."""

    def __init__(self, cell: Cell) -> None:
        self._cell = cell
        self._found: dict[float, Any | None] = {}

    def number(self, symprec: float) -> int:
        """Space-group number at this tolerance; 0 if the search fails."""
        if symprec not in self._found:
            self._found[symprec] = search(self._cell, symprec)
        found = self._found[symprec]
        return 0 if found is None else int(found.number)

    def info(self, symprec: float) -> SymmetryInfo:
        """Everything about the group found at this tolerance."""
        tried = tuple((p, self.number(p)) for p in self._found)
        return _info(self._cell, self._found[symprec], symprec, tried)


def _auto(cell: Cell) -> SymmetryInfo:
    """Symmetry at the tolerance where the answer is stable; at most four searches.

    The usual tolerance and three times that agree for nearly every crystal. Where they do not, a
    group that stays up to 0.1 Å is taken, or one that stays down to 0.001 Å; both times P1 and P-1
    do not count as stable, since noise leads to them at every small tolerance. Last comes the group
    at 0.1 Å, if the crystal is as close to it as noise would leave it.
    """
    trials = _Trials(cell)
    usual, loose = trials.number(USUAL), trials.number(LOOSE)
    if usual == loose > 2:
        return trials.info(USUAL)
    looser = trials.number(LOOSER)
    if looser == loose != 0:
        return trials.info(USUAL if usual == loose else LOOSE)
    if usual == trials.number(TIGHT) > 2:
        return trials.info(USUAL)
    if looser:
        info = trials.info(LOOSER)
        if info.displacement <= MAX_AUTO_DISPLACEMENT and info.strain <= MAX_AUTO_STRAIN:
            return info
    for symprec, number in ((USUAL, usual), (LOOSE, loose), (LOOSER, looser), (TIGHT, trials.number(TIGHT))):
        if number:
            return trials.info(symprec)
    raise _undetermined(cell, f"at any symprec from {TIGHT:g} to {LOOSER:g} Å")


def _undetermined(cell: Cell, where: str) -> SymmetryUndetermined:
    return SymmetryUndetermined(
        "symmetry.undetermined",
        found=f"no space group for {len(cell.frac)} atoms {where}",
        action="Try another symprec, and look for atoms that sit on one another.",
    )


def _info(cell: Cell, found: Any, symprec: float, tried: tuple[tuple[float, int], ...]) -> SymmetryInfo:
    setting = hall_setting(int(found.hall_number))
    sites = site_symmetry(
        cell,
        np.asarray(found.rotations, dtype=np.int64),
        np.asarray(found.translations, dtype=np.float64),
        conventional_of(found),
    )
    axes = conventional_axes(cell, found)
    ideal = idealise(axes, setting.matrices)
    axes = ideal.deformation @ axes
    stretch = ideal.deformation.T @ ideal.deformation - np.eye(3)
    return SymmetryInfo(
        number=int(found.number),
        symbol=str(found.international),
        hall_number=int(found.hall_number),
        point_group=str(found.pointgroup).strip(),
        rotations=ideal.rotations,
        operations=setting.operations(ideal.rotations, axes),
        symprec=symprec,
        displacement=sites.displacement,
        strain=float(np.sqrt((stretch**2).sum())),
        site_rotations=sites.rotations,
        site_translations=sites.translations,
        site_permutations=sites.permutations,
        standard_frame=standard_frame(axes),
        candidates=tried,
        conventional_axes=axes.T,
        deformation=ideal.deformation,
        ideal_frac=sites.frac,
    )


def conventional_of(found: Any) -> Conventional:
    """Where the search (its dataset ``found``) puts the conventional cell, and the group in it."""
    hall = int(found.hall_number)
    return Conventional(
        rational(np.asarray(found.transformation_matrix, dtype=np.float64)),
        np.asarray(found.origin_shift, dtype=np.float64),
        *database(hall),
        len(hall_setting(hall).matrices),
    )


def conventional_axes(cell: Cell, found: Any) -> NDArray[np.float64]:
    """Columns are right-handed conventional axes of the cell as given, those nearest to its own, [3, 3]."""
    given = cell.lattice.T
    change = rational(np.asarray(found.transformation_matrix, dtype=np.float64))
    return _right_handed(given @ np.linalg.inv(nearest_axes(change, int(found.hall_number))))


def standard_frame(axes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rotation from the own frame to the standard one (x ∥ a, z ∥ c*, y = z × x), shape [3, 3].

    Parameters
    ----------
    axes
        Columns are right-handed conventional axes, shape [3, 3].
    """
    (a, b, _) = axes.T.tolist()
    x = _unit(a)
    z = _unit(_cross(a, b))
    return np.array([x, _cross(z, x), z])


def _cross(a: list[float], b: list[float]) -> list[float]:
    # Six products; the general routine of numpy takes longer than the rest of the frame.
    return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]


def _unit(a: list[float]) -> list[float]:
    length = math.hypot(*a)
    return [x / length for x in a]


def rational(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """The change of axes without rounding errors: to a conventional cell there are only halves and thirds."""
    rounded = np.round(matrix * 6) / 6
    return rounded if np.abs(rounded - matrix).max() < 1e-3 else matrix


def nearest_axes(change: NDArray[np.float64], hall_number: int) -> NDArray[np.float64]:
    """The equivalent choice of conventional axes nearest to the given lattice vectors.

    The search may return any of several equivalent choices, and rounding decides which. This one
    depends on the cell alone: it turns with the crystal, and keeps a ∥ a where that is possible.

    Parameters
    ----------
    change
        Matrix P of x_conventional = P · x, shape [3, 3].
    hall_number
        Setting of the conventional axes.
    """
    choices = equivalent_axes(hall_number) @ change
    choices = choices * np.sign(np.linalg.det(change))  # −P if that is what makes it right-handed
    return np.asarray(choices[(choices.reshape(-1, 9) @ _PREFERENCE).argmax()])


def _right_handed(axes: NDArray[np.float64]) -> NDArray[np.float64]:
    # −a, −b, −c have the same integer operations.
    return axes if np.linalg.det(axes) > 0 else -axes
