"""The report before training: a residual for every label, and for every exclusion a code and a reason."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import crysnb as cn
from crysnb import datasets
from crysnb.datasets.__main__ import main
from crysnb.datasets.dataset import raw_of
from crysnb.errors import UnknownName
from crysnb.structure.transforms import random_rotation
from crysnb.training.data import load
from crysnb.training.recipes import RECIPES
from crysnb.values.tensor_kind import ELASTIC, rotate


def raw(crystal: str, name: str, eps: Any, **flags: Any) -> dict[str, Any]:
    return {**raw_of(cn.as_structure(crystal), name, {"eps": eps}), **flags}


CUBIC = (3 * np.eye(3)).tolist()
WRONG = np.diag([2.0, 3.0, 4.0]).tolist()
SLIGHT = np.diag([3.0, 3.0, 3.1]).tolist()
RECORDS = [
    raw("NaCl", "good", CUBIC),
    raw("NaCl", "wrong axes", WRONG),
    raw("NaCl", "slight", SLIGHT),
    raw("rutile", "uniaxial", np.diag([3.0, 3.0, 4.0]).tolist()),
    raw("NaCl", "vouched for", WRONG, symmetry_ok=True),
    raw("NaCl", "flagged", CUBIC, symmetry_ok=False),
    raw("NaCl", "large", (200 * np.eye(3)).tolist()),
    raw("NaCl", "ragged", [[1, 2], [3]]),
    {**raw("NaCl", "none", CUBIC), "targets": {}},
    {**raw("NaCl", "no crystal", CUBIC), "species": ["Xx"] * 8},
]


def test_every_record_has_a_row_and_every_exclusion_a_code() -> None:
    report = datasets.symmetry_report(RECORDS, "eps", "dielectric", largest=100)
    assert {row.id: row.excluded for row in report.rows} == {
        "good": "",
        "wrong axes": "label.breaks_symmetry",
        "slight": "",
        "uniaxial": "",
        "vouched for": "",
        "flagged": "label.breaks_symmetry",
        "large": "label.too_large",
        "ragged": "tensor.not_numeric",
        "none": "label.missing",
        "no crystal": "structure.unknown_element",
    }
    assert all(bool(row.excluded) == bool(row.why) for row in report.rows)
    assert report.used == 4
    assert report.excluded["label.breaks_symmetry"] == 2
    by_id = {row.id: row for row in report.rows}
    # Mean 3, so what is left of diag(2, 3, 4) is diag(-1, 0, 1).
    assert by_id["wrong axes"].residual == pytest.approx(np.sqrt(2 / 29))
    assert by_id["wrong axes"].residual_norm == pytest.approx(np.sqrt(2))
    assert (by_id["wrong axes"].space_group, by_id["wrong axes"].point_group) == (225, "m-3m")
    assert by_id["uniaxial"].residual == pytest.approx(0, abs=1e-12)
    assert by_id["flagged"].residual == pytest.approx(0, abs=1e-12)
    assert by_id["large"].norm == pytest.approx(200 * np.sqrt(3))


def test_the_residual_does_not_depend_on_the_axes() -> None:
    rng = np.random.default_rng(0)
    stiff = rng.normal(size=(6, 6))
    stiff = 20 * (stiff + stiff.T) + 300 * np.eye(6)
    s = cn.as_structure("quartz")
    found = []
    for _ in range(3):
        q = random_rotation(rng)
        one = raw_of(s, "a", {"c": rotate(ELASTIC, ELASTIC.cartesian(stiff), q).tolist()})
        one["lattice"] = (s.lattice.matrix @ q.T).tolist()
        found.append(datasets.symmetry_report([one], "c", "elastic").rows[0].residual)
    assert found == pytest.approx([found[0]] * 3, rel=1e-6)
    assert 0.01 < found[0] < 1


def test_as_table_json_and_text() -> None:
    report = datasets.symmetry_report(RECORDS, "eps", "dielectric", largest=100)
    content = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert (content["n"], content["used"]) == (10, 4)
    assert sum(content["histogram"].values()) == sum(r["residual"] is not None for r in content["rows"]) == 7
    assert list(report.to_frame()["id"]) == [row.id for row in report.rows]
    assert "4 of 10 records are used" in repr(report)
    assert report.worst(1)[0].id in ("wrong axes", "vouched for")
    assert report.percentiles()["p50"] < 0.05
    with pytest.raises(UnknownName):
        datasets.symmetry_report(RECORDS, "eps", "dialectric")


def test_nothing_at_all() -> None:
    report = datasets.symmetry_report([], "eps", "dielectric")
    assert report.to_dict()["percentiles"] == {}
    assert "0 of 0" in repr(report)


def write(folder: Path, records: list[dict[str, Any]]) -> Path:
    text = "".join(json.dumps(r) + "\n" for r in records)
    (folder / "structures.jsonl.gz").write_bytes(gzip.compress(text.encode()))
    (folder / "split.json").write_text(json.dumps({"train": [r["id"] for r in records], "val": []}))
    return folder


def test_training_leaves_out_what_the_report_says(tmp_path: Path) -> None:
    recipe = RECIPES.get("gmtnet-dielectric").with_changes(target="eps")
    data = load(write(tmp_path, RECORDS), recipe)
    report = datasets.symmetry_report(RECORDS, "eps", "dielectric", largest=recipe.max_entry)
    assert data.left_out == report.excluded
    assert [c.id for c in data.parts["train"]] == [row.id for row in report.rows if not row.excluded]


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, RECORDS)
    wish = ["symmetry", str(tmp_path), "--target", "eps", "--kind", "dielectric"]
    assert main([*wish, "-o", str(tmp_path / "report.json")]) == 0
    assert "5 of 10 records are used" in capsys.readouterr().out
    assert json.loads((tmp_path / "report.json").read_text())["n"] == 10
    for wrong, told in (
        (["--target", "eps", "--kind", "nonsense"], "unknown"),
        (["--target", "nope", "--kind", "dielectric"], "eps"),
        ([*wish[2:], "--symprec", "-1"], "between 0 and 1"),
        ([*wish[2:], "--symprec", "nan"], "between 0 and 1"),
    ):
        with pytest.raises(SystemExit) as usage:
            main([*wish[:2], *wrong])
        assert usage.value.code == 2
        assert told in capsys.readouterr().err
    assert main([wish[0], str(tmp_path / "structures.jsonl.gz"), *wish[2:], "--symprec", "0.01"]) == 0
    assert main(["leaks", str(tmp_path)]) == 0
    assert "train/val: no shared formula" in capsys.readouterr().out
    with pytest.raises(SystemExit) as caught:
        main(["symmetry"])
    assert caught.value.code == 2


def test_real_data(data_dir: Path) -> None:
    """Of the stored elastic tensors those that break the symmetry are the ones that are flagged."""
    source = datasets.open_source(data_dir / "matten_elastic_n100")
    records = list(source.raw)
    plain = [{k: v for k, v in r.items() if k != "symmetry_ok"} for r in records]
    report = datasets.symmetry_report(plain, "elastic", "elastic", symprec=0.01)
    flagged = {r["id"] for r in records if not r["symmetry_ok"]}
    assert {row.id for row in report.rows if row.excluded == "label.breaks_symmetry"} == flagged
