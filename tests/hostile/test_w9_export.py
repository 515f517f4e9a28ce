"""W9: no text of a user is a formula in an exported table, and no file has an odd name.

Source: OWASP, CSV Injection: a cell that begins with ``= + - @``, a tab or a carriage return is run.
"""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import Any

import pytest

from crysnb.errors import CrysnbError
from crysnb.files import csv_text, plain_name

KINDS = ("crystal", "elastic", "structure", "story", "panel", "upload")
CANARIES = (
    '=HYPERLINK("http://evil","x")', "+1+cmd|' /C calc'!A0", "-2+3+cmd|' /C calc'!A0", "@SUM(1+1)*cmd|x",
    "\t=1+1", "\r=1+1", "\n=1+1", "  =1+1", "=1", "\u2212cmd", "\uff1dcmd()", "\x00=1", "+a", "-", "=",
)  # fmt: skip
NUMBERS = ("1", "-1", "+1.5", "-1e-5", "\u221217.9", ".5", "-0.0000")
FORMULA = re.compile(r"\s*[=+\-@\t\r\u2212\uff1d\uff0b\uff0d\uff20]")


def _cells(text: str) -> list[str]:
    return [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]


@pytest.mark.parametrize("text", CANARIES)
def test_text_that_looks_like_a_formula_is_quoted(text: str) -> None:
    written = csv_text(["name", text], [[text, 1.5], ["x", text]])
    for cell in _cells(written):
        assert not FORMULA.match(cell), cell
        assert cell.isprintable(), cell  # a spreadsheet may drop what is not, and see the rest
    assert len(list(csv.reader(io.StringIO(written, newline="")))) == 3


@pytest.mark.parametrize("text", NUMBERS)
def test_numbers_stay_numbers(text: str) -> None:
    (cell,) = _cells(csv_text([], [[text]]))[-1:]
    assert float(cell) == float(text.replace("\u2212", "-"))


def test_other_text_is_kept_and_columns_cannot_be_added() -> None:
    hostile = "a,b\";=1;'c"
    assert _cells(csv_text(["h"], [[hostile], ["NaCl"], ["P3_221 (154)"]])) == [
        "h",
        hostile,
        "NaCl",
        "P3_221 (154)",
    ]
    for line in csv_text(["h"], [["x;=cmd()"]]).splitlines():
        assert line.startswith('"')
        assert line.endswith('"')


def test_a_canary_in_every_text_of_a_story_and_in_names_of_files(views: Any) -> None:
    from crysnb.widgets.story import Sentence
    from crysnb.widgets.story_view import StoryView

    story = StoryView("=1", [Sentence("fact", text) for text in CANARIES], [])
    zone = views["upload"]()
    zone.add(*((text, b"=1+1") for text in CANARIES))
    for view in (story, zone):
        cells = _cells(view.to_csv())
        assert len(cells) > len(CANARIES)
        assert [cell for cell in cells if FORMULA.match(cell)] == []
        view.close()


@pytest.mark.parametrize("name", KINDS)
def test_the_table_of_every_view(views: Any, name: str, tmp_path: Path) -> None:
    view = views[name]()
    rows = list(csv.reader(io.StringIO(view.to_csv(), newline="")))
    assert len(rows) >= 2
    assert len({len(row) for row in rows}) == 1
    path = view.save_csv(tmp_path)
    assert re.fullmatch(r"crysnb-[A-Za-z0-9-]{1,53}\.csv", path.name)
    assert path.read_text(encoding="utf-8-sig") == view.to_csv().replace("\r\n", "\n")
    with pytest.raises(CrysnbError) as caught:
        view.save_csv(tmp_path)
    assert caught.value.code == "file.exists"
    assert view.save_csv(tmp_path, overwrite=True) == path
    view.close()


def test_all_sites_of_a_large_crystal_are_in_the_table() -> None:
    import crysnb as cn
    from crysnb.widgets.crystal_view import crystal

    structure = cn.as_structure("spinel").copy()
    structure.make_supercell((2, 1, 1))
    for view in (crystal(structure), cn.show(structure)):
        assert len(view.to_csv().splitlines()) == len(structure) + 1 > 61
        view.close()


@pytest.mark.parametrize(
    "title",
    ["../../etc/passwd", "a\x00b", "CON", "", "x" * 500, "Ω≈ç", "a\r\nb", ".hidden", "=1+1", "\\\\host\\x"],
)
def test_names_of_files_are_plain(title: str, tmp_path: Path) -> None:
    assert re.fullmatch(r"crysnb(-[A-Za-z0-9]+)+", plain_name("crystal", title))
    assert len(plain_name("crystal", title)) <= 60
    from crysnb.widgets.story_view import StoryView

    view = StoryView(title, [], [])
    path = view.save_csv(tmp_path / ".")
    assert path.parent == tmp_path
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    view.close()
