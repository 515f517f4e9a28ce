"""S13: molecules, wires and slabs in a box are outside the domain, and it is said."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

from crysnb.structure.read import read

CODE = "structure.vacuum"
RULE = ["crysnb.structure.remarks.vacuum"]
BOX = [[20, 0, 0], [0, 20, 0], [0, 0, 20]]
GRAPHENE = [[2.46, 0, 0], [-1.23, 2.1304, 0], [0, 0, 20]]
CASES = [
    ("isolated atom", "cell", [BOX, [[0, 0, 0]], [18]], CODE, RULE),
    ("molecule across the boundary", "cell", [BOX, [[0.02, 0, 0], [0.98, 0, 0]], [7, 7]], CODE, RULE),
    ("slab", "cell", [GRAPHENE, [[1 / 3, 2 / 3, 0.5], [2 / 3, 1 / 3, 0.5]], [6, 6]], CODE, RULE),
    ("wire", "cell", [[[15, 0, 0], [0, 15, 0], [0, 0, 2.5]], [[0, 0, 0]], [79]], CODE, RULE),
    (
        "not periodic",
        "atoms",
        {
            "lattice": [[4, 0, 0], [0, 4, 0], [0, 0, 4]],
            "species": ["Cu"],
            "positions": [[0, 0, 0]],
            "pbc": [True, True, False],
        },
        CODE,
        [],
    ),
]


def test_empty_space_is_noticed(assert_noticed: Any) -> None:
    assert_noticed(CASES)


def test_graphite_is_no_slab() -> None:
    cell = [GRAPHENE[0], GRAPHENE[1], [0, 0, 6.71]]
    places = [[0, 0, 0.25], [1 / 3, 2 / 3, 0.25], [0, 0, 0.75], [2 / 3, 1 / 3, 0.75]]
    assert CODE not in [n.code for n in read((cell, places, [6] * 4)).notices]


def test_real_two_dimensional_crystals_and_real_bulk(data_dir: Path) -> None:
    def share(name: str) -> float:
        with gzip.open(data_dir / name / "structures.jsonl.gz", "rt") as file:
            records = [json.loads(line) for _, line in zip(range(100), file, strict=False)]
        codes = [[n.code for n in read(record).notices] for record in records]
        return sum(CODE in c for c in codes) / len(codes)

    assert share("mc2d_258") >= 0.99
    assert share("mp_dielectric") <= 0.01
