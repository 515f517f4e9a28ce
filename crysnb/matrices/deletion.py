"""Does an attention matrix point at what matters? Delete what it points at, and look at the answer.

Attention says where numbers went, not which of them decided. Here the attention to one orbit is taken away,
and what that does to the output is put beside how much attention the orbit had.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import spearmanr

from crysnb.errors import ShapeError, UnknownName, quote
from crysnb.matrices.interaction import attention
from crysnb.matrices.report import Matrices
from crysnb.matrices.residuals import Status
from crysnb.values.trace import Changes, Trace

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]

#: Orbits from which a rank correlation can be told from chance (for four, 1 in 24 orders is perfect).
_ENOUGH = 5
_LEVEL = 0.05


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Deletion:
    """Attention to every orbit beside what its deletion does.

    Attributes
    ----------
    layer, output
        Names of the matrix and of the output.
    orbits
        Labels, [orbit].
    attention
        Share of all attention that the sites of an orbit receive, shape [orbit].
    effect
        Change of the output without it, as a share of the output's norm, shape [orbit].
    correlation
        Spearman's rank correlation of the two; None below five orbits or where it is not defined.
    status, text
        What it is worth.
    """

    layer: str
    output: str
    orbits: tuple[str, ...]
    attention: Array
    effect: Array
    correlation: float | None
    status: Status
    text: str

    def to_frame(self) -> pd.DataFrame:
        """One row per orbit: attention, effect."""
        import pandas as pd

        return pd.DataFrame(
            {
                "layer": self.layer,
                "orbit": self.orbits,
                "attention": self.attention,
                "effect": self.effect,
            }
        )

    def __repr__(self) -> str:
        return f"Deletion({self.layer!r} on {self.output}: {self.status})"


def deletion(
    result: Matrices, layer: str, run: Callable[[Changes], Trace], *, output: str | None = None
) -> Deletion:
    """Take the attention to each orbit away in turn.

    Parameters
    ----------
    result
        The analysis.
    layer
        A matrix over atoms whose weights are not negative.
    run
        Runs the model with changes, for example
        ``lambda change: cn.trace(s, model, dtype="float64", change=change)``.
    output
        Name of an output; None for the first.

    Raises
    ------
    ShapeError
        ``matrices.role``, ``matrices.negative``, ``matrices.row_sums`` as for the interaction.
    UnknownName
        For an unknown layer or output.
    """
    a, _ = attention(result.layer(layer))
    action = result.group.action
    plain = run({}).outputs
    name = next(iter(plain), "") if output is None else output
    if name not in plain:
        raise UnknownName.of("output", name, plain)
    start = _flat(plain[name])
    size = float(np.linalg.norm(start))
    if size == 0:
        raise ShapeError(
            "matrices.null", found=f"the output {quote(name)} is zero", accepted="one that is not"
        )
    effects = []
    for orbit in action.orbits:
        changed = run({layer: _without(result.trace, layer, orbit.sites)}).outputs[name]
        effects.append(float(np.linalg.norm(_flat(changed) - start)) / size)
    received = np.array([a[:, list(orbit.sites)].sum() for orbit in action.orbits]) / a.sum()
    effect = np.array(effects)
    correlation, status, text = _verdict(received, effect)
    return Deletion(
        layer=layer,
        output=name,
        orbits=action.labels,
        attention=received,
        effect=effect,
        correlation=correlation,
        status=status,
        text=text,
    )


def _flat(value: Any) -> Array:
    return np.asarray(value.numpy(), dtype=np.float64).ravel()


def _without(trace: Trace, name: str, sites: tuple[int, ...]) -> Callable[[torch.Tensor], torch.Tensor]:
    """Sets the weights that point at some sites to zero; those of the others stay as they are."""
    axes = trace[name].axes
    gone = torch.tensor(sites)

    def change(value: torch.Tensor) -> torch.Tensor:
        if "edge" in axes:
            assert trace.batch is not None  # noqa: S101 - an edge layer has its edges
            kept = ~torch.isin(trace.batch.edge_index[1], gone)
            at = axes.index("edge")
        else:
            at = len(axes) - 1 - axes[::-1].index("atom")
            kept = torch.ones(value.shape[at], dtype=torch.bool)
            kept[gone] = False
        shape = [1] * value.ndim
        shape[at] = -1
        return value * kept.to(value.dtype).reshape(shape)

    return change


def _verdict(received: Array, effect: Array) -> tuple[float | None, Status, str]:
    n = len(received)
    if n < _ENOUGH:
        return None, "undefined here", f"{n} orbits are too few to rank; compare the two columns by eye."
    if np.ptp(received) == 0 or np.ptp(effect) == 0:
        return None, "undefined here", "All orbits have the same attention, or the same effect."
    found = spearmanr(received, effect)
    value, p = float(found.statistic), float(found.pvalue)
    if p < _LEVEL and value > 0:
        return value, "learned", "Orbits with more attention matter more for the answer."
    return value, "not significant", "How much attention an orbit has does not say how much it matters."
