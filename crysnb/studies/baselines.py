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
from torch import Tensor

from crysnb.datasets.records import data_folder
from crysnb.evaluate.metrics import tensor_metrics
from crysnb.graph.element_features import element_features
from crysnb.models.gmtnet.heads import tensor_of
from crysnb.models.gmtnet.targets import from_mandel, to_mandel
from crysnb.training.data import Labelled, load
from crysnb.training.loss import anisotropic
from crysnb.training.recipe import RECIPES, Recipe
from crysnb.values.property_spec import property_spec

Array = NDArray[np.float64]


def composition_features(crystal: Labelled) -> Array:
    """Mean, spread, minimum and maximum of the element descriptors over the atoms, and Å³ per atom."""
    graph = crystal.graph
    rows = element_features()[graph.atomic_number.numpy()].astype(float)
    volume = abs(float(torch.linalg.det(graph.cell[0]))) / len(rows)
    return np.concatenate([rows.mean(0), rows.std(0), rows.min(0), rows.max(0), [volume]])


def isotropic_values(tensor: Tensor) -> Tensor:
    """Eigenvalues of the isotropic part of symmetric tensors [crystal, 3, …, 3]; rank 2 or 4.

    ``[crystal, 1]``, trace/3, for rank 2; ``[crystal, 2]``, 3K and 2G with Voigt's K and G, for rank 4.
    """
    rest = anisotropic(tensor)
    if tensor.ndim == 3:
        return (tensor - rest)[:, :1, 0]
    isotropic = to_mandel(tensor) - rest
    return torch.stack([isotropic[:, :3, :3].sum(dim=(1, 2)) / 3, isotropic[:, 3, 3]], dim=1)


def isotropic_tensor(values: Tensor, rank: int) -> Tensor:
    """Inverse of :func:`isotropic_values` for isotropic tensors."""
    if rank == 2:
        return values[:, :, None] * torch.eye(3, dtype=values.dtype)
    unit = torch.zeros(6, dtype=values.dtype)
    unit[:3] = 3**-0.5
    volume = torch.outer(unit, unit)
    shear = torch.eye(6, dtype=values.dtype) - volume
    return from_mandel(values[:, 0, None, None] * volume + values[:, 1, None, None] * shear)


def baselines(train: Sequence[Labelled], val: Sequence[Labelled], learns: str) -> dict[str, dict[str, float]]:
    """Metrics on ``val`` of the training median and of a forest, both as isotropic tensors.

    The forest (Breiman 2001, doi:10.1023/A:1010933404324) has 500 trees on :func:`composition_features` and
    learns the logarithms of :func:`isotropic_values`.
    """
    kind = tensor_of(property_spec(learns))
    sizes = isotropic_values(torch.stack([c.label for c in train])).numpy()
    forest = RandomForestRegressor(500, random_state=0, min_samples_leaf=2, max_features=0.33)
    logs = np.log(sizes)
    forest.fit(np.stack([composition_features(c) for c in train]), logs[:, 0] if logs.shape[1] == 1 else logs)
    predicted = np.exp(forest.predict(np.stack([composition_features(c) for c in val])))
    guesses = {
        "median": np.tile(np.median(sizes, axis=0), (len(val), 1)),
        "forest": predicted.reshape(len(val), -1),
    }
    true = torch.stack([c.label for c in val]).numpy()
    return {
        name: tensor_metrics(isotropic_tensor(torch.from_numpy(guess), kind.rank).numpy(), true, kind)
        for name, guess in guesses.items()
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
