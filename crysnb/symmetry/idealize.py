"""The same crystal with its symmetry exact: same cell, same sites, same orientation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from crysnb.symmetry.detect import Symprec, detect, structure_of
from crysnb.values.prediction import Notice
from crysnb.values.symmetry_info import SymmetryInfo

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure


def idealize(x: Any, symprec: Symprec = "auto") -> Structure:
    """The crystal with exact symmetry; cell, orientation, sites and their order are kept.

    Positions are averaged over the space group of the given cell, and the metric over the point
    group, by the symmetric stretch that does not turn the crystal. Standardised cells are not
    used: they turn the crystal and may change its handedness.

    Parameters
    ----------
    x
        Anything that :func:`crysnb.as_structure` accepts.
    symprec
        As in :func:`crysnb.symmetry`.

    Returns
    -------
    pymatgen.core.Structure
        With a notice ``structure.idealized`` (in ``properties["crysnb"]``, as all notices) that names
        the space group, the tolerance, and how far atoms and cell were moved; :func:`crysnb.write_cif`
        writes it into the file.

    Raises
    ------
    SymmetryUndetermined
        If no group is found.
    """
    structure = structure_of(x)
    info = detect(structure, symprec)
    ideal = idealized(structure, info)
    kept = structure.properties["crysnb"]
    ideal.properties = {"crysnb": {**kept, "notices": [*kept["notices"], _provenance(info).to_dict()]}}
    return ideal


def _provenance(info: SymmetryInfo) -> Notice:
    return Notice(
        "structure.idealized",
        "info",
        f"Idealised to {info.symbol} ({info.number}), found with symprec {info.symprec:g} Å: atoms moved "
        f"by at most {info.displacement:.2g} Å, squared lengths changed by a share of {info.strain:.2g}.",
    )


def idealized(structure: Structure, info: SymmetryInfo) -> Structure:
    """The idealised structure, from the symmetry of that same structure."""
    from pymatgen.core.lattice import Lattice
    from pymatgen.core.structure import Structure

    return Structure(
        Lattice(structure.lattice.matrix @ info.deformation.T),
        structure.species,
        info.ideal_frac,
        site_properties=structure.site_properties,
        labels=structure.labels,
        properties=structure.properties,
    )


def idealized_primitive(structure: Structure, info: SymmetryInfo) -> Structure:
    """Primitive cell of the idealised structure, in the same Cartesian orientation.

    Parameters
    ----------
    structure
        The structure as given.
    info
        Its symmetry.

    Returns
    -------
    pymatgen.core.Structure
        The first site of each translation orbit, in order. If the given cell is primitive
        already, its own lattice vectors are kept.
    """
    from pymatgen.core.structure import Structure

    ideal = idealized(structure, info)
    pure = info.is_translation
    n = int(pure.sum())
    if n == 1:
        return ideal
    lattice = ideal.lattice.matrix
    basis = _reduced(_lattice_basis(info.site_translations[pure], n) @ lattice)
    if np.linalg.det(basis) * np.linalg.det(lattice) < 0:
        basis = -basis
    keep = [k for k, orbit in enumerate(info.site_permutations[pure].T) if orbit.min() == k]
    return Structure(
        basis,
        [ideal[k].specie for k in keep],
        ideal.cart_coords[keep],
        coords_are_cartesian=True,
        to_unit_cell=True,
        properties=structure.properties,
    )


def _lattice_basis(translations: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    """Basis (rows, in units of the cell) of the lattice that the cell and its translations span.

    Integer row reduction: n times every translation is whole.
    """
    rows = [list(map(int, row)) for row in np.round(np.vstack([np.eye(3), translations]) * n)]
    basis = []
    for column in range(3):
        while True:
            busy = sorted((r for r in rows if r[column]), key=lambda r: abs(r[column]))
            if len(busy) == 1:
                break
            pivot = busy[0]
            for row in busy[1:]:
                factor = row[column] // pivot[column]
                row[:] = [a - factor * b for a, b in zip(row, pivot, strict=True)]
        basis.append(busy[0])
        rows = [r for r in rows if r is not busy[0] and any(r)]
    return np.array(basis, dtype=np.float64) / n


def _reduced(basis: NDArray[np.float64]) -> NDArray[np.float64]:
    """Short lattice vectors that span the same lattice, shortest first (LLL; rows, not turned)."""
    from pymatgen.core.lattice import Lattice

    reduced = np.asarray(Lattice(basis).get_lll_reduced_lattice().matrix, dtype=np.float64)
    change = np.round(reduced @ np.linalg.inv(basis))
    exact = change @ basis
    return np.asarray(exact[np.argsort((exact**2).sum(axis=1), kind="stable")])
