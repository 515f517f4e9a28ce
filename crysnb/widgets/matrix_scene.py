"""The still picture of intermediate matrices: the heat map by orbits, and the residual of every layer."""

from __future__ import annotations

import base64
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crysnb.widgets.crystal_overlay import color_at
from crysnb.widgets.number_text import small_text
from crysnb.widgets.scene import INK, RULE, TIE, VIOLATION, Line, Polygon, Scene, Shape, Text

_WIDTH, _LEFT, _TOP, _SIDE = 640, 56.0, 66.0, 270.0
_MOST_CELLS, _MOST_LAYERS, _NAME = 40, 14, 20
_STRIP = (400.0, 470.0, 560.0)  # start of names, of bars, end of bars
#: Ends of the logarithmic bars.
_FROM, _TO = -16.0, 0.5


def matrix_scene(state: dict[str, Any], by: str) -> Scene:
    """Picture of a state of :func:`crysnb.widgets.matrix_state.matrix_state`."""
    shapes: list[Shape] = [
        Text(x=14, y=26, text=state["title"][:40], size=16, color=INK, bold=True),
        Text(x=14, y=46, text=f"{state['subtitle']}; {state['layer']}"[:92], size=12, color=INK),
    ]
    values, labels, cuts = shown(state, by if len(state["sites"]) <= _MOST_CELLS else "orbit")
    shapes += _heat_map(values, labels, cuts, state) if values.size else []
    shapes += _strip(state)
    return Scene(
        width=_WIDTH,
        height=int(_TOP + _SIDE + 66),
        shapes=tuple(shapes),
        title=f"{state['title']}: {state['layer']}",
        description=f"{state['what'] or 'belongs to the crystal'}; {state['status']}: {state['text']}",
    )


def shown(state: dict[str, Any], by: str) -> tuple[NDArray[np.float64], list[str], list[int]]:
    """Matrix, labels of its rows, and rows before which a line is drawn."""
    n = len(state["sites"])
    raw = np.frombuffer(base64.b64decode(state["matrix"]), dtype="<f4").astype(np.float64)
    if not raw.size:
        return np.zeros((0, 0)), [], []
    a, orbit = raw.reshape(n, n), np.array(state["site_orbit"])
    if by in ("orbit", "element"):
        names = (
            [o["label"] for o in state["orbits"]]
            if by == "orbit"
            else list(dict.fromkeys(state["site_element"]))
        )
        kind = orbit if by == "orbit" else np.array([names.index(e) for e in state["site_element"]])
        member = np.eye(len(names))[kind] / np.bincount(kind)
        return member.T @ a @ member, names, list(range(1, len(names)))
    order = state["order"]
    cuts = [k for k in range(1, n) if orbit[order[k]] != orbit[order[k - 1]]]
    return a[np.ix_(order, order)], [state["sites"][k] for k in order], cuts


def _heat_map(
    values: NDArray[np.float64], labels: list[str], cuts: list[int], state: dict[str, Any]
) -> list[Shape]:
    n = len(labels)
    side = _SIDE / n
    low, high = float(values.min()), float(values.max())
    out: list[Shape] = []
    for i in range(n):
        for j in range(n):
            share = (values[i, j] - low) / (high - low) if high > low else 0.0
            out.append(_box(_LEFT + j * side, _TOP + i * side, side, color_at(share)))
    for k in cuts:
        at = k * side
        out.append(Line(x1=_LEFT, y1=_TOP + at, x2=_LEFT + _SIDE, y2=_TOP + at, color=RULE, width=1.2))
        out.append(Line(x1=_LEFT + at, y1=_TOP, x2=_LEFT + at, y2=_TOP + _SIDE, color=RULE, width=1.2))
    if side >= 9:
        size = min(11.0, side)
        out += [
            Text(
                x=_LEFT - 5,
                y=_TOP + (k + 0.5) * side + size / 3,
                text=label,
                size=size,
                color=INK,
                anchor="end",
            )
            for k, label in enumerate(labels)
        ]
    scale = f"{state['what']}: {low:.4g} (dark) to {high:.4g} (bright)"
    out.append(Text(x=_LEFT, y=_TOP + _SIDE + 20, text=scale, size=11, color=INK))
    return out


def _box(x: float, y: float, side: float, color: str) -> Polygon:
    # A hair larger than the cell, so that no seam shows.
    w = side + 0.3
    return Polygon(points=((x, y), (x + w, y), (x + w, y + w), (x, y + w)), fill=color)


def _strip(state: dict[str, Any]) -> list[Shape]:
    """Residual of the layers around the one that is shown, on a logarithmic scale."""
    layers = state["layers"]
    at = next(k for k, layer in enumerate(layers) if layer["name"] == state["layer"])
    start = max(0, min(at - _MOST_LAYERS // 2, len(layers) - _MOST_LAYERS))
    x0, x1, x2 = _STRIP
    out: list[Shape] = [
        Text(x=x0 - 40, y=_TOP - 2, text="RMS residual over all operations", size=11, color=INK)
    ]
    for row, layer in enumerate(layers[start : start + _MOST_LAYERS]):
        y = _TOP + 20 + 19 * row
        bold = layer["name"] == state["layer"]
        out.append(
            Text(x=x1 - 6, y=y, text=layer["name"][-20:], size=10.5, color=INK, anchor="end", bold=bold)
        )
        value = layer["rms"]
        if value is not None:
            size = (math.log10(max(value, 10**_FROM)) - _FROM) / (_TO - _FROM) * (x2 - x1)
            color = TIE if layer["status"] == "guaranteed" else VIOLATION
            out.append(Line(x1=x1, y1=y - 4, x2=x1 + max(size, 1.0), y2=y - 4, color=color, width=7))
        text = "null" if value is None else small_text(value)
        out.append(Text(x=x2 + 8, y=y, text=text, size=10.5, color=INK))
    return out
