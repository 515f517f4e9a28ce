"""How many directions of its feature space a layer uses, and how many symmetry leaves it.

Symmetry fixes, before any network is run, how many numbers are free: one set of invariants per orbit, and per
orbit n_l(S) components of a pose of order l at a site of symmetry S,

    n_l(S) = (1/|S|) Σ_{s∈S} χ_l(s).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from crysnb.matrices.group import MatrixGroup, blocks, wigners
from crysnb.matrices.layers import Layer
from crysnb.symmetry.action import SiteAction

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]

#: Sizes of the parts below this share of the largest row are rounding: the rank is 0.
_NOTHING = 1e-9


@dataclass(frozen=True, kw_only=True, slots=True)
class Spread:
    """Sizes of the space that centred rows span.

    Attributes
    ----------
    participation
        1/Σp², with p the shares of the squared singular values.
    effective
        exp(−Σ p ln p).
    stable
        ‖H‖²/σ₁².
    numerical
        Singular values above the rounding.
    """

    participation: float
    effective: float
    stable: float
    numerical: int


def spread(rows: Array, *, center: bool = True) -> Spread:
    """Effective ranks of rows, [row, width]; all 0 where the rows are equal.

    Parameters
    ----------
    rows
        One row per sample.
    center
        Whether the mean is taken off.
    """
    h = rows - rows.mean(axis=0) if center else rows
    sizes = np.linalg.svd(h, compute_uv=False)
    if sizes[0] <= _NOTHING * float(np.linalg.norm(rows, axis=1).max(initial=0.0)):
        return Spread(participation=0.0, effective=0.0, stable=0.0, numerical=0)
    squared = sizes**2
    p = squared / squared.sum()
    inside = p[p > 0]
    # Rows of one orbit agree to the precision of the coordinates, not of float64.
    floor = max(max(h.shape) * np.finfo(np.float64).eps, _NOTHING)
    return Spread(
        participation=float(1 / (p**2).sum()),
        effective=float(np.exp(-(inside * np.log(inside)).sum())),
        stable=float(squared.sum() / squared[0]),
        numerical=int((sizes > floor * sizes[0]).sum()),
    )


def free_orders(rotations: Array, l_max: int = 4, parity: str = "natural") -> tuple[int, ...]:
    """n_l for l = 0 … l_max: components of a pose that a site of this symmetry allows.

    Parameters
    ----------
    rotations
        Cartesian matrices of the site group, shape [element of the group, 3, 3].
    l_max
        Largest order.
    parity
        ``"natural"`` (parity (−1)^l, as spherical harmonics), or ``"even"``, ``"odd"``.
    """
    out = []
    for order in range(l_max + 1):
        sign = {"natural": (-1) ** order, "even": 1, "odd": -1}[parity]
        out.append(round(float(wigners(order, sign, rotations).trace(axis1=1, axis2=2).mean())))
    return tuple(out)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Compression:
    """What symmetry leaves free of a layer's numbers: exact, and known before the network is run.

    Attributes
    ----------
    layer
        Name of the tensor.
    n_free, n_full
        Numbers that symmetry leaves independent, and all of them.
    by_orbit
        Label of an orbit -> free numbers of one of its sites.
    measured
        Effective ranks of the rows, or of the invariants of poses; None for matrices over atoms.
    ceiling
        Largest rank that centred invariant rows can have: orbits − 1; None where it does not apply.
    """

    layer: str
    n_free: int
    n_full: int
    by_orbit: dict[str, int]
    measured: Spread | None
    ceiling: int | None

    @property
    def ratio(self) -> float:
        """ρ = n_free / n_full."""
        return self.n_free / self.n_full

    @property
    def used(self) -> float | None:
        """Effective rank over its ceiling: the part that is learned; None where the ceiling is 0."""
        if self.measured is None or not self.ceiling:
            return None
        return self.measured.effective / self.ceiling

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "layer": self.layer,
            "n_free": self.n_free,
            "n_full": self.n_full,
            "ratio": self.ratio,
            "effective_rank": self.measured.effective if self.measured else None,
            "ceiling": self.ceiling,
            "used": self.used,
        }

    def to_frame(self) -> pd.DataFrame:
        """One row per orbit: free numbers of a site."""
        import pandas as pd

        return pd.DataFrame(
            {"layer": self.layer, "orbit": list(self.by_orbit), "free": list(self.by_orbit.values())}
        )

    def __repr__(self) -> str:
        return f"Compression({self.layer!r}: {self.n_free} of {self.n_full} numbers are free)"


def compression(layer: Layer, group: MatrixGroup) -> Compression:
    """Numbers that symmetry leaves free in a layer, beside the ranks that are measured."""
    from crysnb.matrices.orbits import invariant_rows

    action = group.action
    per_site = [_free_of_site(layer, action, o.sites[0]) for o in action.orbits]
    by_orbit = dict(zip(action.labels, per_site, strict=True))
    n_full = layer.values.size
    if layer.role == "pairs":
        n_free = (int(action.pair_orbits.max()) + 1) * layer.values.shape[2]
        by_orbit = {}
    elif layer.role == "crystal":
        n_free = _free(layer, action.symmetry.rotations)
        by_orbit = {}
    else:
        n_free = sum(per_site)
    rows = layer.role in ("rows", "poses")
    return Compression(
        layer=layer.name,
        n_free=n_free,
        n_full=n_full,
        by_orbit=by_orbit,
        measured=spread(invariant_rows(layer)) if rows else None,
        ceiling=len(action.orbits) - 1 if rows else None,
    )


def _free_of_site(layer: Layer, action: SiteAction, site: int) -> int:
    if layer.role in ("pairs", "crystal"):
        return 0
    return _free(layer, action.site_rotations_of(site))


def _free(layer: Layer, rotations: Array) -> int:
    """Free numbers of one row under the rotations of its site group."""
    if layer.irreps is None:
        return int(layer.values[0].size) if layer.role == "rows" else layer.values.size
    channels = int(np.prod(layer.values.shape[1:-1])) if layer.role == "poses" else len(layer.values)
    total = 0
    for b in blocks(layer.irreps):
        total += b.mul * round(float(wigners(b.order, b.parity, rotations).trace(axis1=1, axis2=2).mean()))
    return channels * total
