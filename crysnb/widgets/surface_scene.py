"""The surface as a still picture: the mesh of the browser half, coarser, with axes, scale and extremes."""

from __future__ import annotations

import textwrap
from collections.abc import Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crysnb.tensors.surface_result import Surface
from crysnb.widgets.crystal_overlay import VIRIDIS, color_at
from crysnb.widgets.crystal_scene import VIEW
from crysnb.widgets.number_text import number_text
from crysnb.widgets.scene import INK, RELATION, TIE, Circle, Line, Polygon, Scene, Shape, Text
from crysnb.widgets.surface_state import SIGNED

Array = NDArray[np.float64]

_WIDTH = 640
_SIDE = 340.0
_LEFT = (_WIDTH - _SIDE) / 2
_N_POLAR, _N_AZIMUTH = 24, 48
#: Units of the longest radius from the middle to the border of the drawing.
_REACH = 1.45
_BAR = 24


def surface_scene(
    surface: Surface,
    state: dict[str, Any],
    sheet: str,
    direction: Array | None,
    cells: Collection[str],
) -> Scene:
    """Picture of one property.

    Parameters
    ----------
    surface
        The property that is shown.
    state
        Made by :func:`crysnb.widgets.surface_state.surface_state`.
    sheet
        Which of its sheets.
    direction
        The chosen direction, or None.
    cells
        Components whose part of the value is the colour; none: the value.
    """
    quantity = next(q for q in state["quantities"] if q["name"] == surface.quantity.name)
    shapes = _header(state, quantity, sheet)
    top = max(getattr(s, "y", 0.0) for s in shapes) + 8
    low, high, stops = _body(shapes, surface, state, quantity, sheet, direction, cells, top)
    y = _scale(shapes, quantity, cells, (low, high, stops), top + _SIDE + 16)
    lines = [quantity["verdict"]]
    if direction is not None:
        lines.append(direction_line(surface, quantity, sheet, direction))
    lines += [n["text"] for n in state["notices"]]
    for text in lines:
        for line in textwrap.wrap(text, 90):
            y += 17
            shapes.append(Text(x=14, y=y, text=line, size=12, color=INK))
    return Scene(
        width=_WIDTH,
        height=int(y + 14),
        shapes=tuple(shapes),
        title=f"{state['title']}: {quantity['title']}",
        description=quantity["verdict"],
    )


def direction_line(surface: Surface, quantity: dict[str, Any], sheet: str, direction: Array) -> str:
    """Value and largest contributions along the chosen direction, as text."""
    terms = list(surface.contributions(direction, sheet).items())[:5]
    decimals = quantity["decimals"]
    value = number_text(surface.value(direction, sheet=sheet), decimals)
    parts = ", ".join(f"{name} {number_text(term, decimals)}" for name, term in terms if term)
    unit = f" {quantity['unit']}".rstrip()
    return f"Along {vector_text(direction)}: {value}{unit}{', of which ' + parts if parts else ''}."


def vector_text(n: Any) -> str:
    """A unit vector with three decimals."""
    return f"({', '.join(number_text(float(v), 3) if v else '0.000' for v in n)})"


def _short(text: str) -> str:
    return textwrap.shorten(text, 40, placeholder="…")


def _header(state: dict[str, Any], quantity: dict[str, Any], sheet: str) -> list[Shape]:
    unit = f" in {quantity['unit']}" if quantity["unit"] else ""
    over = "" if sheet == "value" else f", {sheet} over m"
    line = f"{quantity['title']}{unit}{over}: distance from the middle and colour"
    shapes: list[Shape] = [
        Text(x=14, y=28, text=_short(state["title"]), size=17, color=INK, bold=True),
        Text(x=14, y=47, text=line, size=12, color=INK),
    ]
    y = 47.0
    facts = " · ".join(f"{f['label']} {f['value']}" for f in state["facts"])
    for text in textwrap.wrap(facts, 90):
        y += 17
        shapes.append(Text(x=14, y=y, text=text, size=12, color=INK))
    return shapes


def _body(
    shapes: list[Shape],
    surface: Surface,
    state: dict[str, Any],
    quantity: dict[str, Any],
    sheet: str,
    direction: Array | None,
    cells: Collection[str],
    top: float,
) -> tuple[float, float, tuple[str, ...]]:
    n = _directions()
    values = np.asarray(surface.value(n, sheet=sheet))
    painted = values
    if cells:
        flat = [surface.contributions(v, sheet) for v in n.reshape(-1, 3)]
        painted = np.array([sum(t.get(c, 0.0) for c in cells) for t in flat]).reshape(values.shape)
    low, high, stops = _range(painted, float(np.abs(values).max()))
    largest = float(np.abs(values).max()) or 1.0
    scale = _SIDE / 2 / _REACH

    def page(point: Array) -> tuple[float, float]:
        x, y = (VIEW @ point)[:2] * scale
        return _LEFT + _SIDE / 2 + float(x), top + _SIDE / 2 - float(y)

    def out(at: Array) -> float:
        return abs(float(surface.value(at, sheet=sheet))) / largest

    marks = [*_axes(state, out, page), *_pins(quantity, state, sheet, out, page)]
    marks += _chosen(direction, out, page)
    shapes += [shape for depth, found in marks if depth < 0 for shape in found]
    shapes += _faces(n * np.abs(values / largest)[..., None], (painted - low) / (high - low), stops, page)
    shapes += [shape for depth, found in marks if depth >= 0 for shape in found]
    return low, high, stops


def _directions() -> Array:
    theta = np.linspace(0, np.pi, _N_POLAR + 1)[:, None]
    phi = np.linspace(0, 2 * np.pi, _N_AZIMUTH + 1)[None]
    parts = (np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta) + 0 * phi)
    return np.stack(parts, axis=-1)


def _range(values: Array, size: float) -> tuple[float, float, tuple[str, ...]]:
    """Ends and colours of the scale: about zero where there are both signs; nothing is made of rounding."""
    low, high = float(values.min()), float(values.max())
    noise = 1e-9 * max(size, abs(low), abs(high))
    if low < -noise and high > noise:
        most = max(-low, high)
        return -most, most, SIGNED
    if high - low <= noise:
        return low - (noise or 1.0), high + (noise or 1.0), VIRIDIS
    return low, high, VIRIDIS


def _faces(points: Array, shares: Array, stops: tuple[str, ...], page: Any) -> list[Shape]:
    """The faces that look at the eye, from back to front, with a little light on them."""
    seen = points @ VIEW.T
    a, b, c, d = seen[:-1, :-1], seen[1:, :-1], seen[1:, 1:], seen[:-1, 1:]
    normal = np.cross(c - a, d - b)
    size = np.linalg.norm(normal, axis=-1)
    facing = np.divide(normal[..., 2], size, out=np.zeros_like(size), where=size > 0)
    depth = (a + b + c + d)[..., 2]
    share = (shares[:-1, :-1] + shares[1:, :-1] + shares[1:, 1:] + shares[:-1, 1:]) / 4
    rows, columns = np.nonzero(facing > 0)
    order = np.argsort(depth[rows, columns], kind="stable")
    out: list[Shape] = []
    for i, j in zip(rows[order], columns[order], strict=True):
        corners = [points[i, j], points[i + 1, j], points[i + 1, j + 1], points[i, j + 1]]
        color = _lit(color_at(float(share[i, j]), stops), float(facing[i, j]))
        out.append(Polygon(points=tuple(page(p) for p in corners), fill=color, stroke=color, width=0.6))
    return out


def _lit(color: str, facing: float) -> str:
    light = 0.72 + 0.28 * min(1.0, 1.1 * facing)
    return "#" + "".join(f"{round(light * int(color[k : k + 2], 16)):02x}" for k in (1, 3, 5))


Marks = list[tuple[float, list[Shape]]]


def _axes(state: dict[str, Any], out: Any, page: Any) -> Marks:
    found: Marks = []
    for axis in state["axes"]:
        v = np.asarray(axis["vector"])
        r = max(out(v), 0.05)
        (x1, y1), (x2, y2) = page(v * (r + 0.02)), page(v * max(r + 0.1, 1.16))
        color = RELATION if axis["crystal"] else INK
        x, y = page(v * (max(r + 0.1, 1.16) + 0.08))
        name = Text(x=x, y=y + 5, text=axis["name"], size=13, color=color, anchor="middle", bold=True)
        line = Line(x1=x1, y1=y1, x2=x2, y2=y2, color=color, width=1.4)
        found.append((float((VIEW @ v)[2]), [line, name]))
    return found


def _pins(quantity: dict[str, Any], state: dict[str, Any], sheet: str, out: Any, page: Any) -> Marks:
    """A ring where an extreme is taken, and a line to its value on the left, where nothing else is."""
    found: Marks = []
    taken: list[float] = []
    for extreme in quantity["extremes"]:
        if extreme["direction"] is None or sheet not in ("value", extreme["which"]):
            continue
        n = np.asarray(extreme["direction"])
        if state["even"] and (VIEW @ n)[2] < 0:
            n = -n
        x, y = page(n * out(n))
        level = y + 18 if any(abs(y - other) < 16 for other in taken) else y
        taken.append(level)
        text = f"{extreme['which']} {extreme['text']} {quantity['unit']}".rstrip()
        found.append(
            (
                float((VIEW @ n)[2]),
                [
                    Line(x1=14 + 7.4 * len(text), y1=level, x2=x, y2=y, color=INK, width=1.1),
                    Circle(x=x, y=y, r=4, fill="#ffffff", stroke=INK, width=1.6),
                    Text(x=14, y=level + 4, text=text, size=12, color=INK, bold=True),
                ],
            )
        )
    return found


def _chosen(direction: Array | None, out: Any, page: Any) -> Marks:
    """An arrow out of the surface along the chosen direction."""
    if direction is None:
        return []
    n = np.asarray(direction) / np.linalg.norm(direction)
    r = out(n)
    (x1, y1), (x2, y2) = page(n * r), page(n * (r + 0.3))
    length = float(np.hypot(x2 - x1, y2 - y1)) or 1.0
    ux, uy = (x2 - x1) / length, (y2 - y1) / length
    tip = min(7.0, length)
    head = ((x2, y2), (x2 - tip * ux - tip * uy / 2, y2 - tip * uy + tip * ux / 2),
            (x2 - tip * ux + tip * uy / 2, y2 - tip * uy - tip * ux / 2))  # fmt: skip
    shapes: list[Shape] = [
        Line(x1=x1, y1=y1, x2=x2 - 0.7 * tip * ux, y2=y2 - 0.7 * tip * uy, color=TIE, width=2.4),
        Polygon(points=head, fill=TIE),
        Text(x=x2 + 9 * ux, y=y2 + 9 * uy + 4, text="n", size=13, color=TIE, anchor="middle", bold=True),
    ]
    return [(float((VIEW @ n)[2]), shapes)]


def _scale(
    shapes: list[Shape],
    quantity: dict[str, Any],
    cells: Collection[str],
    scale: tuple[float, float, tuple[str, ...]],
    y: float,
) -> float:
    low, high, stops = scale
    left, width = _WIDTH / 2 - 90, 180 / _BAR
    for k in range(_BAR):
        x = left + k * width
        box = ((x, y - 9), (x + width + 0.4, y - 9), (x + width + 0.4, y), (x, y))
        shapes.append(Polygon(points=box, fill=color_at((k + 0.5) / _BAR, stops)))
    texts = [number_text(v, quantity["decimals"]) for v in (low, high)]
    shapes.append(Text(x=left - 8, y=y, text=texts[0], size=12, color=INK, anchor="end"))
    shapes.append(Text(x=left + 188, y=y, text=f"{texts[1]} {quantity['unit']}".rstrip(), size=12, color=INK))
    what = f"part of {', '.join(sorted(cells))[:60]}" if cells else quantity["title"]
    y += 17
    shapes.append(Text(x=_WIDTH / 2, y=y, text=f"colour: {what}", size=12, color=INK, anchor="middle"))
    return y + 4
