"""From a recipe of numbers and a folder of crystals to a model folder."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from crysnb.models.interface import build_network
from crysnb.models.scalar import ScalarNetwork
from crysnb.training.begin import without_subnormals, write_down
from crysnb.training.curve import PICTURE, draw_curves
from crysnb.training.folder import CHECKPOINTS, MODEL
from crysnb.training.place import Place
from crysnb.training.publish import write_model
from crysnb.training.scalar_data import load_numbers
from crysnb.training.scalar_loop import ScalarRun, scores
from crysnb.training.scalar_recipe import ScalarRecipe


@without_subnormals()
def train_numbers(
    place: Place,
    recipe: ScalarRecipe,
    source: Path,
    folder: Path,
    resume: bool,  # noqa: FBT001 - also called in new processes
    progress: bool,  # noqa: FBT001
) -> None:
    """What every process does; the first one writes."""
    shape = cast("ScalarNetwork", build_network(recipe.family, recipe.model.to_dict()))
    loaded = load_numbers(source, recipe, shape)
    write_down(place, recipe, loaded, folder)
    run = ScalarRun(
        recipe,
        loaded.parts["train"],
        loaded.parts["val"],
        folder / CHECKPOINTS / "member0",
        place=place,
        title=recipe.name if progress else "",
    )
    network = run.train(resume=resume)
    if place.is_first:
        draw_curves(folder / PICTURE, recipe.name, {recipe.name: run.log})
        val = loaded.parts["val"]
        metrics = {"val": scores(network, val, recipe.learns)} if val else {}
        write_model(folder / MODEL, recipe, network, loaded, metrics)
    place.wait()
