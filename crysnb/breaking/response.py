"""What a function of crystals makes of a distortion: what may change, what leaks, and how fast.

A tensor T(s) is a function of the crystal. If it is equivariant, T(g s) = D(g) T(s), and the crystal s₀
has the group G, then a distortion s(ε) = s₀ + ε d changes it by ε T'[d] + O(ε²) with T'[g d] = D(g) T'[d].
Averaged over G,

    P_G T'[d] = T'[d₁],    d₁ = |G|⁻¹ Σ_g g d,

so the part of T that the parent *allows*, P_G T, changes at first order only if the distortion has a totally
symmetric part d₁; otherwise it starts with ε² (slope 2 in a log-log plot, or more). The same holds for every
invariant, the trace and the norm among them, and for a scalar property. The part that the parent *forbids*,
T − P_G T, vanishes at ε = 0. It opens with ε where the representation that d spans and that of the
forbidden components have a part in common, and with ε² or later where they have none (a polar shift
in a cubic crystal and ε∞). Both follow from equivariance alone. A function that is not equivariant has
slope 1 where 2 is due, and a forbidden part at ε = 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from crysnb.breaking.library import pattern_of
from crysnb.breaking.patterns import Pattern, distort, is_symmetric, symmetric_part, turn
from crysnb.errors import ShapeError, quote
from crysnb.symmetry.parent import Parent, parent_of
from crysnb.symmetry.project import invariants
from crysnb.tensors.given import within_range
from crysnb.values.tensor_kind import TensorKind, represent, rotate, tensor_kind

if TYPE_CHECKING:
    import pandas as pd
    from pymatgen.core.structure import Structure

Array = NDArray[np.float64]

#: Crystals in, their tensors out, in the frame of each crystal as it is given.
TensorFunction = Callable[[Sequence["Structure"]], Sequence[Any]]
#: Called with the crystals that are done and those in all; it raises where the work should end.
Report = Callable[[int, int], None]

#: Smallest amplitude of a curve as a share of the largest, and number of points.
_SPAN, _POINTS = 3e-4, 13
#: A value counts for a slope from this many times the noise on; so many points of the small end are fitted.
_CLEAR, _FITTED = 100.0, 5
_CHUNK = 4
_SAME = 1e-6


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Response:
    """A tensor along one distortion, split into what the undistorted crystal allows and forbids.

    Attributes
    ----------
    pattern, kind
        The distortion and the tensor.
    unit
        Unit of the tensor.
    operations
        Names of the operations of the parent.
    amplitudes
        In ``pattern.unit``, shape [point]; without the zero.
    values
        Components at each amplitude in the printed form, shape [point, …]; for a turn turned back.
    start
        The same at amplitude 0.
    changed
        ‖P_G (T(ε) − T(0))‖, shape [point]: by how much the allowed part changed; for a turn ‖T(ε) − T(0)‖,
        turned back: all of it is an error.
    leak
        ‖T − P_G T‖, shape [point]: the size of the forbidden part. Cartesian norms.
    residuals
        ‖T − D(g) T‖ / ‖T‖ for every operation, shape [point, operation].
    noise
        Size of rounding: of the forbidden part at amplitude 0, or a few units in the last place of T.
    edges
        Edges of the model's graph at each amplitude, shape [point]; empty where that is not known.
    changed_order, leak_order
        Smallest slopes that equivariance allows: 1, or 2 for "2 or more"; 0 where nothing may change.
    """

    pattern: Pattern
    kind: TensorKind
    unit: str
    operations: tuple[str, ...]
    amplitudes: Array
    values: Array
    start: Array
    changed: Array
    leak: Array
    residuals: Array
    noise: float
    edges: tuple[int, ...]
    changed_order: int
    leak_order: int

    @property
    def changed_slope(self) -> float | None:
        """Slope of log ``changed`` over log amplitude on the small end; None if it never leaves the noise."""
        return slope(self.amplitudes, self.changed, self.noise)

    @property
    def leak_slope(self) -> float | None:
        """The same of ``leak``."""
        return slope(self.amplitudes, self.leak, self.noise)

    @property
    def crossings(self) -> tuple[int, ...]:
        """Points whose graph has another number of edges than the point before: atoms entered or left."""
        return tuple(k for k in range(1, len(self.edges)) if self.edges[k] != self.edges[k - 1])

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "pattern": self.pattern.name,
            "kind": self.kind.name,
            "unit": self.unit,
            "amplitude_unit": self.pattern.unit,
            "amplitudes": self.amplitudes.tolist(),
            "values": self.values.tolist(),
            "start": self.start.tolist(),
            "changed": self.changed.tolist(),
            "leak": self.leak.tolist(),
            "residuals": {n: self.residuals[:, k].tolist() for k, n in enumerate(self.operations)},
            "noise": self.noise,
            "edges": list(self.edges),
            "crossings": list(self.crossings),
            "changed_slope": self.changed_slope,
            "leak_slope": self.leak_slope,
            "changed_order": self.changed_order,
            "leak_order": self.leak_order,
        }

    def to_frame(self) -> pd.DataFrame:
        """One row per amplitude."""
        import pandas as pd

        edges: list[int | None] = list(self.edges) or [None] * len(self.amplitudes)
        rows = zip(self.amplitudes, self.changed, self.leak, self.residuals.max(axis=1), edges, strict=True)
        return pd.DataFrame(list(rows), columns=["amplitude", "changed", "leak", "largest residual", "edges"])

    def __repr__(self) -> str:
        found = [("changed", self.changed_slope), ("leak", self.leak_slope)]
        slopes = ", ".join(f"{name} slope {s:.2f}" for name, s in found if s is not None) or "nothing changes"
        return f"Response({self.pattern.name}, {self.kind.name}: {slopes})"


def amplitudes_of(pattern: Pattern, sign: int = 1) -> Array:
    """Amplitudes of a curve, of one sign, evenly spaced on a logarithmic axis, shape [13]."""
    return np.asarray(sign * np.geomspace(_SPAN * pattern.largest, pattern.largest, _POINTS))


def response(
    x: Any,
    pattern: Pattern | str,
    function: TensorFunction,
    kind: str | TensorKind = "dielectric",
    *,
    amplitudes: Sequence[float] | NDArray[np.floating[Any]] | None = None,
    unit: str = "",
    edges: Callable[[Structure], int] | None = None,
    report: Report | None = None,
) -> Response:
    """The answer of a function of crystals to a distortion.

    Parameters
    ----------
    x
        Anything that :func:`crysnb.as_structure` accepts, or its :class:`~crysnb.symmetry.parent.Parent`.
    pattern
        The distortion, or its name in :class:`~crysnb.breaking.library.Library`.
    function
        Takes a list of structures, returns a tensor for each, Cartesian or in the printed form, in the frame
        of the structure; for example :class:`~crysnb.breaking.model_tensor.ModelTensor`.
    kind
        Kind of those tensors.
    amplitudes
        None: 13, from 0.0003 of the largest to the largest; of zero there is always one more.
    unit
        Of the tensor, for the tables.
    edges
        Number of edges of the graph of a structure.
    report
        Told of the crystals that are done.

    Raises
    ------
    StructureError
        ``breaking.cell`` for a supercell that does not carry every point operation of the crystal.
    ShapeError
        Of the distortion, amplitudes and tensors (entries up to 1e100); ``breaking.answers`` if the function
        gives no list of tensors or another number of them.
    UnknownName
        For an unknown kind or distortion.
    """
    whole, kind = parent_of(x), tensor_kind(kind)
    pattern = pattern_of(whole, pattern)
    sizes = amplitudes_of(pattern) if amplitudes is None else checked_amplitudes(amplitudes)
    every = [0.0, *sizes.tolist()]
    structures = [distort(whole, pattern, size) for size in every]
    answers: list[Any] = []
    for k in range(0, len(structures), _CHUNK):
        if report is not None:
            report(k, len(structures))
        answers += _listed(function(structures[k : k + _CHUNK]))
    if len(answers) != len(structures):
        raise ShapeError(
            "breaking.answers",
            found=f"{len(answers)} tensors for {len(structures)} crystals",
            accepted="one tensor for every crystal",
        )
    back = [turn(pattern, size).T if pattern.axis.any() else None for size in every]
    full = [within_range(kind.cartesian(t)) for t in answers]
    full = [t if q is None else rotate(kind, t, q) for t, q in zip(full, back, strict=True)]
    counts = tuple(edges(s) for s in structures[1:]) if edges is not None else ()
    return _split(whole, pattern, kind, sizes, np.array([kind.components(t) for t in full]), unit, counts)


def checked_amplitudes(amplitudes: Any) -> Array:
    """Amplitudes as numbers other than zero, shape [point]; ``breaking.amplitude`` if they are not."""
    try:
        sizes = np.asarray(amplitudes, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        sizes = np.zeros(())
    if sizes.ndim != 1 or not np.all(sizes):
        raise ShapeError(
            "breaking.amplitude",
            found=f"amplitudes {quote(amplitudes)}",
            accepted="a list of numbers other than zero",
        )
    return sizes


def _listed(answers: Any) -> list[Any]:
    if not isinstance(answers, Iterable):
        raise ShapeError(
            "breaking.answers", found=quote(answers), accepted="a list with one tensor for every crystal"
        )
    return list(answers)


def _split(
    whole: Parent, pattern: Pattern, kind: TensorKind, sizes: Array, named: Array, unit: str,
    edges: tuple[int, ...],
) -> Response:  # fmt: skip
    """Allowed and forbidden parts, in coordinates where the Euclidean norm is the Cartesian one."""
    scale = float(np.abs(named).max()) or 1.0  # squares of tiny entries vanish
    vectors = named / scale * np.sqrt(kind.multiplicity)
    allowed = invariants(kind, whole.rotations).projector
    inside = vectors @ allowed
    compared = vectors if pattern.axis.any() else inside
    leak = np.linalg.norm(vectors - inside, axis=1)
    norms = np.linalg.norm(vectors, axis=1)
    images = vectors @ represent(kind, whole.rotations).transpose(0, 2, 1)  # [operation, point, component]
    off = np.linalg.norm(images - vectors, axis=2).T
    residuals = np.where(norms[:, None] > 0, off / np.where(norms > 0, norms, 1.0)[:, None], 0.0)
    orders = (
        (0, 0)
        if pattern.axis.any()
        else (_changed_order(whole, pattern, kind), _leak_order(whole, pattern, kind))
    )
    return Response(
        pattern=pattern,
        kind=kind,
        unit=unit,
        operations=whole.names,
        amplitudes=sizes,
        values=np.array([kind.matrix(kind.from_components(v)) for v in named[1:]]),
        start=kind.matrix(kind.from_components(named[0])),
        changed=scale * np.linalg.norm(compared[1:] - compared[0], axis=1),
        leak=scale * leak[1:],
        residuals=residuals[1:],
        noise=scale * float(max(leak[0], 8 * np.finfo(np.float64).eps * norms[0])),
        edges=edges,
        changed_order=orders[0],
        leak_order=orders[1],
    )


def slope(amplitudes: Array, values: Array, noise: float) -> float | None:
    """Least-squares slope of log value over log |amplitude| on the small end, above the noise.

    Parameters
    ----------
    amplitudes, values
        Shape [point].
    noise
        Values below a hundred times this are left out.

    Returns
    -------
    float or None
        Over the five smallest amplitudes that are left; None if fewer than three are.
    """
    order = np.argsort(np.abs(amplitudes))
    clear = order[values[order] > _CLEAR * noise][:_FITTED]
    if len(clear) < 3:
        return None
    fitted = np.polyfit(np.log(np.abs(amplitudes[clear])), np.log(values[clear]), 1)
    return float(fitted[0])


def _changed_order(whole: Parent, pattern: Pattern, kind: TensorKind) -> int:
    if invariants(kind, whole.rotations).dimension == 0:
        return 0
    return 1 if is_symmetric(pattern, whole) else 2


def _leak_order(whole: Parent, pattern: Pattern, kind: TensorKind) -> int:
    """1 if the span of the distortion and the forbidden components share a representation, 2 if not.

    0 for a distortion that breaks nothing.

    By characters: the number of linear equivariant maps from one to the other is the mean of χ_d χ_T.
    """
    rotations = whole.cartesian
    mean = symmetric_part(pattern, whole)
    if pattern.strain.any():
        images = rotations @ (pattern.strain - mean) @ rotations.transpose(0, 2, 1)
        moved = represent(tensor_kind("dielectric"), rotations)
        root = np.sqrt(tensor_kind("dielectric").multiplicity)
        rows = np.array([tensor_kind("dielectric").components(e) * root for e in images])
        characters = _characters(rows, lambda basis: basis @ moved.transpose(0, 2, 1))
    else:
        d = pattern.displacements - pattern.displacements.mean(axis=0) - mean
        n = len(d)
        rows = whole.act(d).reshape(len(rotations), 3 * n)
        characters = _characters(
            rows,
            lambda basis: np.stack([whole.act(v.reshape(n, 3)).reshape(-1, 3 * n) for v in basis], axis=1),
        )
    forbidden = (
        represent(kind, rotations).trace(axis1=1, axis2=2) - invariants(kind, whole.rotations).dimension
    )
    if not characters.any():
        return 0
    return 1 if float((characters * forbidden).mean()) > 0.5 else 2


def _characters(rows: Array, act: Callable[[Array], Array]) -> Array:
    """Characters, [operation], of the span of the rows; ``act`` gives images [operation, vector, …]."""
    _, sizes, basis = np.linalg.svd(rows, full_matrices=False)
    kept = basis[sizes > _SAME * max(float(sizes.max(initial=0.0)), 1e-300)]
    if not len(kept) or not np.abs(rows).max() > _SAME:
        return np.zeros(len(rows))
    return np.asarray(np.einsum("gvk,vk->g", act(kept), kept))
