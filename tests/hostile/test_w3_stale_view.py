"""W3: after a restart, or in a saved notebook, what is there is drawn and read; nothing pretends to work.

In the browser: ``widgets/test/prediction_view.test.ts`` (a host whose ``send`` throws), ``upload.test.ts``,
``tests/browser/test_layouts.py`` and ``test_saving.py`` (a real restart, nbconvert without a kernel).
"""

from __future__ import annotations

import json
from typing import Any

import pytest

KINDS = ("crystal", "elastic", "structure", "story", "panel", "upload", "explain")
VIEW = "application/vnd.jupyter.widget-view+json"


@pytest.mark.parametrize("name", KINDS)
def test_the_output_has_text_and_a_picture_beside_the_live_view(
    views: Any, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[dict[str, Any]] = []
    monkeypatch.setattr("IPython.display.display", lambda data, **_: shown.append(data))
    view = views[name]()
    view._ipython_display_()
    live, still = shown
    assert VIEW in live
    assert live["text/plain"] == repr(view)
    assert len(live["text/plain"]) < 400
    assert VIEW not in still  # in one output with a view that is gone, nothing else would be shown
    assert still["image/png"].startswith(b"\x89PNG")
    assert still["text/plain"] == view.to_text()
    view.close()


@pytest.mark.parametrize("name", [k for k in KINDS if k != "explain"])
def test_a_saved_state_is_all_that_the_browser_half_needs(views: Any, name: str) -> None:
    view = views[name]()
    stored = json.loads(json.dumps(view.get_state(), default=str))
    assert stored["data"] == json.loads(json.dumps(view.data))
    assert stored["kind"] == view.kind
    assert stored["_esm"] == view.module
    assert stored["status"] == "idle"
    view.close()


@pytest.mark.parametrize("name", KINDS)
def test_an_offline_page_says_idle_and_has_no_control_that_needs_python(views: Any, name: str) -> None:
    view = views[name]()
    busy = view.crystal if name == "explain" else view
    busy.status, busy.message, busy.progress = "running", "Working.", 0.5
    page = view.to_html()
    text = page.partition("id='cn-state'>")[2].partition("</script>")[0]
    for state in json.loads(text):
        assert state["status"] == "idle"
        assert state["data"].get("has_controls", False) is False
        assert state["data"].get("enabled", False) is False
    view.close()
