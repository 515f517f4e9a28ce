"""Error measures of predicted tensors, in the rotation-invariant Cartesian norm unless named otherwise."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from crysnb.errors import ShapeError
from crysnb.values.tensor_kind import TensorKind

Array = NDArray[np.float64]

#: A crystal counts for the anisotropic error if its traceless part exceeds this share of the norm.
ANISOTROPY_FLOOR = 0.02
#: A label of a smaller norm counts as zero: nothing is relative to it.
ZERO_NORM = 1e-12


def per_crystal_errors(predicted: Array, true: Array) -> tuple[Array, Array]:
    """‖T̂ − T‖ and ‖T‖ of each crystal, [crystal], from Cartesian tensors [crystal, 3, …, 3]."""
    if predicted.shape != true.shape or predicted.ndim < 2:
        raise ShapeError(
            "evaluate.shape", found=f"{predicted.shape} against {true.shape}", accepted="equal shapes"
        )
    n = len(true)
    error = np.linalg.norm((predicted - true).reshape(n, -1), axis=1)
    return error, np.linalg.norm(true.reshape(n, -1), axis=1)


def traceless(tensors: Array) -> Array:
    """Traceless part of rank-2 tensors [crystal, 3, 3]."""
    trace = np.trace(tensors, axis1=1, axis2=2) / 3
    return np.asarray(tensors - trace[:, None, None] * np.eye(3))


def tensor_metrics(predicted: Array, true: Array, kind: TensorKind) -> dict[str, float]:
    """Metrics of one set of crystals.

    ``fnorm_cart`` and ``fnorm_voigt`` are means of ‖T̂ − T‖ over crystals, the second on the printed
    matrix; ``mae`` is over named components; ``rel_median`` is the median of ‖T̂ − T‖/‖T‖;
    ``ewt25``, ``ewt10``, ``ewt5`` are the percentages of crystals below 25, 10 and 5 %. Rank-2 kinds
    add ``aniso_rel_median``, the median relative error of the traceless part over crystals whose
    traceless part exceeds 2 % of the norm (an isotropic guess scores 1); left out without such crystals.

    Relative measures (``rel_median``, ``ewt…``, ``aniso_rel_median``) leave out crystals whose label is
    zero, and are left out themselves if all are; absolute ones count every crystal.
    """
    error, norm = per_crystal_errors(predicted, true)
    nonzero = norm > ZERO_NORM
    relative = error[nonzero] / norm[nonzero]
    voigt = [kind.matrix(p) - kind.matrix(t) for p, t in zip(predicted, true, strict=True)]
    parts = [kind.components(p) - kind.components(t) for p, t in zip(predicted, true, strict=True)]
    metrics = {
        "fnorm_cart": float(error.mean()),
        "fnorm_voigt": float(np.mean([np.linalg.norm(v) for v in voigt])),
        "mae": float(np.abs(parts).mean()),
    }
    if len(relative):
        metrics["rel_median"] = float(np.median(relative))
    if kind.rank == 2 and len(errors := anisotropic_errors(predicted, true)):
        metrics["aniso_rel_median"] = float(np.median(errors))
    for percent in (25, 10, 5) if len(relative) else ():
        metrics[f"ewt{percent}"] = float(100 * np.mean(relative < percent / 100))
    return metrics


def anisotropic_errors(predicted: Array, true: Array) -> Array:
    """Relative error of the traceless part of each crystal that has one, [≤ crystal]."""
    error = np.linalg.norm(traceless(predicted) - traceless(true), axis=(1, 2))
    size = np.linalg.norm(traceless(true), axis=(1, 2))
    norm = np.linalg.norm(true, axis=(1, 2))
    counted = (norm > ZERO_NORM) & (size > ANISOTROPY_FLOOR * norm)
    return np.asarray(error[counted] / size[counted])


def coverage(error: Array, uncertainty: Array) -> dict[str, float]:
    """``coverage68``, the share of crystals with ‖error‖ ≤ ‖uncertainty‖; empty if none has one.

    Parameters
    ----------
    error
        ‖T̂ − T‖ of each crystal, [crystal].
    uncertainty
        Cartesian norm of the stated standard deviation, [crystal]; NaN where none is stated.
    """
    stated = np.isfinite(uncertainty)
    if not stated.any():
        return {}
    return {"coverage68": float(np.mean(error[stated] <= uncertainty[stated]))}


def bootstrap(
    metric: Callable[[NDArray[np.intp]], dict[str, float]], n: int, *, draws: int = 1000, seed: int = 0
) -> dict[str, tuple[float, float]]:
    """95 % percentile interval of each metric over resampled crystals.

    ``metric`` maps crystal indices [n] to named numbers. Efron (1979), doi:10.1214/aos/1176344552.
    """
    rng = np.random.default_rng(seed)
    drawn: dict[str, list[float]] = {}
    for _ in range(draws):
        for name, value in metric(rng.integers(0, n, n)).items():
            drawn.setdefault(name, []).append(value)
    ends = {name: np.percentile(values, [2.5, 97.5]) for name, values in drawn.items()}
    return {name: (float(low), float(high)) for name, (low, high) in ends.items()}
