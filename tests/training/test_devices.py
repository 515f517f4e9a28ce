"""Several processes, dropout drawn for the whole batch, and refusals of devices that are not there."""

from __future__ import annotations

import csv
import math
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from crysnb.errors import CrysnbError, MissingExtra, ShapeError, UnknownName
from crysnb.training.data import Labelled, load
from crysnb.training.devices import Devices, launch
from crysnb.training.loop import Run
from crysnb.training.place import ALONE, Place, SharedDropout, shared_dropout
from crysnb.training.run import train
from crysnb.training.tensor_recipe import TensorRecipe


class Part(Place):
    """One of several processes, seen alone: what it would send is kept."""

    def __init__(self, rank: int, world: int) -> None:
        self.rank, self.world = rank, world
        self.sent: list[Tensor] = []

    def total(self, values: Tensor) -> Tensor:
        self.sent.append(values.clone())
        return values


@pytest.fixture(scope="module")
def crystals(root: Path, small: TensorRecipe) -> list[Labelled]:
    return load(root / "mp_dielectric", small).parts["train"]


def first_step(
    recipe: TensorRecipe, crystals: Sequence[Labelled], place: Place, n: int | None = None
) -> tuple[float, Tensor]:
    """Loss and gradient of the first step on ``n`` crystals, as this process sees them."""
    run = Run(recipe.with_changes(gradient_clip=1e9), crystals, [], place=place)
    generator = torch.Generator().manual_seed(5)
    with torch.random.fork_rng(devices=[]), shared_dropout(place, run.network, run._current_share):
        torch.default_generator.set_state(generator.get_state())
        run.network.train()
        loss = run._step(list(crystals[:n]), generator)
    changed = [p for group in run.optimiser.param_groups for p in group["params"]]
    return loss, torch.cat([p.grad.flatten() for p in changed if p.grad is not None])


@pytest.mark.parametrize("n", [1, 3, 4])
@pytest.mark.parametrize("world", [2, 3])
def test_the_parts_of_all_processes_add_up_to_the_step_of_one(
    small: TensorRecipe, crystals: list[Labelled], n: int, world: int
) -> None:
    loss, gradient = first_step(small, crystals, ALONE, n)
    parts = [Part(rank, world) for rank in range(world)]
    for part in parts:
        first_step(small, crystals, part, n)
    whole = torch.stack([part.sent[0] for part in parts]).sum(0)
    assert float(whole[0]) == pytest.approx(loss, rel=1e-5)
    torch.testing.assert_close(whole[1:], gradient, rtol=1e-4, atol=1e-5)
    # Dropout and noise matter here, so that the test can fail.
    still, _ = first_step(small.with_changes(dropout=0.0), crystals, ALONE, n)
    quiet, _ = first_step(small.with_changes(noise=0.0), crystals, ALONE, n)
    assert min(abs(still - loss), abs(quiet - loss)) > 1e-4


def test_shares_cover_the_batch_once() -> None:
    atoms = [2, 5, 1, 7, 3]
    shares = [Part(rank, 3).share(atoms) for rank in range(3)]
    assert [k for s in shares for k in range(5)[s.crystals]] == list(range(5))
    assert [k for s in shares for k in range(18)[s.atoms]] == list(range(18))
    assert math.isclose(sum(s.weight for s in shares), 1)
    idle = Part(0, 2).share([4])
    assert (idle.crystals, idle.atoms, idle.weight) == (slice(0, 1), slice(0, 4), 0)


def test_dropout_is_put_back_and_evaluation_has_none(small: TensorRecipe) -> None:
    network = nn.Sequential(nn.Linear(3, 3), nn.Dropout(0.4))
    before = network[1]
    share = Part(1, 2).share([2, 3])
    with shared_dropout(Part(1, 2), network, lambda: share):
        assert isinstance(network[1], SharedDropout)
        x = torch.ones(3, 3)
        assert not torch.equal(network[1](x), x)
        assert torch.equal(network[1].eval()(x), x)
    assert network[1] is before
    with shared_dropout(ALONE, network, lambda: share):
        assert network[1] is before


def losses(folder: Path) -> list[float]:
    with (folder / "log.csv").open(newline="") as file:
        return [float(row["loss"]) for row in csv.DictReader(file)]


def test_two_processes_follow_the_loss_curve_of_one(root: Path, small: TensorRecipe, tmp_path: Path) -> None:
    one = train(small, data=root, out=tmp_path / "one")
    two = train(small, data=root, out=tmp_path / "two", devices=Devices(count=2))
    expected = losses(tmp_path / "one" / "checkpoints" / "member0")
    assert losses(tmp_path / "two" / "checkpoints" / "member0") == pytest.approx(expected, rel=1e-4)
    assert two.metrics["val"] == pytest.approx(one.metrics["val"], rel=1e-3)
    # Another seed is farther away than that.
    train(small.with_changes(seed=1), data=root, out=tmp_path / "other")
    assert losses(tmp_path / "other" / "checkpoints" / "member0") != pytest.approx(expected, rel=1e-2)


class Halved(Place):
    """The CPU with the passes of a GPU in bfloat16."""

    def autocast(self) -> AbstractContextManager[object]:
        return torch.autocast("cpu", dtype=torch.bfloat16)


def test_a_pass_in_bfloat16_is_near_the_whole_one(small: TensorRecipe, crystals: list[Labelled]) -> None:
    whole, gradient = first_step(small, crystals, ALONE)
    loss, other = first_step(small, crystals, Halved())
    assert loss == pytest.approx(whole, rel=0.05)
    assert loss != whole
    assert float(nn.functional.cosine_similarity(gradient, other, dim=0)) > 0.98


def test_devices_check_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnknownName, match="accelerator"):
        Devices(accelerator="tpu")  # type: ignore[arg-type]
    with pytest.raises(UnknownName, match="precision"):
        Devices(precision="16")  # type: ignore[arg-type]
    for count in (0, 65, True, 1.0):
        with pytest.raises(ShapeError, match=r"devices\.count"):
            Devices(count=count)  # type: ignore[arg-type]
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    for devices, code in (
        (Devices(accelerator="gpu"), "devices.unavailable"),
        (Devices(precision="bf16"), "devices.precision"),
        (Devices(accelerator="auto", precision="bf16"), "devices.precision"),
    ):
        with pytest.raises(CrysnbError) as caught:
            launch(devices, print)
        assert caught.value.code == code
    assert not Devices(accelerator="auto").on_gpu()
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert Devices(accelerator="auto", count=2, precision="bf16").on_gpu()
    with pytest.raises(CrysnbError, match=r"devices\.unavailable"):
        Devices(accelerator="gpu", count=3).on_gpu()


def test_without_fabric_one_process_trains_and_two_name_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lightning.fabric", None)
    called: list[Any] = []
    launch(Devices(), called.append)
    assert called == [ALONE]
    with pytest.raises(MissingExtra, match=r"crysnb\[train\]"):
        launch(Devices(count=2), called.append)


def test_what_fabric_refuses_is_our_error(monkeypatch: pytest.MonkeyPatch) -> None:
    import lightning.fabric

    def refuse(**_: Any) -> None:
        raise RuntimeError("not in a notebook")

    monkeypatch.setattr(lightning.fabric, "Fabric", refuse)
    with pytest.raises(CrysnbError, match="not in a notebook") as caught:
        launch(Devices(count=2), print)
    assert caught.value.code == "devices.unavailable"


def failing(place: Place) -> None:
    if place.rank == 1:
        raise ZeroDivisionError
    place.wait()


def waiting(place: Place) -> None:
    """Tell the number of the process, and wait for ever."""
    sys.stdout.write(f"{os.getpid()}\n")
    sys.stdout.flush()
    time.sleep(600)


def script(function: str) -> list[str]:
    """A process that launches two more, with interrupts ignored as in the background of a shell."""
    code = f"""
import signal, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)
sys.path.insert(0, {str(Path(__file__).parent)!r})
from {Path(__file__).stem} import {function}
from crysnb.errors import CrysnbError
from crysnb.training.devices import Devices, launch
if __name__ == "__main__":
    try:
        launch(Devices(count=2), {function})
    except CrysnbError as error:
        sys.stdout.write(error.code + " " + error.found)
"""
    return [sys.executable, "-c", code]


@pytest.mark.slow
def test_a_process_that_fails_ends_in_our_error() -> None:
    done = subprocess.run(script("failing"), capture_output=True, text=True, timeout=300, check=False)
    assert done.stdout.startswith("training.process"), done.stderr[-2000:]
    assert "ZeroDivisionError" in done.stdout


@pytest.mark.slow
def test_processes_end_with_the_one_that_started_them() -> None:
    with subprocess.Popen(script("waiting"), stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        children = [int(parent.stdout.readline()) for _ in range(2)]
        parent.kill()
        parent.wait(60)
        deadline = time.monotonic() + 60
        while any(Path(f"/proc/{child}/stat").exists() for child in children):
            assert time.monotonic() < deadline, "they go on alone"
            time.sleep(0.2)
