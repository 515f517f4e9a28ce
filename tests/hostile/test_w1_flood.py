"""W1: a flood of slider events costs two model runs, and the last value is what is shown.

The worker alone, with slow and deaf work: ``tests/widgets/test_worker.py``. The pause in the browser:
``widgets/test/prediction_view.test.ts``. Here the messages of a browser that does not pause at all.
"""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("anywidget", reason="the notebook extra is not installed")
sys.path.insert(0, str(Path(__file__).parents[1] / "widgets"))
import states


class Counted:
    """Work that counts its runs, and how many of them overlap."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self.asked, self.running, self.most = seconds, [], 0, 0
        self._lock = threading.Lock()

    def __call__(self, request: Any, step: Any) -> Any:
        with self._lock:
            self.asked.append(request.symprec)
            self.running += 1
            self.most = max(self.most, self.running)
        try:
            end = time.monotonic() + self.seconds
            while time.monotonic() < end:
                step(0, 1)
                time.sleep(0.002)
            return states.fake_work(request, step)
        finally:
            with self._lock:
                self.running -= 1


@pytest.mark.parametrize("seconds", [0.0, 0.2])
def test_a_thousand_messages_in_a_second(seconds: float) -> None:
    work = Counted(0.0)
    view = states.panel_view(work=work)
    work.seconds = seconds
    work.asked.clear()
    tolerances = [1e-4 * (1 + k / 100) for k in range(1000)]
    begin = time.monotonic()
    for k, symprec in enumerate(tolerances):
        view.set_state({"options": {"symprec": symprec}})
        time.sleep(max(begin + k / 1000 - time.monotonic(), 0))
    assert view.wait(20)
    assert len(work.asked) <= 2
    assert work.most == 1
    assert work.asked[-1] == tolerances[-1]
    assert view._result is not None
    assert view._result.request.symprec == view.options["symprec"] == tolerances[-1]
    assert (view.status, view.n_dropped) == ("idle", 0)
    view.close()
