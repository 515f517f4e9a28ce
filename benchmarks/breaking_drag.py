"""Drag of the amplitude slider: milliseconds until what is left of the symmetry is shown. One JSON line.

``python benchmarks/breaking_drag.py`` times the Python part alone: distort, test every operation, search,
build the state. With ``--browser`` JupyterLab and Chromium are started, the slider gets one event per
16 ms for two seconds, and the time from each event that was sent to its answer on the page is
taken; events in between are coalesced. The model is not asked while the slider moves. ``floor`` is an
empty message to the kernel and back, in the same page just before each drag: what a busy machine makes of it
is not the view's.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

import crysnb as cn

CASES = {
    "SrTiO3": "atom 1 z",
    "quartz": "strain e1",
    "NaCl": "strain hydrostatic",  # all 192 operations of the cell are kept: the slowest search
    "corundum": "strain e5",
    "spinel": "rattle 0",
}
EVENTS, BUDGET_MS = 60, 60
IDLE = "(k) => document.querySelectorAll('.cn-root[data-kind=breaking]')[k].dataset.status === 'idle'"
ECHO = '''
import anywidget
import traitlets

class Echo(anywidget.AnyWidget):
    _esm = """export default { render({ model, el }) {
      el.classList.add("echo");
      el.ask = (n) => { model.set("asked", n); model.save_changes(); };
      model.on("change:answered", () => { el.dataset.answered = model.get("answered"); });
    } }"""
    asked = traitlets.Int().tag(sync=True)
    answered = traitlets.Int().tag(sync=True)

    @traitlets.observe("asked")
    def _answer(self, change):
        self.answered = change["new"]

Echo()
'''
FLOOR = """
async (el) => {
  const took = [];
  for (let k = 1; k <= 20; k++) {
    const n = Math.floor(1e6 * Math.random()) + 1;
    const start = performance.now();
    const done = new Promise((r) => {
      const seen = new MutationObserver(() => {
        if (Number(el.dataset.answered) === n) { seen.disconnect(); r(); }
      });
      seen.observe(el, { attributes: true, attributeFilter: ["data-answered"] });
    });
    el.ask(n);
    await done;
    took.push(performance.now() - start);
  }
  return took;
}"""
DRAG = """
async (root, largest) => {
  const slider = root.querySelector(".cn-b-slider");
  const frame = (ms) => new Promise((r) => setTimeout(r, ms));
  const asked = new Map();
  const took = [];
  const seen = new MutationObserver(() => {
    const at = Math.round(Number(root.dataset.amplitude) * 1e9);
    if (asked.has(at)) { took.push(performance.now() - asked.get(at)); asked.delete(at); }
  });
  seen.observe(root, { attributes: true, attributeFilter: ["data-amplitude"] });
  const step = largest / 200;
  const end = performance.now() + 2000;
  for (let k = 0; performance.now() < end; k++) {
    const place = 1 + (k % 199);
    slider.value = String(place);
    asked.set(Math.round(place * step * 1e9), performance.now());
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    await frame(16);
  }
  await frame(800);
  seen.disconnect();
  return took;
}"""


def main() -> None:
    """Time, and print one line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--browser", action="store_true")
    arguments = parser.parse_args()
    line: dict[str, Any] = {"benchmark": "breaking_drag", "budget_ms": BUDGET_MS, "load": os.getloadavg()[0]}
    line["sites"] = {name: len(cn.as_structure(name)) for name in CASES}
    line["python_ms"] = {name: _python(name, pattern) for name, pattern in CASES.items()}
    if arguments.browser:
        line["browser_ms"] = _browser()
    sys.stdout.write(json.dumps(line) + "\n")


def _python(name: str, pattern: str) -> dict[str, float]:
    view = cn.break_symmetry(name, pattern=pattern)
    view.cancel()
    largest, took = view.pattern.largest, []
    for k in range(EVENTS):
        start = time.perf_counter()
        view.amplitude = largest * (k + 1) / EVENTS
        took.append(1e3 * (time.perf_counter() - start))
    view.close()
    return _summary(took)


def _summary(took: list[float]) -> dict[str, float]:
    median, p95 = np.percentile(took, [50, 95])
    return {"median": round(float(median), 1), "p95": round(float(p95), 1), "n": len(took)}


def _browser() -> dict[str, dict[str, Any]]:
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "browser"))
    from lab_driver import opened  # type: ignore[import-not-found]

    cells = [
        ECHO,
        *(f"import crysnb as cn\n\ncn.break_symmetry({n!r}, pattern={p!r})" for n, p in CASES.items()),
    ]
    out: dict[str, dict[str, Any]] = {}
    with opened(cells) as lab:
        lab.run_all()
        for k, name in enumerate(CASES):
            root = lab.page.locator(".cn-root[data-kind=breaking]").nth(k)
            lab.settle(root)
            lab.page.wait_for_function(IDLE, arg=k, timeout=120_000)
            floor = _summary(lab.page.locator(".echo").first.evaluate(FLOOR))
            out[name] = {
                **_summary(root.evaluate(DRAG, 0.05 if CASES[name].startswith("strain") else 0.3)),
                "floor": floor,
            }
    return out


if __name__ == "__main__":
    main()
