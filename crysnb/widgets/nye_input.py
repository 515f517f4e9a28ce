"""What the crystal beside a tensor may be, and what it is called."""

from __future__ import annotations

from typing import Any

from crysnb.values.symmetry_info import SymmetryInfo


def is_symmetry(x: Any) -> bool:
    """Whether ``x`` says what the symmetry is, and is no crystal: a form, a crystal class, a number."""
    from crysnb.symmetry.point_groups import POINT_GROUPS
    from crysnb.tensors.form import TensorForm

    is_named = x in POINT_GROUPS if isinstance(x, str) else hasattr(type(x), "__index__")
    return is_named or isinstance(x, (TensorForm, SymmetryInfo))


def title_of(structure: Any) -> str:
    """What a crystal is called: its id from reading, its name as typed, or its formula."""
    known = getattr(structure, "properties", None)
    if isinstance(known, dict) and isinstance(known.get("crysnb"), dict):
        return str(known["crysnb"].get("id", ""))
    if isinstance(structure, str) and len(structure) <= 40 and "\n" not in structure:
        return structure
    formula = getattr(structure, "reduced_formula", None) or getattr(
        getattr(structure, "composition", None), "reduced_formula", ""
    )
    return str(formula)
