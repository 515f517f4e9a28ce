"""What was found about groups of elements, with what noise and chemistry say about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from crysnb.elements.agreement import Agreement
from crysnb.elements.stability import Stability
from crysnb.values.prediction import Notice

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class KScore:
    """Silhouette for a number of groups, and what noise of the same spectrum gives.

    Attributes
    ----------
    k
        Number of groups.
    silhouette
        Mean over elements.
    null_mean, null_band
        Mean, lowest and highest over the normal draws.
    excess
        (silhouette − mean) / standard deviation of the draws.
    """

    k: int
    silhouette: float
    null_mean: float
    null_band: tuple[float, float]
    excess: float


@dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)
class ElementClusters:
    """Groups of elements, with what noise and chemistry say about them.

    Attributes
    ----------
    table, method, space, scaling
        How they were found.
    labels
        Symbol to group, 0 … k − 1 in the order of the lightest element; -1 in none. Elements that the table
        has not seen are not here.
    k
        Number of groups.
    silhouette
        Mean silhouette in the space of the groups.
    silhouettes
        The same of each element.
    null_band
        Lowest and highest silhouette of normal tables with the same covariance spectrum. If k was chosen, its
        upper edge allows for having chosen the best of all k.
    scores
        One :class:`KScore` for every k that was tried.
    agreement
        Partition of the periodic table to :class:`Agreement`.
    p_agreement
        Chance of so good an agreement with any of them if the elements were shuffled.
    stability
        Over seeds and subsamples.
    is_noise
        The silhouette is inside the null band, or the agreement with chemistry is that of shuffled rows
        (p > 0.01).
    notices
        Remarks: abundance, imputed columns, a space that makes groups.
    linkage
        SciPy's tree of an agglomerative method over ``labels``, else None.
    """

    table: str
    method: str
    space: str
    scaling: str
    labels: Mapping[str, int]
    k: int
    silhouette: float
    silhouettes: Mapping[str, float]
    null_band: tuple[float, float]
    scores: tuple[KScore, ...]
    agreement: Mapping[str, Agreement]
    p_agreement: float
    stability: Stability
    is_noise: bool
    notices: tuple[Notice, ...] = ()
    linkage: NDArray[np.float64] | None = None

    @property
    def groups(self) -> list[list[str]]:
        """Elements of each group."""
        return [[s for s, label in self.labels.items() if label == i] for i in range(self.k)]

    @property
    def verdict(self) -> str:
        """One sentence: finding or noise, and why."""
        low, high = self.null_band
        inside = self.silhouette <= high
        if inside:
            return (
                f"Indistinguishable from noise: silhouette {self.silhouette:.2f}, "
                f"normal tables of the same spectrum {low:.2f} to {high:.2f}."
            )
        best = max(self.agreement, key=lambda name: self.agreement[name].ami)
        told = f"agreement with {best} {self.agreement[best].ami:.2f} (AMI)"
        if self.is_noise:
            return (
                f"Grouped, but not by chemistry: {told} is what shuffled elements give "
                f"(p = {self.p_agreement:.2g})."
            )
        return (
            f"Not noise: silhouette {self.silhouette:.2f} above the band {low:.2f} to {high:.2f}; "
            f"{told}, p = {self.p_agreement:.2g}."
        )

    def __repr__(self) -> str:
        return f"ElementClusters({self.table}: {self.k} groups by {self.method}. {self.verdict})"

    def to_dict(self) -> dict[str, Any]:
        """JSON values of everything but the consensus and the tree."""
        return {
            "table": self.table,
            "method": self.method,
            "space": self.space,
            "scaling": self.scaling,
            "k": self.k,
            "labels": dict(self.labels),
            "silhouette": self.silhouette,
            "silhouettes": dict(self.silhouettes),
            "null_band": list(self.null_band),
            "scores": [asdict(score) for score in self.scores],
            "agreement": {name: asdict(found) for name, found in self.agreement.items()},
            "p_agreement": self.p_agreement,
            "stability": {"seeds": self.stability.seeds, "subsamples": self.stability.subsamples},
            "is_noise": self.is_noise,
            "verdict": self.verdict,
            "notices": [notice.to_dict() for notice in self.notices],
        }

    def to_frame(self) -> pd.DataFrame:
        """One row per element: group, silhouette and stability."""
        import pandas as pd

        return pd.DataFrame(
            {
                "group": list(self.labels.values()),
                "silhouette": list(self.silhouettes.values()),
                "stability": self.stability.elements,
            },
            index=pd.Index(list(self.labels), name="element"),
        )
