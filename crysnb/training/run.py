"""Training by recipe name: data in, model folder out."""

from __future__ import annotations

import logging
from pathlib import Path

import torch

from crysnb.datasets.records import data_folder
from crysnb.training.data import load
from crysnb.training.loop import Run
from crysnb.training.publish import write_model
from crysnb.training.recipe import RECIPES, Recipe
from crysnb.weights.card import ModelCard

log = logging.getLogger(__name__)


def train(
    recipe: str | Recipe, *, data: str | Path | None = None, out: str | Path, resume: bool = False
) -> ModelCard:
    """Train a recipe and write ``out/model``; checkpoints lie in ``out/checkpoints``.

    Parameters
    ----------
    recipe
        Name of a shipped recipe, or a recipe.
    data
        Folder of the data sets; ``$CRYSNB_DATA`` if not given.
    out
        Output folder.
    resume
        Go on from the last checkpoint. On one CPU thread the result is the same to the bit.
    """
    chosen = RECIPES.get(recipe) if isinstance(recipe, str) else recipe
    folder = Path(out)
    loaded = load(data_folder(chosen.dataset, data), chosen)
    log.info(
        "%s: %d training and %d validation crystals; left out %s",
        chosen.name,
        len(loaded.parts["train"]),
        len(loaded.parts["val"]),
        loaded.left_out,
    )
    # Subnormal numbers from exponentials and the optimiser slow the CPU several times over.
    torch.set_flush_denormal(True)
    run = Run(chosen, loaded.parts["train"], loaded.parts["val"], folder / "checkpoints")
    network = run.train(resume=resume)
    return write_model(folder / "model", chosen, network, loaded, {"val": run.log[-1]})
