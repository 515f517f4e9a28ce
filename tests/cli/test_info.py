"""`crysnb models`, `crysnb doctor`, `crysnb --version`, `python -m crysnb`."""

from __future__ import annotations

import subprocess
import sys

import crysnb as cn
from crysnb import environment


def test_models_as_json(crysnb, objects) -> None:
    result = crysnb("models", "--json")
    assert result.exit_code == 0
    names = [o["name"] for o in objects(result)]
    assert "gmtnet-dielectric" in names
    assert {"name", "properties", "unit", "data", "test error", "licence"} <= set(objects(result)[0])


def test_models_for_people(crysnb) -> None:
    assert "gmtnet-dielectric" in crysnb("models").stdout


def test_doctor_finds_this_environment_sound(crysnb, objects) -> None:
    result = crysnb("doctor", "--json")
    (report,) = objects(result)
    faults = [c for c in report["checks"] if c["status"] == "fault"]
    assert faults == []
    assert report["ok"] is True
    assert result.exit_code == 0
    names = {c["name"] for c in report["checks"]}
    assert {"crysnb", "Python", "torch", "device", "views", "model gmtnet-dielectric"} <= names


def test_doctor_for_people(crysnb) -> None:
    assert cn.__version__ in crysnb("doctor").stdout


def test_a_missing_core_package_is_a_fault(crysnb, monkeypatch) -> None:
    version = environment._version
    monkeypatch.setattr(environment, "_version", lambda name: None if name == "spglib" else version(name))
    assert not environment.doctor().ok
    result = crysnb("doctor")
    assert result.exit_code == 1
    assert 'pip install "crysnb"' in result.stdout


def test_a_missing_extra_is_a_note(monkeypatch) -> None:
    version = environment._version
    monkeypatch.setattr(environment, "_version", lambda name: None if name == "plotly" else version(name))
    report = environment.doctor()
    (check,) = [c for c in report.checks if c.name == "plotly"]
    assert (check.status, check.action) == ("note", 'pip install "crysnb[notebook]"')
    assert report.ok


def test_the_nglview_that_does_not_load_is_named(monkeypatch) -> None:
    monkeypatch.setattr(environment, "_version", lambda name: "4.0.1")
    assert environment._package("nglview", "notebook").status == "note"


def test_a_data_folder_that_is_not_there_is_named(monkeypatch) -> None:
    monkeypatch.setenv("CRYSNB_DATA", "/no/such/folder")
    (check,) = [c for c in environment._variables() if c.name == "CRYSNB_DATA"]
    assert check.status == "note"


def test_report_as_a_table() -> None:
    assert list(cn.doctor().to_frame().columns) == ["name", "status", "found", "action"]


def test_version(crysnb) -> None:
    assert crysnb("--version").stdout.strip() == f"crysnb {cn.__version__}"


def test_as_a_module() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "crysnb", "--version"], capture_output=True, text=True, check=True
    )
    assert cn.__version__ in result.stdout


def test_a_reader_that_goes_away_is_no_traceback() -> None:
    """`crysnb models | head -0`."""
    process = subprocess.Popen(
        [sys.executable, "-m", "crysnb", "--help"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    process.wait(timeout=60)
    assert "Traceback" not in process.stderr.read()
    process.stderr.close()
