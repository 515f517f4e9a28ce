"""The whole path read → predict on the shipped weights: the laws hold to the stated numbers.

The quick lane runs over representative crystals, the slow lane over all that are bundled.
"""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from pymatgen.core import Structure

import crysnb as cn
from crysnb.structure.transforms import random_rotation, recelled, reordered, rotated, supercell
from crysnb.testing.crystals import REPRESENTATIVE
from crysnb.values.tensor_kind import DIELECTRIC, rotate

CRYSTALS = [
    *REPRESENTATIVE,
    *(pytest.param(name, marks=pytest.mark.slow) for name in cn.examples() if name not in REPRESENTATIVE),
]


def raw(structure: Structure | str) -> NDArray[np.float64]:
    """Output of the network for the structure as given: not idealised, not projected."""
    value: NDArray[np.float64] = cn.predict(structure, idealize=False).value
    return value


def relative(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    return float(np.linalg.norm(a - b) / np.linalg.norm(b))


@pytest.mark.parametrize("name", CRYSTALS)
def test_rotations_and_reflections_to_1e_5(name: str) -> None:
    rng = np.random.default_rng(11)
    structure = cn.as_structure(name)
    expected = raw(structure)
    for proper in (True, False, True, False):
        q = random_rotation(rng, proper=proper)
        assert relative(raw(rotated(structure, q)), rotate(DIELECTRIC, expected, q)) <= 1e-5


@pytest.mark.parametrize("name", CRYSTALS)
def test_cells_agree_to_1e_4(name: str) -> None:
    structure = cn.as_structure(name)
    expected = raw(structure)
    primitive = structure.get_primitive_structure()
    for other in (primitive, supercell(structure, (2, 2, 2)), recelled(structure, np.random.default_rng(0))):
        assert relative(raw(other), expected) <= 1e-4


@pytest.mark.parametrize("name", CRYSTALS)
def test_atom_order_and_batch_mates_to_1e_6(name: str) -> None:
    structure = cn.as_structure(name)
    expected = raw(structure)
    assert relative(raw(reordered(structure, np.random.default_rng(3))), expected) <= 1e-6
    together = cn.predict([structure, *REPRESENTATIVE, structure], idealize=False)
    for p in (together[0], together[-1]):
        assert relative(p.value, expected) <= 1e-6


@pytest.mark.parametrize("name", CRYSTALS)
def test_final_prediction_turns_with_the_crystal_and_ignores_the_cell(name: str) -> None:
    rng = np.random.default_rng(5)
    structure = cn.as_structure(name)
    expected = cn.predict(structure).value
    q = random_rotation(rng)
    assert relative(cn.predict(rotated(structure, q)).value, rotate(DIELECTRIC, expected, q)) <= 1e-5
    assert relative(cn.predict(supercell(structure, (2, 1, 1))).value, expected) <= 1e-5


@pytest.mark.parametrize("name", cn.examples())
def test_epsilon_exceeds_one(name: str) -> None:
    assert np.linalg.eigvalsh(cn.predict(name).value).min() > 1
