"""What every run begins with."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from crysnb.datasets.source import SPLIT
from crysnb.files import write_whole
from crysnb.training.data import TrainingData
from crysnb.training.folder import same_data
from crysnb.training.place import Place
from crysnb.training.recipe import Recipe

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


def write_down(place: Place, recipe: Recipe, loaded: TrainingData[Any], folder: Path) -> None:
    """Tell what is learned from and keep it in the folder of the run, or check that it is the same."""
    if place.is_first:
        log.info(
            "%s: %d training and %d validation crystals; left out %s",
            recipe.name,
            len(loaded.parts["train"]),
            len(loaded.parts["val"]),
            loaded.left_out,
        )
    same_data(folder, loaded.parts, write=place.is_first)
    if place.is_first and folder.resolve() != loaded.folder:  # where the split is the user's own file
        text = json.dumps({part: list(ids) for part, ids in loaded.split.items()}, indent=1) + "\n"
        write_whole(folder / SPLIT, text.encode(), overwrite=True)
