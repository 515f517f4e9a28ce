"""The shipped ES module: there, small, and free of ways to make markup or code from text."""

import re
from pathlib import Path

import pytest

import crysnb.widgets

STATIC = Path(crysnb.widgets.__file__).parent / "static"
FRONT = Path(__file__).parents[2] / "widgets"
FORBIDDEN = {
    "innerHTML": r"\binnerHTML\b",
    "outerHTML": r"\bouterHTML\b",
    "insertAdjacentHTML": r"\binsertAdjacentHTML\b",
    "document.write": r"\bdocument\s*\.\s*write",
    "eval": r"\beval\s*\(",
    "Function": r"\bFunction\s*\(",
    "string timer": r"\bset(?:Timeout|Interval)\s*\(\s*[\"'`]",
    "network": r"\b(?:fetch|XMLHttpRequest|WebSocket|EventSource|sendBeacon)\b",
    "import()": r"\bimport\s*\(",
    "address": r"https?://(?!www\.w3\.org/2000/svg)",
    "source map": r"sourceMappingURL",
    "srcdoc": r"\bsrcdoc\b",
    "parser": r"\b(?:DOMParser|createContextualFragment|setHTMLUnsafe)\b",
}
MODULES = [*STATIC.glob("*.mjs"), *sorted((FRONT / "src").glob("*.ts"))]


@pytest.mark.parametrize("what", FORBIDDEN)
@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.name)
def test_no_way_from_text_to_markup_or_code(path, what):
    assert not re.search(FORBIDDEN[what], path.read_text(encoding="utf-8"))


def test_the_search_would_find_something():
    for line in ("el.innerHTML = x", "eval (x)", "new Function('x')", "setTimeout('x')", "document.write(x)"):
        assert any(re.search(pattern, line) for pattern in FORBIDDEN.values())


def test_the_bundle_is_one_small_module():
    modules = [p for p in STATIC.iterdir() if not p.name.startswith(".")]
    assert [p.name for p in modules] == ["widget.mjs"]
    text = modules[0].read_bytes()
    assert 5_000 < len(text) <= 150_000
    assert b"export{" in text


def test_lock_file_names_no_host():
    lock = (FRONT / "package-lock.json").read_text()
    assert '"resolved"' not in lock
    assert lock.count('"integrity"') > 50
