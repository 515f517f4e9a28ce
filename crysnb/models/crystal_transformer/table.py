"""The table of elements that the shipped CrystalTransformer has learned."""

from __future__ import annotations

from typing import cast

from crysnb.models.crystal_transformer.model import CrystalTransformer
from crysnb.models.interface import load_model
from crysnb.values.element_table import ElementTable

MODEL = "crystal-transformer"
NAME = "ct-uae"


def shipped_table() -> ElementTable:
    """Vectors of the elements from the weights of the shipped model, so that there is no second copy.

    It has seen the training crystals alone: no label of a validation or test crystal. Elements that none of
    them contains have no vector. ``meta`` holds the number of training crystals of each element, seed,
    hashes of recipe and weights, split and licence.

    Raises
    ------
    UnknownName
        If the model does not come with this installation.
    """
    model = load_model(MODEL, device="cpu")
    card = model.card
    table = cast("CrystalTransformer", model.network).element_embedding(card.element_counts, NAME)
    return table.replaced(
        source=f"first layer of the model {card.name}, which learned {', '.join(card.properties)}",
        trained_on=card.dataset["name"],
        crystals=card.dataset["crystals"],
        split=card.dataset["split"],
        licence=card.dataset["licence"],
        citation="Jin et al. 2025, doi:10.1038/s41467-025-56481-x",
        seed=card.training["seed"],
        recipe_sha256=card.training["recipe_sha256"],
        weights_sha256=card.sha256,
    )
