"""The table of elements that ships inside the weights of CrystalTransformer."""

from __future__ import annotations

import numpy as np

from crysnb.models.crystal_transformer.table import MODEL, shipped_table
from crysnb.models.interface import load_model
from crysnb.weights import store


def test_the_shipped_table_is_the_first_layer_and_knows_what_it_has_seen() -> None:
    table, card = shipped_table(), store.shipped_card(MODEL)
    assert set(table.seen) == set(card.element_counts)
    assert table.counts == card.element_counts
    assert "Og" in table.unseen
    weights = load_model(MODEL, device="cpu").network.elements.detach().double().numpy()
    np.testing.assert_array_equal(table["O"], weights[8])


def test_the_shipped_table_says_where_it_comes_from() -> None:
    meta, card = shipped_table().meta, store.shipped_card(MODEL)
    assert meta["weights_sha256"] == card.sha256
    assert meta["crystals"]["train"] == 9579
    assert "test" not in meta["crystals"]
    assert meta["seed"] == card.training["seed"]
    assert meta["licence"].startswith("CC BY")
    assert "reduced formula" in meta["split"]
