"""The matrix view in a real JupyterLab beside its crystal: clicked, walked by keys, both themes."""

import ast
import json
from pathlib import Path

import pytest
from page_probes import CLIPPED, CONTRAST

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]

NAME = "matrices.ipynb"
CELLS = (
    """import sys
sys.path.insert(0, {folder!r})
import json
import states
import crysnb as cn
result = cn.matrices(states.Weights(), "rutile")
view, crystal = result.view(), result.crystal()
session = cn.link(view, crystal)
view""",
    "crystal",
    "json.dumps([session.pairs, session.operations, view.options, view.js_errors + crystal.js_errors])",
    'big = cn.matrices("gmtnet-dielectric", "spinel").view(); big',
)
MATRIX, CRYSTAL = ".cn-root[data-kind=matrix]", ".cn-root[data-kind=crystal]"


@pytest.fixture(scope="module")
def page(lab, lab_server):
    folder = str(Path(__file__).parents[1] / "widgets")
    cells = [text.replace("{folder!r}", repr(folder)) for text in CELLS]
    lab.open(lab_server.write(NAME, cells))
    lab.command("application:toggle-left-area")
    lab.run_all()
    assert lab.errors() == []
    for root in (MATRIX, CRYSTAL):
        lab.page.locator(f"{root}[data-status=idle]").first.wait_for(state="attached")
    return lab


def in_python(lab):
    """Pairs, operations, options and faults."""
    return json.loads(ast.literal_eval(lab.run_cell_with("json.dumps")))


def map_of(lab):
    return lab.settle(lab.page.locator(f"{MATRIX} canvas.cn-heat").first)


def first(lab):
    return lab.page.locator(MATRIX).first


def test_a_click_selects_the_pair_with_all_that_symmetry_makes_equal(page, screenshots):
    box = map_of(page).bounding_box()
    page.page.mouse.click(box["x"] + 0.58 * box["width"], box["y"] + 0.1 * box["height"])  # Ti1, O4
    page.page.wait_for_timeout(400)
    pairs, _, _, faults = in_python(page)
    assert pairs[0] == [0, 3]
    assert len(pairs) in (4, 8)
    assert faults == []
    assert "pairs that symmetry makes equal" in first(page).inner_text()
    map_of(page).screenshot(path=screenshots / "matrix-pair.png")


def test_an_operation_shows_the_permuted_matrix_and_the_difference(page, screenshots):
    row = first(page).locator("[aria-label='Operations of the cell'] [role=option]").nth(2)
    row.click()
    page.page.wait_for_timeout(400)
    _, operations, _, faults = in_python(page)
    assert operations == ["4+ [001]"]
    assert faults == []
    assert first(page).locator(".cn-m-acted canvas").count() == 2
    assert "of the matrix that is shown = 0.078" in first(page).inner_text()


def test_layers_and_orbits_are_chosen_and_the_null_model_is_worse(page):
    first(page).locator("select").nth(2).select_option("orbit")
    page.page.wait_for_timeout(300)
    assert "Ti 2a" in first(page).locator(".cn-m-rows").inner_text()
    first(page).locator("select").nth(2).select_option("shell")
    assert "Å" in first(page).locator(".cn-m-shells").inner_text()
    first(page).locator("select").nth(2).select_option("atom")
    first(page).locator("input[type=checkbox]").check()
    page.page.wait_for_timeout(300)
    assert "exchanged at random" in first(page).locator(".cn-verdict").inner_text()
    first(page).locator("input[type=checkbox]").uncheck()
    first(page).locator("[aria-label=Layers] [role=option]").nth(2).click()
    first(page).locator("text=distance between rows").wait_for()
    _, _, options, faults = in_python(page)
    assert options["layer"] == "marks"
    assert faults == []
    first(page).locator("[aria-label=Layers] [role=option]").nth(0).click()
    page.page.wait_for_timeout(800)  # the drawing of the first layer takes the place of this one


def test_keys_walk_over_the_matrix_and_do_not_reach_the_notebook(page):
    n_cells = page.page.locator(".jp-Cell").count()
    map_of(page).focus()
    for key in ("ArrowRight", "ArrowDown", "b", "Enter"):
        page.page.keyboard.press(key)
    page.page.wait_for_timeout(300)
    assert page.page.locator(".jp-Cell").count() == n_cells
    pairs, *_ = in_python(page)
    assert pairs


@pytest.mark.parametrize(("theme", "light"), [("JupyterLab Light", True), ("JupyterLab Dark", False)])
def test_it_is_legible_in_both_themes(page, screenshots, theme, light):
    page.theme(theme, light=light)
    page.page.wait_for_timeout(600)
    for k, root in enumerate(page.page.locator(MATRIX).all()):
        root.scroll_into_view_if_needed()
        page.page.wait_for_timeout(300)
        root.screenshot(path=screenshots / f"matrix-{k}-{'light' if light else 'dark'}.png")
        assert root.evaluate(CLIPPED) == []
        low, text = root.evaluate(CONTRAST)[0]
        assert low >= 4.5, text
