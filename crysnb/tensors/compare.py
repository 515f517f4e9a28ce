"""Two tensors of one crystal, compared in every choice of axes that the frame allows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crysnb.symmetry.detect import Symprec
from crysnb.tensors.form import tensor_form
from crysnb.tensors.given import norm_of, within_range
from crysnb.tensors.settings import AxisSetting
from crysnb.values.tensor_kind import TensorKind, rotate

if TYPE_CHECKING:
    import pandas as pd

#: Tensors whose relative distance is smaller are called the same.
SAME_BELOW = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Comparison:
    """How far two tensors are apart, as given and in the choice of axes that suits them best.

    All distances are Cartesian norms: they do not depend on the orientation, and off-diagonal components
    count as often as they stand in the full tensor.

    Attributes
    ----------
    kind
        Name of the kind of tensor.
    frame
        Frame that both are said to be in.
    distances
        ‖A − B_k‖ with B_k the second tensor turned into setting k, shape [setting], in the tensors' unit.
    size
        The larger of ‖A‖ and ‖B‖.
    settings
        The choices, ``TensorForm.settings``.
    tensor
        The second tensor in the nearest setting, in the form (Cartesian or matrix) it came in.
    """

    kind: str
    frame: str
    distances: NDArray[np.float64]
    size: float
    settings: tuple[AxisSetting, ...]
    tensor: NDArray[np.float64]

    @property
    def as_given(self) -> float:
        """‖A − B‖ of the numbers as they stand."""
        return float(self.distances[0])

    @property
    def distance(self) -> float:
        """The smallest of ``distances``."""
        return float(self.distances.min())

    @property
    def relative(self) -> float:
        """``distance`` over the larger norm, between 0 and 2; 0 for two zero tensors."""
        return self.distance / self.size if self.size else 0.0

    @property
    def setting(self) -> int:
        """Index of the setting where B is nearest to A; the first among equals."""
        return int(np.argmin(np.where(self.distances <= self.distance + 1e-12 * self.size, 0, 1)))

    @property
    def rotation(self) -> NDArray[np.float64]:
        """Proper rotation in the frame that turns B as given into ``tensor``, shape [3, 3]."""
        return self.settings[self.setting].turn.copy()

    @property
    def same(self) -> bool:
        """Whether both are one tensor up to the choice of axes: relative distance below 1e-3."""
        return self.relative < SAME_BELOW

    @property
    def text(self) -> str:
        """The result in one sentence."""
        if not self.same:
            many = f"the nearest of {len(self.settings)} settings" if len(self.settings) > 1 else "these axes"
            return f"different: {100 * self.relative:.2g} % apart in {many}"
        if self.setting == 0:
            return "the same tensor"
        return f"the same tensor, {self.settings[self.setting].text}"

    def __repr__(self) -> str:
        return f"Comparison({self.kind}, frame {self.frame!r}: {self.text})"

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "kind": self.kind,
            "frame": self.frame,
            "same": self.same,
            "text": self.text,
            "as_given": self.as_given,
            "distance": self.distance,
            "relative": self.relative,
            "setting": self.setting,
            "rotation": self.rotation.tolist(),
            "tensor": self.tensor.tolist(),
            "distances": [
                {"setting": s.text, "distance": float(d)}
                for s, d in zip(self.settings, self.distances, strict=True)
            ],
        }

    def to_frame(self) -> pd.DataFrame:
        """One row per setting: its words, the distance, and that over the larger norm."""
        import pandas as pd

        rows = [
            (s.text, float(d), float(d) / self.size if self.size else 0.0)
            for s, d in zip(self.settings, self.distances, strict=True)
        ]
        return pd.DataFrame(rows, columns=["setting", "distance", "relative"])


def compare(
    a: ArrayLike,
    b: ArrayLike,
    s: Any,
    kind: str | TensorKind,
    frame: str = "ieee",
    symprec: Symprec = "auto",
) -> Comparison:
    """Distance of two tensors of one crystal, minimised over the settings of their frame.

    Two tables may name the axes of quartz by the same standard and list c14 with opposite signs: both are
    right, and this says that they are the same tensor. Mirror images are different crystals: only proper
    rotations are tried.

    Parameters
    ----------
    a, b
        Full Cartesian tensors or printed matrices in the same unit, both in ``frame``.
    s
        The crystal, as in :func:`crysnb.tensor_form`.
    kind
        Kind of tensor.
    frame
        ``"nye"``, ``"ieee"``, or ``"own"``, which leaves no choice.
    symprec
        As in :func:`crysnb.symmetry`.

    Returns
    -------
    Comparison

    Raises
    ------
    ShapeError
        If a tensor has another shape than its kind, or is not finite; ``tensor.too_large`` for entries above
        1e100.
    UnknownName, SymmetryUndetermined, CrysnbError
        As of :func:`crysnb.tensor_form`.
    """
    form = tensor_form(s, kind, frame, symprec)
    first, second = (within_range(form.kind.cartesian(tensor)) for tensor in (a, b))
    settings = form.settings
    turned = [second, *(rotate(form.kind, second, one.turn) for one in settings[1:])]
    distances = np.array([norm_of(first - other) for other in turned])
    out = Comparison(
        kind=form.kind.name,
        frame=frame,
        distances=distances,
        size=max(norm_of(first), norm_of(second)),
        settings=settings,
        tensor=second,
    )
    nearest = turned[out.setting]
    is_full = np.shape(b) == (3,) * form.kind.rank
    return replace(out, tensor=nearest if is_full else form.kind.matrix(nearest))
