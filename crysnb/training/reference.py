"""How far crystals are from the training set in a network's features, and whether that tells of errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Composition
from scipy.stats import spearmanr
from torch import nn

from crysnb.datasets.records import data_folder
from crysnb.evaluate.metrics import bootstrap, per_crystal_errors
from crysnb.models.interface import load_model
from crysnb.predict.run import DEFAULT_MODEL
from crysnb.training.data import Labelled, TrainingData, load
from crysnb.training.loop import predict_labels, true_labels
from crysnb.training.recipes import tensor_recipe
from crysnb.weights import store
from crysnb.weights.card import ModelCard
from crysnb.weights.reference import COMPONENTS, FEATURES, NEIGHBOURS, FeatureReference

Array = NDArray[np.float64]

COMMAND = "python benchmarks/domain_distance.py"


def feature_reference(
    network: nn.Module, data: TrainingData[Labelled], name: str, model: str = DEFAULT_MODEL
) -> FeatureReference:
    """Where the training crystals lie, with what the distance was worth on the validation crystals.

    Parameters
    ----------
    network
        A trained network that gives ``features``.
    data
        Parts ``train`` and ``val``.
    name
        Property whose errors are held against the distance.
    model
        Name of the model, for the command that measures the same again.
    """
    train, val = data.parts["train"], data.parts["val"]
    features = predict_labels(network, val, FEATURES)
    found = FeatureReference.fit(predict_labels(network, train, FEATURES), _labels(train), features)
    predicted = predict_labels(network, val, name)
    error, norm = per_crystal_errors(predicted, true_labels(val, predicted))
    distance = np.array([found.distance(x) for x in features])
    command = COMMAND if model == DEFAULT_MODEL else f"{COMMAND} --model {model}"
    return replace(found, measured={**_measured(distance, error / norm), "command": command})


def _labels(crystals: Sequence[Labelled]) -> list[str]:
    return [f"{c.id} ({Composition(_counts(c)).reduced_formula})" for c in crystals]


def _counts(crystal: Labelled) -> dict[Any, int]:
    from pymatgen.core import Element

    numbers, counts = np.unique(crystal.graph.atomic_number.numpy(), return_counts=True)
    return {Element.from_Z(int(z)): int(n) for z, n in zip(numbers, counts, strict=True)}


def _measured(distance: Array, relative: Array) -> dict[str, Any]:
    interval = bootstrap(lambda i: {"rank": rank_correlation(distance[i], relative[i])}, len(distance))
    near, far = quartile_medians(distance, relative)
    return {
        "what": f"mean distance to the {NEIGHBOURS} nearest training crystals in up to {COMPONENTS} whitened "
        "principal components of the mean invariant features",
        "spearman": rank_correlation(distance, relative),
        "spearman_ci95": list(interval["rank"]),
        "near_error": near,
        "far_error": far,
        "crystals": len(distance),
    }


def rank_correlation(a: Array, b: Array) -> float:
    """Spearman's rank correlation; 0 where one of the two is constant."""
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return 0.0
    return float(spearmanr(a, b).statistic)


def quartile_medians(distance: Array, relative: Array) -> tuple[float, float]:
    """Median error of the nearest and of the farthest quarter of the crystals."""
    order = np.argsort(distance)
    quarter = max(1, len(order) // 4)
    return float(np.median(relative[order[:quarter]])), float(np.median(relative[order[-quarter:]]))


def add_reference(folder: str | Path, data: Path | None = None) -> ModelCard:
    """Write the reference of a finished model folder; the weights stay as they are."""
    stored = store.load(folder)
    recipe = tensor_recipe(stored.card.name)
    parts = load(data_folder(recipe.dataset, data), recipe)
    network = load_model(folder, "cpu").network
    assert isinstance(network, nn.Module)  # noqa: S101 - for the type checker: families build modules
    return store.save_reference(
        folder, stored.card, feature_reference(network, parts, recipe.learns, recipe.name)
    )
