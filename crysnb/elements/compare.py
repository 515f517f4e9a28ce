"""How alike two element tables are, whatever their axes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import orthogonal_procrustes
from scipy.stats import rankdata

from crysnb.elements.nulls import principal_axes
from crysnb.elements.prepare import Scaling, common_elements, pairwise, prepare
from crysnb.elements.table import element_table
from crysnb.values.element_table import ElementTable

if TYPE_CHECKING:
    import pandas as pd

NEIGHBOURS = 5


@dataclass(frozen=True, slots=True)
class TableComparison:
    """Likeness of two tables over the elements that both have seen.

    Attributes
    ----------
    tables
        Names.
    n
        Number of elements.
    pearson, spearman
        Correlation of all distances between elements in one table with those in the other.
    p
        Share of shuffled rows with as high a Pearson correlation. Mantel 1967, Cancer Res. 27, 209.
    cka
        Linear centred kernel alignment. Kornblith et al. 2019, arXiv:1905.00414, eq. 4.
    procrustes
        Residual, 0 the same to 1 unrelated, after the best turn and scale of the leading principal axes.
    overlap
        Mean share of the five nearest neighbours that are the same.
    overlaps
        The same of each element.
    """

    tables: tuple[str, str]
    n: int
    pearson: float
    spearman: float
    p: float
    cka: float
    procrustes: float
    overlap: float
    overlaps: dict[str, float]

    def to_dict(self) -> dict[str, Any]:
        """JSON values."""
        return asdict(self)


def compare_tables(
    one: ElementTable | Any,
    other: ElementTable | Any,
    *,
    scaling: Scaling | None = None,
    n_permutations: int = 200,
    seed: int = 0,
) -> TableComparison:
    """Likeness of two tables; nothing that is compared depends on the axes, which another run turns.

    Parameters
    ----------
    one, other
        Tables, or what :func:`crysnb.element_table` takes.
    scaling
        Of both; None takes what is usual for each kind.
    n_permutations
        Shuffles of the rows of one for p.
    seed
        Of the shuffles.

    Raises
    ------
    ShapeError
        ``elements.too_few`` if they have too few elements in common.
    """
    tables = (element_table(one), element_table(other))
    shared = common_elements(tables)
    a, b = (prepare(t, scaling, elements=shared).points for t in tables)
    da, db = pairwise(a), pairwise(b)
    upper = np.triu_indices(len(shared), 1)
    pearson = _correlation(da[upper], db[upper])
    rng = np.random.default_rng(seed)
    orders = (rng.permutation(len(shared)) for _ in range(n_permutations))
    as_good = sum(_correlation(da[upper], db[np.ix_(o, o)][upper]) >= pearson for o in orders)
    overlaps = overlap(da, db)
    return TableComparison(
        (tables[0].name, tables[1].name),
        len(shared),
        pearson,
        _correlation(rankdata(da[upper]), rankdata(db[upper])),
        (1 + as_good) / (n_permutations + 1),
        _cka(a, b),
        _procrustes(a, b),
        float(overlaps.mean()),
        dict(zip(shared, overlaps.tolist(), strict=True)),
    )


def compare_frame(tables: Sequence[ElementTable | Any], measure: str = "pearson") -> pd.DataFrame:
    """One measure of :class:`TableComparison` for all pairs of tables."""
    import pandas as pd

    found = [element_table(t) for t in tables]
    names = [t.name for t in found]
    frame = pd.DataFrame(np.eye(len(found)) * (measure != "procrustes"), index=names, columns=names)
    for i, one in enumerate(found):
        for j in range(i):
            value = getattr(compare_tables(one, found[j], n_permutations=0), measure)
            frame.iloc[i, j] = frame.iloc[j, i] = value
    return frame


def nearest(distances: NDArray[np.float64], k: int = NEIGHBOURS) -> NDArray[np.int64]:
    """The k nearest others [n, k] of each row of distances [n, n], nearest first."""
    apart = distances.copy()
    np.fill_diagonal(apart, np.inf)
    return np.argsort(apart, axis=1, kind="stable")[:, : min(k, len(apart) - 1)]


def overlap(one: NDArray[np.float64], other: NDArray[np.float64], k: int = NEIGHBOURS) -> NDArray[np.float64]:
    """Share [n] of the k nearest neighbours that two distance matrices [n, n] have in common."""
    pairs = zip(nearest(one, k), nearest(other, k), strict=True)
    return np.array([len(set(a.tolist()) & set(b.tolist())) / len(a) for a, b in pairs])


def _correlation(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    x, y = x - x.mean(), y - y.mean()
    size = float(np.linalg.norm(x) * np.linalg.norm(y))
    return float(x @ y) / size if size > 0 else 0.0


def _cka(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    size = float(np.linalg.norm(a.T @ a) * np.linalg.norm(b.T @ b))
    return float(np.linalg.norm(a.T @ b) ** 2) / size if size > 0 else 0.0


def _procrustes(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    x, y = principal_axes(a), principal_axes(b)
    dim = min(x.shape[1], y.shape[1])
    x, y = (p[:, :dim] / max(float(np.linalg.norm(p[:, :dim])), 1e-300) for p in (x, y))
    _, scale = orthogonal_procrustes(x, y)
    return float(max(1 - scale**2, 0.0))
