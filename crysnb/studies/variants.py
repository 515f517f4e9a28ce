"""What the ablation changes, one choice each."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from crysnb.studies.treatments import (
    LearnedElements,
    MultiTask,
    Plain,
    PlainTarget,
    Pretrained,
    Projected,
    SharedTrunk,
)
from crysnb.training.data import Labelled
from crysnb.training.loop import Run
from crysnb.training.recipe import Recipe
from crysnb.training.tensor_recipe import TensorRecipe

#: Builds the run of a recipe on the training crystals; gets the folder of the data sets too.
Starter = Callable[[TensorRecipe, Sequence[Labelled], Path | None], Run]

AnyRecipe = TypeVar("AnyRecipe", bound=Recipe)


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One row of the ablation.

    Attributes
    ----------
    name
        Of the row.
    changes
        Fields of the recipe or of the network's configuration.
    start
        Builds the run of a tensor, for what is no field of the recipe. Its ``repr`` tells its settings.
    """

    name: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    start: Starter = field(default_factory=Plain)

    def recipe(self, base: AnyRecipe) -> AnyRecipe:
        """The recipe with this variant's changes."""
        return base.with_changes(**self.changes)

    def config_hash(self, recipe: Recipe) -> str:
        """SHA-256 of recipe and start: a result stands for this configuration alone."""
        if isinstance(self.start, Plain):
            return recipe.hash
        return hashlib.sha256(f"{recipe.hash} {self.start!r}".encode()).hexdigest()


#: Sizes and training of the published network (Yan et al. 2024, arXiv 2406.12888), as far as ours has them:
#: order 2, 512 radial functions, the shells of 16 neighbours, no noise, no dropout, no average of weights.
_OFFICIAL: dict[str, Any] = {
    "l_max": 2,
    "n_radial": 512,
    "neighbors": 16,
    "noise": 0.0,
    "dropout": 0.0,
    "ema": 0.0,
}

#: Of a permittivity, in the order in which they run.
VARIANTS: tuple[Variant, ...] = (
    Variant(name="base"),
    Variant(name="angular order 2", changes={"l_max": 2}),
    Variant(name="angular order 3", changes={"l_max": 3}),
    Variant(name="ε itself as target", start=PlainTarget()),
    Variant(name="projection in training", start=Projected()),
    Variant(name="pre-trained on energy and gap", start=Pretrained(crystals=4000, epochs=6)),
    Variant(name="learned elements only", start=LearnedElements(descriptors=False)),
    Variant(name="no noise", changes={"noise": 0.0}),
    Variant(name="no dropout", changes={"dropout": 0.0}),
    Variant(name="no EMA", changes={"ema": 0.0}),
    Variant(name="cut-off 4.5 Å", changes={"cutoff": 4.5}),
    Variant(name="cut-off 6.5 Å", changes={"cutoff": 6.5}),
    Variant(name="width 32", changes={"width": 32}),
    Variant(name="width 96", changes={"width": 96}),
    Variant(name="energy and gap beside", start=MultiTask(crystals=4000, weight=0.5)),
    Variant(name="learned elements and descriptors", start=LearnedElements(descriptors=True)),
    Variant(name="official-like", changes=_OFFICIAL, start=PlainTarget()),
)

#: Of a stiffness, in the order in which they run.
ELASTIC_VARIANTS: tuple[Variant, ...] = (
    Variant(name="base"),
    Variant(name="no lessons in K and G", changes={"lessons": (), "lesson_epochs": 0}),
    Variant(name="2015 tensors alone", changes={"also": ()}),
    Variant(name="no error of K and G", changes={"moduli_weight": 0.0}),
    Variant(name="angular order 2", changes={"l_max": 2}),
    Variant(name="no noise", changes={"noise": 0.0}),
    Variant(name="no dropout", changes={"dropout": 0.0}),
    Variant(name="cut-off 4.5 Å", changes={"cutoff": 4.5}),
    Variant(name="width 96", changes={"width": 96}),
    Variant(
        name="official-like",
        changes=_OFFICIAL
        | {"lessons": (), "lesson_epochs": 0, "also": (), "epochs": 60, "moduli_weight": 0.0},
        start=PlainTarget(),
    ),
)


#: Of a piezoelectric tensor, in the order in which they run.
PIEZOELECTRIC_VARIANTS: tuple[Variant, ...] = (
    Variant(name="base"),
    Variant(name="angular order 4", changes={"l_max": 4}),
    Variant(name="more noise and dropout", changes={"noise": 0.06, "dropout": 0.2}),
    Variant(name="no noise, no dropout", changes={"noise": 0.0, "dropout": 0.0}),
    Variant(name="twice the epochs", changes={"epochs": 80}),
    Variant(name="pre-trained on energy and gap", start=Pretrained(crystals=4000, epochs=6)),
    Variant(name="ε beside", start=SharedTrunk(("gmtnet-dielectric",), weight=0.5)),
    Variant(name="ε and c beside", start=SharedTrunk(("gmtnet-dielectric", "gmtnet-elastic"), weight=0.5)),
    Variant(name="official-like", changes=_OFFICIAL, start=PlainTarget()),
)


#: Of a network of capsules that learns numbers, in the order in which they run.
CAPSULE_VARIANTS: tuple[Variant, ...] = (
    Variant(name="base"),
    Variant(name="no object capsules", changes={"object_capsules": False}),
    Variant(name="with votes and likelihood", changes={"likelihood": True}),
    Variant(name="no capsule attention", changes={"capsule_attention": False}),
    Variant(name="no star attention", changes={"star_attention": False}),
    Variant(name="no sparsity", changes={"sparsity": False}),
    Variant(name="no composition gate", changes={"composition": False}),
    Variant(name="angular order 0", changes={"l_max": 0, "pose": [2]}),
    Variant(name="angular order 4", changes={"l_max": 4, "pose": [2, 2, 2, 1, 1]}),
    Variant(name="no dropout", changes={"dropout": 0.0}),
)
#: Of other networks that learn numbers.
NUMBER_VARIANTS: tuple[Variant, ...] = (Variant(name="base"),)


def variants_of(recipe: Recipe) -> tuple[Variant, ...]:
    """The variants that make sense for what a recipe learns."""
    if not isinstance(recipe, TensorRecipe):
        return CAPSULE_VARIANTS if recipe.family == "sen" else NUMBER_VARIANTS
    return {"elastic": ELASTIC_VARIANTS, "piezoelectric": PIEZOELECTRIC_VARIANTS}.get(recipe.learns, VARIANTS)
