"""Small data sets in the format of the real ones, made of bundled crystals."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

import crysnb as cn
from crysnb.datasets.dataset import raw_of
from crysnb.training.recipes import RECIPES
from crysnb.training.tensor_recipe import TensorRecipe

CRYSTALS = ("NaCl", "GaAs", "rutile", "quartz", "GaN", "BaTiO3", "MgO")


@pytest.fixture(scope="session")
def small() -> TensorRecipe:
    """Three epochs of a small network with dropout and noise."""
    return RECIPES.get("gmtnet-dielectric").with_changes(
        members=1, epochs=3, batch_size=3, width=8, channels=2, blocks=1, dropout=0.3, noise=0.02, cutoff=4.0
    )


@pytest.fixture(scope="session")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the data sets: ``mp_dielectric`` with four crystals to learn from and two to validate on."""
    place: Path = tmp_path_factory.mktemp("data")
    records = [
        raw_of(cn.as_structure(n), n, {"eps_electronic": np.diag([2 + k, 2 + k, 2 + 1.3 * k]).tolist()})
        for k, n in enumerate(CRYSTALS)
    ]
    folder = place / "mp_dielectric"
    folder.mkdir()
    text = "".join(json.dumps(r) + "\n" for r in records)
    (folder / "structures.jsonl.gz").write_bytes(gzip.compress(text.encode()))
    split = {"train": CRYSTALS[:4], "val": CRYSTALS[4:6], "test": CRYSTALS[6:]}
    (folder / "split.json").write_text(json.dumps(split))
    return place
