"""Ridge regression with the left-out element predicted, and its strength chosen without it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

#: Strengths that are tried.
ALPHAS = 10.0 ** np.arange(-2, 4.5, 0.5)


def left_out_predictions(
    points: NDArray[np.float64],
    targets: NDArray[np.float64],
    folds: Sequence[NDArray[np.int64]] | None = None,
    *,
    kernel: bool = False,
) -> NDArray[np.float64]:
    """Prediction [element, target] of every element from the others.

    Columns are standardised on the elements that are left, and the strength α is chosen for each target by
    leaving one more of them out (closed form of the leave-one-out error; Golub, Heath and Wahba 1979,
    doi:10.1080/00401706.1979.10489751).

    Parameters
    ----------
    points
        [element, dim], all finite.
    targets
        [element, target], all finite; many targets at once cost little more than one.
    folds
        Elements that are left out together; None leaves out one at a time.
    kernel
        Gaussian kernel, width the median distance, instead of the linear one.
    """
    n = len(points)
    held = [np.array([i]) for i in range(n)] if folds is None else folds
    predicted = np.full(targets.shape, np.nan)
    for rows in held:
        kept = np.setdiff1d(np.arange(n), rows)
        similar, towards = _kernels(points[kept], points[rows], kernel=kernel)
        predicted[rows] = _fitted(similar, towards, targets[kept])
    return predicted


def _kernels(
    kept: NDArray[np.float64], left: NDArray[np.float64], *, kernel: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Inner products [kept, kept] and [left, kept] of standardised rows, or Gaussians of their distances."""
    mean, spread = kept.mean(axis=0), kept.std(axis=0)
    scale = np.where(spread > 1e-12 * np.maximum(np.abs(kept).max(axis=0), 1e-300), spread, np.inf)
    a, b = (kept - mean) / scale, (left - mean) / scale
    similar, towards = a @ a.T, b @ a.T
    if not kernel:
        return similar, towards
    size, other = np.diag(similar), np.einsum("ld,ld->l", b, b)
    near = np.maximum(size[:, None] + size - 2 * similar, 0)
    far = np.maximum(other[:, None] + size - 2 * towards, 0)
    width = max(float(np.median(near[np.triu_indices(len(near), 1)])), 1e-12)
    similar, towards = np.exp(-near / width), np.exp(-far / width)
    # Centred, so that the mean of the targets is what distant elements are given.
    column = similar.mean(axis=0)
    centred = similar - column - column[:, None] + column.mean()
    return centred, towards - towards.mean(axis=1, keepdims=True) - column + column.mean()


def _fitted(
    similar: NDArray[np.float64], towards: NDArray[np.float64], targets: NDArray[np.float64]
) -> NDArray[np.float64]:
    values, axes = np.linalg.eigh(similar)
    values = np.maximum(values, 0)
    mean = targets.mean(axis=0)
    along = axes.T @ (targets - mean)
    best: NDArray[np.float64] = np.full(targets.shape[1], np.inf)
    predicted = np.empty((len(towards), targets.shape[1]))
    square = axes**2
    onto = towards @ axes
    for alpha in ALPHAS:
        shrink = 1 / (values + alpha)
        # Residuals when one more is left out; 1/n is the share of the mean.
        leverage = 1 - square @ (alpha * shrink) + 1 / len(similar)
        residual = axes @ ((alpha * shrink)[:, None] * along) / np.maximum(1 - leverage, 1e-9)[:, None]
        error = np.einsum("nt,nt->t", residual, residual)
        better = error < best
        best = np.where(better, error, best)
        predicted[:, better] = (onto @ (shrink[:, None] * along[:, better])) + mean[better]
    return predicted
