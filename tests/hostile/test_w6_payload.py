"""W6: no update of a view is larger than 5 MB; what the shipped views send stays far below.

Files on their way in are bounded by their size, before they travel: ``widgets/test/upload.test.ts``.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

pytest.importorskip("anywidget", reason="the notebook extra is not installed")

import crysnb as cn
from crysnb.structure.read import read
from crysnb.widgets.base import ExplainerWidget
from crysnb.widgets.crystal_view import crystal
from crysnb.widgets.messages import MAX_SENT_BYTES, n_bytes
from crysnb.widgets.story import Sentence
from crysnb.widgets.story_view import StoryView

LIMIT = 5_000_000


def test_a_map_of_a_million_points_is_refused_with_what_to_do() -> None:
    points = [0.5] * 2_000_000
    with pytest.raises(cn.CrysnbError) as caught:
        ExplainerWidget(data={"points": points})
    assert caught.value.code == "view.too_large"
    assert "8.0 MB" in caught.value.found
    assert "5 MB" in caught.value.accepted
    assert caught.value.action


def test_an_update_that_is_too_large_leaves_what_is_shown() -> None:
    view = StoryView("title", [Sentence("fact", "short")], [])
    before = view.data
    with pytest.raises(cn.CrysnbError):
        view.update("title", [Sentence("fact", "x" * LIMIT)], [])
    assert view.data == before
    assert "xxx" not in view.to_text()
    view.close()


def test_the_limit_counts_bytes_as_they_are_sent() -> None:
    assert MAX_SENT_BYTES == LIMIT
    view = ExplainerWidget()
    empty = n_bytes({"a": ""})
    view.data = {"a": "x" * (LIMIT - empty)}
    for text in ("x" * (LIMIT - empty + 1), "Å" * (LIMIT // 2), '"' * (LIMIT // 2)):
        with pytest.raises(cn.CrysnbError):
            view.data = {"a": text}
    view.close()


def _full_cell() -> Any:
    """500 sites, the most that is admitted, on a grid 2.2 Å wide."""
    from pymatgen.core import Lattice, Structure

    grid = [(i / 10, j / 10, k / 5) for i in range(10) for j in range(10) for k in range(5)]
    return Structure(Lattice.orthorhombic(22, 22, 11), ["Si"] * 500, grid)


def test_the_largest_crystal_stays_far_below_the_limit() -> None:
    structure = _full_cell()
    tensors = np.random.default_rng(0).normal(size=(500, 3, 3))
    sizes = {}
    for name, view in (
        (
            "crystal",
            crystal(structure, scalars=np.arange(500.0), glyphs=tensors + tensors.transpose(0, 2, 1)),
        ),
        ("structure", cn.show(structure)),
    ):
        sizes[name] = len(json.dumps(view.get_state(["data"])["data"], ensure_ascii=False).encode())
        view.close()
    print(f"500 sites: {sizes} bytes")  # noqa: T201 - the numbers of the row
    assert len(read(structure).structure) == 500
    assert max(sizes.values()) < LIMIT / 2
