"""W2: whatever raises or sleeps behind a view ends in its error area, and its controls return.

Each kind of error and the worker: ``tests/widgets/test_faults.py``, ``test_worker.py``,
``test_prediction_panel.py``; what the browser draws of it: ``widgets/test/prediction_view.test.ts``.
"""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

KINDS = {"crystal": "atoms", "elastic": "cells", "structure": "atoms", "story": "elements", "panel": "atoms"}
PATH = "/home/somebody/secret.py"


@pytest.mark.parametrize("name", KINDS)
def test_a_raising_observer_of_every_view(views: Any, name: str, caplog: pytest.LogCaptureFixture) -> None:
    view, trait = views[name](), KINDS[name]
    value = {"atoms": [0], "cells": ["c14"], "elements": ["Si"]}[trait]
    fails = [True]

    def observer(_change: Any) -> None:
        if fails[0]:
            raise FileNotFoundError(2, "No such file", PATH)

    view.observe(observer, trait)
    view.set_state({trait: value})
    assert view.status == "error"
    assert view.message.startswith("FileNotFoundError: ")
    sent = json.dumps({k: v for k, v in view.get_state().items() if k not in ("_esm", "data")}, default=str)
    assert "Traceback" not in sent
    assert 'File "' not in sent
    assert __file__ not in sent
    assert "Traceback" in view.error_report  # Python has it
    assert "Traceback" in caplog.text
    fails[0] = False
    view.set_state({trait: []})
    assert (view.status, view.message, view.details) == ("idle", "", "")
    view.close()


def test_a_callback_that_sleeps_does_not_hold_the_view(views: Any) -> None:
    view = views["panel"]()

    def slow(_predictions: Any) -> None:
        time.sleep(0.4)

    view.on_result(slow)
    begin = time.monotonic()
    view.predict()
    assert time.monotonic() - begin < 0.3  # the notebook goes on
    assert view.status == "running"
    assert view.wait(10)
    assert view.status == "idle"
    view.close()


def test_a_fault_while_a_result_is_drawn_returns_the_controls(
    views: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = views["panel"]()

    def broken(*_: Any, **__: Any) -> Any:
        message = "drawing"
        raise ValueError(message)

    monkeypatch.setattr("crysnb.widgets.prediction_panel.panel_state", broken)
    view.predict()
    assert view.wait(10)
    assert view.status == "error"
    assert view.message.startswith("ValueError")
    monkeypatch.undo()
    view.predict()
    assert view.wait(10)
    assert (view.status, view.message) == ("idle", "")
    view.close()
