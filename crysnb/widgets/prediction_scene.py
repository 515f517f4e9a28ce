"""The prediction panel as a picture: the same cards and sentences as in the browser, without controls."""

from __future__ import annotations

import textwrap
from typing import Any

from crysnb.widgets.scene import INK, RULE, TIE, VIOLATION, Line, Scene, Shape, Text

_WIDTH, _MARGIN = 640.0, 14.0
_NOTICES = 6


def prediction_scene(state: dict[str, Any], message: str = "") -> Scene:
    """Picture of the state made by :func:`crysnb.widgets.prediction_state.panel_state`."""
    shapes: list[Shape] = [
        Text(
            x=_MARGIN,
            y=28,
            text=textwrap.shorten(state["title"], 40, placeholder="…"),
            size=17,
            color=INK,
            bold=True,
        ),
        Text(
            x=_MARGIN, y=47, text=textwrap.shorten(state["subtitle"], 88, placeholder="…"), size=12, color=INK
        ),
    ]
    y = 54.0
    for card in state["cards"]:
        y = _card(shapes, card, y)
    if not state["cards"]:
        y = _wrapped(shapes, "No prediction.", y + 4)
    y += 6
    if state["facts"]:
        y = _wrapped(shapes, _facts(state["facts"]), y)
    for notice in state["notices"][:_NOTICES]:
        y = _wrapped(shapes, f"{notice['severity']}: {notice['text']}", y)
    if message:
        y = _wrapped(shapes, message, y + 4, color=VIOLATION)
    return Scene(
        width=int(_WIDTH),
        height=int(y + _MARGIN),
        shapes=tuple(shapes),
        title=f"{state['title']}: {state['subtitle']}",
        description=state["summary"],
    )


def _card(shapes: list[Shape], card: dict[str, Any], y: float) -> float:
    h = card["headline"]
    shapes.append(Line(x1=_MARGIN, y1=y + 4, x2=_WIDTH - _MARGIN, y2=y + 4, color=RULE))
    y = _wrapped(shapes, f"{card['symbol']} ({card['property']}): {card['meaning']}", y + 8)
    value = " ".join(part for part in (h["value"], h["uncertainty"], card["unit"]) if part)
    y += 27
    shapes.append(Text(x=_MARGIN, y=y, text=value, size=20, color=INK, bold=True))
    y += 2
    if h["label"]:
        y = _wrapped(shapes, h["label"], y)
    if card["lines"]:
        y = _wrapped(shapes, _facts(card["lines"]), y)
    stamp = card["stamp"]
    if stamp is None:
        return y
    y = _wrapped(shapes, _facts(stamp["facts"]), y + 5)
    y = _wrapped(
        shapes, stamp["verdict"], y, bold=True, color=INK if stamp["severity"] == "info" else VIOLATION
    )
    if stamp["guaranteed"]:
        y = _wrapped(shapes, f"Guaranteed by construction: {stamp['guaranteed']}", y, color=TIE)
    if stamp["learned"]:
        y = _wrapped(shapes, f"Learned: {stamp['learned']}", y)
    return y


def _facts(items: list[dict[str, str]]) -> str:
    # Hard spaces keep label and value on one line.
    return "   ".join(f"{f['label']} {f['value']}".replace(" ", "\xa0") for f in items)


def _wrapped(shapes: list[Shape], text: str, y: float, *, bold: bool = False, color: str = INK) -> float:
    for line in textwrap.wrap(text, 82 if bold else 88) or [""]:
        y += 17
        shapes.append(Text(x=_MARGIN, y=y, text=line.replace("\xa0", " "), size=12, color=color, bold=bold))
    return y
