"""Score a model on labelled crystals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crysnb.datasets.records import Record, to_record
from crysnb.errors import CrysnbError, ShapeError, UnknownName
from crysnb.evaluate.metrics import bootstrap, coverage, per_crystal_errors, tensor_metrics
from crysnb.evaluate.symmetry_scores import scores, turn
from crysnb.models.interface import Model, load_model
from crysnb.predict.run import predict
from crysnb.values.property_spec import property_spec
from crysnb.values.tensor_kind import TensorKind

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evaluation:
    """Errors and symmetry scores of a model on labelled crystals.

    Attributes
    ----------
    model, target, n
        Name of the model, key of the label, crystals counted.
    skipped
        Error code -> number of records left out.
    metrics, ci95
        Numbers by name, and bootstrap 95 % intervals of the error measures. ``coverage68``, the share
        of crystals with ‖error‖ ≤ ‖uncertainty‖, is there for models that state an uncertainty;
        residuals and symmetry scores are over crystals whose symmetry was determined, if any.
        Crystals whose label is zero do not enter the relative errors
        (see :func:`crysnb.evaluate.metrics.tensor_metrics`).
    per_crystal
        ``id``, ``error`` and ``norm`` (Cartesian) of each crystal.
    """

    model: str
    target: str
    n: int
    skipped: dict[str, int]
    metrics: dict[str, float]
    ci95: dict[str, tuple[float, float]]
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
    target = target if target is not None else next(iter(loaded.card.targets))
    if target not in loaded.card.targets:
        raise UnknownName.of("target", target, loaded.card.targets)
    name = loaded.card.targets[target]
    kind = property_spec(name).tensor
    if kind is None:
        raise ShapeError("evaluate.scalar", found=f"{name} is a scalar", accepted="a tensor property")
    kept, labels, skipped = _labelled(records, target, loaded, kind)
    final = predict([r.structure for r in kept], loaded, name, on_error="return")
    good = [k for k, p in enumerate(final) if not isinstance(p, CrysnbError)]
    skipped.update(p.code for p in final if isinstance(p, CrysnbError))
    if not good:
        raise ShapeError("evaluate.nothing", found=f"no record to score; skipped {dict(skipped)}")
    kept, true = [kept[k] for k in good], np.array([labels[k] for k in good])
    predicted = np.array([kind.cartesian(final[k].value) for k in good])
    error, norm = per_crystal_errors(predicted, true)
    stated = np.array([_size(kind, final[k].uncertainty) for k in good])

    def measures(i: NDArray[np.intp]) -> dict[str, float]:
        return tensor_metrics(predicted[i], true[i], kind) | coverage(error[i], stated[i])

    metrics = measures(np.arange(len(true)))
    interval = bootstrap(measures, len(true), seed=seed)
    if residuals := [r for k in good if (r := final[k].symmetry_residual) is not None]:
        metrics["residual_raw_median"] = float(np.median(residuals))
        metrics["residual_raw_max"] = float(np.max(residuals))
    symmetric = [r for r, k in zip(kept, good, strict=True) if final[k].symmetry is not None]
    metrics |= _symmetry_scores(symmetric, loaded, name, kind, seed)
    rows = zip(kept, error, norm, strict=True)
    return Evaluation(
        model=loaded.name,
        target=target,
        n=len(true),
        skipped=dict(skipped),
        metrics=metrics,
        ci95=interval,
        per_crystal=[{"id": r.id, "error": float(e), "norm": float(n)} for r, e, n in rows],
    )


def _size(kind: TensorKind, uncertainty: Array | None) -> float:
    """Cartesian norm of an uncertainty in the printed form; NaN for None."""
    return np.nan if uncertainty is None else float(np.linalg.norm(kind.cartesian(uncertainty)))


def _labelled(
    records: Iterable[Mapping[str, Any]], target: str, model: Model, kind: TensorKind
) -> tuple[list[Record], list[Array], Counter[str]]:
    """Readable records whose label fits the model's own filters, with the labels."""
    kept: list[Record] = []
    labels: list[Array] = []
    skipped: Counter[str] = Counter()
    largest = float(model.card.dataset.get("max_entry", np.inf))
    for raw in records:
        targets = raw.get("targets")
        label = targets.get(target) if isinstance(targets, Mapping) else None
        if label is None:
            skipped["label.missing"] += 1
        elif not raw.get("symmetry_ok", True):
            skipped["label.breaks_symmetry"] += 1
        else:
            try:
                tensor = kind.cartesian(label)
                if np.abs(tensor).max() >= largest:
                    skipped["label.too_large"] += 1
                    continue
                kept.append(to_record(dict(raw)))
                labels.append(kind.from_components(kind.components(tensor)))
            except CrysnbError as error:
                skipped[error.code] += 1
    return kept, labels, skipped


def _symmetry_scores(
    records: list[Record], model: Model, name: str, kind: TensorKind, seed: int
) -> dict[str, float]:
    if not records:
        return {}
    rng = np.random.default_rng(seed)
    turned = [turn(record.structure, kind, rng) for record in records]
    raw = predict([t.structure for t in turned], model, name, idealize=False)
    each = [scores(t, p.value, p.unit) for t, p in zip(turned, raw, strict=True)]
    return {key: float(np.mean([one[key] for one in each])) for key in each[0]}
