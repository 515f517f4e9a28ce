"""What a model computed inside for one crystal: every named tensor, with the crystal and its edges."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np
import torch
from e3nn import o3
from torch import Tensor, nn

from crysnb.errors import ShapeError, UnknownName, quote
from crysnb.models.adapter import ModelAdapter, refuse_training, require_adapter
from crysnb.models.interface import Model, Network, build_network, load_model
from crysnb.models.precision import double
from crysnb.predict.domain import element_notices
from crysnb.predict.reach import neighbor_notices
from crysnb.predict.run import DEFAULT_MODEL
from crysnb.structure.read import read
from crysnb.symmetry.detect import detect
from crysnb.symmetry.idealize import idealized_primitive
from crysnb.values.crystal_batch import CrystalBatch
from crysnb.values.trace import AXES, Changes, Recorder, Trace, TraceEntry

if TYPE_CHECKING:
    from pymatgen.core import Structure

Dtype = Literal["float32", "float64"]
MAX_UNTRAINED = 64


def trace(
    s: Any,
    model: str | Path | Model | ModelAdapter = DEFAULT_MODEL,
    *,
    idealize: bool = False,
    device: str = "auto",
    dtype: Dtype = "float32",
    change: Changes | None = None,
) -> Trace:
    """Every named intermediate tensor of a model for one crystal.

    Parameters
    ----------
    s
        Anything that :func:`crysnb.as_structure` accepts.
    model
        Shipped name, folder, loaded model, or an adapter with a method ``trace``. Its mapping may hold
        :class:`~crysnb.values.trace.TraceEntry` (a :class:`~crysnb.values.trace.Recorder` makes them), or
        bare arrays: [atom, atom] and [head, atom, atom] are matrices over atoms, [atom, channel]
        invariant rows. Edge tensors need a :class:`~crysnb.values.trace.Trace` with its ``batch``.
    idealize
        True runs on the idealised primitive cell, False on the cell as given.
    device
        Where to run; the recorded tensors are on the CPU.
    dtype
        ``"float32"``, as ``predict`` runs; ``"float64"`` converts the same weights and runs on the CPU, so
        that symmetry is told from rounding. An adapter's own numbers stay as they are.
    change
        Ablation: name of a tensor, or a pattern such as ``"member*.block1.gate"`` -> function that gives what
        the model goes on with in its place. Only for models of this package.

    Returns
    -------
    Trace
        With the crystal and edges in ``batch`` and what the model predicted in ``outputs``.

    Raises
    ------
    CrysnbError
        Of the structure, the domain or the weights.
    ShapeError
        ``trace.train_mode`` for a network in training mode; for an adapter ``adapter.trace``,
        ``adapter.train_mode``, ``trace.axes``, ``trace.shape``, ``trace.irreps``, each with the entry's name.
    UnknownName
        For another ``dtype``, and for a ``change`` of a tensor that there is not.
    """
    if dtype not in ("float32", "float64"):
        raise UnknownName.of("dtype", dtype, ("float32", "float64"))
    structure = read(s).structure
    if idealize:
        structure = idealized_primitive(structure, detect(structure))
    if isinstance(model, (ModelAdapter, type)):
        if change:
            raise ShapeError(
                "trace.change", found="a change inside an adapter", accepted="models of this package"
            )
        return _of_adapter(model, structure)
    loaded = load_model(model, device)
    if cast("nn.Module", loaded.network).training:
        raise ShapeError(
            "trace.train_mode",
            found=f"the network of {loaded.name} is in training mode",
            accepted="evaluation mode; dropout lets chance decide",
            action="Call model.network.eval()",
        )
    element_notices(structure, loaded.card)
    return trace_of(double(loaded) if dtype == "float64" else loaded, structure, change)


def trace_of(model: Model, structure: Structure, change: Changes | None = None) -> Trace:
    """The same for a loaded model and a checked structure, whatever elements the model was trained on."""
    recorder = Recorder(change)
    graph = model.graph(structure)
    neighbor_notices(graph, model.cutoff)
    outputs = model.forward(graph, recorder)
    if recorder.unused:
        raise UnknownName.of("tensor", recorder.unused[0], recorder.trace())
    return Trace(recorder.trace(), batch=graph, model=model.name, by_construction=True, outputs=outputs)


def untrained(
    s: Any, model: str | Path | Model, *, n: int = 10, dtype: Dtype = "float64"
) -> tuple[Trace, ...]:
    """Traces of the same architecture with random weights: what it does before any training.

    Parameters
    ----------
    s
        Anything that :func:`crysnb.as_structure` accepts.
    model
        Shipped name, folder, or loaded model; only its configuration is used.
    n
        Number of copies, drawn with the seeds 0, 1, ….
    dtype
        As in :func:`trace`.
    """
    if type(n) is not int or not 1 <= n <= MAX_UNTRAINED:
        raise ShapeError("trace.untrained", found=f"n = {quote(n)}", accepted=f"1 to {MAX_UNTRAINED}")
    structure = read(s).structure
    loaded = load_model(model, "cpu")
    copies = (random_copy(loaded, seed) for seed in range(n))
    return tuple(trace_of(double(c) if dtype == "float64" else c, structure) for c in copies)


def random_copy(model: Model, seed: int) -> Model:
    """A model of the same configuration with random weights; the global generator is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.set_state(torch.Generator().manual_seed(seed).get_state())
        network = build_network(model.card.family, model.card.config)
    return Model(model.card, cast("Network", network.eval()), torch.device("cpu"))


def _of_adapter(adapter: Any, structure: Structure) -> Trace:
    require_adapter(adapter)
    refuse_training(adapter)
    name = adapter.name or type(adapter).__name__
    if type(adapter).trace is ModelAdapter.trace:
        raise ShapeError(
            "adapter.trace",
            found=f"{name} without a method trace",
            accepted="trace(self, structure) that returns named arrays",
        )
    try:
        given = adapter.trace(structure.copy())
    except Exception as error:
        raise ShapeError(
            "adapter.trace", found=f"trace raised {type(error).__name__}: {quote(str(error))}"
        ) from error
    if not isinstance(given, Mapping) or not all(isinstance(key, str) for key in given):
        raise ShapeError(
            "adapter.trace",
            found=f"trace gave {quote(type(given).__name__)}",
            accepted="a mapping of dotted names to arrays",
        )
    batch = given.batch if isinstance(given, Trace) else None
    if batch is None:
        batch = _without_edges(structure)
    entries = {key: _entry(key, value, batch) for key, value in given.items()}
    return Trace(entries, batch=batch, model=name)


def _without_edges(structure: Structure) -> CrystalBatch:
    return CrystalBatch(
        atomic_number=torch.tensor(structure.atomic_numbers, dtype=torch.int64),
        frac=torch.from_numpy(np.array(structure.frac_coords, dtype=np.float64)),
        cell=torch.from_numpy(np.array(structure.lattice.matrix, dtype=np.float64))[None],
        crystal_of_atom=torch.zeros(len(structure), dtype=torch.int64),
        edge_index=torch.zeros(2, 0, dtype=torch.int64),
        edge_image=torch.zeros(0, 3, dtype=torch.int64),
    )


def _entry(name: str, given: Any, batch: CrystalBatch) -> TraceEntry:
    """One entry of an adapter, checked against the crystal."""
    source = given if isinstance(given, TraceEntry) else None
    value = _tensor(name, given if source is None else source.value)
    axes = _axes(name, value, batch.n_atoms) if source is None else tuple(source.axes)
    if len(axes) != value.ndim or not AXES.issuperset(axes):
        raise ShapeError(
            "trace.axes",
            found=f"{quote(name)}: axes {axes} for a tensor of shape {tuple(value.shape)}",
            accepted=f"one of {sorted(AXES)} per dimension",
        )
    sizes = {"atom": batch.n_atoms, "edge": batch.n_edges, "crystal": 1}
    for axis, size in zip(axes, value.shape, strict=True):
        if sizes.get(axis, size) != size:
            raise ShapeError(
                "trace.shape",
                found=f"{quote(name)}: {size} along the axis {axis!r} of a crystal with "
                f"{batch.n_atoms} atoms and {batch.n_edges} edges",
                accepted=f"{sizes[axis]}",
                action="Return a Trace whose batch has the edges" if axis == "edge" else "",
            )
    irreps = None if source is None else source.irreps
    if irreps is not None:
        _check_irreps(name, irreps, axes, value)
    return TraceEntry(value=value, axes=axes, irreps=irreps, doc="" if source is None else source.doc)


def _tensor(name: str, given: Any) -> Tensor:
    try:
        value = given.detach() if isinstance(given, Tensor) else torch.from_numpy(np.array(given))
        if value.is_complex():
            raise TypeError("complex")
        return value.to("cpu", torch.float64, copy=True)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ShapeError(
            "adapter.trace",
            found=f"{quote(name)} is no array of real numbers but {quote(type(given).__name__)} ({error})",
            accepted="arrays, tensors, or TraceEntry",
        ) from error


def _axes(name: str, value: Tensor, n: int) -> tuple[str, ...]:
    shape = tuple(value.shape)
    if shape == (n, n):
        return ("atom", "atom")
    if len(shape) == 2 and shape[0] == n:
        return ("atom", "channel")
    if len(shape) == 3 and shape[1:] == (n, n):
        return ("head", "atom", "atom")
    raise ShapeError(
        "trace.axes",
        found=f"{quote(name)} of shape {shape} for a crystal of {n} atoms, without names of its axes",
        accepted=f"[{n}, {n}], [head, {n}, {n}] or [{n}, channel]",
        action="Wrap it: cn.TraceEntry(value=…, axes=(…), irreps=None, doc='')",
    )


def _check_irreps(name: str, irreps: str, axes: tuple[str, ...], value: Tensor) -> None:
    try:
        width = int(o3.Irreps(irreps).dim)
    except (ValueError, TypeError, AttributeError) as error:
        raise ShapeError(
            "trace.irreps",
            found=f"{quote(name)}: irreps {quote(irreps)}",
            accepted='text such as "1x0e+2x1o"',
        ) from error
    if axes[-1] != "component" or width != value.shape[-1]:
        raise ShapeError(
            "trace.irreps",
            found=f"{quote(name)}: irreps {irreps} of dimension {width} for a last axis {axes[-1]!r} of "
            f"{value.shape[-1]}",
            accepted='a last axis "component" of that length',
        )
