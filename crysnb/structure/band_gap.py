"""A band gap that came with a crystal; the only stored property that reading keeps."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

#: Keys that name a gap, in order of preference, in eV.
KEYS = (
    "band_gap",
    "bandgap",
    "band_gap_hse",
    "band_gap_gllbsc",
    "band_gap_tbmbj",
    "band_gap_scan",
    "band_gap_pbe",
    "band_gap_optb88vdw",
)


def stored_gap(*places: Any) -> float | None:
    """The first finite gap (eV) in the mappings given, or in their ``targets`` and ``properties``."""
    for place in places:
        if not isinstance(place, Mapping):
            continue
        for key in KEYS:
            value = place.get(key)
            if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
                return float(value)
        inner = stored_gap(place.get("targets"), place.get("properties"), place.get("crysnb"))
        if inner is not None:
            return inner
    return None
