"""One crystal, written five ways, gives one tensor once each is turned into the common frame.

Baddeleyite (ZrO2, P2_1/c) after Smith and Newkirk, Acta Cryst. 18, 983 (1965): monoclinic, so that its
dielectric tensor has four free components and every slip of orientation shows.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import ase.io
import numpy as np
import pytest
from pymatgen.core import Lattice, Structure
from pymatgen.io.ase import AseAtomsAdaptor
from pymatgen.io.cif import CifWriter
from pymatgen.io.vasp import Poscar

from crysnb.symmetry.detect import symmetry

# pymatgen's writer of symmetrised files calls spglib in the way that spglib gives up.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:Set OLD_ERROR_HANDLING to false:DeprecationWarning"),
]

CELL = Lattice.from_parameters(5.1454, 5.2075, 5.3107, 90.0, 99.233, 90.0)
SITES = {"Zr": (0.2758, 0.0411, 0.2082), "O1": (0.0703, 0.3359, 0.3406), "O2": (0.4423, 0.7549, 0.4789)}

BY_HAND = """data_baddeleyite
_cell_length_a     5.1454(5)
_cell_length_b     5.2075(5)
_cell_length_c     5.3107(5)
_cell_angle_alpha  90
_cell_angle_beta   99.233(5)
_cell_angle_gamma  90
loop_
_symmetry_equiv_pos_as_xyz
  'x, y, z'
  '-x, 1/2+y, 1/2-z'
  '-x, -y, -z'
  'x, 1/2-y, 1/2+z'
loop_
_atom_site_label
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
Zr1  0.2758(2)  0.0411(2)  0.2082(2)
O1   0.0703(15) 0.3359(14) 0.3406(13)
O2   0.4423(15) 0.7549(14) 0.4789(13)
"""


@pytest.fixture(scope="module")
def crystal() -> Structure:
    return Structure.from_spacegroup(
        "P2_1/c", CELL, [name[:2].rstrip("12") for name in SITES], list(SITES.values())
    )


@pytest.fixture(scope="module")
def turn() -> np.ndarray:
    """A rotation about a general axis: a POSCAR keeps any orientation."""
    axis = np.array([1.0, 2.0, 3.0]) / np.sqrt(14)
    k = np.cross(np.eye(3), axis)
    return np.eye(3) + np.sin(0.7) * k + (1 - np.cos(0.7)) * k @ k


@pytest.fixture(scope="module")
def folder(crystal: Structure, turn: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("five")
    CifWriter(crystal).write_file(folder / "p1.cif")
    CifWriter(crystal, symprec=0.01).write_file(folder / "symmetrised.cif")
    ase.io.write(folder / "ase.cif", AseAtomsAdaptor.get_atoms(crystal))
    (folder / "hand.cif").write_text(BY_HAND)
    turned = Structure(CELL.matrix @ turn.T, crystal.species, crystal.frac_coords)
    Poscar(turned).write_file(folder / "turned.vasp", significant_figures=10)
    return folder


def _run(folder: Path, *words: str) -> list[dict[str, object]]:
    result = subprocess.run(
        [sys.executable, "-m", "crysnb", *words, "--json"],
        cwd=folder, env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr + result.stdout
    return [json.loads(line) for line in result.stdout.splitlines()]


FILES = ("p1.cif", "symmetrised.cif", "ase.cif", "hand.cif", "turned.vasp")


def test_five_predictions_agree_in_the_common_frame(folder: Path, turn: np.ndarray) -> None:
    answers = _run(folder, "predict", *FILES)
    assert [a["id"] for a in answers] == [Path(name).stem for name in FILES]
    assert {a["space_group"] for a in answers} == {14}
    assert {a["formula"] for a in answers} == {"ZrO2"}
    assert {a["frame"] for a in answers} == {"own"}
    tensors = [np.array(a["value"]) for a in answers]
    tensors[-1] = turn.T @ tensors[-1] @ turn  # back to the frame in which a CIF results
    size = np.linalg.norm(tensors[0])
    assert abs(tensors[0][0, 2]) > 1e-3 * size, "no component tells the orientation"
    for name, tensor in zip(FILES, tensors, strict=True):
        # Files hold six to ten digits, and the one by hand four.
        assert np.linalg.norm(tensor - tensors[0]) < 2e-4 * size, name


def test_a_cif_results_in_the_documented_frame(folder: Path) -> None:
    """docs/frames.md: z parallel to c, a in the x-z plane with x > 0, y parallel to b*."""
    from crysnb.structure.read import as_structure

    a, b, c = as_structure(folder / "hand.cif").lattice.matrix
    assert np.allclose(c / np.linalg.norm(c), [0, 0, 1])
    assert np.isclose(a[1], 0)
    assert a[0] > 0
    assert np.allclose(np.cross(c, a) / np.linalg.norm(np.cross(c, a)), [0, 1, 0])
    assert np.dot(np.cross(a, b), c) > 0


def test_forms_agree_in_the_named_frame(folder: Path) -> None:
    forms = [_run(folder, "tensor", name, "--kind", "elastic", "--frame", "nye")[0] for name in FILES]
    assert all(form["n_independent"] == 13 for form in forms)
    assert all(form["zeros"] == forms[0]["zeros"] and form["relations"] == {} for form in forms)


def test_the_poscar_is_really_turned(folder: Path, turn: np.ndarray) -> None:
    """Without this the test above would pass for a reader that throws the orientation away."""
    from crysnb.structure.read import as_structure

    upright, turned = (as_structure(folder / name) for name in ("p1.cif", "turned.vasp"))
    assert np.allclose(turned.lattice.matrix, upright.lattice.matrix @ turn.T, atol=1e-4)
    assert symmetry(turned).number == 14
