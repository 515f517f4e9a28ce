"""M2: an element in few training crystals is predicted, with a notice that says how few."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from pymatgen.core import Lattice, Structure

import crysnb as cn
from crysnb.predict.domain import RARE_BELOW


def chloride(symbol: str) -> Structure:
    return Structure.from_spacegroup(
        "Fm-3m", Lattice.cubic(5.6), [symbol, "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]]
    )


@pytest.mark.parametrize("count", [1, RARE_BELOW - 1, RARE_BELOW, 500])
def test_the_count_decides_and_is_told(fake_model: Any, plain: Any, count: int) -> None:
    model = fake_model(
        lambda batch, _: {"dielectric": plain(batch)}, element_counts={"Na": count, "Cl": 900, "K": 3}
    )
    notices = [n for n in cn.predict(chloride("Na"), model).notices if n.code == "domain.rare_element"]
    assert len(notices) == (count < RARE_BELOW)
    for notice in notices:
        assert notice.severity == "warning"
        assert f"Na ({count})" in notice.text
        assert "Cl" not in notice.text


def test_all_rare_elements_are_listed_rarest_first(fake_model: Any, plain: Any) -> None:
    model = fake_model(lambda batch, _: {"dielectric": plain(batch)}, element_counts={"Na": 7, "Cl": 2})
    text = next(n.text for n in cn.predict(chloride("Na"), model).notices if n.code == "domain.rare_element")
    assert "Cl (2), Na (7)" in text


def test_the_shipped_model_tells_its_own_counts() -> None:
    counts = cn.load_model("gmtnet-dielectric").card.element_counts
    rare = [s for s, n in counts.items() if 0 < n < RARE_BELOW]
    assert rare
    for symbol in itertools.islice(rare, 3):
        notices = cn.predict(chloride(symbol)).notices
        assert any(f"{symbol} ({counts[symbol]})" in n.text for n in notices), symbol
