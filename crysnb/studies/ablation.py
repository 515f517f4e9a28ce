"""Ablation of a recipe: one choice changed at a time, trained on train and scored on val.

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
from typing import Any

import numpy as np

from crysnb.datasets.records import data_folder
from crysnb.errors import CrysnbError, UnknownName, quote
from crysnb.studies.variants import (
    ELASTIC_VARIANTS,
    PIEZOELECTRIC_VARIANTS,
    VARIANTS,
    Variant,
    variants_of,
)
from crysnb.training.begin import without_subnormals
from crysnb.training.data import Labelled, load
from crysnb.training.loop import evaluate
from crysnb.training.recipes import TENSOR_RECIPES, tensor_recipe
from crysnb.training.tensor_recipe import TensorRecipe
from crysnb.weights.card import figure

log = logging.getLogger(__name__)

#: Epochs of every run unless the variant says otherwise: a third of the shipped recipe's.
EPOCHS = 20

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
)


def base_recipe(name: str, epochs: int = EPOCHS) -> TensorRecipe:
    """The shipped recipe as a single member of ``epochs`` epochs."""
    return tensor_recipe(name).with_changes(members=1, epochs=epochs)


def run_one(
    variant: Variant, recipe: TensorRecipe, parts: dict[str, list[Labelled]], data: Path | None
) -> dict[str, Any]:
    """Train one variant with the recipe's seed and return its line of the results file."""
    started, worked = time.perf_counter(), time.process_time()
    run = variant.start(recipe, parts["train"], data)
    network = run.train()
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
        "metrics": evaluate(network, parts["val"], recipe.learns),
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
    base: TensorRecipe, variants: Sequence[Variant], seeds: int, done: Sequence[dict[str, Any]]
) -> Iterator[tuple[Variant, TensorRecipe]]:
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
    base: TensorRecipe,
    out: Path,
    *,
    seeds: int,
    data: Path | None = None,
    variants: Sequence[Variant] = VARIANTS,
) -> None:
    """Run what ``out`` lacks and append a line after each run; it is looked up again before each."""
    loaded: dict[tuple[float, tuple[str, ...]], dict[str, list[Labelled]]] = {}
    for variant, recipe in list(missing(base, variants, seeds, read_results(out))):
        if (variant.name, recipe.seed) in map(_key, read_results(out)):
            continue  # another process works on the same file
        key = recipe.model.cutoff, recipe.also
        if key not in loaded:
            loaded[key] = load(data_folder(recipe.dataset, data), recipe).parts
        line = run_one(variant, recipe, loaded[key], data)
        with out.open("a") as file:
            file.write(json.dumps(line) + "\n")
        log.info(
            "%s, seed %d: rel_median %.4f in %.0f s",
            variant.name,
            recipe.seed,
            (figure(line["metrics"], "rel_median") or ("", math.nan))[1],
            line["seconds"],
        )


def table(lines: Sequence[dict[str, Any]]) -> str:
    """Markdown table in the order of the variants: mean ± standard deviation (n − 1) over seeds."""
    every = (*VARIANTS, *ELASTIC_VARIANTS, *PIEZOELECTRIC_VARIANTS)
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
    parser.add_argument("recipe", choices=TENSOR_RECIPES)
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
