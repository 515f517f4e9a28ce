"""Crystals for the symmetry tests, beside the bundled ones."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from pymatgen.core.lattice import Lattice
from pymatgen.core.structure import Structure

import crysnb as cn


def _corundum() -> Structure:
    return Structure.from_spacegroup(
        "R-3c", Lattice.hexagonal(4.76, 12.99), ["Al", "O"], [[0, 0, 0.3522], [0.3064, 0, 0.25]]
    )


def _zirconia() -> Structure:
    return Structure.from_spacegroup(
        "P2_1/c",
        Lattice.monoclinic(5.1505, 5.2116, 5.3173, 99.23),
        ["Zr", "O", "O"],
        [[0.2754, 0.0395, 0.2083], [0.07, 0.3317, 0.3447], [0.4496, 0.7569, 0.4792]],
    )


def _triclinic() -> Structure:
    return Structure(
        Lattice.from_parameters(4.1, 5.3, 6.2, 82, 97, 105), ["Na", "Cl", "K"],
        [[0.1, 0.2, 0.3], [0.6, 0.65, 0.7], [0.35, 0.9, 0.05]],
    )  # fmt: skip


_BUILT = {"corundum": _corundum, "zirconia": _zirconia, "triclinic": _triclinic}
_CACHE: dict[str, Structure] = {}


@pytest.fixture(scope="session")
def crystal() -> Callable[[str], Structure]:
    """``crystal(name)``: a bundled structure or one of corundum, zirconia, triclinic."""

    def get(name: str) -> Structure:
        if name not in _CACHE:
            _CACHE[name] = _BUILT[name]() if name in _BUILT else cn.as_structure(name)
        return _CACHE[name].copy()

    return get


@pytest.fixture(scope="session")
def noisy() -> Callable[[Structure, float, int], Structure]:
    """``noisy(structure, sigma, seed)``: Gaussian noise in Å on every Cartesian coordinate."""

    def shake(structure: Structure, sigma: float, seed: int) -> Structure:
        rng = np.random.default_rng(seed)
        moved = structure.cart_coords + rng.normal(0, sigma, (len(structure), 3))
        return Structure(structure.lattice, structure.species, moved, coords_are_cartesian=True)

    return shake
