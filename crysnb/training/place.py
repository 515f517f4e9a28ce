"""Where a run computes: alone on the CPU, on a GPU, or as one of several processes that share each batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor, nn

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """The part of a batch that one process computes.

    Attributes
    ----------
    crystals, atoms
        Places in the whole batch.
    n_atoms
        Atoms of the whole batch: noise and dropout are drawn for all of them, whoever computes them.
    weight
        Share of the crystals, so that the weighted mean losses of all processes add up to the batch's.
    """

    crystals: slice
    atoms: slice
    n_atoms: int
    weight: float


class Place:
    """The CPU of this process, alone; base of the other places.

    Attributes
    ----------
    rank, world
        Number of this process, and how many there are.
    device
        Where tensors of the network lie.
    """

    rank: int = 0
    world: int = 1
    device: torch.device = torch.device("cpu")

    @property
    def is_first(self) -> bool:
        """Whether this process writes files and tells."""
        return self.rank == 0

    @property
    def is_plain(self) -> bool:
        """Whether dropout may draw as torch does."""
        return self.world == 1 and self.device.type == "cpu"

    def share(self, atoms: Sequence[int]) -> Share:
        """What this process computes of a batch, given the number of atoms of each crystal.

        Where there are fewer crystals than processes, a process without one computes the first with
        weight zero, so that it takes part in the sum.
        """
        n = len(atoms)
        first, last = n * self.rank // self.world, n * (self.rank + 1) // self.world
        weight = (last - first) / n
        if first == last:
            first, last = 0, 1
        start = sum(atoms[:first])
        return Share(
            crystals=slice(first, last),
            atoms=slice(start, start + sum(atoms[first:last])),
            n_atoms=sum(atoms),
            weight=weight,
        )

    def autocast(self) -> AbstractContextManager[object]:
        """Precision of the network's pass."""
        return nullcontext()

    def total(self, values: Tensor) -> Tensor:
        """Sum over all processes."""
        return values

    def agree(self, make: Callable[[], T]) -> T:
        """What the first process makes, in every process."""
        return make()

    def wait(self) -> None:
        """Until all processes are here."""


#: One process on the CPU.
ALONE = Place()


def add_up(place: Place, parameters: Iterable[nn.Parameter], loss: Tensor) -> Tensor:
    """Put the sum over processes into the gradients, and return that of the loss."""
    if place.world == 1:
        return loss
    gradients = [p.grad for p in parameters if p.grad is not None]
    flat = place.total(torch.cat([loss.reshape(1), *(g.flatten() for g in gradients)]))
    at = 1
    for gradient in gradients:
        gradient.copy_(flat[at : at + gradient.numel()].view_as(gradient))
        at += gradient.numel()
    return flat[0]


class SharedDropout(nn.Module):
    """Dropout of per-atom features, drawn on the CPU for the whole batch; a process takes its part of it.

    So the network that results does not depend on the number of processes, nor on the device's own
    generator.

    Parameters
    ----------
    rate
        Probability of a zero.
    share
        Gives the part of the batch that is computed now.
    """

    def __init__(self, rate: float, share: Callable[[], Share]) -> None:
        super().__init__()
        self.rate, self.share = rate, share

    def forward(self, x: Tensor) -> Tensor:
        """Features of this process's atoms, [atom, …]."""
        if not self.training or self.rate == 0:
            return x
        share = self.share()
        kept = nn.functional.dropout(torch.ones(share.n_atoms, *x.shape[1:]), self.rate)
        return x * kept[share.atoms].to(x)


@contextmanager
def shared_dropout(place: Place, network: nn.Module, share: Callable[[], Share]) -> Iterator[None]:
    """Meanwhile let the dropout of ``network`` draw for the whole batch; nothing in a plain place."""
    found = [] if place.is_plain else _dropouts(network)
    for parent, name, layer in found:
        setattr(parent, name, SharedDropout(layer.p, share).train(layer.training))
    try:
        yield
    finally:
        for parent, name, layer in found:
            setattr(parent, name, layer)


def _dropouts(network: nn.Module) -> list[tuple[nn.Module, str, nn.Dropout]]:
    return [
        (parent, name, child)
        for parent in network.modules()
        for name, child in parent.named_children()
        if isinstance(child, nn.Dropout)
    ]
