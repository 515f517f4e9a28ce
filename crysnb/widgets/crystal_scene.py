"""A crystal as a still picture: orthographic, painted from back to front, symmetry elements included."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from crysnb.symmetry.elements import SymmetryElement
from crysnb.widgets.crystal_drawing import CrystalDrawing, drawn_radius
from crysnb.widgets.crystal_marks import outline
from crysnb.widgets.crystal_overlay import Glyphs
from crysnb.widgets.element_colors import element_color
from crysnb.widgets.scene import INK, RELATION, RULE, TIE, Circle, Line, Polygon, Shape, Text

Vector = NDArray[np.float64]

#: Rows: right, up, towards the eye. Seen from the front right, slightly from above.
VIEW: Vector = np.array(
    [
        [-0.34202014, 0.93969262, 0.0],
        [-0.24321035, -0.08852119, 0.96592583],
        [0.90767337, 0.33036609, 0.25881905],
    ]
)
_PLANE_OPACITY = 0.22
_SEGMENTS = 14  # of an axis, so that atoms hide the part of it that lies behind them


@dataclass(frozen=True, slots=True, kw_only=True)
class Extras:
    """What is drawn beside atoms, bonds and cell.

    Attributes
    ----------
    colors
        Colour of each site; empty for those of the elements.
    glyphs
        Vectors or ellipsoids on the sites.
    elements
        Symmetry elements that are shown.
    selected
        Sites that are ringed.
    axes
        Whether a, b, c are written at the ends of the cell's edges.
    """

    colors: Sequence[str] = ()
    glyphs: Glyphs | None = None
    elements: Sequence[SymmetryElement] = ()
    selected: Collection[int] = ()
    axes: bool = False


@dataclass(slots=True)
class _Painter:
    """Shapes with their depth; ``page`` maps points in view space to the page."""

    page: Callable[[Vector], tuple[float, float]]
    scale: float
    layers: list[tuple[float, Shape]] = field(default_factory=list)
    #: Height of every layer over the first shown plane, in view direction; sorts exactly around it.
    plane: tuple[Vector, Vector] | None = None
    sides: list[bool] = field(default_factory=list)

    def add(self, where: Vector, shape: Shape, bias: float = 0.0) -> None:
        self.layers.append((float(where[2]) + bias, shape))
        front = True
        if self.plane is not None:
            point, normal = self.plane
            front = float((where - point) @ normal) * float(np.sign(normal[2]) or 1.0) > 0
        self.sides.append(front)

    def line(self, a: Vector, b: Vector, *, color: str, width: float, bias: float = 0.0,
             at: Vector | None = None, dash: tuple[float, ...] = ()) -> None:  # fmt: skip
        (x1, y1), (x2, y2) = self.page(a), self.page(b)
        where = (a + b) / 2 if at is None else at
        self.add(where, Line(x1=x1, y1=y1, x2=x2, y2=y2, color=color, width=width, dash=dash), bias)

    def shapes(self) -> list[Shape]:
        """Everything behind the plane, the plane, everything before it; each from back to front."""
        order = sorted(range(len(self.layers)), key=lambda k: (self.sides[k], self.layers[k][0]))
        return [self.layers[k][1] for k in order]


def crystal_shapes(
    drawing: CrystalDrawing, size: float, margin: float, top: float, extras: Extras | None = None
) -> list[Shape]:
    """Shapes of a crystal on a square of ``size`` pixels that begins at height ``top``."""
    extras = extras or Extras()
    points = drawing.positions @ VIEW.T
    corners = np.array([p for edge in drawing.edges() for p in edge]) @ VIEW.T
    outlines = [outline(e, drawing.cell) @ VIEW.T for e in extras.elements]
    radii = np.asarray([[drawn_radius(s)] for s in drawing.symbols])
    room = np.vstack([corners[:, :2], *(o[:, :2] for o in outlines if len(o))])
    low = np.vstack([points[:, :2] - radii, room]).min(axis=0)
    high = np.vstack([points[:, :2] + radii, room]).max(axis=0)
    margin = margin + (12.0 if extras.axes else 0.0)
    scale = (size - 2 * margin) / max(float((high - low).max()), 1e-6)
    middle = (low + high) / 2

    def page(p: Vector) -> tuple[float, float]:
        x, y = (p[:2] - middle) * scale
        return size / 2 + float(x), top + size / 2 - float(y)

    painter = _Painter(page, scale)
    _set_plane(painter, extras.elements)
    _cell(painter, drawing)
    _bonds(painter, drawing, points, extras)
    _atoms(painter, drawing, points, extras)
    for element, ends in zip(extras.elements, outlines, strict=True):
        _element(painter, element, ends)
    return [*painter.shapes(), *(_axis_names(drawing, page, scale) if extras.axes else [])]


def _set_plane(painter: _Painter, elements: Sequence[SymmetryElement]) -> None:
    for e in elements:
        if e.kind in ("mirror", "glide"):
            painter.plane = (VIEW @ e.point, VIEW @ e.axis)
            return


def _cell(painter: _Painter, drawing: CrystalDrawing) -> None:
    for start, end in drawing.edges():
        a, b = start @ VIEW.T, end @ VIEW.T
        back = a if a[2] < b[2] else b
        middle = (a + b) / 2
        at = np.array([middle[0], middle[1], back[2]]) if painter.plane is None else middle
        painter.line(a, b, color=RULE, width=1.1, bias=-0.1, at=at)


def _color(drawing: CrystalDrawing, k: int, extras: Extras) -> str:
    return extras.colors[drawing.site[k]] if extras.colors else element_color(drawing.symbols[k])


def _bonds(painter: _Painter, drawing: CrystalDrawing, points: Vector, extras: Extras) -> None:
    for i, j in drawing.bonds:
        half = (points[i] + points[j]) / 2
        for k in (i, j):
            # A bond leaves the atom at its surface; what is inside would be painted over it.
            end = points[k]
            along = (half - end) / max(float(np.linalg.norm(half - end)), 1e-9)
            start = end + along * 0.93 * drawn_radius(drawing.symbols[k])
            painter.line(start, half, color=INK, width=5.4)
            painter.line(start, half, color=_color(drawing, k, extras), width=4, bias=1e-3)


def _atoms(painter: _Painter, drawing: CrystalDrawing, points: Vector, extras: Extras) -> None:
    glyphs = None if extras.glyphs is None else extras.glyphs.scaled()
    for k, (point, symbol) in enumerate(zip(points, drawing.symbols, strict=True)):
        x, y = painter.page(point)
        r = drawn_radius(symbol) * painter.scale
        site, color = drawing.site[k], _color(drawing, k, extras)
        if glyphs is not None and glyphs.ndim == 3:
            ring = _ellipse(VIEW @ glyphs[site] @ VIEW.T, painter.scale, x, y)
            painter.add(point, Polygon(points=ring, fill=color, stroke=INK, width=1, opacity=0.85), 0.3)
        else:
            painter.add(point, Circle(x=x, y=y, r=r, fill=color, stroke=INK, width=1), 0.3)
        if site in extras.selected:
            painter.add(point, Circle(x=x, y=y, r=r + 3, stroke=TIE, width=2.4), 0.301)
        if glyphs is not None and glyphs.ndim == 2:
            _arrow(painter, point, point + VIEW @ glyphs[site], TIE, 2.2, bias=0.5)


def _ellipse(tensor: Vector, scale: float, x: float, y: float) -> tuple[tuple[float, float], ...]:
    """Outline of the ellipsoid whose half axes are the eigenvalues of a symmetric tensor, seen along z."""
    values, vectors = np.linalg.eigh((tensor @ tensor.T)[:2, :2])
    turns = np.linspace(0, 2 * math.pi, 37)[:-1]
    half = np.sqrt(np.maximum(values, 0)) * scale + 2.0
    rim = (vectors * half) @ np.array([np.cos(turns), np.sin(turns)])
    return tuple((x + float(u), y - float(v)) for u, v in rim.T)


def _element(painter: _Painter, e: SymmetryElement, ends: Vector) -> None:
    point, axis, shift = VIEW @ e.point, VIEW @ e.axis, VIEW @ e.translation
    if e.kind in ("mirror", "glide"):
        corners = tuple(painter.page(p) for p in ends)
        dash = (7.0, 4.0) if e.kind == "glide" else ()
        middle = ends.mean(axis=0) + 1e-4 * axis * float(np.sign(axis[2]) or 1.0)
        painter.add(middle, Polygon(points=corners, fill=RELATION, stroke=RELATION, width=1.8,
                                    opacity=_PLANE_OPACITY, dash=dash), -1e6)  # fmt: skip
        if e.kind == "glide":
            _arrow(painter, middle - shift / 2, middle + shift / 2, RELATION, 2.4, bias=0.6)
    elif e.kind in ("rotation", "screw", "rotoinversion"):
        steps = np.linspace(0, 1, _SEGMENTS + 1)[:, None]
        stops = ends[0] + steps * (ends[1] - ends[0])
        for a, b in itertools.pairwise(stops):
            painter.line(a, b, color=RELATION, width=2.2)
        for end in ends:
            _order_mark(painter, end, e)
        if e.kind == "screw":
            middle = ends.mean(axis=0)
            _arrow(painter, middle - shift / 2, middle + shift / 2, RELATION, 3.4, bias=0.6)
    if e.kind in ("inversion", "rotoinversion"):
        x, y = painter.page(point)
        painter.add(point, Circle(x=x, y=y, r=5, fill="#ffffff", stroke=RELATION, width=2.4), 1.0)


def _order_mark(painter: _Painter, at: Vector, e: SymmetryElement) -> None:
    """The sign of the axis: a lens, triangle, square or hexagon."""
    x, y = painter.page(at)
    n, r = (e.order, 7.0) if e.order > 2 else (16, 7.0)
    squeeze = 0.45 if e.order == 2 else 1.0
    turns = [math.pi / 2 + 2 * math.pi * k / n + (math.pi / 4 if e.order == 4 else 0) for k in range(n)]
    corners = tuple((x + squeeze * r * math.cos(t), y - r * math.sin(t)) for t in turns)
    fill = None if e.kind == "rotoinversion" else RELATION
    painter.add(at, Polygon(points=corners, fill=fill, stroke=RELATION, width=1.8), 0.5)


def _arrow(painter: _Painter, a: Vector, b: Vector, color: str, width: float, *, bias: float) -> None:
    (x1, y1), (x2, y2) = painter.page(a), painter.page(b)
    length = math.hypot(x2 - x1, y2 - y1)
    if length < 4:
        return
    ux, uy = (x2 - x1) / length, (y2 - y1) / length
    head = min(9.0, 0.6 * length)
    neck = (x2 - ux * head * 0.8, y2 - uy * head * 0.8)
    side = head * 0.5
    tip = ((x2, y2), (x2 - ux * head - uy * side, y2 - uy * head + ux * side),
           (x2 - ux * head + uy * side, y2 - uy * head - ux * side))  # fmt: skip
    middle = (a + b) / 2
    painter.add(middle, Line(x1=x1, y1=y1, x2=neck[0], y2=neck[1], color=color, width=width), bias)
    painter.add(middle, Polygon(points=tip, fill=color), bias + 1e-3)


def _axis_names(
    drawing: CrystalDrawing, page: Callable[[Vector], tuple[float, float]], scale: float
) -> list[Shape]:
    """a, b, c beyond the ends of the edges that meet in the origin."""
    out: list[Shape] = []
    origin = page(np.zeros(3))
    for name, vector in zip("abc", drawing.cell, strict=True):
        x, y = page(VIEW @ vector)
        dx, dy = x - origin[0], y - origin[1]
        away = 11.0 + scale * _room_at(drawing, vector)
        share = away / max(math.hypot(dx, dy), 1.0)
        out.append(
            Text(
                x=x + dx * share,
                y=y + dy * share + 5,
                text=name,
                size=13,
                color=INK,
                anchor="middle",
                bold=True,
            )
        )
    return out


def _room_at(drawing: CrystalDrawing, place: Vector) -> float:
    """Radius in Å of the atom that sits on a corner of the cell, or 0."""
    near = np.flatnonzero(np.linalg.norm(drawing.positions - place, axis=1) < 0.5)
    return max((drawn_radius(drawing.symbols[k]) for k in near), default=0.0)
