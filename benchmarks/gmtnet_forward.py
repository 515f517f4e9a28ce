"""GMTNet forward for a batch of 64 crystals, one thread, single precision, all three heads.

The peer of the same run is the tensor-product part alone of the published layout (Yan et al. 2024):
512 Gaussians into a linear layer, and its three convolutions with a fully connected tensor product
and weights per edge, built from e3nn on the same number of atoms and edges. The published network has
attention layers, a head and symmetry processing on top, so the ratio flatters the peer.
"""

from __future__ import annotations

import json
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch
from e3nn import o3
from torch import Tensor, nn

from crysnb.datasets.records import raw_records, to_record
from crysnb.graph.build import build
from crysnb.models.gmtnet.config import GMTNetConfig
from crysnb.models.gmtnet.model import GMTNet
from crysnb.structure.examples import example, examples
from crysnb.values.crystal_batch import CrystalBatch

N_CRYSTALS, REPEATS = 64, 7
LAYERS = (
    ("16x0e", "16x0e+2x1o+2x2e"),
    ("16x0e+2x1o+2x2e", "16x0e+2x1o+2x1e+2x2e+2x2o"),
    ("16x0e+2x1o+2x1e+2x2e+2x2o", "0e+0o+1e+1o+2e+2o+3e+3o"),
)


class PublishedConvolutions(nn.Module):
    """Radial features and three tensor-product convolutions of the published sizes."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("centres", torch.linspace(-4, 0, 512))
        self.radial = nn.Sequential(nn.Linear(512, 128), nn.Softplus())
        self.products = nn.ModuleList(
            o3.FullyConnectedTensorProduct(a, "0e+1o+2e", b, shared_weights=False, internal_weights=False)
            for a, b in LAYERS
        )
        sizes = [int(product.weight_numel) for product in self.products]  # type: ignore[arg-type]
        self.weights = nn.ModuleList(
            nn.Sequential(nn.Linear(128, 128), nn.Softplus(), nn.Linear(128, n)) for n in sizes
        )

    def forward(self, batch: CrystalBatch) -> Tensor:
        """Node features after the last convolution, [atom, 32]."""
        centre, neighbour = batch.edge_index
        vector = batch.edge_vector.float()
        gauss = torch.exp(-127.75 * (-0.75 / vector.norm(dim=1)[:, None] - self.centres) ** 2)
        edge = self.radial(gauss)
        harmonics = o3.spherical_harmonics("0e+1o+2e", vector, normalize=True, normalization="component")
        x = torch.ones(batch.n_atoms, 16)
        for product, weights in zip(self.products, self.weights, strict=True):
            message = product(x[neighbour], harmonics, weights(edge))
            x = torch.zeros(batch.n_atoms, message.shape[1]).index_add(0, centre, message)
        return x


def crystals() -> tuple[CrystalBatch, str]:
    """64 crystals of the data set if there is one, otherwise the bundled ones in turn."""
    cutoff = GMTNetConfig().cutoff
    if folder := os.environ.get("CRYSNB_DATA"):
        records = raw_records(Path(folder) / "mp_dielectric" / "structures.jsonl.gz")
        chosen = [to_record(next(records)).structure for _ in range(N_CRYSTALS)]
        return build(chosen, cutoff), "mp_dielectric"
    names = examples()
    return build([example(names[k % len(names)]) for k in range(N_CRYSTALS)], cutoff), "bundled"


def median_ms(call: Callable[[], object]) -> float:
    """Median CPU milliseconds, after two warm-ups."""
    times = []
    for _ in range(REPEATS + 2):
        start = time.process_time()
        call()
        times.append(1e3 * (time.process_time() - start))
    return statistics.median(times[2:])


def main() -> None:
    """Print one JSON line."""
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    batch, source = crystals()
    network, peer = GMTNet(GMTNetConfig()).eval(), PublishedConvolutions().eval()
    with torch.inference_mode():
        ours, theirs = median_ms(lambda: network(batch)), median_ms(lambda: peer(batch))
    print(
        json.dumps(
            {
                "benchmark": "gmtnet_forward",
                "crystals": source,
                "atoms": batch.n_atoms,
                "edges": batch.n_edges,
                "ms": round(ours, 1),
                "ms_per_crystal": round(ours / N_CRYSTALS, 2),
                "peer": "e3nn tensor products and radial basis of the published layout, alone",
                "peer_ms": round(theirs, 1),
                "ratio": round(theirs / ours, 2),
            }
        )
    )


if __name__ == "__main__":
    main()
