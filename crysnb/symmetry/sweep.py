"""The space group at many tolerances: whether the answer depends on one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from crysnb.symmetry.detect import cell_of, structure_of
from crysnb.symmetry.search import MAX_SYMPREC, MIN_SYMPREC, check_symprec, search

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure

#: Tolerances in Å from far below to far above what positions are usually known to.
SWEEP = (1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1)
#: A decade to both sides of a tolerance, in half decades.
_DECADE = (0.1, 0.3, 3.0, 10.0)


def sweep(x: Any, tolerances: Sequence[float] = SWEEP) -> tuple[tuple[float, int], ...]:
    """Space-group number of a crystal at each tolerance.

    Parameters
    ----------
    x
        Anything that :func:`crysnb.as_structure` accepts.
    tolerances
        Distances in Å.

    Returns
    -------
    tuple
        Pairs (symprec, number); 0 where the search fails.

    Raises
    ------
    SymmetryUndetermined
        ``symmetry.symprec`` for a tolerance that is out of range.
    StructureError
        If the structure is not one that can be worked with.
    """
    return _numbers(structure_of(x), [check_symprec(p) for p in tolerances])


def around(structure: Structure, symprec: float) -> tuple[tuple[float, int], ...]:
    """The same within a decade of ``symprec``, which itself is left out."""
    # Rounded, so that 0.3 times 0.01 is the 0.003 that people read.
    near = [float(f"{symprec * factor:.6g}") for factor in _DECADE]
    return _numbers(structure, [p for p in near if MIN_SYMPREC <= p <= MAX_SYMPREC])


def _numbers(structure: Structure, tolerances: Sequence[float]) -> tuple[tuple[float, int], ...]:
    cell = cell_of(structure)
    found = [(p, search(cell, p)) for p in tolerances]
    return tuple((p, 0 if dataset is None else int(dataset.number)) for p, dataset in found)
