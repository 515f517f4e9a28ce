"""`crysnb tensor`: the documented object, the printed layout, no torch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from crysnb.structure.examples import example
from crysnb.values.tensor_kind import KINDS

FIELDS = [
    "kind", "frame", "space_group", "point_group", "symprec", "n_independent", "free", "zeros", "relations",
    "why", "rotation", "setting", "settings",
]  # fmt: skip


def test_quartz(crysnb, objects) -> None:
    result = crysnb("tensor", "quartz", "--kind", "elastic", "--json")
    assert result.exit_code == 0, result.output
    (form,) = objects(result)
    assert list(form) == FIELDS
    assert (form["kind"], form["frame"], form["space_group"], form["point_group"]) == (
        "elastic",
        "own",
        154,
        "32",
    )
    assert form["n_independent"] == 6
    assert form["relations"]["c24"] == "-c14"
    assert form["relations"]["c56"] == "c14"
    assert form["relations"]["c66"] == "(c11 - c12)/2"
    assert set(form["why"]) >= set(form["zeros"])
    assert form["why"]["c15"][0]["text"]


def test_the_printed_layout(crysnb) -> None:
    result = crysnb("tensor", "quartz", "--kind", "elastic")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[1] == "6 independent of 21: c11, c12, c13, c14, c33, c44"
    rows = {
        line.split()[0]: line.split()[1:]
        for line in lines
        if line[2:4] in ("xx", "yy") and "zz" not in line[4:20]
    }
    assert rows["xx"][:6] == ["c11", "c12", "c13", "c14", ".", "."]
    assert rows["yy"][:6] == ["c12", "c11", "c13", "-c14", ".", "."]
    assert "  c66 = (c11 - c12)/2" in lines
    assert "forced by" in lines


@pytest.mark.parametrize("kind", ["dielectric", "piezoelectric", "elastic"])
@pytest.mark.parametrize("frame", ["own", "nye", "ieee"])
def test_kinds_and_frames(crysnb, objects, kind: str, frame: str) -> None:
    result = crysnb("tensor", "GaN", "--kind", kind, "--frame", frame, "--json")
    assert result.exit_code == 0, result.output
    (form,) = objects(result)
    assert form["frame"] == frame
    assert form["n_independent"] == {"dielectric": 2, "piezoelectric": 3, "elastic": 5}[kind]


def test_a_point_group_needs_no_file(crysnb, objects) -> None:
    (form,) = objects(crysnb("tensor", "4mm", "--kind", "piezoelectric", "--json"))
    assert form["n_independent"] == 3
    assert form["space_group"] is None


def test_a_vanishing_tensor_is_said_in_words(crysnb) -> None:
    result = crysnb("tensor", "NaCl", "--kind", "piezoelectric")
    assert "0 independent of 18: the tensor vanishes" in result.stdout


def test_a_fixed_tolerance(crysnb, objects) -> None:
    (form,) = objects(crysnb("tensor", "quartz", "--kind", "dielectric", "--symprec", "0.01", "--json"))
    assert form["symprec"] == 0.01


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["quartz"], "--kind"),
        (["quartz", "--kind", "elastik"], "elastic"),
        (["quartz", "--kind", "elastic", "--frame", "mine"], "own"),
        (["quartz", "--kind", "elastic", "--symprec", "tight"], "--symprec"),
        (["quartz", "--kind", "elastic", "--symprec", "-1"], "--symprec"),
        (["quartz", "--kind", "elastic", "--symprec", "nan"], "--symprec"),
    ],
)
def test_wrong_usage_is_exit_code_2(crysnb, words, hint) -> None:
    result = crysnb("tensor", *words)
    assert result.exit_code == 2
    assert hint in result.stderr


def test_a_bad_file_is_an_object(crysnb, objects, tmp_path: Path) -> None:
    path = tmp_path / "empty.cif"
    path.write_text("")
    result = crysnb("tensor", path, "--kind", "elastic", "--json")
    assert result.exit_code == 1
    (answer,) = objects(result)
    assert answer["id"] == "empty"
    assert answer["error"]["code"].startswith("structure.")


def test_a_file_that_is_not_there(crysnb, objects, tmp_path: Path) -> None:
    (answer,) = objects(crysnb("tensor", tmp_path / "gone.cif", "--kind", "elastic", "--json"))
    assert answer == {"id": "gone", "error": answer["error"]}


def test_no_torch(tmp_path: Path) -> None:
    example("quartz").to(str(tmp_path / "quartz.cif"), fmt="cif")
    code = (
        "import sys\n"
        "from crysnb.cli import app\n"
        "app(['tensor', 'quartz.cif', '--kind', 'elastic', '--json'], standalone_mode=False)\n"
        "assert 'torch' not in sys.modules and 'e3nn' not in sys.modules"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert '"n_independent": 6' in result.stdout


@pytest.mark.parametrize("kind", [*KINDS, "[[V2]2]", "V[V2]", "{V2}", "eV2"])
def test_every_kind_can_be_printed(crysnb, kind: str) -> None:
    result = crysnb("tensor", "GaN", "--kind", kind)
    assert result.exit_code == 0, result.output
    assert "independent of" in result.stdout


def test_an_antisymmetric_kind_shows_signs(crysnb) -> None:
    """An axial vector written as an antisymmetric matrix: class 4 leaves one number, with both signs."""
    lines = crysnb("tensor", "4", "--kind", "{V2}").stdout.splitlines()
    rows = [line.split() for line in lines if line.strip()[:1] in ("x", "y", "z") and len(line.split()) == 4]
    assert rows == [["x", ".", "t12", "."], ["y", "-t12", ".", "."], ["z", ".", ".", "."]]


def test_the_axes_and_their_other_settings_are_printed(crysnb, objects) -> None:
    printed = crysnb("tensor", "quartz", "--kind", "elastic", "--frame", "ieee", "--setting", "1").stdout
    assert "these axes are setting 1 of 2 that the frame allows" in printed
    assert "  1  turned by 180° about z" in printed.splitlines()
    (form,) = objects(
        crysnb("tensor", "quartz", "--kind", "elastic", "--frame", "ieee", "--setting", "1", "--json")
    )
    assert form["setting"] == 1
    assert form["rotation"] == form["settings"][1]["rotation"] != form["settings"][0]["rotation"]
    only = crysnb("tensor", "NaCl", "--kind", "elastic", "--frame", "nye").stdout
    assert "the frame leaves no other choice of axes" in only
    assert "rotation" not in crysnb("tensor", "NaCl", "--kind", "elastic").stdout


@pytest.mark.parametrize("setting", ["2", "-1"])
def test_a_setting_that_is_not_there_is_an_error_of_ours(crysnb, setting: str) -> None:
    result = crysnb("tensor", "quartz", "--kind", "elastic", "--frame", "nye", "--setting", setting)
    assert result.exit_code == 1
    assert "name.unknown_setting" in result.output + result.stderr
