"""Which site goes where, and positions averaged over the group of the given cell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crysnb.errors import SymmetryUndetermined
from crysnb.symmetry.search import Cell

_CHUNK = 2_000_000  # distances held at once
_MANY = 64  # sites from which a search tree is faster
_IDENTITY = np.eye(3, dtype=np.int64)
_KEY = 101 ** np.arange(9, dtype=np.int64)
_IDENTITY_KEY = int(_IDENTITY.reshape(9) @ _KEY)

#: Cell, positions, images [op, site, 3] in; site for every image [op, site] out.
Assign = Callable[[Cell, NDArray[np.float64], NDArray[np.float64]], NDArray[np.int64]]


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


@dataclass(frozen=True, slots=True, eq=False)
class Conventional:
    """The space group in its conventional cell, where it is complete.

    A cell such as 2×1×1 of NaCl keeps only the operations that its own shape allows; the others are
    here.

    Attributes
    ----------
    transformation, origin
        x_conventional = transformation · x + origin, shapes [3, 3] and [3].
    rotations, translations
        All operations, centring translations among them, shapes [op, 3, 3] and [op, 3].
    n_rotations
        Number of distinct rotations.
    """

    transformation: NDArray[np.float64]
    origin: NDArray[np.float64]
    rotations: NDArray[np.int64]
    translations: NDArray[np.float64]
    n_rotations: int


def site_symmetry(
    cell: Cell,
    rotations: NDArray[np.int64],
    translations: NDArray[np.float64],
    conventional: Conventional,
) -> SiteSymmetry:
    """Permutations of the sites and positions averaged over the whole space group.

    Pure translations are averaged over first, then one operation per rotation: the same mean as
    over all operations, at the cost of n_translations + n_rotations matchings.

    Parameters
    ----------
    cell
        The given cell.
    rotations, translations
        Its operations.
    conventional
        The complete group.

    Raises
    ------
    SymmetryUndetermined
        If an operation sends two sites to one place.
    """
    group = Cosets.of(rotations, translations)
    moved, by_translation = average(cell, cell.frac, *group.pure)
    averaged, by_rotation = average(cell, moved, *group.representatives)
    complete = len(by_rotation) == conventional.n_rotations
    ideal = averaged if complete else moved + _missing(cell, moved, by_translation, conventional)

    # A rigid shift of the ideal crystal is free: take the one without net motion of the atoms.
    drift = (ideal - cell.frac).mean(axis=0)
    ideal = ideal - drift
    translations = translations - drift + rotations @ drift
    permutations = np.take_along_axis(by_translation[group.translation], by_rotation[group.rotation], axis=1)
    shift = (ideal - cell.frac) @ cell.lattice
    return SiteSymmetry(
        rotations=rotations,
        translations=translations - np.floor(translations + 1e-12),
        permutations=permutations,
        frac=ideal,
        displacement=float(np.sqrt((shift**2).sum(axis=1).max())),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Cosets:
    """A space group as pure translations times one operation per rotation.

    Operation k is the translation ``translation[k]`` after the representative ``rotation[k]``.
    """

    pure: tuple[NDArray[np.int64], NDArray[np.float64]]
    representatives: tuple[NDArray[np.int64], NDArray[np.float64]]
    translation: NDArray[np.int64]
    rotation: NDArray[np.int64]

    @classmethod
    def of(cls, rotations: NDArray[np.int64], translations: NDArray[np.float64]) -> Cosets:
        """Split the operations."""
        # Entries are -1, 0, 1, or small in odd cells: one whole number per matrix compares fast.
        keys = rotations.reshape(-1, 9) @ _KEY
        pure = translations[keys == _IDENTITY_KEY]
        which = np.zeros(len(keys), dtype=np.int64)
        eye = np.broadcast_to(_IDENTITY, (len(pure), 3, 3))
        if len(pure) == 1:
            return cls((eye, pure), (rotations, translations), which, np.arange(len(keys)))
        _, first, member = np.unique(keys, return_index=True, return_inverse=True)
        rest = translations - translations[first][member]
        for start in range(0, len(keys), step := max(1, _CHUNK // len(pure))):
            gap = rest[start : start + step, None, :] - pure
            which[start : start + step] = np.abs(gap - np.round(gap)).sum(axis=2).argmin(axis=1)
        return cls((eye, pure), (rotations[first], translations[first]), which, member)


def _missing(
    cell: Cell, frac: NDArray[np.float64], by_translation: NDArray[np.int64], conventional: Conventional
) -> NDArray[np.float64]:
    """Shifts that average over the complete group, from one site per translation orbit, [site, 3]."""
    orbit = by_translation.min(axis=0)  # the first site that each is equivalent to
    keep = np.unique(orbit)
    group = Cosets.of(conventional.rotations, conventional.translations)
    whole = conventional_cell(cell, frac, keep, conventional, group.pure[1])
    ideal, _ = average(whole, whole.frac, *group.representatives)
    shift = (ideal - whole.frac)[:: len(group.pure[1])] @ np.linalg.inv(conventional.transformation).T
    return np.asarray(shift[np.searchsorted(keep, orbit)])


def conventional_cell(
    cell: Cell,
    frac: NDArray[np.float64],
    keep: NDArray[np.int64],
    conventional: Conventional,
    centring: NDArray[np.float64],
) -> Cell:
    """The conventional cell with all its sites: those of ``keep``, each followed by its centring images.

    Parameters
    ----------
    cell, frac
        The given cell, and the positions in it to use instead of its own.
    keep
        One site of each translation orbit.
    conventional
        Where the conventional cell lies.
    centring
        Its translations, the zero one first, shape [translation, 3].
    """
    inside = frac[keep] @ conventional.transformation.T + conventional.origin
    everywhere = inside[:, None, :] + centring
    columns = cell.lattice.T @ np.linalg.inv(conventional.transformation)
    return Cell(columns.T, everywhere.reshape(-1, 3), np.repeat(cell.numbers[keep], len(centring)))


def average(
    cell: Cell,
    frac: NDArray[np.float64],
    rotations: NDArray[np.int64],
    translations: NDArray[np.float64],
    assign: Assign | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Mean image of every site over the operations, and the permutations, [op, site].

    Parameters
    ----------
    cell, frac
        Lattice and elements, and the positions to use.
    rotations, translations
        Operations, shapes [op, 3, 3] and [op, 3].
    assign
        What pairs images with sites; :func:`match` unless said.

    Raises
    ------
    SymmetryUndetermined
        If an operation sends two sites to one place.
    """
    if len(rotations) == 1 and (rotations[0] == _IDENTITY).all():
        return frac, np.arange(len(frac))[None]
    images = frac @ rotations.transpose(0, 2, 1) + translations[:, None, :]
    permutations = (assign or match)(cell, frac, images)
    inverse = permutations.argsort(axis=1)
    each = np.arange(len(rotations))[:, None]
    if (permutations[each, inverse] != np.arange(len(frac))).any():
        raise SymmetryUndetermined(
            "symmetry.inconsistent",
            found="an operation that sends two sites to one place",
            accepted="a tolerance below half the shortest distance",
            action="Try a smaller symprec.",
        )
    offset = images - frac[permutations]
    offset -= np.round(offset)
    return frac + offset[each, inverse].sum(axis=0) / len(rotations), permutations


def match(cell: Cell, frac: NDArray[np.float64], images: NDArray[np.float64]) -> NDArray[np.int64]:
    """Nearest site of the same element for every image, shape [op, site]."""
    if len(frac) < _MANY:
        return _match_all(cell, frac, images)
    out, certain = _match_near(cell, frac, images)
    if not certain.all():
        out[~certain] = _match_all(cell, frac, images[~certain])
    return out


def _match_near(
    cell: Cell, frac: NDArray[np.float64], images: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The same by a search tree in fractional space, and which operations it is certain of, [op].

    A fractional neighbour need not be the Cartesian one. It is where its Cartesian distance is below
    s·(g − f): s the least factor from a fractional to a Cartesian length, f its fractional distance,
    g the least one between two sites of the element, so that any other site is g − f away or more.
    """
    from scipy.spatial import cKDTree  # 0.1 s that small cells need not pay

    least = np.linalg.svd(cell.lattice, compute_uv=False)[-1]
    sites, points = _wrapped(frac), _wrapped(images)
    out = np.zeros(images.shape[:2], dtype=np.int64)
    certain = np.ones(len(images), dtype=np.bool_)
    for number in np.unique(cell.numbers):
        own = np.flatnonzero(cell.numbers == number)
        tree = cKDTree(sites[own], boxsize=1.0)
        closest = min(1.0, float(tree.query(sites[own], k=2)[0][:, 1].min()))
        away, index = tree.query(points[:, own], distance_upper_bound=closest / 2)
        certain &= np.isfinite(away).all(axis=1)  # no site within reach: index is out of range
        out[:, own] = own[np.minimum(index, len(own) - 1)]
        gap = images[:, own] - frac[out[:, own]]
        gap -= np.round(gap)
        far = np.sqrt(((gap @ cell.lattice) ** 2).sum(axis=2))
        certain &= (far < least * (closest - away)).all(axis=1)
    return out, certain


def _wrapped(frac: NDArray[np.float64]) -> NDArray[np.float64]:
    """Coordinates in [0, 1); the rounding of -1e-17 + 1 is 0, not 1."""
    inside = frac - np.floor(frac)
    return np.where(inside < 1.0, inside, 0.0)


def _match_all(cell: Cell, frac: NDArray[np.float64], images: NDArray[np.float64]) -> NDArray[np.int64]:
    """The same by all distances."""
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
