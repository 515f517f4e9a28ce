"""README and docs say what is so: links lead somewhere, examples give what they show."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

import crysnb as cn
from crysnb.cli import app

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("**/*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_links_lead_to_files(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8"))
    local = [link for link in links if "://" not in link]
    assert [link for link in local if not (page.parent / link).exists()] == []


def test_the_first_screen_is_two_commands_and_a_picture() -> None:
    screen = README.splitlines()[:12]
    text = "\n".join(screen)
    assert "make lab" in text
    assert "make test" in text
    assert "](docs/images/quickstart.png)" in text


def test_the_printed_form_is_what_the_command_prints() -> None:
    shown = re.search(r"\$ crysnb (tensor .*)\n((?:.*\n)*?)…", README)
    assert shown is not None
    printed = CliRunner().invoke(app, shown.group(1).split()).stdout
    assert printed.startswith(shown.group(2))


def test_the_values_in_comments_are_what_python_gives() -> None:
    block = re.search(r"```python\n(.*?)```", README, re.DOTALL)
    assert block is not None
    names = {"cn": cn, "s": cn.as_structure("quartz"), "f": cn.tensor_form("quartz", "elastic")}
    checked = 0
    for line in block.group(1).splitlines():
        match = re.match(r"(f\.\S+(?:\(.*?\))?)\s+# (.+)", line)
        if match:
            assert repr(eval(match.group(1), names)) == match.group(2)  # noqa: S307 - our own README
            checked += 1
    assert checked == 3


def test_every_name_in_the_readme_exists() -> None:
    used = set(re.findall(r"\bcn\.([a-z_]+)", README))
    assert used <= set(dir(cn))


def test_every_command_in_the_readme_exists() -> None:
    used = set(re.findall(r"`crysnb ([a-z]+)", README))
    assert used
    for command in used:
        assert CliRunner().invoke(app, [command, "--help"]).exit_code == 0
