"""How well an intermediate tensor keeps the crystal's operations, and what chance and a wrong action give.

For x one of the tensors of :mod:`crysnb.matrices.group`, ε_g = ‖x − g x‖ / ‖x‖. The mean over the group, Π,
is an orthogonal projector; φ = ‖Π x‖² / ‖x‖² is between 0 and 1, and

    mean_g ‖x − g x‖² = 2 (‖x‖² − ‖Π x‖²),   so that   RMS ε = √(2 (1 − φ)).

A tensor with independent random entries of mean zero has φ = tr Π / dim on average.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from crysnb.matrices.group import MatrixGroup, blocks
from crysnb.matrices.layers import Layer

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]
#: What a number is worth. See :func:`verdict`.
Status = Literal["guaranteed", "learned", "not significant", "undefined here"]

#: Smaller than this share of the reference size a tensor is null.
NULL = 1e-12
#: RMS residuals below this are rounding, by the precision of the trace.
ROUNDING = {"float64": 1e-6, "float32": 1e-3}
#: Å: a crystal that is further from its own symmetry cannot give exact residuals.
EXACT = 1e-4
#: Operations of a sample at most and at least, and random arrangements of the atoms.
MAX_OPERATIONS, LEAST_OPERATIONS, N_SHUFFLES = 768, 64, 20
#: Entries of all images of a matrix over atoms; components of all images of rows.
_ENTRIES, _WORK = 25_000_000, 20_000_000


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Residuals:
    """One tensor under every operation of the cell.

    Attributes
    ----------
    layer
        Name of the tensor.
    operations
        Names of the operations, [op]; a sample of them for a cell with very many.
    kinds
        Their symbols; ``t`` for a pure translation.
    values
        ε_g, shape [op]; NaN for a null tensor.
    fraction
        φ, the part that every operation keeps; NaN for a null tensor.
    chance
        φ of independent random entries, in expectation.
    shuffled
        RMS ε after random permutations of the atoms, shape [shuffle]; empty where nothing is permuted.
    wrong_action
        RMS ε of the components that turn, if they were taken for scalars (D = 1); None where there are none.
    status, text
        What the numbers are worth, and why.
    """

    layer: str
    operations: tuple[str, ...]
    kinds: tuple[str, ...]
    values: Array
    fraction: float
    chance: float
    shuffled: Array
    wrong_action: float | None
    status: Status
    text: str

    @property
    def rms(self) -> float:
        """Root mean square of ε over the operations."""
        return float(np.sqrt((self.values**2).mean()))

    @property
    def largest(self) -> float:
        """Largest ε."""
        return float(self.values.max())

    @property
    def worst(self) -> str:
        """Operation with the largest ε; empty for a null tensor."""
        return "" if np.isnan(self.values).any() else self.operations[int(self.values.argmax())]

    @cached_property
    def by_kind(self) -> dict[str, float]:
        """Largest ε of every kind of operation."""
        return {
            kind: float(max(v for v, k in zip(self.values, self.kinds, strict=True) if k == kind))
            for kind in dict.fromkeys(self.kinds)
        }

    def to_frame(self) -> pd.DataFrame:
        """One row per operation: layer, operation, kind, residual."""
        import pandas as pd

        return pd.DataFrame(
            {"layer": self.layer, "operation": self.operations, "kind": self.kinds, "residual": self.values}
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain data; numbers that are not defined are None."""
        null = bool(np.isnan(self.values).any())
        return {
            "layer": self.layer,
            "rms": None if null else self.rms,
            "largest": None if null else self.largest,
            "worst": self.worst,
            "fraction": None if null else self.fraction,
            "chance": self.chance,
            "shuffled": float(self.shuffled.mean()) if len(self.shuffled) else None,
            "wrong_action": self.wrong_action,
            "status": self.status,
            "text": self.text,
        }

    def __repr__(self) -> str:
        size = "null" if np.isnan(self.values).any() else f"RMS {self.rms:.2g}, φ {self.fraction:.6g}"
        return f"Residuals({self.layer!r}: {size}, {self.status})"


def residuals(
    layer: Layer,
    group: MatrixGroup,
    *,
    by_construction: bool,
    dtype: str = "float64",
    reference: float = 0.0,
    shuffles: bool = True,
) -> Residuals:
    """ε of every operation, φ, and the controls beside them.

    Parameters
    ----------
    layer, group
        The tensor and the operations.
    by_construction
        Whether the architecture guarantees the representation.
    dtype
        Precision in which the model ran: ``"float32"`` or ``"float64"``.
    reference
        Norm that a null tensor is told by, of comparable tensors.
    shuffles
        Whether to exchange atoms at random for comparison, which takes longer than all the rest.
    """
    x = layer.values
    size = float(np.linalg.norm(x))
    chosen = sampled(group)
    names = tuple(group.action.names[k] for k in chosen)
    kinds = tuple(group.action.kinds[k] for k in chosen)
    null = size <= NULL * max(reference, 1.0)
    values: Array = np.full(len(chosen), np.nan)
    fraction = float("nan")
    wrong: float | None = None
    shuffled: Array = np.zeros(0)
    if not null:
        values, fraction = _epsilons(layer, group, chosen, size)
        if layer.role == "poses":
            wrong = _wrong_action(layer, group, chosen)
        shuffled = _shuffled(layer, group) if shuffles else shuffled
    status, text = verdict(
        group, values, shuffled, wrong, by_construction=by_construction, dtype=dtype, null=null
    )
    if layer.role in ("pairs", "rows") and bool((group.n_fixed == group.n_sites).all()):
        status, text = "undefined here", "No operation of this cell exchanges atoms: nothing is compared."
    return Residuals(
        layer=layer.name,
        operations=names,
        kinds=kinds,
        values=values,
        fraction=fraction,
        chance=chance(layer, group),
        shuffled=shuffled,
        wrong_action=wrong,
        status=status,
        text=text,
    )


def chance(layer: Layer, group: MatrixGroup) -> float:
    """Tr Π / dim: φ of a tensor of this kind with independent random entries, in expectation."""
    fixed = group.n_fixed.astype(np.float64)
    n, width = group.n_sites, float(layer.values.shape[-1])
    if layer.role == "pairs":
        return float((fixed**2).mean()) / n**2
    components = np.full(len(fixed), width) if layer.irreps is None else group.trace_of(layer.irreps)
    if layer.role == "crystal":
        share = components.mean() / width
    else:
        share = (fixed * components).mean() / (n * width)
    return max(0.0, round(float(share), 12))


def projected(layer: Layer, group: MatrixGroup) -> Array:
    """Π x, the mean over all operations of the cell, in the shape of ``layer.values``.

    Where nothing turns it is the mean over orbits. Otherwise the mean over the pure translations is taken
    first, and then that over one operation per rotation.
    """
    if layer.irreps is None:
        return _mean(layer, group)
    for operations in group.cosets:
        images = [layer.act(group, op) for op in operations.tolist()]
        layer = replace(layer, values=np.mean(images, axis=0))
    return layer.values


def sampled(group: MatrixGroup) -> NDArray[np.int64]:
    """Places of the operations that residuals are worked out for; all of them in all but large supercells."""
    n = group.n_operations
    most = int(np.clip(_ENTRIES // group.n_sites**2, LEAST_OPERATIONS, MAX_OPERATIONS))
    if n <= most:
        return np.arange(n)
    drawn = np.random.default_rng(0).choice(np.arange(1, n), most - 1, replace=False)
    return np.concatenate([[0], np.sort(drawn)])


def epsilons(layer: Layer, group: MatrixGroup) -> Array:
    """ε of every operation alone, shape [op]; NaN for a tensor that is zero."""
    size = float(np.linalg.norm(layer.values))
    if size == 0:
        return np.full(group.n_operations, np.nan)
    return _epsilons(layer, group, np.arange(group.n_operations), size)[0]


def _epsilons(
    layer: Layer, group: MatrixGroup, chosen: NDArray[np.int64], size: float
) -> tuple[Array, float]:
    out = np.empty(len(chosen))
    for k, op in enumerate(chosen.tolist()):
        out[k] = np.linalg.norm(layer.values - layer.act(group, op)) / size
    return out, float((np.linalg.norm(projected(layer, group)) / size) ** 2)


def _wrong_action(layer: Layer, group: MatrixGroup, chosen: NDArray[np.int64]) -> float | None:
    turning = np.zeros(layer.values.shape[-1], dtype=np.bool_)
    for b in blocks(layer.irreps or ""):
        turning[b.start : b.start + b.width] = b.order > 0 or b.parity < 0
    part = layer.values[..., turning]
    size = float(np.linalg.norm(part))
    if size <= NULL * float(np.linalg.norm(layer.values)):
        return None
    away = [np.linalg.norm(part - group.on_rows(op, part)) / size for op in chosen.tolist()]
    return float(np.sqrt(np.mean(np.square(away))))


def _shuffled(layer: Layer, group: MatrixGroup) -> Array:
    """RMS ε of the same numbers on randomly exchanged atoms, shape [shuffle]."""
    n = group.n_sites
    if layer.role == "crystal" or n < 2:
        return np.zeros(0)
    rng = np.random.default_rng(0)
    size = float(np.linalg.norm(layer.values)) ** 2
    work = layer.values.size * (group.n_operations if layer.irreps else 1)
    out: Array = np.empty(int(np.clip(_WORK // work, 4, N_SHUFFLES)))
    for k in range(len(out)):
        p = rng.permutation(n)
        values: Array = layer.values[p]
        if layer.role == "pairs":
            values = np.take(values, p, axis=1)
        moved = Layer(name=layer.name, role=layer.role, values=values, irreps=layer.irreps)
        kept = float(np.linalg.norm(projected(moved, group))) ** 2 / size
        out[k] = np.sqrt(max(0.0, 2 * (1 - kept)))
    return out


def _mean(layer: Layer, group: MatrixGroup) -> Array:
    """The mean over orbits of pairs or sites; a row of the crystal stays as it is."""
    if layer.role == "crystal":
        return layer.values
    if layer.role == "pairs":
        label = group.action.pair_orbits.ravel()
        flat: Array = layer.values.reshape(len(label), -1)
    else:
        label = np.unique(group.action.permutations.min(axis=0), return_inverse=True)[1].reshape(-1)
        flat = layer.values
    sums = np.zeros((int(label.max()) + 1, flat.shape[1]))
    np.add.at(sums, label, flat)
    means = sums / np.bincount(label)[:, None]
    return np.asarray(means[label].reshape(layer.values.shape))


def verdict(  # noqa: PLR0911 - one return per case
    group: MatrixGroup,
    values: Array,
    shuffled: Array,
    wrong: float | None,
    *,
    by_construction: bool,
    dtype: str,
    null: bool,
) -> tuple[Status, str]:
    """What residuals are worth, in one word and one sentence.

    guaranteed: the architecture makes it so, trained or not. learned: nothing known makes it so, and
    exchanged atoms are clearly worse. not significant: exchanged atoms do as well. undefined here: there is
    nothing to test, or the crystal itself is too far from its symmetry to tell.
    """
    if group.n_operations == 1:
        return "undefined here", "The cell has no operation but the identity: there is nothing to test."
    if null:
        return "undefined here", "The tensor is zero; where symmetry forbids all of it, it must be."
    rms = float(np.sqrt((values**2).mean()))
    close = rms < ROUNDING[dtype]
    if by_construction:
        if close:
            hint = " The action on components makes no difference here: every site has the full point group."
            blind = wrong is not None and wrong < ROUNDING[dtype]
            text = "Kept by the architecture, trained or not: this says nothing about training."
            return "guaranteed", text + (hint if blind else "")
        away = group.action.symmetry.displacement
        if away > EXACT or group.action.symmetry.strain > EXACT:
            text = (
                f"The crystal has its operations only to {away:.2g} Å: the residual is the structure's, not "
                "the model's. Try cn.idealize(structure)."
            )
            return "undefined here", text
        return (
            "learned",
            "The architecture should keep this, and does not: look for a fault, or run in float64.",
        )
    if close:
        return (
            "learned",
            "Holds. Whether training or the architecture does it, only an untrained copy tells.",
        )
    if len(shuffled) and rms > np.quantile(shuffled, 0.05):
        return "not significant", "Randomly exchanged atoms keep the operations as well."
    return "learned", "Not exact, but closer than with randomly exchanged atoms."
