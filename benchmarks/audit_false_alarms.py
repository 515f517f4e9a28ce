"""Failures that ``cn.audit`` finds in models that have no fault, over 200 crystals: there must be none.

The models: the shipped ``gmtnet-dielectric`` (single precision, an ensemble), GMTNet with random weights for
the piezoelectric and the elastic tensor (single precision), and a random forest on the composition. The
crystals are random test records of ``mp_dielectric`` of up to 24 atoms. ``--crystals N`` takes fewer.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pymatgen.core.structure import Structure
from sklearn.ensemble import RandomForestRegressor

from crysnb.audit.run import audit
from crysnb.graph.build import build
from crysnb.graph.element_features import element_features
from crysnb.models.gmtnet.config import GMTNetConfig
from crysnb.models.gmtnet.model import GMTNet

SEED, MOST_ATOMS = 0, 24
Function = Callable[[list[Structure]], Any]


def main() -> None:
    """Print one JSON line per model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--crystals", type=int, default=200)
    wanted = parser.parse_args().crystals
    folder = os.environ.get("CRYSNB_DATA")
    if not folder:
        sys.exit("CRYSNB_DATA is not set: no real data to measure on")
    records = _records(Path(folder) / "mp_dielectric", wanted)
    models: dict[str, Any] = {
        "composition forest": _forest(records),
        "GMTNet, random weights, piezoelectric": _untrained("piezoelectric"),
        "GMTNet, random weights, elastic": _untrained("elastic"),
        "gmtnet-dielectric": "gmtnet-dielectric",
    }
    for name, model in models.items():
        start = time.perf_counter()
        report = audit(model, list(records))
        print(
            json.dumps(
                {
                    "benchmark": "audit_false_alarms",
                    "model": name,
                    "crystals": report.crystals,
                    "false_alarms": len(report.failures),
                    "failures": [f.text for f in report.failures],
                    "faults": len(report.faults),
                    "float_noise": sum(c.noisy for c in report.checks),
                    "rounding": report.rounding,
                    "largest": {c.check: c.largest for c in report.checks if c.tested},
                    "seconds": round(time.perf_counter() - start, 1),
                }
            ),
            flush=True,
        )


def _records(folder: Path, wanted: int) -> list[dict[str, Any]]:
    with gzip.open(folder / "structures.jsonl.gz", "rt", encoding="utf-8") as lines:
        records = [r for r in map(json.loads, lines) if len(r["species"]) <= MOST_ATOMS]
    test = set(json.loads((folder / "split.json").read_text(encoding="utf-8"))["test"])
    rng = np.random.default_rng(SEED)
    shuffled = [records[k] for k in rng.permutation(len(records))]
    # Test records first; the rest of the data fills up.
    return sorted(shuffled, key=lambda r: r["id"] not in test)[:wanted]


def _untrained(name: str) -> Function:
    config = GMTNetConfig(properties=(name,), cutoff=5.0, width=32, channels=8)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.set_state(torch.Generator().manual_seed(SEED).get_state())
        network = GMTNet(config).eval()

    def f(structures: list[Structure]) -> Any:
        with torch.inference_mode():
            return network(build(structures, config.cutoff))[name].numpy()

    return f


def _forest(records: list[dict[str, Any]]) -> Function:
    """A forest that learned the number of electrons per atom: the labels do not matter here."""

    def features(numbers: list[int]) -> Any:
        rows = element_features()[numbers].astype(float)
        return np.concatenate([rows.mean(0), rows.min(0), rows.max(0)]).round(6)

    structures = [Structure(r["lattice"], r["species"], r["frac_coords"]) for r in records]
    numbers = [[site.specie.Z for site in s] for s in structures]
    forest = RandomForestRegressor(50, random_state=SEED, n_jobs=1)
    forest.fit([features(z) for z in numbers], [float(np.mean(z)) for z in numbers])
    return lambda many: forest.predict([features([site.specie.Z for site in s]) for s in many])


if __name__ == "__main__":
    main()
