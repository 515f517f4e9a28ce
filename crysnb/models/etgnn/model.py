"""Tensors on top of a network of distances: from bond directions, or in fixed axes."""

from __future__ import annotations

import math

import torch
from e3nn import o3
from torch import Tensor, nn

from crysnb.graph.element_features import element_features
from crysnb.models.equivariant import EquivariantLinear, Irrep, SquareProduct, envelope
from crysnb.models.etgnn.config import ETGNNConfig
from crysnb.models.megnet.config import MEGNetConfig
from crysnb.models.megnet.model import STATE, Block, State, dense
from crysnb.models.radial import Gaussians
from crysnb.models.segments import Neighborhoods
from crysnb.models.tensor_network import TensorNetwork, wanted_irreps
from crysnb.values.crystal_batch import CrystalBatch
from crysnb.values.trace import Tap, no_tap


class DistanceNetwork(TensorNetwork):
    """Rounds of MEGNet's updates of atoms, bonds and state; they see distances and elements alone.

    Parameters
    ----------
    config
        Sizes; determines the module completely.
    """

    def __init__(self, config: ETGNNConfig) -> None:
        super().__init__()
        self.config = config
        table = torch.from_numpy(element_features().copy())
        self.register_buffer("element_features", table)
        widths = [config.hidden, config.width]
        self.radial = Gaussians(0.0, config.cutoff, config.n_radial, config.cutoff / config.n_radial)
        self.embed_atom = dense([table.shape[1], *widths])
        self.embed_bond = dense([config.n_radial, *widths])
        self.embed_state = dense([STATE, *widths])
        sizes = MEGNetConfig(width=config.width, hidden=config.hidden)
        self.blocks = nn.ModuleList(Block(sizes, first=k == 0) for k in range(config.blocks))
        self.wanted = wanted_irreps(config.properties)

    def rounds(self, batch: CrystalBatch, tap: Tap) -> State:
        """Atoms, bonds and state after all rounds."""
        dtype = next(self.embed_atom.parameters()).dtype
        table = self.get_buffer("element_features").to(dtype)
        v = tap("embedding", self.embed_atom(table[batch.atomic_number]), axes=("atom", "channel"))
        e = self.embed_bond(self.radial(batch.edge_vector.norm(dim=1), dtype))
        state = State(v, e, self.embed_state(v.new_zeros(batch.n_crystals, STATE)))
        for k, block in enumerate(self.blocks):
            state = block(state, batch)
            v = tap(f"block{k}.atoms", state.v, axes=("atom", "channel"), doc="atoms after a round")
            e = tap(f"block{k}.bonds", state.e, axes=("edge", "channel"), doc="bonds after a round")
            state = State(v, e, state.u)
        return state


class ETGNN(DistanceNetwork):
    """Sums of products of bond directions with invariant coefficients.

    An atom's tensor is Σ_k t_k Y_l(ê_k) over its bonds, for each order l that the tensor is made of: of the
    outer powers of ê_k with one coefficient these are the irreducible parts. Where a part has the parity that
    no power of one direction has, as in a piezoelectric tensor, products of two such sums give it, which are
    the pair terms of the paper. After Zhong, Yu, Gong and Xiang (2022), arXiv 2201.05770, eq. 1; the identity
    has a coefficient of its own, of the atom.

    Under a rotation or reflection of the crystals the tensors rotate with them; they do not depend on the
    choice of cell or on the order of atoms.

    Parameters
    ----------
    config
        Sizes; determines the module completely.
    """

    def __init__(self, config: ETGNNConfig) -> None:
        super().__init__(config)
        natural = [irrep for irrep in self.wanted if irrep[1] == (-1) ** irrep[0]]
        pseudo = [irrep for irrep in self.wanted if irrep not in natural]
        self.l_max = max(order for order, _ in self.wanted)
        self.coefficients = nn.Linear(config.width, config.channels * (self.l_max + 1))
        available = dict.fromkeys(natural, config.channels)
        if pseudo:
            self.pairs = SquareProduct(self.l_max, pseudo)
            made = {irrep: n * config.channels for irrep, n in self.pairs.irreps.items()}
            self.mix = EquivariantLinear(made, dict.fromkeys(pseudo, config.channels))
            available |= dict.fromkeys(pseudo, config.channels)
        self.add_heads(config.properties, config.width, available)

    def trunk(self, batch: CrystalBatch, tap: Tap = no_tap) -> tuple[Tensor, dict[Irrep, Tensor]]:
        """Invariant features [atom, width], and sums over the bonds of each atom [atom, channel, 2l+1]."""
        state = self.rounds(batch, tap)
        vector = batch.edge_vector.to(state.e.dtype)
        smooth = envelope(vector.norm(dim=1), self.config.cutoff)[:, None]
        t = self.coefficients(state.e) * smooth / math.sqrt(_TYPICAL_DEGREE)
        t = tap("bond.coefficients", t, axes=("edge", "channel"), doc="coefficients of powers of directions")
        around = Neighborhoods(batch.edge_index[0], batch.n_atoms)
        orders = list(range(self.l_max + 1))
        y = o3.spherical_harmonics(orders, vector, normalize=True, normalization="component")
        harmonics = torch.split(around.table(y), [2 * order + 1 for order in orders], dim=2)
        table = around.table(t).reshape(batch.n_atoms, around.slots, len(orders), self.config.channels)
        moments = [torch.einsum("nkc,nkm->ncm", table[:, :, l], harmonics[l]) for l in orders]
        features = {(l, (-1) ** l): moments[l] for l in orders}
        if hasattr(self, "pairs"):
            features |= self.mix(self.pairs(moments))
        return state.v, {irrep: features[irrep] for irrep in self.wanted}


class FixedAxes(DistanceNetwork):
    """Components in fixed axes from invariant features, as graph networks of scalars are used for tensors.

    What is predicted does not turn with the crystal: the network knows nothing of directions, and learns how
    the cells of its data set usually lie. Its isotropic part is invariant.

    Parameters
    ----------
    config
        Sizes; determines the module completely.
    """

    turns = False

    def __init__(self, config: ETGNNConfig) -> None:
        super().__init__(config)
        self.sizes = [config.channels * (2 * order + 1) for order, _ in self.wanted]
        self.components = nn.Linear(config.width, sum(self.sizes))
        self.add_heads(config.properties, config.width, dict.fromkeys(self.wanted, config.channels))

    def trunk(self, batch: CrystalBatch, tap: Tap = no_tap) -> tuple[Tensor, dict[Irrep, Tensor]]:
        """Invariant features [atom, width], and such that are read as components [atom, channel, 2l+1]."""
        state = self.rounds(batch, tap)
        parts = torch.split(self.components(state.v), self.sizes, dim=1)
        n, channels = len(state.v), self.config.channels
        return state.v, {
            irrep: part.reshape(n, channels, -1) for irrep, part in zip(self.wanted, parts, strict=True)
        }


#: Sums over bonds are divided by the root of a typical number of them, so that features stay of order one.
_TYPICAL_DEGREE = 30.0
