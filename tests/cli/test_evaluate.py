"""`crysnb evaluate`: the printed table and the JSON object say the same, by crystal system too."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

import crysnb as cn

NAMES = ("NaCl", "MgO", "quartz", "calcite")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    file = tmp_path / "labelled.jsonl.gz"
    with gzip.open(file, "wt", encoding="utf-8") as lines:
        for name in NAMES:
            s = cn.as_structure(name)
            record = {
                "id": name,
                "lattice": s.lattice.matrix.tolist(),
                "species": [str(x) for x in s.species],
                "frac_coords": s.frac_coords.tolist(),
                "targets": {"eps_electronic": (cn.predict(s).value * 1.25).tolist()},
            }
            lines.write(json.dumps(record) + "\n")
        lines.write(json.dumps({"id": "without a label", "targets": {}}) + "\n")
    return file


def test_json_has_the_table_by_crystal_system(crysnb, objects, data) -> None:
    result = crysnb("evaluate", "gmtnet-dielectric", str(data), "--json")
    assert result.exit_code == 0
    (found,) = objects(result)
    assert found["n"] == 4
    assert found["skipped"] == {"label.missing": 1}
    table = found["by_crystal_system"]
    assert {system: row["n"] for system, row in table.items()} == {"trigonal": 2, "cubic": 2}
    assert table["cubic"]["small"] is True
    assert table["cubic"]["ci95"] == {}
    assert table["cubic"]["rel_median"] == pytest.approx(0.2)


def test_print_has_the_table_and_marks_small_rows(crysnb, data) -> None:
    result = crysnb("evaluate", "gmtnet-dielectric", str(data))
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    (head,) = [line.split() for line in lines if line.split()[:2] == ["system", "n"]]
    assert head[2] == "rel_median"
    (row,) = [line.split() for line in lines if line.split()[:1] == ["cubic"]]
    assert row[1:4] == ["2*", "0.2", "–"]
    assert "fewer than 10 crystals" in lines[-1]
    assert "{'label.missing': 1}" in lines[0]


@pytest.mark.parametrize("form", ["cif", "jsonl"])
def test_a_folder_of_crystals_and_a_part_of_it(crysnb, objects, data, tmp_path, form) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    rows = []
    for name in NAMES:
        s = cn.as_structure(name)
        (folder / f"{name}.cif").write_text(s.to(fmt="cif"))
        rows.append(",".join([name, *(str(x) for x in (cn.predict(s).value * 1.25).ravel())]))
    if form == "cif":
        (folder / "id_prop.csv").write_text("\n".join([*rows, "lost,1,0,0,0,1,0,0,0,1"]))
    else:
        (folder / "structures.jsonl").write_bytes(gzip.decompress(data.read_bytes()))
    split = tmp_path / "split.json"
    split.write_text(json.dumps({"train": ["quartz"], "test": ["NaCl", "MgO"]}))
    words = ("evaluate", "gmtnet-dielectric", folder, "--json")
    whole = crysnb(*words)
    assert whole.exit_code == 0, whole.stderr
    (found,) = objects(whole)
    assert found["n"] == 4
    assert found["skipped"] == {"structure.not_found" if form == "cif" else "label.missing": 1}
    (held_out,) = objects(crysnb(*words, "--split", split, "--part", "test"))
    assert held_out["n"] == 2
    assert held_out["metrics"]["rel_median"] == pytest.approx(0.2)
    if form == "cif":  # the only label, under another name
        table = [
            f'{row[0]},"[[{row[1]},{row[2]},{row[3]}],[{row[4]},{row[5]},{row[6]}],[{row[7]},{row[8]},{row[9]}]]"'
            for row in (line.split(",") for line in rows)
        ]
        (folder / "id_prop.csv").write_text("\n".join(["id,eps", *table]))
        assert objects(crysnb(*words))[0]["n"] == 4
        # Who asks for a label by name gets no other one in its place.
        asked = objects(crysnb(*words, "--target", "eps_electronic"))[0]
        assert asked["error"]["code"] == "evaluate.nothing"
    (folder / "id_prop.csv").unlink(missing_ok=True)
    (folder / "structures.jsonl").unlink(missing_ok=True)
    (refused,) = objects(crysnb(*words))
    assert refused["error"]["code"] == "data.missing"
