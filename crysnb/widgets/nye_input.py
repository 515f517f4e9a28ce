"""What the crystal beside a tensor may be."""

from __future__ import annotations

from typing import Any

from crysnb.values.symmetry_info import SymmetryInfo


def is_symmetry(x: Any) -> bool:
    """Whether ``x`` says what the symmetry is, and is no crystal: a form, a crystal class, a number."""
    from crysnb.symmetry.point_groups import POINT_GROUPS
    from crysnb.tensors.form import TensorForm

    is_named = x in POINT_GROUPS if isinstance(x, str) else hasattr(type(x), "__index__")
    return is_named or isinstance(x, (TensorForm, SymmetryInfo))
