"""POSCAR: the two modes, scale factors, selective dynamics; orientation and order kept."""

from __future__ import annotations

import numpy as np
import pytest

from crysnb.errors import StructureError
from crysnb.structure.examples import example, examples
from crysnb.structure.read import read

CELL = np.array([[0.1, 5.0, 0.3], [4.8, -0.2, 0.1], [0.2, 0.4, 6.1]])  # left-handed, no axis along x
FRAC = np.array([[0.1, 0.2, 0.3], [0.6, 0.7, 0.85], [0.4, 0.4, 0.9]])
HEAD = "title\n{scale}\n{cell}\nNa Cl Na\n1 1 1\n{mode}\n{rows}\n"


def rows(values: np.ndarray, tail: str = "") -> str:
    return "\n".join(" ".join(f"{v:.12f}" for v in row) + tail for row in values)


def text(
    scale: str = "1.0",
    mode: str = "Direct",
    cell: np.ndarray = CELL,
    places: np.ndarray = FRAC,
    tail: str = "",
) -> str:
    return HEAD.format(scale=scale, cell=rows(cell), mode=mode, rows=rows(places, tail))


VOLUME = abs(np.linalg.det(CELL))
FORMS = {
    "direct": text(),
    "cartesian": text(mode="Cartesian", places=FRAC @ CELL),
    "k": text(mode="K", places=FRAC @ CELL),
    "scale": text("2.5", cell=CELL / 2.5),
    "scale, cartesian": text("2.5", "cart", CELL / 2.5, FRAC @ CELL / 2.5),
    "volume": text(f"{-VOLUME:.12f}", cell=CELL / 3),
    "volume, cartesian": text(f"{-VOLUME:.12f}", "Cartesian", CELL / 3, FRAC @ CELL / 3),
    "three scales": text("2 4 0.5", cell=CELL / [2, 4, 0.5]),
    "three scales, cartesian": text("2 4 0.5", "C", CELL / [2, 4, 0.5], FRAC @ CELL / [2, 4, 0.5]),
    "selective": text(mode="Selective dynamics\nDirect", tail=" T T F"),
    "selective, cartesian": text(mode="S\nC", places=FRAC @ CELL, tail=" F F F"),
    "potentials": text().replace("Na Cl Na", "Na_pv/f474ac0d Cl Na_sv"),
    "velocities": text() + "\n 0.1 0.2 0.3\n 0 0 0\n 0 0 0\n",
    "comments": text(tail=" ! first").replace("1.0\n", "1.0 \n", 1),
    "fortran": text().replace("0.100000000000 0.2", "1.0D-1 0.2"),
    "windows": text().replace("\n", "\r\n"),
    "symbols behind": text()
    .replace("Na Cl Na\n", "")
    .replace("00\n0.6", "00 Na\n0.6")
    .replace("00\n0.4", "00 Cl\n0.4")[:-1]
    + " Na",
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_crystal(form: str) -> None:
    reading = read(FORMS[form])
    np.testing.assert_allclose(reading.structure.lattice.matrix, CELL, atol=1e-9)
    np.testing.assert_allclose(reading.structure.frac_coords, FRAC, atol=1e-9)
    assert reading.structure.labels == ["Na1", "Cl2", "Na3"]
    assert np.linalg.det(reading.structure.lattice.matrix) < 0


@pytest.mark.parametrize("name", examples())
def test_what_pymatgen_and_ase_write(name: str, tmp_path: object) -> None:
    import io

    from ase.io import write
    from pymatgen.io.ase import AseAtomsAdaptor
    from pymatgen.io.vasp import Poscar

    structure = example(name)
    out = io.StringIO()
    write(out, AseAtomsAdaptor.get_atoms(structure), format="vasp", direct=False)
    for written in (Poscar(structure).get_str(), out.getvalue()):
        found = read(written).structure
        np.testing.assert_allclose(found.lattice.matrix, structure.lattice.matrix, atol=1e-6)
        np.testing.assert_allclose(found.frac_coords, structure.frac_coords, atol=1e-6)


def test_lists_of_symbols_broken_over_lines() -> None:
    n = 25
    cell = np.diag([5.0, 5.0, 4.0 * n])
    places = np.array([[0, 0, k / n] for k in range(n)])
    symbols = ["Fe", "Cr"] * 12 + ["Ni"]
    header = (
        " ".join(symbols[:20]) + "\n" + " ".join(symbols[20:]) + "\n" + "1 " * 20 + "\n" + "1 " * 5 + "\n"
    )
    found = read(f"x\n1\n{rows(cell)}\n{header}Direct\n{rows(places)}\n").structure
    assert [s.specie.symbol for s in found] == symbols


def test_an_unknown_mode_is_refused() -> None:
    with pytest.raises(StructureError) as caught:
        read(text(mode="0.5 0.5 0.5"))
    assert caught.value.code == "structure.syntax"
    assert "line 8" in caught.value.text
