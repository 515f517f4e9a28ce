"""The explorer of elements as a still picture: the table, the map, and the band that noise gives."""

from __future__ import annotations

import textwrap
from collections.abc import Collection
from typing import Any

from crysnb.widgets.scene import INK, RULE, TIE, VIOLATION, Circle, Line, Polygon, Scene, Shape, Text

_TILE = 40.0
_LEFT = 14.0
_WIDTH = int(2 * _LEFT + 18 * _TILE)
_PLOT = 250.0
_MAP_WIDTH = 400.0
_GAP_ROW = 8


def elements_scene(state: dict[str, Any], color: str, selected: Collection[str], solo: int) -> Scene:
    """Picture of the state made by :func:`crysnb.widgets.elements_state.elements_state`.

    Parameters
    ----------
    state
        All that is drawn.
    color
        Name of the scheme that colours the tiles.
    selected
        Symbols with a frame.
    solo
        The one group that is not faded, or -1.
    """
    scheme = next(s for s in state["schemes"] if s["name"] == color)
    shapes: list[Shape] = [
        Text(x=_LEFT, y=28, text=state["title"][:50], size=17, color=INK, bold=True),
        Text(x=_LEFT, y=47, text=f"{state['subtitle']} · tiles: {scheme['title']}"[:100], size=12, color=INK),
    ]
    top = 62.0
    for k, element in enumerate(state["elements"]):
        shapes += _tile(element, scheme["fills"][k], top, faded=solo not in (-1, element["group"]))
        if element["symbol"] in selected:
            shapes.append(_frame(element, top))
    y = top + 9.5 * _TILE + 12
    y = _legend(shapes, scheme, y)
    shapes += _map(state, selected, solo, y)
    shapes += _chart(state, y)
    y += _PLOT + 44
    lines = [state["verdict"], state["map"]["trust"] + "."]
    lines.append(
        "Agreement (AMI) with " + ", ".join(f"{a['label']} {a['value']}" for a in state["agreement"]) + "."
    )
    lines += [notice["text"] for notice in state["notices"]]
    for text in lines:
        for line in textwrap.wrap(text, 105):
            shapes.append(Text(x=_LEFT, y=y, text=line, size=12, color=INK))
            y += 17
    return Scene(
        width=_WIDTH,
        height=int(y + 6),
        shapes=tuple(shapes),
        title=state["title"],
        description=state["verdict"],
    )


def _corner(element: dict[str, Any], top: float) -> tuple[float, float]:
    row, column = element["place"][:2]
    # The row between the two parts is half as high.
    down = row - 1 if row < _GAP_ROW else row - 1.5
    return _LEFT + (column - 1) * _TILE, top + down * _TILE


def _box(x: float, y: float, width: float, height: float) -> tuple[tuple[float, float], ...]:
    return ((x, y), (x + width, y), (x + width, y + height), (x, y + height))


def _tile(element: dict[str, Any], fill: str, top: float, *, faded: bool) -> list[Shape]:
    x, y = _corner(element, top)
    size = _TILE - 3
    strong = 0.12 if faded else 0.42
    shapes: list[Shape] = [
        Polygon(points=_box(x, y, size, size), fill=fill or None, stroke=RULE, width=0.7, opacity=strong)
    ]
    if element["status"] == "unseen":
        shapes += [
            Line(x1=x, y1=y + step, x2=x + step, y2=y, color=RULE, width=0.7)
            for step in (9.0, 18.0, 27.0, size)
        ]
    shapes.append(
        Text(
            x=x + size / 2,
            y=y + 24,
            text=element["symbol"],
            size=15,
            color=INK,
            anchor="middle",
            bold=not faded,
        )
    )
    if element["group"] >= 0:
        shapes.append(
            Text(x=x + size - 3, y=y + 11, text=str(element["group"] + 1), size=9, color=INK, anchor="end")
        )
    return shapes


def _frame(element: dict[str, Any], top: float) -> Shape:
    x, y = _corner(element, top)
    return Polygon(points=_box(x - 1, y - 1, _TILE - 1, _TILE - 1), stroke=TIE, width=2.4)


def _legend(shapes: list[Shape], scheme: dict[str, Any], y: float) -> float:
    x = _LEFT
    for entry in scheme["legend"]:
        if x > _WIDTH - 130:
            x, y = _LEFT, y + 18
        shapes.append(Circle(x=x + 5, y=y - 4, r=5, fill=entry["color"]))
        shapes.append(Text(x=x + 14, y=y, text=entry["label"], size=12, color=INK))
        x += 30 + 6.6 * len(entry["label"])
    if scheme["ends"]:
        text = f"dark {scheme['ends'][0]}, bright {scheme['ends'][1]}"
        shapes.append(Text(x=_LEFT, y=y, text=text, size=12, color=INK))
    return y + 16


def _map(state: dict[str, Any], selected: Collection[str], solo: int, top: float) -> list[Shape]:
    points = {e["symbol"]: (e["point"], e["group"]) for e in state["elements"] if e["point"] is not None}
    xs, ys = ([p[i] for p, _ in points.values()] for i in (0, 1))
    width, height = max(xs) - min(xs) or 1.0, max(ys) - min(ys) or 1.0
    colors = [g["color"] for g in state["groups"]]
    along = f"map: {state['map']['x']}; up: {state['map']['y']}"
    shapes: list[Shape] = [
        Polygon(points=_box(_LEFT, top, _MAP_WIDTH, _PLOT), stroke=RULE),
        Text(x=_LEFT, y=top + _PLOT + 16, text=along, size=11, color=INK),
    ]
    for symbol, (point, group) in points.items():
        x = _LEFT + 14 + (_MAP_WIDTH - 34) * (point[0] - min(xs)) / width
        y = top + _PLOT - 12 - (_PLOT - 24) * (point[1] - min(ys)) / height
        faded = solo not in (-1, group)
        fill = None if faded or group < 0 else colors[group]
        stroke = TIE if symbol in selected else RULE
        shapes.append(
            Circle(x=x, y=y, r=4, fill=fill, stroke=stroke, width=2.2 if symbol in selected else 0.8)
        )
        shapes.append(Text(x=x + 6, y=y + 4, text=symbol, size=10, color=INK))
    return shapes


def _chart(state: dict[str, Any], top: float) -> list[Shape]:
    bands = state["bands"]
    left, right = _LEFT + _MAP_WIDTH + 60, float(_WIDTH - _LEFT)
    high = max(max(b["silhouette"], b["high"]) for b in bands)
    low = min(0.0, *(min(b["silhouette"], b["low"]) for b in bands))
    step = min((right - left) / len(bands), 40.0)

    def level(value: float) -> float:
        return float(top + _PLOT - 14 - (_PLOT - 30) * (value - low) / (high - low or 1.0))

    shapes: list[Shape] = [
        Text(x=left - 8, y=level(v) + 4, text=f"{v:.2f}", size=11, color=INK, anchor="end")
        for v in (low, high)
    ]
    for i, band in enumerate(bands):
        x = left + step * (i + 0.5)
        a, b = level(band["low"]), level(band["high"])
        corners = ((x - step * 0.32, a), (x + step * 0.32, a), (x + step * 0.32, b), (x - step * 0.32, b))
        shapes.append(Polygon(points=corners, fill=RULE, opacity=0.45))
        inside = band["silhouette"] <= band["high"]
        color = VIOLATION if inside else TIE
        r, fill = (5, color) if band["chosen"] else (3.4, None)
        shapes.append(Circle(x=x, y=level(band["silhouette"]), r=r, fill=fill, stroke=color, width=1.6))
        shapes.append(Text(x=x, y=top + _PLOT + 2, text=str(band["k"]), size=11, color=INK, anchor="middle"))
    shapes.append(
        Text(
            x=left,
            y=top + _PLOT + 18,
            text="silhouette for k groups; grey: noise",
            size=11,
            color=INK,
        )
    )
    return shapes
