"""Graph of a crystal of up to 60 atoms (budget 2 ms), one thread.

Peers of the same run: the neighbour list alone by pymatgen (which we use), and by vesin.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch
import vesin
from pymatgen.core import Structure

from crysnb.graph.build import build_one
from crysnb.structure.examples import example, examples
from crysnb.structure.transforms import supercell

CUTOFF = 5.5
REPEATS = 30
BUDGET_MS = 2.0


def median_ms(call: Callable[[], object]) -> float:
    """Median CPU milliseconds of ``call``, after one warm-up."""
    call()
    times = []
    for _ in range(REPEATS):
        start = time.process_time()
        call()
        times.append(1e3 * (time.process_time() - start))
    return statistics.median(times)


def crystals() -> list[Structure]:
    """The bundled crystals and supercells of them, at most 60 atoms."""
    ones = [example(name) for name in examples()]
    return [
        s for one in ones for s in (one, supercell(one, (2, 2, 1)), supercell(one, (2, 2, 2))) if len(s) <= 60
    ]


def main() -> None:
    """Print one JSON line."""
    torch.set_num_threads(1)
    chosen = crystals()
    calculator = vesin.NeighborList(cutoff=CUTOFF, full_list=True)
    ours = [median_ms(lambda s=s: build_one(s, CUTOFF)) for s in chosen]  # type: ignore[misc]
    by_pymatgen = [median_ms(lambda s=s: s.get_neighbor_list(CUTOFF)) for s in chosen]  # type: ignore[misc]
    by_vesin = [
        median_ms(
            lambda s=s: calculator.compute(  # type: ignore[misc]
                points=np.ascontiguousarray(s.cart_coords),
                box=np.ascontiguousarray(s.lattice.matrix),
                periodic=True,
                quantities="ijS",
            )
        )
        for s in chosen
    ]
    print(
        json.dumps(
            {
                "benchmark": "graph",
                "crystals": len(chosen),
                "atoms_max": max(map(len, chosen)),
                "cutoff_angstrom": CUTOFF,
                "ms_median": round(statistics.median(ours), 3),
                "ms_max": round(max(ours), 3),
                "budget_ms": BUDGET_MS,
                "within_budget": max(ours) <= BUDGET_MS,
                "peer_neighbour_list_only_ms_max": {
                    "pymatgen": round(max(by_pymatgen), 3),
                    "vesin": round(max(by_vesin), 3),
                },
            }
        )
    )


if __name__ == "__main__":
    main()
