"""W7: without nglview, WebGL or any script there is a picture and all numbers; nothing needs ``eval``.

What the modules contain: ``tests/widgets/test_bundle.py``. No WebGL: ``widgets/test/view.test.ts``.
Pages under a content security policy, in a browser: ``tests/browser/test_policy.py``.
"""

from __future__ import annotations

import base64
import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

KINDS = ("crystal", "elastic", "structure", "panel", "upload")
BUILD = Path(__file__).parents[2] / "widgets" / "scripts" / "build.mjs"


class Seen(HTMLParser):
    """What a reader without scripts finds on a page: pictures and texts."""

    def __init__(self) -> None:
        super().__init__()
        self.pictures: list[dict[str, str | None]] = []
        self.text = ""
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag
        if tag == "img":
            self.pictures.append(dict(attrs))

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside not in ("script", "style"):
            self.text += data


@pytest.mark.parametrize("name", KINDS)
def test_a_page_without_scripts_has_the_picture_and_the_numbers(views: Any, name: str) -> None:
    view = views[name]()
    page = Seen()
    page.feed(view.to_html())
    (picture,) = page.pictures
    kind, _, content = (picture["src"] or "").partition(",")
    assert kind == "data:image/svg+xml;base64"
    assert b"<svg" in base64.b64decode(content)
    assert picture["alt"]
    rows = view.section().rows
    assert rows
    for row in rows:
        assert all(str(value) in page.text for value in row if str(value).isprintable())
    view.close()


def test_nglview_is_not_needed(views: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nglview", None)
    view = views["structure"]()
    assert view.ngl is None
    assert view.describe()["engine"] == "picture"
    assert "nglview is not installed" in view.message
    assert view.data["picture"].startswith("data:image/svg+xml;base64,")
    assert view.to_png().startswith(b"\x89PNG")
    view.close()


def test_the_build_refuses_code_made_from_text() -> None:
    """The list of the build, on lines that must not pass."""
    source = BUILD.read_text(encoding="utf-8")
    listed = re.search(r"FORBIDDEN = \[(.*?)\];", source, re.DOTALL)
    assert listed is not None
    patterns = [p.replace("\\/", "/") for p in re.findall(r"/((?:\\/|[^/\n])+)/i?", listed[1])]
    for line in ("eval(x)", "new Function('x')", "Function('x')", "a.innerHTML=x", "document.write(x)"):
        assert any(re.search(pattern, line) for pattern in patterns), line
    assert "process.exit(1)" in source
