"""A picture as a list of shapes, drawn as SVG or PNG; both writers know nothing of crystals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
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
    """A closed polygon; ``opacity`` is that of its fill, ``dash`` that of its outline."""

    points: tuple[tuple[float, float], ...]
    fill: str | None = None
    stroke: str | None = None
    width: float = 1.0
    opacity: float = 1.0
    dash: tuple[float, ...] = ()


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


def stacked(scenes: Sequence[Scene], gap: int = 12) -> Scene:
    """Scenes below each other as one; title and description are those of the first."""
    shapes: list[Shape] = []
    y = 0
    for scene in scenes:
        shapes += [_lowered(shape, y) for shape in scene.shapes]
        y += scene.height + gap
    return Scene(
        width=max(scene.width for scene in scenes),
        height=y - gap,
        shapes=tuple(shapes),
        title=scenes[0].title,
        description=scenes[0].description,
    )


def _lowered(shape: Shape, dy: float) -> Shape:
    if isinstance(shape, Line):
        return replace(shape, y1=shape.y1 + dy, y2=shape.y2 + dy)
    if isinstance(shape, Polygon):
        return replace(shape, points=tuple((x, y + dy) for x, y in shape.points))
    return replace(shape, y=shape.y + dy)


#: Middle tones that read on white and on the dark page of a notebook alike (about 4.3 to 1 on both).
INK = "#7a7a7a"
TIE = "#2f86c1"
RELATION = "#b0679a"
VIOLATION = "#d0610c"
RULE = "#9a9a9a"
