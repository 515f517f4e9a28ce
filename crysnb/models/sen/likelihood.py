"""How well the votes of the objects explain the poses of the clusters."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn

from crysnb.models.segments import segment_sum
from crysnb.models.sen.config import SENConfig
from crysnb.models.sen.environment import Star
from crysnb.models.sen.poses import PoseLayout, Votes
from crysnb.values.trace import Tap

#: Weight and spread of the component that explains a pose by no object.
_NOBODY, _NOBODY_SPREAD = 0.01, 3.0
#: Smallest spread of votes, in units of the poses' root mean square.
_LEAST_SPREAD = 0.05
#: Share by which the running root mean square of the poses follows a batch.
_FOLLOW = 0.02


class Objects(NamedTuple):
    """Object capsules of a batch: presence [atom, type], feature and pose with one axis more."""

    presence: Tensor
    feature: Tensor
    pose: Tensor


class VoteLikelihood(nn.Module):
    """Mixture likelihood of the poses under the votes, after Kosiorek et al. (2019), eq. 5 and 6.

    Every edge i → j and object type k at i is a component with mean V_ek and an isotropic spread, weighted
    by presence and envelope; one more component stands for no object. The weights are normalised. Poses are
    constants here, divided by their root mean square for each order (a running mean, of training alone):
    otherwise the likelihood would be largest for poses that vanish.
    """

    def __init__(self, config: SENConfig, layout: PoseLayout) -> None:
        super().__init__()
        self.layout = layout
        self.votes = Votes(
            layout,
            config.objects,
            config.object_features,
            config.n_radial,
            config.width,
            config.vote_factors,
        )
        self.spread = nn.Parameter(torch.zeros(config.objects))
        self.register_buffer("size", torch.ones(len(layout.sizes)))

    def forward(
        self, objects: Objects, token: Tensor, pose: Tensor, presence: Tensor, star: Star, tap: Tap
    ) -> tuple[Tensor, Tensor]:
        """Mean −log p per pose component and cluster, and the mean square of the variable vote weights."""
        if self.training:
            self._follow(pose.detach())
        scale = self.get_buffer("size").to(pose.dtype)[self.layout.order_of_component.to(pose.device)]
        parts = pose.detach() / scale
        variable = self.votes.variable(objects.feature)
        vote = self._vote(objects, variable, token, star)
        vote = tap(
            "obj.vote",
            vote,
            axes=("edge", "capsule", "component"),
            irreps=self.layout.irreps,
            doc="votes for the pose of the neighbour, in units of the poses' root mean square",
        )
        spread = _LEAST_SPREAD + nn.functional.softplus(self.spread)
        distance = (star.of_neighbours(parts)[:, None, :] - vote).square().sum(2)
        prior = star.of_centres(objects.presence) * star.envelope
        log_p = self._component(distance, spread) + torch.log(prior.clamp(min=1e-30))
        nobody = self._component(parts.square().sum(1), parts.new_tensor(_NOBODY_SPREAD)) + math.log(_NOBODY)
        total, mixture = self._logsumexp(log_p, nobody, star)
        tap(
            "obj.resp",
            torch.exp(log_p - star.of_neighbours(mixture[:, None])),
            axes=("edge", "capsule"),
            doc="share of an object at the centre in explaining the pose of the neighbour",
        )
        weight = presence.detach()
        weights = torch.log(segment_sum(prior.sum(1), star.neighbour, star.n_atoms) + _NOBODY)
        mean = ((weights - total) * weight).sum() / weight.sum()
        return mean / self.layout.dim, variable.square().mean()

    def _vote(self, objects: Objects, variable: Tensor, token: Tensor, star: Star) -> Tensor:
        maps = self.votes.maps(objects.pose, variable)
        factors = torch.tanh(
            self.votes.by_distance(star.basis) + star.of_neighbours(self.votes.by_part(token))
        )
        factors = torch.cat([factors.new_ones(len(factors), 1), factors], dim=1)
        edges = (factors[:, :, None] * star.harmonics[:, None, :]).flatten(1)
        table = torch.bmm(star.around.table(edges), maps.flatten(3).flatten(1, 2).transpose(1, 2))
        flat = table.flatten(0, 1).index_select(0, star.around.place)
        return torch.unflatten(flat, 1, (-1, self.layout.dim))

    def _component(self, distance: Tensor, spread: Tensor) -> Tensor:
        """Log density of an isotropic Gaussian."""
        return -distance / (2 * spread**2) - self.layout.dim / 2 * torch.log(2 * math.pi * spread**2)

    @staticmethod
    def _logsumexp(log_p: Tensor, nobody: Tensor, star: Star) -> tuple[Tensor, Tensor]:
        """Log of the sum over incoming edges, types and nobody, [atom], with and without gradient."""
        top = nobody.detach().scatter_reduce(0, star.neighbour, log_p.detach().amax(1), "amax")
        shares = torch.exp(log_p - star.of_neighbours(top[:, None])).sum(1)
        total = segment_sum(shares, star.neighbour, star.n_atoms) + torch.exp(nobody - top)
        result = top + torch.log(total)
        return result, result.detach()

    @torch.no_grad()
    def _follow(self, pose: Tensor) -> None:
        size = self.get_buffer("size")
        now = torch.stack([p.square().mean() for p in torch.split(pose, self.layout.sizes, dim=1)])
        size.lerp_(now.sqrt().clamp(min=1e-3).to(size.dtype), _FOLLOW)
