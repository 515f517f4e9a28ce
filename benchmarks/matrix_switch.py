"""How long the matrix view takes to show another layer, and to open on 500 sites. One JSON line.

``python benchmarks/matrix_switch.py`` times Python alone, in processor time, which does not depend on
what else the machine does: every layer of the shipped dielectric model in crystals of 5 to 56 atoms, shown
twice (the first time works out its residuals), and a matrix over the 500 atoms of a supercell.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

import crysnb as cn

if TYPE_CHECKING:
    from pymatgen.core import Structure

NAMES = ("SrTiO3", "quartz", "CaTiO3", "spinel")
BUDGET_MS = 100


class Near(cn.ModelAdapter):
    """Attention by distance: a matrix of any size without a network."""

    kind = "scalar"

    def predict(self, structures: list[Structure]) -> list[float]:
        """Volume per atom."""
        return [s.volume / len(s) for s in structures]

    def trace(self, structure: Structure) -> Mapping[str, Any]:
        """Weights that fall off with the distance."""
        near = np.exp(-structure.distance_matrix)
        return {"attn": near / near.sum(axis=1, keepdims=True)}


def main() -> int:
    """Print the line."""
    first: list[float] = []
    again: list[float] = []
    for name in NAMES:
        view = cn.matrices("gmtnet-dielectric", name).view()
        for times in (first, again):
            for layer in [*view.result.layers()][1:19]:
                start = time.process_time()
                view.layer = layer
                times.append(1e3 * (time.process_time() - start))
    large = cn.as_structure("CsCl")
    large.make_supercell([5, 10, 5])
    start = time.process_time()
    result = cn.matrices(Near(), large)
    analysed = time.process_time() - start
    start = time.process_time()
    opened = result.view()
    drawn = time.process_time() - start
    start = time.process_time()
    result.interaction("attn")
    line = {
        "switch_first_ms_p95": round(float(np.percentile(first, 95)), 1),
        "switch_again_ms_p95": round(float(np.percentile(again, 95)), 1),
        "budget_ms": BUDGET_MS,
        "sites": len(large),
        "analyse_s": round(analysed, 2),
        "open_s": round(drawn, 2),
        "aggregate_ms": round(1e3 * (time.process_time() - start), 1),
        "message_mb": round(len(json.dumps(opened.data)) / 1e6, 2),
    }
    sys.stdout.write(json.dumps(line) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
