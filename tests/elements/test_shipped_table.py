"""What the shipped table of elements knows, beside what it would know by chance."""

from __future__ import annotations

import numpy as np
import pytest

from crysnb.elements.cluster import cluster_elements
from crysnb.elements.probes import probe
from crysnb.elements.table import element_table
from crysnb.models.crystal_transformer.model import CrystalTransformer
from crysnb.values.element_table import ElementTable


@pytest.fixture(scope="module")
def shipped() -> ElementTable:
    table = element_table("ct-uae")
    return table.select(table.seen)


def test_it_knows_electronegativity_and_the_mendeleev_number(shipped: ElementTable) -> None:
    untrained = CrystalTransformer(preset="small").element_embedding().select(shipped.elements)
    for target, least in (("X", 0.6), ("mendeleev", 0.45)):
        known = probe(shipped, [target], n_permutations=1)[target].r2
        assert known >= least
        assert known > probe(untrained, [target], n_permutations=1)[target].r2 + 0.3


def test_its_groups_are_no_noise_and_those_of_shuffled_rows_are(shipped: ElementTable) -> None:
    assert not cluster_elements(shipped).is_noise
    rows = np.random.default_rng(0).permutation(shipped.vectors)
    assert cluster_elements(ElementTable(rows, shipped.elements, "shuffled")).is_noise
