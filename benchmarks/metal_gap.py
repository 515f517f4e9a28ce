"""How well the predicted gap tells metals, by the limit below which a crystal is called one.

``python benchmarks/metal_gap.py`` prints one JSON line per limit: the shares of metals and of insulators that
are told right, on the validation part of the gap model's data set, and their mean.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np

from crysnb.datasets.records import data_folder, raw_records, select, to_record
from crysnb.models.interface import load_model
from crysnb.predict.metals import GAP_MODEL, METAL_GAP, predicted_gaps

LIMITS = (0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.7)


def main() -> None:
    """Parse the command line, predict, and write the lines."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    arguments = parser.parse_args()
    card = load_model(GAP_MODEL, "cpu").card
    folder = data_folder(card.dataset["folder"], arguments.data)
    split = folder / card.dataset["subset"]
    key = next(key for key, name in card.targets.items() if name == "band_gap")
    raw = [
        r for r in select(raw_records(folder / "structures.jsonl.gz"), split, "val") if key in r["targets"]
    ]
    found = predicted_gaps([to_record(r).structure for r in raw])
    known = [k for k, gap in enumerate(found) if gap is not None]
    predicted = np.array([found[k] for k in known], dtype=float)
    is_metal = np.array([raw[k]["targets"][key] <= METAL_GAP for k in known])
    for limit in LIMITS:
        told = predicted <= limit
        metals, others = float(told[is_metal].mean()), float((~told[~is_metal]).mean())
        line = {
            "limit_eV": limit,
            "crystals": len(known),
            "metals": round(metals, 4),
            "insulators": round(others, 4),
            "balanced": round((metals + others) / 2, 4),
        }
        sys.stdout.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main()
