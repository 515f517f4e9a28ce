"""Drag of the amplitude slider: milliseconds until what is left of the symmetry is shown. One JSON line.

``python benchmarks/breaking_drag.py`` times the Python part alone: distort, test every operation, search,
build the state. With ``--browser`` JupyterLab and Chromium are started, and the slider gets one event per
16 ms for two seconds, through 0 to both sides.

``shown_ms`` runs from an event to the frame in which group, lost operations and open components of its
amplitude are painted: the browser knows them beforehand. It has the budget; ``handled_ms`` is its part before
the browser paints. ``answered_ms`` runs to Python's answer, which adds what a search at the tolerance sees;
it is asked when the slider has rested for 0.12 s, as is the model. ``floor_ms`` is an empty message to the
kernel and back, in the same page just before each drag: what a busy machine makes of it is not the view's.
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
  const took = [], handled = [], shown = [];
  const group = root.querySelector(".cn-b-group"), lost = root.querySelector(".cn-b-names p");
  const away = [group.textContent, lost.textContent].join();
  let wrong = 0;
  const seen = new MutationObserver(() => {
    const at = Math.round(Number(root.dataset.amplitude) * 1e9);
    if (asked.has(at)) { took.push(performance.now() - asked.get(at)); asked.delete(at); }
  });
  seen.observe(root, { attributes: true, attributeFilter: ["data-amplitude"] });
  const step = largest / 200;
  const end = performance.now() + 2000;
  for (let k = 0; performance.now() < end; k++) {
    const place = ((5 * k) % 391) - 195;
    slider.value = String(place);
    const began = performance.now();
    asked.set(Math.round(place * step * 1e9), began);
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    const now = Math.abs(Number(root.dataset.shown) - place * step) < 1e-9;
    const is = [group.textContent, lost.textContent].join() === away;
    if (!now || is !== (place !== 0 || !away.includes("→"))) wrong += 1;
    handled.push(performance.now() - began);
    requestAnimationFrame(() => {
      const channel = new MessageChannel();  // runs after the frame was painted
      channel.port1.onmessage = () => shown.push(performance.now() - began);
      channel.port2.postMessage(null);
    });
    await frame(16);
  }
  await frame(800);
  seen.disconnect();
  return { took, handled, shown, wrong };
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
        line["browser"] = found = _browser()
        slowest = max(one["shown_ms"]["p95"] for one in found.values())
        wrong = sum(one["wrong"] for one in found.values())
        line["within_budget"] = slowest <= BUDGET_MS and not wrong
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
        roots = lab.page.locator(".cn-root[data-kind=breaking]")
        for k in range(len(CASES)):  # every view asks its model once when it is shown
            lab.settle(roots.nth(k))
            lab.page.wait_for_function(IDLE, arg=k, timeout=120_000)
        for k, name in enumerate(CASES):
            root = roots.nth(k)
            lab.settle(root)
            floor = _summary(lab.page.locator(".echo").first.evaluate(FLOOR))
            found = root.evaluate(DRAG, 0.05 if CASES[name].startswith("strain") else 0.3)
            out[name] = {
                "shown_ms": _summary(found["shown"]),
                "handled_ms": _summary(found["handled"]),
                "wrong": found["wrong"],
                "answered_ms": _summary(found["took"]),
                "floor_ms": floor,
            }
    return out


if __name__ == "__main__":
    main()
