"""Objects of other libraries to a :class:`RawCrystal`: pymatgen, ASE, and the tuples of spglib."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from crysnb.errors import StructureError, quote
from crysnb.structure import check
from crysnb.structure.band_gap import stored_gap
from crysnb.structure.numbers import array
from crysnb.structure.raw import RawCrystal, ordered
from crysnb.values.prediction import Notice
from crysnb.values.symbols import SYMBOLS


def is_from(x: object, package: str, name: str) -> bool:
    """Whether ``x`` is an instance of a class, told without importing its package."""
    return any(c.__name__ == name and c.__module__.split(".")[0] == package for c in type(x).__mro__)


def read_structure(structure: Any) -> RawCrystal:
    """Read lattice, species and positions of a pymatgen Structure; labels and properties are dropped."""
    check.site_count(len(structure))
    return RawCrystal(
        cell=array(structure.lattice.matrix, (3, 3), "lattice"),
        coords=array(structure.frac_coords, (None, 3), "frac_coords"),
        symbols=tuple(
            tuple(check.written_symbol(s) for s in site.species) or ("nothing",) for site in structure
        ),
        occupancies=tuple(tuple(float(v) for v in site.species.values()) or (0.0,) for site in structure),
        band_gap=stored_gap(getattr(structure, "properties", None)),
    )


def read_atoms(atoms: Any) -> RawCrystal:
    """Read ASE Atoms; a notice says which directions are not periodic."""
    check.site_count(len(atoms))
    _refuse_ase_disorder(atoms)
    periodic = np.asarray(atoms.pbc, dtype=bool)
    notices = () if periodic.all() else (_NOT_PERIODIC,)
    return RawCrystal(
        cell=array(np.asarray(atoms.cell), (3, 3), "cell"),
        coords=array(np.asarray(atoms.positions), (len(atoms), 3), "positions"),
        cartesian=True,
        notices=notices,
        **ordered([str(s) for s in atoms.get_chemical_symbols()]),
    )


_NOT_PERIODIC = Notice(
    "structure.vacuum",
    "warning",
    "The Atoms object is not periodic in all directions; it was read as a crystal that repeats its cell.",
)


def _refuse_ase_disorder(atoms: Any) -> None:
    """ASE's CIF reader keeps the majority element of a mixed site and the truth in ``info``."""
    occupancy = atoms.info.get("occupancy")
    if not isinstance(occupancy, Mapping):
        return
    sites = [dict(v) for v in occupancy.values() if isinstance(v, Mapping)]
    check.full_occupancy([list(map(str, s)) for s in sites], [[float(v) for v in s.values()] for s in sites])


def read_cell(cell: tuple[Any, ...]) -> RawCrystal:
    """Read ``(lattice, positions, atomic numbers)`` as spglib takes it; moments are refused."""
    if len(cell) != 3:
        raise StructureError(
            "structure.type",
            found=f"a tuple of {len(cell)} entries",
            accepted="(lattice, positions, atomic numbers) as spglib takes it",
        )
    numbers = array(cell[2], (None,), "atomic numbers")
    check.site_count(len(numbers))
    return RawCrystal(
        cell=array(cell[0], (3, 3), "lattice"),
        coords=array(cell[1], (len(numbers), 3), "positions"),
        **ordered([_symbol(z) for z in numbers]),
    )


def _symbol(z: float) -> str:
    if 1 <= z <= len(SYMBOLS) and z == int(z):
        return SYMBOLS[int(z) - 1]
    raise StructureError(
        "structure.unknown_element",
        found=f"the atomic number {quote(float(z))}",
        accepted="integers 1 to 118",
    )
