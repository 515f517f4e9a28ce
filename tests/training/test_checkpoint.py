"""Checkpoints: complete or absent; one that was damaged gives way to the one before it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from crysnb.errors import CrysnbError
from crysnb.graph.build import build_one
from crysnb.structure.examples import example
from crysnb.training import checkpoint
from crysnb.training.checkpoint import Checkpoint, latest, save
from crysnb.training.data import Labelled
from crysnb.training.loop import Run
from crysnb.training.tensor_recipe import TensorRecipe


def state(epoch: int) -> Checkpoint:
    log = [{"epoch": k + 1, "loss": 0.5} for k in range(epoch)]
    return Checkpoint(epoch, "hash", {"network.a": torch.full((3,), float(epoch))}, log)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two checkpoints, of epochs 2 and 3."""
    for epoch in (1, 2, 3):
        save(tmp_path, state(epoch))
    return tmp_path


def epoch_of(folder: Path) -> int | None:
    found = latest(folder, "hash")
    assert found is None or torch.equal(found.tensors["network.a"], torch.full((3,), float(found.epoch)))
    return found.epoch if found else None


def test_the_last_one_counts_and_the_one_before_is_kept(folder: Path) -> None:
    assert epoch_of(folder) == 3
    assert sorted(p.name for p in folder.iterdir()) == ["epoch00002", "epoch00003", "latest.json"]
    assert epoch_of(folder / "nothing") is None


class Killed(BaseException):
    """As abrupt as a signal: no handler of ours takes it."""


@pytest.mark.parametrize("operation", range(12))
def test_a_run_killed_at_any_operation_of_a_save_leaves_a_whole_one(
    folder: Path, operation: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Writing, renaming and removing are counted; the process ends before the one in question."""
    done = 0

    def counted(function: Callable[..., Any]) -> Callable[..., Any]:
        def called(*args: Any, **options: Any) -> Any:
            nonlocal done
            if done == operation:
                raise Killed
            done += 1
            return function(*args, **options)

        return called

    with monkeypatch.context() as patch:
        for owner, name in (
            (Path, "replace"),
            (Path, "mkdir"),
            (Path, "open"),
            (shutil, "rmtree"),
            (checkpoint, "write_whole"),
        ):
            patch.setattr(owner, name, counted(getattr(owner, name)))
        try:
            save(folder, state(4))
        except Killed:
            killed = True
        else:
            killed = False
    assert killed == (done == operation)
    assert epoch_of(folder) in (3, 4)
    assert not killed or operation > 0 or epoch_of(folder) == 3
    save(folder, state(4))
    assert epoch_of(folder) == 4
    assert not list(folder.glob(".epoch*"))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("epoch00003/state.safetensors", None),
        ("epoch00003/state.safetensors", b""),
        ("epoch00003/state.json", None),
        ("epoch00003/state.json", b"{"),
        ("epoch00003/state.json", b"[" * 100_000),
        ("epoch00003/state.json", b"[]"),
        ("epoch00003/state.json", b'{"epoch": 3, "epoch": 3}'),
        ("epoch00003/state.json", b'{"epoch": "3", "log": [], "sha256": "", "recipe_hash": "hash"}'),
    ],
)
def test_a_damaged_one_gives_way_to_the_one_before(folder: Path, name: str, content: bytes | None) -> None:
    file = folder / name
    if content is None:
        file.unlink()
    else:
        file.write_bytes(content)
    assert epoch_of(folder) == 2


@pytest.mark.parametrize("place", [-1, 40])
def test_a_flipped_bit_is_seen(folder: Path, place: int) -> None:
    file = folder / "epoch00003" / "state.safetensors"
    content = bytearray(file.read_bytes())
    content[place] ^= 1
    file.write_bytes(content)
    assert epoch_of(folder) == 2


def test_swapped_states_are_seen(folder: Path) -> None:
    a, b = (folder / f"epoch0000{k}" / "state.safetensors" for k in (2, 3))
    first, second = a.read_bytes(), b.read_bytes()
    a.write_bytes(second)
    b.write_bytes(first)
    with pytest.raises(CrysnbError, match=r"training\.checkpoint"):
        latest(folder, "hash")


@pytest.mark.parametrize("content", [b"", b"null", b'{"checkpoint": "../../x"}', b'{"checkpoint": 1}'])
def test_a_damaged_pointer_leads_to_the_newest(folder: Path, content: bytes) -> None:
    (folder / "latest.json").write_bytes(content)
    assert epoch_of(folder) == 3


def test_without_a_pointer_the_newest_whole_one_counts(folder: Path) -> None:
    (folder / "latest.json").unlink()
    assert epoch_of(folder) == 3
    (folder / "epoch00003" / "state.json").unlink()
    assert epoch_of(folder) == 2


def test_none_left_is_our_error(folder: Path, small: TensorRecipe) -> None:
    for epoch in (2, 3):
        (folder / f"epoch0000{epoch}" / "state.json").write_text("{}")
    with pytest.raises(CrysnbError, match=r"training\.checkpoint"):
        latest(folder, "hash")


def test_tensors_of_another_network_are_our_error(tmp_path: Path, small: TensorRecipe) -> None:

    one = Labelled(
        id="NaCl", graph=build_one(example("NaCl"), 4.0), label=2 * torch.eye(3).double(), elements=()
    )
    save(tmp_path, Checkpoint(1, small.hash, {"network.a": torch.ones(1)}, [{"epoch": 1, "loss": 1.0}]))
    with pytest.raises(CrysnbError, match=r"training\.checkpoint"):
        Run(small, [one], [], tmp_path).train(resume=True)


def test_the_log_is_plain_json(folder: Path) -> None:
    assert json.loads((folder / "epoch00003" / "state.json").read_text())["log"][-1]["epoch"] == 3
