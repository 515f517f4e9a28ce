"""A crystal and a model in, a number with its unit, symmetry and notices out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure
from torch import Tensor

from crysnb.errors import CrysnbError, DeviceMemory, ShapeError, SymmetryUndetermined, UnknownName, quote
from crysnb.models.interface import Model, gpu_fault, load_model
from crysnb.predict.domain import axes_notices, distance_notices, element_notices, turning_notices
from crysnb.predict.memory import Runner, chunks
from crysnb.predict.metals import metal_notices
from crysnb.predict.progress import Progress, Report
from crysnb.predict.reach import neighbor_notices
from crysnb.predict.sanity import non_finite, projected, share_removed, unphysical
from crysnb.predict.stamp import idealisation_notices, near_notices, tolerance_notices
from crysnb.structure.formula import reduced_formula
from crysnb.structure.read import read
from crysnb.symmetry.detect import detect
from crysnb.symmetry.idealize import idealized_primitive
from crysnb.symmetry.project import project
from crysnb.symmetry.search import check_symprec
from crysnb.symmetry.staircase import around
from crysnb.values.crystal_batch import CrystalBatch
from crysnb.values.prediction import Notice, Prediction
from crysnb.values.property_spec import PropertySpec, property_spec
from crysnb.values.symmetry_info import SymmetryInfo
from crysnb.weights.reference import FEATURES

DEFAULT_MODEL = "gmtnet-dielectric"
_RANK = {"error": 0, "warning": 1, "info": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    """One readable crystal and everything known before the network runs."""

    structure: Structure
    structure_id: str
    notices: tuple[Notice, ...]
    symmetry: SymmetryInfo | None
    raw: CrystalBatch
    ideal: CrystalBatch | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Options:
    """How to treat every crystal of a call."""

    names: tuple[str, ...]
    idealize: bool
    symprec: float | Literal["auto"]
    batch_size: int | None
    on_error: str
    named: bool
    on_cpu: Callable[[], Model] | None
    notices: tuple[Notice, ...]
    progress: Progress | None


def predict(  # noqa: PLR0913 - all but the first three by name
    s: Any,
    model: str | Path | Model = DEFAULT_MODEL,
    property: str | None = None,  # noqa: A002 - the public name of the argument
    *,
    idealize: bool | None = None,
    symprec: float | Literal["auto"] = "auto",
    device: str = "auto",
    batch_size: int | None = None,
    on_error: Literal["raise", "return"] = "raise",
    progress: Report | None = None,
) -> Any:
    """Predicted property of one crystal, or of each crystal in a list.

    Parameters
    ----------
    s
        Anything that :func:`crysnb.as_structure` accepts, or a list of such; a list gives a list, in
        order.
    model
        Shipped name, folder with weights and card, or a loaded model.
    property
        Name of the property; None for the model's first, ``"all"`` for a dictionary by name.
    idealize
        None or True: tensors are predicted for the idealised primitive cell and projected exactly onto
        what the point group allows. False: the raw output of the network for the structure exactly
        as given, not projected.
    symprec
        Distance tolerance in Å for symmetry, or ``"auto"``.
    device
        ``"auto"``, ``"cpu"``, ``"cuda"``, ….
    batch_size
        Crystals per batch; None chooses by size.
    on_error
        ``"return"`` puts the :class:`~crysnb.errors.CrysnbError` of a failed structure in its place.
    progress
        Called with parts done and parts in all (0 before they are known), often and also with an
        unchanged count; an exception that it raises ends the work and comes out of ``predict``.

    Returns
    -------
    Prediction
        In the frame of the structure as given; or a dictionary or list of them.

    Raises
    ------
    CrysnbError
        Of the structure, the symmetry, the domain or the weights, each with its code; ``device.lost``
        and ``device.unavailable`` if a device that was named fails.

    Notes
    -----
    ``symmetry_residual`` is always that of the raw output for the structure as given, before
    idealisation and projection.
    """
    if on_error not in ("raise", "return"):
        raise UnknownName.of("on_error mode", on_error, ("raise", "return"))
    if batch_size is not None and (type(batch_size) is not int or batch_size < 1):
        raise ShapeError("predict.batch_size", found=f"batch size {quote(batch_size)}", accepted="at least 1")
    if not (isinstance(symprec, str) and symprec == "auto"):
        check_symprec(symprec)
    if idealize is not None and not isinstance(idealize, bool):
        raise ShapeError(
            "predict.idealize", found=f"idealize={quote(idealize)}", accepted="None, True or False"
        )
    loaded = load_model(model, device)
    names = _properties(loaded, property)
    many = _is_many(s)
    options = _Options(
        names=names,
        idealize=idealize is not False,
        symprec=symprec,
        batch_size=batch_size,
        on_error=on_error,
        named=device != "auto",
        # A lost device cannot hand over its weights; the files can.
        on_cpu=None if isinstance(model, Model) else lambda: load_model(model, "cpu"),
        notices=_gpu_notices(loaded) if device == "auto" and not isinstance(model, Model) else (),
        progress=None if progress is None else Progress(progress, _n_members(loaded)),
    )
    results = _predict_all(list(s) if many else [s], loaded, options)
    shaped = [r[names[0]] if isinstance(r, dict) and property != "all" else r for r in results]
    return shaped if many else shaped[0]


def _n_members(model: Model) -> int:
    members = model.card.config.get("members", 1)
    return members if isinstance(members, int) else 1


def _gpu_notices(model: Model) -> tuple[Notice, ...]:
    """Says so if there is a GPU that could not be used."""
    reason = gpu_fault() if model.device.type == "cpu" else ""
    if not reason:
        return ()
    text = f"The GPU cannot be used ({reason}). Everything ran on the CPU."
    return (Notice("device.fell_back", "info", text),)


def _is_many(s: object) -> bool:
    if isinstance(s, (str, bytes, Path, Mapping, Structure)) or hasattr(s, "get_atomic_numbers"):
        return False
    # A spglib cell is a tuple (lattice, positions, numbers); a list of crystals is a list.
    return isinstance(s, Sequence) and not isinstance(s, tuple)


def _properties(model: Model, name: str | None) -> tuple[str, ...]:
    if name is None:
        return model.properties[:1]
    if name == "all":
        return model.properties
    if name not in model.properties:
        raise UnknownName.of("property", name, (*model.properties, "all"))
    return (name,)


def _predict_all(
    inputs: list[Any], model: Model, options: _Options
) -> list[dict[str, Prediction] | CrysnbError]:
    results: list[dict[str, Prediction] | CrysnbError | None] = [None] * len(inputs)
    jobs: dict[int, _Job] = {}
    for k, x in enumerate(inputs):
        if options.progress is not None:
            options.progress.preparing()
        try:
            jobs[k] = _prepare(x, model, options)
        except CrysnbError as error:
            if options.on_error == "raise":
                raise
            results[k] = error
    jobs = _with_metals(jobs, options.names)
    runner = Runner(model, named=options.named, on_cpu=options.on_cpu, progress=options.progress)
    raw_graphs = [job.raw for job in jobs.values()]
    ideal_graphs = [g for job in jobs.values() if (g := job.ideal)]
    _expect(options, raw_graphs, ideal_graphs)
    raw = runner.run(raw_graphs, options.batch_size)
    ideal_jobs = [k for k, job in jobs.items() if job.ideal is not None]
    ideal = runner.run(ideal_graphs, options.batch_size)
    by_ideal = dict(zip(ideal_jobs, ideal, strict=True))
    moved = (*options.notices, *runner.notices())
    for (k, job), output in zip(jobs.items(), raw, strict=True):
        final = by_ideal.get(k)
        for outcome in (output, final):
            if isinstance(outcome, DeviceMemory):
                if options.on_error == "raise":
                    raise outcome
                results[k] = outcome
        if not isinstance(output, DeviceMemory) and not isinstance(final, DeviceMemory):
            results[k] = {
                name: _finish(job, property_spec(name), model, output, final, moved) for name in options.names
            }
    return [r for r in results if r is not None]


def _with_metals(jobs: dict[int, _Job], names: tuple[str, ...]) -> dict[int, _Job]:
    """The jobs, with a notice for each crystal that seems to be a metal where that matters."""
    notices = metal_notices([job.structure for job in jobs.values()], names)
    return {
        k: replace(job, notices=(*job.notices, *found))
        for (k, job), found in zip(jobs.items(), notices, strict=True)
    }


def _expect(options: _Options, *work: list[CrystalBatch]) -> None:
    if options.progress is not None:
        options.progress.expect(sum(len(list(chunks(graphs, options.batch_size))) for graphs in work))


def _prepare(x: Any, model: Model, options: _Options) -> _Job:
    reading = read(x)
    structure = reading.structure
    notices = [*reading.notices, *element_notices(structure, model.card)]
    symmetry: SymmetryInfo | None = None
    ideal: CrystalBatch | None = None
    kinds = [kind for name in options.names if (kind := property_spec(name).tensor)]
    if kinds:
        try:
            symmetry = detect(structure, options.symprec)
        except SymmetryUndetermined as error:
            if error.code == "symmetry.symprec":
                raise
            text = f"No symmetry was determined, so nothing was projected: {error.text}"
            notices.append(Notice("symmetry.undetermined", "warning", text))
        if symmetry:
            notices += tolerance_notices(symmetry, around(structure, symmetry.symprec))
        if symmetry and options.symprec == "auto":
            notices += near_notices(structure, symmetry, kinds[0])
        if symmetry and options.idealize:
            ideal = model.graph(idealized_primitive(structure, symmetry))
            notices += idealisation_notices(symmetry)
    raw = model.graph(structure)
    notices += neighbor_notices(raw, model.cutoff)
    return _Job(
        structure=structure,
        structure_id=reading.structure_id,
        notices=tuple(notices),
        symmetry=symmetry,
        raw=raw,
        ideal=ideal,
    )


def _finish(
    job: _Job,
    spec: PropertySpec,
    model: Model,
    raw_output: dict[str, Tensor],
    ideal_output: dict[str, Tensor] | None,
    moved: tuple[Notice, ...],
) -> Prediction:
    notices = [*job.notices, *moved]
    raw = raw_output[spec.name].numpy()
    ideal = None if ideal_output is None else ideal_output[spec.name].numpy()
    value, broken, spread = raw, None, None
    final = raw_output if ideal_output is None else ideal_output
    if faults := non_finite(raw, ideal):
        notices += faults
        value = np.full(spec.tensor.matrix_shape if spec.tensor else raw.shape, np.nan)
    elif spec.tensor:
        refused: tuple[Notice, ...] = ()
        if job.symmetry:
            broken = share_removed(spec.tensor, spec.unit, raw, job.symmetry)
        if job.symmetry and ideal is not None:
            value, refused = projected(spec.tensor, spec.unit, ideal, job.symmetry)
        value = spec.tensor.matrix(value)
        notices += [*refused, *unphysical(spec.tensor, raw if ideal is None else ideal, value)]
        notices += axes_notices(value, model.card)
        notices += turning_notices(model.network, model.name)
        if not refused:
            spread = _uncertainty(job, spec, model, final)
    if not faults and (features := final.get(FEATURES)) is not None:
        notices += distance_notices(features.numpy(), model.reference)
    return Prediction(
        value=value,
        spec=spec,
        model=model.name,
        frame="own",
        symmetry=job.symmetry,
        symmetry_residual=broken,
        uncertainty=spread,
        notices=tuple(sorted(notices, key=lambda n: _RANK[n.severity])),
        structure_id=job.structure_id,
        formula=reduced_formula(job.structure),
    )


def _uncertainty(
    job: _Job, spec: PropertySpec, model: Model, output: dict[str, Tensor]
) -> NDArray[np.float64] | None:
    """Calibrated spread of the members in the printed form, projected like the value; None without.

    The factor in the card makes ‖error‖ ≤ ‖uncertainty‖ for 68 % of the validation crystals.
    """
    factor = model.card.metrics.get("uncertainty_factor")
    members = output.get(f"{spec.name}.members")
    if spec.tensor is None or members is None or len(members) < 2 or factor is None:
        return None
    tensors = list(members.numpy())
    if job.symmetry and job.ideal is not None:
        tensors = [project(spec.tensor, t, job.symmetry.rotations) for t in tensors]
    spread = np.std([spec.tensor.matrix(t) for t in tensors], axis=0, ddof=1)
    return np.asarray(float(factor) * spread)
