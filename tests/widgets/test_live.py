"""Traits, messages, display and the end of a view."""

import gc
import json
import threading
import time
import weakref

import pytest
import states
from hypothesis import given
from hypothesis import strategies as st

import crysnb as cn
from crysnb.widgets import messages
from crysnb.widgets.base import ExplainerWidget
from crysnb.widgets.session import SELECTABLE

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def update(state):
    return {"content": {"data": {"method": "update", "state": state, "buffer_paths": []}}, "buffers": []}


def test_selection_goes_both_ways_and_is_checked(view):
    one = view("elastic")
    heard = []
    one.observe(lambda change: heard.append(change["new"]), "cells")
    one._handle_msg(update({"cells": ["c14"]}))
    one.cells = ["c14", "c24", "c24"]
    assert one.cells == ["c14", "c24"]
    assert heard == [["c14"], ["c14", "c24"]]
    with pytest.raises(cn.UnknownName):
        one.cells = ["c99"]
    assert one.cells == ["c14", "c24"]


@pytest.mark.parametrize(
    "state",
    [
        {"cells": ["c99"]}, {"cells": "c14"}, {"cells": [14]}, {"cells": [None]},
        {"cells": ["c14", "c14"]}, {"cells": {"c14": 1}}, {"cells": ["c14"] * 1000},
        {"cells": ["c14"] * 600}, {"atoms": ["0"]}, {"atoms": [-1]}, {"atoms": [True]}, {"atoms": [10**9]},
        {"pairs": [[0]]}, {"pairs": [0, 1]}, {"pairs": [[0, 1], [0, 1]]}, {"operations": ["m [999]"]},
        {"session": "x"}, {"data": {}}, {"kind": "structure"}, {"fallback_id": "x"}, {"_esm": "alert(1)"},
        {"message": "x"},
        {"js_errors": ["x"]}, {"cells": ["x" * 70_000]}, {"layout": None}, [], None, "x",
    ],
)  # fmt: skip
def test_w4_malformed_state_is_dropped_and_counted(view, state):
    one = view("elastic")
    one.cells = ["c11"]
    before = {
        name: getattr(one, name) for name in ("kind", "data", "message", "fallback_id", "_esm", "cells")
    }
    one._handle_msg(update(state))
    assert {name: getattr(one, name) for name in before} == before
    assert one.js_errors == []
    assert one.n_dropped >= 1


@given(content=JSON)
def test_w4_any_json_is_survived(content):
    event = messages.admit_event(content)
    assert event is None or set(event) <= {"kind", "text"}
    accepted, dropped = messages.admit_state(content, ExplainerWidget._writable)
    assert set(accepted) <= set(SELECTABLE)
    assert dropped >= 0


def test_w4_nested_and_huge_messages_are_dropped():
    deep = []
    for _ in range(100_000):
        deep = [deep]
    assert not messages.fits(deep)
    assert messages.admit_event({"kind": "js_error", "text": "x" * 100_000}) is None


def test_messages_of_the_browser_half(view, caplog):
    one = view("elastic")
    one._handle_custom_msg({"kind": "ready"}, [])
    assert one.is_ready
    with caplog.at_level("WARNING"):
        one._handle_custom_msg({"kind": "js_error", "text": "TypeError: x"}, [])
    assert one.js_errors == ["TypeError: x"]
    one._handle_custom_msg({"kind": "delete", "text": "everything"}, [])
    assert one.n_dropped == 1
    for k in range(200):
        one._handle_custom_msg({"kind": "js_error", "text": str(k)}, [])
    assert len(one.js_errors) <= 50  # a broken page cannot fill the memory


@pytest.mark.parametrize("name", states.VIEWS)
def test_display_emits_the_live_view_and_then_one_picture(view, name, monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda data, **kw: shown.append((data, kw)))
    one = view(name)
    one._ipython_display_()
    live, picture = shown
    assert set(live[0]) == {"application/vnd.jupyter.widget-view+json", "text/plain"}
    assert set(picture[0]) == {"image/png", "text/plain"}
    assert live[1]["raw"]
    assert picture[1]["raw"]
    assert picture[1]["metadata"]["image/png"]["alt"]
    json.dumps(live[0])
    one.fallback = "none"
    shown.clear()
    one._ipython_display_()
    assert len(shown) == 1


@pytest.mark.parametrize("name", states.VIEWS)
def test_state_is_small_and_the_module_is_whole(view, name):
    state = view(name).get_state()
    assert len(json.dumps(state["data"])) < 200_000
    assert "export" in state["_esm"]


@pytest.mark.parametrize("name", states.VIEWS)
def test_describe_is_plain_data(view, name):
    json.dumps(view(name).describe())


def test_views_can_be_linked(view):
    import traitlets

    a, b = view("elastic"), view("elastic")
    traitlets.link((a, "cells"), (b, "cells"))
    a.cells = ["c14"]
    assert b.cells == ["c14"]


@pytest.mark.parametrize("name", ["elastic", "structure"])
def test_w5_closed_views_are_gone(name):
    import ipywidgets

    def once():
        one = states.VIEWS[name]()
        one.observe(lambda _: None, "cells")
        cn.link(one)
        one._live_bundle()
        one.close()
        one.close()  # twice is fine
        return weakref.ref(one)

    once()
    gc.collect()
    threads = threading.active_count()
    registered = len(ipywidgets.Widget._instances) if hasattr(ipywidgets.Widget, "_instances") else 0
    n = 200 if name == "elastic" else 8
    references = [once() for _ in range(n)]
    if name == "structure":
        time.sleep(1)  # the viewer's threads wake up ten times a second, and then end
    gc.collect()
    alive = sum(ref() is not None for ref in references)
    assert alive <= 1
    assert threading.active_count() <= threads + 1
    if hasattr(ipywidgets.Widget, "_instances"):
        assert len(ipywidgets.Widget._instances) <= registered + 5
