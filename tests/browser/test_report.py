"""The page of ``crysnb explain`` and the exported notebook: opened offline, with scripts and without."""

import subprocess
import sys

import pytest

pytest.importorskip("anywidget", reason="the notebook extra is not installed")
from crysnb.structure.write import cif_text

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]

NAMES = "(items) => items.map((i) => i.dataset.operation ?? i.dataset.cell).sort()"
CANARY = "<img src=x onerror='window.canary=1'><script>window.canary=1</script>"
#: A name that is one word of a CIF, as markup in it would be.
WORD = CANARY.replace(" ", "_")
MARKED = f"""data_{WORD}
_chemical_name_common "{CANARY}"
_publ_author_name "{CANARY}"
""" + cif_text("GaN").partition("data_GaN\n")[2]  # fmt: skip


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """Pages as the command writes them: one of a bundled crystal, one of a file full of markup."""
    folder = tmp_path_factory.mktemp("report")
    (folder / "marked.cif").write_text(MARKED.replace("Ga1", f"Ga1{WORD}") if "Ga1" in MARKED else MARKED)
    out = {}
    for name, source in (("quartz", "quartz"), ("marked", str(folder / "marked.cif"))):
        path = folder / f"{name}.html"
        done = subprocess.run(
            [sys.executable, "-m", "crysnb", "explain", source, "-o", str(path)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        out[name] = path
    return out


@pytest.fixture
def opened(browser, report):
    contexts = []

    def open_page(name, *, scripts=True):
        context = browser.new_context(viewport={"width": 1200, "height": 900}, java_script_enabled=scripts)
        contexts.append(context)
        context.set_offline(True)
        page = context.new_page()
        page.faults = []
        page.on("console", lambda m: page.faults.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda e: page.faults.append(str(e)))
        page.on("request", lambda r: _local(page, r.url))
        page.goto(f"file://{report[name]}")
        return page

    yield open_page
    for context in contexts:
        context.close()


def _local(page, url):
    if not url.startswith(("file:", "blob:", "data:")):
        page.faults.append(f"asked for {url}")


def test_the_page_is_small_and_live_and_linked(opened, report, screenshots):
    assert report["quartz"].stat().st_size < 5_000_000
    page = opened("quartz")
    page.locator(".cn-root[data-status=idle]").nth(7).wait_for()
    kinds = page.locator(".cn-root").evaluate_all("(rs) => rs.map((r) => r.dataset.kind)")
    tabs = ["tensor", "surface", "tensor", "tensor", "breaking"]
    assert kinds == ["story", "crystal", "prediction", *tabs]
    assert page.locator("img:visible").count() == 0  # the live views stand for their pictures
    page.locator("[data-cell=eps13]").hover()
    lit = page.locator(".cn-root[data-kind=crystal] [data-operation][data-lit]").evaluate_all(NAMES)
    assert lit == ["2 [100]"]
    page.locator(".cn-root[data-kind=crystal] [data-operation='2 [100]']").click()
    assert page.locator("[data-vanishing]").count() > 10  # in all three tensors
    page.screenshot(path=screenshots / "report.png", full_page=True)
    assert page.faults == []


def test_without_scripts_there_are_pictures_and_sentences(opened, screenshots):
    page = opened("quartz", scripts=False)
    assert page.locator(".cn-root").count() == 0
    pictures = page.locator("img")
    assert pictures.count() == 7
    for k in range(7):
        assert pictures.nth(k).is_visible()
        assert pictures.nth(k).get_attribute("alt")
    story = page.locator(".story")
    assert story.is_visible()
    assert "eps12 and eps13 vanish because of the twofold rotation about [100]" in story.inner_text()
    assert "learned" in story.inner_text()
    page.screenshot(path=screenshots / "report-without-scripts.png", full_page=True)
    assert page.faults == []


@pytest.mark.parametrize("scripts", [True, False])
def test_markup_of_a_file_is_nowhere_markup(opened, scripts):
    page = opened("marked", scripts=scripts)
    if scripts:
        page.locator(".cn-root[data-status=idle]").nth(5).wait_for()
        assert page.evaluate("window.canary") is None
        assert page.evaluate("document.scripts.length") == 3
    assert page.locator("img[src=x], img[onerror]").count() == 0
    assert page.faults == []
