"""What little knowledge reaches on the validation part: isotropic guesses for a recipe's tensor.

``python -m crysnb.studies.baselines gmtnet-dielectric-total`` prints one JSON line per baseline, trained on
train and scored on val. The test part is never read.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestRegressor

from crysnb.datasets.records import data_folder
from crysnb.evaluate.metrics import tensor_metrics
from crysnb.graph.element_features import element_features
from crysnb.models.gmtnet.heads import tensor_of
from crysnb.training.data import Labelled, load
from crysnb.training.recipe import RECIPES, Recipe
from crysnb.values.property_spec import property_spec

Array = NDArray[np.float64]


def composition_features(crystal: Labelled) -> Array:
    """Mean, spread, minimum and maximum of the element descriptors over the atoms, and Å³ per atom."""
    graph = crystal.graph
    rows = element_features()[graph.atomic_number.numpy()].astype(float)
    volume = abs(float(torch.linalg.det(graph.cell[0]))) / len(rows)
    return np.concatenate([rows.mean(0), rows.std(0), rows.min(0), rows.max(0), [volume]])


def baselines(train: Sequence[Labelled], val: Sequence[Labelled], learns: str) -> dict[str, dict[str, float]]:
    """Metrics on ``val`` of the training median and of a forest, both as multiples of the unit tensor.

    The forest (Breiman 2001, doi:10.1023/A:1010933404324) has 500 trees on :func:`composition_features` and
    learns log(trace/3).
    """
    size = np.array([float(c.label.trace()) / 3 for c in train])
    forest = RandomForestRegressor(500, random_state=0, min_samples_leaf=2, max_features=0.33)
    forest.fit(np.stack([composition_features(c) for c in train]), np.log(size))
    guesses = {
        "median": np.full(len(val), np.median(size)),
        "forest": np.exp(forest.predict(np.stack([composition_features(c) for c in val]))),
    }
    true = torch.stack([c.label for c in val]).numpy()
    kind = tensor_of(property_spec(learns))
    return {
        name: tensor_metrics(guess[:, None, None] * np.eye(3), true, kind) for name, guess in guesses.items()
    }


def lines(recipe: Recipe, data: Path | None) -> list[str]:
    """One JSON line per baseline."""
    loaded = load(data_folder(recipe.dataset, data), recipe)
    parts = loaded.parts
    found = baselines(parts["train"], parts["val"], recipe.learns)
    shared = {
        "study": "baselines",
        "recipe": recipe.name,
        "crystals": {part: len(crystals) for part, crystals in parts.items()},
        "left_out": loaded.left_out,
    }
    return [json.dumps({**shared, "baseline": name, "metrics": metrics}) for name, metrics in found.items()]


def main() -> None:
    """Parse the command line and write the lines."""
    parser = argparse.ArgumentParser(prog="python -m crysnb.studies.baselines", description=__doc__)
    parser.add_argument("recipe", choices=RECIPES.list())
    parser.add_argument("--data", type=Path)
    arguments = parser.parse_args()
    sys.stdout.write("\n".join(lines(RECIPES.get(arguments.recipe), arguments.data)) + "\n")


if __name__ == "__main__":
    main()
