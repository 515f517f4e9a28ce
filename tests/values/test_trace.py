"""Taps and traces."""

from __future__ import annotations

import pytest
import torch

from crysnb.errors import CrysnbError, ShapeError, UnknownName
from crysnb.values.trace import Recorder, no_tap


def test_no_tap_returns_the_same_object() -> None:
    x = torch.ones(2)
    assert no_tap("x", x, axes=("atom",)) is x


def test_recorder_keeps_a_detached_copy() -> None:
    x = torch.ones(2, 3, requires_grad=True)
    recorder = Recorder()
    assert recorder("a.b", x, axes=("atom", "channel"), doc="something") is x
    trace = recorder.trace()
    with torch.no_grad():
        x += 1
    entry = trace["a.b"]
    assert entry.value.sum() == 6
    assert not entry.value.requires_grad
    assert repr(entry) == "TraceEntry(atom=2, channel=3)"
    assert list(trace) == ["a.b"]
    assert len(trace) == 1
    assert trace.to_dict()["a.b"]["axes"] == ["atom", "channel"]


def test_recorder_refuses_duplicates_and_wrong_axes() -> None:
    recorder = Recorder()
    recorder("a", torch.ones(2), axes=("atom",))
    with pytest.raises(CrysnbError, match="duplicate"):
        recorder("a", torch.ones(2), axes=("atom",))
    for axes in (("atom", "channel"), ("banana",)):
        with pytest.raises(ShapeError, match=r"trace\.axes"):
            recorder("b", torch.ones(2), axes=axes)


def test_unknown_entry_suggests_a_name() -> None:
    recorder = Recorder()
    recorder("block0.gate", torch.ones(1), axes=("atom",))
    with pytest.raises(UnknownName, match=r"block0\.gate"):
        recorder.trace()["block0.gat"]
