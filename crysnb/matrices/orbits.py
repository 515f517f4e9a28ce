"""Which orbits of the crystal a layer keeps apart.

Symmetry forbids a layer to split an orbit. It does not forbid to merge two: whether sites that are not
equivalent get different features depends on cutoff, depth and training, and is what can be learned here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import pdist, squareform
from sklearn.metrics import adjusted_rand_score, completeness_score, homogeneity_score, silhouette_score

from crysnb.errors import ShapeError, quote
from crysnb.matrices.group import Block, MatrixGroup, blocks
from crysnb.matrices.layers import Layer
from crysnb.matrices.residuals import Status
from crysnb.symmetry.action import SiteAction

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]
Labels = NDArray[np.int64]

#: Rows nearer than this share of the median norm are one (single linkage).
SAME = 1e-5
#: Orbits of one element nearer than this share are nearly equivalent for the network.
NEAR = 1e-2
#: Untrained copies from which a range can be told.
_ENOUGH = 5


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class OrbitRecovery:
    """Groups of equal rows against the orbits of the space group.

    Attributes
    ----------
    layer
        Name of the tensor.
    labels
        Group of every site: single linkage at 1e-5 of the median norm, shape [site].
    ari, homogeneity, completeness
        Of these groups against the orbits. Completeness 1: no orbit is split. Homogeneity 1: none are merged.
    soft_ari
        Adjusted Rand index of average linkage with as many groups as there are orbits.
    silhouette
        Of the orbits in this layer, −1 to 1; None for one orbit, or for orbits of one site each.
    gap
        Least distance between orbits over the largest within one; infinite if orbits are points.
    element_ari
        Adjusted Rand index of the elements alone against the orbits: what a lookup table reaches.
    within_element
        Element -> adjusted Rand index among its sites, for elements with two orbits or more.
    nearly_equivalent
        Pairs of orbits of one element whose relative distance is below 1e-2, with that distance.
    status, text
        What this is worth.
    """

    layer: str
    labels: Labels
    ari: float
    homogeneity: float
    completeness: float
    soft_ari: float
    silhouette: float | None
    gap: float
    element_ari: float
    within_element: dict[str, float]
    nearly_equivalent: tuple[tuple[str, str, float], ...]
    status: Status
    text: str

    def to_dict(self) -> dict[str, Any]:
        """Plain data; an infinite gap is None."""
        return {
            "layer": self.layer,
            "ari": self.ari,
            "homogeneity": self.homogeneity,
            "completeness": self.completeness,
            "soft_ari": self.soft_ari,
            "silhouette": self.silhouette,
            "gap": self.gap if np.isfinite(self.gap) else None,
            "element_ari": self.element_ari,
            "within_element": dict(self.within_element),
            "nearly_equivalent": [list(pair) for pair in self.nearly_equivalent],
            "status": self.status,
            "text": self.text,
        }

    def to_frame(self) -> pd.DataFrame:
        """One row with the scores."""
        import pandas as pd

        data = self.to_dict()
        return pd.DataFrame([{k: v for k, v in data.items() if not isinstance(v, (dict, list))}])

    def __repr__(self) -> str:
        return (
            f"OrbitRecovery({self.layer!r}: homogeneity {self.homogeneity:.3g}, "
            f"completeness {self.completeness:.3g}, {self.status})"
        )


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Separation:
    """How far a layer keeps two orbits of one element apart, beside untrained copies of the network.

    Attributes
    ----------
    layer
        Name of the tensor.
    orbits
        Labels of the two.
    value
        Least distance between their rows over the median norm of a row.
    untrained
        The same for each untrained copy, shape [copy].
    status, text
        ``"learned"`` where the trained network lies outside the range of the copies.
    """

    layer: str
    orbits: tuple[str, str]
    value: float
    untrained: Array
    status: Status
    text: str

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "layer": self.layer,
            "orbits": list(self.orbits),
            "value": self.value,
            "untrained": self.untrained.tolist(),
            "status": self.status,
            "text": self.text,
        }

    def __repr__(self) -> str:
        return f"Separation({' and '.join(self.orbits)}: {self.value:.3g}, {self.status})"


def separations(layer: Layer, group: MatrixGroup, untrained: Sequence[Layer]) -> tuple[Separation, ...]:
    """Every pair of orbits of one element, with the control of untrained copies.

    Parameters
    ----------
    layer
        Rows or poses.
    group
        The operations.
    untrained
        The same layer of untrained copies.
    """
    own = _relative(layer, group.action)
    copies = [_relative(copy, group.action) for copy in untrained]
    out = []
    for pair, value in own.items():
        others = np.array([copy[pair] for copy in copies])
        status, text = _against(value, others)
        found = Separation(
            layer=layer.name, orbits=pair, value=value, untrained=others, status=status, text=text
        )
        out.append(found)
    return tuple(out)


def _against(value: float, others: Array) -> tuple[Status, str]:
    n = len(others)
    if n < _ENOUGH:
        return "undefined here", f"Needs at least {_ENOUGH} untrained copies to compare with; there are {n}."
    if value > others.max():
        return "learned", f"Training has moved the two apart: farther than in any of {n} untrained copies."
    if value < others.min():
        return "learned", f"Training has moved the two together: nearer than in any of {n} untrained copies."
    return "not significant", f"Inside the range of {n} untrained copies."


def _relative(layer: Layer, action: SiteAction) -> dict[tuple[str, str], float]:
    rows = invariant_rows(layer)
    scale = float(np.median(np.linalg.norm(rows, axis=1))) or 1.0
    distances = squareform(pdist(rows))
    labelled = zip(action.labels, action.orbits, strict=True)
    return {
        (a, b): float(distances[np.ix_(p.sites, q.sites)].min()) / scale
        for (a, p), (b, q) in combinations(labelled, 2)
        if p.element == q.element
    }


def invariant_rows(layer: Layer) -> Array:
    """Rows that no rotation changes, [site, width]: the values, or per block of irreps the norms.

    Raises
    ------
    ShapeError
        ``matrices.role`` for a layer without one row per site.
    """
    if layer.role == "rows":
        return layer.values
    if layer.role != "poses" or layer.irreps is None:
        raise ShapeError(
            "matrices.role",
            found=f"{quote(layer.name)} holds {layer.role}, shape {layer.values.shape}",
            accepted="a layer with one row per atom",
        )
    parts = [_norms(layer.values, b) for b in blocks(layer.irreps, layer.values.shape[-1])]
    return np.concatenate(parts, axis=1)


def _norms(values: Array, b: Block) -> Array:
    part = values[..., b.start : b.start + b.width].reshape(*values.shape[:2], b.mul, -1)
    # An invariant of order 0 keeps its sign where it is a true scalar.
    if b.order == 0 and b.parity == 1:
        return np.asarray(part.reshape(len(values), -1))
    return np.asarray(np.linalg.norm(part, axis=3).reshape(len(values), -1))


def row_distances(layer: Layer) -> Array:
    """Distances between the (invariant) rows of atoms, [site, site]."""
    rows = invariant_rows(layer)
    return np.asarray(squareform(pdist(rows))) if len(rows) > 1 else np.zeros((1, 1))


def orbit_recovery(layer: Layer, group: MatrixGroup) -> OrbitRecovery:
    """Compare groups of equal rows with the crystal's orbits.

    Parameters
    ----------
    layer
        Rows or poses; of poses the invariants are compared.
    group
        The operations.

    Raises
    ------
    ShapeError
        ``matrices.role`` for a layer without one row per site.
    """
    rows, action = invariant_rows(layer), group.action
    truth = action.orbit_of_site
    n, n_orbits = len(rows), len(action.orbits)
    scale = float(np.median(np.linalg.norm(rows, axis=1)))
    elements = np.asarray(action.numbers)
    element_ari = _score(adjusted_rand_score(truth, elements))
    if n < 2 or scale == 0:
        labels, soft, distances = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64), np.zeros((n, n))
    else:
        flat = pdist(rows)
        distances = squareform(flat)
        labels = fcluster(linkage(flat, "single"), SAME * scale, "distance").astype(np.int64)
        soft = fcluster(linkage(flat, "average"), n_orbits, "maxclust").astype(np.int64)
    within = {
        symbol: _score(adjusted_rand_score(truth[elements == z], labels[elements == z]))
        for z, symbol in _several(action)
    }
    status, text = _verdict(within, action)
    return OrbitRecovery(
        layer=layer.name,
        labels=labels,
        ari=_score(adjusted_rand_score(truth, labels)),
        homogeneity=_score(homogeneity_score(truth, labels)),
        completeness=_score(completeness_score(truth, labels)),
        soft_ari=_score(adjusted_rand_score(truth, soft)),
        silhouette=_silhouette(distances, truth),
        gap=_gap(distances, truth, scale),
        element_ari=element_ari,
        within_element=within,
        nearly_equivalent=_near(distances, action, scale),
        status=status,
        text=text,
    )


def _score(value: float) -> float:
    """A score without the rounding of its logarithms."""
    return round(float(value), 12)


def _several(action: SiteAction) -> list[tuple[int, str]]:
    """Elements with two orbits or more: atomic number and symbol."""
    symbols = [orbit.element for orbit in action.orbits]
    numbers = {o.element: int(action.numbers[o.sites[0]]) for o in action.orbits}
    return [(numbers[s], s) for s in dict.fromkeys(symbols) if symbols.count(s) > 1]


def _verdict(within: dict[str, float], action: SiteAction) -> tuple[Status, str]:
    if not within:
        if len(action.orbits) == 1:
            return "undefined here", "There is one orbit: nothing to keep apart."
        return "undefined here", "One orbit per element: element labels already suffice, in any network."
    apart = [s for s, v in within.items() if v == 1.0]
    if len(apart) == len(within):
        listed = ", ".join(within)
        text = (
            f"Keeps the orbits of {listed} apart, which no symmetry demands; compare with untrained copies."
        )
        return "learned", text
    merged = ", ".join(s for s in within if s not in apart)
    return "not significant", f"Merges orbits of {merged}: the layer sees inequivalent sites as equal."


def _silhouette(distances: Array, truth: Labels) -> float | None:
    n_orbits = len(np.unique(truth))
    if not 1 < n_orbits < len(truth) or not distances.any():
        return None
    return float(silhouette_score(distances, truth, metric="precomputed"))


def _gap(distances: Array, truth: Labels, scale: float) -> float:
    same = truth[:, None] == truth
    between = distances[~same]
    inside = float(distances[same].max(initial=0.0))
    if not len(between):
        return float("inf")
    least = float(between.min())
    # Differences of rounding inside an orbit are none.
    return least / inside if inside > SAME * scale else (float("inf") if least > SAME * scale else 0.0)


def _near(distances: Array, action: SiteAction, scale: float) -> tuple[tuple[str, str, float], ...]:
    out = []
    for a, b in combinations(action.orbits, 2):
        away = float(distances[np.ix_(a.sites, b.sites)].min()) / scale if scale else 0.0
        if a.element == b.element and away < NEAR:
            out.append((a.label, b.label, away))
    return tuple(out)
