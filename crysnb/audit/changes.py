"""Ways to write the same crystal differently, simplest first, each with the law that an output obeys."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from crysnb.structure.transforms import (
    in_cell,
    mirrored,
    moved_by_lattice_vectors,
    random_rotation,
    reordered,
    rotated,
    shifted,
    supercell,
)

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure

Array = NDArray[np.float64]
Write = Callable[["Structure"], "Structure | None"]
Rows = tuple[tuple[int, int, int], ...]

#: Larger supercells are left out.
MAX_ATOMS = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One way to write a crystal differently.

    Attributes
    ----------
    check
        The check it belongs to.
    text
        What is done, in words.
    write
        The same crystal written so; None where that means nothing for this crystal. Same input, same result.
    rotation
        How the crystal was turned, or None.
    control
        The same with no site moved into the cell, which must fail as well: a fault of ``check`` is told
        apart so from one of ``wrap``.
    """

    check: str
    text: str
    write: Write
    rotation: Array | None = None
    control: Write | None = None


_QUARTER_Z = np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])
_QUARTER_X = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
_CYCLE = ((0, 1, 0), (0, 0, 1), (1, 0, 0))
_SHEAR = ((1, 0, 0), (1, 1, 0), (0, 0, 1))
_SKEW = ((1, 0, 1), (1, 1, 1), (0, -1, 1))
_ORIGIN = (0.317, 0.541, 0.233)


def changes(seed: int) -> tuple[Change, ...]:
    """All changes, in the order of the checks and from simple to general.

    Two reflections are enough: every other is one of them and a rotation.
    """
    return (
        _turn("turned by 90° about z", _QUARTER_Z),
        _turn("turned by 90° about x", _QUARTER_X),
        _turn("turned at random", random_rotation(np.random.default_rng(seed))),
        _mirror("inverted through the origin", -np.eye(3)),
        _mirror("reflected in the x-y plane", np.diag([1.0, 1, -1])),
        _cell("cell vectors a, b, c renamed b, c, a", _CYCLE),
        _cell("cell vector b replaced by a + b", _SHEAR),
        _cell("cell vectors replaced by a + c, a + b + c, c - b", _SKEW),
        _multiple("2×1×1 supercell", ((2, 0, 0), (0, 1, 0), (0, 0, 1))),
        _multiple("supercell of b + c, a + c, a + b", ((0, 1, 1), (1, 0, 1), (1, 1, 0))),
        _multiple("2×2×2 supercell", ((2, 0, 0), (0, 2, 0), (0, 0, 2))),
        Change(check="order", text="sites in reverse order", write=_reversed),
        Change(check="order", text="sites in random order", write=partial(_shuffled, seed=seed)),
        Change(check="wrap", text="last site moved by the cell vector a", write=_last_moved),
        Change(
            check="wrap", text="every site moved by a lattice vector", write=partial(_all_moved, seed=seed)
        ),
        Change(check="wrap", text="origin moved by (0.317, 0.541, 0.233) Å", write=_moved_origin),
    )


def primitive_writing(change: Change) -> Change:
    """The same change for a crystal in its primitive cell."""
    return replace(change, text=f"{change.text}, from the primitive cell")


def _turn(text: str, q: Array) -> Change:
    return Change(check="rotation", text=text, write=partial(rotated, rotation=q), rotation=q)


def _mirror(text: str, q: Array) -> Change:
    return Change(
        check="reflection",
        text=text,
        write=partial(mirrored, rotation=q),
        rotation=q,
        control=partial(mirrored, rotation=q, wrap=False),
    )


def _cell(text: str, rows: Rows) -> Change:
    return Change(
        check="cell",
        text=text,
        write=partial(in_cell, rows=rows),
        control=partial(in_cell, rows=rows, wrap=False),
    )


def _multiple(text: str, rows: Rows) -> Change:
    return Change(
        check="supercell",
        text=text,
        write=partial(_larger, rows=rows),
        control=partial(_larger, rows=rows, wrap=False),
    )


def _larger(structure: Structure, rows: Rows, *, wrap: bool = True) -> Structure | None:
    n_cells = round(abs(np.linalg.det(rows)))
    return supercell(structure, rows, wrap=wrap) if len(structure) * n_cells <= MAX_ATOMS else None


def _reversed(structure: Structure) -> Structure | None:
    return type(structure).from_sites(list(structure)[::-1]) if len(structure) > 1 else None


def _shuffled(structure: Structure, seed: int) -> Structure | None:
    return reordered(structure, np.random.default_rng(seed)) if len(structure) > 2 else None


def _last_moved(structure: Structure) -> Structure:
    steps = np.zeros((len(structure), 3), dtype=np.int64)
    steps[-1, 0] = 1
    return moved_by_lattice_vectors(structure, steps)


def _all_moved(structure: Structure, seed: int) -> Structure:
    steps = np.random.default_rng(seed).integers(-2, 3, size=(len(structure), 3))
    return moved_by_lattice_vectors(structure, steps)


def _moved_origin(structure: Structure) -> Structure:
    return shifted(structure, _ORIGIN)
