"""SEN-classic: invariant capsules without geometric pose, a baseline and a negative control.

A small, corrected version of the path that runs in the public code of Liang et al. (2023),
doi:10.1038/s41467-023-40756-2: distances and elements to one vector per crystal, that vector as a picture of
16 × 16, primary capsules of the picture. Its poses are plane affine maps of that picture: they are invariant
under every operation of the crystal and say nothing about any. Corrected are: a smooth cut-off, learned
positive powers of the fractions and no noise outside training, cell states that a readout keeps, the capsule
axis of the pooled channels, standardised targets, and above all the attention between the crystals of a
batch, which is left out unless a demonstration asks for it.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, cast

import torch
from torch import Tensor, nn

from crysnb.errors import ShapeError
from crysnb.graph.element_features import MAX_Z
from crysnb.models.config import check_flag, check_numbers, check_properties, from_plain, to_plain
from crysnb.models.equivariant import envelope
from crysnb.models.radial import Gaussians
from crysnb.models.scalar import ScalarNetwork, ScalarOutput
from crysnb.models.segments import segment_mean, segment_sum
from crysnb.models.sen.capsules import Blocks
from crysnb.models.sen.environment import Composition, Elements, bounded
from crysnb.values.crystal_batch import CrystalBatch
from crysnb.values.trace import Tap, no_tap

#: Rows and columns of the picture, and capsules.
_SIDE, _CAPSULES = 16, 16
#: Pose, feature and presence of a capsule.
_POSE, _FEATURE = 6, 16
_STEP = 0.6  # of an update
_ALONE = 0.01  # weight of nothing in means over neighbours, so that they go to zero with the last of them


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassicConfig:
    """Sizes of SEN-classic; the original has a width of 192 on a grid of 12 × 16 and 256 channels.

    Attributes
    ----------
    properties
        Names of the predicted properties, which are scalars.
    cutoff
        Radius of the graph, Å.
    n_radial
        Number of Gaussians of the distance.
    rows, columns
        Of the grid in which the channels of an atom are laid out; their product is the number of channels.
    kernel_channels
        Channels of the kernels, a multiple of 12; the original has 24.
    loops
        Number of environment updates.
    picture_channels
        Channels of the kernels on the picture.
    atom_attention
        Whether atoms of one crystal attend to each other, in place of the attention between crystals.
    legacy_batch_attention
        Whether crystals of one batch attend to each other, as published: then a prediction depends on the
        batch. For demonstrations alone.
    """

    properties: tuple[str, ...] = ("formation_energy", "band_gap")
    cutoff: float = 5.0
    n_radial: int = 50
    rows: int = 8
    columns: int = 8
    kernel_channels: int = 12
    loops: int = 3
    picture_channels: int = 32
    atom_attention: bool = False
    legacy_batch_attention: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "properties", check_properties(self.properties))
        check_numbers(
            self,
            {
                "cutoff": (2.0, 12.0),
                "n_radial": (2, 512),
                "rows": (2, 64),
                "columns": (2, 64),
                "kernel_channels": (12, 240),
                "loops": (1, 6),
                "picture_channels": (1, 512),
            },
        )
        check_flag("atom_attention", self.atom_attention)
        check_flag("legacy_batch_attention", self.legacy_batch_attention)
        if self.kernel_channels % 12:
            raise ShapeError(
                "config.range",
                found=f"kernel_channels = {self.kernel_channels}",
                accepted="a multiple of 12",
            )

    @property
    def width(self) -> int:
        """Channels of atoms, edges and state."""
        return self.rows * self.columns

    def to_dict(self) -> dict[str, Any]:
        """Plain data with its schema version."""
        return to_plain(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> ClassicConfig:
        """Inverse of :meth:`to_dict`; unknown keys and schema versions are errors."""
        return from_plain(cls, data)


class GridUpdate(nn.Module):
    """Vectors laid out as pictures, convolved in groups; content and gate of every position.

    ``[row, k × width] -> [row, width]``. The grid has no meaning: neighbouring positions are neighbouring
    channel numbers, and the layer is a dense one with few weights.
    """

    def __init__(self, config: ClassicConfig, inputs: int) -> None:
        super().__init__()
        self.shape = (inputs, config.rows, config.columns)
        self.kernel = nn.Conv2d(inputs, config.kernel_channels, 3, padding=1, groups=inputs, bias=False)
        nn.init.normal_(self.kernel.weight, std=0.5)

    def forward(self, *parts: Tensor) -> Tensor:
        """The update of what the parts describe."""
        grid = torch.unflatten(torch.cat(parts, dim=1), 1, self.shape)
        content, gate = self.kernel(grid).flatten(2).chunk(2, dim=1)
        return nn.functional.selu((content * gate.softmax(dim=2)).sum(1) * math.sqrt(content.shape[2]))


class Readout(nn.Module):
    """Set2set with its cell state kept, ``[row, width] -> [crystal, 2 × width]``.

    Vinyals, Bengio and Kudlur (2016), arXiv:1511.06391.
    """

    def __init__(self, width: int, steps: int = 3) -> None:
        super().__init__()
        self.steps, self.width = steps, width
        self.cell = nn.LSTMCell(2 * width, width)

    def forward(self, x: Tensor, weight: Tensor, crystal: Tensor, nothing: Tensor) -> Tensor:
        """Rows count by ``weight`` [row, 1], beside ``nothing`` [crystal, 1], which is a row of zeros."""
        n_crystals = len(nothing)
        read = x.new_zeros(n_crystals, 2 * self.width)
        state = (x.new_zeros(n_crystals, self.width), x.new_zeros(n_crystals, self.width))
        for _ in range(self.steps):
            state = self.cell(read, state)
            query = state[0]
            score = bounded((x * query.index_select(0, crystal)).sum(1, keepdim=True))
            share = weight * torch.exp(score)
            total = segment_sum(share, crystal, n_crystals) + nothing
            around = segment_sum(share * x, crystal, n_crystals) / total
            read = torch.cat([query, around], dim=1)
        return read


class PictureCapsules(nn.Module):
    """Primary capsules of a picture: pose, feature, presence.

    After Kosiorek et al. (2019), arXiv:1906.06818.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        strides = (2, 2, 1, 1)
        self.layers = nn.ModuleList(
            nn.Conv2d(1 if k == 0 else channels, channels, 3, stride=stride, padding=1)
            for k, stride in enumerate(strides)
        )
        side = _SIDE // 4
        self.bias = nn.Parameter(torch.randn(channels, side, side) * 0.1)
        self.values = _POSE + _FEATURE + 1
        self.to_capsules = nn.Conv2d(channels, _CAPSULES * (self.values + 1), 1)

    def forward(self, vector: Tensor, tap: Tap) -> tuple[Tensor, Tensor, Tensor]:
        """Poses [crystal, capsule, 6], features [crystal, capsule, channel], presences [crystal, capsule]."""
        x = vector.reshape(-1, 1, _SIDE, _SIDE)
        for layer in self.layers:
            x = nn.functional.selu(layer(x))
        flat = torch.unflatten(self.to_capsules(x + self.bias).flatten(2), 1, (_CAPSULES, self.values + 1))
        attention = flat[:, :, -1:].softmax(3)  # each capsule pools its own channels by its own map
        pooled = (flat[:, :, :-1] * attention).sum(3)
        logits, feature, presence = torch.split(pooled, [_POSE, _FEATURE, 1], dim=2)
        presence = presence.squeeze(2)
        if self.training:
            presence = presence + 4 * torch.rand_like(presence) - 2
        presence = tap(
            "prim.presence", presence.softmax(1), axes=("crystal", "capsule"), doc="presence of capsules"
        )
        pose = tap(
            "prim.pose",
            plane_map(logits),
            axes=("crystal", "capsule", "channel"),
            doc="affine maps of the picture; invariant",
        )
        feature = tap(
            "prim.feature", feature, axes=("crystal", "capsule", "channel"), doc="features of capsules"
        )
        return pose, feature, presence


def plane_map(logits: Tensor) -> Tensor:
    """Affine maps of the plane, 2 × 3 by rows, of six logits: two scales, an angle, shear and shift."""
    a, b, angle, shear, x, y = logits.unbind(-1)
    sx, sy = nn.functional.selu(a) + 0.01, nn.functional.selu(b) + 0.01
    c, s = torch.cos(2 * math.pi * angle), torch.sin(2 * math.pi * angle)
    h, tx, ty = (torch.tanh(5 * v) for v in (shear, x, y))
    return torch.stack(
        [sx * c + h * sy * s, -sx * s + h * sy * c, tx, sy * s, sy * c, ty],
        dim=-1,
    )


class SENClassic(ScalarNetwork):
    """SEN-classic, see :mod:`crysnb.models.sen.classic`.

    Warns
    -----
    UserWarning
        With ``legacy_batch_attention``, that predictions depend on the batch.
    """

    def __init__(self, config: ClassicConfig) -> None:
        super().__init__(config.properties)
        self.config = config
        width = config.width
        if config.legacy_batch_attention:
            warnings.warn(
                "legacy_batch_attention=True: the prediction for a crystal depends on the other crystals of "
                "its batch, as in the published code; for demonstrations alone",
                stacklevel=2,
            )
        self.distances = Gaussians(0.0, config.cutoff, config.n_radial, 0.5)
        self.atom = _dense(nn.Embedding(MAX_Z + 1, 80), 80, 64, width)
        self.edge = _dense(nn.Identity(), config.n_radial, 64, width)
        self.state = nn.Parameter(torch.randn(width))
        self.elements, self.composition = Elements(2 * width), Composition(2 * width)
        self.updates = nn.ModuleList(
            nn.ModuleList(GridUpdate(config, n) for n in (4, 3, 3)) for _ in range(config.loops)
        )
        self.readout = Readout(width)
        self.perception = nn.Linear((5 + 5 * config.legacy_batch_attention) * width, 3 * _SIDE * _SIDE)
        self.capsules = PictureCapsules(config.picture_channels)
        self.pose = nn.Sequential(
            nn.ZeroPad2d((0, 1, 0, 1)), nn.Conv2d(1, 9, 2), nn.ZeroPad2d((0, 1, 0, 1)), nn.Conv2d(9, 1, 2)
        )
        self.score = nn.Parameter(torch.randn(_CAPSULES, _POSE + _FEATURE) / 4)
        self.head = nn.Sequential(
            nn.Linear(2 * _CAPSULES + _SIDE * _SIDE, 64), nn.Linear(64, len(self.properties))
        )

    @property
    def cutoff(self) -> float:
        """Radius of the graph, Å."""
        return self.config.cutoff

    def latent(self, batch: CrystalBatch, tap: Tap = no_tap) -> ScalarOutput:
        """Standardised properties of each crystal."""
        vector = self._crystal(batch, tap)
        if self.config.legacy_batch_attention:
            weights = (vector @ vector.T).softmax(1)
            weights = tap(
                "batch.attn",
                weights,
                axes=("crystal", "crystal"),
                doc="attention between crystals of a batch",
            )
            vector = torch.cat([weights @ vector, vector], dim=1)
        inward, candidate, outward = self.perception(vector).chunk(3, dim=1)
        cell = torch.sigmoid(inward) * torch.tanh(candidate)
        picture = torch.sigmoid(outward) * torch.tanh(cell)
        pose, feature, presence = self.capsules(picture, tap)
        seen = self.pose(pose[:, None]).squeeze(1)
        score = (torch.cat([seen, feature], dim=2) * self.score).sum(2)
        inputs = torch.cat([score, score * presence, picture], dim=1)
        inputs = tap("head.input", inputs, axes=("crystal", "channel"), doc="what the head reads")
        latent = tap("output", self.head(inputs), axes=("crystal", "channel"), doc="standardised properties")
        return ScalarOutput(latent=latent, features=picture)

    def _crystal(self, batch: CrystalBatch, tap: Tap) -> Tensor:
        """One vector for each crystal, [crystal, 5 × width]."""
        atoms, n = batch.crystal_of_atom, batch.n_crystals
        centre, neighbour = batch.edge_index
        edges = atoms.index_select(0, centre)
        distance = batch.edge_vector.norm(dim=1)
        dtype = self.state.dtype
        weight = envelope(distance, self.config.cutoff)[:, None].to(dtype)
        e = self.edge(self.distances(distance, dtype) * weight)
        h = self.atom(batch.atomic_number)
        u = self.state.expand(n, -1)
        reach = segment_sum(weight, centre, batch.n_atoms) + _ALONE
        total = segment_sum(reach, atoms, n)
        for t, update in enumerate(self.updates):
            on_edge, on_atom, on_state = cast("nn.ModuleList", update)
            e = e + _STEP * on_edge(
                h.index_select(0, centre), h.index_select(0, neighbour), e, u.index_select(0, edges)
            )
            sums = segment_sum(weight * e, centre, batch.n_atoms)
            h = h + _STEP * on_atom(sums / reach, h, u.index_select(0, atoms))
            u = u + _STEP * on_state(segment_sum(sums, atoms, n) / total, segment_mean(h, atoms, n), u)
            h = tap(f"env.{t}.scalar", h, axes=("atom", "channel"), doc="features of atoms")
        if self.config.atom_attention:
            h = h + self._between_atoms(h, Blocks(atoms, n), tap)
        gate = self.composition(self.elements, batch)
        one = torch.ones_like(h[:, :1])
        count = segment_sum(one, atoms, n)
        read = self.readout(h, one, atoms, 0 * count)
        read = read * gate.softmax(1) * gate.shape[1]
        return torch.cat([read, self.readout(e, weight, edges, _ALONE * count), u], dim=1)

    @staticmethod
    def _between_atoms(h: Tensor, blocks: Blocks, tap: Tap) -> Tensor:
        x = blocks.spread(h)
        scores = torch.einsum("bmd,bnd->bmn", x, x) / math.sqrt(h.shape[1])
        weights = scores.masked_fill(blocks.absent[:, None, :], -torch.inf).softmax(2)
        weights = blocks.tapped(
            tap, "cap.attn.0.0", weights, "attention of an atom (row) to an atom (column)"
        )
        return blocks.gather(torch.einsum("bmn,bnd->bmd", weights, x))


def _dense(first: nn.Module, *widths: int) -> nn.Sequential:
    layers: list[nn.Module] = [first]
    for before, after in pairwise(widths):
        layers += [nn.Linear(before, after), nn.SELU()]
    return nn.Sequential(*layers)
