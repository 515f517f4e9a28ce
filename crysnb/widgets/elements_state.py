"""A clustered element table as the browser and the pictures see it (widgets/schema/elements.schema.json)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from crysnb.elements.chemistry import PROPERTIES, element_property, partition
from crysnb.elements.clusters import ElementClusters, KScore
from crysnb.elements.grouping import METHODS
from crysnb.elements.maps import ElementMap
from crysnb.elements.substitute import Neighbour
from crysnb.values.element_table import ElementTable
from crysnb.values.symbols import SYMBOLS
from crysnb.widgets.crystal_overlay import VIRIDIS, color_at
from crysnb.widgets.elements_layout import PLACES

#: Colours of groups: Okabe and Ito 2008, then their kin; the number of a group stands beside them.
GROUP_COLORS = (
    "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#8a7a00", "#6a3d9a",
    "#7f7f7f", "#17a2a2", "#a6561e", "#b0a800", "#3f5fbf", "#bf3f6f",
)  # fmt: skip
METHOD_NAMES = {
    "kmeans": "k-means", "agglomerative": "Ward", "average": "average linkage", "hdbscan": "HDBSCAN",
    "spectral": "spectral",
}  # fmt: skip
MAP_NAMES = {"pca": "PCA", "mds": "MDS", "tsne": "t-SNE", "umap": "UMAP"}
#: Properties that tiles can be coloured by.
_NUMBERS = ("X", "radius", "IE1", "Tm", "mendeleev")
_PARTITIONS = ("family", "block")


@dataclass(frozen=True, slots=True)
class Explored:
    """A table and what was computed of it.

    Attributes
    ----------
    table
        As given.
    clusters
        Groups with their band of noise.
    map
        The same elements on a plane.
    neighbours
        Of every element that was seen.
    scores
        Silhouettes of other numbers of groups, with what noise gives.
    """

    table: ElementTable
    clusters: ElementClusters
    map: ElementMap
    neighbours: Mapping[str, list[Neighbour]]
    scores: tuple[KScore, ...] = ()


def elements_state(explored: Explored, *, live: bool = True) -> dict[str, Any]:
    """All that is drawn, as plain JSON; ``live`` if there is a kernel to ask for other groups."""
    clusters = explored.clusters
    return {
        "title": clusters.table,
        "subtitle": f"{clusters.k} groups of {len(clusters.labels)} elements by "
        f"{METHOD_NAMES[clusters.method]}",
        "facts": _facts(explored),
        "notices": [notice.to_dict() for notice in clusters.notices],
        "verdict": clusters.verdict,
        "severity": "warning" if clusters.is_noise else "info",
        "elements": [_element(symbol, explored) for symbol in SYMBOLS],
        "groups": _groups(clusters),
        "schemes": schemes(explored),
        "map": _map(explored.map),
        "bands": _bands(clusters, explored.scores),
        "tree": _tree(clusters),
        "agreement": _agreement(clusters),
        "methods": [{"label": METHOD_NAMES[m], "value": m, "hint": ""} for m in METHODS],
        "maps": [{"label": text, "value": m, "hint": ""} for m, text in MAP_NAMES.items()],
        "live": live,
    }


def _facts(explored: Explored) -> list[dict[str, str]]:
    clusters, table = explored.clusters, explored.table
    low, high = clusters.null_band
    rows = [
        ("vectors", f"{len(table.seen)} × {table.dim}", f"kind: {table.kind}; scaled: {clusters.scaling}"),
        ("silhouette", _number(clusters.silhouette), "mean over elements, in the space of the vectors"),
        (
            "noise gives",
            f"{_number(low)} to {_number(high)}",
            "normal tables with the same covariance spectrum",
        ),
        ("stability", f"{clusters.stability.seeds:.2f}", "mean adjusted Rand index over 20 seeds"),
        ("without a fifth", f"{clusters.stability.subsamples:.2f}", "the same for 80 % of the elements"),
    ]
    return [{"label": label, "value": value, "hint": hint} for label, value, hint in rows]


def _number(value: float) -> str:
    return f"{round(value, 2) + 0.0:.2f}".replace("-", "\N{MINUS SIGN}")


def _element(symbol: str, explored: Explored) -> dict[str, Any]:
    place = PLACES[symbol]
    label = explored.clusters.labels.get(symbol, -1)
    point = explored.map.points.get(symbol)
    return {
        "symbol": symbol,
        "number": SYMBOLS.index(symbol) + 1,
        "name": _names()[symbol],
        "place": [place.row, place.column, place.wide_row, place.wide_column],
        "group": label,
        "status": _status(symbol, explored),
        "point": None if point is None else [_rounded(point[0]), _rounded(point[1])],
        "neighbours": [
            {
                "symbol": n.element,
                "distance": f"{n.distance:.2f}",
                "why": "; ".join(n.reasons).replace("-", "\N{MINUS SIGN}") or "nothing in common",
            }
            for n in explored.neighbours.get(symbol, ())
        ],
    }


def _rounded(value: float) -> float:
    """Six digits: what follows depends on the machine."""
    return float(f"{value:.6g}") + 0.0


def _status(symbol: str, explored: Explored) -> str:
    if symbol in explored.clusters.labels:
        return "grouped" if explored.clusters.labels[symbol] >= 0 else "apart"
    return "left out" if symbol in explored.neighbours else "unseen"


def _names() -> dict[str, str]:
    if not _NAMES:
        from pymatgen.core import Element

        _NAMES.update({s: str(Element(s).long_name).lower() for s in SYMBOLS})
    return _NAMES


_NAMES: dict[str, str] = {}


def group_color(label: int) -> str:
    """Colour of a group; that of an element in none is grey."""
    return GROUP_COLORS[label % len(GROUP_COLORS)] if label >= 0 else "#8c8c8c"


def _groups(clusters: ElementClusters) -> list[dict[str, Any]]:
    own = clusters.silhouettes
    return [
        {
            "label": str(i + 1),
            "color": group_color(i),
            "size": len(members),
            "silhouette": _number(float(np.mean([own[s] for s in members]))) if members else "",
        }
        for i, members in enumerate(clusters.groups)
    ]


def schemes(explored: Explored) -> list[dict[str, Any]]:
    """Ways to colour the tiles: a colour and a text for every element, empty where there is none."""
    clusters = explored.clusters
    stable = dict(zip(clusters.labels, clusters.stability.elements.tolist(), strict=True))
    labels = clusters.labels
    grouped = {s: i for s, i in labels.items() if i >= 0}
    out = [
        _by_class("groups", "Groups", {s: f"group {i + 1}" for s, i in grouped.items()},
                  {f"group {i + 1}": group_color(i) for i in range(clusters.k)}),
        _by_number("silhouette", "Silhouette of the element", "", clusters.silhouettes),
        _by_number("stability", "Stability of the element", "", stable),
    ]  # fmt: skip
    for name in _PARTITIONS:
        classes = dict(zip(SYMBOLS, partition(name, SYMBOLS), strict=True))
        colors = {c: group_color(i) for i, c in enumerate(dict.fromkeys(classes.values()))}
        out.append(_by_class(name, name.capitalize(), classes, colors))
    for name in _NUMBERS:
        told = PROPERTIES[name]
        values = dict(zip(SYMBOLS, element_property(name, SYMBOLS).tolist(), strict=True))
        out.append(_by_number(name, told.text.capitalize() if name != "X" else told.text, told.unit, values))
    counts = explored.table.counts
    if counts:
        logs = {s: float(np.log10(1 + n)) for s, n in counts.items()}
        out.append(
            _by_number("counts", "Training crystals", "", logs, {s: str(n) for s, n in counts.items()})
        )
    return out


def _by_class(name: str, title: str, classes: Mapping[str, str], colors: Mapping[str, str]) -> dict[str, Any]:
    texts = [classes.get(s, "") for s in SYMBOLS]
    return {
        "name": name,
        "title": title,
        "fills": [colors[t] if t else "" for t in texts],
        "texts": texts,
        "legend": [{"label": c, "color": color} for c, color in colors.items()],
        "ends": [],
    }


def _by_number(
    name: str,
    title: str,
    unit: str,
    values: Mapping[str, float],
    shown: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    known = {s: v for s, v in values.items() if np.isfinite(v)}
    low, high = (min(known.values()), max(known.values())) if known else (0.0, 1.0)
    width = high - low or 1.0

    def text(value: float) -> str:
        return f"{value:.3g} {unit}".strip().replace("-", "\N{MINUS SIGN}")

    texts = {s: shown[s] if shown else text(v) for s, v in known.items()}
    ends = [min(known, key=lambda s: known[s]), max(known, key=lambda s: known[s])] if known else []
    return {
        "name": name,
        "title": title,
        "fills": [color_at((known[s] - low) / width, VIRIDIS) if s in known else "" for s in SYMBOLS],
        "texts": [texts.get(s, "") for s in SYMBOLS],
        "legend": [],
        "ends": [texts[s] for s in ends],
    }


def _map(found: ElementMap) -> dict[str, Any]:
    shares = [f", {share:.0%} of the variance" for share in found.explained or ()] or ["", ""]
    along = [f"{which} axis{share}" for which, share in zip(("first", "second"), shares, strict=True)]
    return {
        "method": found.method,
        "x": along[0],
        "y": along[1],
        "trust": f"{MAP_NAMES[found.method]}: trustworthiness {found.trustworthiness:.2f}, "
        f"continuity {found.continuity:.2f}",
    }


def _bands(clusters: ElementClusters, others: tuple[KScore, ...]) -> list[dict[str, Any]]:
    scores = {score.k: score for score in (*others, *clusters.scores)}
    out = []
    for _, score in sorted(scores.items()):
        low, high = score.null_band
        if score.k == clusters.k:
            low, high = clusters.null_band
        real = clusters.silhouette if score.k == clusters.k else score.silhouette
        out.append(
            {
                "k": score.k,
                "silhouette": _rounded(real),
                "low": _rounded(low),
                "high": _rounded(high),
                "chosen": score.k == clusters.k,
            }
        )
    return out


def _tree(clusters: ElementClusters) -> dict[str, Any]:
    """Leaves from left to right, and joints: left, its bottom, right, its bottom, and top, from 0 to 1."""
    if clusters.linkage is None:
        return {"leaves": [], "joints": []}
    from scipy.cluster.hierarchy import dendrogram

    drawn = dendrogram(clusters.linkage, no_plot=True)
    symbols, highest = list(clusters.labels), max(map(max, drawn["dcoord"])) or 1.0
    across = 10.0 * len(symbols)  # SciPy's leaves are ten apart
    joints = [
        [_rounded(v) for v in (x[0] / across, y[0] / highest, x[3] / across, y[3] / highest, y[1] / highest)]
        for x, y in zip(drawn["icoord"], drawn["dcoord"], strict=True)
    ]
    return {"leaves": [symbols[i] for i in drawn["leaves"]], "joints": joints}


def _agreement(clusters: ElementClusters) -> list[dict[str, str]]:
    return [
        {
            "label": name,
            "value": _number(found.ami),
            "hint": f"shuffled elements give {_number(found.null_band[0])} to {_number(found.null_band[1])}; "
            f"adjusted Rand {_number(found.ari)}, V {found.v_measure:.2f}",
        }
        for name, found in clusters.agreement.items()
    ]
