"""Batches become smaller where a container leaves little memory, and the numbers stay what they were."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

import crysnb as cn
from crysnb.machine import Limits
from crysnb.predict import memory


def leave(monkeypatch: pytest.MonkeyPatch, free: int | None) -> None:
    found = Limits(cpus=1, memory=1 << 31, free=free, source="cgroup")
    monkeypatch.setattr(memory, "limits", lambda: found)


def sizes(edges: list[int], batch_size: int | None = None) -> list[int]:
    return [len(c) for c in memory.chunks([SimpleNamespace(n_edges=n) for n in edges], batch_size)]


def test_as_many_as_half_of_the_free_memory_holds(monkeypatch) -> None:
    leave(monkeypatch, 1 << 40)
    assert sizes([10_000] * 9) == [4, 4, 1]
    leave(monkeypatch, 2 * memory.EDGE_BYTES * 20_000)
    assert sizes([10_000] * 9) == [2, 2, 2, 2, 1]
    leave(monkeypatch, 0)  # never none at all: one that does not fit is told by the model
    assert sizes([10_000] * 3) == [1, 1, 1]


def test_what_the_system_does_not_tell_changes_nothing(monkeypatch) -> None:
    leave(monkeypatch, None)
    assert sizes([10_000] * 5) == [4, 1]


def test_a_batch_size_that_was_asked_for_stands(monkeypatch) -> None:
    leave(monkeypatch, 0)
    assert sizes([10_000] * 5, 3) == [3, 2]


def test_the_numbers_stay(monkeypatch) -> None:
    crystals = ["NaCl", "GaAs", "quartz"]
    leave(monkeypatch, 1 << 40)
    together = cn.predict(crystals, "gmtnet-dielectric")
    leave(monkeypatch, 0)
    for a, b in zip(together, cn.predict(crystals, "gmtnet-dielectric"), strict=True):
        np.testing.assert_allclose(a.value, b.value, rtol=1e-5, atol=1e-6)
