"""Everything that is asked of a trace under the crystal's operations, worked out when it is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from crysnb.errors import UnknownName
from crysnb.graph.build import to_structure
from crysnb.matrices.group import MatrixGroup
from crysnb.matrices.interaction import By, Interaction, Shells, interaction, shells
from crysnb.matrices.layers import Layer, layers_of
from crysnb.matrices.orbits import (
    OrbitRecovery,
    Separation,
    orbit_recovery,
    row_distances,
    separations,
)
from crysnb.matrices.poses import ForbiddenOrders, forbidden_orders
from crysnb.matrices.residuals import Residuals, residuals
from crysnb.matrices.space import Compression, compression
from crysnb.structure.geometry import shortest_pairs
from crysnb.symmetry.action import site_action
from crysnb.symmetry.detect import Symprec
from crysnb.values.prediction import Notice
from crysnb.values.trace import Trace

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Matrices:
    """What a model computed inside for one crystal, with the crystal's own operations on it.

    Attributes
    ----------
    trace
        The recorded tensors.
    group
        The operations of the cell as given.
    notices
        What to keep in mind.
    untrained
        Traces of the same architecture with random weights, the control of what training does.
    """

    trace: Trace
    group: MatrixGroup
    notices: tuple[Notice, ...]
    untrained: tuple[Trace, ...] = ()

    @cached_property
    def _sorted(self) -> tuple[dict[str, Layer], dict[str, str]]:
        return layers_of(self.trace)

    @cached_property
    def _cache(self) -> dict[tuple[str, str], Any]:
        return {}

    def layers(self) -> dict[str, Layer]:
        """Name -> layer, in the order of the model."""
        return dict(self._sorted[0])

    @property
    def left_out(self) -> dict[str, str]:
        """Tensors that no operation is applied to -> why not."""
        return dict(self._sorted[1])

    @property
    def pair_layers(self) -> tuple[str, ...]:
        """Names of the layers that are matrices over atoms."""
        return tuple(name for name, layer in self._sorted[0].items() if layer.role == "pairs")

    def layer(self, name: str) -> Layer:
        """One layer; :class:`~crysnb.errors.UnknownName` with the nearest name if there is none."""
        if name not in self._sorted[0]:
            raise UnknownName.of("layer", name, self._sorted[0])
        return self._sorted[0][name]

    @property
    def dtype(self) -> str:
        """Precision in which the model ran."""
        widths = {str(entry.value.dtype) for entry in self.trace.values()}
        return "float64" if widths <= {"torch.float64"} else "float32"

    def residuals(self, name: str, *, shuffles: bool = True) -> Residuals:
        """ε of every operation on one layer, with φ and the controls.

        Parameters
        ----------
        name
            A layer.
        shuffles
            Whether to exchange atoms at random for comparison, which takes longer than all the rest. Where
            the architecture guarantees the operations, the verdict needs none.
        """
        shuffles = shuffles or not self.trace.by_construction
        key = (f"residuals {shuffles}", name)
        if key not in self._cache:
            layer = self.layer(name)
            self._cache[key] = residuals(
                layer,
                self.group,
                by_construction=self.trace.by_construction,
                dtype=self.dtype,
                reference=self._reference(layer),
                shuffles=shuffles,
            )
        found: Residuals = self._cache[key]
        return found

    def _reference(self, layer: Layer) -> float:
        """Largest norm among layers of the same kind: what a null tensor is told by."""
        same = (other for other in self._sorted[0].values() if other.role == layer.role)
        return max(float(np.linalg.norm(other.values)) for other in same)

    def orbits(self, name: str) -> OrbitRecovery:
        """Which orbits one layer of rows or poses keeps apart."""
        key = ("orbits", name)
        if key not in self._cache:
            self._cache[key] = orbit_recovery(self.layer(name), self.group)
        found: OrbitRecovery = self._cache[key]
        return found

    def orbits_untrained(self, name: str) -> tuple[OrbitRecovery, ...]:
        """The same for every untrained copy."""
        return tuple(orbit_recovery(layers_of(t)[0][name], self.group) for t in self.untrained)

    def separation(self, name: str) -> tuple[Separation, ...]:
        """How far orbits of one element are apart in one layer, beside the untrained copies."""
        return separations(self.layer(name), self.group, [layers_of(t)[0][name] for t in self.untrained])

    def interaction(self, name: str, *, head: int | None = None, by: By = "orbit") -> Interaction:
        """Attention between orbits or elements in one matrix over atoms."""
        return interaction(self.layer(name), self.group, head=head, by=by)

    def shells(self, name: str, *, head: int | None = None) -> Shells:
        """Weight of pairs by distance in one matrix over atoms."""
        assert self.trace.batch is not None  # noqa: S101 - layers_of refuses a trace without it
        return shells(self.layer(name), self.trace.batch, head=head)

    def compression(self, name: str) -> Compression:
        """Numbers that symmetry leaves free in one layer, beside the measured ranks."""
        return compression(self.layer(name), self.group)

    def forbidden_orders(self, name: str) -> ForbiddenOrders:
        """Components that the sites forbid, and their sizes, in one layer of poses."""
        return forbidden_orders(self.layer(name), self.group)

    def map_of(self, name: str, *, head: int | None = None) -> tuple[str, Array]:
        """What a layer says about pairs of atoms, [site, site], and what that is in words.

        The matrix itself; of rows and poses the distances between (invariant) rows; empty for a layer that
        belongs to the whole crystal.
        """
        layer = self.layer(name)
        if layer.role == "pairs":
            return "value", layer.matrix(head)
        if layer.role == "crystal":
            return "", np.zeros((0, 0))
        return "distance between rows", row_distances(layer)

    def permuted(self, name: str, op: int, *, head: int | None = None) -> Array:
        """P A Pᵀ of one matrix over atoms, [site, site]."""
        return self.group.on_pairs(op, self.layer(name).matrix(head))

    def summary(self) -> pd.DataFrame:
        """One row per layer: role, RMS ε, φ, chance, orbits kept apart, free numbers, status."""
        import pandas as pd

        rows = []
        for name, layer in self._sorted[0].items():
            found = self.residuals(name, shuffles=False)
            size = self.compression(name)
            has_rows = layer.role in ("rows", "poses")
            rows.append(
                {
                    "layer": name,
                    "role": layer.role,
                    "rms": found.rms,
                    "fraction": found.fraction,
                    "chance": found.chance,
                    "homogeneity": self.orbits(name).homogeneity if has_rows else float("nan"),
                    "gap": self.orbits(name).gap if has_rows else float("nan"),
                    "free share": size.ratio,
                    "used": size.used if size.used is not None else float("nan"),
                    "status": found.status,
                }
            )
        return pd.DataFrame(rows)

    def to_frame(self, name: str | None = None, *, head: int | None = None) -> pd.DataFrame:
        """A matrix over atoms as a tidy table: i, j, elements, orbits, pair orbit, value.

        Parameters
        ----------
        name
            A layer; None for the first that is a matrix over atoms.
        head
            One head; None for the mean.
        """
        import pandas as pd

        if name is None:
            if not self.pair_layers:
                raise UnknownName.of("matrix over atoms", "(first)", self.pair_layers)
            name = self.pair_layers[0]
        a = self.layer(name).matrix(head)
        n = len(a)
        i, j = np.divmod(np.arange(n * n), n)
        action = self.group.action
        labels = np.array(action.labels)[action.orbit_of_site]
        symbols = np.array([action.orbits[k].element for k in action.orbit_of_site])
        return pd.DataFrame(
            {
                "layer": name,
                "i": i,
                "j": j,
                "element i": symbols[i],
                "element j": symbols[j],
                "orbit i": labels[i],
                "orbit j": labels[j],
                "pair orbit": action.pair_orbits.ravel(),
                "value": a.ravel(),
            }
        )

    def to_dict(self) -> dict[str, Any]:
        """Residuals of all layers and notices as plain data."""
        s = self.group.action.symmetry
        return {
            "model": self.trace.model,
            "space_group": f"{s.symbol} ({s.number})",
            "operations": list(self.group.action.names),
            "orbits": list(self.group.action.labels),
            "dtype": self.dtype,
            "layers": [self.residuals(name, shuffles=False).to_dict() for name in self._sorted[0]],
            "left_out": self.left_out,
            "notices": [asdict(notice) for notice in self.notices],
        }

    def __repr__(self) -> str:
        s = self.group.action.symmetry
        return (
            f"Matrices({self.trace.model or 'a model'}: {len(self._sorted[0])} layers, "
            f"{len(self.pair_layers)} over pairs; {s.symbol}, {self.group.n_operations} operations)"
        )


def analyse(trace: Trace, *, symprec: Symprec = "auto", untrained: Sequence[Trace] = ()) -> Matrices:
    """The crystal's operations on everything in a trace.

    Parameters
    ----------
    trace
        From ``cn.trace(s, model, dtype="float64")``.
    symprec
        As in :func:`crysnb.symmetry`.
    untrained
        Traces of untrained copies for the same crystal, from :func:`crysnb.predict.tracing.untrained`.

    Raises
    ------
    ShapeError
        As :func:`crysnb.matrices.layers.layers_of`.
    SymmetryUndetermined
        If the crystal has no operations that fit its cell.
    """
    layers_of(trace)  # refuses what cannot be analysed before anything is shown
    assert trace.batch is not None  # noqa: S101 - the line above
    structure = to_structure(trace.batch)
    group = MatrixGroup(site_action(structure, symprec))
    result = Matrices(trace=trace, group=group, notices=(), untrained=tuple(untrained))
    notices = _notices(result, float(shortest_pairs(structure)[2].min(initial=np.inf)))
    return Matrices(trace=trace, group=group, notices=notices, untrained=tuple(untrained))


def _notices(result: Matrices, shortest: float) -> tuple[Notice, ...]:
    s = result.group.action.symmetry
    notices = []
    if result.group.n_operations == 1:
        text = f"{s.symbol}: the cell has no operation but the identity, so there is nothing to test."
        notices.append(Notice("matrices.no_operation", "warning", text))
    if s.symprec > shortest / 3:
        text = f"symprec {s.symprec:g} Å is more than a third of the shortest distance, {shortest:.3g} Å."
        notices.append(Notice("matrices.symprec", "warning", text))
    if result.dtype == "float32":
        text = (
            'The model ran in float32: residuals below 1e-4 are rounding. Use cn.trace(…, dtype="float64").'
        )
        notices.append(Notice("matrices.float32", "warning", text))
    if s.displacement > _MOVED or s.strain > _MOVED:
        text = (
            f"The atoms are up to {s.displacement:.2g} Å from the places that the operations ask for. "
            "Residuals contain that; cn.idealize(structure) takes it away."
        )
        notices.append(Notice("matrices.not_ideal", "info", text))
    return tuple(notices)


#: Å, and strain, from which a structure's own deviation is worth a notice.
_MOVED = 1e-5
