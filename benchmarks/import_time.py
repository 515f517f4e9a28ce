"""Wall time of ``import crysnb`` in a fresh interpreter, beside that of ``import pymatgen.core``.

Budget: 0.3 s, and no torch, pymatgen or plotly in ``sys.modules``.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys

REPEATS = 5
HEAVY = ("torch", "pymatgen", "plotly", "ipywidgets")
CODE = """
import sys, time
start = time.perf_counter()
import {module}
seconds = time.perf_counter() - start
print(seconds, *sys.modules)
"""


def measure(module: str) -> tuple[float, set[str]]:
    """Median seconds of the import, and the modules that it loaded."""
    times: list[float] = []
    loaded: set[str] = set()
    for _ in range(REPEATS):
        command = [sys.executable, "-c", CODE.format(module=module)]
        words = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
        times.append(float(words[0]))
        loaded |= set(words[1:])
    return statistics.median(times), loaded


def main() -> None:
    """Print one JSON line."""
    seconds, loaded = measure("crysnb")
    peer, _ = measure("pymatgen.core")
    print(
        json.dumps(
            {
                "benchmark": "import_time",
                "seconds": round(seconds, 4),
                "budget_seconds": 0.3,
                "within_budget": seconds <= 0.3,
                "heavy_modules_loaded": sorted(loaded.intersection(HEAVY)),
                "peer": "import pymatgen.core",
                "peer_seconds": round(peer, 4),
            }
        )
    )


if __name__ == "__main__":
    main()
