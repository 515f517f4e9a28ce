"""W5: 200 times made, shown and closed, a view leaves no object, no thread and no memory.

The browser half: "leaves nothing behind" in ``widgets/test``. Single parts: ``tests/widgets/test_worker.py``,
``test_prediction_panel.py``, ``test_session.py``, ``test_explain.py``.
"""

from __future__ import annotations

import gc
import threading
import time
import weakref
from pathlib import Path
from typing import Any

import pytest

CYCLES = 200
KINDS = ("crystal", "elastic", "story", "structure", "panel", "upload", "explain")


def _resident() -> float:
    """Memory of this process, in MB."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmRSS:")[2].split()[0]) / 1e3


def _once(make: Any, displayed: list[Any]) -> list[weakref.ref[Any]]:
    """Make, link, observe, show and close; what must be gone then."""
    from crysnb.widgets.session import link

    view = make()
    parts = [view]
    if hasattr(view, "session") and not isinstance(view.session, str):
        parts += [view.crystal, view.panel, view.story, view.widget]
    else:
        view.observe(lambda _: view, "atoms")
        link(view)
    if hasattr(view, "on_result"):
        view.on_result(lambda _: view)
        view.predict()
    view._ipython_display_()
    displayed.clear()
    view.close()
    view.close()  # twice is fine
    return [weakref.ref(part) for part in parts]


def _measure(settled: int) -> dict[str, float]:
    """What there is once the threads have ended: nglview's wakes up ten times a second."""
    from ipywidgets.widgets import widget

    deadline = time.monotonic() + 3
    while threading.active_count() > settled and time.monotonic() < deadline:
        time.sleep(0.05)
    gc.collect()
    return {
        "objects": len(gc.get_objects()),
        "widgets": len(widget._instances),
        "threads": threading.active_count(),
        "MB": _resident(),
    }


@pytest.mark.slow
@pytest.mark.parametrize("name", KINDS)
def test_two_hundred_times(views: Any, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    displayed: list[Any] = []
    monkeypatch.setattr("IPython.display.display", lambda data, **_: displayed.append(data))
    settled = threading.active_count()
    for _ in range(5):
        _once(views[name], displayed)
    # The picture takes most of the time and is made by functions alone.
    for place in ("crysnb.widgets.base.to_png", "crysnb.widgets.png.to_png"):
        monkeypatch.setattr(place, lambda *_: b"")
    _once(views[name], displayed)
    before = _measure(settled)
    references = [ref for _ in range(CYCLES) for ref in _once(views[name], displayed)]
    after = _measure(settled)
    more = {what: after[what] - before[what] for what in after}
    more["objects"] -= len(references)
    alive = sum(ref() is not None for ref in references)
    print(f"{name}, {CYCLES} times: {alive} of {len(references)} views alive, more {more}")  # noqa: T201
    assert alive == 0
    assert more["widgets"] == 0
    assert more["threads"] <= 0
    assert more["objects"] < CYCLES / 2  # not one object for each cycle
    assert more["MB"] < 20


@pytest.mark.parametrize("name", [k for k in KINDS if k != "explain"])
def test_a_closed_view_that_is_still_held_holds_nothing(views: Any, name: str) -> None:
    """A notebook keeps what its cells returned; a closed one holds no data and no callbacks."""

    class Big:
        def __call__(self, *_: Any) -> None:
            pass

    view, big = views[name](), Big()
    view.observe(big, "atoms")
    if hasattr(view, "on_result"):
        view.on_result(big)
    gone = weakref.ref(big)
    view.close()
    del big
    gc.collect()
    assert gone() is None
    assert view.data == {}
    assert view.comm is None
