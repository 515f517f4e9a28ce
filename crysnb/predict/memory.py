"""Batches that fit, and what happens when one does not or the device is lost."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from crysnb.errors import DeviceMemory
from crysnb.machine import limits
from crysnb.models.interface import Model, first_line
from crysnb.predict.progress import Progress
from crysnb.values.crystal_batch import CrystalBatch, collate
from crysnb.values.prediction import Notice

#: Edges per batch, and bytes of intermediates that one takes at most with the shipped sizes: 3 to 5 kB.
MAX_EDGES, EDGE_BYTES = 40_000, 5_000

_OUT_OF_MEMORY = re.compile(
    r"out of memory|can't allocate memory|not enough memory|alloc_failed", re.IGNORECASE
)
# How CUDA, its libraries and ROCm begin the text of an error of the device itself.
_DEVICE_LOST = re.compile(r"\b(CUDA|cuDNN|CUBLAS|CUSOLVER|HIP|ROCm|MPS|NVML)|\bdriver\b", re.IGNORECASE)

Output = dict[str, Tensor]


@dataclass(slots=True)
class Runner:
    """Runs graphs through a model, with smaller batches or on the CPU where it must.

    Attributes
    ----------
    model
        The model; replaced by one on the CPU when its device is lost.
    named
        Whether the user named the device: then its loss is an error, and not a reason to use the CPU.
    on_cpu
        Gives the model on the CPU, without asking a device that may be lost.
    progress
        Told of every batch and layer, or None.
    done
        Device -> crystals that ran there.
    smallest
        Largest batch that was still tried after memory ran out; 0 if it never did.
    lost
        What the device said when it was lost; empty if it was not.
    """

    model: Model
    named: bool = False
    on_cpu: Callable[[], Model] | None = None
    progress: Progress | None = None
    done: Counter[str] = field(default_factory=Counter)
    smallest: int = 0
    lost: str = ""
    _cpu: Model | None = None

    def run(self, graphs: Sequence[CrystalBatch], batch_size: int | None) -> list[Output | DeviceMemory]:
        """Result of every graph in order; an error in the place of one that fits nowhere."""
        results: list[Output | DeviceMemory] = []
        for chunk in chunks(graphs, batch_size):
            results += self._forward([graphs[k] for k in chunk])
        return results

    def _forward(
        self, graphs: list[CrystalBatch], instead: Model | None = None
    ) -> list[Output | DeviceMemory]:
        model = instead or self.model
        output, fault = _attempt(model, graphs, self.progress)
        # Outside the except block, so that the failed attempt's tensors are free before the next one.
        if output is not None:
            self.done[str(model.device)] += len(graphs)
            if self.progress is not None:
                self.progress.batch_done()
            return [{k: v[i] for k, v in output.items()} for i in range(len(graphs))]
        if fault:
            self._give_up(fault)
            return self._forward(graphs)
        if len(graphs) > 1:
            half = (len(graphs) + 1) // 2
            self.smallest = min(self.smallest or half, half)
            return [r for part in (graphs[:half], graphs[half:]) for r in self._forward(part)]
        if model.device.type != "cpu":
            return self._forward(graphs, self._on_cpu())
        return [_no_memory(graphs[0])]

    def _on_cpu(self) -> Model:
        if self._cpu is None:
            self._cpu = self.on_cpu() if self.on_cpu else self.model.on(torch.device("cpu"))
        return self._cpu

    def _give_up(self, fault: str) -> None:
        """Use the CPU from here on, or refuse where the user asked for this device."""
        device = self.model.device
        if self.named:
            raise DeviceMemory(
                "device.lost",
                found=f"{device} failed: {fault}",
                accepted="a device that works",
                action='Pass device="auto" or "cpu"; a lost GPU comes back when the kernel restarts',
            )
        self.lost = f"{device} failed ({fault})"
        try:
            self.model = self._on_cpu()
        except RuntimeError as error:
            raise DeviceMemory(
                "device.lost",
                found=f"{device} failed and took the model with it: {fault}",
                accepted="a model given by name or folder, which can be loaded again",
                action='Load it again with load_model(…, device="cpu")',
            ) from error

    def notices(self) -> tuple[Notice, ...]:
        """What ran where, if not everything ran as planned."""
        why = [self.lost] if self.lost else []
        if self.smallest:
            why.append(f"memory ran out, so batches were cut to {self.smallest} or fewer")
        elif len(self.done) > 1 and not self.lost:
            why.append("memory ran out for a single crystal")
        if not why:
            return ()
        where = ", ".join(f"{n} on {'the CPU' if d == 'cpu' else d}" for d, n in self.done.items())
        text = f"{' and '.join(why)}. Cells run through the network: {where}."
        return (Notice("device.fell_back", "info", text[0].upper() + text[1:]),)


def edges_that_fit() -> int:
    """:data:`MAX_EDGES`, or fewer where half of the memory that is free for this process holds fewer."""
    free = limits().free
    return MAX_EDGES if free is None else min(MAX_EDGES, free // 2 // EDGE_BYTES)


def chunks(graphs: Sequence[CrystalBatch], batch_size: int | None) -> Iterator[range]:
    """Consecutive ranges of graphs: ``batch_size`` each, or as many as :func:`edges_that_fit` allows."""
    start = edges = 0
    most = edges_that_fit()
    for k, graph in enumerate(graphs):
        full = k - start >= batch_size if batch_size else edges + graph.n_edges > most
        if k > start and full:
            yield range(start, k)
            start, edges = k, 0
        edges += graph.n_edges
    if start < len(graphs):
        yield range(start, len(graphs))


def _attempt(
    model: Model, graphs: list[CrystalBatch], progress: Progress | None
) -> tuple[Output | None, str]:
    """The output; or None and what the device said if it failed, empty if only memory ran out."""
    fault = ""
    try:
        batch = collate(graphs)
        return (model.forward(batch) if progress is None else model.forward(batch, progress.tap)), fault
    except (RuntimeError, MemoryError) as error:
        if not (isinstance(error, MemoryError) or _OUT_OF_MEMORY.search(str(error))):
            if model.device.type == "cpu" or not _DEVICE_LOST.search(str(error)):
                raise
            fault = first_line(error)
    if not fault and model.device.type == "cuda":
        fault = _free_cache()
    return None, fault


def _free_cache() -> str:
    try:
        torch.cuda.empty_cache()
    except RuntimeError as error:
        return first_line(error)
    return ""


def _no_memory(graph: CrystalBatch) -> DeviceMemory:
    return DeviceMemory(
        "device.memory",
        found=f"no memory for one crystal of {graph.n_atoms} atoms and {graph.n_edges} edges",
        accepted="a smaller cell",
        action="Use the primitive cell or a machine with more memory",
    )
