"""M1: an element without a trained row is refused; every atomic number is tried."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

import crysnb as cn
from crysnb.errors import OutOfDomain, WeightsCorrupt
from crysnb.models.interface import load_model
from crysnb.structure.elements import SYMBOLS
from crysnb.weights import store

COUNTS = load_model("gmtnet-dielectric").card.element_counts


def oxide(symbol: str) -> Structure:
    return Structure(Lattice.cubic(4.4), [symbol, "O"], [[0, 0, 0], [0.5, 0.5, 0.5]])


def test_the_table_has_both_kinds() -> None:
    assert len(SYMBOLS) == 118
    assert 40 < len(set(COUNTS) & set(SYMBOLS)) < 118


@pytest.mark.parametrize("symbol", [s for s in SYMBOLS if not COUNTS.get(s)])
def test_an_element_that_was_not_trained_is_refused(symbol: str) -> None:
    with pytest.raises(OutOfDomain) as caught:
        cn.predict(oxide(symbol))
    assert caught.value.code == "domain.element"
    assert symbol in caught.value.text
    with pytest.raises(OutOfDomain):
        cn.trace(oxide(symbol))


def test_every_trained_element_gives_a_number() -> None:
    trained = [s for s in SYMBOLS if COUNTS.get(s) and s != "O"]
    for symbol, p in zip(trained, cn.predict([oxide(s) for s in trained]), strict=True):
        assert np.isfinite(p.value).all(), symbol


def test_a_card_cannot_open_the_gate(tmp_path: Path) -> None:
    """A forged card that counts an element without features is refused before the network meets it."""
    stored = store.load("gmtnet-dielectric")
    forged = dataclasses.replace(stored.card, element_counts={**COUNTS, "Og": 1000})
    store.save(tmp_path, forged, stored.tensors)
    with pytest.raises(WeightsCorrupt, match="Og"):
        cn.predict(oxide("Og"), tmp_path)
    store.save(tmp_path, dataclasses.replace(forged, element_counts={**COUNTS, "Lr": 1000}), stored.tensors)
    assert np.isfinite(cn.predict(oxide("Lr"), tmp_path).value).all()


def test_neighbours_beyond_the_reach_of_the_model() -> None:
    """Found by fuzzing: without one edge the network ended in a bare RuntimeError."""
    apart = Structure(Lattice.cubic(9.0), ["Ti", "O"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    for call in (cn.predict, cn.trace):
        with pytest.raises(OutOfDomain) as caught:
            call(apart)
        assert caught.value.code == "domain.no_neighbors"
    lonely = Structure(Lattice.cubic(12.0), ["Ti", "O", "O"], [[0, 0, 0], [0.1, 0, 0], [0.5, 0.5, 0.5]])
    notice = next(n for n in cn.predict(lonely).notices if n.code == "domain.no_neighbors")
    assert "1 of 3 atoms" in notice.text
