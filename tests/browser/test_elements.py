"""The explorer of elements in a real JupyterLab: brushed on map and table, by mouse and by keys alone."""

import ast
import json

import pytest
from page_probes import CLIPPED, CONTRAST

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]

NAME = "elements.ipynb"
CELLS = (
    "import json\nimport crysnb as cn\nview = cn.periodic_table('magpie-like', k=5)\nview",
    "other = cn.show('NaCl')\nsession = cn.link(view, other)\nother",
    "json.dumps([view.elements, view.options, view.result.k, view.result.is_noise, view.js_errors])",
)
VIEW = ".cn-root[data-kind=elements]"
TILE = VIEW + " .cn-table [role=option]"
POINT = VIEW + " .cn-map [role=option]"
SELECTED = """(x) => x.filter((o) => o.getAttribute("aria-selected") === "true")
  .map((o) => o.getAttribute("aria-label").split(" ")[0])"""


@pytest.fixture(scope="module")
def page(lab, lab_server):
    lab.open(lab_server.write(NAME, CELLS))
    lab.command("application:toggle-left-area")
    lab.run_all()
    assert lab.errors() == []
    lab.page.locator(f"{VIEW}[data-status=idle]").first.wait_for(state="attached")
    return lab


def in_python(lab):
    """Elements, options, number of groups, whether it is noise, faults."""
    return json.loads(ast.literal_eval(lab.run_cell_with("json.dumps")))


def tile(lab, symbol):
    numbers = {"Fe": 26, "O": 8, "Na": 11, "K": 19, "He": 2, "Og": 118}
    return lab.page.locator(f"{VIEW} .cn-table [data-item='{numbers[symbol] - 1}']")


def selected_points(lab):
    """Elements that are marked on the map."""
    return lab.page.locator(POINT).evaluate_all(SELECTED)


def test_there_are_all_elements_and_the_unseen_ones_are_hatched(page, screenshots):
    assert page.page.locator(TILE).count() == 118
    assert tile(page, "Og").get_attribute("data-status") == "unseen"
    assert tile(page, "He").get_attribute("data-status") == "left out"
    assert page.page.locator(POINT).count() == 97
    page.settle(page.page.locator(f"{VIEW} .cn-table"))
    page.page.locator(VIEW).screenshot(path=screenshots / "elements.png")


def test_a_click_in_the_table_selects_in_python_and_on_the_map(page, screenshots):
    page.settle(tile(page, "Fe")).click()
    page.page.wait_for_timeout(300)
    elements, _, k, is_noise, faults = in_python(page)
    assert (elements, k, is_noise, faults) == (["Fe"], 5, False, [])
    assert selected_points(page) == ["Fe"]
    rows = page.page.locator(f"{VIEW} .cn-near li")
    assert rows.count() == 5
    assert "transition metal" in rows.first.inner_text()
    assert page.page.locator(f"{TILE}[data-near]").count() == 5
    page.settle(tile(page, "O")).click(modifiers=["Control"])
    page.page.wait_for_timeout(300)
    assert in_python(page)[0] == ["Fe", "O"]
    page.page.locator(VIEW).screenshot(path=screenshots / "elements-click.png")


def test_a_line_around_points_selects_in_the_table_without_the_kernel(page):
    box = page.settle(page.page.locator(f"{VIEW} .cn-map")).bounding_box()
    sent = page.n_sent
    corners = [(0.05, 0.05), (0.5, 0.05), (0.5, 0.95), (0.05, 0.95)]
    spots = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in corners]
    page.page.mouse.move(*spots[0])
    page.page.mouse.down()
    for spot in spots[1:]:
        page.page.mouse.move(*spot, steps=6)
    hot = page.page.locator(f"{TILE}[data-hot]").count()
    assert hot > 5
    assert page.n_sent == sent  # brushing asks the kernel for nothing
    page.page.mouse.up()
    page.page.wait_for_timeout(400)
    marked = page.page.locator(f"{TILE}[aria-selected=true]").count()
    elements = in_python(page)[0]
    assert len(elements) == marked == len(selected_points(page)) == hot


def test_drawing_over_tiles_selects_on_the_map(page):
    a, b = (page.settle(tile(page, s)).bounding_box() for s in ("Na", "K"))
    page.page.mouse.move(a["x"] + 10, a["y"] + 10)
    page.page.mouse.down()
    page.page.mouse.move(b["x"] + 10, b["y"] + 10, steps=5)
    page.page.mouse.up()
    page.page.wait_for_timeout(400)
    assert in_python(page)[0] == ["Na", "K"]
    assert selected_points(page) == ["Na", "K"]


def test_by_keys_alone_in_the_table_and_on_the_map(page):
    n_cells = page.page.locator(".jp-Notebook .jp-Cell").count()
    page.settle(tile(page, "Na")).click()
    press = page.page.keyboard.press
    for key in ("ArrowDown", "Enter"):
        press(key)
    page.page.wait_for_timeout(300)
    assert in_python(page)[0] == ["K"]
    first = page.page.locator(f"{POINT}[tabindex='0']")
    first.focus()
    name = first.get_attribute("aria-label").split(" ")[0]
    press(" ")
    page.page.wait_for_timeout(300)
    assert selected_points(page) == [name]
    page.page.locator(f"{POINT}[tabindex='0']").focus()
    press("ArrowRight")
    press("b")
    press("Enter")
    page.page.wait_for_timeout(300)
    (moved,) = selected_points(page)
    assert moved != name
    assert len(in_python(page)[0]) == 1
    assert page.page.locator(".jp-Notebook .jp-Cell").count() == n_cells  # no key reached the notebook
    page.page.locator(f"{POINT}[tabindex='0']").focus()
    press("Escape")
    page.page.wait_for_timeout(300)
    assert in_python(page)[0] == []


def test_a_group_alone_another_colour_and_wide(page, screenshots):
    page.settle(page.page.locator(f"{VIEW} [data-group='1']")).click()
    page.page.wait_for_timeout(200)
    faded = page.page.locator(f"{TILE}[data-faded]").count()
    assert 60 < faded < 118
    page.page.locator(f"{VIEW} .cn-detail button").click()
    page.page.wait_for_timeout(300)
    elements, options, *_ = in_python(page)
    assert options["solo"] == 1
    assert len(elements) == 118 - faded
    page.page.locator(f"{VIEW} select").nth(4).select_option("32")
    page.page.locator(f"{VIEW} select").nth(3).select_option("X")
    page.page.wait_for_timeout(300)
    assert page.page.locator(f"{VIEW} .cn-table[data-wide]").count() == 1
    page.page.locator(VIEW).screenshot(path=screenshots / "elements-wide.png")
    assert in_python(page)[1]["columns"] == 32
    page.page.locator(f"{VIEW} select").nth(4).select_option("18")
    page.page.locator(f"{VIEW} select").nth(3).select_option("groups")
    page.page.locator(f"{VIEW} [data-group='1']").click()


def test_another_number_of_groups_is_computed(page):
    page.settle(page.page.locator(f"{VIEW} select").nth(1)).select_option("3")
    page.page.locator(f"{VIEW} [data-group='3']").wait_for(state="detached")
    assert in_python(page)[2] == 3


def test_joined_groups_have_a_tree(page, screenshots):
    page.settle(page.page.locator(f"{VIEW} select").first).select_option("agglomerative")
    page.page.locator(f"{VIEW} .cn-tree").wait_for(state="attached")
    leaves = page.page.locator(f"{VIEW} .cn-leaf")
    assert leaves.count() == 97
    page.settle(page.page.locator(f"{VIEW} .cn-leaf[data-leaf=Fe] circle")).click()
    page.page.wait_for_timeout(300)
    assert in_python(page)[0] == ["Fe"]
    page.page.locator(f"{VIEW} .cn-dendrogram").screenshot(path=screenshots / "elements-tree.png")


def test_it_is_legible_in_both_themes_and_nothing_sticks_out(page, screenshots):
    view = page.page.locator(VIEW)
    for theme, light in (("JupyterLab Dark", False), ("JupyterLab Light", True)):
        page.theme(theme, light=light)
        for width in (1400, 700):
            page.page.set_viewport_size({"width": width, "height": 1000})
            page.settle(page.page.locator(f"{VIEW} .cn-table"))
            page.page.wait_for_timeout(300)
            low, text = view.evaluate(CONTRAST)[0]
            view.screenshot(path=screenshots / f"elements-{'light' if light else 'dark'}-{width}.png")
            assert low >= 4.5, f"{text!r} has contrast {low:.2f}"
            assert view.evaluate(CLIPPED) == []
    page.page.set_viewport_size({"width": 1400, "height": 1000})
    assert page.console_errors == []
    assert page.outside == []
