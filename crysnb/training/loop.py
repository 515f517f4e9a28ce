"""The training loop: seeded, resumable to the bit on one CPU, evaluated with averaged weights."""

from __future__ import annotations

import copy
import logging
import math
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from crysnb.evaluate import gauge
from crysnb.evaluate.metrics import tensor_metrics
from crysnb.models.gmtnet.heads import TensorHead, tensor_of
from crysnb.models.gmtnet.model import GMTNet
from crysnb.training import checkpoint
from crysnb.training.data import Labelled, labels_near
from crysnb.training.loss import tensor_loss
from crysnb.training.recipe import Recipe
from crysnb.values.crystal_batch import CrystalBatch, collate
from crysnb.values.property_spec import property_spec
from crysnb.values.trace import no_tap

log = logging.getLogger(__name__)

_WARM_UP = 0.05  # share of the steps
_FINAL_RATE = 0.01  # of the peak


class Run:
    """One training run; call :meth:`train`.

    Parameters
    ----------
    recipe
        What to do.
    train, val
        Labelled crystals.
    folder
        Where checkpoints go, or None to keep nothing.
    network
        What to start from; if None, a network initialised from the recipe's seed.
    """

    def __init__(
        self,
        recipe: Recipe,
        train: Sequence[Labelled],
        val: Sequence[Labelled],
        folder: Path | None = None,
        network: GMTNet | None = None,
    ) -> None:
        self.recipe, self.train_set, self.val_set, self.folder = recipe, list(train), list(val), folder
        self.network = seeded_network(recipe) if network is None else network
        self.head = cast("TensorHead", self.network.heads[recipe.learns])
        standardise(self.head, self.head.target.latent(torch.stack([c.label for c in self.train_set])))
        self.averaged = copy.deepcopy(self.network)
        matrices = [p for p in self.network.parameters() if p.ndim > 1]
        others = [p for p in self.network.parameters() if p.ndim <= 1]
        self.optimiser = torch.optim.AdamW(
            [
                {"params": matrices, "weight_decay": recipe.weight_decay},
                {"params": others, "weight_decay": 0.0},
            ],
            lr=recipe.learning_rate,
        )
        self.epoch = 0
        self.log: list[dict[str, Any]] = []

    def train(self, *, resume: bool = False) -> GMTNet:
        """Run all epochs and return the averaged network, in evaluation mode."""
        if resume and self.folder:
            self._restore(self.folder)
        while self.epoch < self.recipe.epochs:
            started = time.perf_counter()
            loss = self._epoch()
            self.epoch += 1
            entry = {"epoch": self.epoch, "loss": loss, **self.validate()}
            self.log.append(entry)
            log.info("%s in %.1f s", _line(entry), time.perf_counter() - started)
            if self.folder:
                self._save(self.folder)
        return self.averaged.eval()

    def validate(self) -> dict[str, float]:
        """Metrics of the averaged network on the validation part."""
        return evaluate(self.averaged, self.val_set, self.recipe.learns) if self.val_set else {}

    def _epoch(self) -> float:
        recipe = self.recipe
        generator = torch.Generator().manual_seed(1_000_003 * recipe.seed + self.epoch)
        order = torch.randperm(len(self.train_set), generator=generator).tolist()
        starts = range(0, len(order), recipe.batch_size)
        steps = len(starts) * recipe.epochs
        total = 0.0
        self.network.train()
        with torch.random.fork_rng(devices=[]):  # dropout draws from the global generator
            torch.default_generator.set_state(generator.get_state())
            for k, start in enumerate(starts):
                step = self.epoch * len(starts) + k
                self._set_rate(step, steps)
                chosen = [self.train_set[i] for i in order[start : start + recipe.batch_size]]
                total += self._step(chosen, generator) / len(starts)
                self._average(step)
        return total

    def _step(self, chosen: Sequence[Labelled], generator: torch.Generator) -> float:
        batch = displaced(collate([c.graph for c in chosen]), self.recipe.noise, generator)
        loss = self._loss(chosen, self._latent(batch))
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), self.recipe.gradient_clip)
        self.optimiser.step()
        return float(loss.detach())

    def _latent(self, batch: CrystalBatch) -> Tensor:
        x, features = self.network.trunk(batch)
        return self.head.latent(x, features, batch.crystal_of_atom, batch.n_crystals, no_tap, "")

    def _loss(self, chosen: Sequence[Labelled], latent: Tensor) -> Tensor:
        # Ablations put other losses here.
        return tensor_loss(latent, labels_for(chosen, latent, self.head).float(), self.recipe)

    def _set_rate(self, step: int, steps: int) -> None:
        warm = min(1.0, (step + 1) / max(1.0, _WARM_UP * steps))
        decay = _FINAL_RATE + (1 - _FINAL_RATE) * (1 + math.cos(math.pi * step / steps)) / 2
        for group in self.optimiser.param_groups:
            group["lr"] = self.recipe.learning_rate * warm * decay

    @torch.no_grad()
    def _average(self, step: int) -> None:
        decay = min(self.recipe.ema, (1 + step) / (10 + step))
        for mean, new in zip(self.averaged.parameters(), self.network.parameters(), strict=True):
            mean.lerp_(new, 1 - decay)

    def _save(self, folder: Path) -> None:
        tensors = {f"network.{k}": v for k, v in self.network.state_dict().items()}
        tensors |= {f"averaged.{k}": v for k, v in self.averaged.state_dict().items()}
        for k, state in self.optimiser.state_dict()["state"].items():
            tensors |= {f"optimiser.{k}.{name}": value.clone() for name, value in state.items()}
        checkpoint.save(
            folder, checkpoint.Checkpoint(self.epoch, self.recipe.hash, _distinct(tensors), self.log)
        )

    def _restore(self, folder: Path) -> None:
        found = checkpoint.latest(folder, self.recipe.hash)
        if found is None:
            return
        self.epoch, self.log = found.epoch, found.log
        parts: dict[str, dict[str, Tensor]] = {"network": {}, "averaged": {}, "optimiser": {}}
        for name, value in found.tensors.items():
            part, rest = name.split(".", 1)
            parts[part][rest] = value
        self.network.load_state_dict(parts["network"])
        self.averaged.load_state_dict(parts["averaged"])
        whole = self.optimiser.state_dict()
        states: dict[int, dict[str, Tensor]] = {}
        for name, value in parts["optimiser"].items():
            index, key = name.split(".", 1)
            states.setdefault(int(index), {})[key] = value
        whole["state"] = states
        self.optimiser.load_state_dict(whole)


def labels_for(chosen: Sequence[Labelled], latent: Tensor, head: TensorHead) -> Tensor:
    """Labels [crystal, 3, …, 3] for what a head gives, of several choices the nearest."""
    if all(c.choices is None for c in chosen):
        return torch.stack([c.label for c in chosen])
    return labels_near(chosen, head.target.tensor(latent.detach()))


def seeded_network(recipe: Recipe) -> GMTNet:
    """A network initialised from the recipe's seed, without touching the global generator."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.set_state(torch.Generator().manual_seed(recipe.seed).get_state())
        return GMTNet(recipe.model)


def predict_labels(network: nn.Module, crystals: Sequence[Labelled], name: str) -> np.ndarray[Any, Any]:
    """Output called ``name`` for every crystal, [crystal, …, 3, 3] as float64."""
    network.eval()
    with torch.inference_mode():
        parts = [
            network(collate([c.graph for c in crystals[k : k + 32]]))[name].double()
            for k in range(0, len(crystals), 32)
        ]
    return torch.cat(parts).numpy()


def evaluate(network: nn.Module, crystals: Sequence[Labelled], name: str) -> dict[str, float]:
    """Metrics of a network on labelled crystals."""
    kind = tensor_of(property_spec(name))
    predicted = predict_labels(network, crystals, name)
    metrics = tensor_metrics(predicted, true_labels(crystals, predicted), kind)
    is_open = any(c.choices is not None for c in crystals)
    return {name + gauge.SUFFIX * is_open: value for name, value in metrics.items()}


def true_labels(crystals: Sequence[Labelled], predicted: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Labels [crystal, 3, …, 3], of several choices the one nearest to the prediction of the same shape."""
    return labels_near(crystals, torch.from_numpy(np.asarray(predicted))).numpy()


def uncertainty_factor(network: nn.Module, crystals: Sequence[Labelled], name: str) -> float:
    """Factor on the members' standard deviation that covers ‖error‖ for 68 % of the crystals."""
    members = predict_labels(network, crystals, f"{name}.members")
    mean = members.mean(axis=1)
    true = true_labels(crystals, mean)
    error = (mean - true).reshape(len(true), -1)
    spread = members.std(axis=1, ddof=1).reshape(len(true), -1)
    ratio = np.linalg.norm(error, axis=1) / np.maximum(np.linalg.norm(spread, axis=1), 1e-12)
    return float(np.quantile(ratio, 0.68))


@torch.no_grad()
def standardise(head: TensorHead, latent: Tensor) -> None:
    """Put mean and spread per irrep of the latent labels [crystal, 3, …, 3] into the head."""
    vectors = latent.flatten(1) @ head.get_buffer("to_cartesian").double().T
    scales, at = [], 0
    for (order, parity), n in head.order:
        block = vectors[:, at : at + n * (2 * order + 1)]
        at += block.shape[1]
        if (order, parity) == (0, 1):
            head.get_buffer("shift").copy_(block.mean(0))
            block = block - block.mean(0)
        scales.append(block.square().mean().sqrt().clamp(min=1e-6))
    head.get_buffer("scale").copy_(torch.stack(scales))


def displaced(batch: CrystalBatch, noise: float, generator: torch.Generator) -> CrystalBatch:
    """The batch with each Cartesian coordinate moved by Gaussian noise, Å; its edges stay."""
    if noise == 0:
        return batch
    shift = noise * torch.randn(batch.n_atoms, 3, generator=generator, dtype=torch.float64)
    inverse = torch.linalg.inv(batch.cell)[batch.crystal_of_atom]
    return replace(batch, frac=batch.frac + torch.einsum("ai,aij->aj", shift, inverse))


def _distinct(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in tensors.items()}


def _line(entry: dict[str, Any]) -> str:
    return " ".join(f"{k} {v:.4g}" for k, v in entry.items())
