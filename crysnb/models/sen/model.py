"""SEN-E3: from a batch of crystals to numbers, by capsules whose poses turn with the crystal."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from crysnb.models.equivariant import Irrep, RadialBasis
from crysnb.models.scalar import ScalarNetwork, ScalarOutput
from crysnb.models.segments import mean_per_crystal, segment_sum
from crysnb.models.sen.capsules import Blocks, CapsuleLayer, ObjectCapsules, PartCapsules, StarAttention
from crysnb.models.sen.config import SENConfig
from crysnb.models.sen.environment import (
    Composition,
    Elements,
    Environment,
    Star,
    bounded,
    irreps_text,
)
from crysnb.models.sen.likelihood import Objects, VoteLikelihood
from crysnb.models.sen.poses import PoseLayout
from crysnb.values.crystal_batch import CrystalBatch
from crysnb.values.trace import Tap, no_tap


class ObjectPooling(nn.Module):
    """Objects of a crystal: for each type a mean over its atoms, weighted by score and presence."""

    def __init__(self, config: SENConfig, layout: PoseLayout) -> None:
        super().__init__()
        self.layout = layout
        self.score = nn.Linear(config.width, config.objects)
        self.width = config.objects * (config.object_features + len(layout.sizes))

    def forward(self, objects: Objects, token: Tensor, blocks: Blocks, tap: Tap) -> tuple[Tensor, Tensor]:
        """What the head reads [crystal, channel], and the presences [crystal, type]."""
        raw = objects.presence * torch.exp(bounded(self.score(token)))
        total = segment_sum(raw, blocks.crystal, blocks.n_crystals)
        share = raw / total.index_select(0, blocks.crystal)
        share = tap("glob.assign", share, axes=("atom", "capsule"), doc="share of an atom in an object")
        presence = blocks.pool(share, objects.presence[:, :, None]).squeeze(2)
        presence = tap(
            "glob.presence", presence, axes=("crystal", "capsule"), doc="presence of objects in the crystal"
        )
        feature = blocks.pool(share, objects.feature)
        feature = tap(
            "glob.feature", feature, axes=("crystal", "capsule", "channel"), doc="features of objects"
        )
        if tap is not no_tap:
            tap(
                "glob.pose",
                blocks.pool(share, objects.pose),
                axes=("crystal", "capsule", "component"),
                irreps=self.layout.irreps,
                doc="poses of objects, in the subspace that the point group leaves fixed",
            )
        norms = mean_per_crystal(
            self.layout.norms(objects.pose).flatten(1), blocks.crystal, blocks.n_crystals
        )
        return torch.cat([(feature * presence[:, :, None]).flatten(1), norms], dim=1), presence


class SEN(ScalarNetwork):
    """SEN-E3 (SEN-inspired), see :mod:`crysnb.models.sen`.

    Outputs are the same under rotation, reflection, order of atoms, choice of cell and batch mates. Poses
    turn with the crystal, whatever the weights; where the site symmetry forbids an order, it is zero.

    Parameters
    ----------
    config
        Sizes and parts; determines the module completely.
    """

    def __init__(self, config: SENConfig) -> None:
        super().__init__(config.properties)
        self.config = config
        self.layout = layout = PoseLayout(config.pose)
        width = config.width
        self.radial = RadialBasis(config.n_radial, config.cutoff)
        self.elements = Elements(width)
        if config.composition:
            self.composition = Composition(width)
            self.gate = nn.Linear(width, width)
        self.environments = nn.ModuleList(
            Environment(config, first=loop == 0) for loop in range(config.loops)
        )
        self.parts = PartCapsules(config, layout)
        self.star = StarAttention(config, layout)
        self.layers = nn.ModuleList(
            CapsuleLayer(config, layout, f"cap.attn.{u}") for u in range(config.layers)
        )
        self.readout = nn.Sequential(
            nn.LayerNorm(2 * width + len(layout.sizes)),
            nn.Linear(2 * width + len(layout.sizes), width),
            nn.SiLU(),
        )
        inputs = width
        if config.object_capsules:
            self.objects = ObjectCapsules(config, layout)
            self.pooling = ObjectPooling(config, layout)
            inputs += self.pooling.width
        if config.likelihood:
            self.likelihood = VoteLikelihood(config, layout)
        self.head = nn.Sequential(
            nn.Linear(inputs, width),
            nn.SiLU(),
            nn.Dropout(config.dropout),
            nn.Linear(width, len(self.properties)),
        )

    @property
    def cutoff(self) -> float:
        """Radius of the graph, Å."""
        return self.config.cutoff

    def latent(self, batch: CrystalBatch, tap: Tap = no_tap) -> ScalarOutput:
        """Standardised properties of each crystal."""
        star = Star(batch, self.radial, self.config.l_max, self.head[0].weight.dtype)  # type: ignore[arg-type]
        blocks = Blocks(batch.crystal_of_atom, batch.n_crystals)
        s, x = self._environments(batch, star, tap)
        token, pose, presence = self.parts(s, x, tap)
        token, pose = self.star(token, pose, star, tap)
        token, pose = self._shown("clus", token, pose, tap)
        presence = tap("clus.presence", presence, axes=("atom",), doc="presence of clusters")
        parts = pose
        for u, layer in enumerate(self.layers):
            token, pose = layer(token, pose, blocks, tap)
            token, pose = self._shown(f"cap.{u}", token, pose, tap)
        atoms = self.readout(torch.cat([s, token, self.layout.norms(pose)], dim=1))
        pooled = mean_per_crystal(atoms, batch.crystal_of_atom, batch.n_crystals)
        inputs, penalty = pooled, None
        if self.config.object_capsules:
            objects = Objects(*self.objects(token, pose, star, tap))
            seen, global_presence = self.pooling(objects, token, blocks, tap)
            inputs = torch.cat([seen, pooled], dim=1)
            penalty = self._penalty(objects, global_presence, token, parts, presence, star, tap)
        inputs = tap("head.input", inputs, axes=("crystal", "channel"), doc="what the head reads")
        latent = self.head(inputs)
        latent = tap("output", latent, axes=("crystal", "channel"), doc="standardised properties")
        return ScalarOutput(latent=latent, features=pooled, penalty=penalty)

    def _environments(self, batch: CrystalBatch, star: Star, tap: Tap) -> tuple[Tensor, dict[Irrep, Tensor]]:
        s = self.elements(batch.atomic_number)
        if self.config.composition:
            vectors = self.composition(self.elements, batch)
            vectors = tap("comp.vector", vectors, axes=("crystal", "channel"), doc="composition")
            gate = 2 * torch.sigmoid(self.gate(vectors))
            s = s * gate.index_select(0, batch.crystal_of_atom)
        x: dict[Irrep, Tensor] | None = None
        for t, environment in enumerate(self.environments):
            s, x = environment(s, x, star)
            s = tap(f"env.{t}.scalar", s, axes=("atom", "channel"), doc="invariant features of atoms")
            x = self._tapped(f"env.{t}.irreps", x, tap)
        assert x is not None  # noqa: S101 - there is at least one loop
        return s, x

    def _tapped(self, name: str, x: dict[Irrep, Tensor], tap: Tap) -> dict[Irrep, Tensor]:
        if tap is no_tap or not x:
            return x
        flat = torch.cat([value.flatten(1) for value in x.values()], dim=1)
        flat = tap(
            name,
            flat,
            axes=("atom", "component"),
            irreps=irreps_text({irrep: value.shape[1] for irrep, value in x.items()}),
            doc="equivariant features of atoms",
        )
        sizes = [value[0].numel() for value in x.values()]
        parts = torch.split(flat, sizes, dim=1)
        return {
            irrep: torch.unflatten(part, 1, x[irrep].shape[1:]) for irrep, part in zip(x, parts, strict=True)
        }

    def _shown(self, name: str, token: Tensor, pose: Tensor, tap: Tap) -> tuple[Tensor, Tensor]:
        stem, _, number = name.partition(".")
        end = f".{number}" if number else ""
        token = tap(f"{stem}.scalar{end}", token, axes=("atom", "channel"), doc="features of clusters")
        pose = tap(
            f"{stem}.pose{end}",
            pose,
            axes=("atom", "component"),
            irreps=self.layout.irreps,
            doc="poses of clusters",
        )
        return token, pose

    def _penalty(
        self,
        objects: Objects,
        presence: Tensor,
        token: Tensor,
        parts: Tensor,
        clusters: Tensor,
        star: Star,
        tap: Tap,
    ) -> Tensor | None:
        """What training adds; votes are computed for training and for traces alone."""
        config = self.config
        penalty = presence.new_zeros(())
        if config.likelihood and (self.training or tap is not no_tap):
            surprise, variable = self.likelihood(objects, token, parts, clusters, star, tap)
            penalty = penalty + config.likelihood_weight * surprise + config.dynamic_weight * variable
        if not self.training:
            return None
        if config.sparsity:
            within = _entropy(presence).mean()
            between = _entropy(presence.sum(0, keepdim=True)).mean()
            penalty = penalty + config.within_weight * within - config.between_weight * between
        return penalty


def _entropy(presence: Tensor) -> Tensor:
    """Entropy of each row over its types, nats."""
    p = presence / presence.sum(1, keepdim=True)
    return -(p * torch.log(p.clamp(min=1e-12))).sum(1)
