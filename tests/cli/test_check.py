"""`crysnb check`: the documented object, the printed report, hostile tensor files, exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import crysnb as cn
from crysnb.cli.tensor_file import MAX_BYTES, read_tensor
from crysnb.errors import ShapeError
from crysnb.structure.examples import example

DOCUMENTED = {
    "delta", "consistent", "must_vanish", "blocks", "offenders", "best_frame", "physical", "nearest_group",
}  # fmt: skip
EPS = [[2.4, 0, 0], [0, 2.4, 0], [0, 0, 2.4]]


@pytest.fixture
def tensor_file(tmp_path: Path):
    def write(content: Any) -> Path:
        path = tmp_path / "T.json"
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    return write


def test_the_object_is_the_report(crysnb, objects, tensor_file) -> None:
    c = (100 * np.eye(6)).tolist()
    result = crysnb("check", "quartz", "--kind", "elastic", "--tensor", tensor_file(c), "--json")
    assert result.exit_code == 0, result.output
    (answer,) = objects(result)
    assert set(answer) >= DOCUMENTED
    assert answer == json.loads(json.dumps(cn.check(c, "quartz", "elastic").to_dict()))
    # An inconsistent tensor is an answer, not a failure.
    assert answer["consistent"] is False
    assert answer["offenders"][0]["relation"]


def test_cartesian_and_point_groups(crysnb, objects, tensor_file) -> None:
    e = np.zeros((3, 3, 3))
    e[0, 1, 2] = e[0, 2, 1] = e[1, 0, 2] = e[1, 2, 0] = e[2, 0, 1] = e[2, 1, 0] = 0.3
    result = crysnb("check", "-43m", "--kind", "piezoelectric", "--tensor", tensor_file(e.tolist()), "--json")
    assert result.exit_code == 2  # a word that begins with a dash has to come after two dashes
    words = ("--kind", "piezoelectric", "--tensor", tensor_file(e.tolist()), "--json", "--", "-43m")
    (answer,) = objects(crysnb("check", *words))
    assert answer["consistent"]
    assert answer["space_group"] is None


def test_the_printed_report(crysnb, tensor_file) -> None:
    c = np.diag([100.0, 100, 100, 40, 40, -40])
    c[:3, :3] += 30
    result = crysnb("check", "NaCl", "--kind", "elastic", "--tensor", tensor_file(c.tolist()))
    assert result.exit_code == 0, result.output
    assert "suspicious: wrong frame?: |T - PT| / |T| =" in result.stdout
    assert "c66 = c44" in result.stdout
    assert "NOT PHYSICAL: The smallest eigenvalue of the stiffness" in result.stdout
    assert "broken blocks: 2e" in result.stdout


def test_what_must_vanish_is_said_in_words(crysnb, tensor_file) -> None:
    e = np.zeros((3, 6))
    e[0, 3] = 0.5
    result = crysnb("check", "NaCl", "--kind", "piezoelectric", "--tensor", tensor_file(e.tolist()))
    assert "must vanish: the crystal allows nothing of this kind; norm 0.7071 C/m²" in result.stdout


def test_a_consistent_tensor_in_words(crysnb, tensor_file) -> None:
    result = crysnb("check", "NaCl", "--kind", "dielectric", "--tensor", tensor_file(EPS))
    assert result.stdout.splitlines()[1].startswith("consistent: ")
    assert "ok: The smallest eigenvalue of the permittivity is 2.4" in result.stdout


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("", "tensor.syntax"),
        ("[[1, 2", "tensor.syntax"),
        (b"\xff\xfe\x00", "tensor.syntax"),
        ("[[NaN, 0, 0], [0, 1, 0], [0, 0, 1]]", "tensor.non_finite"),
        ("[[Infinity, 0, 0], [0, 1, 0], [0, 0, 1]]", "tensor.non_finite"),
        ("[[1e999, 0, 0], [0, 1, 0], [0, 0, 1]]", "tensor.non_finite"),
        (f"[[1{'0' * 400}, 0, 0], [0, 1, 0], [0, 0, 1]]", "tensor.not_numeric"),
        (f"[[1{'0' * 5000}, 0, 0], [0, 1, 0], [0, 0, 1]]", "tensor.syntax"),
        ("[[1e200, 0, 0], [0, 1, 0], [0, 0, 1]]", "tensor.too_large"),
        ('[["1", 0, 0], [0, 1, 0], [0, 0, 1]]', "tensor.not_numeric"),
        ("[[true, 0, 0], [0, 1, 0], [0, 0, 1]]", "tensor.not_numeric"),
        ("[[null, 0, 0], [0, 1, 0], [0, 0, 1]]", "tensor.not_numeric"),
        ("[[1, 0, 0], [0, 1], [0, 0, 1]]", "tensor.not_numeric"),
        ('{"tensor": [[1]]}', "tensor.not_numeric"),
        ("3", "tensor.not_numeric"),
        ("[]", "tensor.shape"),
        ("[[1, 0], [0, 1]]", "tensor.shape"),
        ("[" * 20_000 + "]" * 20_000, "tensor.not_numeric"),
        ("[" + "0," * MAX_BYTES + "0]", "tensor.too_large"),
        ("[" + "0," * (1 << 20) + "0]", "tensor.too_large"),
    ],
)
def test_a_bad_tensor_is_an_object(crysnb, objects, tensor_file, content: str | bytes, code: str) -> None:
    result = crysnb("check", "NaCl", "--kind", "dielectric", "--tensor", tensor_file(content), "--json")
    assert result.exit_code == 1
    (answer,) = objects(result)
    assert answer["id"] == "NaCl"
    assert answer["error"]["code"] == code
    assert len(answer["error"]["text"]) < 400


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
def test_the_reader_itself_refuses_what_is_no_number(tensor_file, word: str) -> None:
    with pytest.raises(ShapeError) as caught:
        read_tensor(tensor_file(f"[[{word}]]"))
    assert caught.value.code == "tensor.non_finite"


def test_a_missing_file_a_folder_and_a_pipe(crysnb, objects, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name, code in {"gone": "not_found", ".": "not_a_file", "pipe": "not_a_file"}.items():
        with pytest.raises(ShapeError) as caught:
            read_tensor(tmp_path / name)
        assert caught.value.code == f"tensor.{code}"
    result = crysnb("check", "NaCl", "--kind", "dielectric", "--tensor", tmp_path / "gone", "--json")
    assert result.exit_code == 1
    assert objects(result)[0]["error"]["code"] == "tensor.not_found"


def test_a_bad_crystal_is_an_object(crysnb, objects, tensor_file, tmp_path: Path) -> None:
    path = tmp_path / "empty.cif"
    path.write_text("")
    result = crysnb("check", path, "--kind", "dielectric", "--tensor", tensor_file(EPS), "--json")
    assert result.exit_code == 1
    (answer,) = objects(result)
    assert answer["id"] == "empty"
    assert answer["error"]["code"].startswith("structure.")
    # Without --json the same is said in words, and stdout stays empty.
    result = crysnb("check", path, "--kind", "dielectric", "--tensor", tensor_file(EPS))
    assert (result.exit_code, result.stdout) == (1, "")
    assert "empty" in result.stderr


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["quartz", "--kind", "elastic"], "--tensor"),
        (["quartz", "--tensor", "T.json"], "--kind"),
        (["quartz", "--kind", "elastik", "--tensor", "T.json"], "elastic"),
        (["quartz", "--kind", "elastic", "--tensor", "T.json", "--symprec", "nan"], "--symprec"),
    ],
)
def test_wrong_usage_is_exit_code_2(crysnb, words: list[str], hint: str) -> None:
    result = crysnb("check", *words)
    assert result.exit_code == 2
    assert hint in result.stderr


def test_no_torch(tmp_path: Path) -> None:
    example("quartz").to(str(tmp_path / "quartz.cif"), fmt="cif")
    (tmp_path / "T.json").write_text(json.dumps(np.eye(6).tolist()))
    code = (
        "import sys\n"
        "from crysnb.cli import app\n"
        "app(['check', 'quartz.cif', '-k', 'elastic', '-t', 'T.json', '--json'], standalone_mode=False)\n"
        "assert 'torch' not in sys.modules and 'e3nn' not in sys.modules"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert '"verdict": "suspicious' in result.stdout


def test_the_repair_and_the_nearest_class_in_sentences(crysnb, objects, tensor_file) -> None:
    c = np.diag([390.0, 390, 400, 105, 105, 122.5])
    c[0, 1] = c[1, 0] = 145.0
    c[:2, 2] = c[2, :2] = 106.0
    vasp = [0, 1, 2, 5, 3, 4]
    file = tensor_file(c[np.ix_(vasp, vasp)].tolist())
    printed = crysnb("check", "6mm", "--kind", "elastic", "--tensor", file).stdout
    assert "repair: The tensor was given in the Voigt order xx yy zz xy yz xz (VASP and JARVIS)." in printed
    assert "By itself the tensor has the symmetry mmm (or 222, mm2, which this kind of tensor" in printed
    assert "ok: Born stability, Laue class 6/mmm (nearest allowed tensor): c11 - |c12| =" in printed
    (answer,) = objects(crysnb("check", "6mm", "--kind", "elastic", "--tensor", file, "--json"))
    assert np.array(answer["best_frame"]["tensor"]).shape == (3, 3, 3, 3)
    assert answer["best_frame"]["order"] == "xx yy zz xy yz xz"
    assert answer["nearest_group"]["point_group"] == "mmm"
    codes = [f["code"] for f in answer["physical"]["findings"]]
    assert "elastic.born.c33_c13" in codes
    assert "elastic.voigt_reuss_shear" in codes


def test_what_is_not_unique_and_what_is_not_explained(crysnb, tensor_file) -> None:
    words = ("--kind", "dielectric", "--tensor")
    tilted = crysnb("check", "4/mmm", *words, tensor_file(np.diag([3.0, 2.0, 2.0]).tolist())).stdout
    assert "repair: The tensor was given in axes named otherwise" in tilted
    printed = crysnb("check", "4/mmm", *words, tensor_file(np.diag([4.0, 3.0, 2.0]).tolist())).stdout
    assert (
        "repair: none. No mistake of axes, Voigt order or factor that is known explains the tensor."
        in printed
    )
    e = np.zeros((3, 6))
    e[0, 0], e[0, 1], e[1, 5] = 1.0, -1.0, -1.0
    swapped = e[np.ix_([2, 0, 1], [2, 0, 1, 5, 3, 4])]
    printed = crysnb(
        "check", "32", "--kind", "piezoelectric", "--tensor", tensor_file(swapped.tolist())
    ).stdout
    assert "other numbers that the crystal may have, such as “" in printed
    consistent = crysnb("check", "NaCl", "--kind", "dielectric", "--tensor", tensor_file(EPS)).stdout
    assert "repair" not in consistent
