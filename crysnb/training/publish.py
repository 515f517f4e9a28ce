"""From a finished run to a model folder, and from there into the package."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from torch import nn

from crysnb.datasets.records import data_folder, raw_records, select
from crysnb.datasets.source import LINES, SPLIT
from crysnb.evaluate.run import evaluate
from crysnb.files import write_whole
from crysnb.models.interface import citation
from crysnb.training.data import TrainingData
from crysnb.training.provenance import about, is_published
from crysnb.training.recipe import Recipe
from crysnb.training.recipes import RECIPES
from crysnb.training.scalar_recipe import ScalarRecipe
from crysnb.training.tensor_recipe import TensorRecipe
from crysnb.weights import store
from crysnb.weights.card import ModelCard, measured

_SPLIT = (
    "by reduced formula: the first 12 hex digits of sha256('crysnb-split-v1:' + formula), mod 100; "
    "below 80 train, 80-89 val, 90-99 test"
)
_GIVEN = "as split.json beside the data has it"
_DRAWN = "drawn: 80 : 10 : 10, all crystals of one reduced formula in one part, seed 0"


def write_model(
    folder: Path, recipe: Recipe, network: nn.Module, data: TrainingData[Any], metrics: Mapping[str, Any]
) -> ModelCard:
    """Write weights and card of a trained network and return the card."""
    card = ModelCard(
        name=recipe.name,
        family=recipe.family,
        config={**recipe.model.to_dict(), **_members(recipe)},
        properties=recipe.heads,
        targets=_targets(recipe),
        element_counts=data.element_counts("train"),
        dataset={
            **(about(data.folder) if data.folder else {}),
            "folder": recipe.dataset,
            "left_out": data.left_out,
            **_chosen(recipe, data),
            "crystals": {part: len(crystals) for part, crystals in data.parts.items()},
            "split": _split(recipe, data),
        },
        metrics=dict(metrics),
        training={
            "command": f"crysnb train {_word(recipe)} --data {_data(data)} -o runs/{recipe.name}",
            "seed": recipe.seed,
            "recipe": {k: v for k, v in recipe.to_dict().items() if k != "model"},
            "recipe_sha256": recipe.hash,
        },
        sha256="",
        citation=citation(recipe.family),
    )
    return store.save(folder, card, network.state_dict())


def _targets(recipe: Recipe) -> dict[str, str]:
    """Key of the label -> property."""
    keys = recipe.targets if isinstance(recipe, ScalarRecipe) else (cast("TensorRecipe", recipe).target,)
    return dict(zip(keys, recipe.heads, strict=True))


def _members(recipe: Recipe) -> dict[str, int]:
    return {"members": recipe.members} if isinstance(recipe, TensorRecipe) else {}


def _chosen(recipe: Recipe, data: TrainingData[Any]) -> dict[str, Any]:
    """What of the data set was learned from, and what beside it."""
    if isinstance(recipe, ScalarRecipe):
        subset = {"subset": recipe.subset} if recipe.subset else {}
        return {"target": list(recipe.targets), **subset, **_beside(recipe, data.folder)}
    assert isinstance(recipe, TensorRecipe)  # noqa: S101 - for the type checker: there are two kinds
    return {
        "target": recipe.target,
        "max_entry": recipe.max_entry,
        **_open_axes(data),
        **_beside(recipe, data.folder),
    }


def _open_axes(data: TrainingData[Any]) -> dict[str, int]:
    """How many training labels have axes that are known only up to the normaliser, if any."""
    n = sum(crystal.choices is not None for crystal in data.parts["train"])
    return {"open_axes": n} if n else {}


def _split(recipe: Recipe, data: TrainingData[Any]) -> str:
    subset = recipe.subset if isinstance(recipe, ScalarRecipe) else ""
    if subset and data.folder and is_published(data.folder):
        return f"{subset} beside the data; {_SPLIT}"
    if data.has_split and data.folder and is_published(data.folder):
        return _SPLIT
    return f"{_GIVEN if data.has_split else _DRAWN}; the ids lie in split.json beside this folder"


def _word(recipe: Recipe) -> str:
    """What to pass to ``crysnb train``: a shipped recipe's name, or the file with the changed one."""
    is_shipped = recipe.name in RECIPES.list() and RECIPES.get(recipe.name) == recipe
    return recipe.name if is_shipped else "recipe.json"


def _data(data: TrainingData[Any]) -> str:
    return "$CRYSNB_DATA" if data.folder and is_published(data.folder) else "DIR"


def _beside(recipe: Recipe, folder: Path | None) -> dict[str, Any]:
    """What else was learned from, and how, and the licences of all of it."""
    what = "tensors" if isinstance(recipe, TensorRecipe) else "the same labels"
    roles = [(name, f"{what}, training part") for name in recipe.also]
    lessons = recipe.lessons if isinstance(recipe, TensorRecipe) else ()
    roles += [(name, "bulk and shear moduli, training part, first") for name in lessons]
    if not roles or folder is None:
        return {}
    further = [{**about(folder.parent / name), "folder": name, "use": use} for name, use in roles]
    licences = [about(folder)["licence"], *(one["licence"] for one in further)]
    return {
        "also": further,
        "licence": ", ".join(dict.fromkeys(licences)),
    }


def score(folder: Path, data: Path | None = None, part: str = "test") -> ModelCard:
    """Evaluate a model folder on a part of its data set and write the figures into its card.

    Each call on the test part is counted in the card, so that readers see how often it was opened. Where
    the model predicts several properties, the figures of each lie under its name.
    """
    stored = store.load(folder)
    card = stored.card
    dataset = data_folder(card.dataset["folder"], data)
    split = dataset / str(card.dataset.get("subset", SPLIT))
    records = list(select(raw_records(dataset / LINES[0]), split, part))
    found = {}
    for target, name in card.targets.items():
        result = evaluate(folder, records, target)
        choice = f" --target {target}" if len(card.targets) > 1 else ""
        found[name] = {
            **result.metrics,
            "n": result.n,
            "ci95": {measure: list(pair) for measure, pair in result.ci95.items()},
            "skipped": result.skipped,
            "opened": measured(card, part, name).get("opened", 0) + 1,
            "command": f"crysnb evaluate {card.name} $CRYSNB_DATA/{dataset.name}/{LINES[0]}{choice} "
            f"--split $CRYSNB_DATA/{dataset.name}/{split.name} --part {part}",
        }
    figures = found if len(found) > 1 else next(iter(found.values()))
    changed = replace(card, metrics={**card.metrics, part: figures})
    return store.save(folder, changed, stored.tensors)


def ship(folder: Path, package_folder: Path) -> None:
    """Copy a model folder into the package and list its hashes in the manifest.

    Parameters
    ----------
    folder
        A model folder, which is checked by loading it.
    package_folder
        ``crysnb/weights/shipped`` of the source tree.
    """
    stored = store.load(folder)
    target = package_folder / stored.card.name
    target.mkdir(parents=True, exist_ok=True)
    names = (store.WEIGHTS, store.CARD, *([store.DOMAIN] if stored.reference else []))
    for name in names:
        write_whole(target / name, (folder / name).read_bytes(), overwrite=True)
    manifest_file = package_folder / "manifest.json"
    manifest = json.loads(manifest_file.read_text()) if manifest_file.is_file() else {}
    manifest[stored.card.name] = store.manifest_of(target)
    write_whole(
        manifest_file, (json.dumps(manifest, indent=1, sort_keys=True) + "\n").encode(), overwrite=True
    )
