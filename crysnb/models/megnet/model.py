"""MEGNet: bonds learn from their atoms, atoms from their bonds, the state from both."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn

from crysnb.models.element_input import ElementInput, input_of
from crysnb.models.megnet.config import PRESETS, MEGNetConfig
from crysnb.models.radial import Gaussians
from crysnb.models.scalar import ScalarNetwork, ScalarOutput
from crysnb.models.segments import segment_mean, segment_softmax, segment_sum
from crysnb.values.crystal_batch import CrystalBatch
from crysnb.values.element_table import ElementTable
from crysnb.values.trace import Tap, no_tap

#: Numbers of the state that a crystal starts with; both are zero.
STATE = 2


class Softplus2(nn.Module):
    """``softplus(x) − ln 2``, which is zero at zero."""

    def forward(self, x: Tensor) -> Tensor:
        """The same shape as x."""
        return nn.functional.softplus(x) - math.log(2)


def dense(widths: Sequence[int], *, activate_last: bool = True) -> nn.Sequential:
    """Linear layers of these widths with softplus2 between them, and after the last one if asked."""
    layers: list[nn.Module] = []
    for a, b in pairwise(widths):
        layers += [nn.Linear(a, b), Softplus2()]
    return nn.Sequential(*(layers if activate_last else layers[:-1]))


class State(NamedTuple):
    """Atoms [atom, width], bonds [edge, width] and the crystals as wholes [crystal, width]."""

    v: Tensor
    e: Tensor
    u: Tensor


class Block(nn.Module):
    """One round of updates with a residual around it; Chen et al. (2019), eqs. 1 to 3.

    Parameters
    ----------
    config
        Sizes.
    first
        The first block has no layer before its updates.
    """

    def __init__(self, config: MEGNetConfig, *, first: bool) -> None:
        super().__init__()
        width, hidden = config.width, config.hidden
        inner = [width, hidden, width]
        self.before = nn.ModuleList([] if first else [dense(inner) for _ in range(3)])
        after = [hidden, hidden, width]
        self.bond = dense([4 * width, *after])
        self.atom = dense([3 * width, *after])
        self.whole = dense([3 * width, *after])

    def forward(self, state: State, batch: CrystalBatch) -> State:
        """The state after the block."""
        v, e, u = (f(x) for f, x in zip(self.before, state, strict=True)) if self.before else state
        centre, neighbour = batch.edge_index
        crystal = batch.crystal_of_atom
        e = self.bond(torch.cat([v[centre], v[neighbour], e, u[crystal[centre]]], dim=1))
        v = self.atom(torch.cat([segment_mean(e, centre, len(v)), v, u[crystal]], dim=1))
        bonds = segment_mean(e.double(), crystal[centre], len(u)).to(u.dtype)
        atoms = segment_mean(v.double(), crystal, len(u)).to(u.dtype)
        u = self.whole(torch.cat([bonds, atoms, u], dim=1))
        return State(state.v + v, state.e + e, state.u + u)


class Set2Set(nn.Module):
    """Learned mean of a set, ``[row, width] -> [crystal, 2 width]``; Vinyals et al. (2016), arXiv 1511.06391.

    Parameters
    ----------
    width
        Channels of a row.
    passes
        How often the set is looked at.
    """

    def __init__(self, width: int, passes: int) -> None:
        super().__init__()
        self.width, self.passes = width, passes
        self.lstm = nn.LSTMCell(2 * width, width)

    def forward(self, x: Tensor, crystal: Tensor, n_crystals: int) -> Tensor:
        """Query and what it read, for each crystal; ``crystal`` [row] says which one a row is of."""
        query = x.new_zeros(n_crystals, self.width)
        memory, read = query, query
        for _ in range(self.passes):
            query, memory = self.lstm(torch.cat([query, read], dim=1), (query, memory))
            share = segment_softmax((x * query[crystal]).sum(1), crystal, n_crystals)
            # In double precision: a supercell has many terms where the cell has few.
            read = segment_sum((share[:, None] * x).double(), crystal, n_crystals).to(x.dtype)
        return torch.cat([query, read], dim=1)


class MEGNet(ScalarNetwork):
    """Graph network of atoms, bonds and state.

    ``MEGNet(features=table, freeze=False)`` is fed by any :class:`~crysnb.values.element_table.ElementTable`.

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
    Invariant under rotations, reflections, the choice of cell and the order of the sites. 189,521
    parameters with 16 learned numbers for each of 89 elements and one property; the table here has a row
    for every element.
    """

    def __init__(
        self,
        config: MEGNetConfig | None = None,
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
        self.radial = Gaussians(0.0, config.reach, config.n_radial, config.radial_width)
        self.embed_atom = dense([self.elements.width, hidden, width])
        self.embed_bond = dense([config.n_radial, hidden, width])
        self.embed_state = dense([STATE, hidden, width])
        self.blocks = nn.ModuleList(Block(config, first=k == 0) for k in range(config.blocks))
        self.read_atoms = Set2Set(width, config.passes)
        self.read_bonds = Set2Set(width, config.passes)
        self.hidden = dense([5 * width, width, max(width // 2, 1)])
        self.out = nn.Linear(max(width // 2, 1), len(config.properties))

    @property
    def cutoff(self) -> float:
        """Largest length of a bond, Å."""
        return self.config.cutoff

    def latent(self, batch: CrystalBatch, tap: Tap = no_tap) -> ScalarOutput:
        """Standardised properties of each crystal; what the last layers read as features."""
        dtype = self.out.weight.dtype
        v = self.embed_atom(self.elements(batch.atomic_number).to(dtype))
        v = tap("embedding", v, axes=("atom", "channel"), doc="element embedding")
        e = self.embed_bond(self.radial(batch.edge_vector.norm(dim=1), dtype))
        state = State(v, e, self.embed_state(v.new_zeros(batch.n_crystals, STATE)))
        for k, block in enumerate(self.blocks):
            state = block(state, batch)
            v = tap(f"block{k}.atoms", state.v, axes=("atom", "channel"), doc="atoms after a block")
            e = tap(f"block{k}.bonds", state.e, axes=("edge", "channel"), doc="bonds after a block")
            u = tap(f"block{k}.state", state.u, axes=("crystal", "channel"), doc="state after a block")
            state = State(v, e, u)
        crystal, n = batch.crystal_of_atom, batch.n_crystals
        atoms = self.read_atoms(state.v, crystal, n)
        bonds = self.read_bonds(state.e, crystal[batch.edge_index[0]], n)
        x = torch.cat([atoms, bonds, state.u], dim=1)
        return ScalarOutput(latent=self.out(self.hidden(x)), features=x)
