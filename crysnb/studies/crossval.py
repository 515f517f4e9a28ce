"""Grouped cross-validation of a recipe inside the training and validation parts.

``python -m crysnb.studies.crossval gmtnet-dielectric --set dropout=0.2 --set noise=0.06`` prints one JSON
line. Crystals of the same elements share a fold, so that no chemistry is on both sides. The test part is
never read. Recipes are chosen with this.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from crysnb.datasets.records import data_folder
from crysnb.evaluate.metrics import tensor_metrics
from crysnb.models.tensor_head import tensor_of
from crysnb.training.data import Labelled, load
from crysnb.training.loop import Run, predict_labels, true_labels
from crysnb.training.moduli import load_lessons, taught
from crysnb.training.recipe_file import changed, changes_of
from crysnb.training.recipes import TENSOR_RECIPES, tensor_recipe
from crysnb.training.scalar_data import ScalarCrystal
from crysnb.training.tensor_recipe import TensorRecipe
from crysnb.values.property_spec import property_spec


def fold_of(crystal: Labelled | ScalarCrystal, folds: int) -> int:
    """Fold of a crystal, decided by its set of elements."""
    key = "-".join(crystal.elements).encode()
    return int(hashlib.sha256(key).hexdigest(), 16) % folds


def cross_validate(
    recipe: TensorRecipe,
    crystals: Sequence[Labelled],
    folds: int = 5,
    *,
    also: Sequence[Labelled] = (),
    lessons: Sequence[ScalarCrystal] = (),
) -> dict[str, float]:
    """Metrics of every crystal's prediction by the network that did not see its chemistry.

    ``also`` and ``lessons`` are learned from, without those of the chemistry held out, and not scored.
    """
    if recipe.members != 1:
        recipe = recipe.with_changes(members=1)
    predicted, true = [], []
    for k in range(folds):
        train = [c for c in (*crystals, *also) if fold_of(c, folds) != k]
        held_out = [c for c in crystals if fold_of(c, folds) == k]
        if not held_out:
            continue
        start = taught(recipe, train, [c for c in lessons if fold_of(c, folds) != k])
        network = Run(recipe, train, [], network=start).train()
        predicted.append(predict_labels(network, held_out, recipe.learns))
        true.append(true_labels(held_out, predicted[-1]))
    kind = tensor_of(property_spec(recipe.learns))
    return tensor_metrics(np.concatenate(predicted), np.concatenate(true), kind)


def main() -> None:
    """Parse the command line, run, and write one JSON line."""
    parser = argparse.ArgumentParser(prog="python -m crysnb.studies.crossval", description=__doc__)
    parser.add_argument("recipe", choices=TENSOR_RECIPES)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    arguments = parser.parse_args()
    changes = changes_of(arguments.set)
    recipe = changed(tensor_recipe(arguments.recipe), {"members": 1, **changes})
    torch.set_flush_denormal(True)
    folder = data_folder(recipe.dataset, arguments.data)
    parts = load(folder, recipe.with_changes(also=())).parts
    own = len(parts["train"])
    also = load(folder, recipe, ("train",)).parts["train"][own:] if recipe.also else []
    lessons = load_lessons(folder, recipe)
    started = time.perf_counter()
    crystals = [*parts["train"], *parts["val"]]
    metrics = cross_validate(recipe, crystals, arguments.folds, also=also, lessons=lessons)
    line = {
        "study": "crossval",
        "recipe": recipe.name,
        "changes": changes,
        "folds": arguments.folds,
        "crystals": len(parts["train"]) + len(parts["val"]),
        "metrics": metrics,
        "seconds": round(time.perf_counter() - started),
    }
    sys.stdout.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main()
