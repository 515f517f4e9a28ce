"""Recipes of networks that learn numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from crysnb.errors import ShapeError, quote
from crysnb.training.recipe import NAME, Recipe
from crysnb.values.property_spec import property_spec


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalarRecipe(Recipe):
    """A run that learns one or several numbers together.

    Attributes
    ----------
    targets
        Keys of the labels; a crystal needs one of them.
    learns
        Names of the properties, one for each key.
    subset
        File of the data set's folder that says which crystals make up which part, e.g. ``mp12k.json``;
        empty for ``split.json``.
    count
        Learn from so many crystals of the training part, the first by the SHA-256 digest of their ids; 0 for
        all.
    max_atoms
        Larger cells are left out.
    huber
        Errors below this, in units of the labels' spread, count as their square (Huber 1964,
        doi:10.1214/aoms/1177703732); 0 for the absolute error.
    """

    targets: tuple[str, ...]
    learns: tuple[str, ...]
    subset: str = ""
    count: int = 0
    max_atoms: int = 500
    huber: float = 0.0

    later: ClassVar[frozenset[str]] = Recipe.later - {"family"}
    limits: ClassVar[dict[str, tuple[float, float]]] = {
        **Recipe.limits,
        "count": (0, 10**9),
        "max_atoms": (1, 500),
        "huber": (0.0, 100.0),
    }

    def __post_init__(self) -> None:
        Recipe.__post_init__(self)  # slots: the class that super() would find is another one
        if self.subset and not (NAME.fullmatch(self.subset) and self.subset.endswith(".json")):
            raise _refuse(
                f"subset = {quote(self.subset)}", "the name of a .json file in the data set's folder"
            )
        if tuple(self.model.properties) != self.learns:
            heads = ", ".join(self.model.properties)
            raise ShapeError(
                "recipe.learns",
                found=f"learns {quote(', '.join(self.learns))}, and the network has {quote(heads)}",
                accepted="the properties of the network, in their order",
                action="Set properties too",
            )
        if (
            not self.learns
            or len(self.targets) != len(self.learns)
            or len(set(self.targets)) != len(self.targets)
        ):
            raise _refuse(
                f"{len(self.targets)} targets for {len(self.learns)} properties", "one key for each property"
            )
        for name in self.learns:
            if property_spec(name).tensor is not None:
                raise _refuse(f"the tensor {quote(name)}", "properties that are numbers")

    @property
    def heads(self) -> tuple[str, ...]:
        """The properties that are learned."""
        return self.learns


def _refuse(found: str, accepted: str) -> ShapeError:
    return ShapeError("recipe.range", found=found, accepted=accepted)
