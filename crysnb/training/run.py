"""Training by recipe name: data in, model folder out."""

from __future__ import annotations

import copy
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from crysnb.datasets.records import data_folder
from crysnb.models.gmtnet.ensemble import GMTNetEnsemble
from crysnb.models.gmtnet.model import GMTNet
from crysnb.training import checkpoint
from crysnb.training.data import Labelled, load
from crysnb.training.loop import Run, evaluate, seeded_network, uncertainty_factor
from crysnb.training.moduli import load_lessons, taught
from crysnb.training.publish import write_model
from crysnb.training.recipe import RECIPES, Recipe
from crysnb.training.reference import feature_reference
from crysnb.weights import store
from crysnb.weights.card import ModelCard
from crysnb.weights.reference import NEIGHBOURS

log = logging.getLogger(__name__)


@contextmanager
def without_subnormals() -> Iterator[None]:
    """Flush subnormal numbers to zero meanwhile: exponentials and the optimiser make many, and they are slow.

    The switch belongs to the whole thread, so it is turned back: other code may count on subnormals.
    """
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)


@without_subnormals()
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
        Go on from the last checkpoint of every member. On one CPU thread the result is the same to
        the bit.
    """
    chosen = RECIPES.get(recipe) if isinstance(recipe, str) else recipe
    folder = Path(out)
    place = data_folder(chosen.dataset, data)
    loaded = load(place, chosen)
    log.info(
        "%s: %d training and %d validation crystals; left out %s",
        chosen.name,
        len(loaded.parts["train"]),
        len(loaded.parts["val"]),
        loaded.left_out,
    )
    ensemble = GMTNetEnsemble(chosen.model, chosen.members)
    start = _taught(chosen, place, loaded.parts["train"], folder / "checkpoints", resume=resume)
    for k, member in enumerate(ensemble.members):
        log.info("member %d of %d", k + 1, chosen.members)
        one = chosen.with_changes(seed=chosen.seed + k, members=1)
        run = Run(
            one,
            loaded.parts["train"],
            loaded.parts["val"],
            folder / "checkpoints" / f"member{k}",
            network=copy.deepcopy(start),
        )
        member.load_state_dict(run.train(resume=resume).state_dict())
    val = loaded.parts["val"]
    metrics: dict[str, Any] = {"val": evaluate(ensemble, val, chosen.learns)}
    if chosen.members > 1:
        metrics["uncertainty_factor"] = uncertainty_factor(ensemble, val, chosen.learns)
    card = write_model(folder / "model", chosen, ensemble, loaded, metrics)
    if len(loaded.parts["train"]) > NEIGHBOURS and val:
        reference = feature_reference(ensemble, loaded, chosen.learns, chosen.name)
        card = store.save_reference(folder / "model", card, reference)
    return card


def _taught(
    recipe: Recipe, data: Path, crystals: list[Labelled], checkpoints: Path, *, resume: bool
) -> GMTNet | None:
    """What all members start from: the network that took the recipe's lessons, or None without any.

    It is kept beside the checkpoints of the members, so that going on does not repeat the lessons.
    """
    if not recipe.lessons:
        return None
    folder = checkpoints / "lessons"
    found = checkpoint.latest(folder, recipe.hash) if resume else None
    if found is not None:
        network = seeded_network(recipe)
        network.load_state_dict(found.tensors)
        return network
    lessons = load_lessons(data, recipe)
    log.info("%d lessons, %d epochs", len(lessons), recipe.lesson_epochs)
    network = taught(recipe, crystals, lessons)
    tensors = {name: value.detach().clone() for name, value in network.state_dict().items()}
    checkpoint.save(folder, checkpoint.Checkpoint(recipe.lesson_epochs, recipe.hash, tensors, []))
    return network
