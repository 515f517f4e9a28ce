"""One crystal, written five ways, gives one tensor once each is turned into the common frame.

The bundled baddeleyite (ZrO2, P2_1/c): monoclinic, so that its
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

from crysnb.structure.examples import find
from crysnb.symmetry.detect import symmetry

# pymatgen's writer of symmetrised files calls spglib in the way that spglib gives up.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:Set OLD_ERROR_HANDLING to false:DeprecationWarning"),
]

BADDELEYITE = find("baddeleyite")
CELL = Lattice.from_parameters(*BADDELEYITE.cell)


def _by_hand() -> str:
    """The text of a CIF as a person writes it, with standard uncertainties."""
    a, b, c, _, beta, _ = BADDELEYITE.cell
    zr, o1, o2 = (
        " ".join(f"{x}({u})" for x in site[1:])
        for site, u in zip(BADDELEYITE.sites, (2, 15, 15), strict=True)
    )
    return f"""data_baddeleyite
_cell_length_a     {a}(5)
_cell_length_b     {b}(5)
_cell_length_c     {c}(5)
_cell_angle_alpha  90
_cell_angle_beta   {beta}(5)
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
Zr1  {zr}
O1   {o1}
O2   {o2}
"""


@pytest.fixture(scope="module")
def crystal() -> Structure:
    symbols, positions = zip(*((s[0], s[1:]) for s in BADDELEYITE.sites), strict=True)
    return Structure.from_spacegroup(BADDELEYITE.space_group, CELL, symbols, positions)


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
    (folder / "hand.cif").write_text(_by_hand())
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
