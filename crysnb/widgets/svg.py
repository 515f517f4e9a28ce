"""A scene as SVG. Text enters through an XML library, so it can never become markup."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from crysnb.widgets.scene import Circle, Line, Polygon, Scene, Shape, Text

_FONT = "DejaVu Sans, Verdana, Helvetica, Arial, sans-serif"
# Characters that XML 1.0 does not allow at all, escaped or not.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def to_svg(scene: Scene) -> str:
    """The scene as a standalone SVG document with a transparent page."""
    root = ET.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {scene.width} {scene.height}",
            "width": str(scene.width),
            "height": str(scene.height),
            "role": "img",
            "font-family": _FONT,
        },
    )
    ET.SubElement(root, "title").text = clean(scene.title)
    ET.SubElement(root, "desc").text = clean(scene.description)
    for shape in scene.shapes:
        root.append(_element(shape))
    return ET.tostring(root, encoding="unicode")


def clean(text: str) -> str:
    """The text without characters that XML forbids."""
    return _NOT_XML.sub("\ufffd", text)


def _element(shape: Shape) -> ET.Element:
    if isinstance(shape, Line):
        ends = {"x1": _n(shape.x1), "y1": _n(shape.y1), "x2": _n(shape.x2), "y2": _n(shape.y2)}
        stroke = {"stroke": shape.color, "stroke-width": _n(shape.width)}
        return ET.Element("line", {**ends, **stroke, **_dash(shape.dash)})
    if isinstance(shape, Circle):
        place = {"cx": _n(shape.x), "cy": _n(shape.y), "r": _n(shape.r)}
        return ET.Element("circle", {**place, **_paint(shape)})
    if isinstance(shape, Polygon):
        points = " ".join(f"{_n(x)},{_n(y)}" for x, y in shape.points)
        clear = {"fill-opacity": _n(shape.opacity)} if shape.opacity < 1 else {}
        return ET.Element("polygon", {"points": points, **_paint(shape), **clear, **_dash(shape.dash)})
    return _text(shape)


def _text(shape: Text) -> ET.Element:
    element = ET.Element(
        "text",
        {
            "x": _n(shape.x),
            "y": _n(shape.y),
            "font-size": _n(shape.size),
            "fill": shape.color,
            "text-anchor": shape.anchor,
            **({"font-weight": "bold"} if shape.bold else {}),
        },
    )
    element.text = clean(shape.text)
    return element


def _paint(shape: Circle | Polygon) -> dict[str, str]:
    stroke = {"stroke": shape.stroke, "stroke-width": _n(shape.width)} if shape.stroke else {}
    return {"fill": shape.fill or "none", **stroke}


def _dash(dash: tuple[float, ...]) -> dict[str, str]:
    return {"stroke-dasharray": " ".join(_n(d) for d in dash)} if dash else {}


def _n(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
