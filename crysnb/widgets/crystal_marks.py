"""Where the symmetry elements are drawn: planes and axes cut off at the cell, centres as points."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from crysnb.symmetry.elements import SymmetryElement

#: How far an axis stands out of the cell at both ends, as a share of the cell's diameter.
_OVERHANG = 0.07
#: A piece inside the cell that is shorter than this share of the cell's diameter does not show an axis.
_SHORTEST = 0.25


def outline(element: SymmetryElement, cell: NDArray[np.float64]) -> NDArray[np.float64]:
    """Corners of a plane, ends of an axis, or the centre; no points for the identity.

    Parameters
    ----------
    element
        In Å, in the frame of the cell.
    cell
        Lattice vectors as rows in Å.

    Returns
    -------
    ndarray, shape [point, 3]
        In Å; corners in order around the polygon.
    """
    if element.kind == "identity":
        return np.zeros((0, 3))
    if element.kind == "inversion":
        return element.point[None]
    if element.kind in ("mirror", "glide"):
        return plane_in_cell(element.point, element.axis, cell)
    return line_in_cell(element.point, element.axis, cell)


def _corners(cell: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.array(list(itertools.product((0.0, 1.0), repeat=3))) @ cell


def _diameter(cell: NDArray[np.float64]) -> float:
    corners = _corners(cell)
    return float(np.linalg.norm(corners[:, None] - corners, axis=2).max())


def plane_in_cell(
    point: NDArray[np.float64], normal: NDArray[np.float64], cell: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The polygon in which a plane cuts the cell, corners in order; a square about ``point`` if it misses."""
    across, up = np.linalg.svd(normal[None])[2][1:]
    corners = _corners(cell)
    height = (corners - point) @ normal
    size = _diameter(cell)
    found = [corners[np.abs(height) < 1e-6 * size]]
    for i, j in itertools.combinations(range(8), 2):
        if (i ^ j).bit_count() == 1 and height[i] * height[j] < -((1e-6 * size) ** 2):
            share = height[i] / (height[i] - height[j])
            found.append((corners[i] + share * (corners[j] - corners[i]))[None])
    points = np.vstack(found)
    if len(points) < 3:
        square = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]]) * size / 4
        return np.asarray(point + square @ np.array([across, up]))
    away = points - points.mean(axis=0)
    return np.asarray(points[np.argsort(np.arctan2(away @ up, away @ across))])


def line_in_cell(
    point: NDArray[np.float64], axis: NDArray[np.float64], cell: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Both ends of the piece of a line inside the cell, a little longer; about ``point`` if it misses."""
    inverse = np.linalg.inv(cell)
    start, slope = point @ inverse, axis @ inverse
    low, high = -np.inf, np.inf
    for s, v in zip(start, slope, strict=True):
        if abs(v) > 1e-9:
            ends = sorted(((0.0 - s) / v, (1.0 - s) / v))
            low, high = max(low, ends[0]), min(high, ends[1])
        elif not -1e-6 <= s <= 1 + 1e-6:
            low, high = 0.0, -1.0
    size = _diameter(cell)
    if high - low < _SHORTEST * size:
        nearest = float((cell.sum(axis=0) / 2 - point) @ axis)
        low, high = nearest - size / 3, nearest + size / 3
    hang = _OVERHANG * size
    return np.array([point + (low - hang) * axis, point + (high + hang) * axis])
