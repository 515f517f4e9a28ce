"""Batches that fit, and what happens when one does not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from crysnb.errors import DeviceMemory
from crysnb.models.interface import Model
from crysnb.values.crystal_batch import CrystalBatch, collate

#: Edges per batch; about 100 MB of intermediates for the shipped sizes.
MAX_EDGES = 40_000

_OUT_OF_MEMORY = re.compile(
    r"out of memory|can't allocate memory|not enough memory|alloc_failed", re.IGNORECASE
)


def chunks(graphs: Sequence[CrystalBatch], batch_size: int | None) -> Iterator[range]:
    """Consecutive ranges of graphs: ``batch_size`` each, or as many as :data:`MAX_EDGES` allows."""
    start = edges = 0
    for k, graph in enumerate(graphs):
        full = k - start >= batch_size if batch_size else edges + graph.n_edges > MAX_EDGES
        if k > start and full:
            yield range(start, k)
            start, edges = k, 0
        edges += graph.n_edges
    if start < len(graphs):
        yield range(start, len(graphs))


def forward_all(
    model: Model, graphs: Sequence[CrystalBatch], batch_size: int | None
) -> tuple[list[dict[str, Tensor]], set[str]]:
    """Results of every graph in order, and the devices that did the work."""
    results: list[dict[str, Tensor]] = []
    devices: set[str] = set()
    for chunk in chunks(graphs, batch_size):
        results += _forward(model, [graphs[k] for k in chunk], devices)
    return results, devices


def _forward(model: Model, graphs: list[CrystalBatch], devices: set[str]) -> list[dict[str, Tensor]]:
    try:
        output = model.forward(collate(graphs))
    except (RuntimeError, MemoryError) as error:
        if not (isinstance(error, MemoryError) or _OUT_OF_MEMORY.search(str(error))):
            raise
        output = None
    # Outside the except block, so that the failed attempt's tensors are free before the next one.
    if output is not None:
        devices.add(str(model.device))
        return [{k: v[i] for k, v in output.items()} for i in range(len(graphs))]
    if model.device.type == "cuda":
        torch.cuda.empty_cache()
    if len(graphs) > 1:
        half = len(graphs) // 2
        return _forward(model, graphs[:half], devices) + _forward(model, graphs[half:], devices)
    if model.device.type != "cpu":
        return _forward(model.on(torch.device("cpu")), graphs, devices)
    raise DeviceMemory(
        "device.memory",
        found=f"no memory for one crystal of {graphs[0].n_atoms} atoms and {graphs[0].n_edges} edges",
        accepted="a smaller cell",
        action="Use the primitive cell or a machine with more memory",
    )
