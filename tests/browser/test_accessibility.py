"""axe-core on every view, in both themes, after idle: how many nodes it checked, and nothing serious.

The pages are the offline ones, whose browser half is the same as in a notebook. axe-core is a development
dependency of the browser half (``widgets/package.json``; ``make bundle`` installs it) and is not shipped.
"""

import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]

ROOT = Path(__file__).parents[2]
AXE = ROOT / "widgets" / "node_modules" / "axe-core" / "axe.min.js"
SERIOUS = ("serious", "critical")
NAMES = (
    "breaking",
    "crystal",
    "diamond",
    "elastic",
    "elements",
    "noise",
    "forbidden",
    "prediction",
    "story",
    "structure",
    "surface",
    "lobes",
    "matrix",
    "panel",
    "upload",
)
# The controls are left out on an offline page; here they are wanted.
WITH_CONTROLS = {
    "breaking": ('"has_controls": false', '"has_controls": true'),
    "panel": ('"has_controls": false', '"has_controls": true'),
    "upload": ('"enabled": false', '"enabled": true'),
}
# Everything that opens is opened: what is folded away is not looked at.
OPEN = "(root) => { for (const part of root.querySelectorAll('details')) part.open = true; }"
RUN = """async (root) => {
  const found = await axe.run(root, { resultTypes: ["violations", "incomplete", "passes"] });
  const nodes = new Set();
  for (const rule of [...found.passes, ...found.violations, ...found.incomplete])
    for (const node of rule.nodes) nodes.add(node.target.join(" "));
  return {
    nodes: nodes.size,
    rules: found.passes.length,
    violations: found.violations.map((v) => [v.impact, v.id, v.nodes.map((n) => n.html.slice(0, 160))]),
    incomplete: found.incomplete.map((v) => [v.impact, v.id, v.nodes.length]),
  };
}"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The offline page of a view by name."""
    for folder in ("widgets", "hostile"):
        sys.path.insert(0, str(Path(__file__).parents[1] / folder))
    import states

    from crysnb.structure.read import read
    from crysnb.widgets.upload import UploadView

    def upload():
        from crysnb.widgets.present import Shown

        view = UploadView(lambda reading: Shown(views=()))
        view.add(("NaCl.vasp", read("NaCl").structure.to(fmt="poscar").encode()), ("bad.cif", b"data_x\n"))
        return view

    made = {}

    def page(name):
        if name not in made:
            view = upload() if name == "upload" else states.VIEWS[name]()
            text = view.to_html()
            view.close()
            before, after = WITH_CONTROLS.get(name, ("", ""))
            assert before in text
            made[name] = tmp_path_factory.mktemp("pages") / f"{name}.html"
            made[name].write_text(text.replace(before, after) if before else text, encoding="utf-8")
        return made[name]

    return page


@pytest.fixture
def axe(browser):
    """Checks the view on a page that is drawn and idle."""
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: run `make bundle` or `npm ci` in widgets/")

    def check(path, theme):
        context = browser.new_context(
            color_scheme=theme, offline=True, viewport={"width": 1000, "height": 900}
        )
        tab = context.new_page()
        tab.goto(path.as_uri())
        root = tab.locator(".cn-root[data-status=idle]")
        root.wait_for(state="attached")
        root.evaluate(OPEN)
        tab.wait_for_timeout(300)
        tab.evaluate(AXE.read_text(encoding="utf-8"))
        found = root.evaluate(RUN)
        context.close()
        return found

    return check


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", NAMES)
def test_nothing_serious(pages, axe, name, theme):
    found = axe(pages(name), theme)
    print(  # noqa: T201 - the number of checked nodes is a result
        f"{name}, {theme}: {found['nodes']} nodes checked by {found['rules']} rules; "
        f"left to a person: {found['incomplete']}"
    )
    assert found["nodes"] >= 10
    assert found["rules"] >= 5
    assert [v for v in found["violations"] if v[0] in SERIOUS] == []
    assert found["violations"] == []  # nor anything less than serious


def test_axe_would_find_something(pages, axe, tmp_path):
    """A picture and a button without a name, and pale grey text."""
    end = 'document.getElementById("cn-view-" + k) });'
    bad = """
  const root = document.querySelector(".cn-root");
  const add = (tag) => root.appendChild(document.createElement(tag));
  add("img").src = "data:,"; add("button"); add("p").textContent = "pale";
  root.lastChild.style.cssText = "color: #ddd; background: #fff";"""
    text = pages("story").read_text(encoding="utf-8")
    assert end in text
    text = text.replace(end, end + bad)
    path = tmp_path / "bad.html"
    path.write_text(text, encoding="utf-8")
    found = axe(path, "light")
    assert {v[1] for v in found["violations"] if v[0] in SERIOUS} >= {
        "image-alt",
        "button-name",
        "color-contrast",
    }
