"""The still picture of the structure view: the crystal with a head and a legend."""

from __future__ import annotations

from crysnb.widgets.crystal_drawing import CrystalDrawing
from crysnb.widgets.crystal_scene import Extras, crystal_shapes
from crysnb.widgets.element_colors import element_color
from crysnb.widgets.scene import INK, Circle, Scene, Shape, Text

_SIZE = 360.0
_LEGEND_WIDTH = 150
_MARGIN = 10.0
_HEAD = 52.0


def structure_scene(
    drawing: CrystalDrawing,
    title: str,
    subtitle: str,
    *,
    bare: bool = False,
    extras: Extras | None = None,
    captions: tuple[str, ...] = (),
) -> Scene:
    """Picture of a drawing; with title and legend of its elements unless ``bare``.

    Parameters
    ----------
    extras
        What is drawn beside atoms, bonds and cell.
    captions
        Lines below the picture.
    """
    top = 0.0 if bare else _HEAD
    head: list[Shape] = [
        Text(x=14, y=26, text=title[:40], size=16, color=INK, bold=True),
        Text(x=14, y=45, text=subtitle[:60], size=12, color=INK),
    ]
    return Scene(
        width=int(_SIZE) + (0 if bare else _LEGEND_WIDTH),
        height=int(_SIZE + top) + 20 * len(captions),
        shapes=(
            *(() if bare else head),
            *crystal_shapes(drawing, _SIZE, _MARGIN, top, extras),
            *(() if bare else _legend(drawing)),
            *(
                Text(x=14, y=_SIZE + top + 12 + 20 * k, text=line[:80], size=12, color=INK)
                for k, line in enumerate(captions)
            ),
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
