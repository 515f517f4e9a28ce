"""SEN-E3 for a crystal of 24 atoms, one thread, single precision.

Budgets: 60 ms for a prediction with the fast preset, 300 ms for a full trace with the analysis preset. The
peer of the same run is the tensor product of one environment update alone, by e3nn with weights per edge.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from functools import partial

import torch
from e3nn import o3
from torch import nn

from crysnb.graph.build import build
from crysnb.models.sen.config import SENConfig
from crysnb.models.sen.model import SEN
from crysnb.structure.examples import example
from crysnb.structure.transforms import supercell
from crysnb.values.crystal_batch import CrystalBatch
from crysnb.values.trace import Recorder

REPEATS = 15
BUDGET_MS = {"fast": 60.0, "analysis": 300.0}


def median_ms(call: Callable[[], object]) -> float:
    """Median CPU milliseconds, after two warm-ups."""
    times = []
    for _ in range(REPEATS + 2):
        start = time.process_time()
        call()
        times.append(1e3 * (time.process_time() - start))
    return statistics.median(times[2:])


class PlainProduct(nn.Module):
    """Neighbours' features ⊗ directions with weights per edge, edge by edge."""

    def __init__(self, config: SENConfig) -> None:
        super().__init__()
        natural = [(order, (-1) ** order) for order in range(config.l_max + 1)]
        inputs = o3.Irreps([(config.channels, irrep) for irrep in natural])
        harmonics = o3.Irreps.spherical_harmonics(config.l_max)
        outputs = o3.Irreps([(config.channels, irrep) for irrep in natural])
        paths = [
            (i, j, k, "uvu", True)
            for i, (l1, _) in enumerate(natural)
            for j, (l2, _) in enumerate(natural)
            for k, (l3, _) in enumerate(natural)
            if (l1 + l2 + l3) % 2 == 0 and abs(l1 - l2) <= l3 <= l1 + l2
        ]
        self.product = o3.TensorProduct(
            inputs, harmonics, outputs, paths, shared_weights=False, internal_weights=False
        )

    def forward(self, batch: CrystalBatch, x: torch.Tensor, y: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        """Messages summed over the neighbours of every atom."""
        centre, neighbour = batch.edge_index
        message = self.product(x[neighbour], y, w)
        return torch.zeros(batch.n_atoms, message.shape[1]).index_add(0, centre, message)


def traced(network: SEN, batch: CrystalBatch) -> object:
    """Outputs of a run that records every tensor."""
    return network(batch, Recorder())


def main() -> None:
    """Print one JSON line per preset."""
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    for name, config in (("fast", SENConfig.fast()), ("analysis", SENConfig.analysis())):
        batch = build([supercell(example("rutile"), (2, 2, 1))], config.cutoff)
        network, peer = SEN(config).eval(), PlainProduct(config)
        x = torch.randn(batch.n_atoms, peer.product.irreps_in1.dim)
        y = torch.randn(batch.n_edges, peer.product.irreps_in2.dim)
        w = torch.randn(batch.n_edges, peer.product.weight_numel)
        with torch.inference_mode():
            plain = median_ms(partial(network, batch))
            recorded = median_ms(partial(traced, network, batch))
            product = median_ms(partial(peer, batch, x, y, w))
        print(
            json.dumps(
                {
                    "benchmark": "sen_forward",
                    "preset": name,
                    "parameters": sum(p.numel() for p in network.parameters()),
                    "atoms": batch.n_atoms,
                    "edges": batch.n_edges,
                    "ms": round(plain, 1),
                    "traced_ms": round(recorded, 1),
                    "budget_ms": BUDGET_MS[name],
                    "peer": "one e3nn tensor product of the same channels and orders, alone",
                    "peer_ms": round(product, 1),
                }
            )
        )


if __name__ == "__main__":
    main()
