"""What little knowledge reaches: guesses for a recipe's tensor from the composition or the crystal class.

``python -m crysnb.studies.baselines gmtnet-dielectric-total`` prints one JSON line per baseline, trained on
train and scored on val. The test part is read only with ``--part test``, for :mod:`crysnb.studies.results`.
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
from pymatgen.core import Structure
from sklearn.ensemble import RandomForestRegressor
from torch import Tensor

from crysnb.datasets.records import data_folder
from crysnb.graph.element_features import element_features
from crysnb.models.tensor_head import tensor_of
from crysnb.models.tensor_targets import from_mandel, to_mandel
from crysnb.symmetry.detect import detect
from crysnb.training.data import Labelled, load
from crysnb.training.loop import tensor_scores
from crysnb.training.loss import anisotropic
from crysnb.training.recipes import TENSOR_RECIPES, tensor_recipe
from crysnb.training.tensor_recipe import TensorRecipe
from crysnb.values.property_spec import property_spec
from crysnb.values.tensor_kind import TensorKind, rotate

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
    learns the logarithms of :func:`isotropic_values`. A tensor of rank 3 has no isotropic part: there the
    guesses are zero and :func:`class_means`.
    """
    kind = tensor_of(property_spec(learns))
    if kind.rank == 3:
        found = {"zero": np.zeros((len(val), 3, 3, 3)), "class mean": class_means(train, val, kind)}
        return {name: tensor_scores(guess, val, learns) for name, guess in found.items()}
    sizes = isotropic_values(torch.stack([c.label for c in train])).numpy()
    forest = RandomForestRegressor(500, random_state=0, min_samples_leaf=2, max_features=0.33)
    logs = np.log(sizes)
    forest.fit(np.stack([composition_features(c) for c in train]), logs[:, 0] if logs.shape[1] == 1 else logs)
    predicted = np.exp(forest.predict(np.stack([composition_features(c) for c in val])))
    guesses = {
        "median": np.tile(np.median(sizes, axis=0), (len(val), 1)),
        "forest": predicted.reshape(len(val), -1),
    }
    return {
        name: tensor_scores(isotropic_tensor(torch.from_numpy(guess), kind.rank).numpy(), val, learns)
        for name, guess in guesses.items()
    }


def class_means(train: Sequence[Labelled], val: Sequence[Labelled], kind: TensorKind) -> Array:
    """For each crystal of ``val`` the mean tensor of its crystal class over ``train``, [crystal, 3, 3, 3].

    Means are taken in the standard axes of the class; of a label with several choices the one nearest to the
    mean counts, which is repeated until the mean stays. Zero for a class without training crystals.
    """
    by_class: dict[str, list[Array]] = {}
    for crystal in train:
        group, turn = _standard(crystal)
        choices = crystal.label[None] if crystal.choices is None else crystal.choices
        by_class.setdefault(group, []).append(np.stack([rotate(kind, c, turn) for c in choices.numpy()]))
    means = {group: _aligned_mean(labels) for group, labels in by_class.items()}
    out = np.zeros((len(val), *(3,) * kind.rank))
    for k, crystal in enumerate(val):
        group, turn = _standard(crystal)
        if group in means:
            out[k] = rotate(kind, means[group], turn.T)
    return out


def _aligned_mean(labels: Sequence[Array]) -> Array:
    """Mean of one choice per label, each the nearest to the mean; starts from the largest label."""
    mean = max((choices[0] for choices in labels), key=np.linalg.norm)
    for _ in range(20):
        nearest = [choices[_distances(choices, mean).argmin()] for choices in labels]
        before, mean = mean, np.mean(nearest, axis=0)
        if np.allclose(before, mean):
            break
    return np.asarray(mean)


def _distances(choices: Array, tensor: Array) -> Array:
    return np.asarray(np.linalg.norm((choices - tensor).reshape(len(choices), -1), axis=1))


def _standard(crystal: Labelled) -> tuple[str, Array]:
    """Point group, and the rotation from the crystal's frame to the standard axes, [3, 3]."""
    graph = crystal.graph
    symmetry = detect(Structure(graph.cell[0].numpy(), graph.atomic_number.tolist(), graph.frac.numpy()))
    return symmetry.point_group, np.asarray(symmetry.standard_frame)


def lines(recipe: TensorRecipe, data: Path | None, part: str = "val") -> list[str]:
    """One JSON line per baseline, trained on train and scored on ``part``."""
    loaded = load(data_folder(recipe.dataset, data), recipe, ("train", part))
    parts = loaded.parts
    found = baselines(parts["train"], parts[part], recipe.learns)
    shared = {
        "study": "baselines",
        "recipe": recipe.name,
        "part": part,
        "crystals": {part: len(crystals) for part, crystals in parts.items()},
        "left_out": loaded.left_out,
    }
    return [json.dumps({**shared, "baseline": name, "metrics": metrics}) for name, metrics in found.items()]


def main() -> None:
    """Parse the command line and write the lines."""
    parser = argparse.ArgumentParser(prog="python -m crysnb.studies.baselines", description=__doc__)
    parser.add_argument("recipe", choices=TENSOR_RECIPES)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--part", default="val", choices=("val", "test"))
    arguments = parser.parse_args()
    found = lines(tensor_recipe(arguments.recipe), arguments.data, arguments.part)
    sys.stdout.write("\n".join(found) + "\n")


if __name__ == "__main__":
    main()
