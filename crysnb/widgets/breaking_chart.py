"""The curve of a model on log axes, as places in a unit square: one geometry for browser and picture."""

from __future__ import annotations

import math
from typing import Any

from crysnb.breaking.response import Response
from crysnb.widgets.number_text import small_text

_MINUS = "\N{MINUS SIGN}"
_ROWS = 6
_LEAST = -17  # decades below are rounding


def chart(curve: Response, seen_from: float) -> dict[str, Any]:
    """Places of points, rules and marks, x from left to right and y from bottom to top, 0 to 1.

    Parameters
    ----------
    curve
        The response of a model.
    seen_from
        Amplitude from which a search notices the distortion; 0 without a band.
    """
    unit = curve.pattern.unit
    sizes = [abs(float(a)) for a in curve.amplitudes]
    x_low, x_high = math.log10(min(sizes)), math.log10(max(sizes))
    shown = [float(v) for v in (*curve.changed, *curve.leak, curve.noise) if 0 < v < math.inf]
    low = max(math.floor(math.log10(min(shown, default=1e-16))), _LEAST)
    high = max(math.ceil(math.log10(max(shown, default=1.0))), low + 1)

    def x_at(a: float) -> float:
        share = (math.log10(a) - x_low) / max(x_high - x_low, 1e-9)
        return round(min(max(share, 0.0), 1.0), 4)

    def y_at(v: float) -> float:
        known = v if 10.0**low < v < math.inf else 10.0**low
        return round((math.log10(known) - low) / (high - low), 4)

    every = max(1, math.ceil((high - low) / _ROWS))
    return {
        "amplitudes": [float(a) for a in curve.amplitudes],
        "texts": [_point_text(curve, k) for k in range(len(sizes))],
        "at": [x_at(a) for a in sizes],
        "changed": [y_at(float(v)) for v in curve.changed],
        "leak": [y_at(float(v)) for v in curve.leak],
        "noise": y_at(curve.noise),
        "band": x_at(seen_from) if seen_from > 0 else 0.0,
        "crossings": [x_at(sizes[k]) for k in curve.crossings],
        "rows": [{"at": y_at(10.0**k), "text": f"1e{k}"} for k in range(low, high + 1, every)],
        "columns": [
            {"at": x_at(10.0**k), "text": amplitude_text(10.0**k, unit)}
            for k in range(math.ceil(x_low), math.floor(x_high) + 1)
        ],
        "unit": curve.unit,
    }


def place_of(chart: dict[str, Any], amplitude: float) -> float:
    """Where an amplitude is between left and right."""
    first, last = chart["amplitudes"][0], chart["amplitudes"][-1]
    if amplitude == 0:
        return 0.0
    return min(max(math.log(abs(amplitude / first)) / math.log(last / first), 0.0), 1.0)


def amplitude_text(value: float, unit: str) -> str:
    """An amplitude as people read it: a strain in percent."""
    if not unit:
        return f"{100 * value:.3g} %".replace("-", _MINUS)
    return f"{value:.3g}{'' if unit == '°' else ' '}{unit}".replace("-", _MINUS)


def value_text(value: float, r: Response) -> str:
    """A size of the tensor, with its unit."""
    return f"{small_text(value)} {r.unit}".rstrip()


def _point_text(curve: Response, k: int) -> str:
    size = amplitude_text(float(curve.amplitudes[k]), curve.pattern.unit)
    changed, leak = value_text(float(curve.changed[k]), curve), value_text(float(curve.leak[k]), curve)
    entered = "; atoms enter or leave the reach of the model" if k in curve.crossings else ""
    return f"{size}: allowed part changed by {changed}, forbidden part {leak}{entered}"
