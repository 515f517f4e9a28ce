"""A crystal as a still picture: orthographic, painted from back to front."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from crysnb.widgets.crystal_drawing import CrystalDrawing, drawn_radius
from crysnb.widgets.element_colors import element_color
from crysnb.widgets.scene import INK, RULE, Circle, Line, Scene, Shape, Text

_SIZE = 360.0
_LEGEND_WIDTH = 150
_MARGIN = 10.0
_HEAD = 52.0
#: Rows: right, up, towards the eye. Seen from the front right, slightly from above.
VIEW: NDArray[np.float64] = np.array(
    [
        [-0.34202014, 0.93969262, 0.0],
        [-0.24321035, -0.08852119, 0.96592583],
        [0.90767337, 0.33036609, 0.25881905],
    ]
)


def structure_scene(drawing: CrystalDrawing, title: str, subtitle: str, *, bare: bool = False) -> Scene:
    """Picture of a drawing; with title and legend of its elements unless ``bare``."""
    top = 0.0 if bare else _HEAD
    points = drawing.positions @ VIEW.T
    corners = np.array([p for edge in drawing.edges() for p in edge]) @ VIEW.T
    size = np.asarray([[drawn_radius(s)] for s in drawing.symbols])
    low = np.vstack([points[:, :2] - size, corners[:, :2]]).min(axis=0)
    high = np.vstack([points[:, :2] + size, corners[:, :2]]).max(axis=0)
    scale = (_SIZE - 2 * _MARGIN) / max(float((high - low).max()), 1e-6)
    middle = (low + high) / 2

    def page(p: NDArray[np.float64]) -> tuple[float, float]:
        x, y = (p[:2] - middle) * scale
        return _SIZE / 2 + float(x), top + _SIZE / 2 - float(y)

    layers: list[tuple[float, Shape]] = []
    for start, end in drawing.edges():
        a, b = start @ VIEW.T, end @ VIEW.T
        (x1, y1), (x2, y2) = page(a), page(b)
        layers.append((float(min(a[2], b[2])) - 0.1, Line(x1=x1, y1=y1, x2=x2, y2=y2, color=RULE, width=1.1)))
    for i, j in drawing.bonds:
        half = (points[i] + points[j]) / 2
        for end, symbol in ((points[i], drawing.symbols[i]), (points[j], drawing.symbols[j])):
            # A bond leaves the atom at its surface; what is inside would be painted over it.
            along = (half - end) / max(float(np.linalg.norm(half - end)), 1e-9)
            start = end + along * 0.93 * drawn_radius(symbol)
            (x1, y1), (x2, y2) = page(start), page(half)
            depth = float(start[2] + half[2]) / 2
            layers.append((depth, Line(x1=x1, y1=y1, x2=x2, y2=y2, color=INK, width=5.4)))
            layers.append(
                (depth + 1e-3, Line(x1=x1, y1=y1, x2=x2, y2=y2, color=element_color(symbol), width=4))
            )
    for point, symbol in zip(points, drawing.symbols, strict=True):
        x, y = page(point)
        r = drawn_radius(symbol) * scale
        layers.append(
            (float(point[2]) + 0.3, Circle(x=x, y=y, r=r, fill=element_color(symbol), stroke=INK, width=1))
        )
    layers.sort(key=lambda layer: layer[0])
    head: list[Shape] = [
        Text(x=14, y=26, text=title[:40], size=16, color=INK, bold=True),
        Text(x=14, y=45, text=subtitle[:60], size=12, color=INK),
    ]
    return Scene(
        width=int(_SIZE) + (0 if bare else _LEGEND_WIDTH),
        height=int(_SIZE + top),
        shapes=(
            *(() if bare else head),
            *(shape for _, shape in layers),
            *(() if bare else _legend(drawing)),
        ),
        title=title,
        description=subtitle,
    )


def _legend(drawing: CrystalDrawing) -> list[Shape]:
    shapes: list[Shape] = []
    for k, symbol in enumerate(dict.fromkeys(drawing.symbols)):
        y = 90.0 + 24 * k
        shapes.append(Circle(x=_SIZE + 24, y=y - 5, r=7, fill=element_color(symbol), stroke=INK, width=1))
        shapes.append(Text(x=_SIZE + 40, y=y, text=symbol, size=14, color=INK))
    return shapes
