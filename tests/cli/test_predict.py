"""`crysnb predict`: objects in input order, failures as objects, exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from crysnb.cli import predict as command
from crysnb.errors import StructureError, WeightsCorrupt
from crysnb.predict import run as predict_module
from crysnb.structure.examples import example
from crysnb.values.prediction import Notice, Prediction
from crysnb.values.property_spec import property_spec

FIELDS = [
    "id", "formula", "model", "property", "value", "unit", "frame", "space_group", "point_group", "symprec",
    "symmetry_residual", "notices",
]  # fmt: skip


def _prediction(name: str) -> Prediction:
    return Prediction(
        value=np.diag([2.0, 2.0, 3.0]), spec=property_spec("dielectric"), model="fake", frame="own",
        symmetry=None, symmetry_residual=1e-3, structure_id=name, formula="XY",
        notices=(Notice("domain.rare_element", "warning", "Seen twice."),),
    )  # fmt: skip


@pytest.fixture
def fake_model(monkeypatch):
    """A model that knows the truth about every file but those called bad, and falls over those called bug."""
    calls = []

    def run(sources, model, on_error, **options):
        calls.append((list(sources), options))
        if any("bug" in str(s) for s in sources):
            message = "a bug of ours"
            raise RuntimeError(message)
        results = []
        for source in sources:
            name = Path(source).stem
            if "bad" in name:
                results.append(StructureError("structure.non_finite", found="a NaN"))
            else:
                one = _prediction(name)
                results.append({"dielectric": one, "other": one} if options["property"] == "all" else one)
        return results

    monkeypatch.setattr("crysnb.models.interface.load_model", lambda name, device: "network")
    monkeypatch.setattr(predict_module, "predict", run)
    return calls


def test_default_model_is_that_of_the_function() -> None:
    assert command.DEFAULT_MODEL == predict_module.DEFAULT_MODEL


def test_objects_come_in_the_order_of_the_inputs(crysnb, objects, fake_model) -> None:
    result = crysnb("predict", "b.cif", "a.cif", "c.cif", "--json")
    assert result.exit_code == 0
    assert [o["id"] for o in objects(result)] == ["b", "a", "c"]
    assert list(objects(result)[0]) == FIELDS


def test_one_bad_file_among_good_ones(crysnb, objects, fake_model) -> None:
    result = crysnb("predict", "a.cif", "bad.cif", "c.cif", "--json")
    assert result.exit_code == 1
    first, second, third = objects(result)
    assert (first["id"], third["id"]) == ("a", "c")
    assert second == {"id": "bad", "error": {"code": "structure.non_finite", "text": "a NaN."}}


def test_a_bug_in_one_file_does_not_cost_the_others(crysnb, objects, fake_model) -> None:
    result = crysnb("predict", "a.cif", "bug.cif", "bad.cif", "c.cif", "--json")
    assert result.exit_code == 1
    answers = objects(result)
    assert [o["id"] for o in answers] == ["a", "bug", "bad", "c"]
    assert [o.get("error", {}).get("code") for o in answers] == [
        None, "internal.RuntimeError", "structure.non_finite", None,
    ]  # fmt: skip
    assert "Traceback" not in result.output


def test_all_properties_give_one_object_each(crysnb, objects, fake_model) -> None:
    result = crysnb("predict", "a.cif", "--property", "all", "--json")
    assert result.exit_code == 0
    assert len(objects(result)) == 2


def test_many_inputs_are_chunked_with_progress_on_stderr(crysnb, objects, fake_model) -> None:
    names = [f"x{k}.cif" for k in range(command.CHUNK + 1)]
    result = crysnb("predict", *names, "--json")
    assert [o["id"] for o in objects(result)] == [Path(n).stem for n in names]
    assert len(fake_model) == 2
    assert "crystal" in result.stderr


def test_text_for_people(crysnb, fake_model) -> None:
    result = crysnb("predict", "a.cif", "bad.cif")
    assert result.exit_code == 1
    assert "eigenvalues  2  2  3" in result.stdout
    assert "symmetry residual before projection  0.001" in result.stdout
    assert "warning: Seen twice. [domain.rare_element]" in result.stdout
    assert "bad: [structure.non_finite] a NaN." in result.stderr


def test_text_cannot_steer_the_terminal() -> None:
    shown = command.describe(_prediction("\x1b[2Jevil"))
    assert "\x1b" not in shown


def test_options_reach_the_function(crysnb, fake_model) -> None:
    crysnb("predict", "a.cif", "--no-idealize", "--device", "cpu", "-p", "dielectric", "--symprec", "0.02")
    assert fake_model[0][1] == {
        "property": "dielectric",
        "idealize": False,
        "symprec": 0.02,
        "device": "cpu",
    }


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["predict"], "FILE"),
        (["predict", "quartz", "--model", "gmtnet-dielectrik"], "gmtnet-dielectric"),
        (["predict", "quartz", "--model", "/no/such/folder"], "--model"),
        (["predict", "quartz", "--property", "hardness"], "--property"),
        (["predict", "quartz", "--device", "abacus"], "--device"),
        (["predict", "quartz", "--jsonn"], "--json"),
        (["predikt", "quartz"], "predikt"),
    ],
)
def test_wrong_usage_is_exit_code_2(crysnb, words, hint) -> None:
    result = crysnb(*words, "--json") if "--jsonn" not in words else crysnb(*words)
    assert result.exit_code == 2
    assert hint in result.stderr
    assert result.stdout == ""


def test_a_corrupt_model_fails_every_input(crysnb, objects, monkeypatch) -> None:
    def load(name, device):
        raise WeightsCorrupt("weights.hash", found="another file")

    monkeypatch.setattr("crysnb.models.interface.load_model", load)
    result = crysnb("predict", "a.cif", "b.cif", "--json")
    assert result.exit_code == 1
    assert [o["error"]["code"] for o in objects(result)] == ["weights.hash"] * 2


def test_the_real_thing(tmp_path: Path) -> None:
    """A fresh process: two files and a bundled name, one of the files hopeless."""
    example("GaAs").to(str(tmp_path / "gaas.cif"), fmt="cif")
    (tmp_path / "broken.cif").write_text("data_x\n_cell_length_a nan\n")
    result = subprocess.run(
        [sys.executable, "-m", "crysnb", "predict", "gaas.cif", "broken.cif", "quartz", "--json"],
        cwd=tmp_path, env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 1, result.stderr
    gaas, broken, quartz = (json.loads(line) for line in result.stdout.splitlines())
    assert list(gaas) == FIELDS
    assert (gaas["id"], gaas["formula"], gaas["space_group"], gaas["unit"]) == ("gaas", "GaAs", 216, "1")
    value = np.array(gaas["value"])
    assert np.allclose(value, value[0, 0] * np.eye(3), atol=1e-9 * value[0, 0])
    assert broken["id"] == "broken"
    assert broken["error"]["code"].startswith("structure.")
    assert quartz["id"] == "quartz"
    assert quartz["point_group"] == "32"
    assert "Traceback" not in result.stderr
