"""What a distance between a tensor and a group is called, and where it stops to say something."""

from __future__ import annotations

from crysnb.values.property_spec import FLOOR

#: Verdicts, and the δ below which the first two are given.
CONSISTENT, NOISE = "consistent", "numerical noise"
SUSPICIOUS, MUST_VANISH = "suspicious: wrong frame?", "must vanish"
CONSISTENT_BELOW, NOISE_BELOW = 1e-3, 1e-2


def floor_of(unit: str | None) -> float:
    """Norm below which a tensor counts as zero; 0 where the unit is not known."""
    return FLOOR[unit] if unit is not None else 0.0


def verdict_of(delta: float, norm: float, unit: str | None, *, must_vanish: bool) -> str:
    """The verdict on a tensor.

    Parameters
    ----------
    delta
        ‖T − P T‖ / ‖T‖.
    norm
        ‖T‖ in ``unit``; None where the unit is not known.
    must_vanish
        Whether the group allows nothing of the kind.
    """
    if norm <= floor_of(unit):
        return CONSISTENT
    if must_vanish:
        return MUST_VANISH
    if delta < CONSISTENT_BELOW:
        return CONSISTENT
    return NOISE if delta < NOISE_BELOW else SUSPICIOUS
