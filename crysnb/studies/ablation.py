"""Ablation of a recipe: one choice changed at a time, trained on train and scored on val.

A recipe of numbers learns from the first 3,000 crystals of its training part by the digest of their ids.

``python -m crysnb.studies.ablation gmtnet-dielectric --seeds 3 --out results.jsonl`` appends one JSON line
per variant and seed and skips those that the file already holds; ``--table`` prints the file as a Markdown
table. Every run is a single network of :data:`EPOCHS` epochs. The test part is never read.
"""

from __future__ import annotations

import argparse
import json
import logging
import math
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
from torch import nn

from crysnb.datasets.records import data_folder
from crysnb.errors import CrysnbError, UnknownName, quote
from crysnb.models.interface import build_network
from crysnb.models.scalar import ScalarNetwork
from crysnb.studies.variants import (
    CAPSULE_VARIANTS,
    ELASTIC_VARIANTS,
    PIEZOELECTRIC_VARIANTS,
    VARIANTS,
    Variant,
    variants_of,
)
from crysnb.training.begin import without_subnormals
from crysnb.training.data import load
from crysnb.training.loop import evaluate
from crysnb.training.recipe import Recipe
from crysnb.training.recipes import RECIPES
from crysnb.training.scalar_data import load_numbers
from crysnb.training.scalar_loop import ScalarRun, scores
from crysnb.training.scalar_recipe import ScalarRecipe
from crysnb.training.tensor_recipe import TensorRecipe
from crysnb.weights.card import figure

log = logging.getLogger(__name__)

#: Epochs of every run unless the variant says otherwise: a third of the shipped recipe's.
EPOCHS = 20
#: Training crystals of a recipe of numbers.
CRYSTALS = 3000

#: Columns of the table: key of the line, heading, digits; those that no line has are left out.
COLUMNS = (
    ("rel_median", "rel_median", 4),
    ("aniso_rel_median", "aniso_rel_median", 3),
    ("ewt25", "EwT25", 1),
    ("ewt10", "EwT10", 1),
    ("ewt5", "EwT5", 1),
    ("fnorm_cart", "Fnorm", 2),
    ("k_vrh_mae", "K", 2),
    ("g_vrh_mae", "G", 2),
    ("score", "score", 4),
    ("mae_formation_energy", "formation energy, eV/atom", 4),
    ("mae_band_gap", "band gap, eV", 4),
    ("mae_phonon_peak", "phonon peak, 1/cm", 1),
)


def base_recipe(name: str, epochs: int = EPOCHS) -> Recipe:
    """The shipped recipe as a single member of ``epochs`` epochs, numbers on :data:`CRYSTALS` crystals."""
    recipe = RECIPES.get(name)
    if isinstance(recipe, ScalarRecipe):
        return recipe.with_changes(count=CRYSTALS, epochs=epochs)
    return recipe.with_changes(members=1, epochs=epochs)


def load_parts(recipe: Recipe, data: Path | None) -> dict[str, list[Any]]:
    """Training and validation crystals of a recipe."""
    folder = data_folder(recipe.dataset, data)
    if isinstance(recipe, ScalarRecipe):
        shape = cast("ScalarNetwork", build_network(recipe.family, recipe.model.to_dict()))
        return load_numbers(folder, recipe, shape).parts
    return load(folder, cast("TensorRecipe", recipe)).parts


def _graphs(recipe: Recipe) -> tuple[object, ...]:
    """What the crystals of a recipe depend on."""
    return (recipe.model.cutoff, *getattr(recipe, "also", ()))


def run_one(
    variant: Variant, recipe: Recipe, parts: dict[str, list[Any]], data: Path | None
) -> dict[str, Any]:
    """Train one variant with the recipe's seed and return its line of the results file."""
    started, worked = time.perf_counter(), time.process_time()
    if isinstance(recipe, ScalarRecipe):
        # No look at the validation part before the end: it would take a fifth of the time.
        number = ScalarRun(recipe.with_changes(patience=0), parts["train"], []).train()
        network: nn.Module = number
        metrics = scores(number, parts["val"], recipe.learns)
    else:
        tensor = cast("TensorRecipe", recipe)
        network = variant.start(tensor, parts["train"], data).train()
        metrics = evaluate(network, parts["val"], tensor.learns)
    return {
        "study": "ablation",
        "recipe": recipe.name,
        "variant": variant.name,
        "seed": recipe.seed,
        "config_sha256": variant.config_hash(recipe),
        "crystals": {part: len(crystals) for part, crystals in parts.items()},
        "parameters": sum(p.numel() for p in network.parameters()),
        "seconds": round(time.perf_counter() - started, 2),
        "cpu_seconds": round(time.process_time() - worked, 2),
        "metrics": metrics,
    }


def read_results(file: Path) -> list[dict[str, Any]]:
    """Lines of a results file; none if there is no file.

    Of a run that two processes made at the same time, the first line counts.

    Raises
    ------
    CrysnbError
        ``ablation.results`` naming the line that is not one of this study.
    """
    if not file.is_file():
        return []
    lines: dict[tuple[str, int, str], dict[str, Any]] = {}
    for number, text in enumerate(file.read_text().splitlines(), 1):
        try:
            line = json.loads(text)
            key = (*_key(line), str(line["config_sha256"]))
            line["metrics"].items()
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise CrysnbError(
                "ablation.results",
                found=f"line {number} of {quote(str(file))} is not a line of an ablation",
                accepted="a file that this command wrote",
                action="Remove the line, or choose another file with --out",
            ) from error
        lines.setdefault(key, line)
    return list(lines.values())


def _key(line: dict[str, Any]) -> tuple[str, int]:
    return str(line["variant"]), int(line["seed"])


def missing(
    base: Recipe, variants: Sequence[Variant], seeds: int, done: Sequence[dict[str, Any]]
) -> Iterator[tuple[Variant, Recipe]]:
    """Variants and their seeded recipes that have no line yet: all variants of a seed, then the next seed.

    Raises
    ------
    CrysnbError
        ``ablation.other_configuration`` if a line stems from another configuration than would run now.
    """
    hashes = {_key(line): line["config_sha256"] for line in done}
    for seed in range(seeds):
        for variant in variants:
            recipe = variant.recipe(base).with_changes(seed=seed)
            found = hashes.get((variant.name, seed))
            if found is None:
                yield variant, recipe
            elif found != variant.config_hash(recipe):
                raise CrysnbError(
                    "ablation.other_configuration",
                    found=f"the results hold {quote(variant.name)}, seed {seed}, of another configuration",
                    accepted="lines of the configuration that is studied",
                    action="Choose another file with --out",
                )


@without_subnormals()
def ablate(
    base: Recipe,
    out: Path,
    *,
    seeds: int,
    data: Path | None = None,
    variants: Sequence[Variant] = VARIANTS,
) -> None:
    """Run what ``out`` lacks and append a line after each run; it is looked up again before each."""
    loaded: dict[tuple[object, ...], dict[str, list[Any]]] = {}
    for variant, recipe in list(missing(base, variants, seeds, read_results(out))):
        if (variant.name, recipe.seed) in map(_key, read_results(out)):
            continue  # another process works on the same file
        key = _graphs(recipe)
        if key not in loaded:
            loaded[key] = load_parts(recipe, data)
        line = run_one(variant, recipe, loaded[key], data)
        with out.open("a") as file:
            file.write(json.dumps(line) + "\n")
        log.info(
            "%s, seed %d: %s %.4f in %.0f s",
            variant.name,
            recipe.seed,
            *next((f for k, _, _ in COLUMNS if (f := figure(line["metrics"], k))), ("error", math.nan)),
            line["seconds"],
        )


def table(lines: Sequence[dict[str, Any]]) -> str:
    """Markdown table in the order of the variants: mean ± standard deviation (n − 1) over seeds."""
    every = (*VARIANTS, *ELASTIC_VARIANTS, *PIEZOELECTRIC_VARIANTS, *CAPSULE_VARIANTS)
    names = list(dict.fromkeys(v.name for v in every))
    place = {name: k for k, name in enumerate(names)}
    rows: dict[str, list[dict[str, Any]]] = {}
    for line in sorted(lines, key=lambda one: place.get(str(one["variant"]), len(place))):
        rows.setdefault(str(line["variant"]), []).append(line)
    columns = [column for column in COLUMNS if any(figure(line["metrics"], column[0]) for line in lines)]
    heads = ["variant", "seeds", *(head for _, head, _ in columns), "parameters", "CPU s"]
    text = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    for name, row in rows.items():
        cells = [_spread([figure(r["metrics"], key) for r in row], digits) for key, _, digits in columns]
        seconds = [r["cpu_seconds"] for r in row if "cpu_seconds" in r]
        parameters = f"{row[0]['parameters']:,}"
        text.append(f"| {name} | {len(row)} | {' | '.join(cells)} | {parameters} | {_mean(seconds)} |")
    return "\n".join(text) + "\n"


def _mean(values: Sequence[float]) -> str:
    return f"{np.mean(values):.0f}" if values else "–"


def _spread(values: Sequence[tuple[str, float] | None], digits: int) -> str:
    known = [v[1] for v in values if v is not None]
    if not known:
        return "–"
    if len(known) == 1:
        return f"{known[0]:.{digits}f}"
    return f"{np.mean(known):.{digits}f} ± {np.std(known, ddof=1):.{digits}f}"


def main() -> None:
    """Parse the command line; run, or print the table."""
    parser = argparse.ArgumentParser(prog="python -m crysnb.studies.ablation", description=__doc__)
    parser.add_argument("recipe", choices=RECIPES.list())
    parser.add_argument("--data", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--only", action="append", metavar="VARIANT", help="may be repeated")
    parser.add_argument("--table", action="store_true", help="print what --out holds, and run nothing")
    arguments = parser.parse_args()
    if arguments.table:
        sys.stdout.write(table(read_results(arguments.out)))
        return
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    log.setLevel(logging.INFO)
    base = base_recipe(arguments.recipe, arguments.epochs)
    known = {v.name: v for v in variants_of(base)}
    for name in arguments.only or ():
        if name not in known:
            raise UnknownName.of("variant", name, known)
    chosen = [v for v in known.values() if not arguments.only or v.name in arguments.only]
    ablate(base, arguments.out, seeds=arguments.seeds, data=arguments.data, variants=chosen)


if __name__ == "__main__":
    main()
