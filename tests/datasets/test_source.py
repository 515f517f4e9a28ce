"""One door to what a folder holds; a folder of CIF files is learned from like any data set."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

import crysnb as cn
from crysnb.datasets import splits
from crysnb.datasets.labels import check_symmetry, usable
from crysnb.datasets.source import open_source
from crysnb.errors import CrysnbError, UnknownName
from crysnb.training.data import load
from crysnb.training.recipe import RECIPES
from crysnb.values.tensor_kind import DIELECTRIC, ELASTIC, PIEZOELECTRIC

CRYSTALS = ("NaCl", "MgO", "GaAs", "rutile", "quartz", "CsCl", "Si")
RECIPE = RECIPES.get("gmtnet-dielectric")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = []
    for k, name in enumerate(CRYSTALS):
        cn.write_cif(name, tmp_path / f"{name}.cif")
        rows.append(f"{name}," + ",".join(map(str, (np.eye(3) * (2 + k)).reshape(-1))))
    turned = np.diag([2.0, 3.0, 9.0]).reshape(-1)  # no cubic crystal has it
    cn.write_cif("BaTiO3", tmp_path / "turned.cif")
    rows += ["absent,1", "turned," + ",".join(map(str, turned))]
    (tmp_path / "id_prop.csv").write_text("\n".join(rows))
    return tmp_path


def test_a_folder_of_cif_files_trains(folder: Path) -> None:
    names = [*CRYSTALS, "turned"]
    (folder / "split.json").write_text(json.dumps({"train": names[:5] + names[7:], "val": names[5:7]}))
    data = load(folder, RECIPE)
    assert [c.id for c in data.parts["train"]] == list(CRYSTALS[:5])
    assert [c.id for c in data.parts["val"]] == list(CRYSTALS[5:7])
    assert data.left_out == {"structure.not_found": 1, "label.breaks_symmetry": 1}
    assert data.parts["train"][1].label.numpy() == pytest.approx(3 * np.eye(3), rel=1e-12)
    with pytest.raises(UnknownName, match="test"):
        load(folder, RECIPE, ("test",))


def test_without_a_split_file_formulas_stay_together(folder: Path) -> None:
    source = open_source(folder, target="eps")
    raw = {r["id"]: r for r in source.raw}
    assert set(raw["NaCl"]["targets"]) == {"eps"}
    formulas = {name: r["formula"] for name, r in raw.items()}
    assert source.split == splits.by_formula(formulas)
    assert [r.code for r in source.rejected] == ["structure.not_found"]


@pytest.mark.parametrize("name", ["structures.jsonl", "structures.jsonl.gz"])
def test_json_lines_with_and_without_a_split(folder: Path, name: str) -> None:
    text = "".join(json.dumps(r) + "\n" for r in open_source(folder).raw).encode()
    (folder / name).write_bytes(gzip.compress(text) if name.endswith("gz") else text)
    source = open_source(folder)
    assert [r["id"] for r in source.raw] == [*CRYSTALS, "turned"]
    assert sum(map(len, source.split.values())) == len(CRYSTALS) + 1
    (folder / "split.json").write_text('{"train": ["NaCl"]}')
    assert open_source(folder).split == {"train": ["NaCl"]}


def test_a_folder_with_nothing(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(CrysnbError, match=r"data\.missing"):
            open_source(path)


@pytest.mark.parametrize(
    ("targets", "code"),
    [
        ({}, "label.missing"),
        (None, "label.missing"),
        ({"t": True}, "label.not_numeric"),
        ({"t": "1"}, "label.not_numeric"),
        ({"t": float("nan")}, "label.non_finite"),
        ({"t": 10**400}, "label.non_finite"),
        ({"t": -5.0}, "label.too_large"),
    ],
)
def test_numbers_that_are_no_label(targets: object, code: str) -> None:
    with pytest.raises(CrysnbError) as caught:
        usable({"targets": targets}, "t", None, largest=5)
    assert caught.value.code == code


def test_the_noise_of_a_tensor_does_not_count() -> None:
    rotations = cn.symmetry("NaCl").rotations
    label = PIEZOELECTRIC.cartesian(np.full((3, 6), 1e-4))
    assert check_symmetry(label, PIEZOELECTRIC, rotations)[0] == pytest.approx(1)
    with pytest.raises(CrysnbError, match=r"label\.breaks_symmetry"):
        check_symmetry(100 * label, PIEZOELECTRIC, rotations)
    within = np.eye(3) + 0.04 * np.diag([1.0, -1.0, 0.0])
    relative, absolute = check_symmetry(within, DIELECTRIC, rotations)
    assert absolute == pytest.approx(0.04 * np.sqrt(2))
    assert relative == pytest.approx(absolute / np.linalg.norm(within))
    with pytest.raises(CrysnbError, match=r"label\.breaks_symmetry"):
        check_symmetry(ELASTIC.cartesian(np.diag([1.0, 2, 3, 1, 1, 1])), ELASTIC, rotations)
