"""Error measures of predictions, from numbers per crystal that are worked out once.

Tensors are compared in the rotation-invariant Cartesian norm unless a measure is named otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crysnb.errors import ShapeError
from crysnb.tensors.moduli import vrh_moduli
from crysnb.values.tensor_kind import ELASTIC, TensorKind

Array = NDArray[np.float64]
Indices = NDArray[np.intp]

#: A crystal counts for the anisotropic error if its traceless part exceeds this share of the norm.
ANISOTROPY_FLOOR = 0.02
#: A label of a smaller norm counts as zero: nothing is relative to it.
ZERO_NORM = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TensorErrors:
    """What every measure of predicted tensors is made of.

    Attributes
    ----------
    error, norm
        ‖T̂ − T‖ and ‖T‖, Cartesian, [crystal].
    voigt, absolute
        ‖T̂ − T‖ of the printed matrix, and mean |T̂ − T| over named components, [crystal].
    aniso
        Relative error of the traceless part, [crystal]; NaN where it is too small to count, or the
        kind is not of rank 2.
    moduli
        |K̂ − K| and |Ĝ − G| of the Voigt–Reuss–Hill averages in GPa, [crystal, 2]; NaN where one of the
        tensors has none; None for kinds other than elastic.
    floor
        Labels of at most this norm count as zero.
    """

    error: Array
    norm: Array
    voigt: Array
    absolute: Array
    aniso: Array
    moduli: Array | None
    floor: float

    def metrics(self, chosen: Indices) -> dict[str, float]:
        """Measures over the chosen crystals; see :func:`tensor_metrics`."""
        error, norm = self.error[chosen], self.norm[chosen]
        nonzero = norm > self.floor
        relative = error[nonzero] / norm[nonzero]
        metrics = {
            "fnorm_cart": float(error.mean()),
            "fnorm_voigt": float(self.voigt[chosen].mean()),
            "mae": float(self.absolute[chosen].mean()),
        }
        if len(relative):
            metrics["rel_median"] = float(np.median(relative))
        if len(aniso := _finite(self.aniso[chosen])):
            metrics["aniso_rel_median"] = float(np.median(aniso))
        for percent in (25, 10, 5) if len(relative) else ():
            metrics[f"ewt{percent}"] = float(100 * np.mean(relative < percent / 100))
        if self.moduli is not None:
            for column, name in enumerate(("k_vrh_mae", "g_vrh_mae")):
                if len(known := _finite(self.moduli[chosen, column])):
                    metrics[name] = float(known.mean())
        return metrics


@dataclass(frozen=True, slots=True, eq=False)
class ScalarErrors:
    """Predicted and true numbers, both [crystal].

    Attributes
    ----------
    predicted, true
        In the same unit.
    """

    predicted: Array
    true: Array

    @property
    def error(self) -> Array:
        """|ŷ − y|, [crystal]."""
        return np.abs(self.predicted - self.true)

    @property
    def norm(self) -> Array:
        """|y|, [crystal]."""
        return np.abs(self.true)

    def metrics(self, chosen: Indices) -> dict[str, float]:
        """``mae``, ``rmse``, ``mad`` (mean |y − mean y|: the error of guessing the mean) and ``r2``.

        ``r2`` = 1 − Σ(ŷ − y)²/Σ(y − mean y)² is left out where all labels are the same.
        """
        true = self.true[chosen]
        error = self.predicted[chosen] - true
        about = true - true.mean()
        metrics = {
            "mae": float(np.abs(error).mean()),
            "rmse": float(np.sqrt((error**2).mean())),
            "mad": float(np.abs(about).mean()),
        }
        if np.ptp(true) > ZERO_NORM:
            metrics["r2"] = float(1 - (error**2).sum() / (about**2).sum())
        return metrics


Errors = TensorErrors | ScalarErrors


def tensor_errors(predicted: Array, true: Array, kind: TensorKind, floor: float = ZERO_NORM) -> TensorErrors:
    """Numbers per crystal from Cartesian tensors [crystal, 3, …, 3]; labels up to ``floor`` count as zero."""
    error, norm = per_crystal_errors(predicted, true)
    difference = (predicted - true).reshape(len(true), -1)
    aniso = np.full(len(true), np.nan)
    if kind.rank == 2:
        size = np.linalg.norm(traceless(true), axis=(1, 2))
        counted = (norm > floor) & (size > ANISOTROPY_FLOOR * norm)
        off = np.linalg.norm(traceless(predicted - true), axis=(1, 2))
        aniso[counted] = off[counted] / size[counted]
    moduli = None
    if kind == ELASTIC:
        moduli = np.abs(vrh_moduli(predicted) - vrh_moduli(true))
    return TensorErrors(
        error=error,
        norm=norm,
        voigt=np.linalg.norm(difference[:, kind.matrix_rows], axis=1),
        absolute=np.abs(difference @ kind.from_cartesian.T).mean(axis=1),
        aniso=aniso,
        moduli=moduli,
        floor=floor,
    )


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


def tensor_metrics(
    predicted: Array, true: Array, kind: TensorKind, floor: float = ZERO_NORM
) -> dict[str, float]:
    """Metrics of one set of crystals.

    ``fnorm_cart`` and ``fnorm_voigt`` are means of ‖T̂ − T‖ over crystals, the second on the printed
    matrix; ``mae`` is over named components; ``rel_median`` is the median of ‖T̂ − T‖/‖T‖;
    ``ewt25``, ``ewt10``, ``ewt5`` are the percentages of crystals below 25, 10 and 5 %. Rank-2 kinds
    add ``aniso_rel_median``, the median relative error of the traceless part over crystals whose
    traceless part exceeds 2 % of the norm (an isotropic guess scores 1); left out without such crystals.
    Elastic tensors add ``k_vrh_mae`` and ``g_vrh_mae``, mean errors of the bulk and shear modulus
    (Voigt–Reuss–Hill) in GPa, over crystals where both tensors are positive definite.

    Relative measures (``rel_median``, ``ewt…``, ``aniso_rel_median``) leave out crystals whose label is
    zero, i.e. of a norm up to ``floor``, and are left out themselves if all are; absolute ones count
    every crystal.
    """
    return tensor_errors(predicted, true, kind, floor).metrics(np.arange(len(true)))


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
    metric: Callable[[Indices], dict[str, float]], n: int, *, draws: int = 1000, seed: int = 0
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


def _finite(values: Array) -> Array:
    return np.asarray(values[np.isfinite(values)])
