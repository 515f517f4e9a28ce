"""Devices, precision and processes of a run, through Lightning Fabric (the extra ``train``)."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, TypeVar, cast, get_args

import torch
from torch import Tensor
from torch.multiprocessing.spawn import ProcessExitedException, ProcessRaisedException

from crysnb.errors import CrysnbError, MissingExtra, ShapeError, UnknownName, quote
from crysnb.training.place import ALONE, Place

log = logging.getLogger(__name__)

T = TypeVar("T")

Accelerator = Literal["cpu", "gpu", "auto"]
Precision = Literal["32", "bf16"]
MAX_PROCESSES = 64
_PARENT_SECONDS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Devices:
    """What a run computes on.

    Attributes
    ----------
    accelerator
        ``"cpu"``, ``"gpu"``, or ``"auto"`` for a GPU where there is one.
    count
        Processes, each with a GPU of its own or on the CPU. They share every batch, so that the result does
        not depend on their number, beyond rounding.
    precision
        ``"32"``, or ``"bf16"``: the network's pass in bfloat16 where that is safe, on a GPU alone.
    """

    accelerator: Accelerator = "cpu"
    count: int = 1
    precision: Precision = "32"

    def __post_init__(self) -> None:
        for name, kind in (("accelerator", Accelerator), ("precision", Precision)):
            if getattr(self, name) not in get_args(kind):
                raise UnknownName.of(name, getattr(self, name), get_args(kind))
        if type(self.count) is not int or not 1 <= self.count <= MAX_PROCESSES:
            raise ShapeError(
                "devices.count", found=f"{quote(self.count)} devices", accepted=f"from 1 to {MAX_PROCESSES}"
            )

    def on_gpu(self) -> bool:
        """Whether a GPU is used.

        Raises
        ------
        CrysnbError
            ``devices.unavailable`` if a GPU, or more of them, are asked for than there are;
            ``devices.precision`` for bfloat16 on the CPU.
        """
        there = torch.cuda.device_count() if self.accelerator != "cpu" and torch.cuda.is_available() else 0
        gpu = self.accelerator == "gpu" or (self.accelerator == "auto" and there > 0)
        if gpu and there < self.count:
            raise CrysnbError(
                "devices.unavailable",
                found=f"{there} GPUs that torch can use, and {self.count} asked for",
                action="Pass --accelerator cpu, or fewer --devices",
            )
        if not gpu and self.precision == "bf16":
            raise CrysnbError(
                "devices.precision",
                found="bfloat16 asked for on the CPU",
                accepted="precision 32 on the CPU; 32 or bf16 on a GPU",
            )
        return gpu


#: One process on the CPU.
CPU = Devices()


class FabricPlace(Place):
    """One process that Fabric has started or uses.

    Parameters
    ----------
    fabric
        A ``lightning.fabric.Fabric`` that is launched.
    """

    def __init__(self, fabric: Any) -> None:
        self._fabric = fabric
        self.rank, self.world = int(fabric.global_rank), int(fabric.world_size)
        self.device = fabric.device

    def autocast(self) -> AbstractContextManager[object]:
        """As Fabric's precision says."""
        return cast("AbstractContextManager[object]", self._fabric.autocast())

    def total(self, values: Tensor) -> Tensor:
        """Sum over all processes."""
        return cast("Tensor", self._fabric.all_reduce(values, reduce_op="sum"))

    def agree(self, make: Callable[[], T]) -> T:
        """What the first process makes, in every process."""
        return cast("T", self._fabric.broadcast(make() if self.is_first else None))

    def wait(self) -> None:
        """Until all processes are here."""
        self._fabric.barrier()


def launch(devices: Devices, function: Callable[..., None], *arguments: Any) -> None:
    """Call ``function(place, *arguments)`` in this process, or in as many as ``devices`` asks for.

    Parameters
    ----------
    devices
        Where to compute. One process on the CPU needs no Fabric.
    function
        Something that a new process can import.
    arguments
        What it gets.

    Raises
    ------
    MissingExtra
        ``extra.train`` where Fabric is needed and not installed.
    CrysnbError
        ``training.process`` if a process failed; and what :meth:`Devices.on_gpu` raises.
    """
    gpu = devices.on_gpu()
    if not gpu and devices.count == 1:
        function(ALONE, *arguments)
        return
    fabric = _fabric(devices, gpu=gpu)
    with _environment_kept():
        if devices.count == 1:
            fabric.launch()
            function(FabricPlace(fabric), *arguments)
            return
        try:
            # Fabric walks through arguments and stumbles over frozen values; a partial stays closed.
            fabric.launch(partial(_process, os.getpid(), log.getEffectiveLevel(), function, arguments))
        except (ProcessExitedException, ProcessRaisedException) as error:
            last = str(error).strip().splitlines()[-1]
            raise CrysnbError(
                "training.process",
                found=f"one of {devices.count} processes failed: {quote(last)}",
                action="Run with --devices 1 to see the cause, or go on with --resume",
            ) from error


def _process(
    parent: int, level: int, function: Callable[..., None], arguments: Iterable[Any], fabric: Any
) -> None:
    """What each new process does; the first one tells what it does."""
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    place = FabricPlace(fabric)
    if place.is_first:
        logging.basicConfig(stream=sys.stderr, format="%(message)s")
        logging.getLogger("crysnb").setLevel(level)
    function(place, *arguments)


def _end_with(parent: int) -> None:
    """End this process when its parent has gone: the parent held the output folder.

    The signal that torch asks for then is ignored where the command runs in the background.
    """
    while os.getppid() == parent:
        time.sleep(_PARENT_SECONDS)
    os._exit(1)


def _fabric(devices: Devices, *, gpu: bool) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of its own dependencies
            from lightning.fabric import Fabric
    except ImportError as error:
        raise MissingExtra(
            "extra.train",
            found=f"GPUs and several processes need {error.name}, which is not installed",
            action="Install it with: pip install 'crysnb[train]'",
        ) from error
    try:
        return Fabric(
            accelerator="cuda" if gpu else "cpu",
            devices=devices.count,
            strategy="ddp_spawn" if devices.count > 1 else "auto",
            precision="bf16-mixed" if devices.precision == "bf16" else "32-true",
        )
    except (RuntimeError, ValueError) as error:  # in a notebook, say, which cannot start processes
        raise CrysnbError(
            "devices.unavailable",
            found=f"Fabric refuses: {quote(str(error).strip())}",
            action="Use the command crysnb train, or one device",
        ) from error


@contextmanager
def _environment_kept() -> Iterator[None]:
    """Fabric writes the port of its processes into the environment; that is not ours to change."""
    before = dict(os.environ)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
