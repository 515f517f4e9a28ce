"""M8: one run per output folder, and the recipe and crystals that it began with."""

from __future__ import annotations

import errno
import json
import logging
import os
import platform
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from crysnb.errors import CrysnbError
from crysnb.graph.build import build_one
from crysnb.structure.examples import example
from crysnb.training.data import Labelled
from crysnb.training.folder import held, same_data
from crysnb.training.recipes import RECIPES

RECIPE = RECIPES.get("gmtnet-dielectric")
#: Holds the folder until it is killed, or told to go.
HOLDER = """
import sys
from pathlib import Path
sys.path.insert(0, {here!r})
import protections
protections.install_from_environment()
from crysnb.training.folder import held
from crysnb.training.recipes import RECIPES
with held(Path({folder!r}), RECIPES.get("gmtnet-dielectric"), resume=True):
    print("held", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def other(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the folder."""
    code = HOLDER.format(here=str(Path(__file__).parent), folder=str(tmp_path))
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def code_of(folder: Path, *, resume: bool = True, **changes: object) -> str:
    """What comes of taking the folder: ``""`` if it works."""
    try:
        with held(folder, RECIPE.with_changes(**changes), resume=resume):
            return ""
    except CrysnbError as error:
        return error.code


def test_the_second_process_is_refused_and_told_who_is_first(
    tmp_path: Path, other: subprocess.Popen[str]
) -> None:
    with pytest.raises(CrysnbError) as caught, held(tmp_path, RECIPE, resume=True):
        pass
    assert caught.value.code == "training.locked"
    assert f"process {other.pid} on {platform.node()!r}" in caught.value.text
    other.communicate("go\n", timeout=60)
    assert other.returncode == 0
    assert code_of(tmp_path) == ""


def test_the_lock_of_a_killed_process_is_taken_over_with_a_notice(
    tmp_path: Path, other: subprocess.Popen[str], caplog: pytest.LogCaptureFixture
) -> None:
    other.send_signal(signal.SIGKILL)
    other.wait(60)
    with caplog.at_level(logging.WARNING):
        assert code_of(tmp_path) == ""
    assert f"Process {other.pid} ended without releasing" in caplog.text
    caplog.clear()
    assert code_of(tmp_path) == ""
    assert not caplog.text


def test_within_one_process_too(tmp_path: Path) -> None:
    with held(tmp_path, RECIPE, resume=False):
        assert code_of(tmp_path) == "training.locked"
    assert code_of(tmp_path) == ""


def test_a_run_that_failed_releases_the_folder(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ZeroDivisionError), held(tmp_path, RECIPE, resume=False):
        raise ZeroDivisionError
    assert code_of(tmp_path) == ""
    assert not caplog.text


def test_a_lock_of_another_machine_is_not_taken_over(tmp_path: Path) -> None:
    (tmp_path / ".lock").write_text(json.dumps({"pid": 1, "host": "elsewhere"}))
    assert code_of(tmp_path) == "training.locked"
    (tmp_path / ".lock").unlink()
    assert code_of(tmp_path) == ""


@pytest.mark.parametrize("content", [b"{", b"\xff\x00", b"[" * 2000, b"null", b'{"pid": "x"}'])
def test_a_lock_that_cannot_be_read_is_one_of_a_dead_process(tmp_path: Path, content: bytes) -> None:
    (tmp_path / ".lock").write_bytes(content)
    assert code_of(tmp_path) == ""


EPOCH = "checkpoints/member0/epoch00001"


@pytest.mark.parametrize("left", [EPOCH, "checkpoints/lessons0/epoch00001", "model"])
@pytest.mark.parametrize("with_recipe", [False, True])
def test_a_folder_with_a_run_needs_resume(tmp_path: Path, left: str, with_recipe: bool) -> None:
    if with_recipe:
        assert code_of(tmp_path, resume=False) == ""
    (tmp_path / left).mkdir(parents=True)
    assert code_of(tmp_path, resume=False) == "training.exists"
    assert code_of(tmp_path, resume=True) == ""


@pytest.mark.parametrize("resume", [False, True])
def test_a_run_that_failed_before_its_first_epoch_leaves_the_folder_free(
    tmp_path: Path, resume: bool
) -> None:
    with held(tmp_path, RECIPE, resume=False):
        same_data(tmp_path, {"train": [crystal("NaCl", 2.0)]}, write=True)
        (tmp_path / "checkpoints" / "member0" / ".epoch00001.7").mkdir(parents=True)
    with held(tmp_path, RECIPE.with_changes(seed=7), resume=resume):
        same_data(tmp_path, {"train": [crystal("NaCl", 3.0)]}, write=True)
    assert json.loads((tmp_path / "recipe.json").read_text())["seed"] == 7


def test_a_recipe_that_no_run_has_written_is_not_replaced(tmp_path: Path) -> None:
    own = '{"base": "gmtnet-dielectric", "name": "mine"}'
    (tmp_path / "recipe.json").write_text(own)
    assert code_of(tmp_path, resume=False) == "training.exists"
    assert code_of(tmp_path, resume=True) == "training.other_recipe"
    assert (tmp_path / "recipe.json").read_text() == own


def test_another_recipe_is_refused_with_what_differs(tmp_path: Path) -> None:
    assert code_of(tmp_path) == ""
    (tmp_path / EPOCH).mkdir(parents=True)
    changed = RECIPE.with_changes(seed=7, width=32)
    with pytest.raises(CrysnbError, match="model, seed") as caught, held(tmp_path, changed, resume=True):
        pass
    assert caught.value.code == "training.other_recipe"
    assert code_of(tmp_path) == ""


@pytest.mark.parametrize("content", [b"", b"[]", b"[" * 100_000, b'{"a": 1, "a": 2}', b"\xff"])
def test_a_recipe_that_cannot_be_read_is_our_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "recipe.json").write_bytes(content)
    assert code_of(tmp_path) == "training.folder"


def crystal(name: str, value: float, shift: float = 0.0) -> Labelled:
    structure = example(name)
    if shift:
        structure.translate_sites([0], [shift, 0, 0])
    label = value * torch.eye(3, dtype=torch.float64)
    return Labelled(id=name, graph=build_one(structure, 4.0), label=label, elements=())


@pytest.mark.parametrize(
    "now",
    [
        [crystal("NaCl", 2.5)],
        [crystal("NaCl", 2.0, shift=0.01)],
        [crystal("NaCl", 2.0), crystal("GaAs", 9.0)],
        [crystal("GaAs", 2.0)],
    ],
    ids=["label", "position", "more", "other"],
)
def test_other_crystals_are_refused(tmp_path: Path, now: list[Labelled]) -> None:
    began = [crystal("NaCl", 2.0)]
    same_data(tmp_path, {"train": began, "val": []}, write=True)
    same_data(tmp_path, {"train": began, "val": []}, write=True)
    with pytest.raises(CrysnbError) as caught:
        same_data(tmp_path, {"train": now, "val": []}, write=True)
    assert caught.value.code == "training.other_data"


def test_no_crystal_is_our_error(tmp_path: Path) -> None:
    with pytest.raises(CrysnbError) as caught:
        same_data(tmp_path, {"train": [], "val": [crystal("NaCl", 2.0)]}, write=True)
    assert caught.value.code == "training.no_crystals"


def test_a_file_system_without_locks_is_our_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOTSUP, "Operation not supported")

    monkeypatch.setattr("fcntl.flock", refuse)
    with pytest.raises(CrysnbError, match="not supported") as caught, held(tmp_path, RECIPE, resume=True):
        pass
    assert caught.value.code == "training.folder"


def test_a_place_that_is_no_folder_is_our_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert code_of(tmp_path / "file") == "training.folder"
    assert code_of(tmp_path / "file" / "below") == "training.folder"
    assert code_of(tmp_path / "a\0b") == "training.folder"
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / ".lock").mkdir()
    assert code_of(tmp_path / "made") == "training.folder"
    assert os.listdir(tmp_path / "made") == [".lock"]  # noqa: PTH208 - nothing else was written
