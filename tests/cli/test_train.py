"""`crysnb train`: usage, exit codes, and a model folder at the end."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import Result

import crysnb as cn

SMALL = {
    "epochs": 1, "members": 1, "batch_size": 2, "width": 8, "channels": 2, "blocks": 1, "cutoff": 4.0,
}  # fmt: skip
CRYSTALS = ("NaCl", "GaAs", "MgO", "CsCl", "Si")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of CIF files with ``id_prop.csv``, as a user has it."""
    root: Path = tmp_path_factory.mktemp("data")
    mine = root / "mine"
    mine.mkdir()
    rows = []
    for k, name in enumerate(CRYSTALS):
        (mine / f"{name}.cif").write_text(cn.as_structure(name).to(fmt="cif"))
        rows.append(f"{name}," + ",".join(str(x) for x in ((2 + k) * np.eye(3)).ravel()))
    (mine / "id_prop.csv").write_text("\n".join(rows) + "\n")
    return root


@pytest.fixture(scope="module")
def recipe(data: Path) -> Path:
    file = data / "mine.json"
    file.write_text(json.dumps({"base": "gmtnet-dielectric", "name": "mine", "dataset": "mine", **SMALL}))
    return file


Run = Callable[..., Result]
Objects = Callable[[Result], list[dict[str, Any]]]


def test_a_folder_of_cif_files_trains_resumes_and_predicts(
    crysnb: Run, objects: Objects, data: Path, recipe: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    first = crysnb("train", recipe, "--data", data, "-o", out, "--set", "target=eps", "--json")
    assert first.exit_code == 0, first.stderr
    (answer,) = objects(first)
    assert answer["model"] == str(out / "model")
    assert (out / "learning-curve.svg").is_file()
    (predicted,) = objects(crysnb("predict", data / "mine" / "MgO.cif", "--model", out / "model", "--json"))
    assert predicted["model"] == "mine"
    words = ("train", recipe, "--data", data, "-o", out, "--set", "target=eps")
    refused = crysnb(*words, "--json")
    assert refused.exit_code == 1
    assert objects(refused)[0]["error"]["code"] == "training.exists"
    again = crysnb(*words, "--resume")
    assert again.exit_code == 0
    other = crysnb(*words[:-1], "target=other", "--resume", "--json")
    assert objects(other)[0]["error"]["code"] == "training.other_recipe"


def test_the_folder_itself_may_be_the_data(crysnb: Run, objects: Objects, data: Path, tmp_path: Path) -> None:
    words = [word for key, value in SMALL.items() for word in ("--set", f"{key}={value}")]
    out = tmp_path / "out"
    trained = crysnb("train", "gmtnet-dielectric", "--data", data / "mine", "-o", out, *words)
    assert trained.exit_code == 0, trained.stderr
    (predicted,) = objects(crysnb("predict", data / "mine" / "MgO.cif", "--model", out / "model", "--json"))
    assert predicted["model"] == "mine"
    card = json.loads((out / "model" / "card.json").read_text())
    assert card["dataset"]["name"] == "mine"
    assert "Petousis" not in json.dumps(card)
    split = json.loads((out / "split.json").read_text())
    assert sorted(name for ids in split.values() for name in ids) == sorted(CRYSTALS)
    assert all(split.values())
    assert card["dataset"]["split"].startswith("drawn: 80 : 10 : 10")
    assert not (data / "mine" / "split.json").exists()


@pytest.mark.parametrize("where", [".", "mp_dielectric"])
def test_the_name_of_a_published_data_set_proves_nothing(
    crysnb: Run, data: Path, tmp_path: Path, where: str
) -> None:
    shutil.copytree(data / "mine", tmp_path / "mp_dielectric")
    (tmp_path / "mp_dielectric" / "split.json").write_text(
        json.dumps({"train": CRYSTALS[:3], "val": CRYSTALS[3:4], "test": CRYSTALS[4:], "note": "mine"})
    )
    words = [word for key, value in SMALL.items() for word in ("--set", f"{key}={value}")]
    out = tmp_path / "out"
    trained = crysnb("train", "gmtnet-dielectric", "--data", tmp_path / where, "-o", out, *words)
    assert trained.exit_code == 0, trained.stderr
    card = json.loads((out / "model" / "card.json").read_text())
    assert (card["name"] == "gmtnet-dielectric") == (where == ".")
    assert card["dataset"]["licence"] == "not stated"
    assert card["dataset"]["split"].startswith("as split.json beside the data")
    assert "Petousis" not in json.dumps(card)
    assert "CRYSNB_DATA" not in card["training"]["command"]
    assert json.loads((out / "split.json").read_text())["test"] == list(CRYSTALS[4:])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("gmtnet-dielectrick",), "gmtnet-dielectric"),
        (("missing.json",), "no file"),
        (("gmtnet-dielectric", "--set", "epochs"), "NAME=VALUE"),
        (("gmtnet-dielectric", "--set", "epoch=1"), "epochs"),
        (("gmtnet-dielectric", "--set", "epochs=0"), "epochs"),
        (("gmtnet-dielectric", "--set", "width=1"), "width"),
        (("gmtnet-dielectric", "--devices", "0"), "64"),
        (("gmtnet-dielectric", "--accelerator", "tpu"), "gpu"),
        (("gmtnet-dielectric", "--precision", "8"), "bf16"),
        (("gmtnet-dielectric", "--precision", "bf16"), "precision 32"),
    ],
)
def test_wrong_usage_is_exit_code_2(
    crysnb: Run, data: Path, words: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    (data / "mp_dielectric").mkdir(exist_ok=True)
    (data / "mp_dielectric" / "structures.jsonl").write_text("")
    result = crysnb("train", *words, "--data", data, "-o", tmp_path)
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.replace("│", " ").split())


def test_missing_data_is_exit_code_1(crysnb: Run, objects: Objects, tmp_path: Path) -> None:
    result = crysnb("train", "gmtnet-elastic", "--data", tmp_path, "-o", tmp_path / "out", "--json")
    assert result.exit_code == 1
    error = objects(result)[0]["error"]
    assert error["code"] == "data.missing"
    assert all(
        name in json.dumps(error) for name in ("structures.jsonl.gz", "structures.jsonl,", "id_prop.csv")
    )
    assert not (tmp_path / "out").exists()
