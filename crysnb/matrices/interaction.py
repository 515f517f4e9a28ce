"""How much one kind of site attends to another: attention by orbit, element and distance.

    M_ab = (1/|a|) Σ_{i∈a} Σ_{j∈b} A_ij

has rows that sum to 1 and, unlike A, is the same for every choice of the cell. M_ab n/|b| is the enrichment
against a network that attends to every site alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from crysnb.errors import ShapeError, UnknownName, quote
from crysnb.matrices.group import MatrixGroup
from crysnb.matrices.layers import Layer
from crysnb.values.crystal_batch import CrystalBatch

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]
By = Literal["orbit", "element"]

#: Row sums of an attention matrix may differ from 1 by this.
ROW_SUM = 1e-4
#: Distances that differ by less are one shell, Å; number of shells shown.
SHELL, MAX_SHELLS = 0.05, 24


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Interaction:
    """Attention between kinds of sites.

    Attributes
    ----------
    layer, by
        Name of the matrix; ``"orbit"`` or ``"element"``.
    labels
        Names of the kinds, [kind].
    counts
        Sites of each in the cell, [kind].
    matrix
        M, shape [kind, kind]; row a says how the attention of a is divided.
    enrichment
        M_ab n/|b|, 1 for no preference.
    asymmetry
        ‖M̂ − M̂ᵀ‖ / ‖M̂‖ with M̂_ab = |a| M_ab.
    is_normalised
        Whether the rows of the matrix had to be divided by their sums: it is no attention by itself.
    """

    layer: str
    by: By
    labels: tuple[str, ...]
    counts: tuple[int, ...]
    matrix: Array
    enrichment: Array
    asymmetry: float
    is_normalised: bool

    def to_frame(self) -> pd.DataFrame:
        """One row per ordered pair of kinds: from, to, weight, enrichment."""
        import pandas as pd

        n = len(self.labels)
        return pd.DataFrame(
            {
                "layer": self.layer,
                "from": [a for a in self.labels for _ in range(n)],
                "to": list(self.labels) * n,
                "weight": self.matrix.ravel(),
                "enrichment": self.enrichment.ravel(),
            }
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "layer": self.layer,
            "by": self.by,
            "labels": list(self.labels),
            "counts": list(self.counts),
            "matrix": self.matrix.tolist(),
            "enrichment": self.enrichment.tolist(),
            "asymmetry": self.asymmetry,
            "is_normalised": self.is_normalised,
        }

    def __repr__(self) -> str:
        return f"Interaction({self.layer!r} by {self.by}: {', '.join(self.labels)})"


def kinds_of(group: MatrixGroup, by: str) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Names of the kinds of sites, unique, and the kind of each site, [site].

    Raises
    ------
    UnknownName
        For anything but ``"orbit"`` and ``"element"``.
    """
    action = group.action
    if by == "orbit":
        return action.labels, action.orbit_of_site
    if by == "element":
        symbols = [action.orbits[k].element for k in action.orbit_of_site]
        order = list(dict.fromkeys(orbit.element for orbit in action.orbits))
        return tuple(order), np.array([order.index(s) for s in symbols])
    raise UnknownName.of("aggregation", by, ("orbit", "element"))


def attention(layer: Layer, head: int | None = None) -> tuple[Array, bool]:
    """A row-stochastic matrix over atoms, and whether its rows had to be divided by their sums.

    Raises
    ------
    ShapeError
        ``matrices.role`` for no matrix over atoms, ``matrices.negative`` for negative weights,
        ``matrices.row_sums`` if a matrix that is called attention (``attn``) has other row sums, or a row is
        zero; each with layer and head. Attention to neighbours may sum to less: the rest is the atom's own.
    """
    a = layer.matrix(head)
    where = f"{quote(layer.name)}{'' if head is None else f', head {head}'}"
    if (a < 0).any():
        raise ShapeError(
            "matrices.negative", found=f"{where}: smallest weight {a.min():.3g}", accepted="weights from 0"
        )
    sums = a.sum(axis=1)
    off = float(np.abs(sums - 1).max())
    if off <= ROW_SUM:
        return a, False
    own_share_missing = layer.edges is not None and sums.max() <= 1 + ROW_SUM
    if ("attn" in layer.name and not own_share_missing) or sums.min() <= 0:
        row = int(np.abs(sums - 1).argmax())
        raise ShapeError(
            "matrices.row_sums",
            found=f"{where}: row {row} sums to {sums[row]:.6g}",
            accepted="rows that sum to 1",
        )
    return a / sums[:, None], True


def interaction(
    layer: Layer, group: MatrixGroup, *, head: int | None = None, by: By = "orbit"
) -> Interaction:
    """Attention between orbits or elements.

    Parameters
    ----------
    layer
        A matrix over atoms.
    group
        The operations, whose orbits are taken.
    head
        One head; None for the mean.
    by
        ``"orbit"`` or ``"element"``.

    Raises
    ------
    ShapeError
        As :func:`attention`.
    UnknownName
        For another ``by``.
    """
    a, is_normalised = attention(layer, head)
    labels, kind = kinds_of(group, by)
    member = np.eye(len(labels))[kind]
    counts = member.sum(axis=0)
    total = member.T @ a @ member
    size = float(np.linalg.norm(total))
    matrix = total / counts[:, None]
    return Interaction(
        layer=layer.name,
        by=by,
        labels=labels,
        counts=tuple(int(c) for c in counts),
        matrix=matrix,
        enrichment=matrix * len(a) / counts,
        asymmetry=float(np.linalg.norm(total - total.T)) / size,
        is_normalised=is_normalised,
    )


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Shells:
    """Weight of pairs by their distance.

    Attributes
    ----------
    layer
        Name of the matrix.
    distances
        Å, mean of each shell, [shell].
    pairs
        Directed pairs of a shell per atom, [shell].
    weights
        Mean weight of a pair over the mean of all pairs: 1 for no preference, [shell].
    is_minimum_image
        Whether the distance is that of the nearest image, since the matrix knows no images.
    """

    layer: str
    distances: Array
    pairs: Array
    weights: Array
    is_minimum_image: bool

    def to_frame(self) -> pd.DataFrame:
        """One row per shell: distance, pairs, weight."""
        import pandas as pd

        return pd.DataFrame(
            {
                "layer": self.layer,
                "distance": self.distances,
                "pairs": self.pairs,
                "weight": self.weights,
            }
        )

    def __repr__(self) -> str:
        return f"Shells({self.layer!r}: {len(self.distances)} to {self.distances[-1]:.2f} Å)"


def shells(layer: Layer, batch: CrystalBatch, *, head: int | None = None) -> Shells:
    """Mean weight in shells of distance; edges have their own, other pairs that of the nearest image.

    Raises
    ------
    ShapeError
        ``matrices.role``, ``matrices.head``.
    """
    a = layer.matrix(head)
    n = len(a)
    if layer.edges is not None:
        value = layer.edges.mean(axis=1) if head is None else layer.edges[:, head]
        distance = np.linalg.norm(batch.edge_vector.numpy(), axis=1)
        is_minimum = False
    else:
        gap = minimum_image(batch)
        distance, value, is_minimum = gap.ravel(), a.ravel(), True
    order = np.argsort(distance, kind="stable")
    cuts = np.flatnonzero(np.diff(distance[order]) > SHELL) + 1
    groups = [g for g in np.split(order, cuts) if len(g)][:MAX_SHELLS]
    return Shells(
        layer=layer.name,
        distances=np.array([distance[g].mean() for g in groups]),
        pairs=np.array([len(g) / n for g in groups]),
        weights=np.array([value[g].mean() for g in groups]) / (value.mean() or 1.0),
        is_minimum_image=is_minimum,
    )


def minimum_image(batch: CrystalBatch) -> Array:
    """Distance of every pair of atoms to the nearest image, Å, shape [site, site]; 0 on the diagonal."""
    frac, cell = batch.frac.numpy(), batch.cell.numpy()[0]
    around = np.array(np.meshgrid(*[(-1, 0, 1)] * 3, indexing="ij")).reshape(3, -1).T
    gap = frac[None] - frac[:, None]
    gap -= np.round(gap)
    best = np.full(gap.shape[:2], np.inf)
    for shift in around:
        best = np.minimum(best, (((gap + shift) @ cell) ** 2).sum(axis=2))
    return np.sqrt(best)
