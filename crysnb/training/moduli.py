"""Bulk and shear moduli as lessons for a network of stiffness tensors: many more crystals have them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor

from crysnb.models.tensor_head import TensorHead
from crysnb.models.tensor_network import TensorNetwork
from crysnb.training.data import Labelled
from crysnb.training.loop import seeded_network, standardise
from crysnb.training.loss import moduli_loss
from crysnb.training.pretrain import Lessons, formulas_outside, load_scalars
from crysnb.training.scalar_data import ScalarCrystal
from crysnb.training.tensor_recipe import TensorRecipe
from crysnb.values.crystal_batch import CrystalBatch
from crysnb.values.trace import no_tap

#: Keys of Hill's K and G in GPa, per data set.
KEYS: dict[str, tuple[str, str]] = {
    "mp_moduli_3k": ("k_vrh", "g_vrh"),
    "mp_moduli_binary": ("bulk_modulus_vrh", "shear_modulus_vrh"),
}


def load_lessons(folder: Path, recipe: TensorRecipe) -> list[ScalarCrystal]:
    """Crystals with K and G of the training parts of ``recipe.lessons``, which lie beside ``folder``.

    Formulas that the recipe's own data set has outside its training part are left out whatever the other
    data set says, and so are crystals with a modulus that is not positive.
    """
    if not recipe.lessons:
        return []
    excluded = formulas_outside(folder, "train")
    found = [
        crystal
        for name in recipe.lessons
        for crystal in load_scalars(
            folder.parent / name,
            cutoff=recipe.model.cutoff,
            count=None,
            max_atoms=recipe.lesson_atoms,
            excluded=excluded,
            targets=KEYS[name],
        )
    ]
    return [c for c in found if bool((c.label > 0).all())]


def taught(
    recipe: TensorRecipe,
    train: Sequence[Labelled],
    lessons: Sequence[ScalarCrystal],
    *,
    resume: bool = False,
    **settings: Any,
) -> TensorNetwork:
    """A network from the recipe's seed that has learned K and G of ``lessons``.

    Both are those of the predicted tensor, so that trunk and head learn and nothing is thrown away later.
    ``settings`` are those of :class:`~crysnb.training.stage.Stage`.
    """
    network = seeded_network(recipe)
    if not lessons:
        return network
    head = cast("TensorHead", network.heads[recipe.learns])
    standardise(head, head.target.latent(torch.stack([c.label for c in train])))

    def loss_of(batch: CrystalBatch, moduli: Tensor) -> Tensor:
        x, features = network.trunk(batch)
        latent = head.latent(x, features, batch.crystal_of_atom, batch.n_crystals, no_tap, "")
        with torch.autocast(latent.device.type, enabled=False):  # averages of moduli need all digits
            return moduli_loss(latent.float(), moduli)

    parameters = list(network.parameters())
    Lessons(recipe, network, lessons, recipe.lesson_epochs, loss_of, parameters, **settings).run(
        resume=resume
    )
    return network.cpu()
