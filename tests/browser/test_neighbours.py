"""The notebook of Wyckoff sequences and fusion diagrams in a real JupyterLab: by keyboard, in both themes."""

import pytest
from page_probes import CLIPPED, COLLIDING, CONTRAST

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]

NAME = "15_neighbours.ipynb"
VIEW = ".cn-root[data-kind=structure]"
THEMES = (("JupyterLab Light", True), ("JupyterLab Dark", False))
HEIGHT = "() => Math.ceil(document.querySelector('.jp-WindowedPanel-outer').scrollHeight)"
STDERR = ".jp-OutputArea-output[data-mime-type='application/vnd.jupyter.stderr']"


@pytest.fixture(scope="module")
def page(lab, notebook):
    lab.open(notebook(NAME))
    lab.theme("JupyterLab Light", light=True)
    if lab.page.locator("#jp-left-stack").is_visible():
        lab.command("application:toggle-left-area")
    lab.run_all()
    assert lab.errors() == []
    lab.page.locator(f"{VIEW}[data-status=idle]").nth(1).wait_for(state="attached")
    return lab


def test_runs_and_the_check_cell_holds(page):
    assert page.page.locator(STDERR).all_inner_texts() == []
    assert "all of it holds" in page.run_cell_with("all of it holds")
    assert page.console_errors == []
    assert page.outside == []


def test_a_slider_moved_by_keys_moves_the_crystal(page):
    view = page.settle(page.page.locator(VIEW).first)
    before = view.locator("img.cn-still").get_attribute("src")
    handle = page.page.locator(".noUi-handle").first
    handle.focus()
    for _ in range(3):
        page.page.keyboard.press("ArrowRight")
    page.page.wait_for_function(
        "([root, before]) => document.querySelector(root + ' img.cn-still').src !== before",
        arg=[VIEW, before],
    )
    assert "changed by hand" in view.inner_text()
    page.page.get_by_role("button", name="As it was").first.press("Enter")
    page.page.wait_for_function(
        "([root, before]) => document.querySelector(root + ' img.cn-still').src === before",
        arg=[VIEW, before],
    )
    assert "changed by hand" not in view.inner_text()


def test_an_impossible_element_is_said_in_the_view(page):
    view = page.settle(page.page.locator(VIEW).first)
    field = page.page.locator(".widget-text input[type=text]").first
    field.fill("Xx")
    field.press("Enter")
    page.page.locator(f"{VIEW}[data-status=error]").first.wait_for(state="attached")
    assert "not the symbol of an element" in view.inner_text()
    assert field.input_value() == "Si"
    page.page.get_by_role("button", name="As it was").first.press("Enter")
    page.page.locator(f"{VIEW}[data-status=error]").first.wait_for(state="detached")


def test_the_explorer_follows_its_controls(page):
    picture = page.page.locator("img.widget-image").last
    before = picture.get_attribute("src")
    assert picture.bounding_box()["width"] <= 641  # as large as it was drawn
    shape = page.page.locator(".widget-dropdown select").nth(-2)
    shape.select_option("(1 3) 2")
    page.page.wait_for_function(
        "(before) => [...document.querySelectorAll('img.widget-image')].at(-1).src !== before", arg=before
    )
    assert page.errors() == []


def test_legible_in_both_themes(page, screenshots):
    for theme, light in THEMES:
        for width in (1400, 700):
            page.page.set_viewport_size({"width": width, "height": 1000})
            page.theme(theme, light=light)
            for k in range(page.page.locator(VIEW).count()):
                view = page.settle(page.page.locator(VIEW).nth(k))
                low, text = view.evaluate(CONTRAST)[0]
                assert low >= 4.5, f"{theme}: {text!r} has contrast {low:.2f}"
                assert view.evaluate(CLIPPED) == []
                assert view.evaluate(COLLIDING) == []
            page.page.set_viewport_size({"width": width, "height": page.page.evaluate(HEIGHT) + 150})
            page.page.locator(".jp-WindowedPanel-outer").evaluate("(e) => e.scrollTo(0, 0)")
            page.page.wait_for_timeout(800)
            page.page.screenshot(path=screenshots / f"15-{'light' if light else 'dark'}-{width}.png")
    outer = page.page.locator(".jp-WindowedPanel-outer")
    assert outer.evaluate("(e) => e.scrollWidth <= e.clientWidth + 1")
    assert page.console_errors == []
