"""Running hostile inputs in a process that may die."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

Isolated = Callable[..., list[dict[str, Any]]]


@pytest.fixture(scope="session")
def isolated() -> Isolated:
    """``isolated(cases, remove=None, seconds=10, megabytes=1024, deep=False)``: one answer for each case.

    A case is ``(name, kind, input, ...)``; see ``worker.py`` for kinds and answers.
    """

    def run(
        cases: Sequence[Sequence[Any]],
        *,
        remove: Sequence[Sequence[str]] | None = None,
        seconds: float = 10.0,
        megabytes: int = 1024,
        deep: bool = False,
    ) -> list[dict[str, Any]]:
        removed = remove or [[] for _ in cases]
        job = {
            "cases": [
                {"kind": case[1], "input": case[2], "remove": list(names), "deep": deep}
                for case, names in zip(cases, removed, strict=True)
            ],
            "seconds": seconds,
            "megabytes": megabytes,
        }
        done = subprocess.run(
            [sys.executable, str(Path(__file__).with_name("worker.py"))],
            input=json.dumps(job),
            capture_output=True,
            text=True,
            timeout=60 + seconds * len(cases),
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            check=False,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        answers = [json.loads(line) for line in done.stdout.splitlines()]
        assert len(answers) == len(cases), done.stderr[-2000:]
        return answers

    return run


@pytest.fixture(scope="session")
def assert_refused(isolated: Isolated) -> Callable[..., list[dict[str, Any]]]:
    """Assert that every case ``(name, kind, input, code, rules)`` is refused with its code."""

    def check(cases: Sequence[Sequence[Any]], **limits: Any) -> list[dict[str, Any]]:
        answers = isolated(cases, **limits)
        wrong = {
            case[0]: answer
            for case, answer in zip(cases, answers, strict=True)
            if answer.get("code", "-") != case[3]
        }
        assert not wrong, wrong
        return answers

    return check


@pytest.fixture(scope="session")
def assert_noticed(isolated: Isolated) -> Callable[..., None]:
    """Assert that every case ``(name, kind, input, code, rules)`` is read with the notice."""

    def check(cases: Sequence[Sequence[Any]]) -> None:
        wrong = {
            case[0]: answer
            for case, answer in zip(cases, isolated(cases), strict=True)
            if answer.get("code", "-") is not None or case[3] not in answer["notices"]
        }
        assert not wrong, wrong

    return check


class Network(torch.nn.Module):
    """A network whose output or failure a test chooses: ``act(batch, device)`` answers for the crystals."""

    def __init__(self, inner: Any, act: Callable[..., Any], where: str) -> None:
        super().__init__()
        self.cutoff, self.properties = inner.cutoff, inner.properties
        self.act, self.where = act, torch.device(where)
        self.sizes: list[tuple[str, int]] = []

    def forward(self, batch: Any, tap: Any = None) -> Any:
        self.sizes.append((str(self.where), batch.n_crystals))
        return self.act(batch, self.where)

    def to(self, device: Any) -> Network:
        self.where = torch.device(device)
        return self

    def __deepcopy__(self, memo: Any) -> Network:
        moved = Network(self, self.act, str(self.where))
        moved.sizes = self.sizes
        return moved


def plain_tensors(batch: Any) -> torch.Tensor:
    """A diagonal tensor for each crystal that depends on its atoms, [crystal, 3, 3]."""
    mean = torch.zeros(batch.n_crystals, dtype=torch.float64)
    mean.index_add_(0, batch.crystal_of_atom, batch.atomic_number.double())
    mean = mean / torch.bincount(batch.crystal_of_atom)
    return (1.0 + mean)[:, None, None] * torch.eye(3, dtype=torch.float64)


@pytest.fixture
def fake_model(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """``fake_model(act, device="cpu", **card)``: a loaded model with a network made of ``act``.

    Tensors stay on the CPU whatever the device is called, so that a GPU can be played without one.
    """
    from crysnb.models.interface import load_model
    from crysnb.values.crystal_batch import CrystalBatch

    monkeypatch.setattr(CrystalBatch, "to", lambda self, device: self)
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: None)

    def make(act: Callable[..., Any], device: str = "cpu", **card: Any) -> Any:
        inner = load_model("gmtnet-dielectric", device="cpu")
        return dataclasses.replace(
            inner,
            card=dataclasses.replace(inner.card, **card),
            network=Network(inner.network, act, device),
            device=torch.device(device),
        )

    return make


@pytest.fixture
def plain() -> Callable[[Any], torch.Tensor]:
    """``plain(batch)``: a harmless tensor for each crystal."""
    return plain_tensors


def _drop_zone() -> Any:
    """A drop zone that shows a Nye diagram of what is dropped, and has something in it."""
    import states

    from crysnb.structure.read import read
    from crysnb.widgets.present import Shown
    from crysnb.widgets.upload import UploadView

    view = UploadView(lambda reading: Shown(views=(states.story_view(),)))
    view.add(("NaCl.vasp", read("NaCl").structure.to(fmt="poscar").encode()))
    return view


def _explanation() -> Any:
    """``cn.explain`` with a model that takes no time."""
    import states

    from crysnb.structure.read import read
    from crysnb.symmetry.detect import symmetry
    from crysnb.widgets.explain import Explain

    reading = read("quartz")
    panel = states.panel_view("gmtnet-dielectric")
    return Explain(reading, symmetry(reading.structure), panel, "'quartz'")


@pytest.fixture(scope="session")
def views() -> Mapping[str, Callable[[], Any]]:
    """Makes a view by name: one of every kind, and ``explain``, which is made of several."""
    pytest.importorskip("anywidget", reason="the notebook extra is not installed")
    sys.path.insert(0, str(Path(__file__).parents[1] / "widgets"))
    import states

    return {**states.VIEWS, "upload": _drop_zone, "explain": _explanation}
