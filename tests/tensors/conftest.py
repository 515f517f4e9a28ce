"""One quartz: its stiffness, and the bases in which it may be written."""

from __future__ import annotations

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

import crysnb as cn


@pytest.fixture
def quartz_stiffness() -> np.ndarray:
    """Stiffness in GPa in one of the two settings, c14 = -18."""
    return np.array(
        [[87, 7, 12, -18, 0, 0], [7, 87, 12, 18, 0, 0], [12, 12, 106, 0, 0, 0],
         [-18, 18, 0, 58, 0, 0], [0, 0, 0, 0, 58, -18], [0, 0, 0, 0, -18, 40.0]]
    )  # fmt: skip


@pytest.fixture
def quartz_bases() -> list[Structure]:
    """One physical quartz in the six lattice bases that give the same metric, as right-handed cells."""
    s = cn.as_structure("quartz")
    a, b, c = s.lattice.matrix
    bases = [(a, b, c), (b, -a - b, c), (-a - b, a, c), (-a, -b, c), (-b, a + b, c), (a + b, -a, c)]
    out = [
        Structure(Lattice(m), s.species, s.cart_coords, coords_are_cartesian=True, to_unit_cell=True)
        for m in map(np.array, bases)
    ]
    assert all(np.linalg.det(t.lattice.matrix) > 0 for t in out)
    np.testing.assert_allclose([t.lattice.parameters for t in out], [s.lattice.parameters] * 6, atol=1e-9)
    return out
