"""A scene as PNG: Pillow and the DejaVu fonts of matplotlib, no browser, no system library."""

from __future__ import annotations

import importlib.util
import io
import math
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crysnb.errors import MissingExtra, ShapeError
from crysnb.widgets.scene import INK, Circle, Line, Polygon, Scene, Shape, Text

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

#: Key of the PNG text chunk by which a live view knows its picture (widgets/src/fallback.ts).
FALLBACK_KEY = "crysnb-fallback"
_OVERSAMPLE = 2
_MAX_PIXELS = 40_000_000
_ANCHORS = {"start": "ls", "middle": "ms", "end": "rs"}


def to_png(scene: Scene, scale: float = 2, fallback_id: str = "") -> bytes:
    """The scene as PNG bytes on a transparent page.

    Parameters
    ----------
    scale
        Pixels per unit, above 0.
    fallback_id
        Written into the file, so that the live view of this picture recognises it.

    Raises
    ------
    ShapeError
        ``picture.scale`` if the picture would have no pixels or more than 40 million.
    MissingExtra
        If Pillow is not installed.
    """
    size = (
        (math.ceil(scene.width * scale), math.ceil(scene.height * scale)) if math.isfinite(scale) else (0, 0)
    )
    if min(size) < 1 or size[0] * size[1] * _OVERSAMPLE**2 > _MAX_PIXELS:
        raise ShapeError("picture.scale", found=f"scale {scale}", accepted="about 0.1 to 6")
    try:
        from PIL import Image, ImageColor, ImageDraw
        from PIL.PngImagePlugin import PngInfo
    except ImportError as error:
        raise MissingExtra(
            "extra.notebook", found="PNG pictures need Pillow", action="pip install 'crysnb[notebook]'"
        ) from error
    factor = scale * _OVERSAMPLE
    # Transparent pixels carry the ink's colour, so that soft edges do not darken.
    page = Image.new("RGBA", (size[0] * _OVERSAMPLE, size[1] * _OVERSAMPLE), (*ImageColor.getrgb(INK)[:3], 0))
    pen = ImageDraw.Draw(page)
    for shape in scene.shapes:
        if isinstance(shape, Polygon) and shape.fill and shape.opacity < 1:
            # A pen replaces pixels; only a layer of its own lets what is below shine through.
            color = (*ImageColor.getrgb(shape.fill)[:3], 0)
            layer = Image.new("RGBA", page.size, color)
            area = (*color[:3], round(255 * shape.opacity))
            ImageDraw.Draw(layer).polygon([(x * factor, y * factor) for x, y in shape.points], fill=area)
            page.alpha_composite(layer)
            shape = replace(shape, fill=None)  # noqa: PLW2901 - its outline is drawn as usual
        _draw(pen, shape, factor)
    info = PngInfo()
    if fallback_id:
        info.add_text(FALLBACK_KEY, fallback_id)
    out = io.BytesIO()
    picture = page.resize(size, Image.Resampling.BOX)
    # Flat colours and soft edges need no more than a palette: a third of the bytes in every saved notebook.
    small = picture.quantize(256, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    small.save(out, "PNG", pnginfo=info, compress_level=9)
    return out.getvalue()


def _draw(pen: ImageDraw, shape: Shape, f: float) -> None:
    if isinstance(shape, Line):
        for x1, y1, x2, y2 in _strokes(shape):
            pen.line((x1 * f, y1 * f, x2 * f, y2 * f), fill=shape.color, width=max(round(shape.width * f), 1))
    elif isinstance(shape, Circle):
        box = [
            (shape.x - shape.r) * f,
            (shape.y - shape.r) * f,
            (shape.x + shape.r) * f,
            (shape.y + shape.r) * f,
        ]
        pen.ellipse(
            box, fill=shape.fill, outline=shape.stroke, width=round(shape.width * f) if shape.stroke else 0
        )
    elif isinstance(shape, Polygon):
        points = [(x * f, y * f) for x, y in shape.points]
        if shape.fill:
            pen.polygon(points, fill=shape.fill)
        if shape.stroke and shape.dash:
            for (x1, y1), (x2, y2) in zip(shape.points, [*shape.points[1:], shape.points[0]], strict=True):
                ends = {"x1": x1, "y1": y1, "x2": x2, "y2": y2}
                _draw(pen, Line(**ends, color=shape.stroke, width=shape.width, dash=shape.dash), f)
        elif shape.stroke:
            pen.line(
                [*points, points[0]], fill=shape.stroke, width=max(round(shape.width * f), 1), joint="curve"
            )
    else:
        _draw_text(pen, shape, f)


def _draw_text(pen: ImageDraw, shape: Text, f: float) -> None:
    pen.text((shape.x * f, shape.y * f), shape.text, fill=shape.color, anchor=_ANCHORS[shape.anchor],
             font=_font(round(shape.size * f), bold=shape.bold))  # fmt: skip


def _strokes(line: Line) -> list[tuple[float, float, float, float]]:
    length = math.hypot(line.x2 - line.x1, line.y2 - line.y1)
    if not line.dash or length == 0:
        return [(line.x1, line.y1, line.x2, line.y2)]
    ux, uy = (line.x2 - line.x1) / length, (line.y2 - line.y1) / length
    strokes, at, k = [], 0.0, 0
    while at < length:
        end = min(at + line.dash[k % len(line.dash)], length)
        if k % 2 == 0:
            strokes.append((line.x1 + ux * at, line.y1 + uy * at, line.x1 + ux * end, line.y1 + uy * end))
        at, k = end, k + 1
    return strokes


@lru_cache(maxsize=64)
def _font(size: int, *, bold: bool) -> Any:
    from PIL import ImageFont

    spec = importlib.util.find_spec("matplotlib")  # finds the folder without importing matplotlib
    for folder in (spec.submodule_search_locations or []) if spec is not None else []:
        path = (
            Path(folder)
            / "mpl-data"
            / "fonts"
            / "ttf"
            / ("DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf")
        )
        if path.is_file():
            return ImageFont.truetype(str(path), size)
    return ImageFont.load_default(size)
