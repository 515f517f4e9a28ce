"""Poses: vectors of irreps of O(3), and the maps between them that commute with rotations."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from e3nn import o3
from torch import Tensor, nn

from crysnb.models.sen.environment import irreps_text, natural


class PoseLayout:
    """Where each order stands in a pose: multiplicity × (2l+1) components for l = 0, 1, ….

    Parameters
    ----------
    multiplicities
        Of each order from 0; the parity of order l is (−1)^l.
    """

    def __init__(self, multiplicities: Sequence[int]) -> None:
        self.multiplicities = tuple(multiplicities)
        self.sizes = [n * (2 * order + 1) for order, n in enumerate(self.multiplicities)]
        self.dim = sum(self.sizes)
        #: e3nn irreps of a pose.
        self.irreps = irreps_text({natural(order): n for order, n in enumerate(self.multiplicities)})
        #: Number of copies of irreps, which is the number of invariant weights of a pose.
        self.copies = sum(self.multiplicities)
        #: Copy that each component belongs to, [component].
        self.copy_of_component = torch.repeat_interleave(
            torch.arange(self.copies),
            torch.tensor([2 * order + 1 for order, n in enumerate(self.multiplicities) for _ in range(n)]),
        )
        #: Order of each component, [component].
        self.order_of_component = torch.repeat_interleave(
            torch.arange(len(self.sizes)), torch.tensor(self.sizes)
        )

    def split(self, pose: Tensor) -> list[Tensor]:
        """``[…, component]`` to one ``[…, copy, 2l+1]`` per order."""
        return [
            torch.unflatten(part, -1, (n, -1))
            for part, n in zip(torch.split(pose, self.sizes, dim=-1), self.multiplicities, strict=True)
        ]

    @staticmethod
    def join(parts: Sequence[Tensor]) -> Tensor:
        """Inverse of :meth:`split`."""
        return torch.cat([part.flatten(-2) for part in parts], dim=-1)

    def spread(self, weights: Tensor) -> Tensor:
        """Weights of copies [row, copy] to components [row, component]."""
        return weights.index_select(1, self.copy_of_component.to(weights.device))

    def norms(self, pose: Tensor) -> Tensor:
        """Squared norm per order, ``[…, component] -> […, order]``."""
        return torch.stack([part.square().sum((-1, -2)) for part in self.split(pose)], dim=-1)


def squash(pose: Tensor) -> Tensor:
    """X/√(1 + ‖X‖²) over the last axis.

    Twice differentiable at 0, where sites of high symmetry have their poses; X‖X‖/(1 + ‖X‖²) of the
    first capsule networks is not.
    """
    return pose / torch.sqrt(1 + pose.square().sum(-1, keepdim=True))


class PoseLinear(nn.Module):
    """Mixes the copies of each order by matrices of its own for each of ``kinds`` capsules or heads.

    ``[…, kind, component] -> […, kind, component]``.
    """

    def __init__(self, layout: PoseLayout, kinds: int) -> None:
        super().__init__()
        self.layout = layout
        self.weights = nn.ParameterList(
            nn.Parameter(torch.randn(kinds, n, n) / math.sqrt(n)) for n in layout.multiplicities
        )

    def forward(self, pose: Tensor) -> Tensor:
        """Mixed poses."""
        parts = self.layout.split(pose)
        return self.layout.join(
            [torch.einsum("...kcm,kcd->...kdm", p, w) for p, w in zip(parts, self.weights, strict=True)]
        )


def directions_as_poses(layout: PoseLayout, weights: Tensor, harmonics: Tensor) -> Tensor:
    """Spherical harmonics in every copy of their order, weighted.

    Parameters
    ----------
    layout
        Of the poses.
    weights
        [kind, copy].
    harmonics
        [atom, kind, (l_max+1)²].

    Returns
    -------
    Tensor
        [atom, kind, component].
    """
    parts = torch.split(harmonics, [2 * order + 1 for order in range(len(layout.sizes))], dim=2)
    copies = torch.split(weights, list(layout.multiplicities), dim=1)
    return layout.join(
        [torch.einsum("nkm,kc->nkcm", part, weight) for part, weight in zip(parts, copies, strict=True)]
    )


class Votes(nn.Module):
    """What an object expects of its parts: a pose for the atom at the end of every edge.

    V_ek = Σ_paths w_ek,path (O_ik ⊗ Y(r_e)), contracted to a pose. The weight is learned and invariant:
    static times 1 + Σ_q d_ik,path,q b_q(r_e, t_j). It is the analogue in three dimensions of the product
    of object–viewer and object–part matrices of Kosiorek et al. (2019). Parts are no ordered set, so that
    a part enters by what it is and never by its number.
    """

    def __init__(
        self, layout: PoseLayout, objects: int, features: int, n_radial: int, width: int, factors: int
    ) -> None:
        super().__init__()
        self.layout, self.factors = layout, factors
        l_max = len(layout.sizes) - 1
        self.paths = [
            (l1, l2, l3)
            for l1 in range(l_max + 1)
            for l2 in range(l_max + 1)
            for l3 in range(abs(l1 - l2), min(l1 + l2, l_max) + 1)
            if (l1 + l2 + l3) % 2 == 0
        ]
        for k, (l1, l2, l3) in enumerate(self.paths):
            matrix = o3.wigner_3j(l1, l2, l3, dtype=torch.float64) * math.sqrt(2 * l3 + 1)
            self.register_buffer(f"coupling{k}", matrix, persistent=False)
        c = layout.multiplicities
        self.static = nn.ParameterList(
            nn.Parameter(torch.randn(objects, c[l1], c[l3]) / math.sqrt(c[l1] * len(self.paths)))
            for l1, _, l3 in self.paths
        )
        self.dynamic = nn.Parameter(torch.randn(objects, features, len(self.paths) * factors) * 0.1)
        self.by_distance = nn.Linear(n_radial, factors)
        self.by_part = nn.Linear(width, factors)

    def variable(self, feature: Tensor) -> Tensor:
        """Variable part of the weights by the object's feature, [atom, object, path, factor]."""
        flat = torch.einsum("nkf,kfp->nkp", feature, self.dynamic)
        return torch.unflatten(torch.tanh(flat), 2, (len(self.paths), self.factors))

    def maps(self, pose: Tensor, variable: Tensor) -> Tensor:
        """From poses of objects [atom, object, component] to linear maps of the edges' directions.

        Returns
        -------
        Tensor
            [atom, object, component, 1 + factor, (l_max+1)²].
        """
        parts = self.layout.split(pose)
        orders = len(self.layout.sizes)
        blocks: list[list[Tensor | None]] = [[None] * orders for _ in range(orders)]
        one = variable.new_ones(*variable.shape[:3], 1)
        weights = torch.cat([one, variable], dim=3)
        for k, (l1, l2, l3) in enumerate(self.paths):
            mixed = torch.einsum("nkcm,kcd->nkdm", parts[l1], self.static[k])
            matrix = self.get_buffer(f"coupling{k}").to(pose.dtype)
            coupled = torch.einsum("nkdm,mqr->nkdrq", mixed, matrix).flatten(2, 3)
            block = coupled[:, :, :, None, :] * weights[:, :, None, k, :, None]
            known = blocks[l3][l2]
            blocks[l3][l2] = block if known is None else known + block
        return torch.cat(
            [torch.cat([b for b in row if b is not None], dim=4) for row in blocks], dim=2
        )  # every l3 is reached from every l2
