"""`crysnb audit`: table, JSON and exit codes."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

import crysnb as cn


@pytest.fixture
def data(tmp_path: Path):
    def write(*records: dict[str, object]) -> Path:
        file = tmp_path / "crystals.jsonl.gz"
        with gzip.open(file, "wt", encoding="utf-8") as lines:
            lines.writelines(json.dumps(record) + "\n" for record in records)
        return file

    return write


def record(name: str, **changes: object) -> dict[str, object]:
    s = cn.as_structure(name)
    return {
        "id": name,
        "lattice": s.lattice.matrix.tolist(),
        "species": [site.specie.symbol for site in s],
        "frac_coords": s.frac_coords.tolist(),
        **changes,
    }


def test_a_clean_model_passes(crysnb, objects, data) -> None:
    file = data(record("CsCl"), record("GaN"))
    result = crysnb("audit", "gmtnet-dielectric", str(file), "--json")
    assert result.exit_code == 0, result.output
    (found,) = objects(result)
    assert found["passed"] is True
    assert (found["name"], found["kind"], found["crystals"]) == ("gmtnet-dielectric", "dielectric", 2)
    assert {"failures", "faults", "checks"} <= set(found)
    printed = crysnb("audit", "gmtnet-dielectric", str(file))
    assert printed.exit_code == 0
    assert "2 crystals, single precision: passed" in printed.stdout.splitlines()[0]
    assert [line.split()[:2] for line in printed.stdout.splitlines()[2:4]] == [
        ["rotation", "passed"],
        ["reflection", "passed"],
    ]


def test_a_refused_record_is_an_object_and_the_others_are_done(crysnb, objects, data) -> None:
    file = data(record("CsCl"), record("GaN", frac_coords=[[0, 0, 0]]))
    result = crysnb("audit", "gmtnet-dielectric", str(file), "--json")
    assert result.exit_code == 1
    refused, found = objects(result)
    assert refused["id"] == "GaN"
    assert found["passed"] is True
    assert found["crystals"] == 1


def test_a_failed_audit_is_exit_code_1(crysnb, data, monkeypatch) -> None:
    from crysnb.audit import run

    real = run.subject_of

    def planted(f, kind):
        subject = real(f, kind)
        return type(subject)(lambda s: [x * len(s[0]) for x in subject.call(s)], "planted", subject.kind)

    monkeypatch.setattr(run, "subject_of", planted)
    result = crysnb("audit", "gmtnet-dielectric", str(data(record("CsCl"))))
    assert result.exit_code == 1
    assert "FAILED" in result.stdout
    assert "looks extensive" in result.stdout


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("no-such-model",), 2),
        (("gmtnet-dielectric", "--property", "elastic"), 2),
        (("gmtnet-dielectric", "no-such-file.jsonl.gz"), 1),
        (("gmtnet-dielectric", "--crystals", "0"), 2),
        ((), 2),
    ],
)
def test_exit_codes_of_wrong_usage(crysnb, words, code) -> None:
    assert crysnb("audit", *words).exit_code == code


def test_a_sample_of_a_large_file_is_drawn_by_the_seed(crysnb, objects, data) -> None:
    file = data(*(record("CsCl", id=f"c{k}") for k in range(5)))
    result = crysnb("audit", "gmtnet-dielectric", str(file), "--crystals", "2", "--json")
    assert objects(result)[0]["crystals"] == 2
