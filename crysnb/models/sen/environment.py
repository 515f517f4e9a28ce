"""Chemical environments: elements, composition, and equivariant messages between neighbours."""

from __future__ import annotations

import math

import torch
from e3nn import o3
from torch import Tensor, nn

from crysnb.graph.element_features import MAX_Z, element_features
from crysnb.models.equivariant import EquivariantLinear, Irrep, RadialBasis, SquareProduct, envelope
from crysnb.models.segments import Neighborhoods, segment_sum
from crysnb.models.sen.config import SENConfig
from crysnb.values.crystal_batch import CrystalBatch

#: Scores enter an exponential only between −8 and 8.
_SCORE_LIMIT = 8.0


def natural(order: int) -> Irrep:
    """Irrep of the spherical harmonics of an order."""
    return order, (-1) ** order


def irreps_text(multiplicities: dict[Irrep, int]) -> str:
    """The same in e3nn notation, e.g. ``16x1o+16x2e``."""
    return "+".join(f"{n}x{l}{'e' if p > 0 else 'o'}" for (l, p), n in multiplicities.items())


def bounded(scores: Tensor) -> Tensor:
    """Scores between −8 and 8, smooth and nearly unchanged near 0, so that their exponential is finite."""
    return _SCORE_LIMIT * torch.tanh(scores / _SCORE_LIMIT)


class Star:
    """What all blocks share about the edges of a batch.

    Attributes
    ----------
    centre, neighbour
        Atoms of each edge, [edge].
    around
        Layout of the edges as a table [atom, slot].
    envelope
        1 at distance 0; value, slope and curvature vanish at the cutoff, [edge, 1].
    basis
        Radial basis times envelope, [edge, radial].
    harmonics
        Spherical harmonics of all orders, of norm √(2l+1), [edge, component].
    directions
        The same as a table [atom, slot, component].
    """

    def __init__(self, batch: CrystalBatch, radial: RadialBasis, l_max: int, dtype: torch.dtype) -> None:
        vector = batch.edge_vector.to(dtype)
        distance = vector.norm(dim=1)
        self.n_atoms = batch.n_atoms
        self.centre, self.neighbour = batch.edge_index
        self.around = Neighborhoods(self.centre, batch.n_atoms)
        self.envelope = envelope(distance, radial.cutoff)[:, None]
        self.basis: Tensor = radial(distance) * self.envelope
        self.harmonics: Tensor = o3.spherical_harmonics(
            list(range(l_max + 1)), vector, normalize=True, normalization="component"
        )
        self.directions = self.around.table(self.harmonics)

    def of_neighbours(self, values: Tensor) -> Tensor:
        """``[atom, k] -> [edge, k]``, the row of each neighbour."""
        return values.index_select(0, self.neighbour)

    def of_centres(self, values: Tensor) -> Tensor:
        """``[atom, k] -> [edge, k]``, the row of each centre."""
        return values.index_select(0, self.centre)

    def sum(self, values: Tensor) -> Tensor:
        """``[edge, k] -> [atom, k]``, sum over the edges of each centre."""
        return segment_sum(values, self.centre, self.n_atoms)


class Elements(nn.Module):
    """Invariant features of elements, from a table of their properties and learned ones, [atom, width]."""

    def __init__(self, width: int) -> None:
        super().__init__()
        table = torch.from_numpy(element_features().copy())
        self.register_buffer("table", table)
        self.described = nn.Linear(table.shape[1], width)
        self.learned = nn.Embedding(MAX_Z + 1, width)
        nn.init.zeros_(self.learned.weight)  # an element that training lacks keeps its description alone

    def forward(self, atomic_number: Tensor) -> Tensor:
        """Features by atomic number."""
        described = self.described(self.get_buffer("table").to(self.learned.weight.dtype)[atomic_number])
        return torch.add(described, self.learned(atomic_number))


class Composition(nn.Module):
    """Attention between the elements of a crystal, weighted by their fractions.

    After Goodall and Lee (2020), doi:10.1038/s41467-020-19964-7: the nodes are the distinct elements, the
    weight of one is its fraction to a learned positive power times the exponential of a score, so that
    the result is the same for every cell of the crystal.
    """

    def __init__(self, width: int, heads: int = 2) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.LayerNorm(width)
        self.query, self.key = nn.Linear(width, width), nn.Linear(width, width, bias=False)
        self.value, self.out = nn.Linear(width, width), nn.Linear(width, width)
        self.score, self.pooled = nn.Linear(width, heads), nn.Linear(width, width)
        self.exponent = nn.Parameter(torch.full((2, heads), math.log(math.e - 1)))  # softplus gives 1

    def forward(self, elements: Elements, batch: CrystalBatch) -> Tensor:
        """Vectors of the crystals, [crystal, width]."""
        numbers, counts = torch.unique(
            batch.crystal_of_atom * (MAX_Z + 1) + batch.atomic_number, return_counts=True
        )
        crystal = numbers // (MAX_Z + 1)
        table = Neighborhoods(crystal, batch.n_crystals)
        e = table.table(elements(numbers % (MAX_Z + 1)))
        amount = table.table(counts[:, None].to(e.dtype))[:, :, 0]
        absent = amount == 0
        fraction = torch.log((amount / amount.sum(1, keepdim=True)).masked_fill(absent, 1.0))
        power = nn.functional.softplus(self.exponent)
        x = self.norm(e)
        q, k, v = (self._by_head(layer(x)) for layer in (self.query, self.key, self.value))
        scores = bounded(torch.einsum("bmhd,bnhd->bhmn", q, k) / math.sqrt(q.shape[-1]))
        scores = scores + power[0][None, :, None, None] * fraction[:, None, None, :]
        weights = scores.masked_fill(absent[:, None, None, :], -torch.inf).softmax(3)
        e = e + self.out(torch.einsum("bhmn,bnhd->bmhd", weights, v).flatten(2))
        scores = bounded(self.score(e)) + power[1] * fraction[:, :, None]
        weights = scores.masked_fill(absent[:, :, None], -torch.inf).softmax(1)
        return torch.einsum("bmh,bmhd->bhd", weights, self._by_head(self.pooled(e))).flatten(1)

    def _by_head(self, x: Tensor) -> Tensor:
        return torch.unflatten(x, -1, (self.heads, -1))


class Coupling(nn.Module):
    """Sum over neighbours of features ⊗ directions, contracted to the natural irreps.

    Neighbours are summed over first, as outer products of components: one matrix product per atom. The
    Clebsch–Gordan contraction then costs once per atom instead of once per edge.
    """

    def __init__(self, l_max: int) -> None:
        super().__init__()
        self.paths = [
            (l1, l2, l3)
            for l1 in range(1, l_max + 1)
            for l2 in range(l_max + 1)
            for l3 in range(abs(l1 - l2), min(l1 + l2, l_max) + 1)
            if (l1 + l2 + l3) % 2 == 0
        ]
        size = (l_max + 1) ** 2
        columns = []
        for l1, l2, l3 in self.paths:
            column = torch.zeros(size - 1, size, 2 * l3 + 1, dtype=torch.float64)
            column[l1**2 - 1 : (l1 + 1) ** 2 - 1, l2**2 : (l2 + 1) ** 2] = o3.wigner_3j(
                l1, l2, l3, dtype=torch.float64
            ) * math.sqrt(2 * l3 + 1)
            columns.append(column.flatten(0, 1))
        self.register_buffer("matrix", torch.cat(columns, dim=1), persistent=False)
        self.irreps: dict[Irrep, int] = {}
        for _, _, l3 in self.paths:
            self.irreps[natural(l3)] = self.irreps.get(natural(l3), 0) + 1

    def forward(self, weighted: Tensor, star: Star) -> dict[Irrep, Tensor]:
        """From features of neighbours [edge, channel, component] of orders 1 … l_max, weighted."""
        channels = weighted.shape[1]
        table = star.around.table(weighted.flatten(1))
        outer = torch.unflatten(torch.bmm(table.transpose(1, 2), star.directions), 1, (channels, -1))
        flat = outer.flatten(2) @ self.get_buffer("matrix").to(weighted.dtype)
        parts: dict[Irrep, list[Tensor]] = {irrep: [] for irrep in self.irreps}
        sizes = [2 * l3 + 1 for _, _, l3 in self.paths]
        for (_, _, l3), part in zip(self.paths, torch.split(flat, sizes, dim=2), strict=True):
            parts[natural(l3)].append(part)
        return {irrep: torch.cat(part, dim=1) for irrep, part in parts.items()}


class Environment(nn.Module):
    """One update of the atoms by their neighbours; the sums over neighbours are all of it that costs.

    Messages R(r_ij, s_i, s_j) meet the directions of the edges and, from the second update on, the
    equivariant features of the neighbours; their products with themselves give angles.
    """

    def __init__(self, config: SENConfig, *, first: bool) -> None:
        super().__init__()
        width, edge, c, l_max = config.width, config.edge_width, config.channels, config.l_max
        self.scale = 1 / math.sqrt(config.mean_degree)
        self.channels, self.l_max = c, l_max
        self.norm = nn.LayerNorm(width)
        self.centre, self.neighbour = nn.Linear(width, edge), nn.Linear(width, edge, bias=False)
        self.radial = nn.Linear(config.n_radial, 2 * edge, bias=False)
        orders = [natural(order) for order in range(l_max + 1)]
        inputs = dict.fromkeys(orders, edge)
        self.coupling = None if first or l_max == 0 else Coupling(l_max)
        if self.coupling is not None:
            self.sent = nn.Linear(config.n_radial, c, bias=False)
            inputs = {irrep: n + self.coupling.irreps.get(irrep, 0) * c for irrep, n in inputs.items()}
        self.moments = EquivariantLinear(inputs, dict.fromkeys(orders, c))
        self.square = SquareProduct(l_max, set(orders))
        squares = {irrep: n * c for irrep, n in self.square.irreps.items()}
        self.mix = EquivariantLinear(
            {irrep: n + c for irrep, n in squares.items()}, dict.fromkeys(orders[1:], c)
        )
        self.gate = nn.Linear(width, c * l_max) if l_max else None
        invariants = width + edge + squares[natural(0)] + c
        self.update = nn.Sequential(
            nn.LayerNorm(invariants),
            nn.Linear(invariants, 2 * width),
            nn.SiLU(),
            nn.Dropout(config.dropout),
            nn.Linear(2 * width, width),
        )

    def forward(
        self, s: Tensor, x: dict[Irrep, Tensor] | None, star: Star
    ) -> tuple[Tensor, dict[Irrep, Tensor]]:
        """New invariant [atom, width] and equivariant features [atom, channel, 2l+1] of each order from 1."""
        normal = self.norm(s)
        filters, bias = self.radial(star.basis).chunk(2, dim=1)
        pair = star.of_centres(self.centre(normal)) + star.of_neighbours(self.neighbour(normal)) + bias
        active = nn.functional.silu(pair) * self.scale
        sums = torch.bmm(star.around.table(active * filters).transpose(1, 2), star.directions)
        moments = self._by_order(sums)
        density = sums[:, :, 0]
        if self.coupling is not None and x is not None:
            sent = torch.cat([x[natural(order)] for order in range(1, self.l_max + 1)], dim=2)
            weight = active[:, : self.channels] * self.sent(star.basis)
            gathered = torch.unflatten(star.of_neighbours(sent.flatten(1)), 1, sent.shape[1:])
            weighted = gathered * weight[:, :, None]
            for irrep, value in self.coupling(weighted, star).items():
                moments[irrep] = torch.cat([moments[irrep], value], dim=1)
        mixed = self.moments(moments)
        squares = self.square([mixed[natural(order)] for order in range(self.l_max + 1)])
        features = {irrep: torch.cat([squares[irrep], value], dim=1) for irrep, value in mixed.items()}
        s = s + self.update(torch.cat([s, density, features[natural(0)].squeeze(2)], dim=1))
        if self.gate is None:
            return s, {}
        gates = torch.sigmoid(self.gate(s)).chunk(self.l_max, dim=1)
        new = {
            irrep: value * gate[:, :, None]
            for (irrep, value), gate in zip(self.mix(features).items(), gates, strict=True)
        }
        return s, new if x is None else {irrep: x[irrep] + value for irrep, value in new.items()}

    def _by_order(self, sums: Tensor) -> dict[Irrep, Tensor]:
        sizes = [2 * order + 1 for order in range(self.l_max + 1)]
        return {natural(order): part for order, part in enumerate(torch.split(sums, sizes, dim=2))}
