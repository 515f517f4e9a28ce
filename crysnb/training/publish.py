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

#: What the cards say of each data set; licences as stated by the source.
DATASETS: dict[str, dict[str, str]] = {
    "mp_dielectric": {
        "name": "MP dielectric tensors (Petousis 2017)",
        "licence": "CC0 1.0",
        "source": "Dryad, doi:10.5061/dryad.ph81h",
        "citation": "Petousis et al., Sci. Data 4, 160134 (2017), doi:10.1038/sdata.2016.134",
    },
    "mp_elastic_2015": {
        "name": "MP elastic tensors (de Jong 2015)",
        "licence": "CC0 1.0",
        "source": "Dryad, doi:10.5061/dryad.h505v",
        "citation": "de Jong et al., Sci. Data 2, 150009 (2015), doi:10.1038/sdata.2015.9",
    },
    "mp_elastic_2022": {
        "name": "MP elastic tensors, sample of 1211 crystals (2022 database)",
        "licence": "CC BY 4.0",
        "source": "Materials Project, doi:10.1063/1.4812323",
        "citation": "Jain et al., APL Mater. 1, 011002 (2013), doi:10.1063/1.4812323",
    },
    "mp_piezoelectric": {
        "name": "MP piezoelectric tensors (de Jong 2015)",
        "licence": "CC0 1.0",
        "source": "Dryad, doi:10.5061/dryad.n63m4",
        "citation": "de Jong et al., Sci. Data 2, 150053 (2015), doi:10.1038/sdata.2015.53",
    },
    "mp_moduli_3k": {
        "name": "MP bulk and shear moduli",
        "licence": "CC BY 4.0",
        "source": "Materials Project, doi:10.1063/1.4812323",
        "citation": "Jain et al., APL Mater. 1, 011002 (2013), doi:10.1063/1.4812323",
    },
    "mp_moduli_binary": {
        "name": "MP bulk and shear moduli of binaries (MatCalc benchmark)",
        "licence": "CC BY 4.0",
        "source": "Materials Project, doi:10.1063/1.4812323",
        "citation": "Jain et al., APL Mater. 1, 011002 (2013), doi:10.1063/1.4812323",
    },
}


_SPLIT = (
    "by reduced formula: the first 12 hex digits of sha256('crysnb-split-v1:' + formula), mod 100; "
    "below 80 train, 80-89 val, 90-99 test"
)


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
            **_about(recipe.dataset),
            "folder": recipe.dataset,
            "target": recipe.target,
            "max_entry": recipe.max_entry,
            "left_out": data.left_out,
            **_open_axes(data),
            **_beside(recipe),
            "crystals": {part: len(crystals) for part, crystals in data.parts.items()},
            "split": _SPLIT if recipe.dataset in DATASETS else "as split.json beside the data has it",
        },
        metrics=dict(metrics),
        training={
            "command": f"crysnb train {_word(recipe)} --data {_data(recipe)} -o runs/{recipe.name}",
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


def _about(dataset: str) -> dict[str, str]:
    """What a card says of a data set; of one that is not known, that nothing is known."""
    unknown = {"name": dataset, "licence": "not stated", "source": "not stated"}
    return DATASETS.get(dataset, unknown)


def _word(recipe: Recipe) -> str:
    """What to pass to ``crysnb train``: a shipped recipe's name, or the file with the changed one."""
    is_shipped = recipe.name in RECIPES.list() and RECIPES.get(recipe.name) == recipe
    return recipe.name if is_shipped else "recipe.json"


def _data(recipe: Recipe) -> str:
    return "$CRYSNB_DATA" if recipe.dataset in DATASETS else "DIR"


def _beside(recipe: Recipe) -> dict[str, Any]:
    """What else was learned from, and how, and the licences of all of it."""
    roles = [(name, "tensors, training part") for name in recipe.also]
    roles += [(name, "bulk and shear moduli, training part, first") for name in recipe.lessons]
    if not roles:
        return {}
    licences = [_about(name)["licence"] for name in (recipe.dataset, *(name for name, _ in roles))]
    return {
        "also": [{**_about(name), "folder": name, "use": use} for name, use in roles],
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
