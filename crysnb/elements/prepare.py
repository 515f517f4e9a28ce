"""A table made ready for distances: which elements, and on which scale."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from crysnb.elements.chemistry import NOBLE_GASES
from crysnb.errors import ShapeError, UnknownName
from crysnb.values.element_table import ElementTable

#: ``zscore`` each column; ``unit`` length of the centred rows; ``centred`` columns; ``raw`` numbers.
Scaling = Literal["raw", "centred", "zscore", "unit"]
MIN_ELEMENTS = 8


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """Rows of a table, ready for distances.

    Attributes
    ----------
    name
        Of the table.
    elements
        Symbols in the order of the rows.
    points
        [element, dim] float64, all finite.
    scaling
        How the columns were scaled.
    left_out
        Elements of the table that have no point: not seen, incomplete, or noble gases.
    imputed
        Columns in which a missing value was set to the column's median; of descriptors only.
    """

    name: str
    elements: tuple[str, ...]
    points: NDArray[np.float64]
    scaling: Scaling
    left_out: tuple[str, ...]
    imputed: tuple[str, ...]

    def distances(self) -> NDArray[np.float64]:
        """Euclidean distances [element, element]; of rows of unit length, √(2 − 2 cos)."""
        return pairwise(self.points)


def pairwise(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Euclidean distances [..., n, n] between rows of points [..., n, d]."""
    square = np.einsum("...nd,...nd->...n", points, points)
    inner = points @ np.swapaxes(points, -1, -2)
    distances: NDArray[np.float64] = np.sqrt(
        np.maximum(square[..., :, None] + square[..., None, :] - 2 * inner, 0)
    )
    diagonal = np.arange(points.shape[-2])
    distances[..., diagonal, diagonal] = 0
    return distances


def usual_scaling(table: ElementTable) -> Scaling:
    """``zscore`` for descriptors, whose columns have units; ``unit`` for what was learned."""
    return "zscore" if table.kind == "descriptor" else "unit"


def prepare(
    table: ElementTable,
    scaling: Scaling | None = None,
    *,
    elements: Iterable[str] | None = None,
    noble_gases: bool = False,
) -> Prepared:
    """Rows of a table, scaled; elements that were not seen are never filled in.

    Parameters
    ----------
    table
        Of any kind.
    scaling
        None takes :func:`usual_scaling`. A constant column is dropped by ``zscore``.
    elements
        Only these, in this order where the table has them; by default all.
    noble_gases
        Whether they stay; they form hardly any crystals, so that what is said of them was hardly learned.

    Raises
    ------
    ShapeError
        ``elements.too_few`` for fewer than :data:`MIN_ELEMENTS` elements; ``elements.constant`` if all rows
        are the same.
    UnknownName
        ``name.unknown_scaling``.
    """
    chosen_scaling = usual_scaling(table) if scaling is None else scaling
    if chosen_scaling not in get_args(Scaling):
        raise UnknownName.of("scaling", scaling, get_args(Scaling))
    wanted = [s for s in (table.elements if elements is None else dict.fromkeys(elements)) if s in table]
    if not noble_gases:
        wanted = [s for s in wanted if s not in NOBLE_GASES]
    rows = table.select(wanted).vectors if wanted else np.zeros((0, table.dim))
    finite = np.isfinite(rows)
    usable = np.asarray(finite.any(axis=1) if table.kind == "descriptor" else finite.all(axis=1))
    kept = tuple(s for s, fine in zip(wanted, usable.tolist(), strict=True) if fine)
    rows = rows[usable]
    if len(kept) < MIN_ELEMENTS:
        raise ShapeError(
            "elements.too_few",
            found=f"{len(kept)} elements with a vector in {table.name}",
            accepted=f"at least {MIN_ELEMENTS}",
        )
    rows, imputed = _filled(rows, table.columns)
    return Prepared(
        table.name,
        kept,
        _scaled(rows, chosen_scaling, table.name),
        chosen_scaling,
        tuple(s for s in table.elements if s not in kept),
        imputed,
    )


def common_elements(tables: Sequence[ElementTable], *, noble_gases: bool = False) -> tuple[str, ...]:
    """Elements that all tables have seen, in the order of the periodic table."""
    kept = [set(prepare(table, "raw", noble_gases=noble_gases).elements) for table in tables]
    shared = set.intersection(*kept) if kept else set()
    order = {s: z for table in tables for s, z in zip(table.elements, table.numbers, strict=True)}
    return tuple(sorted(shared, key=lambda symbol: order[symbol]))


def _filled(
    rows: NDArray[np.float64], columns: tuple[str, ...]
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    missing = np.isnan(rows)
    if not missing.any():
        return rows, ()
    known = np.flatnonzero(np.count_nonzero(missing, axis=0) < len(rows))
    rows, missing = rows[:, known], missing[:, known]
    filled = np.where(missing, np.nanmedian(rows, axis=0), rows)
    return filled, tuple(columns[known[i]] for i in np.flatnonzero(np.count_nonzero(missing, axis=0)))


def _scaled(rows: NDArray[np.float64], scaling: Scaling, name: str) -> NDArray[np.float64]:
    if scaling == "raw":
        return rows
    centred: NDArray[np.float64] = rows - rows.mean(axis=0)
    size = np.abs(rows).max(axis=0)
    spread = centred.std(axis=0)
    # Beyond rounding: a column of equal numbers has a spread of about 1e-17 of its size.
    varies = spread > 1e-12 * np.where(size > 0, size, 1.0)
    if not varies.any():
        raise ShapeError(
            "elements.constant", found=f"all rows of {name} are the same", accepted="rows that differ"
        )
    if scaling == "centred":
        return centred
    if scaling == "zscore":
        scaled: NDArray[np.float64] = centred[:, varies] / spread[varies]
        return scaled
    length = np.linalg.norm(centred, axis=1, keepdims=True)
    unit: NDArray[np.float64] = centred / np.where(length > 1e-12 * length.max(), length, np.inf)
    return unit
