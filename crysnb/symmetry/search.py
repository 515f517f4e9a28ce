"""The only module that calls spglib. Nothing non-finite and no degenerate cell gets through.

A NaN or an infinity makes spglib end the whole process with a segmentation fault, so every
number is looked at here again, whatever was checked before.
"""

from __future__ import annotations

import inspect
import math
import os
import warnings
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import spglib
from numpy.typing import NDArray

from crysnb.errors import StructureError, SymmetryUndetermined, quote

#: Accepted distance tolerances in Å.
MIN_SYMPREC, MAX_SYMPREC = 1e-8, 1.0
#: Longest cell vector in Å and smallest volume of the cell relative to its edges that spglib is asked about.
MAX_LENGTH, MIN_SHAPE = 1e4, 1e-6

# The C library writes its doubts on stderr, in the middle of our progress bars; a failure is reported by us.
os.environ.setdefault("SPGLIB_WARNING", "OFF")

# spglib annotates lists but wants arrays.
_dataset: Any = spglib.get_symmetry_dataset
_database: Any = spglib.get_symmetry_from_database
_space_group_type: Any = spglib.get_spacegroup_type
# spglib 2.7 warns on every call unless it may throw; before 2.7 there is no such argument.
_THROW: dict[str, Any] = (
    {"_throw": True} if "_throw" in inspect.signature(spglib.get_symmetry_dataset).parameters else {}
)
_SpglibError: type[Exception] = getattr(spglib, "SpglibError", RuntimeError)


@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """What a symmetry search needs of a structure, checked.

    Attributes
    ----------
    lattice
        Rows are the lattice vectors in Å, shape [3, 3].
    frac
        Fractional coordinates, shape [site, 3].
    numbers
        Atomic numbers, shape [site].
    """

    lattice: NDArray[np.float64]
    frac: NDArray[np.float64]
    numbers: NDArray[np.int64]

    def __post_init__(self) -> None:
        if self.frac.ndim != 2 or self.frac.shape[1] != 3 or self.lattice.shape != (3, 3):
            raise StructureError(
                "structure.shape",
                found=f"a cell {self.lattice.shape} with coordinates {self.frac.shape}",
                accepted="(3, 3) and (n, 3)",
            )
        if len(self.frac) == 0 or len(self.frac) != len(self.numbers):
            raise StructureError(
                "structure.empty",
                found=f"{len(self.frac)} positions and {len(self.numbers)} elements",
                accepted="at least one site",
            )
        for what, values in (("lattice", self.lattice), ("fractional coordinates", self.frac)):
            if not np.isfinite(values).all():
                raise StructureError(
                    "structure.non_finite", found=f"NaN or infinity in the {what}", accepted="finite numbers"
                )
        lengths = (
            np.sqrt((self.lattice**2).sum(axis=1)) if np.abs(self.lattice).max() < MAX_LENGTH else [np.inf]
        )
        shape = (
            0.0
            if np.isinf(lengths).any() or not np.all(lengths)
            else float(abs(np.linalg.det(self.lattice)) / np.prod(lengths))
        )
        if not shape > MIN_SHAPE or np.abs(self.frac).max() > 1e6:
            raise StructureError(
                "structure.degenerate_cell",
                found="a cell without volume, or numbers too large to work with",
                accepted=f"three independent lattice vectors shorter than {MAX_LENGTH:g} Å",
            )


def check_symprec(symprec: object) -> float:
    """The tolerance as a float; :class:`SymmetryUndetermined` unless it is usable."""
    ok = isinstance(symprec, int | float | np.floating) and not isinstance(symprec, bool)
    if not ok or not MIN_SYMPREC <= symprec <= MAX_SYMPREC:  # type: ignore[operator]
        raise SymmetryUndetermined(
            "symmetry.symprec",
            found=f"symprec {quote(symprec)}",
            accepted=f'"auto", or a distance between {MIN_SYMPREC:g} and {MAX_SYMPREC:g} Å',
        )
    return float(symprec)  # type: ignore[arg-type]


def search(cell: Cell, symprec: float, angle: float = -1.0) -> Any | None:
    """The dataset of spglib for the cell, or None where the search fails.

    Parameters
    ----------
    cell
        Checked cell.
    symprec
        Distance tolerance in Å.
    angle
        Tolerance of angles between lattice vectors in degrees; negative derives it from ``symprec``.
    """
    if not (math.isfinite(symprec) and np.isfinite(cell.lattice).all() and np.isfinite(cell.frac).all()):
        raise StructureError(
            "structure.non_finite", found="a non-finite number on its way to the symmetry search"
        )
    # Coordinates are wrapped: spglib loses digits, and at 1e300 its life, on far-away images.
    frac = cell.frac - np.floor(cell.frac)
    try:
        return _dataset((cell.lattice, frac, cell.numbers), symprec=symprec, angle_tolerance=angle, **_THROW)
    except _SpglibError:
        return None


@cache
def database(hall_number: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Operations of a Hall setting: matrices [op, 3, 3] and translations [op, 3], read-only."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        found = _database(hall_number)
    rotations = np.array(found["rotations"], dtype=np.int64)
    translations = np.array(found["translations"], dtype=np.float64)
    rotations.flags.writeable = translations.flags.writeable = False
    return rotations, translations


@cache
def _first_settings() -> dict[int, tuple[int, str, str]]:
    first: dict[int, tuple[int, str, str]] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        for hall in range(1, 531):
            kind = _space_group_type(hall)
            first.setdefault(
                int(kind.number), (hall, str(kind.international_short), str(kind.pointgroup_international))
            )
    return first


def standard_setting(number: int) -> tuple[int, str, str]:
    """Hall number, symbol and point group of the standard setting of a space group, 1–230."""
    return _first_settings()[number]
