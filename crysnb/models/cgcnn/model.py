"""CGCNN: gated sums over neighbours, then the mean over atoms."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from crysnb.models.cgcnn.config import CGCNNConfig
from crysnb.models.element_input import ElementInput, input_of
from crysnb.models.radial import Gaussians
from crysnb.models.scalar import ScalarNetwork, ScalarOutput
from crysnb.models.segments import mean_per_crystal, segment_sum
from crysnb.values.crystal_batch import CrystalBatch
from crysnb.values.element_table import ElementTable
from crysnb.values.trace import Tap, no_tap


def n_gaussians(config: CGCNNConfig) -> int:
    """Number of Gaussians on [0, cutoff]."""
    return 1 + round(config.cutoff / config.step)


class Convolution(nn.Module):
    """``v ← softplus(v + BN(Σ σ(f) ⊙ softplus(c)))`` with (f, c) linear in both atoms and their distance.

    Xie and Grossman (2018), eq. 5.

    Parameters
    ----------
    width
        Channels of an atom.
    n_radial
        Channels of an edge.
    """

    def __init__(self, width: int, n_radial: int) -> None:
        super().__init__()
        self.width = width
        self.full = nn.Linear(2 * width + n_radial, 2 * width)
        self.norm_edge = nn.BatchNorm1d(2 * width)
        self.norm_sum = nn.BatchNorm1d(width)

    def forward(self, v: Tensor, edge: Tensor, edge_index: Tensor, tap: Tap, name: str) -> Tensor:
        """New atoms [atom, width] from atoms and Gaussians [edge, n]."""
        centre, neighbour = edge_index
        # The layer on [v_i, v_j, u], each part multiplied where it lives: there are ten times more edges.
        own, other, radial = torch.split(self.full.weight, [self.width, self.width, edge.shape[1]], dim=1)
        z = (v @ own.T + self.full.bias).index_select(0, centre)
        z = z + (v @ other.T).index_select(0, neighbour) + edge @ radial.T
        gate, core = self.norm_edge(z).chunk(2, dim=1)
        gate = tap(f"{name}.gate", torch.sigmoid(gate), axes=("edge", "channel"), doc="weight of a neighbour")
        message = segment_sum(gate * softplus(core), centre, len(v))
        return softplus(v + self.norm_sum(message))


class CGCNN(ScalarNetwork):
    """Crystal graph convolutional network.

    ``CGCNN(features=table, freeze=False)`` is fed by any :class:`~crysnb.values.element_table.ElementTable`.

    Parameters
    ----------
    config
        Sizes; determines the module completely.
    features
        In place of the configuration's: a kind of element input, or a table, whose vectors become weights.
    freeze
        Whether training leaves these vectors as they are.

    Raises
    ------
    ShapeError
        ``elements.partial`` for a table with gaps in a row.

    Notes
    -----
    Invariant under rotations, reflections, the choice of cell and the order of the sites. 80,833 parameters
    with 92 features and one property.
    """

    def __init__(
        self,
        config: CGCNNConfig | None = None,
        *,
        features: str | ElementTable | None = None,
        freeze: bool | None = None,
    ) -> None:
        config = replace(config or CGCNNConfig(), **input_of(features, freeze=freeze))
        super().__init__(config.properties)
        self.config = config
        self.elements = ElementInput(config.features, freeze=config.freeze)
        if isinstance(features, ElementTable):
            self.elements.take(features)
        n = n_gaussians(config)
        self.radial = Gaussians(0.0, config.step * (n - 1), n, config.step)
        self.embed = nn.Linear(self.elements.width, config.width)
        self.convolutions = nn.ModuleList(Convolution(config.width, n) for _ in range(config.blocks))
        widths = [config.width, *[config.hidden] * config.hidden_layers]
        self.hidden = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(widths))
        self.out = nn.Linear(config.hidden, len(config.properties))

    @property
    def cutoff(self) -> float:
        """Largest distance of a neighbour, Å."""
        return self.config.cutoff

    @property
    def neighbors(self) -> int:
        """Edges reach out to the whole shell of this many neighbours."""
        return self.config.neighbors

    def latent(self, batch: CrystalBatch, tap: Tap = no_tap) -> ScalarOutput:
        """Standardised properties of each crystal, and the last hidden layer as features."""
        dtype = self.embed.weight.dtype
        edge = self.radial(batch.edge_vector.norm(dim=1), dtype)
        v = self.embed(self.elements(batch.atomic_number).to(dtype))
        v = tap("embedding", v, axes=("atom", "channel"), doc="element embedding")
        for k, convolution in enumerate(self.convolutions):
            v = convolution(v, edge, batch.edge_index, tap, f"convolution{k}")
            v = tap(f"convolution{k}", v, axes=("atom", "channel"), doc="atoms after a convolution")
        x = softplus(mean_per_crystal(v, batch.crystal_of_atom, batch.n_crystals))
        for layer in self.hidden:
            x = softplus(layer(x))
        x = tap("crystal", x, axes=("crystal", "channel"), doc="the crystal before the last layer")
        return ScalarOutput(latent=self.out(x), features=x)
