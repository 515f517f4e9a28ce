"""Symmetry-adapted displacements: patterns that the operations of a crystal mix only among themselves.

Displacements of n sites carry a representation of the group of the cell, (g d)[π(i)] = R d[i]. Its
irreducible parts are eigenspaces of any operator that commutes with the group and is otherwise
generic. A network of springs between the sites commutes by construction, turns with the crystal, and has the
rigid shifts as its null space; what it leaves together by accident is split by the average of a random matrix
over the group. Inside a space of dimension two or three the directions are shown that a subgroup singles out
(its fixed space is a line): each is an isotropy subgroup of its own. Stokes and Hatch (1988), *Isotropy
Subgroups of the 230 Crystallographic Space Groups*.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crysnb.breaking.patterns import Pattern, distort, mode_pattern
from crysnb.errors import ShapeError, quote
from crysnb.symmetry.detect import cell_of
from crysnb.symmetry.parent import Parent, is_kept, parent_of
from crysnb.symmetry.project import invariants
from crysnb.symmetry.search import search

Array = NDArray[np.float64]

#: Patterns listed, and sites of the largest cell that modes are worked out for.
MAX_MODES, MAX_SITES = 40, 80
#: Directions shown of one space, and pairs of operations whose common fixed space is worked out.
MAX_LINES, MAX_PAIRS = 4, 1500
#: Å at which the group that a mode leaves is looked up, and the tolerance of that search.
_PROBE, _TOLERANCE = 0.02, 1e-5
_REACH = 7.0  # Å, of the springs
_EQUAL = 1e-7  # eigenvalues relative to the largest
_LINE = 1e-8
_COUNTS = ("zero", "one", "two", "three", "four", "five", "six")


def modes(x: Any, most: int = MAX_MODES) -> tuple[Pattern, ...]:
    """Γ modes of the given cell: symmetry-adapted displacements, each with the group that it leaves.

    Parameters
    ----------
    x
        Anything that :func:`crysnb.as_structure` accepts, or its :class:`~crysnb.symmetry.parent.Parent`.
    most
        Number of patterns after which no further ones are worked out.

    Returns
    -------
    tuple of Pattern
        Orthogonal to the rigid shifts. Totally symmetric ones first (no operation is lost), then soft before
        stiff in the spring network, which is a choice of order and not a prediction. ``dimension`` is that
        of the irreducible space over the real numbers. In a cell that is not primitive there are also modes
        that break its pure translations. Empty for a cell of more than 80 sites or without such modes.

    Raises
    ------
    ShapeError
        ``breaking.most`` for a number of patterns that is none.
    """
    if type(most) is not int or most < 1:
        raise ShapeError("breaking.most", found=f"most = {quote(most)}", accepted="a whole number from 1")
    whole = parent_of(x)
    if not 1 < len(whole.structure) <= MAX_SITES:
        return ()
    out: list[Pattern] = []
    spaces = sorted(_spaces(whole), key=lambda space: not _is_trivial(whole, space))
    for space in spaces:
        for d in _directions(whole, space):
            out.append(_named(whole, d, space.shape[1], len(out) + 1))
            if len(out) == most:
                return tuple(out)
    return tuple(out)


def _spaces(whole: Parent) -> Iterator[Array]:
    """Orthonormal bases of irreducible spaces, shape [3 · site, dimension], softest first."""
    n = len(whole.structure)
    values, vectors = np.linalg.eigh(_springs(whole))
    random = np.random.default_rng(0).normal(size=(3 * n, 3 * n))
    start = 3  # the rigid shifts have no spring
    gaps = np.flatnonzero(np.diff(values) > _EQUAL * values[-1]) + 1
    for stop in [*gaps[gaps > start], 3 * n]:
        space = vectors[:, start:stop]
        start = stop
        if space.shape[1] == 1:
            yield space
            continue
        # The average of a random symmetric matrix over the group is a number on an irreducible space.
        images = np.stack([whole.act(v.reshape(n, 3)).reshape(-1, 3 * n) for v in space.T], axis=2)
        mean = np.einsum("gia,ij,gjb->ab", images, random + random.T, images, optimize=True) / len(images)
        inside, turned = np.linalg.eigh(mean)
        cuts = np.flatnonzero(np.diff(inside) > 1e-6 * np.abs(inside).max()) + 1
        for part in np.split(np.arange(len(inside)), cuts):
            yield space @ turned[:, part]


def _springs(whole: Parent) -> Array:
    """Stiffness matrix of springs that depend on distance and elements alone, shape [3 · site, 3 · site]."""
    structure = whole.structure
    n = len(structure)
    edge = float(np.linalg.norm(structure.lattice.matrix, axis=1).min())
    reach = max(_REACH, 1.2 * edge)
    i, j, image, r = structure.get_neighbor_list(reach, exclude_self=True)
    z = np.asarray(structure.atomic_numbers, dtype=np.float64)
    lattice = np.asarray(structure.lattice.matrix)
    frac = np.asarray(structure.frac_coords)
    unit = ((frac[j] + image - frac[i]) @ lattice) / r[:, None]
    fade = (1 - (r / reach) ** 2) ** 2  # nothing depends on what sits at the reach itself
    kinds = np.sqrt(z[i] * z[j]) / (z[i] + z[j])
    along, across = np.exp(-r / 1.3) * fade * (1 + kinds), 0.31 * np.exp(-r / 0.9) * fade * (2 - kinds)
    blocks = along[:, None, None] * unit[:, :, None] * unit[:, None, :] + across[:, None, None] * np.eye(3)
    out = np.zeros((n, n, 3, 3))
    np.subtract.at(out, (i, j), blocks)
    np.add.at(out, (i, i), blocks)
    flat = out.transpose(0, 2, 1, 3).reshape(3 * n, 3 * n)
    return np.asarray((flat + flat.T) / 2)


def _matrices(whole: Parent, space: Array) -> Array:
    """The representation on a space, shape [site operation, dimension, dimension]."""
    n = len(whole.structure)
    images = np.stack([whole.act(v.reshape(n, 3)).reshape(-1, 3 * n) for v in space.T], axis=2)
    return np.asarray(space.T @ images)


def _is_trivial(whole: Parent, space: Array) -> bool:
    return bool(space.shape[1] == 1 and np.abs(_matrices(whole, space) - 1).max() < _LINE)


def _directions(whole: Parent, space: Array) -> Iterator[Array]:
    """Displacements in a space that a subgroup singles out, one of each kind, shape [site, 3]."""
    n, dimension = len(whole.structure), space.shape[1]
    rows = np.eye(1) if dimension == 1 else _lines(_matrices(whole, space))
    for row in rows:
        d = (space @ row).reshape(n, 3)
        d = np.where(np.abs(d) < _LINE, 0.0, d)
        first = d.reshape(-1)[np.flatnonzero(np.abs(d) > 0.2 * np.abs(d).max())[0]]
        yield d * np.sign(first)


def _lines(matrices: Array) -> Array:
    """Lines that two operations together fix, one of each orbit of the group, shape [line, dimension]."""
    dimension = matrices.shape[1]
    rounded = np.round(matrices, 6).reshape(len(matrices), -1) + 0.0
    _, first = np.unique(rounded, axis=0, return_index=True)
    group = matrices[np.sort(first)]
    moved = group - np.eye(dimension)
    squares = moved.transpose(0, 2, 1) @ moved
    i, j = np.triu_indices(len(group))
    some = np.linspace(0, len(i) - 1, min(len(i), MAX_PAIRS)).astype(np.int64)  # all, in a primitive cell
    i, j = i[some], j[some]
    values, vectors = np.linalg.eigh(squares[i] + squares[j])
    single = (values[:, 0] < _LINE) & (values[:, 1] > 1e-3)
    found: list[Array] = []
    for v in vectors[single][:, :, 0]:
        images = group @ v
        if not any(np.abs(images @ u).max() > 1 - 1e-6 for u in found):
            found.append(v)
        if len(found) == MAX_LINES:
            break
    return np.array(found) if found else np.eye(1, dimension)


def _named(whole: Parent, d: Array, dimension: int, number: int) -> Pattern:
    pattern = mode_pattern(f"mode {number}", "", d, dimension)
    distorted = distort(whole, pattern, _PROBE)
    found = search(cell_of(distorted), _TOLERANCE)
    left = "leaves no known group" if found is None else f"leaves {found.international} ({found.number})"
    dims = f"{_COUNTS[dimension] if dimension < len(_COUNTS) else dimension}-dimensional"
    if is_kept(whole.distances(distorted)).all():
        text = "totally symmetric: every operation is kept"
    else:
        kept = is_kept(whole.by_operation(whole.distances(distorted)))
        polar = _is_polar(whole.rotations[kept]) and not _is_polar(whole.rotations)
        text = f"{dims}, {'polar, ' if polar else ''}{left}"
    far = np.abs(d).max(axis=1) > 0.3 * np.abs(d).max()
    moving = "".join(dict.fromkeys(whole.structure[int(k)].specie.symbol for k in np.flatnonzero(far)))
    return mode_pattern(f"mode {number}", f"{text}; mostly {moving}", d, dimension)


def _is_polar(rotations: Array) -> bool:
    return invariants("pyroelectric", rotations).dimension > 0
