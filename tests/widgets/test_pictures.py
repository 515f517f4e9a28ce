"""Pictures without a browser: what is in them, not their bytes."""

import io
import re
from xml.etree import ElementTree as ET

import pytest
import states

from crysnb.errors import ShapeError
from crysnb.widgets.png import FALLBACK_KEY
from crysnb.widgets.scene import INK, RELATION, TIE, VIOLATION

SVG = "{http://www.w3.org/2000/svg}"


def parse(view):
    return ET.fromstring(view.to_svg())  # noqa: S314 - our own text


def luminance(color):
    channels = [int(color[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


@pytest.mark.parametrize("name", states.VIEWS)
def test_svg_is_complete_and_inert(view, name):
    root = parse(view(name))
    tags = {element.tag for element in root.iter()}
    assert tags <= {SVG + t for t in ("svg", "title", "desc", "line", "circle", "polygon", "text")}
    assert root.find(f"{SVG}title").text
    assert root.find(f"{SVG}desc").text
    assert not any(
        attribute.startswith("on") or "href" in attribute for e in root.iter() for attribute in e.attrib
    )


@pytest.mark.parametrize("name", states.VIEWS)
def test_nothing_is_drawn_outside_the_page(view, name):
    root = parse(view(name))
    width, height = float(root.get("width")), float(root.get("height"))
    for circle in root.iter(f"{SVG}circle"):
        x, y, r = (float(circle.get(k)) for k in ("cx", "cy", "r"))
        assert r <= x <= width - r
        assert r <= y <= height - r
    for text in root.iter(f"{SVG}text"):
        x, y, size = (float(text.get(k)) for k in ("x", "y", "font-size"))
        # 0.58 em is a little more than the mean width of a letter in DejaVu Sans.
        assert x + 0.58 * size * len(text.text) * (text.get("text-anchor") == "start") < width + 6
        assert 0 < y < height


def test_nye_picture_shows_every_role(view):
    shapes = [
        e for e in parse(view("elastic")).iter() if e.tag in (f"{SVG}circle", f"{SVG}polygon", f"{SVG}line")
    ]
    # Six free discs and one in the legend; a violation is a cross of two lines.
    assert sum(e.get("fill") == INK and e.get("r") == "6" for e in shapes) == 6
    assert sum(e.get("stroke") == VIOLATION for e in shapes) == 4
    assert sum(e.get("stroke") == TIE and e.get("r") == "6" for e in shapes) == 5
    texts = [t.text for t in parse(view("elastic")).iter(f"{SVG}text")]
    assert {"86.8", "−17.9", "36.0"} <= set(texts)
    assert any("breaks the symmetry" in t for t in texts)


def test_dependent_component_is_a_diamond():
    import crysnb as cn

    root = ET.fromstring(cn.nye(cn.tensor_form("quartz", "elastic")).to_svg())  # noqa: S314
    assert (
        sum(e.get("stroke") == RELATION for e in root.iter(f"{SVG}polygon")) == 2
    )  # the cell and the legend


@pytest.mark.parametrize("color", [INK, TIE, RELATION, VIOLATION])
def test_colours_read_on_white_and_on_a_dark_notebook(color):
    # One colour cannot reach 4.5 on both; text is large or bold enough for about 4 on either.
    least = 3.8 if color == INK else 3.0
    for page in ("#ffffff", "#111111"):
        a, b = sorted((luminance(color), luminance(page)), reverse=True)
        assert (a + 0.05) / (b + 0.05) >= least


@pytest.mark.parametrize("name", states.VIEWS)
@pytest.mark.parametrize("scale", [1, 2, 2.5])
def test_png_has_the_size_of_the_picture_and_a_clear_page(view, name, scale):
    from PIL import Image

    one = view(name)
    scene = one._scene()
    width, height = scene.width, scene.height
    image = Image.open(io.BytesIO(one.to_png(scale)))
    assert image.text[FALLBACK_KEY] == one.fallback_id
    assert image.mode == "P"  # a palette is a third of the bytes
    image = image.convert("RGBA")
    assert abs(image.width - width * scale) <= 1
    assert abs(image.height - height * scale) <= 1
    assert image.getpixel((1, 1))[3] == 0
    assert image.getextrema()[3][1] >= 240
    assert len(image.getcolors(maxcolors=1 << 24)) > 5  # an empty page has one


def test_the_mark_stands_where_the_browser_looks_for_it(view):
    one = view("elastic")
    assert re.fullmatch("[0-9a-f]{32}", one.fallback_id)  # the length that the browser half counts on
    assert f"{FALLBACK_KEY}\0{one.fallback_id}".encode() in one.to_png()[:250]


@pytest.mark.parametrize("scale", [0, -1, float("nan"), float("inf"), 1000])
def test_absurd_scales_are_refused(view, scale):
    with pytest.raises(ShapeError) as caught:
        view("elastic").to_png(scale)
    assert caught.value.code == "picture.scale"


@pytest.mark.parametrize("name", states.VIEWS)
def test_html_page_stands_alone(view, name):
    page = view(name).to_html()
    assert page.startswith("<!doctype html>")
    for outside in ("http://", "https://", "//cdn"):
        assert outside not in page.replace("http://www.w3.org/2000/svg", "")
    assert page.count("<script") == page.count("</script>") == 3


def test_same_view_same_picture(view):
    a, b = view("elastic"), view("elastic")
    assert a.to_svg() == b.to_svg()
    assert a.fallback_id != b.fallback_id
