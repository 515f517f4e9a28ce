"""The tensor view as a picture: the same cells and sentences as in the browser, and the reasons as text."""

from __future__ import annotations

import math
import textwrap
from typing import Any

from crysnb.widgets.scene import (
    INK,
    RELATION,
    RULE,
    TIE,
    VIOLATION,
    Circle,
    Line,
    Polygon,
    Scene,
    Shape,
    Text,
)

_HEAD = 30.0
_MARGIN = 14.0
_WIDTH = 640.0
_ROW = 42.0
#: Centre of the glyph inside its cell, as a share of the cell; the number stands to its right.
_GLYPH = (0.2, 0.5)
_LINES_OF_REASONS = 12
_DASH = {"equal": (), "opposite": (6.0, 4.0), "other": (2.0, 4.0)}
_LEGEND = {
    "independent": "independent",
    "equal": "equal to another",
    "opposite": "equal, opposite sign",
    "dependent": "fixed by others",
    "zero": "zero by symmetry",
    "violated": "breaks the symmetry",
    "unknown": "not determined",
}


def nye_scene(state: dict[str, Any]) -> Scene:
    """Picture of the state made by :func:`crysnb.widgets.nye_state.nye_state`."""
    shapes: list[Shape] = []
    y = _header(shapes, state)
    y = _grid(shapes, state, y)
    y = _legend(shapes, state, y + 18)
    for text, bold in _sentences(state):
        for line in textwrap.wrap(text, 84 if bold else 92) or [""]:
            y += 17
            shapes.append(Text(x=_MARGIN, y=y, text=line, size=12, color=INK, bold=bold))
    return Scene(
        width=int(_WIDTH),
        height=int(y + _MARGIN),
        shapes=tuple(shapes),
        title=f"{state['title']}: {state['subtitle']}",
        description=state["verdict"],
    )


def reason_lines(state: dict[str, Any]) -> list[str]:
    """Relations and zeros with what forces them; components with the same reason share a line."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for cell in state["cells"]:
        if cell["relation"]:
            groups.setdefault(tuple(cell["operations"]), []).append(cell["relation"])
    lines = []
    for operations, relations in groups.items():
        zeros = [r.removesuffix(" = 0") for r in relations if r.endswith(" = 0")]
        ties = [r for r in relations if not r.endswith(" = 0")]
        said = "; ".join([*ties, *([f"{', '.join(zeros)} = 0"] if zeros else [])])
        lines.append(f"{said}: {' + '.join(operations)}" if operations else said)
    return lines


def rotation_lines(state: dict[str, Any]) -> list[str]:
    """The matrix from the own frame, on one line; none for the own frame itself."""
    rotation = state["rotation"]
    rows = [", ".join(row.split()) for row in rotation["matrix"].splitlines()]
    return [f"{rotation['text']}: [{'; '.join(rows)}]"] if rows else []


def _header(shapes: list[Shape], state: dict[str, Any]) -> float:
    title = textwrap.shorten(state["title"], 40, placeholder="…")
    shapes.append(Text(x=_MARGIN, y=28, text=title, size=17, color=INK, bold=True))
    shapes.append(Text(x=_MARGIN, y=47, text=state["subtitle"], size=12, color=INK))
    y = 49.0
    for line in textwrap.wrap(
        "   ".join(f"{f['label']} {f['value']}".replace(" ", "\xa0") for f in state["facts"]), 88
    ):
        y += 17
        shapes.append(Text(x=_MARGIN, y=y, text=line.replace("\xa0", " "), size=12, color=INK))
    return y + 12


def _grid(shapes: list[Shape], state: dict[str, Any], top: float) -> float:
    rows, columns = state["shape"]
    step = 95.0 if columns == 6 else 120.0
    left = _MARGIN + _HEAD

    def center(cell: dict[str, Any]) -> tuple[float, float]:
        return left + (cell["column"] + _GLYPH[0]) * step, top + 20 + (cell["row"] + _GLYPH[1]) * _ROW

    for k, label in enumerate(state["column_labels"]):
        shapes.append(
            Text(x=left + (k + _GLYPH[0]) * step, y=top + 12, text=label, size=11, color=INK, anchor="middle")
        )
    for k, label in enumerate(state["row_labels"]):
        shapes.append(Text(x=_MARGIN + 8, y=top + 20 + (k + 0.5) * _ROW + 4, text=label, size=11, color=INK))
    places = {cell["name"]: center(cell) for cell in state["cells"]}
    shapes.extend(_skeleton(state["cells"], places))
    for cell in state["cells"]:
        x, y = places[cell["name"]]
        shapes.extend(_glyph("violated" if cell["violated"] else cell["role"], x, y, 1.0))
        if cell["text"]:
            shapes.append(Text(x=x + 12, y=y + 4.5, text=cell["text"], size=12.5, color=INK))
        if cell["change"]:
            past = x + 16 + 7.2 * len(cell["text"])
            shapes.append(Text(x=past, y=y + 4.5, text=cell["change"], size=10, color=RELATION))
    return float(top + 20 + rows * _ROW)


def _skeleton(cells: list[dict[str, Any]], places: dict[str, tuple[float, float]]) -> list[Shape]:
    """Simple ties as a shortest tree of lines, as in the browser."""
    group = {cell["name"]: cell["name"] for cell in cells}

    def root(name: str) -> str:
        while group[name] != name:
            name = group[name]
        return name

    ties = []
    for cell in cells:
        for link in cell["links"]:
            if link["sign"] != "other" and cell["name"] < link["to"]:
                (x1, y1), (x2, y2) = places[cell["name"]], places[link["to"]]
                ties.append((((x2 - x1) ** 2 + (y2 - y1) ** 2), cell["name"], link["to"], link["sign"]))
    shapes: list[Shape] = []
    for _, a, b, sign in sorted(ties):
        if root(a) == root(b):
            continue
        group[root(a)] = root(b)
        (x1, y1), (x2, y2) = places[a], places[b]
        gap = 8.0 / max(math.hypot(x2 - x1, y2 - y1), 16.0)  # lines end at the rim of the glyphs
        dx, dy = (x2 - x1) * gap, (y2 - y1) * gap
        shapes.append(
            Line(x1=x1 + dx, y1=y1 + dy, x2=x2 - dx, y2=y2 - dy, color=RULE, width=1.2, dash=_DASH[sign])
        )
    return shapes


def _glyph(role: str, x: float, y: float, size: float) -> list[Shape]:
    r = 6.0 * size
    shapes: dict[str, list[Shape]] = {
        "independent": [Circle(x=x, y=y, r=r, fill=INK)],
        "equal": [Circle(x=x, y=y, r=r, stroke=TIE, width=1.8), Circle(x=x, y=y, r=r / 2, fill=TIE)],
        "opposite": [Circle(x=x, y=y, r=r, stroke=TIE, width=1.8)],
        "dependent": [
            Polygon(
                points=((x, y - 1.2 * r), (x + 1.2 * r, y), (x, y + 1.2 * r), (x - 1.2 * r, y)),
                stroke=RELATION,
                width=1.8,
            )
        ],
        "zero": [Circle(x=x, y=y, r=2, fill=INK)],
        "violated": [
            Line(x1=x - r, y1=y - r, x2=x + r, y2=y + r, color=VIOLATION, width=3),
            Line(x1=x - r, y1=y + r, x2=x + r, y2=y - r, color=VIOLATION, width=3),
        ],
        "unknown": [Line(x1=x - r, y1=y, x2=x + r, y2=y, color=INK, width=1.8)],
    }
    return shapes[role]


def _legend(shapes: list[Shape], state: dict[str, Any], y: float) -> float:
    present = {"violated" if cell["violated"] else cell["role"] for cell in state["cells"]}
    x = start = _MARGIN + _HEAD
    for role, words in _LEGEND.items():
        if role not in present:
            continue
        width = 34 + 6.6 * len(words)
        if x + width > _WIDTH:
            x, y = start, y + 18
        shapes.extend(_glyph(role, x, y - 4, 0.75))
        shapes.append(Text(x=x + 12, y=y, text=words, size=11, color=INK))
        x += width
    return y + 10


def _sentences(state: dict[str, Any]) -> list[tuple[str, bool]]:
    lines = [(text, True) for text in (state["banner"], state["verdict"]) if text]
    reasons = reason_lines(state)
    lines += [(text, False) for text in reasons[:_LINES_OF_REASONS]]
    if len(reasons) > _LINES_OF_REASONS:
        lines.append((f"… and {len(reasons) - _LINES_OF_REASONS} more reasons", False))
    lines += [(text, False) for text in rotation_lines(state)]
    lines += [(state[key], False) for key in ("checked", "repair") if state[key]]
    lines += [(f"Guaranteed: {state['guaranteed']}", False)] if state["guaranteed"] else []
    lines += [(f"Learned: {state['learned']}", False)] if state["learned"] else []
    lines += [(f"{n['severity']}: {n['text']}", False) for n in state["notices"][:6]]
    return lines
