"""A run as a whole: table of epochs, picture, early stop, bar, and faults that end in our errors."""

from __future__ import annotations

import csv
import io
import logging
import shutil
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from crysnb.errors import CrysnbError, DeviceMemory
from crysnb.training import run as run_module
from crysnb.training import stage
from crysnb.training.curve import draw_curves
from crysnb.training.data import Labelled, load
from crysnb.training.loop import Run
from crysnb.training.run import train
from crysnb.training.tensor_recipe import TensorRecipe
from crysnb.weights import store


def table(out: Path, member: int = 0) -> list[dict[str, str]]:
    with (out / "checkpoints" / f"member{member}" / "log.csv").open(newline="") as file:
        return list(csv.DictReader(file))


class Killed(BaseException):
    """As abrupt as a signal."""


@pytest.mark.parametrize("when", ["_epoch", "_save", "_write_table"])
def test_the_table_has_each_epoch_once_also_after_a_restart(
    root: Path, small: TensorRecipe, tmp_path: Path, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = getattr(Run, when)

    def killed(self: Run, *args: Any) -> Any:
        if self.epoch == 2:
            raise Killed
        return real(self, *args)

    train(small, data=root, out=tmp_path / "whole")
    with monkeypatch.context() as patch:
        patch.setattr(Run, when, killed)
        with pytest.raises(Killed):
            train(small, data=root, out=tmp_path / "cut")
    train(small, data=root, out=tmp_path / "cut", resume=True)
    rows = table(tmp_path / "cut")
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    assert rows == table(tmp_path / "whole")
    assert float(rows[0]["loss"]) > 0
    assert "rel_median" in rows[0]
    whole, cut = (store.load(tmp_path / name / "model").tensors for name in ("whole", "cut"))
    assert all(torch.equal(whole[name], cut[name]) for name in whole)


def test_the_picture_is_an_svg_with_a_curve_for_each_member(
    root: Path, small: TensorRecipe, tmp_path: Path
) -> None:
    train(small.with_changes(members=2), data=root, out=tmp_path / "a")
    picture = tmp_path / "a" / "learning-curve.svg"
    texts = {element.text for element in ET.parse(picture).iter() if element.tag.endswith("text")}  # noqa: S314
    assert {"member 1", "member 2", "training loss", "epoch"} <= texts
    again = tmp_path / "again.svg"
    logs = {
        f"member {k + 1}": [{key: float(v) for key, v in row.items()} for row in table(tmp_path / "a", k)]
        for k in range(2)
    }
    draw_curves(again, small.name, logs)
    assert again.read_bytes() == picture.read_bytes()
    draw_curves(again, "nothing yet", {})
    assert again.read_bytes() != picture.read_bytes()


@pytest.fixture(scope="module")
def crystals(root: Path, small: TensorRecipe) -> dict[str, list[Labelled]]:
    return load(root / "mp_dielectric", small).parts


def test_a_run_without_progress_stops_and_keeps_its_best_network(
    crystals: dict[str, list[Labelled]], small: TensorRecipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    errors = [3.0, 1.0, 2.0, float("nan"), 0.5, 0.4]
    seen: list[torch.Tensor] = []

    def scripted(self: Run) -> dict[str, float]:
        seen.append(torch.cat([p.detach().flatten() for p in self.averaged.parameters()]).clone())
        return {"fnorm_cart_gauge": errors[self.epoch - 1]}

    monkeypatch.setattr(Run, "validate", scripted)
    recipe = small.with_changes(epochs=6, patience=2)
    run = Run(recipe, crystals["train"], crystals["val"], tmp_path)
    network = run.train()
    assert run.epoch == 4
    got = torch.cat([p.detach().flatten() for p in network.parameters()])
    assert torch.equal(got, seen[1])
    assert not torch.equal(got, seen[3])
    # A finished run stays finished, with the same network.
    again = Run(recipe, crystals["train"], crystals["val"], tmp_path)
    assert torch.equal(torch.cat([p.detach().flatten() for p in again.train(resume=True).parameters()]), got)
    patient = Run(small.with_changes(epochs=6, patience=3), crystals["train"], crystals["val"])
    patient.train()
    assert patient.epoch == 6


def test_patience_needs_validation_crystals(crystals: dict[str, list[Labelled]], small: TensorRecipe) -> None:
    with pytest.raises(CrysnbError, match=r"training\.no_validation"):
        Run(small.with_changes(patience=2), crystals["train"], [])


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("shown", [True, False])
def test_a_terminal_gets_a_bar_on_stderr(
    root: Path, small: TensorRecipe, tmp_path: Path, shown: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    err = Terminal() if shown else io.StringIO()
    monkeypatch.setattr("sys.stderr", err)
    train(small, data=root, out=tmp_path, progress=True)
    assert ("member 1 of 1: 100%" in err.getvalue()) == shown
    assert ("rel_median" in err.getvalue()) == shown


def test_a_run_that_diverges_says_so_and_keeps_the_epochs_before(
    root: Path, small: TensorRecipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    epoch = Run._epoch
    monkeypatch.setattr(Run, "_epoch", lambda self: float("nan") if self.epoch == 2 else epoch(self))
    with pytest.raises(CrysnbError, match=r"training\.diverged"):
        train(small, data=root, out=tmp_path)
    assert [row["epoch"] for row in table(tmp_path)] == ["1", "2"]


def test_a_file_that_cannot_be_read_is_not_taken_for_one_that_cannot_be_written(
    root: Path, small: TensorRecipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*_: Any, **__: Any) -> None:
        raise OSError(5, "Input/output error", str(root / "mp_dielectric" / "structures.jsonl.gz"))

    monkeypatch.setattr(run_module, "load", lost)
    with pytest.raises(CrysnbError, match=r"structures\.jsonl\.gz.*Input/output error") as caught:
        train(small, data=root, out=tmp_path / "out")
    assert caught.value.code == "training.not_read"


def test_a_full_disk_is_our_error_and_the_run_goes_on_later(
    root: Path, small: TensorRecipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(stage.checkpoint, "save", full)
        with pytest.raises(CrysnbError, match="No space left") as caught:
            train(small, data=root, out=tmp_path)
    assert caught.value.code == "training.not_saved"
    train(small, data=root, out=tmp_path, resume=True)
    assert len(table(tmp_path)) == small.epochs


def test_a_full_gpu_is_our_error(
    root: Path, small: TensorRecipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Run) -> float:
        raise torch.OutOfMemoryError

    monkeypatch.setattr(Run, "_epoch", full)
    with pytest.raises(DeviceMemory, match="batch of 3") as caught:
        train(small, data=root, out=tmp_path)
    assert caught.value.code == "device.memory"


def test_a_data_set_of_structure_files_without_validation_part_trains(
    root: Path, small: TensorRecipe, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    import crysnb as cn

    mine = tmp_path / "mine"
    mine.mkdir()
    rows = []
    for k, name in enumerate(("NaCl", "GaAs", "MgO", "rutile")):
        (mine / f"{name}.cif").write_text(cn.as_structure(name).to(fmt="cif"))
        rows.append(f"{name}," + ",".join(str(x) for x in ((2 + k) * np.eye(3)).ravel()))
    rows.append("missing,1,0,0,0,1,0,0,0,1")
    (mine / "id_prop.csv").write_text("\n".join(rows))
    (mine / "split.json").write_text('{"train": ["NaCl", "GaAs", "MgO", "rutile"], "val": [], "test": []}')
    recipe = small.with_changes(name="mine", dataset="mine", target="eps")
    with caplog.at_level(logging.INFO, logger="crysnb.training"):
        card = train(recipe, data=tmp_path, out=tmp_path / "out")
    assert "4 training and 0 validation crystals" in caplog.text
    assert card.name == "mine"
    assert card.metrics == {}
    assert card.dataset["licence"] == "not stated"
    assert card.training["command"].startswith("crysnb train recipe.json")
    assert cn.predict("MgO", tmp_path / "out" / "model").value.shape == (3, 3)
    again = train(tmp_path / "out" / "recipe.json", data=tmp_path, out=tmp_path / "again")
    assert again.sha256 == card.sha256
    shutil.rmtree(mine)
    with pytest.raises(CrysnbError, match=r"data\."):
        train(recipe, data=tmp_path, out=tmp_path / "third")
