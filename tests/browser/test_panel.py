"""The prediction panel in a real JupyterLab: a storm of slider events, cancel, errors, themes, widths."""

import json
import time
from pathlib import Path

import pytest
from page_probes import CLIPPED, CONTRAST

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]

NAME = "panel.ipynb"
SETUP = """
import sys, time
sys.path.insert(0, {folder!r})
import states
import crysnb as cn

def slow(request, step):
    for k in range(200):
        step(k, 200)
        if request.symprec != "auto" or not request.idealize:
            time.sleep(0.05)
    return states.fake_work(request, step)

def failing(request, step):
    if request.symprec != "auto":
        raise cn.OutOfDomain("domain.element", found="never trained on Pu", action="Choose another model")
    if not request.idealize:
        raise RuntimeError("deep inside")
    return states.fake_work(request, step)

panel = cn.panel("quartz")
panel
"""
CELLS = (
    "waiting = states.panel_view(work=slow)\nwaiting",
    "broken = states.panel_view(work=failing)\nbroken",
    """import json
json.dumps([panel._worker.n_started, panel.n_results, panel.options['symprec'], panel.status,
            panel.result['dielectric'].symmetry.symprec])""",
    "json.dumps([waiting.status, waiting.n_results, broken.status, broken.n_results, broken.n_dropped])",
    "[v.js_errors for v in (panel, waiting, broken)]",
)
# A thousand input events in about a second, as a hand that never rests.
STORM = """
async (root) => {
  const slider = root.querySelector(".cn-symprec");
  const start = performance.now();
  for (let k = 0; k < 1000; k++) {
    slider.value = String(-5 + (3 * k) / 999);
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    while (performance.now() - start < k) await new Promise((r) => setTimeout(r, 1));
  }
  return performance.now() - start;
}
"""
REAL, WAITING, BROKEN = range(3)


@pytest.fixture(scope="module")
def opened(lab, lab_server):
    import nbformat

    folder = str(Path(__file__).parents[1] / "widgets")
    cells = [nbformat.v4.new_code_cell(text) for text in (SETUP.format(folder=folder).strip(), *CELLS)]
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), lab_server.work / NAME)
    lab.open(NAME)
    lab.command("application:toggle-left-area")
    lab.run_all()
    assert lab.errors() == []
    lab.page.locator(".cn-root[data-status=idle]").nth(BROKEN).wait_for(state="attached")
    return lab


@pytest.fixture
def journey(opened):
    opened.page.set_viewport_size({"width": 1400, "height": 1000})
    opened.theme("JupyterLab Light", light=True)
    return opened


def panel_at(lab, k):
    return lab.settle(lab.page.locator(".cn-root[data-kind=prediction]").nth(k))


def read_json(lab, source):
    return json.loads(lab.run_cell_with(source).strip().strip("'"))


def wait_status(view, status):
    view.page.locator(f".cn-root[data-kind=prediction][data-status={status}]").first.wait_for()
    for _ in range(100):
        if view.get_attribute("data-status") == status:
            return
        view.page.wait_for_timeout(100)
    assert view.get_attribute("data-status") == status


def clean(lab):
    assert lab.console_errors == []
    assert lab.outside == []
    assert lab.run_cell_with("v.js_errors").strip() == "[[], [], []]"


def test_values_are_there_when_the_cell_has_run(journey):
    view = panel_at(journey, REAL)
    text = view.inner_text()
    for part in (
        "isotropic mean",
        "±",
        "P3_221 (154)",
        "Guaranteed by construction",
        "Learned",
        "error on its test set",
    ):
        assert part in text
    assert journey.visible_pictures() == 0
    clean(journey)


def test_w1_a_thousand_slider_events_cost_at_most_two_runs_and_end_at_the_last_value(journey):
    view = panel_at(journey, REAL)
    started, _, _, _, _ = read_json(journey, "panel._worker.n_started")
    sent = journey.n_sent
    took = view.evaluate(STORM)
    assert took < 2500
    assert journey.n_sent - sent <= 2  # the browser itself holds them back
    journey.page.wait_for_timeout(800)
    wait_status(view, "idle")
    for _ in range(30):
        after, _, symprec, status, shown = read_json(journey, "panel._worker.n_started")
        if status == "idle" and after > started:
            break
        time.sleep(0.2)
    assert 1 <= after - started <= 2
    assert symprec == 0.01
    assert shown == 0.01
    assert view.locator(".cn-symprec-text").inner_text() == "0.01 Å"
    clean(journey)


def test_cancel_appears_and_keeps_the_values(journey, screenshots):
    view = panel_at(journey, WAITING)
    before = view.locator(".cn-cards").inner_text()
    cancel = view.locator(".cn-cancel")
    view.locator(".cn-idealize").uncheck()
    wait_status(view, "running")
    assert cancel.is_hidden()
    journey.page.wait_for_timeout(1500)
    assert cancel.is_visible()
    view.locator("progress").wait_for()
    assert 0 < view.locator("progress").evaluate("(p) => p.value") < 1
    view.screenshot(path=screenshots / "panel-running.png")
    cancel.click()
    wait_status(view, "stale")
    assert "Cancelled. The values shown are for quartz" in view.locator(".cn-message").inner_text()
    assert view.locator(".cn-cards").inner_text() == before
    assert cancel.is_hidden()
    assert read_json(journey, "waiting.status")[:2] == ["stale", 1]
    view.screenshot(path=screenshots / "panel-stale.png")
    view.locator(".cn-idealize").check()  # back where the values come from
    wait_status(view, "idle")
    clean(journey)


def test_w2_an_error_is_a_line_without_a_traceback_and_the_controls_return(journey, screenshots):
    view = panel_at(journey, BROKEN)
    view.locator(".cn-auto").uncheck()
    wait_status(view, "error")
    line = view.locator(".cn-message").inner_text()
    assert line.startswith("[domain.element] never trained on Pu. Choose another model. The values shown are")
    view.screenshot(path=screenshots / "panel-error.png")
    view.locator(".cn-auto").check()
    wait_status(view, "idle")
    view.locator(".cn-idealize").uncheck()
    wait_status(view, "error")
    assert view.locator(".cn-message").inner_text().startswith("RuntimeError: ")
    view.locator(".cn-details summary").click()
    text = view.inner_text()
    assert "deep inside" in text
    for part in ("Traceback", ".py", 'File "'):
        assert part not in text
    view.locator(".cn-idealize").check()
    wait_status(view, "idle")
    view.locator(".cn-predict").click()
    for _ in range(30):
        if read_json(journey, "waiting.status")[3] == 2:
            break
        time.sleep(0.2)
    assert read_json(journey, "waiting.status")[2:] == ["idle", 2, 0]
    clean(journey)


def test_it_is_walked_with_the_keyboard_and_keeps_its_keys(journey):
    page, view = journey.page, panel_at(journey, WAITING)
    n_cells = page.locator(".jp-Cell").count()
    view.locator(".cn-model").focus()
    order = []
    for _ in range(5):
        order.append(page.evaluate("() => document.activeElement.className"))
        page.keyboard.press("Tab")
    assert [name.split()[-1] for name in order] == [
        "cn-model",
        "cn-symprec",
        "cn-auto",
        "cn-idealize",
        "cn-predict",
    ]
    view.locator(".cn-predict").focus()
    for key in ("b", "a", "x", "d", "d", "ArrowDown"):
        page.keyboard.press(key)
    assert page.locator(".jp-Cell").count() == n_cells
    page.keyboard.press("Escape")
    assert not page.evaluate("() => document.activeElement.closest('.cn-root')")


@pytest.mark.parametrize("width", [1400, 700, 500])
def test_everything_is_legible_and_nothing_sticks_out(journey, screenshots, width):
    for theme, light in (("JupyterLab Light", True), ("JupyterLab Dark", False)):
        journey.theme(theme, light=light)
        journey.page.set_viewport_size({"width": width, "height": 1000})
        journey.page.wait_for_timeout(400)
        for k in (REAL, WAITING):
            view = panel_at(journey, k)
            low, text = view.evaluate(CONTRAST)[0]
            assert low >= 4.5, f"{text!r} has contrast {low:.2f}"
            assert view.evaluate(CLIPPED) == []
            view.screenshot(path=screenshots / f"panel{k}-{'light' if light else 'dark'}-{width}.png")
    journey.page.set_viewport_size({"width": 1400, "height": 1000})  # a narrow toolbar hides the indicator
    clean(journey)
