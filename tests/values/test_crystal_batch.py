"""The batched graph refuses what it does not promise, and joins crystals in order."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from crysnb.errors import ShapeError
from crysnb.graph.build import build, build_one
from crysnb.structure.examples import example
from crysnb.values.crystal_batch import CrystalBatch, collate


@pytest.fixture
def batch() -> CrystalBatch:
    return build([example("NaCl"), example("GaAs")], 4.0)


def test_edge_vectors_reach_the_neighbour(batch: CrystalBatch) -> None:
    nacl = example("NaCl")
    first = build_one(nacl, 3.0)
    assert first.edge_vector.norm(dim=1).tolist() == pytest.approx([nacl.lattice.a / 2] * 48)


def test_collate_keeps_each_crystal(batch: CrystalBatch) -> None:
    singles = [build_one(example(name), 4.0) for name in ("NaCl", "GaAs")]
    assert batch.n_crystals == 2
    assert batch.n_edges == sum(s.n_edges for s in singles)
    torch.testing.assert_close(batch.edge_vector, torch.cat([s.edge_vector for s in singles]))


@pytest.mark.parametrize(
    "change",
    [
        lambda b: {"frac": b.frac.float()},
        lambda b: {"frac": b.frac * float("nan")},
        lambda b: {"cell": b.cell * 0},
        lambda b: {"crystal_of_atom": b.crystal_of_atom.flip(0)},
        lambda b: {"crystal_of_atom": b.crystal_of_atom * 2},
        lambda b: {"edge_index": b.edge_index.flip(1)},
        lambda b: {"edge_image": b.edge_image[:-1]},
    ],
)
def test_broken_batches_are_refused(batch: CrystalBatch, change: object) -> None:
    with pytest.raises(ShapeError, match=r"batch\.invalid"):
        replace(batch, **change(batch))  # type: ignore[operator]


def test_nothing_to_collate() -> None:
    with pytest.raises(ShapeError, match="no crystals"):
        collate([])
