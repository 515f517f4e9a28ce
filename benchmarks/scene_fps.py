"""Frames per second while the crystal scene of 500 sites is turned, in headless Chromium without a GPU.

The page is the offline page of the view itself. A drag is sent as one pointer movement per frame of the
browser, and the paintings of the canvas that follow are counted.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

SECONDS = 4.0
BUDGET = 30.0
ARGS = [
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-gpu",
]

# Paintings are counted where each one begins: nothing else of ours clears a canvas.
MEASURE = """
async (seconds) => {
  const canvas = document.querySelector("canvas.cn-canvas");
  const box = canvas.getBoundingClientRect();
  const prototype = CanvasRenderingContext2D.prototype;
  const clear = prototype.clearRect;
  const painted = [];
  prototype.clearRect = function (...a) { painted.push(performance.now()); return clear.apply(this, a); };
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  const send = (type, k) => canvas.dispatchEvent(new PointerEvent(type, {
    bubbles: true, button: 0, pointerId: 1,
    clientX: box.left + 100 + 3 * (k % 100), clientY: box.top + 100 + (k % 37) }));
  canvas.setPointerCapture = () => {};
  send("pointerdown", 0);
  const start = performance.now();
  let k = 0;
  while (performance.now() - start < seconds * 1000) { send("pointermove", ++k); await frame(); }
  const end = performance.now();
  send("pointerup", 0);
  prototype.clearRect = clear;
  const gaps = painted.slice(1).map((t, i) => t - painted[i]).sort((a, b) => a - b);
  const p95 = gaps[Math.floor(0.95 * gaps.length)] ?? 1e9;
  return { frames: painted.length, seconds: (end - start) / 1000, p95 };
}
"""


# What the same browser reaches at the same moment with a canvas of that size on which one dot moves.
FLOOR = """
async (seconds) => {
  const like = document.querySelector("canvas.cn-canvas");
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [like.width, like.height];
  like.parentElement.replaceChildren(canvas);
  const pen = canvas.getContext("2d");
  const start = performance.now();
  let k = 0;
  while (performance.now() - start < seconds * 1000) {
    pen.clearRect(0, 0, canvas.width, canvas.height);
    pen.fillRect(++k % canvas.width, 9, 4, 4);
    await new Promise((done) => requestAnimationFrame(done));
  }
  return k / ((performance.now() - start) / 1000);
}
"""


def cpu_ms(root: int) -> float:
    """Processor time in ms that the children of a process have used so far; 0 where /proc is missing."""
    stats: dict[int, tuple[int, float]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended meanwhile
        ticks = int(fields[11]) + int(fields[12])
        stats[int(path.parent.name)] = (int(fields[1]), 1000 * ticks / os.sysconf("SC_CLK_TCK"))
    family = {root}
    while more := {pid for pid, (parent, _) in stats.items() if parent in family} - family:
        family |= more
    return sum(stats[pid][1] for pid in family - {root} if pid in stats)


def measure(browser: Any, page_file: Path, repeats: int = 3) -> dict[str, float]:
    """Frames per second, processor time per frame, 95th percentile of the time between frames (ms)."""
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    page.goto(page_file.as_uri())
    page.wait_for_selector(".cn-root[data-status=idle]", timeout=30_000)
    page.wait_for_timeout(500)
    before = cpu_ms(os.getpid())
    runs = [page.evaluate(MEASURE, SECONDS) for _ in range(repeats)]
    spent = cpu_ms(os.getpid()) - before
    size = page.evaluate(
        "() => { const c = document.querySelector('canvas.cn-canvas'); return [c.width, c.height]; }"
    )
    floor = page.evaluate(FLOOR, SECONDS)
    page.close()
    return {
        "fps": statistics.median(r["frames"] / r["seconds"] for r in runs),
        "floor": floor,
        "cpu_ms": spent / sum(r["frames"] for r in runs),
        "p95_ms": statistics.median(r["p95"] for r in runs),
        "width": size[0],
        "height": size[1],
    }


def main() -> None:
    """Print one JSON line."""
    import crysnb as cn
    from crysnb.structure.transforms import supercell
    from crysnb.widgets.crystal_view import crystal

    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not path:
        print(json.dumps({"benchmark": "scene_fps", "skipped": "no Chromium; set CHROMIUM to its path"}))
        return
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        print(json.dumps({"benchmark": "scene_fps", "skipped": "playwright is not installed"}))
        return
    view = crystal(supercell(cn.as_structure("SrTiO3"), (5, 5, 4)))
    view.operations = [view.describe()["operations"][2]["name"]]
    facts = view.describe()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        page_file = Path(folder) / "crystal.html"
        page_file.write_text(view.to_html(), encoding="utf-8")
        browser = playwright.chromium.launch(executable_path=path, args=ARGS)
        found = measure(browser, page_file)
        browser.close()
    print(
        json.dumps(
            {
                "benchmark": "scene_fps",
                "fps": round(found["fps"], 1),
                "budget_fps": BUDGET,
                "within_budget": found["fps"] >= BUDGET,
                "p95_ms_between_frames": round(found["p95_ms"], 1),
                # All processes of the browser together, two of which work side by side; it does not
                # depend on what else the machine does, as frames per second do.
                "cpu_ms_per_frame": round(found["cpu_ms"], 1),
                "peer": "one dot on an empty canvas of that size",
                "peer_fps": round(found["floor"], 1),
                "load": os.getloadavg()[0],
                "n_sites": facts["n_sites"],
                "n_drawn": facts["n_drawn"],
                "n_bonds": facts["n_bonds"],
                "shown": view.operations,
                "canvas": [int(found["width"]), int(found["height"])],
                "python": sys.version.split()[0],
            }
        )
    )


if __name__ == "__main__":
    main()
