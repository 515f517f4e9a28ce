"""Whether a table encodes how often elements were seen rather than what they are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crysnb.elements.prepare import Prepared, prepare
from crysnb.elements.probes import r2
from crysnb.elements.ridge import left_out_predictions
from crysnb.errors import CrysnbError
from crysnb.values.element_table import ElementTable
from crysnb.values.prediction import Notice

#: Above it, groups may be those of common and rare elements.
WARN_ABOVE = 0.3


@dataclass(frozen=True, slots=True)
class Abundance:
    """How much of a table is the number of training crystals.

    Attributes
    ----------
    vector_r2
        R² of log(1 + count) read off the vectors, one element left out at a time.
    length_r2
        Squared correlation of log(1 + count) with the length of the vectors.
    """

    vector_r2: float
    length_r2: float


def abundance(table: ElementTable, ready: Prepared | None = None) -> Abundance | None:
    """How far counts can be read off a table; None if it does not tell its counts."""
    rows = prepare(table, "raw") if ready is None else ready
    counts = _log_counts(table, rows.elements)
    if counts is None or np.ptp(counts) == 0:
        return None
    vectors = table.select(rows.elements).vectors
    # A bias that all rows share says nothing about an element.
    centred = vectors - vectors.mean(axis=0)
    y = counts[:, None]
    length = np.linalg.norm(np.nan_to_num(centred), axis=1)
    read = float(r2(y, left_out_predictions(rows.points, y))[0])
    correlation = np.corrcoef(length, counts)[0, 1] if np.ptp(length) > 0 else 0.0
    return Abundance(read, float(correlation**2))


def abundance_notice(table: ElementTable, ready: Prepared) -> Notice | None:
    """The warning that groups may reflect data abundance, if they may."""
    found = abundance(table, ready)
    if found is None or max(found.vector_r2, found.length_r2) <= WARN_ABOVE:
        return None
    text = (
        "Groups may reflect how often elements occur in the training data: its logarithm can be read off "
        f"the vectors (R² {found.vector_r2:.2f}; off their length {found.length_r2:.2f}). "
        "regress_out_counts(table) removes what is linear in it."
    )
    return Notice("elements.abundance", "warning", text)


def regress_out_counts(table: ElementTable) -> ElementTable:
    """The table less what is linear in log(1 + count), column by column.

    Raises
    ------
    CrysnbError
        ``elements.no_counts`` if the table does not tell its counts.
    """
    seen = table.seen
    counts = _log_counts(table, seen)
    if counts is None:
        raise CrysnbError(
            "elements.no_counts",
            found=f"{table.name} does not tell how often it saw each element",
            accepted='a table with meta={"counts": {"O": 5000, …}}',
        )
    rows = table.vectors.copy()
    index = [table.elements.index(s) for s in seen]
    part = rows[index]
    away = counts - counts.mean()
    slope = away @ (part - part.mean(axis=0)) / max(float(away @ away), 1e-300)
    rows[index] = part - away[:, None] * slope
    return table.replaced(vectors=rows, name=f"{table.name} without counts", counts_regressed_out=True)


def _log_counts(table: ElementTable, elements: tuple[str, ...]) -> NDArray[np.float64] | None:
    if not table.counts:
        return None
    return np.log1p([float(table.counts.get(s, 0)) for s in elements])
