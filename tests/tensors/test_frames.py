"""The IEEE frame: rules of the standard, and where pymatgen agrees."""

from __future__ import annotations

import numpy as np
import pytest
from pymatgen.core.lattice import Lattice
from pymatgen.core.structure import Structure
from pymatgen.core.tensors import Tensor

import crysnb as cn
from crysnb.structure.transforms import random_rotation, rotated
from crysnb.symmetry.detect import detect
from crysnb.tensors.form import tensor_form
from crysnb.tensors.frames import ieee_rotation

# spglib's old error handling, which pymatgen still uses.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def _same_up_to_symmetry(a: np.ndarray, b: np.ndarray, rotations: np.ndarray) -> bool:
    """Whether the operations look the same in both frames: these differ by the normaliser at most."""
    turn = a @ b.T
    here = a @ rotations @ a.T
    there = turn @ here @ turn.T
    return bool(np.abs(here[:, None] - there[None]).max(axis=(2, 3)).min(axis=1).max() < 1e-6)


@pytest.mark.parametrize("name", ["NaCl", "GaAs", "quartz", "GaN", "BaTiO3"])
def test_agrees_with_pymatgen_where_that_follows_the_standard(name: str) -> None:
    given = rotated(cn.as_structure(name), random_rotation(np.random.default_rng(2)))
    info = detect(given)
    ours, theirs = ieee_rotation(info), np.asarray(Tensor.get_ieee_rotation(given))
    assert _same_up_to_symmetry(ours, theirs, info.rotations)
    assert abs(ours[2] @ theirs[2]) == pytest.approx(1, abs=1e-6) or name in ("NaCl", "GaAs")


def test_the_fourfold_axis_is_z_even_when_c_is_short() -> None:
    info = detect(cn.as_structure("rutile"))
    c = info.conventional_axes[2]
    np.testing.assert_allclose(ieee_rotation(info) @ c / np.linalg.norm(c), [0, 0, 1], atol=1e-12)
    assert (
        tensor_form("rutile", "elastic", "ieee").relations
        == tensor_form("rutile", "elastic", "nye").relations
    )


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 2, 0), (2, 0, 1), (1, 0, 2)])
def test_orthorhombic_edges_run_c_a_b(order: tuple[int, ...]) -> None:
    edges = np.array([3.0, 4.0, 5.0])[list(order)]
    frac = [[0, 0, 0], [0.5, 0.5, 0.5]]
    info = detect(Structure(Lattice.orthorhombic(*edges), ["Na", "Cl"], frac))
    rotation = ieee_rotation(info)
    along = {tuple(np.abs(rotation @ v / np.linalg.norm(v)).round(6)): round(float(np.linalg.norm(v)), 6)
             for v in info.conventional_axes}  # fmt: skip
    assert along == {(0, 0, 1): 3.0, (1, 0, 0): 4.0, (0, 1, 0): 5.0}
    assert np.linalg.det(rotation) == pytest.approx(1)


def test_orthorhombic_with_two_equal_edges_does_not_fail() -> None:
    # An accidental tie; the sites make it orthorhombic.
    s = Structure(Lattice.orthorhombic(4, 4, 6), ["Na", "Cl", "Cl"], [[0, 0, 0], [0.3, 0, 0], [-0.3, 0, 0]])
    assert detect(s).point_group == "mmm"
    assert tensor_form(s, "elastic", "ieee").n_independent == 9


def test_monoclinic_has_b_along_y_and_the_short_edge_along_z() -> None:
    s = Structure.from_spacegroup(
        "P2_1/c", Lattice.monoclinic(5.15, 5.21, 5.32, 99.2), ["Zr"], [[0.27, 0.04, 0.21]]
    )
    info = detect(s)
    rotation = ieee_rotation(info)
    a, b, c = info.conventional_axes
    np.testing.assert_allclose(np.abs(rotation @ b / np.linalg.norm(b)), [0, 1, 0], atol=1e-9)
    short = min((a, c), key=np.linalg.norm)
    np.testing.assert_allclose(rotation @ short / np.linalg.norm(short), [0, 0, 1], atol=1e-9)


def test_triclinic_is_a_proper_frame() -> None:
    s = Structure(Lattice.from_parameters(4.1, 5.3, 6.2, 82, 97, 105), ["Na", "Cl", "K"],
                  [[0.1, 0.2, 0.3], [0.6, 0.65, 0.7], [0.35, 0.9, 0.05]])  # fmt: skip
    form = tensor_form(s, "elastic", "ieee")
    assert form.n_independent == 21
    assert np.linalg.det(form.rotation) == pytest.approx(1)
