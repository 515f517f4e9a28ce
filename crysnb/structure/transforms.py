"""The same crystal written differently: turned, mirrored, re-celled, re-ordered."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Lattice, Structure


def random_rotation(rng: np.random.Generator, *, proper: bool = True) -> NDArray[np.float64]:
    """Uniformly random orthogonal matrix [3, 3]; det +1 if ``proper``, else −1.

    QR of a Gaussian matrix with the signs fixed: Mezzadri (2007), arXiv math-ph/0609050.
    """
    q, r = np.linalg.qr(rng.normal(size=(3, 3)))
    q = q * np.sign(np.diag(r))
    if (np.linalg.det(q) > 0) != proper:
        q = -q
    return np.asarray(q, dtype=np.float64)


def rotated(structure: Structure, rotation: NDArray[np.float64]) -> Structure:
    """The crystal turned (or mirrored) in space; fractional coordinates stay.

    An improper rotation gives the mirror image, written in a left-handed cell if the given one is
    right-handed.
    """
    lattice = Lattice(structure.lattice.matrix @ np.asarray(rotation).T)
    return Structure(lattice, structure.species, structure.frac_coords, properties=structure.properties)


def mirrored(structure: Structure, rotation: NDArray[np.float64], *, wrap: bool = True) -> Structure:
    """The mirror image under an improper rotation, in a cell of the same handedness as the given one."""
    lattice = Lattice(-structure.lattice.matrix @ np.asarray(rotation).T)
    frac = -structure.frac_coords
    return Structure(lattice, structure.species, _wrapped(frac) if wrap else frac)


def supercell(
    structure: Structure, scaling: Sequence[int] | Sequence[Sequence[int]], *, wrap: bool = True
) -> Structure:
    """The same crystal in a larger cell: multiples of the vectors, or integer rows for the new ones."""
    return structure.make_supercell(scaling, to_unit_cell=wrap, in_place=False)


def in_cell(structure: Structure, rows: Sequence[Sequence[int]], *, wrap: bool = True) -> Structure:
    """The same crystal with other vectors of the same lattice, given as unimodular integer rows.

    Atoms stay where they are in space, or with ``wrap`` are moved into the new cell.
    """
    change = np.asarray(rows, dtype=np.float64)
    frac = structure.frac_coords @ np.linalg.inv(change)
    return Structure(
        Lattice(change @ structure.lattice.matrix), structure.species, _wrapped(frac) if wrap else frac
    )


def moved_by_lattice_vectors(structure: Structure, steps: NDArray[np.int64]) -> Structure:
    """The same crystal with each site in another cell: ``steps`` are integers [site, 3]."""
    return Structure(structure.lattice, structure.species, structure.frac_coords + steps)


def shifted(structure: Structure, vector: Sequence[float]) -> Structure:
    """The same crystal seen from another origin: all sites moved by one vector, in Å."""
    cart = structure.cart_coords + np.asarray(vector)
    return Structure(structure.lattice, structure.species, cart, coords_are_cartesian=True, to_unit_cell=True)


def displaced(
    structure: Structure, vectors: NDArray[np.float64], strain: NDArray[np.float64] | None = None
) -> Structure:
    """Another crystal: strained by a symmetric matrix [3, 3], and each site moved by ``vectors`` in Å."""
    stretch = np.eye(3) if strain is None else np.eye(3) + strain
    cart = structure.cart_coords @ stretch + vectors
    lattice = Lattice(structure.lattice.matrix @ stretch)
    return Structure(lattice, structure.species, cart, coords_are_cartesian=True)


def shaken(structure: Structure, size: float, rng: np.random.Generator) -> Structure:
    """Another crystal, in general position: sites and cell moved at random by about ``size`` in Å.

    The cell moves as well, because a site's own images stay at equal distances otherwise.
    """
    return displaced(structure, size * rng.normal(size=(len(structure), 3)), size * random_strain(rng))


def random_strain(rng: np.random.Generator) -> NDArray[np.float64]:
    """Symmetric matrix [3, 3] that moves the corners of a cell of usual size by about 1 Å."""
    raw = rng.normal(size=(3, 3))
    return np.asarray((raw + raw.T) / 2 / _USUAL_LENGTH)


_USUAL_LENGTH = 5.0


def _wrapped(frac: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(frac - np.floor(frac))


def recelled(structure: Structure, rng: np.random.Generator) -> Structure:
    """The same crystal with other lattice vectors (a random unimodular change), origin and wrap."""
    change = np.eye(3, dtype=int)
    for _ in range(3):
        i, j = rng.choice(3, size=2, replace=False)
        step = np.eye(3, dtype=int)
        step[i, j] = rng.choice([-1, 1])
        change = step @ change
    lattice = change @ structure.lattice.matrix
    shift = rng.uniform(-1, 1, size=3)
    return Structure(
        Lattice(lattice),
        structure.species,
        structure.cart_coords + shift,
        coords_are_cartesian=True,
        to_unit_cell=True,
    )


def reordered(structure: Structure, rng: np.random.Generator) -> Structure:
    """The same crystal with its sites in another order."""
    return Structure.from_sites([structure[int(k)] for k in rng.permutation(len(structure))])
