"""Whether an output can be what it claims to be. Nothing is clipped: it is shown with the reason."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from crysnb.symmetry.project import project, residual
from crysnb.values.admissible import admissibility
from crysnb.values.prediction import Notice
from crysnb.values.property_spec import FLOOR
from crysnb.values.symmetry_info import SymmetryInfo
from crysnb.values.tensor_kind import TensorKind

Array = NDArray[np.float64]

#: Share of the output for the idealised cell that projection may remove. An equivariant network leaves only
#: rounding, about 1e-6: if more goes, the operations or the network are wrong, and projecting would hide it.
MAX_REMOVED = 0.02
#: Share of an output that may break the order of its indices (float32 rounding is below 1e-6).
MAX_ASYMMETRY = 1e-4


def non_finite(*outputs: Array | None) -> tuple[Notice, ...]:
    """Error notice if one of the outputs holds NaN or infinity."""
    if all(output is None or np.isfinite(output).all() for output in outputs):
        return ()
    text = "The network gave NaN or infinity. There is no value for this crystal."
    return (Notice("prediction.non_finite", "error", text),)


def share_removed(kind: TensorKind, unit: str, output: Array, symmetry: SymmetryInfo) -> float:
    """‖T − P T‖/‖T‖ of an output, [3, …, 3], with the floor of the unit for ‖T‖ where that is larger.

    So the rounding that is all of a forbidden tensor counts as what it is.
    """
    share = residual(kind, output, symmetry.rotations)
    floor = FLOOR.get(unit, 0.0)
    norm = float(np.linalg.norm(output))
    return share if norm >= floor else share * norm / floor


def projected(
    kind: TensorKind, unit: str, ideal: Array, symmetry: SymmetryInfo
) -> tuple[Array, tuple[Notice, ...]]:
    """The output for the idealised cell, projected; unprojected and with an error notice if much would go."""
    removed = share_removed(kind, unit, kind.from_components(kind.components(ideal)), symmetry)
    if removed <= MAX_REMOVED:
        return project(kind, ideal, symmetry.rotations), ()
    text = (
        f"Projection onto {symmetry.point_group} was refused: it would remove {removed:.1%} of the output "
        f"for the idealised cell (at most {MAX_REMOVED:.0%}), so the operations or the model are wrong. "
        "The value is not projected."
    )
    return ideal, (Notice("symmetry.projection_refused", "error", text),)


def unphysical(kind: TensorKind, output: Array, value: Array) -> tuple[Notice, ...]:
    """Error notices for an output that breaks its own index symmetry, and for a value no material has.

    Parameters
    ----------
    kind
        Kind of tensor.
    output
        What the network gave, full Cartesian.
    value
        What is shown, printed form, in the usual unit.
    """
    found = []
    size = float(np.abs(output).max())
    rest = output - kind.from_components(kind.components(output))
    broken = float(np.linalg.norm(rest / size) / np.linalg.norm(output / size)) if size else 0.0
    if broken > MAX_ASYMMETRY:
        text = (
            f"The network's {kind.name} tensor changes by {broken:.1%} when equivalent indices are exchanged."
        )
        found.append(Notice("prediction.asymmetric", "error", f"{text} The value is invalid."))
    found += [
        Notice("prediction.unphysical", "error", f"{finding.text} The value is invalid, and shown unclipped.")
        for finding in admissibility(kind, value)
        if not finding.passed
    ]
    return tuple(found)
