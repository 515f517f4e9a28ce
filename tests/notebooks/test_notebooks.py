"""Notebooks are committed clean, explain themselves, and end in a check; the rest of their checks run them.

The browser lane executes the notebooks that a module of tests/browser lists under ``NAME`` or ``NOTEBOOKS``;
nbmake executes all others, so that none is left out.
"""

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
BROWSER = Path(__file__).parents[1] / "browser"


def listed(source):
    """Names of notebooks that a module of the browser lane opens: its constants NAME and NOTEBOOKS."""
    values = [
        ast.literal_eval(node.value)
        for node in ast.parse(source).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in ("NAME", "NOTEBOOKS")
    ]
    return {name for value in values for name in ([value] if isinstance(value, str) else value)}


BROWSER_LANE = {
    name
    for path in BROWSER.glob("test_*.py")
    for name in listed(path.read_text())
    if (FOLDER / name).exists()
}
NBMAKE_LANE = sorted(p for p in NOTEBOOKS if p.name not in BROWSER_LANE)
VIEWS = re.compile(r"\bcn\.(?:show|nye|upload|explain|panel|break_symmetry|periodic_table)\(")
SECONDS = 120


def cells(path, kind):
    return [c for c in json.loads(path.read_text())["cells"] if c["cell_type"] == kind]


def source(cell):
    return "".join(cell["source"])


def faults(path):
    """What is wrong with a notebook, as a list of sentences."""
    notebook = json.loads(path.read_text())
    code = cells(path, "code")
    found = []
    if any(c["outputs"] or c["execution_count"] is not None for c in code):
        found.append("has outputs: clear them before committing")
    if "widgets" in notebook["metadata"]:
        found.append("holds widget state")
    if not code or len(source(code[0]).splitlines()) > 5:
        found.append("first code cell is longer than five lines")
    text = "\n".join(source(c) for c in notebook["cells"])
    if re.search(r"""(?:["'(\s=]/(?:home|Users|tmp|work|root|mnt|data)/)|[A-Za-z]:\\\\""", text):
        found.append("names an absolute path")
    if not code or not any(isinstance(n, ast.Assert) for n in ast.walk(ast.parse(source(code[-1])))):
        found.append("last code cell asserts nothing")
    for before, cell in zip(notebook["cells"], notebook["cells"][1:], strict=False):
        shows = cell["cell_type"] == "code" and VIEWS.search(source(cell))
        if shows and "What to click" not in source(before):
            found.append(f"no 'What to click' line above: {source(cell).splitlines()[0]}")
    if any(line.lstrip().startswith(("!", "%")) for c in code for line in source(c).splitlines()):
        found.append("uses shell or magic commands")
    return found


def test_each_notebook_has_its_lane():
    assert {
        "00_quickstart.ipynb",
        "01_structures.ipynb",
        "02_predict.ipynb",
        "03_tensor_zeros.ipynb",
    } <= BROWSER_LANE
    assert {p.name for p in NOTEBOOKS} == BROWSER_LANE | {p.name for p in NBMAKE_LANE}
    assert listed('NAME = "a.ipynb"\nNOTEBOOKS = ("b.ipynb",)\nOTHER = "c.ipynb"\nROOT: str = ""') == {
        "a.ipynb",
        "b.ipynb",
    }


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.name)
def test_notebook_is_clean(path):
    assert faults(path) == []


def test_the_linter_sees_each_fault(tmp_path):
    good = json.loads((FOLDER / "00_quickstart.ipynb").read_text())

    def after(change):
        notebook = json.loads(json.dumps(good))
        change(notebook, [c for c in notebook["cells"] if c["cell_type"] == "code"])
        path = tmp_path / "n.ipynb"
        path.write_text(json.dumps(notebook))
        return " ".join(faults(path))

    assert after(lambda n, c: None) == ""
    assert "outputs" in after(lambda n, c: c[0].update(execution_count=1))
    assert "widget state" in after(lambda n, c: n["metadata"].update(widgets={}))
    assert "five lines" in after(lambda n, c: c[0].update(source="x = 1\n" * 6))
    assert "absolute path" in after(lambda n, c: c[2].update(source='cn.as_structure("/home/me/x.cif")'))
    assert "asserts nothing" in after(lambda n, c: c[-1].update(source="1"))
    assert "What to click" in after(lambda n, c: n["cells"].insert(1, {**c[1], "id": "twice"}))
    assert "magic" in after(lambda n, c: c[2].update(source="!pip install x"))


@pytest.mark.slow
@pytest.mark.parametrize("path", NBMAKE_LANE, ids=lambda p: p.name)
def test_notebook_runs(path):
    pytest.importorskip("nbmake", reason="nbmake is not installed")
    command = [sys.executable, "-m", "pytest", "-q", "--nbmake", f"--nbmake-timeout={SECONDS}", str(path)]
    done = subprocess.run(
        [*command, "-p", "no:cacheprovider", "--override-ini=addopts="],
        capture_output=True, text=True, timeout=4 * SECONDS, check=False,
        env={**os.environ, "CRYSNB_TEST": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:]
