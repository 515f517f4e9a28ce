"""Epochs of steps on a network: seeded, resumable to the bit on one CPU, shared between processes."""

from __future__ import annotations

import logging
import math
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import torch
from torch import Tensor, nn
from tqdm import tqdm

from crysnb.errors import CrysnbError
from crysnb.files import csv_text, write_whole
from crysnb.training import checkpoint
from crysnb.training.place import ALONE, Place, Share, add_up, shared_dropout
from crysnb.training.recipe import Recipe
from crysnb.values.crystal_batch import CrystalBatch, collate

log = logging.getLogger(__name__)

#: Name of the table of epochs beside the checkpoints.
TABLE = "log.csv"


class HasGraph(Protocol):
    """A crystal that can be learned from."""

    @property
    def graph(self) -> CrystalBatch:
        """Its graph, alone in a batch."""
        ...


Crystal = TypeVar("Crystal", bound=HasGraph)


class Stage(ABC, Generic[Crystal]):
    """One stage of a training; call :meth:`train`.

    Parameters
    ----------
    recipe
        Batch size, noise, clipping.
    network
        What is trained; it is moved to the device of ``place``.
    crystals
        What it learns from.
    epochs
        How often.
    folder
        Where checkpoints and the table of epochs go, or None to keep nothing.
    place
        Where to compute.
    title
        What a bar on a terminal is called; no bar without it.
    """

    optimiser: torch.optim.Optimizer

    def __init__(
        self,
        recipe: Recipe,
        network: nn.Module,
        crystals: Sequence[Crystal],
        epochs: int,
        *,
        folder: Path | None = None,
        place: Place = ALONE,
        title: str = "",
    ) -> None:
        self.recipe, self.train_set, self.epochs = recipe, list(crystals), epochs
        self.folder, self.place, self.title = folder, place, title
        self.network = network.to(place.device)
        self.epoch = 0
        self.log: list[dict[str, Any]] = []
        self._share: Share | None = None

    @property
    @abstractmethod
    def parameters(self) -> Sequence[nn.Parameter]:
        """Whose gradient is clipped."""

    @abstractmethod
    def seed(self) -> int:
        """Seed of the epoch that comes."""

    @abstractmethod
    def rate(self, step: int, steps: int) -> float:
        """Learning rate of a step, counted over all epochs."""

    @abstractmethod
    def loss(self, chosen: Sequence[Crystal], batch: CrystalBatch) -> Tensor:
        """Mean loss of some crystals, whose graphs are ``batch``."""

    def kept(self) -> Mapping[str, nn.Module]:
        """Modules that a checkpoint holds, by name."""
        return {"network": self.network}

    def after_step(self, step: int) -> None:
        """What follows each step."""

    def after_epoch(self) -> None:
        """What follows each epoch; its entry is the last one of the log."""

    def validate(self) -> dict[str, float]:
        """Further measures after an epoch, by the first process."""
        return {}

    @property
    def is_done(self) -> bool:
        """Whether no epoch is left."""
        return self.epoch >= self.epochs

    def run(self, *, resume: bool = False) -> None:
        """All epochs that are left; with ``resume`` those after the last checkpoint."""
        if resume and self.folder:
            self._restore(self.folder)
        with shared_dropout(self.place, self.network, self._current_share), self._bar() as bar:
            while not self.is_done:
                started = time.perf_counter()
                loss = self._epoch()
                if not math.isfinite(loss):
                    raise _diverged(self.epoch + 1)
                self.epoch += 1
                self.log.append({"epoch": self.epoch, "loss": loss, **self.place.agree(self._measures)})
                self.after_epoch()
                if self.place.is_first:
                    log.info("%s in %.1f s", _line(self.log[-1]), time.perf_counter() - started)
                    self._save()
                bar.set_postfix(_short(self.log[-1]), refresh=False)
                bar.update()

    def _measures(self) -> dict[str, float]:
        return {name: value for name, value in self.validate().items() if math.isfinite(value)}

    @contextmanager
    def _bar(self) -> Iterator[Any]:
        shown = bool(self.title) and self.place.is_first and sys.stderr.isatty()
        with tqdm(
            total=self.epochs, initial=self.epoch, desc=self.title, unit="epoch", disable=not shown
        ) as bar:
            yield bar

    def _current_share(self) -> Share:
        if self._share is None:
            raise RuntimeError("dropout outside a step")
        return self._share

    def _epoch(self) -> float:
        generator = torch.Generator().manual_seed(self.seed())
        order = torch.randperm(len(self.train_set), generator=generator).tolist()
        starts = range(0, len(order), self.recipe.batch_size)
        steps = len(starts) * self.epochs
        total = 0.0
        self.network.train()
        with torch.random.fork_rng(devices=[]):  # dropout draws from the global generator
            torch.default_generator.set_state(generator.get_state())
            for k, start in enumerate(starts):
                step = self.epoch * len(starts) + k
                self._set_rate(step, steps)
                chosen = [self.train_set[i] for i in order[start : start + self.recipe.batch_size]]
                total += self._step(chosen, generator) / len(starts)
                self.after_step(step)
        return total

    def _step(self, chosen: Sequence[Crystal], generator: torch.Generator) -> float:
        self._share = share = self.place.share([c.graph.n_atoms for c in chosen])
        own = chosen[share.crystals]
        batch = displaced(collate([c.graph for c in own]), self.recipe.noise, generator, share)
        loss = self.loss(own, batch.to(self.place.device))
        if share.weight != 1:
            loss = loss * share.weight
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        changed = [p for group in self.optimiser.param_groups for p in group["params"]]
        loss = add_up(self.place, changed, loss.detach())
        nn.utils.clip_grad_norm_(self.parameters, self.recipe.gradient_clip)
        self.optimiser.step()
        return float(loss)

    def _set_rate(self, step: int, steps: int) -> None:
        rate = self.rate(step, steps)
        for group in self.optimiser.param_groups:
            group["lr"] = rate

    def _save(self) -> None:
        if not self.folder:
            return
        tensors = {
            f"{part}.{name}": value
            for part, module in self.kept().items()
            for name, value in module.state_dict().items()
        }
        for k, state in self.optimiser.state_dict()["state"].items():
            tensors |= {f"optimiser.{k}.{name}": value for name, value in state.items()}
        distinct = {name: value.detach().clone() for name, value in tensors.items()}
        checkpoint.save(self.folder, checkpoint.Checkpoint(self.epoch, self.recipe.hash, distinct, self.log))
        self._write_table(self.folder)

    def _write_table(self, folder: Path) -> None:
        """All epochs so far; written anew, so that a resumed run repeats none."""
        names = list(dict.fromkeys(name for entry in self.log for name in entry))
        rows = [[entry.get(name, "") for name in names] for entry in self.log]
        write_whole(folder / TABLE, csv_text(names, rows).encode(), overwrite=True)

    def _restore(self, folder: Path) -> None:
        found = checkpoint.latest(folder, self.recipe.hash)
        if found is None:
            return
        self.epoch, self.log = found.epoch, found.log
        parts: dict[str, dict[str, Tensor]] = {}
        for name, value in found.tensors.items():
            part, rest = name.split(".", 1)
            parts.setdefault(part, {})[rest] = value
        try:
            for part, module in self.kept().items():
                module.load_state_dict(parts[part])
            whole = self.optimiser.state_dict()
            states: dict[int, dict[str, Tensor]] = {}
            for name, value in parts.get("optimiser", {}).items():
                index, key = name.split(".", 1)
                states.setdefault(int(index), {})[key] = value
            self.optimiser.load_state_dict({**whole, "state": states})
        except (KeyError, ValueError, RuntimeError) as error:
            raise checkpoint.unusable(folder, str(error)) from error
        if self.place.is_first:
            self._write_table(folder)


def displaced(
    batch: CrystalBatch, noise: float, generator: torch.Generator, share: Share | None = None
) -> CrystalBatch:
    """The batch with each Cartesian coordinate moved by Gaussian noise, Å; its edges stay.

    With a ``share``, the noise is drawn for the whole batch that ``batch`` is a part of.
    """
    if noise == 0:
        return batch
    drawn = torch.randn(
        share.n_atoms if share else batch.n_atoms, 3, generator=generator, dtype=torch.float64
    )
    shift = noise * (drawn[share.atoms] if share else drawn)
    inverse = torch.linalg.inv(batch.cell)[batch.crystal_of_atom]
    return replace(batch, frac=batch.frac + torch.einsum("ai,aij->aj", shift, inverse))


def _diverged(epoch: int) -> CrysnbError:
    return CrysnbError(
        "training.diverged",
        found=f"the loss of epoch {epoch} is no finite number",
        accepted="a loss that stays finite",
        action="Choose a smaller learning_rate",
    )


def _line(entry: Mapping[str, Any]) -> str:
    return " ".join(f"{k} {v:.4g}" for k, v in entry.items())


def _short(entry: Mapping[str, Any]) -> dict[str, str]:
    names = [n for n in entry if n == "loss" or n.startswith("rel_median")]
    return {n: f"{entry[n]:.4g}" for n in names}
