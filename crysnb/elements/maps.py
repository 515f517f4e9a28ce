"""Elements as points on a plane, and how far to trust the plane."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from crysnb.elements.nulls import principal_axes
from crysnb.elements.prepare import Prepared, Scaling, pairwise, prepare
from crysnb.elements.table import element_table
from crysnb.errors import MissingExtra, UnknownName
from crysnb.values.element_table import ElementTable

if TYPE_CHECKING:
    import pandas as pd

#: ``pca`` needs no seed; ``mds`` keeps distances; ``tsne`` and ``umap`` keep neighbours.
MapMethod = Literal["pca", "mds", "tsne", "umap"]
_NEIGHBOURS = 7


@dataclass(frozen=True, slots=True, eq=False)
class ElementMap:
    """Elements on a plane.

    Attributes
    ----------
    method, table
        What was drawn, and how.
    points
        Symbol to (x, y).
    explained
        Share of the variance along x and y; of PCA only.
    trustworthiness
        1 if nobody is a neighbour on the plane who is not one in the table. Venna and Kaski 2001,
        doi:10.1007/3-540-44668-0_68, over 7 neighbours.
    continuity
        1 if no neighbour in the table is torn away on the plane.
    """

    method: str
    table: str
    points: Mapping[str, tuple[float, float]]
    explained: tuple[float, float] | None
    trustworthiness: float
    continuity: float

    def __repr__(self) -> str:
        return (
            f"ElementMap({self.table}: {len(self.points)} elements by {self.method}, trustworthiness "
            f"{self.trustworthiness:.2f}, continuity {self.continuity:.2f})"
        )

    def to_dict(self) -> dict[str, Any]:
        """JSON values."""
        return {
            "method": self.method,
            "table": self.table,
            "points": {s: list(p) for s, p in self.points.items()},
            "explained": list(self.explained) if self.explained else None,
            "trustworthiness": self.trustworthiness,
            "continuity": self.continuity,
        }

    def to_frame(self) -> pd.DataFrame:
        """One row per element: x and y."""
        import pandas as pd

        index = pd.Index(list(self.points), name="element")
        return pd.DataFrame(list(self.points.values()), index=index, columns=["x", "y"])


def element_map(
    table: ElementTable | Any,
    method: MapMethod = "pca",
    *,
    scaling: Scaling | None = None,
    elements: Iterable[str] | None = None,
    noble_gases: bool = False,
    seed: int = 0,
) -> ElementMap:
    """Elements of a table on a plane.

    Parameters
    ----------
    table
        A table, or what :func:`crysnb.element_table` takes.
    method
        ``"pca"`` (the same for every seed), ``"mds"`` (metric, on cosine distances), ``"tsne"``, ``"umap"``
        (needs the extra ``umap``).
    scaling
        None z-scores descriptors, and centres learned rows and gives them unit length.
    elements
        Only these.
    noble_gases
        Whether they are drawn.
    seed
        Of all methods but PCA.

    Raises
    ------
    UnknownName
        ``name.unknown_map``.
    MissingExtra
        ``extra.umap``.
    """
    if method not in get_args(MapMethod):
        raise UnknownName.of("map", method, get_args(MapMethod))
    source = element_table(table)
    ready = prepare(source, scaling, elements=elements, noble_gases=noble_gases)
    axes = principal_axes(ready.points)
    explained = None
    if method == "pca":
        variance = axes.var(axis=0)
        share = variance / variance.sum()
        explained = (float(share[0]), float(share[1]) if len(share) > 1 else 0.0)
        plane = _upright(axes[:, :2] if axes.shape[1] > 1 else np.column_stack([axes, np.zeros(len(axes))]))
    else:
        plane = _drawn(method, ready, axes, seed)
    trust, continuity = faithfulness(pairwise(axes), pairwise(plane))
    points = {s: (float(x), float(y)) for s, (x, y) in zip(ready.elements, plane, strict=True)}
    return ElementMap(method, source.name, points, explained, trust, continuity)


def _drawn(method: MapMethod, ready: Prepared, axes: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
    if method == "umap":
        return umap_points(axes, seed)
    plane: NDArray[np.float64]
    if method == "mds":
        from sklearn.manifold import ClassicalMDS, smacof

        length = np.linalg.norm(ready.points, axis=1)
        rows = ready.points / np.where(length > 0, length, np.inf)[:, None]
        cosine = np.maximum(1 - rows @ rows.T, 0)
        np.fill_diagonal(cosine, 0)
        start = ClassicalMDS(2, metric="precomputed").fit_transform(cosine)
        plane = smacof(cosine, n_components=2, init=start, n_init=1, random_state=seed)[0]
        return plane
    from sklearn.manifold import TSNE

    perplexity = min(20.0, len(axes) / 4)
    plane = TSNE(2, perplexity=perplexity, init="pca", random_state=seed).fit_transform(axes)
    return np.asarray(plane, dtype=np.float64)


def umap_points(points: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
    """Two-dimensional UMAP [n, 2] of points [n, d] (McInnes et al. 2018, arXiv:1802.03426).

    Raises
    ------
    MissingExtra
        ``extra.umap``.
    """
    try:
        from umap import UMAP
    except ImportError:
        raise MissingExtra(
            "extra.umap",
            found="this map needs umap-learn, which is not installed",
            action="Install it with: pip install 'crysnb[umap]', or take method='pca'",
        ) from None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its own libraries, about threads and a seed
        plane = UMAP(n_neighbors=min(15, len(points) - 1), random_state=seed).fit_transform(points)
    return np.asarray(plane, dtype=np.float64)


def _upright(plane: NDArray[np.float64]) -> NDArray[np.float64]:
    """The sign of each axis so that its largest entry is positive: the same picture on every machine."""
    largest = plane[np.abs(plane).argmax(axis=0), np.arange(plane.shape[1])]
    turned: NDArray[np.float64] = plane * np.where(largest < 0, -1.0, 1.0)
    return turned


def faithfulness(
    true: NDArray[np.float64], drawn: NDArray[np.float64], k: int = _NEIGHBOURS
) -> tuple[float, float]:
    """Trustworthiness and continuity of a drawing from distances [n, n] before and after.

    Venna and Kaski 2001, doi:10.1007/3-540-44668-0_68.
    """
    k = max(1, min(k, (len(true) - 1) // 2))
    before, after = _ranks(true), _ranks(drawn)
    return _kept(before, after, k), _kept(after, before, k)


def _ranks(distances: NDArray[np.float64]) -> NDArray[np.int64]:
    """Place [n, n] of each in the neighbour list of each row; 0 is the row itself."""
    apart = distances.copy()
    np.fill_diagonal(apart, -1)
    order = np.argsort(apart, axis=1, kind="stable")
    ranks = np.empty_like(order)
    np.put_along_axis(ranks, order, np.arange(len(order))[None], axis=1)
    return ranks


def _kept(reference: NDArray[np.int64], shown: NDArray[np.int64], k: int) -> float:
    n = len(reference)
    intruders = (shown >= 1) & (shown <= k) & (reference > k)
    penalty = float((reference[intruders] - k).sum())
    return 1 - 2 * penalty / (n * k * (2 * n - 3 * k - 1))
