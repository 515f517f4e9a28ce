"""GMTNet (corrected): from a batch of crystals to Cartesian tensors."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from crysnb.graph.element_features import element_features
from crysnb.models.equivariant import EquivariantLinear, Irrep, RadialBasis, SquareProduct
from crysnb.models.gmtnet.config import GMTNetConfig
from crysnb.models.gmtnet.layers import Attention, Geometry, Moments
from crysnb.models.tensor_network import TensorNetwork, wanted_irreps
from crysnb.values.crystal_batch import CrystalBatch
from crysnb.values.trace import Tap, no_tap


class Block(nn.Module):
    """Attention, moments and their square; the square's scalars return to the invariant features."""

    def __init__(self, config: GMTNetConfig, outputs: dict[Irrep, int]) -> None:
        super().__init__()
        width, channels = config.width, config.channels
        self.attention = Attention(width, config.dropout)
        self.moments = Moments(width, channels, config.l_max)
        self.square = SquareProduct(config.l_max, {(0, 1), *outputs})
        available = {irrep: n * channels for irrep, n in self.square.irreps.items()}
        for order in range(config.l_max + 1):
            natural = (order, (-1) ** order)
            available[natural] = available.get(natural, 0) + channels
        self.mix = EquivariantLinear(available, outputs)
        self.gate = nn.Linear(width, sum(self.mix.outputs.values()))
        scalars = available[(0, 1)]
        self.update = nn.Sequential(
            nn.Linear(width + scalars, width), nn.SiLU(), nn.Dropout(config.dropout), nn.Linear(width, width)
        )
        self.norm = nn.LayerNorm(scalars)

    def forward(
        self,
        x: Tensor,
        geometry: Geometry,
        tap: Tap,
        name: str,
    ) -> tuple[Tensor, dict[Irrep, Tensor]]:
        """New invariant features [atom, width] and equivariant ones per irrep [atom, channel, 2l+1]."""
        x = self.attention(x, geometry, tap, name)
        x = tap(f"{name}.attention", x, axes=("atom", "channel"), doc="invariant node features")
        moments = self.moments(x, geometry)
        for order, a in enumerate(moments):
            irreps = f"1x{order}{'e' if order % 2 == 0 else 'o'}"
            moments[order] = tap(
                f"{name}.moment{order}",
                a,
                axes=("atom", "channel", "component"),
                irreps=irreps,
                doc="sum of spherical harmonics over neighbours",
            )
        features = self.square(moments)
        for order, a in enumerate(moments):
            natural = (order, (-1) ** order)
            features[natural] = torch.cat([features[natural], a], dim=1) if natural in features else a
        scalars = self.norm(features[(0, 1)].squeeze(2))
        x = x + self.update(torch.cat([x, scalars], dim=1))
        mixed = self.mix(features)
        gates = torch.split(1 + self.gate(x), [v.shape[1] for v in mixed.values()], dim=1)
        gated = {irrep: v * s[:, :, None] for (irrep, v), s in zip(mixed.items(), gates, strict=True)}
        return tap(f"{name}.out", x, axes=("atom", "channel"), doc="invariant node features"), gated


class GMTNet(TensorNetwork):
    """O(3)-equivariant network from crystals to tensors.

    ``forward(batch, tap)`` returns, per property, Cartesian tensors [crystal, 3, …, 3] in the
    property's unit. Under a rotation or reflection of the crystals the tensors rotate with them; the
    tensors do not depend on the choice of cell, on the order of atoms or on batch mates. Index
    symmetry (ε = εᵀ, major and minor symmetry of c) holds by construction.

    Parameters
    ----------
    config
        Sizes; determines the module completely.
    """

    def __init__(self, config: GMTNetConfig) -> None:
        super().__init__()
        self.config = config
        table = torch.from_numpy(element_features().copy())
        self.register_buffer("element_features", table)
        self.embed = nn.Linear(table.shape[1], config.width)
        self.radial = nn.Sequential(
            RadialBasis(config.n_radial, config.cutoff), nn.Linear(config.n_radial, config.width), nn.SiLU()
        )
        wanted = wanted_irreps(config.properties)
        outputs = dict.fromkeys(wanted, config.channels)
        self.blocks = nn.ModuleList(Block(config, outputs) for _ in range(config.blocks))
        channels = dict.fromkeys(wanted, config.channels * config.blocks)
        self.add_heads(config.properties, config.width, channels)

    def trunk(self, batch: CrystalBatch, tap: Tap = no_tap) -> tuple[Tensor, dict[Irrep, Tensor]]:
        """Invariant [atom, width] and equivariant node features that all heads read."""
        dtype = self.embed.weight.dtype
        geometry = Geometry(batch, self.radial, self.config.cutoff, self.config.l_max, dtype)
        x = self.embed(self.get_buffer("element_features").to(dtype)[batch.atomic_number])
        x = tap("embedding", x, axes=("atom", "channel"), doc="element embedding")
        collected: dict[Irrep, list[Tensor]] = {}
        for k, block in enumerate(self.blocks):
            x, features = block(x, geometry, tap, f"block{k}")
            for irrep, value in features.items():
                collected.setdefault(irrep, []).append(value)
        return x, {irrep: torch.cat(parts, dim=1) for irrep, parts in collected.items()}
