"""How long ``cn.explain`` takes in a warm process, and how soon its views are drawn. One JSON line.

``python benchmarks/explain.py`` times Python alone; with ``--browser`` it also starts JupyterLab and Chromium
and measures from the return of the cell to the moment at which all four views stand.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from pathlib import Path

import torch

import crysnb as cn

NAMES = ("quartz", "BaTiO3", "NaCl", "spinel")
REPEATS = 3
BUDGET = {"explain_s": 1.5, "first_paint_ms": 500, "report_bytes": 5_000_000}
CELLS = ('import crysnb as cn\n\ncn.explain("NaCl")', 'cn.explain("quartz")')
# Runs the active cell; resolves with the milliseconds from its return until its views are drawn.
PAINT = """async () => {
  const before = document.querySelectorAll(".cn-root[data-status=idle]").length;
  let drawn = 0;
  const done = new Promise((resolve) => {
    const look = () => {
      if (document.querySelectorAll(".cn-root[data-status=idle]").length >= before + 4) { drawn = performance.now(); resolve(); }
      else requestAnimationFrame(look);
    };
    look();
  });
  await window.jupyterapp.commands.execute("notebook:run-cell");
  const returned = performance.now();
  await done;
  return Math.max(0, drawn - returned);
}"""  # noqa: E501 - JavaScript


def main() -> None:
    """Time, and print one line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--browser", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    cn.explain("MgO").close()
    line = {"benchmark": "explain", "budget": BUDGET, **_python()}
    if arguments.browser:
        line["first_paint_ms"] = round(_first_paint(), 1)
    sys.stdout.write(json.dumps(line) + "\n")


def _python() -> dict[str, object]:
    seconds, pictures, sizes = {}, {}, {}
    for name in NAMES:
        runs, drawings = [], []
        for _ in range(REPEATS):
            start = time.perf_counter()
            view = cn.explain(name)
            runs.append(time.perf_counter() - start)
            start = time.perf_counter()
            view.to_png()
            drawings.append(time.perf_counter() - start)
            sizes[name] = len(view.to_html())
            view.close()
        seconds[name] = round(statistics.median(runs), 3)
        pictures[name] = round(statistics.median(drawings), 3)
    return {"explain_s": seconds, "picture_s": pictures, "report_bytes": sizes}


def _first_paint() -> float:
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "browser"))
    from lab_driver import FIND_CELL, opened  # type: ignore[import-not-found]

    with opened(CELLS) as lab:
        lab.run_cell_with("NaCl")
        lab.page.wait_for_timeout(2000)
        lab.page.evaluate(FIND_CELL, "quartz")
        return float(lab.page.evaluate(PAINT))


if __name__ == "__main__":
    main()
