"""Accuracy of a shipped model on a part of its data set, paired with another model's errors.

``--peer`` names a JSON list of ``id, error, norm`` (and ``aniso_error, aniso_norm``) per crystal. The
difference of each figure is bootstrapped over the crystals that both have; an interval that excludes 0
separates the two. Needs CRYSNB_DATA.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crysnb.datasets.records import data_folder, raw_records, select
from crysnb.evaluate.metrics import bootstrap
from crysnb.evaluate.run import evaluate
from crysnb.models.interface import load_model


def figures(rows: list[dict[str, Any]], chosen: NDArray[np.intp]) -> dict[str, float]:
    """Error measures of the chosen crystals from their errors and norms."""
    error = np.array([rows[k]["error"] for k in chosen])
    norm = np.array([rows[k]["norm"] for k in chosen])
    out = {"fnorm_cart": float(error.mean()), "rel_median": float(np.median(error / norm))}
    for percent in (25, 10, 5):
        out[f"ewt{percent}"] = float(100 * np.mean(error < percent / 100 * norm))
    return out


def main() -> None:
    """Print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="gmtnet-dielectric")
    parser.add_argument("--part", default="val")
    parser.add_argument("--peer", type=Path)
    arguments = parser.parse_args()
    if not os.environ.get("CRYSNB_DATA"):
        print(json.dumps({"benchmark": "accuracy", "skipped": "CRYSNB_DATA is not set"}))
        return
    folder = data_folder(load_model(arguments.model, "cpu").card.dataset["folder"])
    records = select(raw_records(folder / "structures.jsonl.gz"), folder / "split.json", arguments.part)
    result = evaluate(arguments.model, records)
    line: dict[str, Any] = {"benchmark": "accuracy", "part": arguments.part, **result.to_dict()}
    if arguments.peer:
        peer = {row["id"]: row for row in json.loads(arguments.peer.read_text())}
        ours = [row for row in result.per_crystal if row["id"] in peer]
        theirs = [peer[row["id"]] for row in ours]

        def difference(i: NDArray[np.intp]) -> dict[str, float]:
            a, b = figures(ours, i), figures(theirs, i)
            return {name: a[name] - b[name] for name in a}

        everything = np.arange(len(ours))
        line["peer"] = {
            "crystals": len(ours),
            "theirs": figures(theirs, everything),
            "difference": difference(everything),
            "difference_ci95": bootstrap(difference, len(ours)),
        }
    print(json.dumps(line))


if __name__ == "__main__":
    main()
