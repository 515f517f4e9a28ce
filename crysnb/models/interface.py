"""One way to every model: families by name, trained models by name or folder."""

from __future__ import annotations

import copy
import hashlib
import importlib
import os
import warnings
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, cast

import torch
from pymatgen.core import Structure
from torch import Tensor, nn

from crysnb.errors import DeviceMemory, UnknownName, WeightsCorrupt, quote
from crysnb.graph.build import build
from crysnb.graph.element_features import MAX_Z
from crysnb.registry import Registry
from crysnb.values.crystal_batch import CrystalBatch
from crysnb.values.symbols import SYMBOLS
from crysnb.values.trace import Tap, no_tap
from crysnb.weights import store
from crysnb.weights.card import ModelCard
from crysnb.weights.reference import FeatureReference


class Network(Protocol):
    """What a family's module offers.

    One that also has ``neighbors``, a number, gets edges out to the whole shell of that many neighbours
    instead of all within the cutoff (see :mod:`crysnb.graph.neighbors`).
    """

    @property
    def cutoff(self) -> float:
        """Radius of the graph in Å."""
        ...

    @property
    def properties(self) -> tuple[str, ...]:
        """Names of what it predicts."""
        ...

    def __call__(self, batch: CrystalBatch, tap: Tap = no_tap) -> dict[str, Tensor]:
        """Per property one tensor [crystal, …] in the property's unit.

        An ensemble adds ``<property>.members`` with one more axis, [crystal, member, …]. ``features``, if
        it is there, are invariant features [crystal, channel], in which the distance to the training
        crystals is taken.
        """
        ...


#: Family -> module with ``build(config)``, ``telling_shapes(config)`` the class ``CONFIG``
#: and the BibTeX ``CITATION``; imported on use.
FAMILIES: Registry[str] = Registry("model family")
FAMILIES.add("gmtnet", "crysnb.models.gmtnet.build")
FAMILIES.add("etgnn", "crysnb.models.etgnn.build")
FAMILIES.add("megnet-tensor", "crysnb.models.etgnn.fixed_build")
FAMILIES.add("cgcnn", "crysnb.models.cgcnn.build")
FAMILIES.add("megnet", "crysnb.models.megnet.build")
FAMILIES.add("alignn", "crysnb.models.alignn.build")
FAMILIES.add("crystal_transformer", "crysnb.models.crystal_transformer.build")
FAMILIES.add("sen", "crysnb.models.sen.build")
FAMILIES.add("sen_classic", "crysnb.models.sen.classic_build")

_CACHE: OrderedDict[tuple[str, str, str], Model] = OrderedDict()
_CACHE_SIZE = 4
#: Bytes of GPU memory that must be free for ``device="auto"`` to take the GPU.
MIN_FREE = 1 << 30
_AGAIN = "Install crysnb again, or fetch or train the model again"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Model:
    """A trained network with its card, ready to predict.

    Attributes
    ----------
    card
        What it is, what it was trained on, how good it is.
    network
        The module, in evaluation mode.
    device
        Where it runs.
    reference
        Where its training crystals lie in feature space, or None.
    """

    card: ModelCard
    network: Network
    device: torch.device
    reference: FeatureReference | None = None

    @property
    def cutoff(self) -> float:
        """Radius of the graph that it needs, Å."""
        return self.network.cutoff

    @property
    def name(self) -> str:
        """Name of the model."""
        return self.card.name

    @property
    def properties(self) -> tuple[str, ...]:
        """Names of what it predicts; the first is the default."""
        return self.card.properties

    def graph(self, *structures: Structure) -> CrystalBatch:
        """Graphs of checked structures as it needs them, in one batch."""
        return build(structures, self.cutoff, getattr(self.network, "neighbors", None))

    def __repr__(self) -> str:
        return f"Model({self.name!r}, {', '.join(self.properties)}, {self.device})"

    def forward(self, batch: CrystalBatch, tap: Tap = no_tap) -> dict[str, Tensor]:
        """Per property one tensor [crystal, …], float64 on the CPU."""
        with torch.inference_mode():
            result = self.network(batch.to(self.device), tap)
        return {name: value.to("cpu", torch.float64) for name, value in result.items()}

    def on(self, device: torch.device) -> Model:
        """The same model on another device."""
        if device == self.device:
            return self
        network = cast("nn.Module", self.network)
        # The copy takes these in place of its own, so that it needs no memory on the present device.
        there: dict[int, Any] = {
            id(p): nn.Parameter(p.detach().to(device), p.requires_grad) for p in network.parameters()
        }
        there |= {id(b): b.detach().to(device) for b in network.buffers()}
        moved = copy.deepcopy(network, there)
        return Model(self.card, cast("Network", moved.to(device).eval()), device, self.reference)


def build_network(family: str, config: dict[str, Any]) -> nn.Module:
    """An untrained module of a registered family from its configuration.

    The global random generator is left as it was.
    """
    with torch.random.fork_rng(devices=[]):
        network: nn.Module = _function(family, "build")(config)
    return network


def config_class(family: str) -> Any:
    """Class of the configurations of a registered family."""
    return _function(family, "CONFIG")


def citation(family: str) -> str:
    """BibTeX of the method of a registered family."""
    return str(_function(family, "CITATION"))


def _function(family: str, name: str) -> Any:
    return getattr(importlib.import_module(FAMILIES.get(family)), name)


def load_model(model: str | Path | Model, device: str = "auto") -> Model:
    """A shipped model by name, or one from a folder with weights and card.

    Parameters
    ----------
    model
        Name, folder, or an already loaded model, which is returned on the wanted device.
    device
        ``"auto"`` (a GPU if there is one with room, otherwise the CPU), ``"cpu"``, ``"cuda"``, ….

    Raises
    ------
    UnknownName, WeightsMissing, WeightsCorrupt
        See :func:`crysnb.weights.store.load`.
    DeviceMemory
        ``device.unavailable`` if a named device is not there.
    """
    target = resolve_device(device)
    if isinstance(model, Model):
        return model if device == "auto" else model.on(target)
    if not isinstance(model, (str, Path)):
        raise UnknownName(
            "name.unknown_model",
            found=f"a model of type {type(model).__name__}",
            accepted="a shipped name, a folder with weights and card, or a loaded model",
        )
    stored = store.load(model)
    # The whole card, not only the hash of the weights that it holds: scoring changes the card alone.
    key = (os.fspath(model), hashlib.sha256(stored.card.to_json().encode()).hexdigest(), str(target))
    if key in _CACHE:
        _CACHE.move_to_end(key)
        return _CACHE[key]
    network = _filled(stored)
    try:
        network.to(target)
    except RuntimeError as error:
        if device != "auto" or target.type == "cpu":
            raise _unavailable(device, error) from error
        _FAULT["text"] = first_line(error)
        return load_model(model, "cpu")
    loaded = Model(stored.card, cast("Network", network.eval()), target, stored.reference)
    _CACHE[key] = loaded
    while len(_CACHE) > _CACHE_SIZE:
        _CACHE.popitem(last=False)
    return loaded


def _filled(stored: store.StoredModel) -> nn.Module:
    """The module that the card describes, with the stored weights.

    The family's telling shapes are compared first, so that a card of any size costs no memory.
    """
    card = stored.card
    shapes = _function(card.family, "telling_shapes")(card.config)
    for name, shape in shapes.items():
        if name not in stored.tensors or tuple(stored.tensors[name].shape) != shape:
            raise _mismatch(card, name)
    if strange := sorted(set(card.element_counts) - set(SYMBOLS[:MAX_Z])):
        raise WeightsCorrupt(
            "weights.mismatch",
            found=f"the card of {quote(card.name)} counts crystals of {quote(strange)}",
            accepted=f"the elements up to {SYMBOLS[MAX_Z - 1]}, which have features",
            action=_AGAIN,
        )
    network = build_network(card.family, card.config)
    expected = network.state_dict()
    wrong = sorted(set(expected) ^ set(stored.tensors)) or [
        name
        for name, tensor in stored.tensors.items()
        if tensor.shape != expected[name].shape or tensor.dtype != expected[name].dtype
    ]
    if wrong:
        raise _mismatch(card, wrong[0])
    if missing := set(card.properties) - set(cast("Network", network).properties):
        raise WeightsCorrupt(
            "weights.mismatch",
            found=f"the card of {quote(card.name)} promises {quote(sorted(missing))}",
            accepted="properties of the configuration",
            action=_AGAIN,
        )
    network.load_state_dict(stored.tensors, strict=True)
    return network


def _mismatch(card: ModelCard, tensor: str) -> WeightsCorrupt:
    return WeightsCorrupt(
        "weights.mismatch",
        found=f"weights of {quote(card.name)} do not fit its card, first {quote(tensor)}",
        accepted="weights and card of the same training",
        action=_AGAIN,
    )


def resolve_device(device: str) -> torch.device:
    """The device called so; ``"auto"`` takes a GPU with at least 1 GiB free, otherwise the CPU."""
    if device == "auto":
        return _automatic()
    try:
        target = torch.device(device)
        torch.zeros(1, device=target).cpu()  # there and back: "meta" holds no numbers
    except (RuntimeError, AssertionError, TypeError) as error:
        if isinstance(error, (RuntimeError, TypeError)) and "device string" in str(error):
            raise UnknownName.of("device", device, ("auto", "cpu", "cuda")) from error
        raise _unavailable(device, error) from error
    return target


# Why "auto" passed over a GPU. torch warns of a driver that does not fit only once in a process.
_FAULT = {"text": ""}


def gpu_fault() -> str:
    """Why ``"auto"`` does not use the GPU although there is one; empty if there is no reason to tell."""
    return _FAULT["text"] if _automatic().type == "cpu" else ""


def _automatic() -> torch.device:
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            if torch.cuda.is_available():
                free = torch.cuda.mem_get_info()[0]
                if free > MIN_FREE:
                    return torch.device("cuda")
                _FAULT["text"] = f"only {free / 2**30:.1f} GiB of its memory are free"
        except (RuntimeError, AssertionError) as error:
            _FAULT["text"] = first_line(error)
    if said:
        _FAULT["text"] = first_line(said[0].message)
    return torch.device("cpu")


def first_line(error: Warning | BaseException | str) -> str:
    """What an error says first, short enough for a notice."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0][:200]


def _unavailable(device: str, error: BaseException) -> DeviceMemory:
    return DeviceMemory(
        "device.unavailable",
        found=f"device {quote(device)} cannot be used here ({first_line(error)})",
        accepted="'auto', 'cpu', or a device that torch sees",
    )
