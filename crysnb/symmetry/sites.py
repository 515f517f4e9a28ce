"""Which site goes where, and positions averaged over the group of the given cell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crysnb.errors import SymmetryUndetermined
from crysnb.symmetry.search import Cell

_CHUNK = 2_000_000  # distances held at once


@dataclass(frozen=True, slots=True, eq=False)
class SiteSymmetry:
    """The space group of the given cell, acting on its sites.

    Attributes
    ----------
    rotations, translations
        Operations x' = W x + w on fractional coordinates, shapes [op, 3, 3] and [op, 3]; the
        origin is the one that lets the atoms move least.
    permutations
        Site that each site is sent to, shape [op, site].
    frac
        Idealised fractional coordinates, shape [site, 3].
    displacement
        Largest shift of a site in Å.
    """

    rotations: NDArray[np.int64]
    translations: NDArray[np.float64]
    permutations: NDArray[np.int64]
    frac: NDArray[np.float64]
    displacement: float


def site_symmetry(
    cell: Cell, rotations: NDArray[np.int64], translations: NDArray[np.float64]
) -> SiteSymmetry:
    """Permutations of the sites and positions averaged over the group.

    Pure translations are averaged over first, then one operation per rotation: the same mean as
    over all operations, at the cost of n_translations + n_rotations matchings.

    Raises
    ------
    SymmetryUndetermined
        If an operation sends two sites to one place.
    """
    keys, first, member = np.unique(rotations.reshape(-1, 9), axis=0, return_index=True, return_inverse=True)
    member = member.reshape(-1)
    identity = int(np.flatnonzero((keys == np.eye(3, dtype=np.int64).reshape(9)).all(axis=1))[0])
    pure = translations[member == identity]
    eye = np.broadcast_to(np.eye(3, dtype=np.int64), (len(pure), 3, 3))

    moved, by_translation = _average(cell, cell.frac, eye, pure)
    ideal, by_rotation = _average(cell, moved, rotations[first], translations[first])

    # A rigid shift of the ideal crystal is free: take the one without net motion of the atoms.
    drift = (ideal - cell.frac).mean(axis=0)
    ideal = ideal - drift
    translations = translations - drift + rotations @ drift
    extra = (translations - translations[first][member])[:, None, :] - pure[None]
    which = (np.abs(extra - np.round(extra)).sum(axis=2)).argmin(axis=1) if len(pure) > 1 else 0 * member
    permutations = np.take_along_axis(by_translation[which], by_rotation[member], axis=1)
    shift = (ideal - cell.frac) @ cell.lattice
    return SiteSymmetry(
        rotations=rotations,
        translations=translations - np.floor(translations + 1e-12),
        permutations=permutations,
        frac=ideal,
        displacement=float(np.sqrt((shift**2).sum(axis=1).max())),
    )


def _average(
    cell: Cell, frac: NDArray[np.float64], rotations: NDArray[np.int64], translations: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Mean image of every site over the operations, and the permutations, [op, site]."""
    if len(rotations) == 1 and (rotations[0] == np.eye(3)).all():
        return frac, np.arange(len(frac))[None]
    images = frac @ rotations.transpose(0, 2, 1) + translations[:, None, :]
    permutations = _match(cell, frac, images)
    if (np.sort(permutations, axis=1) != np.arange(len(frac))).any():
        raise SymmetryUndetermined(
            "symmetry.inconsistent",
            found="an operation that sends two sites to one place",
            accepted="a tolerance below half the shortest distance",
            action="Try a smaller symprec.",
        )
    offset = images - frac[permutations]
    offset -= np.round(offset)
    total = np.zeros_like(frac)
    np.add.at(total, permutations.reshape(-1), offset.reshape(-1, 3))
    return frac + total / len(rotations), permutations


def _match(cell: Cell, frac: NDArray[np.float64], images: NDArray[np.float64]) -> NDArray[np.int64]:
    """Nearest site of the same element for every image, shape [op, site]."""
    n = len(frac)
    other = cell.numbers[:, None] != cell.numbers[None, :]
    step = max(1, _CHUNK // n**2)
    out = np.empty(images.shape[:2], dtype=np.int64)
    for start in range(0, len(images), step):
        gap = images[start : start + step, :, None, :] - frac
        gap -= np.round(gap)
        squared = ((gap @ cell.lattice) ** 2).sum(axis=3)
        squared[:, other] = np.inf
        out[start : start + step] = squared.argmin(axis=2)
    return out
