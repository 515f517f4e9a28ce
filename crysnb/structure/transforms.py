"""The same crystal written differently: turned, mirrored, re-celled, re-ordered."""

from __future__ import annotations

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


def supercell(structure: Structure, scaling: tuple[int, int, int]) -> Structure:
    """The same crystal in a larger cell."""
    return structure.make_supercell(scaling, in_place=False)


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
