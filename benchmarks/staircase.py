"""The tolerance staircase, the distance to a group and the near-symmetry fact: CPU time on one thread.

Crystals are the bundled ones with noise of 0.003 Å, so that there are several plateaus to measure, and the
largest (spinel, 56 atoms) also without. Budgets: a staircase of 56 atoms 1 s; the fact that a crystal nearly
has a higher group 50 ms for cells up to 12 atoms.
"""

from __future__ import annotations

import json
import os
import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import numpy as np  # noqa: E402
from pymatgen.core import Structure  # noqa: E402

import crysnb as cn  # noqa: E402
from crysnb.symmetry.detect import detect  # noqa: E402
from crysnb.symmetry.group_distance import group_distance, nearly  # noqa: E402
from crysnb.symmetry.staircase import staircase  # noqa: E402

NOISE, SMALL, REPEATS = 0.003, 12, 3
BUDGETS = {"staircase_56_atoms_ms": 1000.0, "nearly_small_ms": 50.0}


def cpu_ms(action: Callable[[], Any]) -> float:
    """Median CPU time in ms of a few calls; others share the machine."""
    times = []
    for _ in range(REPEATS):
        start = time.process_time()
        action()
        times.append(1e3 * (time.process_time() - start))
    return statistics.median(times)


def main() -> None:
    """Print one JSON line."""
    rng = np.random.default_rng(0)
    rows = {}
    for name in cn.examples():
        perfect = cn.as_structure(name)
        moved = perfect.cart_coords + NOISE * rng.normal(size=(len(perfect), 3))
        s = Structure(perfect.lattice, perfect.species, moved, coords_are_cartesian=True)
        tight = detect(s, 1e-4)  # so that the true group is a higher one
        nearly(s, tight), staircase(s, [0.03])  # the tables of its groups
        rows[name] = {
            "atoms": len(s),
            "staircase_ms": cpu_ms(partial(staircase, s)),
            "perfect_staircase_ms": cpu_ms(partial(staircase, perfect)),
            "distance_ms": cpu_ms(partial(group_distance, s, symprec=0.03)),
            "nearly_ms": cpu_ms(partial(nearly, s, tight)),
            "plateaus": len(staircase(s).plateaus),
        }
    large = [r for r in rows.values() if r["atoms"] == 56]
    small = [r for r in rows.values() if r["atoms"] <= SMALL]
    result = {
        "staircase_56_atoms_ms": max(max(r["staircase_ms"], r["perfect_staircase_ms"]) for r in large),
        "nearly_small_ms": max(r["nearly_ms"] for r in small),
        "staircase_median_ms": statistics.median(r["staircase_ms"] for r in rows.values()),
        "distance_max_ms": max(r["distance_ms"] for r in rows.values()),
    }
    print(
        json.dumps(
            {
                "benchmark": "staircase",
                **{key: round(value, 1) for key, value in result.items()},
                "budgets": BUDGETS,
                "within_budget": all(result[key] <= goal for key, goal in BUDGETS.items()),
                "crystals": {n: {k: round(v, 1) for k, v in row.items()} for n, row in rows.items()},
            }
        )
    )


if __name__ == "__main__":
    main()
