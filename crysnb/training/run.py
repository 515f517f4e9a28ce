"""Training by recipe name: data in, model folder out."""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path
from typing import Any

import torch

from crysnb.datasets.folder import TABLE
from crysnb.datasets.source import LINES
from crysnb.errors import CrysnbError, DeviceMemory, quote
from crysnb.files import is_file
from crysnb.models.tensor_network import TensorEnsemble, TensorNetwork
from crysnb.training import checkpoint
from crysnb.training.begin import without_subnormals, write_down
from crysnb.training.curve import PICTURE, draw_curves
from crysnb.training.data import Labelled, TrainingData, load
from crysnb.training.devices import CPU, Devices, launch
from crysnb.training.folder import CHECKPOINTS, LESSONS, MODEL, held, same_data
from crysnb.training.loop import Run, evaluate, seeded_ensemble, seeded_network, settled, uncertainty_factor
from crysnb.training.moduli import load_lessons, taught
from crysnb.training.place import Place
from crysnb.training.provenance import is_published
from crysnb.training.publish import write_model
from crysnb.training.recipe import Recipe
from crysnb.training.recipe_file import find_recipe, from_folder
from crysnb.training.reference import feature_reference
from crysnb.training.scalar_train import train_numbers
from crysnb.training.tensor_recipe import TensorRecipe
from crysnb.weights import store
from crysnb.weights.card import ModelCard
from crysnb.weights.reference import NEIGHBOURS

log = logging.getLogger(__name__)


def train(
    recipe: str | Path | Recipe,
    *,
    data: str | Path | None = None,
    out: str | Path,
    resume: bool = False,
    devices: Devices = CPU,
    progress: bool = False,
) -> ModelCard:
    """Train a recipe and write ``out/model``; checkpoints and tables of epochs lie in ``out/checkpoints``.

    Parameters
    ----------
    recipe
        Name of a shipped recipe, a ``.json`` file with one, or a recipe.
    data
        Folder of the data sets, ``$CRYSNB_DATA`` if not given; or a folder of labelled crystals, which are
        then all that is learned from (see :func:`~crysnb.training.recipe_file.from_folder`).
    out
        Output folder. No other run may write to it meanwhile.
    resume
        Go on from the last checkpoint of every member, or begin where there is none. On one CPU thread
        the result is the same to the bit, wherever the run before was stopped.
    devices
        What to compute on.
    progress
        Show bars on stderr, if that is a terminal.

    Raises
    ------
    DeviceMemory
        ``device.memory`` if a batch does not fit into the memory of the GPU.
    CrysnbError
        As :func:`~crysnb.training.recipe_file.find_recipe`, :func:`~crysnb.training.folder.held`,
        :func:`~crysnb.training.folder.same_data` and :func:`~crysnb.training.devices.launch` say;
        ``training.diverged`` if the loss is no number any more; ``training.not_saved`` and
        ``training.not_read`` if a file cannot be written or read.
    """
    chosen = recipe if isinstance(recipe, Recipe) else find_recipe(recipe)
    chosen, source = _located(chosen, data)
    folder = Path(out)
    devices.on_gpu()
    started = time.perf_counter()
    with held(folder, chosen, resume=resume):
        try:
            train_one = _train if isinstance(chosen, TensorRecipe) else train_numbers
            launch(devices, train_one, chosen, source, folder, resume, progress)
        except torch.OutOfMemoryError as error:
            raise DeviceMemory(
                "device.memory",
                found=f"a batch of {chosen.batch_size} crystals does not fit into the memory of the GPU",
                action="Choose a smaller batch_size, or pass --accelerator cpu",
            ) from error
        except OSError as error:
            raise _not_accessible(error, folder) from error
        log.info("%s after %.1f min", folder / MODEL, (time.perf_counter() - started) / 60)
        return store.load(folder / MODEL).card


def _not_accessible(error: OSError, folder: Path) -> CrysnbError:
    """What a fault of the file system means: the run's own files are written, all others read."""
    named = error.filename
    if isinstance(named, str) and folder.resolve() not in (path := Path(named).resolve()).parents:
        return CrysnbError(
            "training.not_read",
            found=f"{quote(path.name)} in {quote(str(path.parent))}: {error.strerror or error}",
            action="Look at that file, and go on with --resume",
        )
    return CrysnbError(
        "training.not_saved",
        found=f"a file in {quote(str(folder))} cannot be written: {error.strerror or error}",
        action="Make room there, and go on with --resume",
    )


def _located(recipe: Recipe, data: str | Path | None) -> tuple[Recipe, Path]:
    """What to learn and the folder of its crystals; ``data`` may be that folder itself."""
    if data is not None and _holds_crystals(Path(data)):
        folder = Path(data).resolve()
        return from_folder(recipe, folder.name, published=is_published(folder)), folder
    base = data if data is not None else os.environ.get("CRYSNB_DATA")
    if base and _holds_crystals(Path(base) / recipe.dataset):
        return recipe, Path(base) / recipe.dataset
    raise CrysnbError(
        "data.missing",
        found=f"no data set {quote(recipe.dataset)}"
        + (f" under {quote(str(base))}" if base else ": no folder is named"),
        accepted=f"a folder {quote(recipe.dataset)} that holds {', '.join(LINES)}, "
        f"or {TABLE} and structure files",
        action="Pass the folder of your crystals, or of the data sets, as --data, or set CRYSNB_DATA",
    )


def _holds_crystals(folder: Path) -> bool:
    return any(is_file(folder / file) for file in (*LINES, TABLE))


@without_subnormals()
def _train(
    place: Place,
    recipe: TensorRecipe,
    source: Path,
    folder: Path,
    resume: bool,  # noqa: FBT001 - also called in new processes
    progress: bool,  # noqa: FBT001
) -> None:
    """What every process does; the first one writes."""
    loaded = load(source, recipe)
    train_set, val = loaded.parts["train"], loaded.parts["val"]
    write_down(place, recipe, loaded, folder)
    logs: dict[str, list[dict[str, Any]]] = {}
    ensemble = seeded_ensemble(recipe)
    for k, member in enumerate(ensemble.members):
        title = f"member {k + 1} of {recipe.members}"
        if place.is_first:
            log.info(title)
        own = recipe.with_changes(seed=recipe.seed + k, members=1)
        lessons = folder / CHECKPOINTS / f"lessons{k}"
        run = Run(
            own,
            train_set,
            val,
            folder / CHECKPOINTS / f"member{k}",
            network=_taught(place, own, source, train_set, lessons, resume=resume, progress=progress),
            place=place,
            title=title if progress else "",
        )
        member.load_state_dict(run.train(resume=resume).state_dict())
        if k == 0:
            train_set = settled(member, train_set, recipe.learns)
        logs[f"member {k + 1}"] = run.log
        if place.is_first:
            draw_curves(folder / PICTURE, recipe.name, logs)
    if place.is_first:
        _finish(recipe, ensemble, loaded, folder)
    place.wait()


def _finish(
    recipe: TensorRecipe, ensemble: TensorEnsemble, loaded: TrainingData[Labelled], folder: Path
) -> None:
    """Measure the ensemble and write the model folder."""
    val = loaded.parts["val"]
    metrics: dict[str, Any] = {}
    if val:
        metrics["val"] = evaluate(ensemble, val, recipe.learns)
    if val and recipe.members > 1:
        metrics["uncertainty_factor"] = uncertainty_factor(ensemble, val, recipe.learns)
    card = write_model(folder / MODEL, recipe, ensemble, loaded, metrics)
    if len(loaded.parts["train"]) > NEIGHBOURS and val:
        reference = feature_reference(ensemble, loaded, recipe.learns, recipe.name)
        store.save_reference(folder / MODEL, card, reference)


def _taught(
    place: Place,
    recipe: TensorRecipe,
    source: Path,
    crystals: list[Labelled],
    folder: Path,
    *,
    resume: bool,
    progress: bool,
) -> TensorNetwork | None:
    """What a member starts from: the network that took the recipe's lessons, or None without any.

    It is kept in ``folder``, so that going on does not repeat the lessons. Each member takes its own: members
    that start from the same network differ too little for their spread to tell of the error.
    """
    if not recipe.lessons:
        return None
    found = checkpoint.latest(folder, recipe.hash) if resume else None
    if found is not None and found.epoch >= recipe.lesson_epochs:
        network = seeded_network(recipe)
        own = {n.removeprefix("network."): v for n, v in found.tensors.items() if n.startswith("network.")}
        network.load_state_dict(own)
        return network
    lessons = load_lessons(source, recipe)
    if place.is_first:
        log.info("%d lessons, %d epochs", len(lessons), recipe.lesson_epochs)
    if lessons:
        same_data(folder.parent.parent, {"train": lessons}, write=place.is_first, name=LESSONS)
    title = "lessons" if progress else ""
    return taught(recipe, crystals, lessons, resume=resume, folder=folder, place=place, title=title)
