"""How long the tensor view takes to classify a tensor and to switch frames. One JSON line.

``python benchmarks/nye_switch.py`` times Python alone: facts and check of an elastic tensor whose form is
known, and what follows a choice of another frame, its form included. ``cpu`` is processor time, which does
not depend on what else the machine does. With ``--browser`` it also starts JupyterLab and Chromium, and
measures from the click on a frame until the new diagram stands in the page.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import crysnb as cn
from crysnb.widgets.nye_options import NyeChoices
from crysnb.widgets.nye_result import nye_result
from crysnb.widgets.nye_state import nye_state

NAMES = ("quartz", "BaTiO3", "NaCl", "GaN", "CaTiO3", "kyanite")
REPEATS = 20
BUDGET = {"classify_ms": 10, "switch_ms": 30, "round_trip_ms": 100}
CELL = (
    'import numpy as np\nimport crysnb as cn\nform = cn.tensor_form("quartz", "elastic")\n'
    'cn.nye(form.project(np.diag([87.0, 87, 106, 58, 58, 40])), "quartz")'
)
# Clicks the frames in turn; resolves with the milliseconds from each click until the new diagram stands in
# the page, and with those that the browser takes for one frame at the same time.
CLICKS = """async (repeats) => {
  const root = document.querySelector(".cn-root[data-kind=tensor]");
  const took = [], frames = [];
  for (let k = 0; k < repeats; k++) {
    const name = ["nye", "ieee", "own"][k % 3];
    const start = performance.now();
    const drawn = new Promise((done) => {
      const watcher = new MutationObserver((changes) => {
        if (!changes.some((c) => [...c.addedNodes].some((n) => n.querySelector?.("[role=grid]")))) return;
        watcher.disconnect();
        done(performance.now() - start);
      });
      watcher.observe(root, { childList: true, subtree: true });
    });
    root.querySelector(`input[value=${name}]`).click();
    took.push(await drawn);
    const painted = performance.now();
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    frames.push((performance.now() - painted) / 2);
    await new Promise((done) => setTimeout(done, 150));
  }
  return [took, frames];
}"""


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Milliseconds of the clock and of the processor."""
    clock, processor = time.perf_counter(), time.thread_time()
    work()
    return 1e3 * (time.perf_counter() - clock), 1e3 * (time.thread_time() - processor)


def python_ms() -> dict[str, float]:
    """95th percentiles over crystals and repeats."""
    rng = np.random.default_rng(0)
    found: dict[str, list[tuple[float, float]]] = {"classify": [], "switch": []}
    for name in NAMES:
        form = cn.tensor_form(name, "elastic")
        tensor = form.project(np.diag([300.0, 300, 300, 90, 90, 90]) + np.ones((6, 6)) * rng.uniform(1, 9))
        for k in range(REPEATS):
            choices = NyeChoices(nye_result(tensor, form))
            found["classify"].append(timed(lambda: nye_state(nye_result(tensor, form), choices)))  # noqa: B023
            options = {**choices.first, "frame": ("nye", "ieee")[k % 2]}
            found["switch"].append(
                timed(lambda: nye_state(choices.result(choices.settled(options, ("frame",))), choices))  # noqa: B023
            )
    p95 = {name: np.percentile(pairs, 95, axis=0) for name, pairs in found.items()}
    return {f"{name}{what}_ms": float(p95[name][k]) for name in found for k, what in enumerate(("", "_cpu"))}


def browser_ms() -> tuple[list[float], list[float]] | None:
    """Round trips in a real JupyterLab, and times of a frame; None without Chromium."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "browser"))
    from lab_driver import chromium, opened  # type: ignore[import-not-found]

    if not chromium():
        return None
    with opened([CELL]) as lab:
        lab.run_all()
        lab.page.locator(".cn-root[data-status=idle]").first.wait_for(state="attached")
        lab.page.evaluate(CLICKS, 3)  # the first forms of the kernel
        took, frames = lab.page.evaluate(CLICKS, 45)
        return list(took), list(frames)


def main() -> None:
    """Print one JSON line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--browser", action="store_true", help="measure the round trip in JupyterLab too")
    asked = parser.parse_args()
    python_ms()  # warm
    found = python_ms()
    line: dict[str, Any] = {"benchmark": "nye_switch", "crystals": list(NAMES), "budget": BUDGET}
    if asked.browser and (measured := browser_ms()):
        took, frames = measured
        found["round_trip_ms"] = float(np.percentile(took, 95))
        line["round_trip_median_ms"] = round(float(np.median(took)), 1)
        line["frame_median_ms"] = round(float(np.median(frames)), 1)
    line.update({f"{name[:-3]}_p95_ms": round(value, 1) for name, value in found.items()})
    line["within_budget"] = all(found[name] <= limit for name, limit in BUDGET.items() if name in found)
    line["load"] = os.getloadavg()[0]
    print(json.dumps(line))


if __name__ == "__main__":
    main()
