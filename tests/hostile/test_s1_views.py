"""S1: text of a user never becomes markup, in any view, picture or page.

Source: pymatgen keeps CIF labels such as ``Na<script>…</script>`` (measured); saved output of a cell that the
user ran is trusted by Jupyter, so escaping is our job.
"""

from __future__ import annotations

import json
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import numpy as np
import pytest

pytest.importorskip("anywidget", reason="the notebook extra is not installed")

import crysnb as cn
from crysnb.structure.read import read
from crysnb.symmetry.detect import symmetry
from crysnb.values.prediction import Notice, Prediction
from crysnb.values.property_spec import PropertySpec
from crysnb.values.tensor_kind import DIELECTRIC
from crysnb.widgets import html
from crysnb.widgets.crystal_view import crystal
from crysnb.widgets.structure_view import StructureView

CANARIES = (
    "<script>alert('canary')</script>",
    "<img src=x onerror=alert('canary')>",
    "\"><svg onload=alert('canary')>",
    "</script><script>canary()</script>",
    "javascript:canary()",
    "]]><canary/>",
    "&lt;canary&gt;\x00\x1b\ud800",
)
NACL = """data_{name}
_chemical_name_common '{name}'
_cell_length_a 5.64
_cell_length_b 5.64
_cell_length_c 5.64
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 90
_symmetry_space_group_name_H-M 'F m -3 m'
loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
{label} Na 0 0 0
{label}2 Cl 0.5 0.5 0.5
"""


class Tags(HTMLParser):
    """Collects elements and event handlers of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.handlers: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            runs = name in ("href", "src", "action", "srcdoc") and not (value or "").startswith("data:image/")
            if name.startswith("on") or runs:
                self.handlers.append(name)


def assert_inert(view: object) -> None:
    page = view.to_html()  # type: ignore[attr-defined]
    tags = Tags()
    tags.feed(page)
    assert set(tags.tags) <= {
        "html", "head", "meta", "title", "style", "body", "div", "img", "h2", "table", "thead", "tbody", "tr",
        "th", "td", "script", "details", "summary",
    }  # fmt: skip
    assert tags.tags.count("script") == 3
    assert tags.tags.count("img") == 1
    assert tags.handlers == []
    svg = ET.fromstring(view.to_svg())  # type: ignore[attr-defined]  # noqa: S314 - our own text
    allowed = ("svg", "title", "desc", "line", "circle", "polygon", "text")
    assert {e.tag for e in svg.iter()} <= {"{http://www.w3.org/2000/svg}" + t for t in allowed}
    view.to_png()  # type: ignore[attr-defined]


def hostile_prediction(text: str) -> Prediction:
    return Prediction(
        value=np.diag([2.0, 2.0, 3.0]),
        spec=PropertySpec(name=text, symbol=text, unit="1", tensor=DIELECTRIC, meaning=text),
        model=text,
        frame=text,
        symmetry=symmetry("quartz"),
        symmetry_residual=1e-7,
        notices=(Notice(text, "warning", text),),
        structure_id=text,
        formula=text,
    )


@pytest.mark.parametrize("text", CANARIES)
def test_every_text_of_a_prediction(text: str) -> None:
    view = cn.nye(hostile_prediction(text))
    assert_inert(view)
    view.close()


@pytest.mark.parametrize("text", CANARIES)
def test_name_of_a_structure(text: str) -> None:
    view = cn.nye(np.diag([2.0, 2.0, 3.0]), cn.tensor_form("quartz", "dielectric"))
    view.close()
    with pytest.raises(cn.CrysnbError) as caught:
        cn.nye(np.diag([2.0, 2.0, 3.0]), text)
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("text", [c for c in CANARIES if "\x00" not in c and "'" not in c and '"' not in c])
def test_labels_and_block_names_of_a_cif_never_reach_the_browser(text: str) -> None:
    label = "Na" + text.replace(" ", "")
    try:
        reading = read(NACL.format(name=text.replace(" ", "_"), label=label))
    except cn.CrysnbError:
        return  # refused: nothing can reach a view
    view = StructureView(reading, symmetry(reading.structure))
    sent = json.dumps(view.get_state(["data", "message"]))
    if view.ngl is not None:
        sent += json.dumps(view.ngl.get_state(["_ngl_msg_archive"]), default=str)
        sent += json.dumps([call._ngl_msg for call in view.ngl._callbacks_before_loaded], default=str)
    assert "canary" not in sent
    assert_inert(view)
    view.close()
    scene = crystal(reading.structure)
    assert "canary" not in json.dumps(scene.get_state(["data", "message"]))
    assert_inert(scene)
    scene.close()


@pytest.mark.parametrize("text", CANARIES)
def test_names_of_what_is_laid_over_a_crystal(text: str) -> None:
    scalars = {"name": text, "unit": text, "values": range(8)}
    view = crystal("NaCl", scalars=scalars, glyphs={"name": text, "unit": text, "values": np.ones((8, 3))})
    assert_inert(view)
    view.close()


def test_json_in_a_page_cannot_end_its_script() -> None:
    text = html.script_json({"a": "</script><!--", "b": "<script>"})
    assert "<" not in text
    assert json.loads(text) == {"a": "</script><!--", "b": "<script>"}


def test_escape_covers_quotes() -> None:
    assert html.escape("<a b='c' d=\"e\">&") == "&lt;a b=&#x27;c&#x27; d=&quot;e&quot;&gt;&amp;"
