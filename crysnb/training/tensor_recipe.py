"""Recipes of networks that learn tensors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from crysnb.errors import ShapeError, quote
from crysnb.models.tensor_network import MAX_MEMBERS
from crysnb.training.recipe import Recipe


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorRecipe(Recipe):
    """A run that learns one tensor.

    Attributes
    ----------
    learns
        Name of the property that is learned.
    target
        Key of the label.
    max_entry
        Crystals with a larger absolute label entry are left out.
    latent_weight, relative_weight, anisotropy_weight
        Weights of the three terms of the loss (see :mod:`crysnb.training.loss`).
    moduli_weight
        Weight of the error of K and G, for a stiffness.
    lessons
        Data sets with K and G alone, whose training parts are learned first (see
        :mod:`crysnb.training.moduli`).
    lesson_epochs, lesson_atoms
        How often, and the largest number of atoms of a cell in the lessons.
    members
        Number of networks in the ensemble.
    """

    learns: str
    target: str
    max_entry: float
    latent_weight: float = 1.0
    relative_weight: float = 1.0
    anisotropy_weight: float = 0.1
    members: int = 1
    moduli_weight: float = 0.0
    lessons: tuple[str, ...] = ()
    lesson_epochs: int = 0
    lesson_atoms: int = 16

    later: ClassVar[frozenset[str]] = Recipe.later | {
        "moduli_weight",
        "lessons",
        "lesson_epochs",
        "lesson_atoms",
    }
    limits: ClassVar[dict[str, tuple[float, float]]] = {
        **Recipe.limits,
        "max_entry": (1e-12, 1e12),
        "latent_weight": (0.0, 1e6),
        "relative_weight": (0.0, 1e6),
        "anisotropy_weight": (0.0, 1e6),
        "moduli_weight": (0.0, 1e6),
        "members": (1, MAX_MEMBERS),
        "lesson_epochs": (0, 100_000),
        "lesson_atoms": (1, 500),
    }

    def __post_init__(self) -> None:
        Recipe.__post_init__(self)  # slots: the class that super() would find is another one
        if self.learns not in self.model.properties:
            heads = ", ".join(self.model.properties)
            raise ShapeError(
                "recipe.learns",
                found=f"learns {quote(self.learns)}, and the network has {quote(heads)}",
                accepted="a property among those of the network",
                action="Set properties too",
            )

    @property
    def heads(self) -> tuple[str, ...]:
        """The property that is learned."""
        return (self.learns,)
