"""``crysnb predict one.cif`` in a cold process: wall time and peak memory, one thread.

Budget: 6 s and 700 MB. The peer of the same run is the import of torch, e3nn and pymatgen, which no
program of this kind can go below.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPEATS = 3
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
PEER = "import torch, e3nn.o3, pymatgen.core, pymatgen.io.cif"


def run(command: list[str]) -> tuple[float, float]:
    """Seconds of wall time and peak resident megabytes of one child process."""
    start = time.perf_counter()
    child = subprocess.Popen(command, env={**os.environ, **ONE_THREAD}, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        message = f"{command} ended with status {status}"
        raise RuntimeError(message)
    return time.perf_counter() - start, _megabytes(usage)


def _megabytes(usage: resource.struct_rusage) -> float:
    # Kilobytes on Linux, bytes on macOS.
    return usage.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


def medians(command: list[str]) -> tuple[float, float]:
    """Median seconds and largest memory of several cold runs, after one that warms the disk cache."""
    run(command)
    results = [run(command) for _ in range(REPEATS)]
    return statistics.median(r[0] for r in results), max(r[1] for r in results)


def main() -> None:
    """Print one JSON line."""
    from crysnb.structure.examples import example

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "quartz.cif"
        example("quartz").to(str(path), fmt="cif")
        seconds, megabytes = medians([sys.executable, "-m", "crysnb", "predict", str(path), "--json"])
    peer_seconds, peer_megabytes = medians([sys.executable, "-c", PEER])
    print(
        json.dumps(
            {
                "benchmark": "cold_predict",
                "seconds": round(seconds, 2),
                "budget_seconds": 6,
                "megabytes": round(megabytes),
                "budget_megabytes": 700,
                "within_budget": seconds <= 6 and megabytes <= 700,
                "peer": PEER,
                "peer_seconds": round(peer_seconds, 2),
                "peer_megabytes": round(peer_megabytes),
            }
        )
    )


if __name__ == "__main__":
    main()
