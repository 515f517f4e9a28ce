"""The quickstart in a real JupyterLab: run, hover, click, keyboard, themes, widths, and without a kernel."""

import ast
import json
import re

import pytest
from page_probes import CLIPPED, COLLIDING, CONTRAST

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]

NAME = "00_quickstart.ipynb"
DIAGRAM = ".cn-root[data-kind=tensor]"
#: Story, crystal, prediction, tensor and surface of the explanation; two tensors alone; the large viewer.
#: The views of a tab that is not open are there and cannot be seen.
N_VIEWS = 8
N_PICTURES = 4


@pytest.fixture(scope="module")
def opened(lab, notebook):
    lab.open(notebook(NAME))
    lab.command("application:toggle-left-area")
    lab.run_all()
    assert lab.errors() == []
    for k in range(N_VIEWS):
        lab.page.locator(".cn-root[data-status=idle]").nth(k).wait_for(state="attached")
    return lab


@pytest.fixture
def journey(opened):
    """The opened notebook as a reader finds it: light, wide, nothing selected, the pointer elsewhere."""
    opened.page.set_viewport_size({"width": 1400, "height": 1000})
    opened.theme("JupyterLab Light", light=True)
    opened.page.mouse.move(5, 5)
    opened.run_cell_with("view = cn.explain(crystal)")
    opened.page.locator(f"{DIAGRAM}[data-status=idle]").first.wait_for()
    return opened


def clean(lab):
    """Nothing went wrong in the page, and nothing left the machine."""
    assert lab.console_errors == []
    assert lab.outside == []


def no_picture(lab):
    """While the views live, their pictures are hidden (the view is drawn a moment after its cell has run)."""
    for _ in range(20):
        if lab.visible_pictures() == 0:
            return
        lab.page.wait_for_timeout(100)
    assert lab.visible_pictures() == 0


def assert_python_reads(lab, wanted):
    """The selection arrives in Python; widgets hold a message back while an earlier one is on its way."""
    for _ in range(5):
        text = str(ast.literal_eval(lab.run_cell_with("view.session.selected()"))["cells"])
        if text == wanted:
            return
        lab.page.wait_for_timeout(200)
    assert text == wanted


def test_runs_and_the_check_cell_holds(opened):
    journey = opened
    prompts = journey.prompts()
    assert prompts == [f"[{k + 1}]:" for k in range(len(prompts))]
    assert (
        journey.page.locator(".jp-OutputArea-output[data-mime-type='application/vnd.jupyter.stderr']").count()
        == 0
    )
    # Run again: by now every view has drawn itself, and would have reported a fault.
    assert "all of it holds" in journey.run_cell_with("all of it holds")
    clean(journey)


def test_hover_joins_the_family_without_the_kernel(journey, screenshots):
    view = journey.page.locator(DIAGRAM).nth(1)
    journey.settle(view)
    sent = journey.n_sent
    view.locator("[data-cell=c14]").hover()
    joined = view.locator(".cn-lines-active path").evaluate_all(
        "(ls) => ls.map((l) => [l.dataset.to, l.getAttribute('class')])"
    )
    assert sorted(joined) == [["c24", "cn-line cn-line-opposite"], ["c56", "cn-line cn-line-equal"]]
    family = view.locator("[data-family]").evaluate_all("(cs) => cs.map((c) => c.dataset.cell)")
    assert sorted(family) == ["c14", "c24", "c56"]
    view.screenshot(path=screenshots / "elastic-hover.png")
    journey.page.mouse.move(5, 5)
    assert view.locator(".cn-lines-active path").count() == 0
    assert journey.n_sent == sent  # nothing went through the kernel


def test_pointing_never_moves_the_page(journey):
    # A panel that grew with its text once shifted the diagram under the pointer: a click hit another cell.
    view = journey.page.locator(DIAGRAM).nth(1)
    journey.settle(view)
    heights = set()
    for cell in view.locator("[data-cell]").all():
        cell.hover()
        heights.add(view.evaluate("(v) => v.getBoundingClientRect().height"))
    assert len(heights) == 1


def test_click_is_read_in_python_and_names_the_reason(journey, screenshots):
    view = journey.page.locator(DIAGRAM).first
    assert_python_reads(journey, "[]")
    journey.settle(view.locator("[data-cell=eps13]")).click()
    detail = view.locator(".cn-detail").inner_text()
    assert "eps13 = 0" in detail
    assert "twofold rotation about [100]" in detail
    assert "Guaranteed by construction" in detail
    assert_python_reads(journey, "['eps13']")
    journey.settle(view.locator("[data-cell=eps11]")).click(modifiers=["Shift"])
    assert_python_reads(journey, "['eps13', 'eps11']")
    assert "learned by gmtnet-dielectric" in view.locator(".cn-detail").inner_text()
    view.screenshot(path=screenshots / "dielectric-selected.png")
    clean(journey)


def test_keyboard_reaches_everything_and_stays_inside(journey):
    page, view = journey.page, journey.page.locator(DIAGRAM).first
    n_cells = page.locator(".jp-Cell").count()
    view.locator("[data-cell=eps11]").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.dataset.cell") == "eps13"
    assert "zero by symmetry" in page.evaluate("document.activeElement.getAttribute('aria-label')")
    for key in ("b", "a", "x", "d", "d", "1"):  # commands of the notebook
        page.keyboard.press(key)
    assert page.locator(".jp-Cell").count() == n_cells
    page.keyboard.press("Enter")
    assert view.locator("[data-cell=eps13]").get_attribute("aria-selected") == "true"
    assert "twofold rotation" in view.locator(".cn-live").inner_text()
    page.keyboard.press("End")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.dataset.cell") == "eps33"
    page.keyboard.press("Escape")
    assert view.locator("[aria-selected=true]").count() == 0
    page.keyboard.press("Escape")
    assert not page.evaluate("document.querySelector('.cn-root').contains(document.activeElement)")
    assert page.evaluate("document.activeElement.closest('.jp-Notebook') !== null")
    assert_python_reads(journey, "[]")
    clean(journey)


@pytest.mark.parametrize("width", [1400, 700])
def test_legible_in_both_themes_at_both_widths(journey, screenshots, width):
    page = journey.page
    page.set_viewport_size({"width": width, "height": 1000})
    before = journey.prompts()
    for theme, light in (("JupyterLab Light", True), ("JupyterLab Dark", False)):
        journey.theme(theme, light=light)
        views = page.locator(".cn-root:visible")
        assert views.count() == N_VIEWS
        for k in range(N_VIEWS):
            view = views.nth(k)
            view.scroll_into_view_if_needed()
            if view.locator("[data-cell]").count():
                view.locator("[data-cell]").first.hover()
            low, text = view.evaluate(CONTRAST)[0]
            assert low >= 4.5, f"{theme}: {text!r} has contrast {low:.2f}"
            assert view.evaluate(CLIPPED) == []
            assert view.evaluate(COLLIDING) == []
            view.screenshot(path=screenshots / f"view{k}-{'light' if light else 'dark'}-{width}.png")
        page.locator(".cn-root").first.scroll_into_view_if_needed()
        page.wait_for_timeout(500)
        page.screenshot(path=screenshots / f"page-{'light' if light else 'dark'}-{width}.png")
    assert journey.prompts() == before  # nothing was run again
    clean(journey)


def test_nglview_draws_the_crystal_on_a_transparent_page(journey, screenshots):
    canvas = journey.page.locator(".cn-ngl canvas").first
    canvas.scroll_into_view_if_needed()
    journey.theme("JupyterLab Dark", light=False)
    journey.page.wait_for_timeout(1500)
    assert canvas.evaluate("(c) => getComputedStyle(c).backgroundColor") == "rgba(0, 0, 0, 0)"
    shot = canvas.screenshot(path=screenshots / "nglview-dark.png")
    assert _n_colours(shot) > 50
    clean(journey)


def test_running_a_cell_again_leaves_no_picture_behind(journey):
    for source in ("view = cn.explain(crystal)", "cn.show(crystal)"):
        journey.run_cell_with(source)
    no_picture(journey)


def test_html_export_shows_one_picture_per_view_offline(journey, lab_server):
    nbconvert = pytest.importorskip("nbconvert")
    journey.command("docmanager:save")
    journey.page.wait_for_timeout(1500)
    body, _ = nbconvert.HTMLExporter().from_filename(str(lab_server.work / NAME))
    pictures = re.findall(r"<img[^>]*data:image/png;base64[^>]*>", body)
    assert len(pictures) == N_PICTURES


# Last: it ends the kernel of the page that all share.
def test_reopened_without_a_kernel_shows_one_picture_per_view(journey, lab_server, screenshots):
    no_picture(journey)
    journey.command("docmanager:save")
    journey.page.wait_for_timeout(1500)
    saved = json.loads((lab_server.work / NAME).read_text())
    assert "widgets" not in saved["metadata"]
    lab_server.end_sessions()
    journey.open(NAME, kernel=False)
    journey.page.wait_for_function(
        "() => document.querySelectorAll(\".jp-OutputArea-output img[src^='data:image/png']\").length >= 4"
    )
    assert journey.page.locator(".cn-root").count() == 0
    assert journey.visible_pictures() == N_PICTURES
    journey.page.locator(".jp-OutputArea-output img[src^='data:image/png']").nth(
        2
    ).scroll_into_view_if_needed()
    journey.page.screenshot(path=screenshots / "reopened.png")
    assert journey.outside == []


def _n_colours(png):
    import io

    from PIL import Image

    image = Image.open(io.BytesIO(png)).convert("RGB")
    return len(image.getcolors(maxcolors=image.width * image.height) or [])
