"""Element explorer: a map, k-means and its nulls for 100 elements; then all that the view draws.

One thread, CPU time, warm. The table is 100 × 128, as a learned one is. ``map_kmeans_nulls`` is the
budgeted sum: a principal-component map, three groups by k-means with 20 starts, 50 normal tables grouped in
the same manner and the silhouettes of all of them. ``cluster_elements_chosen_k`` does so for every k from 2
to 12 and adds stability and agreement.
"""

from __future__ import annotations

import json
import os
import statistics
import time
from collections.abc import Callable
from typing import Any

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import numpy as np  # noqa: E402

from crysnb.elements.cluster import cluster_elements, mean_silhouettes  # noqa: E402
from crysnb.elements.computed import random  # noqa: E402
from crysnb.elements.grouping import group, group_many  # noqa: E402
from crysnb.elements.maps import element_map  # noqa: E402
from crysnb.elements.nulls import gaussian_draws, principal_axes  # noqa: E402
from crysnb.elements.prepare import prepare  # noqa: E402
from crysnb.values.symbols import SYMBOLS  # noqa: E402
from crysnb.widgets.elements_view import periodic_table  # noqa: E402

BUDGET_MS = 150.0
REPEATS = 9
K, DRAWS = 3, 50


def median_ms(action: Callable[[], Any]) -> float:
    """Median CPU time in ms; others share the machine."""
    times = []
    for _ in range(REPEATS + 1):
        start = time.process_time()
        action()
        times.append(1e3 * (time.process_time() - start))
    return statistics.median(times[1:])


def main() -> None:
    """Print one JSON line."""
    table = random(128, 0, SYMBOLS[:100])

    def map_kmeans_nulls() -> None:
        element_map(table, noble_gases=True)
        ready = prepare(table, noble_gases=True)
        points, rng = principal_axes(ready.points), np.random.default_rng(0)
        labels = group(points, "kmeans", K)
        draws = gaussian_draws(ready.points, DRAWS, rng)
        mean_silhouettes(draws, group_many(draws, "kmeans", [K], rng))
        mean_silhouettes(points[None], labels[None, None])

    found = {
        "map_kmeans_nulls_ms": median_ms(map_kmeans_nulls),
        "cluster_elements_k3_ms": median_ms(lambda: cluster_elements(table, k=K, noble_gases=True)),
        "cluster_elements_chosen_k_ms": median_ms(lambda: cluster_elements(table, noble_gases=True)),
        "view_ms": median_ms(lambda: periodic_table(table, k=K, noble_gases=True).close()),
    }
    within = found["map_kmeans_nulls_ms"] <= BUDGET_MS
    rounded = {name: round(value, 1) for name, value in found.items()}
    print(
        json.dumps(
            {
                "bench": "element_explorer",
                "elements": 100,
                "dim": 128,
                **rounded,
                "budget_ms": BUDGET_MS,
                "within": within,
            }
        )
    )


if __name__ == "__main__":
    main()
