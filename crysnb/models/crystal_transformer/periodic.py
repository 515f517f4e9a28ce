"""Attention of each atom to all atoms around it, every periodic image counted."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from crysnb.models.crystal_transformer.config import CrystalTransformerConfig
from crysnb.models.radial import Gaussians
from crysnb.models.segments import Neighborhoods, segment_sum
from crysnb.values.crystal_batch import CrystalBatch
from crysnb.values.trace import Tap

#: Length in which a head measures how fast its weight falls off, Å.
_REACH = 4.0
#: First and last starting value of τ: some heads look far, some near.
_TAU = (-1.0, 2.0)
#: exp of no number outside ± this is taken.
_LARGEST = 30.0
#: Weight of a pair that counts as none.
_NONE = 1e-20
#: About the number of neighbours within 6 Å, so that sums over them stay of order one.
_TYPICAL_DEGREE = 60.0


class Pairs(NamedTuple):
    """What all layers share about the distances in a batch; N is the largest number of atoms of a crystal.

    Attributes
    ----------
    radial
        Gaussians of the distances, [edge, n].
    table
        The same as a table [atom, slot, n].
    around
        Edges of each atom.
    pair
        Where the edge lies in a flattened [crystal, N, N], [edge].
    place
        Where the atom lies in a flattened [crystal, N], [atom].
    shape
        Crystals and N.
    envelope
        ½ (1 + cos πr/R), [edge].
    square
        (r / 4 Å)², [edge].
    """

    radial: Tensor
    table: Tensor
    around: Neighborhoods
    pair: Tensor
    place: Tensor
    shape: tuple[int, int]
    envelope: Tensor
    square: Tensor


class Geometry(nn.Module):
    """Distances of a batch for all layers, and what they say about each atom.

    Parameters
    ----------
    config
        Sizes.
    """

    def __init__(self, config: CrystalTransformerConfig) -> None:
        super().__init__()
        self.cutoff = config.cutoff
        self.radial = Gaussians(0.0, config.cutoff, config.n_radial, config.cutoff / config.n_radial)
        self.structure = nn.Linear(config.n_radial, config.width // 2)

    def pairs(self, batch: CrystalBatch, dtype: torch.dtype) -> Pairs:
        """The edges of the batch and one from each atom to itself, sorted by centre."""
        n = batch.n_atoms
        own = torch.arange(n, device=batch.frac.device)
        centre = torch.cat([batch.edge_index[0], own])
        order = torch.argsort(centre, stable=True)
        centre, neighbour = centre[order], torch.cat([batch.edge_index[1], own])[order]
        distance = torch.cat([batch.edge_vector.norm(dim=1), batch.frac.new_zeros(n)])[order]
        counts = torch.bincount(batch.crystal_of_atom)
        first = (torch.cumsum(counts, 0) - counts)[batch.crystal_of_atom]
        size = int(counts.max())
        inside = own - first
        place = batch.crystal_of_atom * size + inside
        radial = self.radial(distance, dtype)
        around = Neighborhoods(centre, n)
        envelope = (1 + torch.cos(math.pi * distance.clamp(max=self.cutoff) / self.cutoff)) / 2
        return Pairs(
            radial=radial,
            table=around.table(radial),
            around=around,
            pair=place[centre] * size + inside[neighbour],
            place=place,
            shape=(batch.n_crystals, size),
            envelope=envelope.to(dtype),
            square=(distance / _REACH).square().to(dtype),
        )

    def surroundings(self, pairs: Pairs) -> Tensor:
        """What the distances alone say of each atom, [atom, width / 2]."""
        # The self pair is the only one at distance zero, and the same for all atoms.
        total = (pairs.table * pairs.around.table(pairs.envelope[:, None])).sum(1)
        result: Tensor = self.structure(total / _TYPICAL_DEGREE)
        return result


class Layer(nn.Module):
    """Pre-norm transformer layer whose scores and values know the distance of every image.

    With q, k, v linear in the atoms, f the envelope and ρ the Gaussians of r,

        s = q_i·k_j/√d + b·ρ(r) − softplus(τ) (r / 4 Å)²
        a = f(r) exp(s) / Σ f exp(s)        over all neighbours and images of i
        o = Σ a (v_j + U ρ(r))

    Since q·k does not see the image, this is attention over pairs of atoms with a bias
    log Σ f exp(b·ρ − …): infinitely connected attention of Taniai et al. (2024), arXiv 2403.11686, within a
    radius.

    Parameters
    ----------
    config
        Sizes.
    """

    def __init__(self, config: CrystalTransformerConfig) -> None:
        super().__init__()
        width, self.heads = config.width, config.heads
        self.channels = width // config.heads
        self.norm_attention = nn.LayerNorm(width)
        self.query_key_value = nn.Linear(width, 3 * width)
        self.value_radial = nn.Parameter(
            torch.randn(config.heads, config.n_radial, self.channels) / config.n_radial**0.5
        )
        self.out = nn.Linear(width, width)
        self.norm_forward = nn.LayerNorm(width)
        self.forward_in = nn.Linear(width, config.hidden)
        self.forward_out = nn.Linear(config.hidden, width)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x: Tensor, pairs: Pairs, weight: Tensor, total: Tensor, tap: Tap, name: str) -> Tensor:
        """New atoms [atom, width].

        Parameters
        ----------
        x
            Atoms.
        pairs
            Distances.
        weight
            f exp(b·ρ − …) of each edge, [edge, head].
        total
            Its sum over images, [crystal, head, N, N].
        tap, name
            See :mod:`crysnb.values.trace`.
        """
        q, k, v = self._dense(self.query_key_value(self.norm_attention(x)), pairs).unbind(0)
        scores = q @ k.transpose(2, 3) / math.sqrt(self.channels)
        near = total > _NONE
        near = near | ~near.any(dim=3, keepdim=True)  # a place without an atom: its norm shall be finite
        scores = scores.masked_fill(~near, -torch.inf)
        norm = torch.logsumexp(scores + torch.log(total.clamp(min=_NONE)), dim=3, keepdim=True)
        share = torch.exp(scores - norm)
        attention = share * total
        seen = tap(
            f"{name}.attention",
            attention,
            axes=("crystal", "head", "atom", "neighbor"),
            doc="share of each atom, all its images together; smaller crystals are filled up",
        )
        if seen is not attention:
            share = share * (seen / (attention + _NONE))
        mixed = (seen @ v).transpose(1, 2).flatten(0, 1)[pairs.place]
        # The share of an atom is divided among its images by their weights.
        each = share.permute(0, 2, 3, 1).flatten(0, 2)[pairs.pair] * weight
        gathered = pairs.around.table(each).transpose(1, 2) @ pairs.table
        mixed = mixed + torch.einsum("ahn,hnc->ahc", gathered, self.value_radial)
        x = x + self.dropout(self.out(mixed.flatten(1)))
        inner = nn.functional.gelu(self.forward_in(self.norm_forward(x)))
        result: Tensor = x + self.dropout(self.forward_out(inner))
        return result

    def _dense(self, x: Tensor, pairs: Pairs) -> Tensor:
        """``[atom, 3 width] -> [3, crystal, head, N, channel]``, zero where there is no atom."""
        crystals, size = pairs.shape
        dense = x.new_zeros(crystals * size, x.shape[1]).index_copy(0, pairs.place, x)
        return dense.reshape(crystals, size, 3, self.heads, self.channels).permute(2, 0, 3, 1, 4)


class Encoder(nn.Module):
    """All layers, and the weights that they give to distances.

    Parameters
    ----------
    config
        Sizes.
    """

    def __init__(self, config: CrystalTransformerConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.layers))
        self.norm = nn.LayerNorm(config.width)
        n = config.layers * config.heads
        self.bias_radial = nn.Parameter(torch.zeros(config.n_radial, n))
        self.tau = nn.Parameter(torch.linspace(*_TAU, config.heads).repeat(config.layers))

    def forward(self, x: Tensor, pairs: Pairs, tap: Tap) -> Tensor:
        """Atoms [atom, width] after all layers."""
        for k, (layer, (weight, total)) in enumerate(zip(self.layers, self._weights(pairs), strict=True)):
            x = layer(x, pairs, weight, total, tap, f"layer{k}")
            x = tap(f"layer{k}", x, axes=("atom", "channel"), doc="atoms after a layer")
        result: Tensor = self.norm(x)
        return result

    def _weights(self, pairs: Pairs) -> Iterator[tuple[Tensor, Tensor]]:
        """For each layer the weights of the edges [edge, head] and their sums [crystal, head, N, N]."""
        logits = pairs.radial @ self.bias_radial - pairs.square[:, None] * softplus(self.tau)
        weights = pairs.envelope[:, None] * torch.exp(logits.clamp(-_LARGEST, _LARGEST))
        crystals, size = pairs.shape
        sums = segment_sum(weights, pairs.pair, crystals * size * size)
        sums = sums.reshape(crystals, size, size, -1).permute(0, 3, 1, 2).contiguous()
        for k in range(len(self.layers)):
            own = slice(k * self.heads, (k + 1) * self.heads)
            yield weights[:, own], sums[:, own]
