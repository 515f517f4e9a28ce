"""What networks that predict tensors have in common, and ensembles of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, Protocol

import torch
from torch import Tensor, nn

from crysnb.errors import ShapeError, quote
from crysnb.models.equivariant import Irrep
from crysnb.models.segments import mean_per_crystal
from crysnb.models.tensor_head import TensorHead, irreps_of, merge_irreps, tensor_of
from crysnb.values.crystal_batch import CrystalBatch
from crysnb.values.property_spec import PropertySpec, property_spec
from crysnb.values.trace import Tap, no_tap
from crysnb.weights.reference import FEATURES

MAX_MEMBERS = 16


class TensorConfig(Protocol):
    """What the configuration of every network of tensors says."""

    @property
    def properties(self) -> tuple[str, ...]:
        """Names of the predicted properties."""
        ...

    @property
    def cutoff(self) -> float:
        """Radius of the graph, Å."""
        ...


class TensorNetwork(nn.Module, ABC):
    """Network from crystals to Cartesian tensors.

    A family implements :meth:`trunk` and calls :meth:`add_heads`.

    ``forward(batch, tap)`` returns, per property, Cartesian tensors [crystal, 3, …, 3] in the property's
    unit. Index symmetry (ε = εᵀ, major and minor symmetry of c) holds by construction, and so do ε ≥ 1 and
    a positive definite c.
    """

    heads: nn.ModuleDict
    #: Whether the tensors turn with the crystal.
    turns: ClassVar[bool] = True

    def add_heads(self, names: Iterable[str], width: int, channels: Mapping[Irrep, int]) -> None:
        """One head per property, on invariant features of ``width`` and ``channels`` of each irrep."""
        specs = [property_spec(name) for name in names]
        self.heads = nn.ModuleDict({s.name: TensorHead(s, width, channels) for s in specs})

    @abstractmethod
    def trunk(self, batch: CrystalBatch, tap: Tap = no_tap) -> tuple[Tensor, dict[Irrep, Tensor]]:
        """Invariant [atom, width] and equivariant node features [atom, channel, 2l+1] that all heads read."""

    def forward(self, batch: CrystalBatch, tap: Tap = no_tap) -> dict[str, Tensor]:
        """Cartesian tensor per property, [crystal, 3, …, 3]; and the mean invariant features of the atoms."""
        x, features = self.trunk(batch, tap)
        result: dict[str, Tensor] = {
            name: head(x, features, batch.crystal_of_atom, batch.n_crystals, tap, name)
            for name, head in self.heads.items()
        }
        result[FEATURES] = mean_per_crystal(x, batch.crystal_of_atom, batch.n_crystals)
        return result


def wanted_irreps(names: Iterable[str]) -> list[Irrep]:
    """All irreps that the tensors of these properties are made of, sorted."""
    specs: list[PropertySpec] = [property_spec(name) for name in names]
    return merge_irreps(irreps_of(tensor_of(spec).irreps) for spec in specs)


class TensorEnsemble(nn.Module):
    """Mean of the tensors of several networks of the same kind, and their spread as uncertainty.

    The mean commutes with rotations and with the projection onto a point group, so that everything
    that holds for a member holds for the ensemble.

    Parameters
    ----------
    make
        Makes one untrained member.
    config
        Sizes of each member.
    members
        How many.
    """

    def __init__(self, make: Callable[[Any], TensorNetwork], config: TensorConfig, members: int = 1) -> None:
        super().__init__()
        self.config = config
        self.members = nn.ModuleList(make(config) for _ in range(check_members(members)))

    @property
    def cutoff(self) -> float:
        """Radius of the graph, Å."""
        return self.config.cutoff

    @property
    def neighbors(self) -> int | None:
        """Edges reach out to the whole shell of this many neighbours; None for all within the cutoff."""
        found: int | None = getattr(self.config, "neighbors", None)
        return found

    @property
    def turns(self) -> bool:
        """Whether the tensors turn with the crystal."""
        return bool(self.members[0].turns)

    @property
    def properties(self) -> tuple[str, ...]:
        """Names of the predicted properties."""
        return self.config.properties

    def forward(self, batch: CrystalBatch, tap: Tap = no_tap) -> dict[str, Tensor]:
        """Per property the mean [crystal, …], and under ``<property>.members`` [crystal, member, …].

        ``features`` are those of all members side by side, [crystal, channel].
        """
        outputs = [member(batch, _prefixed(tap, f"member{k}")) for k, member in enumerate(self.members)]
        result: dict[str, Tensor] = {}
        for name in self.config.properties:
            stacked = torch.stack([output[name] for output in outputs], dim=1)
            result[name] = stacked.mean(dim=1)
            result[f"{name}.members"] = stacked
        result[FEATURES] = torch.cat([output[FEATURES] for output in outputs], dim=1)
        return result


def check_members(members: object) -> int:
    """``members`` itself if it is a number of networks; :class:`ShapeError` otherwise."""
    if type(members) is not int or not 1 <= members <= MAX_MEMBERS:
        raise ShapeError(
            "config.range", found=f"members = {quote(members)}", accepted=f"from 1 to {MAX_MEMBERS} members"
        )
    return members


def _prefixed(tap: Tap, prefix: str) -> Tap:
    if tap is no_tap:
        return no_tap

    def named(name: str, value: Tensor, /, **about: Any) -> Tensor:
        return tap(f"{prefix}.{name}", value, **about)

    return named
