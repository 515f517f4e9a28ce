"""Two small data sets in the format of the real ones, made of bundled crystals."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import crysnb as cn
from crysnb.datasets.dataset import raw_of

TENSORS = ("NaCl", "GaAs", "rutile", "quartz", "GaN", "BaTiO3")


def raw(name: str, identifier: str, targets: dict[str, Any]) -> dict[str, Any]:
    return raw_of(cn.as_structure(name), identifier, targets)


def write(folder: Path, records: list[dict[str, Any]], split: dict[str, list[str]]) -> None:
    folder.mkdir(parents=True)
    text = "".join(json.dumps(r) + "\n" for r in records)
    (folder / "structures.jsonl.gz").write_bytes(gzip.compress(text.encode()))
    (folder / "split.json").write_text(json.dumps(split))


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tensors: 4 crystals in train, 1 in val (GaN), 1 in test (BaTiO3) whose structure is broken."""
    root = tmp_path_factory.mktemp("data")
    records = [
        raw(name, name, {"eps_electronic": np.diag([2 + k, 2 + k, 2 + 1.3 * k]).tolist()})
        for k, name in enumerate(TENSORS)
    ]
    records[5]["lattice"] = "broken on purpose: who reads it fails"
    split = {"train": list(TENSORS[:4]), "val": [TENSORS[4]], "test": [TENSORS[5]]}
    write(root / "mp_dielectric", records, split)
    scalars = [
        raw(name, f"s-{name}", {"formation_energy_per_atom": -1.0 - k, "band_gap_pbe": 0.5 * k})
        for k, name in enumerate(("NaCl", "GaAs", "rutile", "GaN", "BaTiO3", "quartz"))
    ]
    scalars.append(raw("GaAs", "s-no-gap", {"formation_energy_per_atom": -1.0}))
    parts = {"train": [r["id"] for r in scalars if r["id"] != "s-rutile"], "val": [], "test": ["s-rutile"]}
    write(root / "mp_eform_gap_36k", scalars, parts)
    return root
