"""`crysnb idealize`: a CIF with exact symmetry, never in the place of another file, without torch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import crysnb as cn

FIELDS = ["id", "formula", "space_group", "point_group", "symprec", "displacement", "strain", "file"]


@pytest.fixture
def noisy(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    structure = cn.as_structure("rutile").copy()
    for i in range(len(structure)):
        structure.translate_sites([i], rng.uniform(-1, 1, 3) * 0.002, frac_coords=False)
    structure.to(filename=str(tmp_path / "mine.vasp"), fmt="poscar")
    return tmp_path / "mine.vasp"


def test_a_noisy_file_becomes_an_exact_one(crysnb, objects, noisy: Path, tmp_path: Path) -> None:
    out = tmp_path / "ideal.cif"
    result = crysnb("idealize", noisy, "-o", out, "--json")
    assert result.exit_code == 0, result.output
    (told,) = objects(result)
    assert list(told) == FIELDS
    assert (told["id"], told["space_group"], told["point_group"]) == ("mine", 136, "4/mmm")
    assert told["displacement"] > 1e-4
    assert cn.symmetry(out, symprec=1e-7).number == 136
    assert cn.symmetry(noisy, symprec=1e-7).number < 136


def test_the_tolerance_is_passed_on(crysnb, objects, noisy: Path, tmp_path: Path) -> None:
    (told,) = objects(crysnb("idealize", noisy, "-o", tmp_path / "o.cif", "--symprec", "1e-6", "--json"))
    assert told["space_group"] < 136
    assert told["symprec"] == 1e-6


def test_a_file_is_replaced_only_with_force(crysnb, objects, tmp_path: Path) -> None:
    out = tmp_path / "o.cif"
    out.write_text("precious")
    refused = crysnb("idealize", "quartz", "-o", out, "--json")
    assert refused.exit_code == 1
    assert objects(refused)[0]["error"]["code"] == "file.exists"
    assert out.read_text() == "precious"
    forced = crysnb("idealize", "quartz", "-o", out, "--force")
    assert forced.exit_code == 0
    assert "P3_221 (154)" in forced.stdout
    assert cn.symmetry(out).number == 154


def test_a_bad_file_is_an_object(crysnb, objects, tmp_path: Path) -> None:
    bad = tmp_path / "bad.cif"
    bad.write_bytes(b"\x00\x01")
    result = crysnb("idealize", bad, "-o", tmp_path / "o.cif", "--json")
    assert result.exit_code == 1
    assert objects(result) == [{"id": "bad", "error": objects(result)[0]["error"]}]
    assert objects(result)[0]["error"]["code"] == "structure.binary"
    assert not (tmp_path / "o.cif").exists()


def test_it_needs_no_torch(tmp_path: Path) -> None:
    code = (
        "import sys; from typer.testing import CliRunner; from crysnb.cli import app\n"
        f"r = CliRunner().invoke(app, ['idealize', 'quartz', '-o', {str(tmp_path / 'o.cif')!r}])\n"
        "print(r.exit_code, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["0", "False"]
