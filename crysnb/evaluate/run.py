"""Score a model on labelled crystals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure

from crysnb.errors import CrysnbError, ShapeError, SymmetryUndetermined, UnknownName
from crysnb.evaluate import gauge
from crysnb.evaluate.by_system import by_system, crystal_system
from crysnb.evaluate.labels import Labelled, labelled
from crysnb.evaluate.metrics import Errors, Indices, ScalarErrors, bootstrap, coverage, tensor_errors
from crysnb.evaluate.symmetry_scores import symmetry_scores
from crysnb.models.interface import Model, load_model
from crysnb.predict.run import predict
from crysnb.symmetry.detect import detect
from crysnb.values.prediction import Prediction
from crysnb.values.property_spec import FLOOR, PropertySpec, property_spec
from crysnb.values.tensor_kind import TensorKind

Array = NDArray[np.float64]

#: Squares of larger labels overflow.
_LARGEST = 1e100


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evaluation:
    """Errors and symmetry scores of a model on labelled crystals.

    Attributes
    ----------
    model, target, n
        Name of the model, key of the label, crystals counted.
    skipped
        Error code -> number of records left out: no usable label, a crystal that is refused, a prediction
        that failed or is not finite.
    metrics, ci95
        Numbers by name, and bootstrap 95 % intervals of the error measures. ``coverage68``, the share
        of crystals with ‖error‖ ≤ ‖uncertainty‖, is there for models that state an uncertainty;
        residuals and symmetry scores are over crystals whose symmetry was determined, if any.
        Crystals whose label is zero do not enter the relative errors
        (see :func:`crysnb.evaluate.metrics.tensor_metrics`). Error measures end in ``_gauge`` if the sign
        convention of a label was unknown (see :mod:`crysnb.evaluate.gauge`).
    by_crystal_system
        The error measures, ``zero_success`` and ``dependent_success`` per crystal system
        (see :func:`crysnb.evaluate.by_system.by_system`).
    per_crystal
        ``id``, ``error`` and ``norm`` (Cartesian) of each crystal.
    """

    model: str
    target: str
    n: int
    skipped: dict[str, int]
    metrics: dict[str, float]
    ci95: dict[str, tuple[float, float]]
    by_crystal_system: dict[str, dict[str, Any]]
    per_crystal: list[dict[str, Any]] = field(repr=False)

    def to_dict(self) -> dict[str, Any]:
        """The documented object of ``crysnb evaluate``."""
        return {
            "model": self.model,
            "target": self.target,
            "n": self.n,
            "skipped": self.skipped,
            "metrics": self.metrics,
            "ci95": {name: list(pair) for name, pair in self.ci95.items()},
            "by_crystal_system": self.by_crystal_system,
        }


def evaluate(
    model: str | Path | Model,
    records: Iterable[Mapping[str, Any]],
    target: str | None = None,
    *,
    device: str = "auto",
    seed: int = 0,
) -> Evaluation:
    """Errors of the final predictions, and symmetry scores of the raw ones.

    A record that cannot be read, or whose prediction fails, is left out and counted; it never ends
    the evaluation.

    Parameters
    ----------
    model
        Name, folder, or loaded model.
    records
        Labelled crystals in the record format (see :mod:`crysnb.datasets.records`).
    target
        Key of the label; None for the one named in the model's card.
    device
        Where to run.
    seed
        Of the random turns and the bootstrap.

    Raises
    ------
    UnknownName
        For a target that the model's card does not name.
    ShapeError
        ``evaluate.nothing`` if no record can be scored.
    """
    loaded = load_model(model, device)
    target = target if target is not None else next(iter(loaded.card.targets), "")
    if target not in loaded.card.targets:
        raise UnknownName.of("target", target, loaded.card.targets)
    spec = property_spec(loaded.card.targets[target])
    largest = min(_LARGEST, float(loaded.card.dataset.get("max_entry", np.inf)))
    given, skipped = labelled(records, target, spec.tensor, largest)
    kept, final = _scorable(given, loaded, spec, skipped)
    if not kept:
        raise ShapeError("evaluate.nothing", found=f"no record to score; skipped {dict(skipped)}")
    errors, suffix = _errors(kept, final, spec)
    stated = np.array([_size(p, spec.tensor) for p in final])
    each = _symmetry_scores(kept, final, loaded, spec, seed)

    def measures(i: Indices) -> dict[str, float]:
        found = errors.metrics(i) | coverage(errors.error[i], stated[i])
        return {f"{name}{suffix}": value for name, value in found.items()}

    def with_success(i: Indices) -> dict[str, float]:
        return measures(i) | _means([each[k] for k in i], ("zero_success", "dependent_success"))

    rows = zip(kept, errors.error, errors.norm, strict=True)
    return Evaluation(
        model=loaded.name,
        target=target,
        n=len(kept),
        skipped=dict(skipped),
        metrics=measures(np.arange(len(kept))) | _residuals(final) | _means(each),
        ci95=bootstrap(measures, len(kept), seed=seed),
        by_crystal_system=by_system(_systems(kept, final, spec), with_success, seed),
        per_crystal=[{"id": x.record.id, "error": float(e), "norm": float(n)} for x, e, n in rows],
    )


def _scorable(
    given: list[Labelled], model: Model, spec: PropertySpec, skipped: Counter[str]
) -> tuple[list[Labelled], list[Prediction]]:
    """Records with a finite prediction, and the predictions; the others are counted in ``skipped``."""
    kept, final = [], []
    for x, p in zip(given, _predictions([x.record.structure for x in given], model, spec.name), strict=True):
        if isinstance(p, CrysnbError):
            skipped[p.code] += 1
        elif not np.isfinite(p.value).all():
            skipped["prediction.non_finite"] += 1
        else:
            kept.append(x)
            final.append(p)
    return kept, final


def _predictions(
    structures: Sequence[Structure], model: Model, name: str, *, idealize: bool | None = None
) -> list[Prediction | CrysnbError]:
    """Prediction or error of each structure; a failing batch is repeated one by one to find whose it is."""
    try:
        together: list[Prediction | CrysnbError] = predict(
            list(structures), model, name, idealize=idealize, on_error="return"
        )
    except Exception as error:  # noqa: BLE001 - one crystal must not cost the others; told below
        if len(structures) != 1:
            return [p for s in structures for p in _predictions([s], model, name, idealize=idealize)]
        if isinstance(error, CrysnbError):
            return [error]
        return [
            CrysnbError(f"internal.{type(error).__name__}", found=f"an unforeseen {type(error).__name__}")
        ]
    return together


def _errors(kept: list[Labelled], final: list[Prediction], spec: PropertySpec) -> tuple[Errors, str]:
    """Errors of every crystal, and what the names of their measures end in."""
    kind = spec.tensor
    if kind is None:
        return ScalarErrors(
            np.array([float(p.value) for p in final]), np.array([float(x.label) for x in kept])
        ), ""
    predicted = [kind.cartesian(p.value) for p in final]
    true = [x.label for x in kept]
    unknown = [k for k, x in enumerate(kept) if gauge.is_ambiguous(kind, x.record.flags)]
    for k in unknown:
        true[k] = gauge.nearest_label(kind, predicted[k], true[k], final[k].symmetry)
    floor = FLOOR.get(spec.unit, 0.0)
    return tensor_errors(np.array(predicted), np.array(true), kind, floor), gauge.SUFFIX if unknown else ""


def _size(p: Prediction, kind: TensorKind | None) -> float:
    """Cartesian norm of the stated uncertainty; NaN for none, or one that is not finite."""
    if p.uncertainty is None or not np.isfinite(p.uncertainty).all():
        return np.nan
    return float(np.linalg.norm(p.uncertainty if kind is None else kind.cartesian(p.uncertainty)))


def _residuals(final: list[Prediction]) -> dict[str, float]:
    residuals = [r for p in final if (r := p.symmetry_residual) is not None]
    if not residuals:
        return {}
    return {
        "residual_raw_median": float(np.median(residuals)),
        "residual_raw_max": float(np.max(residuals)),
    }


def _symmetry_scores(
    kept: list[Labelled], final: list[Prediction], model: Model, spec: PropertySpec, seed: int
) -> list[dict[str, bool]]:
    """Scores of each crystal; empty for numbers, and for crystals whose symmetry was not determined."""
    each: list[dict[str, bool]] = [{} for _ in kept]
    if spec.tensor is None:
        return each
    at = [k for k, p in enumerate(final) if p.symmetry is not None]

    def raw(structures: list[Structure]) -> list[Array | None]:
        found = _predictions(structures, model, spec.name, idealize=False)
        return [None if isinstance(p, CrysnbError) else p.value for p in found]

    structures = [kept[k].record.structure for k in at]
    found = symmetry_scores(structures, spec, raw, np.random.default_rng(seed))
    for k, scores in zip(at, found, strict=True):
        each[k] = scores
    return each


def _means(each: list[dict[str, bool]], names: Iterable[str] | None = None) -> dict[str, float]:
    """Share of crystals per score, over those that have scores."""
    scored = [one for one in each if one]
    if not scored:
        return {}
    return {name: float(np.mean([one[name] for one in scored])) for name in names or scored[0]}


def _systems(kept: list[Labelled], final: list[Prediction], spec: PropertySpec) -> list[str]:
    if spec.tensor is not None:
        return [crystal_system(p.symmetry.number if p.symmetry else None) for p in final]
    systems = []
    for x in kept:
        try:
            systems.append(crystal_system(detect(x.record.structure).number))
        except SymmetryUndetermined:
            systems.append(crystal_system(None))
    return systems
