"""The tensor view in a real JupyterLab: frames by mouse and keyboard, tolerance, symmetrised and repaired."""

import json
from pathlib import Path

import pytest
from page_probes import CLIPPED, COLLIDING, CONTRAST

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]

NAME = "nye.ipynb"
SETUP = """
import sys
sys.path.insert(0, {folder!r})
import json
import states
import crysnb as cn
from crysnb.tensors.convert import reorder

right = states.quartz_elastic()
right[5, 5] = 39.9
order = cn.nye(reorder(right, "standard", "vasp"), "quartz")
order
"""
CELLS = (
    "predicted = cn.nye(states.prediction())\npredicted",
    "ferro = cn.nye(states.piezoelectric().value, 'BaTiO3', 'piezoelectric')\nferro",
    """d = order.describe()
json.dumps([order.options, d['frame'], d['setting'], d['shown'], order.cells,
            d['components']['c14']['value'], d['residual'], d['check']['delta']])""",
    "json.dumps([ferro.options['symprec'], ferro.describe()['space_group'], ferro.status])",
    "order.options = {'frame': 'own', 'shown': 'given'}",
    "order.options = {'frame': 'sideways'}",
    "[v.js_errors for v in (order, predicted, ferro)]",
)
ORDER, PREDICTED, FERRO = range(3)


@pytest.fixture(scope="module")
def opened(lab, lab_server):
    folder = str(Path(__file__).parents[1] / "widgets")
    cells = (SETUP.format(folder=folder), *CELLS)
    lab.open(lab_server.write(NAME, cells))
    lab.command("application:toggle-left-area")
    lab.run_all()
    lab.page.locator(".cn-root[data-status=idle]").nth(FERRO).wait_for(state="attached")
    return lab


@pytest.fixture
def journey(opened):
    opened.page.set_viewport_size({"width": 1400, "height": 1000})
    opened.theme("JupyterLab Light", light=True)
    opened.run_cell_with("order.options = {'frame': 'own'")
    return opened


def view_at(lab, k):
    return lab.settle(lab.page.locator(".cn-root[data-kind=tensor]").nth(k))


def read_json(lab, source):
    return json.loads(lab.run_cell_with(source).strip().strip("'"))


def wait_fact(view, text):
    view.locator(".cn-fact", has_text=text).first.wait_for()


def clean(lab):
    assert lab.console_errors == []
    assert lab.outside == []
    assert lab.run_cell_with("v.js_errors").strip() == "[[], [], []]"


def test_every_view_has_choices_of_its_own(journey):
    for k in (ORDER, PREDICTED, FERRO):
        assert view_at(journey, k).locator("input[value=own]").is_checked()
    assert view_at(journey, ORDER).locator("input[value=given]").is_checked()


def test_another_frame_by_mouse_keeps_the_selection(journey):
    view = view_at(journey, ORDER)
    view.locator("[data-cell=c14]").click()
    view.locator("input[value=ieee]").click()
    wait_fact(view, "ieee, setting 1 of 2")
    view.locator(".cn-setting").select_option("1")
    wait_fact(view, "ieee, setting 2 of 2")
    assert view.locator("[data-cell=c14]").get_attribute("aria-selected") == "true"
    view.locator(".cn-rotation summary").click()
    assert " ".join(view.locator(".cn-rotation pre").inner_text().split()) == "−1 0 0 0 −1 0 0 0 1"
    options, frame, setting, shown, cells, *_ = read_json(journey, "d = order.describe()")
    assert (options["frame"], options["setting"]) == (frame, setting) == ("ieee", 1)
    assert (shown, cells) == ("given", ["c14"])
    clean(journey)


def test_another_frame_by_keyboard_keeps_focus_and_is_announced(journey):
    page, view = journey.page, view_at(journey, ORDER)
    n_cells = page.locator(".jp-Cell").count()
    view.locator("input[value=own]").focus()
    page.keyboard.press("ArrowRight")
    wait_fact(view, "nye, setting 1 of 2")
    page.keyboard.press("ArrowRight")
    wait_fact(view, "ieee, setting 1 of 2")
    assert page.evaluate("document.activeElement.value") == "ieee"
    assert view.locator(".cn-live").inner_text().startswith("Frame ieee, setting 1 of 2")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    wait_fact(view, "ieee, setting 2 of 2")
    assert "cn-setting" in page.evaluate("document.activeElement.className")
    for key in ("b", "a", "x"):
        page.keyboard.press(key)
    assert page.locator(".jp-Cell").count() == n_cells
    assert read_json(journey, "d = order.describe()")[1:3] == ["ieee", 1]
    clean(journey)


def test_the_mistake_is_named_and_undone_and_the_tensor_as_given_comes_back(journey, screenshots):
    view = view_at(journey, ORDER)
    assert "VASP" in view.locator(".cn-repair").inner_text()
    assert view.locator(".cn-banner").count() == 0
    undo = view.locator(".cn-undo")
    undo.focus()
    journey.page.keyboard.press("Enter")
    view.locator(".cn-banner").wait_for()
    assert view.locator(".cn-banner").inner_text().startswith("Repaired, not as given.")
    assert journey.page.evaluate("document.activeElement.textContent") == "Show as given"
    assert view.locator(".cn-live").inner_text().startswith("Frame own. Repaired")
    view.screenshot(path=screenshots / "nye-repaired.png")
    _, _, _, shown, _, c14, residual, delta = read_json(journey, "d = order.describe()")
    assert (shown, c14) == ("repaired", pytest.approx(-17.9))
    assert residual < 1e-9
    assert delta > 0.1  # the verdict stays that of the tensor as given
    view_at(journey, ORDER).locator(".cn-undo").click()
    view.locator(".cn-banner").wait_for(state="detached")
    assert read_json(journey, "d = order.describe()")[3] == "given"
    clean(journey)


def test_symmetrised_is_told_with_a_difference_in_every_cell(journey, screenshots):
    view = view_at(journey, ORDER)
    view.locator("input[value=symmetrised]").click()
    view.locator(".cn-banner", has_text="Symmetrised, not as given").wait_for()
    assert view.locator(".cn-change").count() > 3
    view.locator("[data-cell=c44]").click()
    assert "Given as" in view.locator(".cn-page[data-shown]").inner_text()
    view.screenshot(path=screenshots / "nye-symmetrised.png")
    _, _, _, shown, _, _, residual, delta = read_json(journey, "d = order.describe()")
    assert shown == "symmetrised"
    assert residual < 1e-9
    assert delta > 0.1
    clean(journey)


def test_the_tolerance_is_a_staircase(journey, screenshots):
    view = view_at(journey, FERRO)
    view.locator(".cn-tolerance summary").click()
    view.locator(".cn-step").nth(2).wait_for()
    assert [t.splitlines()[0] for t in view.locator(".cn-step").all_inner_texts()] == [
        "auto",
        "P4mm (99)",
        "Pm-3m (221)",
    ]
    view.screenshot(path=screenshots / "nye-tolerance.png")
    view.locator(".cn-step").nth(2).click()
    wait_fact(view, "Pm-3m (221)")
    symprec, group, status = read_json(journey, "ferro.options['symprec']")
    assert (group, status) == ("Pm-3m (221)", "idle")
    assert symprec > 0.1
    view_at(journey, FERRO).locator(".cn-step").first.click()
    wait_fact(view, "P4mm (99)")
    clean(journey)


def test_a_prediction_offers_neither_repair_nor_tolerance(journey):
    view = view_at(journey, PREDICTED)
    assert view.locator("input[value=symmetrised]").count() == 0
    assert view.locator(".cn-repair").is_hidden()
    assert view.locator(".cn-tolerance").is_hidden()
    view.locator("input[value=nye]").click()
    wait_fact(view, "nye")
    assert "before projection" in view.inner_text()


def test_a_frame_that_there_is_not_is_an_error_in_python(journey):
    assert "[view.option] frame = 'sideways'. Accepted: own, nye, ieee." in journey.run_cell_with("sideways")
    assert read_json(journey, "d = order.describe()")[1] == "own"


@pytest.mark.parametrize("width", [1400, 700, 500])
def test_everything_is_legible_and_nothing_sticks_out(journey, screenshots, width):
    view = view_at(journey, ORDER)
    view.locator("input[value=ieee]").click()
    wait_fact(view, "ieee")
    view.locator("input[value=symmetrised]").click()
    view.locator(".cn-banner").wait_for()
    for theme, light in (("JupyterLab Light", True), ("JupyterLab Dark", False)):
        journey.theme(theme, light=light)
        journey.page.set_viewport_size({"width": width, "height": 1000})
        journey.page.wait_for_timeout(400)
        for k in (ORDER, FERRO):
            view = view_at(journey, k)
            low, text = view.evaluate(CONTRAST)[0]
            assert low >= 4.5, f"{text!r} has contrast {low:.2f}"
            assert view.evaluate(CLIPPED) == []
            assert view.evaluate(COLLIDING) == []
            view.screenshot(path=screenshots / f"nye{k}-{'light' if light else 'dark'}-{width}.png")
    journey.page.set_viewport_size({"width": 1400, "height": 1000})
    clean(journey)
