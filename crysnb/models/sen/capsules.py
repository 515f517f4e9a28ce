"""Capsules: parts of an atom, clusters around it, attention between clusters, objects at every atom."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from crysnb.models.equivariant import EquivariantLinear, Irrep
from crysnb.models.segments import Neighborhoods, segment_sum
from crysnb.models.sen.config import SENConfig
from crysnb.models.sen.environment import Star, bounded, natural
from crysnb.models.sen.poses import PoseLayout, PoseLinear, directions_as_poses, squash
from crysnb.values.trace import Tap, no_tap


class PartCapsules(nn.Module):
    """Presence, feature and pose of the parts of an atom, and their merging into one token."""

    def __init__(self, config: SENConfig, layout: PoseLayout) -> None:
        super().__init__()
        width, parts, length = config.width, config.parts, config.part_features
        self.layout, self.parts = layout, parts
        self.hidden = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, width), nn.SiLU())
        self.presence = nn.Linear(width, parts)
        self.feature = nn.Linear(width, parts * length)
        self.scalar = nn.Linear(width, parts * layout.multiplicities[0])
        orders = [natural(order) for order in range(1, config.l_max + 1)]
        self.oriented = EquivariantLinear(
            dict.fromkeys(orders, config.channels),
            {irrep: parts * layout.multiplicities[irrep[0]] for irrep in orders},
        )
        self.merge_feature = nn.Linear(parts * length, width)
        self.merge_pose = PoseLinear(layout, parts)

    def forward(self, s: Tensor, x: dict[Irrep, Tensor], tap: Tap) -> tuple[Tensor, Tensor, Tensor]:
        """Tokens [atom, width], poses [atom, component] and presences [atom] of the merged parts."""
        hidden = self.hidden(s)
        presence = torch.sigmoid(self.presence(hidden))
        feature = torch.unflatten(self.feature(hidden), 1, (self.parts, -1))
        blocks = [torch.unflatten(self.scalar(hidden), 1, (self.parts, -1))[..., None]]
        blocks += [torch.unflatten(part, 1, (self.parts, -1)) for part in self.oriented(x).values()]
        pose = squash(self.layout.join(blocks))
        presence = tap("prim.presence", presence, axes=("atom", "capsule"), doc="presence of part capsules")
        feature = tap(
            "prim.feature", feature, axes=("atom", "capsule", "channel"), doc="features of part capsules"
        )
        pose = tap(
            "prim.pose",
            pose,
            axes=("atom", "capsule", "component"),
            irreps=self.layout.irreps,
            doc="poses of part capsules",
        )
        token = self.merge_feature((presence[:, :, None] * feature).flatten(1))
        merged = (presence[:, :, None] * self.merge_pose(pose)).sum(1)
        return token, merged, 1 - (1 - presence).prod(1)


class StarAttention(nn.Module):
    """A cluster is an atom with its neighbours, weighted by invariant attention.

    The weight of an edge is envelope times the exponential of a score, over the sum of these and a learned
    weight of the atom itself: smooth at the cutoff, and defined for an atom without neighbours. Features
    of parts are merged before neighbours are summed over; both maps are linear, so that the order
    does not matter, and the merged token is shorter.
    """

    def __init__(self, config: SENConfig, layout: PoseLayout) -> None:
        super().__init__()
        width, self.heads = config.width, config.star_heads
        self.layout, self.attends = layout, config.star_attention
        self.value = nn.Linear(width, width)
        self.out = nn.Linear(2 * width, width)
        self.pose_value = PoseLinear(layout, 2)
        if self.attends:
            self.norm = nn.LayerNorm(width)
            self.query, self.key = nn.Linear(width, width), nn.Linear(width, width, bias=False)
            self.radial = nn.Linear(config.n_radial, self.heads, bias=False)
            self.radial_value = nn.Linear(config.n_radial, width, bias=False)
            self.alike = nn.Parameter(torch.randn(self.heads, len(layout.sizes)) * 0.1)
            self.own = nn.Parameter(torch.zeros(self.heads))
            self.share = nn.Parameter(torch.randn(self.heads, layout.copies) / math.sqrt(self.heads))

    def forward(self, token: Tensor, pose: Tensor, star: Star, tap: Tap) -> tuple[Tensor, Tensor]:
        """Tokens [atom, width] and poses [atom, component] of the clusters."""
        value = self.value(token)
        around, turned = torch.zeros_like(value), torch.zeros_like(pose)
        if self.attends:
            weights = self._weights(token, pose, star, tap)
            messages = star.of_neighbours(value) + self.radial_value(star.basis)
            size = value.shape[1] // self.heads
            by_head = torch.unflatten(messages, 1, (self.heads, size))
            around = star.sum((by_head * weights[:, :, None]).flatten(1))
            turned = star.sum(star.of_neighbours(pose) * self.layout.spread(weights @ self.share))
        mixed = self.pose_value(torch.stack([pose, turned], dim=1)).sum(1)
        return token + self.out(nn.functional.silu(torch.cat([value, around], dim=1))), squash(mixed)

    def _weights(self, token: Tensor, pose: Tensor, star: Star, tap: Tap) -> Tensor:
        normal = self.norm(token)
        products = star.of_centres(self.query(normal)) * star.of_neighbours(self.key(normal))
        scores = torch.unflatten(products, 1, (self.heads, -1)).sum(2)
        scores = scores / math.sqrt(products.shape[1] // self.heads)
        alike = star.of_centres(pose) * star.of_neighbours(pose)
        by_order = torch.stack([p.sum(1) for p in torch.split(alike, self.layout.sizes, dim=1)], dim=1)
        scores = bounded(scores + by_order @ self.alike.T + self.radial(star.basis))
        weights = star.envelope * torch.exp(scores)
        total = star.sum(weights) + torch.exp(bounded(self.own))
        weights = weights / star.of_centres(total)
        heads = [
            tap(f"star.attn.{h}", weight, axes=("edge",), doc="attention of an atom to a neighbour")
            for h, weight in enumerate(weights.unbind(1))
        ]
        if tap is not no_tap:  # what is left of 1 is the atom's own
            own = torch.exp(bounded(self.own)) / total
            for h in range(self.heads):
                tap(f"star.self.{h}", own[:, h], axes=("atom",), doc="attention of an atom to itself")
        return torch.stack(heads, dim=1)


class Blocks:
    """The atoms of each crystal side by side, ``[crystal, slot]``: attention stays inside crystals."""

    def __init__(self, crystal: Tensor, n_crystals: int) -> None:
        self.crystal = crystal
        self.table = Neighborhoods(crystal, n_crystals)
        self.n_crystals, self.n_atoms = n_crystals, len(crystal)
        ones = torch.ones(self.n_atoms, 1, dtype=torch.bool, device=crystal.device)
        self.absent = ~self.table.table(ones).squeeze(2)

    def spread(self, values: Tensor) -> Tensor:
        """``[atom, k] -> [crystal, slot, k]``, zero where there is no atom."""
        return self.table.table(values)

    def gather(self, values: Tensor) -> Tensor:
        """Inverse of :meth:`spread`."""
        return values.flatten(0, 1).index_select(0, self.table.place)

    def tapped(self, tap: Tap, name: str, weights: Tensor, doc: str) -> Tensor:
        """Show a tap the block-diagonal matrix [atom, atom] of weights [crystal, slot, slot]."""
        if tap is no_tap:
            return weights
        slot = self.table.place - self.crystal * self.table.slots
        rows = self.gather(weights)
        same = self.crystal[:, None] == self.crystal[None, :]
        matrix = torch.where(same, rows[:, slot], rows.new_zeros(()))
        matrix = tap(name, matrix, axes=("atom", "atom"), doc=doc)
        back = torch.zeros_like(rows).scatter_add(
            1, slot.expand(self.n_atoms, -1), torch.where(same, matrix, matrix.new_zeros(()))
        )
        return self.spread(back)

    def pool(self, weights: Tensor, values: Tensor) -> Tensor:
        """Weighted sums over atoms, ``[atom, k], [atom, k, d] -> [crystal, k, d]``."""
        flat = (weights[:, :, None] * values).flatten(1)
        return torch.unflatten(segment_sum(flat, self.crystal, self.n_crystals), 1, values.shape[1:])


class CapsuleLayer(nn.Module):
    """Attention between the clusters of one crystal, by what they are and by how their poses agree.

    After the Set Transformer (Lee et al. 2019, arXiv:1810.00825), without positions. Copies of an atom in a
    supercell add to numerator and denominator alike, so that the choice of cell does not matter.
    """

    def __init__(self, config: SENConfig, layout: PoseLayout, name: str) -> None:
        super().__init__()
        width, self.heads = config.width, config.heads
        self.layout, self.attends, self.name = layout, config.capsule_attention, name
        self.norm = nn.LayerNorm(width)
        self.value, self.out = nn.Linear(width, width), nn.Linear(width, width)
        if self.attends:
            self.query, self.key = nn.Linear(width, width), nn.Linear(width, width, bias=False)
            self.alike = nn.Parameter(torch.randn(self.heads, len(layout.sizes)) * 0.1)
        self.pose_value = PoseLinear(layout, self.heads)
        self.feed = nn.Sequential(
            nn.LayerNorm(width),
            nn.Linear(width, 2 * width),
            nn.SiLU(),
            nn.Dropout(config.dropout),
            nn.Linear(2 * width, width),
        )

    def forward(self, token: Tensor, pose: Tensor, blocks: Blocks, tap: Tap) -> tuple[Tensor, Tensor]:
        """New tokens [atom, width] and poses [atom, component]."""
        normal = self.norm(token)
        value = self.value(normal)
        if self.attends:
            weights = self._weights(normal, pose, blocks, tap)
            by_head = torch.unflatten(blocks.spread(value), 2, (self.heads, -1))
            value = blocks.gather(torch.einsum("bhmn,bnhd->bmhd", weights, by_head).flatten(2))
            poses = torch.einsum("bhmn,bnd->bmhd", weights, blocks.spread(pose))
            turned = torch.unflatten(blocks.gather(poses.flatten(2)), 1, (self.heads, -1))
        else:
            turned = pose[:, None].expand(-1, self.heads, -1)
        token = token + self.out(value)
        pose = squash(pose + self.pose_value(turned).sum(1) / math.sqrt(self.heads))
        return token + self.feed(token), pose

    def _weights(self, normal: Tensor, pose: Tensor, blocks: Blocks, tap: Tap) -> Tensor:
        q, k = (
            torch.unflatten(blocks.spread(layer(normal)), 2, (self.heads, -1))
            for layer in (self.query, self.key)
        )
        scores = torch.einsum("bmhd,bnhd->bhmn", q, k) / math.sqrt(q.shape[-1])
        poses = self.layout.split(blocks.spread(pose))
        alike = torch.stack([torch.einsum("bmcx,bncx->bmn", p, p) for p in poses], dim=1)
        scores = scores + torch.einsum("hl,blmn->bhmn", self.alike, alike)
        weights = scores.masked_fill(blocks.absent[:, None, None, :], -torch.inf).softmax(3)
        heads = [
            blocks.tapped(
                tap, f"{self.name}.{h}", weights[:, h], "attention of a cluster (row) to a cluster (column)"
            )
            for h in range(self.heads)
        ]
        return torch.stack(heads, dim=1)


class ObjectCapsules(nn.Module):
    """Objects of some types at every atom: presence, feature and pose.

    A learned seed for each type attends to the clusters of the star, the atom's own among them.
    """

    def __init__(self, config: SENConfig, layout: PoseLayout) -> None:
        super().__init__()
        width, types, length = config.width, config.objects, config.object_features
        self.layout, self.types = layout, types
        self.norm = nn.LayerNorm(width)
        self.score, self.radial = nn.Linear(width, types), nn.Linear(config.n_radial, types, bias=False)
        self.own = nn.Parameter(torch.zeros(types))
        self.value = nn.Linear(width, 2 * length)
        self.feature = nn.Parameter(
            torch.randn(types, 2 * length + config.n_radial, length) / math.sqrt(2 * length)
        )
        self.pose = PoseLinear(layout, types)
        self.direction = nn.Parameter(torch.randn(types, layout.copies))
        self.presence = nn.Parameter(torch.randn(types, length) / math.sqrt(length))
        self.likely = nn.Parameter(torch.zeros(types))

    def forward(self, token: Tensor, pose: Tensor, star: Star, tap: Tap) -> tuple[Tensor, Tensor, Tensor]:
        """Presences [atom, type], features [atom, type, channel], poses [atom, type, component]."""
        normal = self.norm(token)
        score, value = self.score(normal), self.value(normal)
        weights = star.envelope * torch.exp(bounded(star.of_neighbours(score) + self.radial(star.basis)))
        own = torch.exp(bounded(score + self.own))
        total = star.sum(weights) + own
        weights, own = weights / star.of_centres(total), own / total
        weights = tap("obj.attn", weights, axes=("edge", "capsule"), doc="attention of a seed to a neighbour")
        members = torch.cat(
            [star.of_neighbours(torch.cat([value, pose], dim=1)), star.basis, star.harmonics], dim=1
        )
        sums = torch.bmm(star.around.table(weights).transpose(1, 2), star.around.table(members))
        sizes = [value.shape[1], pose.shape[1], star.basis.shape[1], star.harmonics.shape[1]]
        values, poses, radial, harmonics = torch.split(sums, sizes, dim=2)
        values = torch.cat([values + own[:, :, None] * value[:, None, :], radial], dim=2)
        feature = nn.functional.silu(torch.einsum("nkv,kvf->nkf", values, self.feature))
        poses = self.pose(poses + own[:, :, None] * pose[:, None, :])
        poses = squash(poses + directions_as_poses(self.layout, self.direction, harmonics))
        presence = torch.sigmoid(torch.einsum("nkf,kf->nk", feature, self.presence) + self.likely)
        presence = tap("obj.presence", presence, axes=("atom", "capsule"), doc="presence of object capsules")
        feature = tap(
            "obj.feature", feature, axes=("atom", "capsule", "channel"), doc="features of object capsules"
        )
        poses = tap(
            "obj.pose",
            poses,
            axes=("atom", "capsule", "component"),
            irreps=self.layout.irreps,
            doc="poses of object capsules",
        )
        return presence, feature, poses
