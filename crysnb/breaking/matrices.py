"""Which operations a network notices: its tensors along a distortion, under the operations before it.

An operation that the distortion keeps leaves every tensor of an equivariant network at its rounding. One that
it breaks shows as ε_g ∝ amplitude; how fast, dε_g/d(amplitude), is what the network has learned of it. An
invariant output changes at first order only if the distortion has a totally symmetric part
(:mod:`crysnb.breaking.response`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from crysnb.breaking.library import pattern_of
from crysnb.breaking.patterns import Pattern, distort, is_symmetric
from crysnb.breaking.response import amplitudes_of, checked_amplitudes, slope
from crysnb.errors import ShapeError, UnknownName
from crysnb.matrices.group import MatrixGroup
from crysnb.matrices.layers import Layer, layers_of
from crysnb.matrices.orbits import orbit_recovery
from crysnb.matrices.residuals import epsilons
from crysnb.symmetry.action import site_action
from crysnb.symmetry.parent import is_kept, parent_of
from crysnb.values.trace import Trace

if TYPE_CHECKING:
    import pandas as pd
    from pymatgen.core.structure import Structure

Array = NDArray[np.float64]

#: Takes a structure, returns what a model computed for it, in float64.
TraceFunction = Callable[["Structure"], Trace]
#: Share of an output that is rounding of float64.
_ROUNDING = 64 * float(np.finfo(np.float64).eps)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class MatrixResponse:
    """One layer and the outputs of a network along a distortion.

    Attributes
    ----------
    pattern
        The distortion.
    layer
        Name of the tensor.
    operations
        Names of the operations of the undistorted cell, [op].
    kept
        Which of them the distorted crystal has, shape [op].
    amplitudes
        In ``pattern.unit``, shape [point].
    residuals
        ε of the layer, shape [point, op].
    start
        ε of the undistorted crystal, shape [op]: the rounding.
    outputs
        Name -> change of an invariant output (a number, or the norm of a tensor), shape [point].
    order
        Smallest slope of the outputs that symmetry allows: 1, or 2.
    noise
        Name -> rounding of that output.
    gaps
        Gap γ between the orbits of the undistorted crystal, shape [point]; NaN for matrices over atoms.
    edges
        Edges of the graph, shape [point].
    """

    pattern: Pattern
    layer: str
    operations: tuple[str, ...]
    kept: NDArray[np.bool_]
    amplitudes: Array
    residuals: Array
    start: Array
    outputs: dict[str, Array]
    order: int
    noise: dict[str, float]
    gaps: Array
    edges: tuple[int, ...]

    @property
    def slopes(self) -> dict[str, float | None]:
        """Output -> slope of log |change| over log amplitude on the small end; None below the noise."""
        return {k: slope(self.amplitudes, v, self.noise[k]) for k, v in self.outputs.items()}

    @property
    def sensitivity(self) -> Array:
        """dε/d(amplitude) of every operation at the smallest amplitude, shape [op]; about 0 for kept ones."""
        k = int(np.abs(self.amplitudes).argmin())
        return np.asarray((self.residuals[k] - self.start) / abs(self.amplitudes[k]))

    @property
    def crossings(self) -> tuple[int, ...]:
        """Points whose graph has other edges than the point before: slopes across them tell little."""
        return tuple(k for k in range(1, len(self.edges)) if self.edges[k] != self.edges[k - 1])

    def to_frame(self) -> pd.DataFrame:
        """One row per amplitude and operation: amplitude, operation, kept, residual."""
        import pandas as pd

        n, m = self.residuals.shape
        return pd.DataFrame(
            {
                "layer": self.layer,
                "amplitude": np.repeat(self.amplitudes, m),
                "operation": list(self.operations) * n,
                "kept": np.tile(self.kept, n),
                "residual": self.residuals.ravel(),
            }
        )

    def __repr__(self) -> str:
        return (
            f"MatrixResponse({self.pattern.name}, {self.layer!r}: {int((~self.kept).sum())} operations lost)"
        )


def matrix_response(
    x: Any,
    pattern: Pattern | str,
    function: TraceFunction,
    layer: str,
    *,
    amplitudes: Sequence[float] | NDArray[np.floating[Any]] | None = None,
) -> MatrixResponse:
    """What a distortion does to one layer and to the outputs of a network.

    Parameters
    ----------
    x
        Anything that :func:`crysnb.as_structure` accepts, or its :class:`~crysnb.symmetry.parent.Parent`.
    pattern
        The distortion, or its name in :class:`~crysnb.breaking.library.Library`; no turn.
    function
        For example ``lambda s: cn.trace(s, model, dtype="float64")``.
    layer
        Name of a tensor of the trace.
    amplitudes
        None: 13, from 0.0003 of the largest to the largest.

    Raises
    ------
    StructureError
        ``breaking.cell`` for a supercell that does not carry every point operation of the crystal.
    ShapeError
        Of the distortion and amplitudes; ``breaking.pattern`` for a turn, which breaks nothing.
    UnknownName
        For an unknown distortion or layer.
    """
    whole = parent_of(x)
    pattern = pattern_of(whole, pattern)
    if pattern.axis.any():
        raise ShapeError(
            "breaking.pattern", found="a turn of the whole crystal", accepted="a strain or displacements"
        )
    sizes = amplitudes_of(pattern) if amplitudes is None else checked_amplitudes(amplitudes)
    group = MatrixGroup(site_action(whole.structure))
    first = function(whole.structure)
    before = _layer(first, layer)
    rows, gaps, edges = [], [], []
    changes: dict[str, list[float]] = {name: [] for name in first.outputs}
    start = {name: _invariant(value) for name, value in first.outputs.items()}
    for size in sizes.tolist():
        trace = function(distort(whole, pattern, size))
        now = _layer(trace, layer)
        rows.append(epsilons(now, group))
        gaps.append(orbit_recovery(now, group).gap if now.role in ("rows", "poses") else float("nan"))
        edges.append(trace.batch.n_edges if trace.batch is not None else 0)
        for name, value in trace.outputs.items():
            changes[name].append(abs(_invariant(value) - start[name]))
    farthest = distort(whole, pattern, float(sizes[np.abs(sizes).argmax()]))
    return MatrixResponse(
        pattern=pattern,
        layer=layer,
        operations=group.action.names,
        kept=is_kept(whole.distances(farthest)),
        amplitudes=sizes,
        residuals=np.array(rows),
        start=np.nan_to_num(epsilons(before, group)),
        outputs={name: np.array(values) for name, values in changes.items()},
        order=1 if is_symmetric(pattern, whole) else 2,
        noise={name: _ROUNDING * max(abs(value), 1e-12) for name, value in start.items()},
        gaps=np.array(gaps),
        edges=tuple(edges),
    )


def _layer(trace: Trace, name: str) -> Layer:
    found = layers_of(trace)[0]
    if name not in found:
        raise UnknownName.of("layer", name, found)
    return found[name]


def _invariant(value: Any) -> float:
    """A number as it is, of a tensor the norm."""
    array = np.asarray(value.numpy() if hasattr(value, "numpy") else value, dtype=np.float64)
    return float(array.ravel()[0]) if array.size == 1 else float(np.linalg.norm(array))
