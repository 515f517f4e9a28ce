"""A picture as a list of shapes, drawn as SVG or PNG; both writers know nothing of crystals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Anchor = Literal["start", "middle", "end"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A straight line; ``dash`` gives lengths of stroke and gap, empty for a solid line."""

    x1: float
    y1: float
    x2: float
    y2: float
    color: str
    width: float = 1.0
    dash: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Circle:
    """A circle; no fill means hollow."""

    x: float
    y: float
    r: float
    fill: str | None = None
    stroke: str | None = None
    width: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Polygon:
    """A closed polygon."""

    points: tuple[tuple[float, float], ...]
    fill: str | None = None
    stroke: str | None = None
    width: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One line of text on its baseline."""

    x: float
    y: float
    text: str
    size: float
    color: str
    anchor: Anchor = "start"
    bold: bool = False


Shape = Line | Circle | Polygon | Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Shapes in painting order on a transparent page.

    Attributes
    ----------
    width, height
        Size in pixels at scale 1.
    title, description
        Read aloud by screen readers.
    """

    width: int
    height: int
    shapes: tuple[Shape, ...]
    title: str
    description: str


#: Middle tones that read on white and on the dark page of a notebook alike (about 4.3 to 1 on both).
INK = "#7a7a7a"
TIE = "#2f86c1"
RELATION = "#b0679a"
VIOLATION = "#d0610c"
RULE = "#9a9a9a"
