"""What the symmetry behind a tensor rests on, in words: how far atoms moved, how tolerance decides."""

from __future__ import annotations

from typing import Literal

from pymatgen.core import Structure

from crysnb.symmetry.group_distance import NEAR_SYMPREC, nearly
from crysnb.symmetry.project import invariants
from crysnb.values.prediction import Notice
from crysnb.values.symmetry_info import SymmetryInfo
from crysnb.values.tensor_kind import TensorKind

#: Idealisation is always reported; from here on (Å) it is a warning rather than information.
NOTABLE_DISPLACEMENT = 0.01


def idealisation_notices(symmetry: SymmetryInfo) -> tuple[Notice, ...]:
    """How far the cell as given is from the symmetry that the prediction has."""
    if symmetry.displacement < 1e-6 and symmetry.strain < 1e-7:
        return ()
    severity: Literal["info", "warning"] = (
        "warning" if symmetry.displacement >= NOTABLE_DISPLACEMENT else "info"
    )
    text = (
        f"Idealised to {symmetry.symbol}: atoms moved by at most {symmetry.displacement:.2g} Å, "
        f"metric strain {symmetry.strain:.2g} (symprec {symmetry.symprec:g} Å)."
    )
    return (Notice("symmetry.idealized", severity, text),)


def near_notices(structure: Structure, symmetry: SymmetryInfo, kind: TensorKind) -> tuple[Notice, ...]:
    """How far the cell is from a symmetry that it nearly has and that would bind more components."""
    near = nearly(structure, symmetry)
    if near is None:
        return ()
    now, then = (invariants(kind, s.rotations).dimension for s in (symmetry, near))
    if then >= now:
        return ()
    components = f"{then} free component{'' if then == 1 else 's'}"
    text = (
        f"The crystal is only {near.text}; there the {kind.name} tensor has {components} instead of {now}. "
        f"It was treated as {symmetry.symbol} ({symmetry.number}); if the distortion is noise, pass "
        f"symprec={NEAR_SYMPREC:g}."
    )
    return (Notice("symmetry.near", "warning", text),)


def tolerance_notices(
    symmetry: SymmetryInfo, swept: tuple[tuple[float, int], ...] = ()
) -> tuple[Notice, ...]:
    """Notice where another tolerance within about a decade gives another space group.

    Parameters
    ----------
    symmetry
        What was found, with the tolerances that were tried on the way.
    swept
        Further pairs (symprec, space-group number), as of :func:`crysnb.symmetry.staircase.around`.
    """
    tried = {float(f"{p:.6g}"): n for p, n in (*swept, *symmetry.candidates)}
    others = sorted((p, n) for p, n in tried.items() if n != symmetry.number)
    if not others:
        return ()
    # Below the tolerance in use it is noise in the positions that counts; idealisation tells its size.
    severity: Literal["info", "warning"] = "warning" if others[-1][0] > symmetry.symprec else "info"
    listed = ", ".join(f"{number or 'none'} at {symprec:g} Å" for symprec, number in others)
    text = (
        f"The space group depends on the tolerance: {symmetry.number} ({symmetry.symbol}) at "
        f"{symmetry.symprec:g} Å, but {listed}. The zeros and relations follow this choice."
    )
    return (Notice("symmetry.tolerance", severity, text),)
