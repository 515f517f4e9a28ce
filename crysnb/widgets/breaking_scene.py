"""The still picture of the breaking view: the distorted crystal, what is lost, and the curve of the model."""

from __future__ import annotations

import itertools
import math
import textwrap
from typing import Any

from crysnb.widgets.breaking_chart import amplitude_text, place_of
from crysnb.widgets.scene import INK, RELATION, RULE, TIE, Circle, Line, Polygon, Scene, Shape, Text

_WIDTH, _LEFT, _TOP = 640, 270.0, 62.0
_WRAP = 54
#: Box of the chart: left, right, height.
_BOX = (64.0, 620.0, 190.0)
_MOST_LINES = 11


def breaking_scene(state: dict[str, Any], message: str) -> Scene:
    """Picture of a state of :func:`crysnb.widgets.breaking_state.breaking_state`."""
    size = amplitude_text(state["amplitude"], state["unit"])
    shapes: list[Shape] = [
        Text(x=14, y=26, text=state["title"][:48], size=16, color=INK, bold=True),
        Text(x=14, y=46, text=f"{state['pattern']}, {size}"[:80], size=12, color=INK),
        *_sketch(state),
        *_words(state, message),
    ]
    height = _TOP + state["sketch"]["size"] + 24
    if state["curve"] is not None:
        shapes += _chart(state, height)
        height += _BOX[2] + 62
    return Scene(
        width=_WIDTH,
        height=int(height),
        shapes=tuple(shapes),
        title=f"{state['title']}: breaking its symmetry",
        description=state["summary"],
    )


def _sketch(state: dict[str, Any]) -> list[Shape]:
    k, a, top = state["sketch"], state["amplitude"], _TOP
    out: list[Shape] = []

    def at(points: list[float], shifts: list[float], i: int) -> tuple[float, float]:
        return points[2 * i] + a * shifts[2 * i] + 8, top + points[2 * i + 1] + a * shifts[2 * i + 1]

    for i in range(0, len(k["edges"]) // 2, 2):
        (x1, y1), (x2, y2) = (at(k["edges"], k["edge_shifts"], j) for j in (i, i + 1))
        out.append(Line(x1=x1, y1=y1, x2=x2, y2=y2, color=RULE, width=1.1))
    for i, (r, color) in enumerate(zip(k["radii"], k["colors"], strict=True)):
        x, y = at(k["points"], k["shifts"], i)
        out.append(Circle(x=x, y=y, r=r, fill=color, stroke=INK, width=1))
        x0, y0 = k["points"][2 * i] + 8, top + k["points"][2 * i + 1]
        if math.hypot(x - x0, y - y0) > 3:
            out.append(Line(x1=x0, y1=y0, x2=x, y2=y, color=TIE, width=2.2))
    out.append(
        Text(x=14, y=top + k["size"] + 12, text=f"distortion drawn × {k['drawn']}", size=11, color=INK)
    )
    return out


def _words(state: dict[str, Any], message: str) -> list[Shape]:
    names = [op["name"] for op in state["lost"]]
    lost = f"lost: {', '.join(names[:9])}{f' and {len(names) - 9} more' if len(names) > 9 else ''}"
    lines = [
        *textwrap.wrap(state["seen"], _WRAP),
        *(textwrap.wrap(lost, _WRAP) if names else []),
        *textwrap.wrap(f"no longer zero: {', '.join(state['opened']) or 'none'}", _WRAP),
        *(f"{f['label']}: {f['value']}"[:_WRAP] for f in state["facts"]),
        *textwrap.wrap(message, _WRAP),
    ]
    head = f"{state['parent_group']} to {state['group']}"
    out: list[Shape] = [Text(x=_LEFT, y=_TOP + 16, text=head[:44], size=14, color=INK, bold=True)]
    for k, line in enumerate(lines[:_MOST_LINES]):
        out.append(Text(x=_LEFT, y=_TOP + 40 + 19 * k, text=line, size=11.5, color=INK))
    return out


def _chart(state: dict[str, Any], top: float) -> list[Shape]:
    curve = state["curve"]
    left, right, height = _BOX
    base = top + 26 + height

    def x_at(share: float) -> float:
        return left + share * (right - left)

    def y_at(share: float) -> float:
        return base - share * height

    out: list[Shape] = _legend(curve, top + 14)
    if curve["band"] > 0:
        edge = x_at(curve["band"])
        corners = ((left, base), (edge, base), (edge, base - height), (left, base - height))
        out.append(Polygon(points=corners, fill=RULE, opacity=0.18))
        if edge - left > 90:
            out.append(Text(x=left + 6, y=base - height + 14, text="not detected", size=11, color=INK))
    out.append(Line(x1=left, y1=base, x2=right, y2=base, color=RULE))
    out.append(Line(x1=left, y1=base, x2=left, y2=base - height, color=RULE))
    for row in curve["rows"]:
        y = y_at(row["at"]) + 4
        out.append(Text(x=left - 6, y=y, text=row["text"], size=10.5, color=INK, anchor="end"))
    for column in curve["columns"]:
        x = x_at(column["at"])
        out.append(Text(x=x, y=base + 16, text=column["text"], size=10.5, color=INK, anchor="middle"))
    out.append(
        Line(x1=left, y1=y_at(curve["noise"]), x2=right, y2=y_at(curve["noise"]), color=INK, dash=(3.0, 4.0))
    )
    for name, color in (("changed", TIE), ("leak", RELATION)):
        out += _dots([(x_at(a), y_at(v)) for a, v in zip(curve["at"], curve[name], strict=True)], color)
    for x in map(x_at, curve["crossings"]):
        out.append(Polygon(points=((x - 5, base + 1), (x + 5, base + 1), (x, base - 8)), fill=INK))
    if state["amplitude"]:
        x = x_at(place_of(curve, state["amplitude"]))
        out.append(Line(x1=x, y1=base, x2=x, y2=base - height, color=INK, width=1.4))
    return out


def _dots(points: list[tuple[float, float]], color: str) -> list[Shape]:
    lines: list[Shape] = [
        Line(x1=a[0], y1=a[1], x2=b[0], y2=b[1], color=color, width=1.4)
        for a, b in itertools.pairwise(points)
    ]
    if color == TIE:
        return [*lines, *(Circle(x=x, y=y, r=4, fill=color) for x, y in points)]
    diamonds = [((x, y - 5), (x + 5, y), (x, y + 5), (x - 5, y)) for x, y in points]
    return [*lines, *(Polygon(points=d, fill=color) for d in diamonds)]


def _legend(curve: dict[str, Any], y: float) -> list[Shape]:
    unit = f", {curve['unit']}" if curve["unit"] else ""
    out = [*_dots([(20.0, y - 4)], TIE), *_dots([(172.0, y - 4)], RELATION)]
    for x, text in (
        (30.0, "allowed part changed"),
        (182.0, f"forbidden part (leak){unit}"),
        (350.0, "- - rounding"),
        (440.0, "▲ atoms cross the reach" if curve["crossings"] else ""),
    ):
        out.append(Text(x=x, y=y, text=text, size=11.5, color=INK))
    return out
