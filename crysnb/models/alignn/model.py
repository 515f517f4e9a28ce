"""ALIGNN: gated messages along bonds, and between bonds along angles."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn.functional import silu

from crysnb.models.alignn.bonds import bonds_of
from crysnb.models.alignn.config import PRESETS, ALIGNNConfig
from crysnb.models.element_input import ElementInput, input_of
from crysnb.models.radial import Gaussians
from crysnb.models.scalar import ScalarNetwork, ScalarOutput
from crysnb.models.segments import mean_per_crystal, segment_sum
from crysnb.values.crystal_batch import CrystalBatch
from crysnb.values.element_table import ElementTable
from crysnb.values.trace import Tap, no_tap

#: Farthest centre of the Gaussians of a length, Å.
_REACH = 8.0
_SMALL = 1e-6


def dense(a: int, b: int) -> nn.Sequential:
    """Linear layer, batch normalisation, SiLU."""
    return nn.Sequential(nn.Linear(a, b), nn.BatchNorm1d(b), nn.SiLU())


class EdgeGated(nn.Module):
    """Edge-gated graph convolution; Choudhary and DeCost (2021), eqs. 2 to 5.

    With m = W_s x_source + W_d x_target + W_e y and gates σ(m) that are divided by their sum,

        x ← x + SiLU(BN(U x + Σ gate ⊙ V x_source)),   y ← y + SiLU(BN(m))

    Parameters
    ----------
    width
        Channels of nodes and edges.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.source, self.target = nn.Linear(width, width), nn.Linear(width, width)
        self.edge, self.own, self.other = (nn.Linear(width, width) for _ in range(3))
        self.norm_node, self.norm_edge = nn.BatchNorm1d(width), nn.BatchNorm1d(width)

    def forward(self, x: Tensor, y: Tensor, target: Tensor, source: Tensor) -> tuple[Tensor, Tensor]:
        """New nodes [node, width] and edges [edge, width]; edges run from ``source`` to ``target`` [edge]."""
        m = self.source(x).index_select(0, source) + self.target(x).index_select(0, target) + self.edge(y)
        gate = torch.sigmoid(m)
        total = segment_sum(gate, target, len(x)) + _SMALL
        summed = segment_sum(gate * self.other(x).index_select(0, source), target, len(x)) / total
        nodes = x + silu(self.norm_node(self.own(x) + summed))
        return nodes, y + silu(self.norm_edge(m))


class ALIGNN(ScalarNetwork):
    """Atomistic line graph neural network.

    ``ALIGNN(features=table, freeze=False)`` is fed by any :class:`~crysnb.values.element_table.ElementTable`.

    Parameters
    ----------
    config
        Sizes; determines the module completely. Without one, those of a preset.
    preset
        ``base`` or ``teaching``.
    features
        In place of the configuration's: a kind of element input, or a table, whose vectors become weights.
    freeze
        Whether training leaves these vectors as they are.

    Notes
    -----
    Invariant under rotations, reflections, the choice of cell and the order of the sites. 4,026,753
    parameters with 92 features and one property. The cutoff is fixed, where the original lets it grow with
    the cell until each atom has twelve neighbours: an atom far from all others has fewer.
    """

    def __init__(
        self,
        config: ALIGNNConfig | None = None,
        *,
        preset: str = "base",
        features: str | ElementTable | None = None,
        freeze: bool | None = None,
    ) -> None:
        config = replace(config or PRESETS.get(preset), **input_of(features, freeze=freeze))
        super().__init__(config.properties)
        self.config = config
        self.elements = ElementInput(config.features, freeze=config.freeze)
        if isinstance(features, ElementTable):
            self.elements.take(features)
        width, hidden = config.width, config.hidden
        self.radial = _gaussians(0.0, _REACH, config.n_radial, parity=config.parity)
        self.angular = _gaussians(-1.0, 1.0, config.n_angular, parity=config.parity)
        self.embed_atom = dense(self.elements.width, width)
        self.embed_bond = nn.Sequential(dense(config.n_radial, hidden), dense(hidden, width))
        self.embed_angle = nn.Sequential(dense(config.n_angular, hidden), dense(hidden, width))
        self.on_graph = nn.ModuleList(EdgeGated(width) for _ in range(config.alignn_layers))
        self.on_line_graph = nn.ModuleList(EdgeGated(width) for _ in range(config.alignn_layers))
        self.last = nn.ModuleList(EdgeGated(width) for _ in range(config.graph_layers))
        self.out = nn.Linear(width, len(config.properties))

    @property
    def cutoff(self) -> float:
        """Largest length of a bond, Å."""
        return self.config.cutoff

    @property
    def neighbors(self) -> int:
        """Bonds reach out to the whole shell of this many neighbours."""
        return self.config.neighbors

    def latent(self, batch: CrystalBatch, tap: Tap = no_tap) -> ScalarOutput:
        """Standardised properties of each crystal; the mean of its atoms as features."""
        dtype = self.out.weight.dtype
        bonds = bonds_of(batch)
        x = self.embed_atom(self.elements(batch.atomic_number).to(dtype))
        x = tap("embedding", x, axes=("atom", "channel"), doc="element embedding")
        y = self.embed_bond(self.radial(bonds.vector.norm(dim=1), dtype))
        z = self.embed_angle(self.angular(bonds.cosine, dtype))
        for k, (graph, line) in enumerate(zip(self.on_graph, self.on_line_graph, strict=True)):
            x, m = graph(x, y, bonds.centre, bonds.neighbour)
            y, z = line(m, z, bonds.second, bonds.first)
            x = tap(f"alignn{k}.atoms", x, axes=("atom", "channel"), doc="atoms after a layer")
            y = tap(f"alignn{k}.bonds", y, axes=("edge", "channel"), doc="directed bonds after a layer")
        for k, graph in enumerate(self.last):
            x, y = graph(x, y, bonds.centre, bonds.neighbour)
            x = tap(f"graph{k}.atoms", x, axes=("atom", "channel"), doc="atoms after a layer")
        pooled = mean_per_crystal(x, batch.crystal_of_atom, batch.n_crystals)
        return ScalarOutput(latent=self.out(pooled), features=pooled)


def _gaussians(low: float, high: float, n: int, *, parity: bool) -> Gaussians:
    step = (high - low) / (n - 1)
    return Gaussians(low, high, n, step**0.5 if parity else step)
