"""What an ensemble gains over its members, on the validation part.

``python -m crysnb.studies.ensemble gmtnet-dielectric`` prints one JSON line per number of members: the mean
of each metric over all choices of that many members of the shipped model. The test part is never read.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from crysnb.datasets.records import data_folder
from crysnb.evaluate.metrics import tensor_metrics
from crysnb.models.interface import load_model
from crysnb.models.tensor_head import tensor_of
from crysnb.training.data import load
from crysnb.training.loop import predict_labels
from crysnb.training.recipes import tensor_recipe
from crysnb.values.property_spec import property_spec
from crysnb.values.tensor_kind import TensorKind


def by_size(
    members: NDArray[np.float64], true: NDArray[np.float64], kind: TensorKind
) -> Iterator[dict[str, Any]]:
    """Mean and standard deviation of each metric over all ensembles of 1, 2, … of the members.

    Parameters
    ----------
    members
        Predictions [crystal, member, 3, …, 3].
    true
        Labels [crystal, 3, …, 3].
    kind
        Of the tensors.
    """
    n = members.shape[1]
    for size in range(1, n + 1):
        choices = [list(choice) for choice in combinations(range(n), size)]
        found = [tensor_metrics(members[:, choice].mean(axis=1), true, kind) for choice in choices]
        yield {
            "members": size,
            "ensembles": len(found),
            "mean": {name: float(np.mean([m[name] for m in found])) for name in found[0]},
            "sd": {name: float(np.std([m[name] for m in found])) for name in found[0]},
        }


def main() -> None:
    """Parse the command line and write the lines."""
    parser = argparse.ArgumentParser(prog="python -m crysnb.studies.ensemble", description=__doc__)
    parser.add_argument("model", help="shipped name or folder; its recipe names the data")
    parser.add_argument("--data", type=Path)
    arguments = parser.parse_args()
    model = load_model(arguments.model, "cpu")
    recipe = tensor_recipe(model.card.name)
    val = load(data_folder(recipe.dataset, arguments.data), recipe, ("val",)).parts["val"]
    members = predict_labels(cast("nn.Module", model.network), val, f"{recipe.learns}.members")
    true = torch.stack([c.label for c in val]).numpy()
    for line in by_size(members, true, tensor_of(property_spec(recipe.learns))):
        sys.stdout.write(json.dumps({"study": "ensemble", "model": model.card.name, **line}) + "\n")


if __name__ == "__main__":
    main()
