"""What can be read off a table about an element that the reader was not shown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from crysnb.elements.chemistry import PROPERTIES, element_property, partition
from crysnb.elements.prepare import Prepared, prepare
from crysnb.elements.ridge import left_out_predictions
from crysnb.elements.table import element_table
from crysnb.errors import UnknownName
from crysnb.values.element_table import ElementTable

if TYPE_CHECKING:
    import pandas as pd

#: ``element``: one is left out at a time; ``group``: all of a column of the periodic table are.
Leave = Literal["element", "group"]
_TRIVIAL = 0.999
_READ_OFF = 0.99
_FEWEST = 12


@dataclass(frozen=True, slots=True)
class Probe:
    """How well one property can be read off a table.

    Attributes
    ----------
    target
        Name in :data:`~crysnb.elements.chemistry.PROPERTIES`.
    r2, mae
        Of the predictions for elements that were left out; ``mae`` in ``unit``.
    unit
        Of the property.
    p
        Share of shuffled targets that are read off as well.
    n
        Number of elements with a value.
    trivial
        A column of the table is the property, or determines it: nothing was learned.
    """

    target: str
    r2: float
    mae: float
    unit: str
    p: float
    n: int
    trivial: bool

    def to_dict(self) -> dict[str, Any]:
        """JSON values."""
        return asdict(self)


def probe(
    table: ElementTable | Any,
    targets: Iterable[str] | None = None,
    *,
    elements: Iterable[str] | None = None,
    leave: Leave = "element",
    kernel: bool = False,
    n_permutations: int = 200,
    seed: int = 0,
) -> dict[str, Probe]:
    """Ridge probes of a table, nested: neither scale nor strength has seen the element that is left out.

    Parameters
    ----------
    table
        A table, or what :func:`crysnb.element_table` takes.
    targets
        Names of properties; all eight by default.
    elements
        Only these; by default all but noble gases.
    leave
        ``"element"``, or ``"group"``: a whole column of the periodic table at a time, which is much harder.
    kernel
        Kernel ridge regression with a Gaussian instead of the linear kind.
    n_permutations
        Shuffled targets for p; 0 gives p = NaN.
    seed
        Of the shuffles.

    Raises
    ------
    UnknownName
        ``name.unknown_element_property``, ``name.unknown_split``.
    """
    source = element_table(table)
    if leave not in ("element", "group"):
        raise UnknownName.of("split", leave, ("element", "group"))
    ready = prepare(source, "raw", elements=elements)
    names = tuple(PROPERTIES if targets is None else targets)
    return {
        name: _probed(
            ready, source.columns, name, leave, kernel=kernel, n_permutations=n_permutations, seed=seed
        )
        for name in names
    }


def probe_frame(probes: dict[str, Probe]) -> pd.DataFrame:
    """One row per property."""
    import pandas as pd

    return pd.DataFrame([p.to_dict() for p in probes.values()]).set_index("target")


def _probed(
    ready: Prepared,
    columns: tuple[str, ...],
    name: str,
    leave: Leave,
    *,
    kernel: bool,
    n_permutations: int,
    seed: int,
) -> Probe:
    values = element_property(name, ready.elements)
    known = np.flatnonzero(np.isfinite(values))
    points, y = ready.points[known], values[known]
    unit = PROPERTIES[name].unit
    if len(known) < _FEWEST:
        return Probe(name, np.nan, np.nan, unit, np.nan, len(known), trivial=False)
    rng = np.random.default_rng(seed)
    shuffled = [rng.permutation(y) for _ in range(n_permutations)]
    folds = _by_group([ready.elements[i] for i in known]) if leave == "group" else None
    all_targets = np.column_stack([y, *shuffled])
    predicted = left_out_predictions(points, all_targets, folds, kernel=kernel)
    scores = r2(all_targets, predicted)
    p = (1 + int((scores[1:] >= scores[0]).sum())) / (n_permutations + 1) if n_permutations else np.nan
    named = any(_plain(c) in PROPERTIES[name].columns for c in columns)
    trivial = named or _is_column(points, y) or (leave == "element" and bool(scores[0] > _READ_OFF))
    return Probe(
        name, float(scores[0]), float(np.abs(y - predicted[:, 0]).mean()), unit, p, len(known), trivial
    )


def r2(targets: NDArray[np.float64], predicted: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 − Σ(y − ŷ)² / Σ(y − ȳ)² [target] over elements; 0 for a target without spread."""
    total = ((targets - targets.mean(axis=0)) ** 2).sum(axis=0)
    left = ((targets - predicted) ** 2).sum(axis=0)
    score: NDArray[np.float64] = 1 - left / np.where(total > 0, total, np.inf)
    return np.where(total > 0, score, 0.0)


def _by_group(elements: list[str]) -> list[NDArray[np.int64]]:
    classes = np.array(partition("group", elements))
    return [np.flatnonzero(classes == g) for g in sorted(set(classes.tolist()))]


def _plain(column: str) -> str:
    return "".join(c for c in column.lower() if c.isalnum())


def _is_column(points: NDArray[np.float64], y: NDArray[np.float64]) -> bool:
    centred, target = points - points.mean(axis=0), y - y.mean()
    size = np.linalg.norm(centred, axis=0) * np.linalg.norm(target)
    correlation = np.abs(target @ centred) / np.where(size > 0, size, np.inf)
    return bool(correlation.max() >= _TRIVIAL)
