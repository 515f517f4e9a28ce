"""Tensors in another frame, what is still known of them there, and what the frame is called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from crysnb.values.tensor_kind import TensorKind, represent, rotate

if TYPE_CHECKING:
    from crysnb.tensors.form import TensorForm
    from crysnb.widgets.nye_result import NyeResult

Array = NDArray[np.float64]

#: Turns smaller than this are none, and entries of a turn this near 0 or ±1 are these.
SAME = 1e-9

WORDS = {
    "own": "axes of the structure as given",
    "nye": "x ∥ a, z ∥ c* of the conventional cell",
    "ieee": "axes of IEEE Standard 176-1987",
}
CLASS_WORDS = "axes of the standard setting of the class"


def frame_words(form: TensorForm | None, frame: str) -> str:
    """What the axes of a frame are."""
    return CLASS_WORDS if form is not None and form.symmetry is None else WORDS[frame]


def frame_label(result: NyeResult) -> str:
    """Name of the frame, and which of its settings where there is a choice."""
    form = result.form
    if form is None or len(form.settings) == 1:
        return str(result.frame or "")
    return f"{form.frame}, setting {form.setting_index + 1} of {len(form.settings)}"


def frame_facts(result: NyeResult) -> dict[str, Any]:
    """Frame, setting, matrix from the own frame, and tolerance, as plain data."""
    form = result.form
    if form is None:
        return {"frame": result.frame, "setting": 0, "n_settings": 1, "setting_text": "", "rotation": None}
    return {
        "frame": form.frame,
        "setting": form.setting_index,
        "n_settings": len(form.settings),
        "setting_text": form.settings[form.setting_index].text,
        "rotation": form.rotation.tolist(),
        "symprec": form.symprec,
    }


def is_turned(rotation: Array) -> bool:
    """Whether a rotation turns anything."""
    return bool(np.abs(rotation - np.eye(3)).max() > SAME)


def in_frame(kind: TensorKind, matrix: Array, rotation: Array) -> Array:
    """The printed matrix after a turn of the axes; the same numbers to the last bit without one."""
    return rotate(kind, matrix, rotation) if is_turned(rotation) else matrix


def spread_in_frame(kind: TensorKind, spread: Array, rotation: Array) -> Array:
    """Standard deviations of the components after a turn of the axes, NaN where they cannot be known.

    A standard deviation for each component says nothing of how the errors go together, so it survives
    a turn only where a component becomes plus or minus one other.

    Parameters
    ----------
    kind
        Kind of the tensor.
    spread
        One standard deviation of each component, shape [component].
    rotation
        v' = rotation · v, shape [3, 3].
    """
    if not is_turned(rotation):
        return spread
    weight = np.sqrt(kind.multiplicity)
    turn = np.abs(represent(kind, rotation[None])[0] * weight / weight[:, None])
    source = turn.argmax(axis=1)
    is_known = (np.abs(turn.max(axis=1) - 1) < SAME) & (turn.sum(axis=1) < 1 + SAME * len(turn))
    return np.where(is_known, spread[source], np.nan)


def matrix_text(rotation: Array) -> str:
    """A rotation as people read it, a row on each line."""
    rows = [[_entry(float(value)) for value in row] for row in rotation]
    width = max(len(text) for row in rows for text in row)
    return "\n".join("  ".join(text.rjust(width) for text in row) for row in rows)


def _entry(value: float) -> str:
    near = round(value)
    text = str(near) if abs(value - near) < SAME else f"{value:.6f}"
    return text.replace("-", "\N{MINUS SIGN}")
