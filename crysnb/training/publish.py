"""From a finished run to a model folder, and from there into the package."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from crysnb.datasets.records import data_folder, raw_records, select
from crysnb.evaluate.run import evaluate
from crysnb.files import write_whole
from crysnb.models.gmtnet.ensemble import GMTNetEnsemble
from crysnb.training.data import TrainingData
from crysnb.training.provenance import about, is_published
from crysnb.training.recipe import RECIPES, Recipe
from crysnb.weights import store
from crysnb.weights.card import ModelCard

_CITATION = """@inproceedings{yan2024gmtnet,
  title = {A Space Group Symmetry Informed Network for {O(3)} Equivariant Crystal Tensor Prediction},
  author = {Yan, Keqiang and Saxton, Alexandra and Qian, Xiaofeng and Qian, Xiaoning and Ji, Shuiwang},
  booktitle = {International Conference on Machine Learning},
  year = {2024},
  note = {arXiv 2406.12888}
}
"""

_SPLIT = (
    "by reduced formula: the first 12 hex digits of sha256('crysnb-split-v1:' + formula), mod 100; "
    "below 80 train, 80-89 val, 90-99 test"
)
_GIVEN = "as split.json beside the data has it"
_DRAWN = "drawn: 80 : 10 : 10, all crystals of one reduced formula in one part, seed 0"


def write_model(
    folder: Path, recipe: Recipe, network: GMTNetEnsemble, data: TrainingData, metrics: Mapping[str, Any]
) -> ModelCard:
    """Write weights and card of a trained network and return the card."""
    card = ModelCard(
        name=recipe.name,
        family="gmtnet",
        config={**recipe.model.to_dict(), "members": recipe.members},
        properties=(recipe.learns,),
        targets={recipe.target: recipe.learns},
        element_counts=data.element_counts("train"),
        dataset={
            **(about(data.folder) if data.folder else {}),
            "folder": recipe.dataset,
            "target": recipe.target,
            "max_entry": recipe.max_entry,
            "left_out": data.left_out,
            **_open_axes(data),
            **_beside(recipe, data.folder),
            "crystals": {part: len(crystals) for part, crystals in data.parts.items()},
            "split": _split(data),
        },
        metrics=dict(metrics),
        training={
            "command": f"crysnb train {_word(recipe)} --data {_data(data)} -o runs/{recipe.name}",
            "seed": recipe.seed,
            "recipe": {k: v for k, v in recipe.to_dict().items() if k != "model"},
            "recipe_sha256": recipe.hash,
        },
        sha256="",
        citation=_CITATION,
    )
    return store.save(folder, card, network.state_dict())


def _open_axes(data: TrainingData) -> dict[str, int]:
    """How many training labels have axes that are known only up to the normaliser, if any."""
    n = sum(crystal.choices is not None for crystal in data.parts["train"])
    return {"open_axes": n} if n else {}


def _split(data: TrainingData) -> str:
    if data.has_split and data.folder and is_published(data.folder):
        return _SPLIT
    return f"{_GIVEN if data.has_split else _DRAWN}; the ids lie in split.json beside this folder"


def _word(recipe: Recipe) -> str:
    """What to pass to ``crysnb train``: a shipped recipe's name, or the file with the changed one."""
    is_shipped = recipe.name in RECIPES.list() and RECIPES.get(recipe.name) == recipe
    return recipe.name if is_shipped else "recipe.json"


def _data(data: TrainingData) -> str:
    return "$CRYSNB_DATA" if data.folder and is_published(data.folder) else "DIR"


def _beside(recipe: Recipe, folder: Path | None) -> dict[str, Any]:
    """What else was learned from, and how, and the licences of all of it."""
    roles = [(name, "tensors, training part") for name in recipe.also]
    roles += [(name, "bulk and shear moduli, training part, first") for name in recipe.lessons]
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

    Each call on the test part is counted in the card, so that readers see how often it was opened.
    """
    stored = store.load(folder)
    dataset = data_folder(stored.card.dataset["folder"], data)
    records = select(raw_records(dataset / "structures.jsonl.gz"), dataset / "split.json", part)
    result = evaluate(folder, records)
    metrics = dict(stored.card.metrics)
    metrics[part] = {
        **result.metrics,
        "n": result.n,
        "ci95": {name: list(pair) for name, pair in result.ci95.items()},
        "skipped": result.skipped,
        "opened": metrics.get(part, {}).get("opened", 0) + 1,
        "command": f"crysnb evaluate {stored.card.name} $CRYSNB_DATA/{dataset.name}/structures.jsonl.gz "
        f"--split $CRYSNB_DATA/{dataset.name}/split.json --part {part}",
    }
    return store.save(folder, replace(stored.card, metrics=metrics), stored.tensors)


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
