"""W4: whatever a browser sends is checked for type, range and size; what is not known is dropped and counted.

Single cases with their outcome: ``tests/widgets/test_live.py``, ``test_faults.py``, ``test_upload.py``. Here
hypothesis writes to every view through the handlers that are called for messages, options, events and files
included. What these raise ipywidgets would only log: they are called directly.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

KINDS = ("crystal", "elastic", "structure", "story", "panel", "upload")
NAMES = (
    "atoms", "pairs", "elements", "operations", "cells", "options", "data", "kind", "status", "message",
    "details", "progress", "session", "fallback_id", "_esm", "layout", "js_errors", "n_dropped", "is_ready",
    "structure", "result", "errors", "comm", "_model_name", "__class__",
)  # fmt: skip
#: What a browser may write; the rest must be as it was.
WRITABLE = ("atoms", "pairs", "elements", "operations", "cells", "options")
WORDS = st.sampled_from(
    ["model", "symprec", "idealize", "auto", "c14", "Si", "run", "ready", "js_error", "file", "2 [100]",
     "frame", "setting", "shown", "ieee", "own", "symmetrised", "repaired"]
)  # fmt: skip
SCALAR = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | WORDS
JSON = st.recursive(
    SCALAR,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8) | WORDS, inner, max_size=4)
    ),
    max_leaves=10,
)
STATE = st.dictionaries(st.sampled_from(NAMES), JSON | st.lists(st.integers(0, 600), max_size=5), max_size=4)
EVENT = st.fixed_dictionaries(
    {},
    optional={
        "kind": WORDS | st.sampled_from(["cancel", "show", "delete"]) | JSON,
        "text": JSON, "name": JSON, "size": JSON, "position": JSON, "count": JSON, "file": JSON,
        "block": JSON,
    },
)  # fmt: skip


@pytest.fixture(scope="module")
def made(views: Any) -> Iterator[dict[str, Any]]:
    out = {name: views[name]() for name in KINDS}
    yield out
    for view in out.values():
        view.close()


def _private(view: Any) -> dict[str, Any]:
    # A panel that was asked to run has another status and progress meanwhile, from Python; a tensor in
    # another frame is drawn anew.
    running = ("data", "status", "message", "details", "progress")
    computed = {"prediction": running, "upload": running, "tensor": ("data",)}.get(view.kind, ())
    return {k: v for k, v in view.get_state().items() if k not in (*WRITABLE, *computed)}


@pytest.mark.parametrize("name", KINDS)
@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(state=STATE | JSON)
def test_any_state_update(made: dict[str, Any], name: str, state: Any) -> None:
    view = made[name]
    before, options = _private(view), set(view.options)
    view.set_state(state)
    assert _private(view) == before
    assert set(view.options) == options
    for kind in WRITABLE[:5]:
        known = view.selectable(kind)
        values = getattr(view, kind)
        assert known is None or all((tuple(v) if isinstance(v, list) else v) in known for v in values)
    json.dumps(view.get_state(WRITABLE), allow_nan=False)
    assert view.error_report == ""


@pytest.mark.parametrize("name", KINDS)
@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(content=EVENT | JSON, buffers=st.lists(st.binary(max_size=8), max_size=2))
def test_any_custom_message(made: dict[str, Any], name: str, content: Any, buffers: list[bytes]) -> None:
    view = made[name]
    before, dropped = _private(view), view.n_dropped
    view._handle_custom_msg(content, [memoryview(b) for b in buffers])
    assert _private(view) == before
    kind = content.get("kind") if isinstance(content, dict) else None
    known = isinstance(kind, str) and kind in ("ready", "js_error", "run", "cancel", "show", "file")
    assert known or view.n_dropped == dropped + 1
    assert len(view.js_errors) <= 50


@pytest.mark.parametrize("name", KINDS)
def test_more_than_64_kb_is_dropped_whole(made: dict[str, Any], name: str) -> None:
    """Each part would pass; together they are too much."""
    view = made[name]
    long = [f"{k:03d}" + "\x01" * 37 for k in range(500)]
    before = {kind: getattr(view, kind) for kind in WRITABLE}
    dropped = view.n_dropped
    view.set_state(dict.fromkeys(("elements", "operations", "cells"), long))
    assert {kind: getattr(view, kind) for kind in WRITABLE} == before
    assert view.n_dropped == dropped + 1


def test_a_selection_is_checked_for_type_and_range(made: dict[str, Any]) -> None:
    for state in (
        {"atoms": [True]},
        {"atoms": [-1]},
        {"atoms": [9]},
        {"atoms": [0, 0]},
        {"pairs": [[0, 99]]},
    ):
        dropped = made["crystal"].n_dropped
        made["crystal"].set_state(state)
        assert made["crystal"].n_dropped == dropped + 1, state
    # A view without sites of its own takes any site, up to the most that a crystal may have.
    for state in ({"atoms": [500]}, {"atoms": [2**40]}, {"elements": ["x" * 41]}, {"elements": [""]}):
        dropped = made["story"].n_dropped
        made["story"].set_state(state)
        assert made["story"].n_dropped == dropped + 1, state


def test_a_page_cannot_fill_the_memory_with_reports(made: dict[str, Any]) -> None:
    view = made["crystal"]
    for k in range(60):
        view._handle_custom_msg({"kind": "js_error", "text": f"{k} " + "x" * 60_000}, [])
    assert len(view.js_errors) == 50
    assert max(map(len, view.js_errors)) <= 2000
