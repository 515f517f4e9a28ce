"""The breaking view in a real JupyterLab: drag, playback, keyboard, the model on pause, both themes."""

import json

import pytest
from page_probes import CLIPPED, CONTRAST

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]

NAME = "breaking.ipynb"
VIEW = """
import json
import crysnb as cn

view = cn.break_symmetry('SrTiO3', pattern='atom 1 z', amplitude=0.06)
view
"""
LINKED = """
from crysnb.widgets.crystal_view import crystal

scene = crystal('SrTiO3')
session = cn.link(view, scene)
scene
"""
CELLS = (
    VIEW.strip(),
    LINKED.strip(),
    """json.dumps([view.amplitude, view.pattern.name, view.result.group, len(view.result.lost), view.status,
            view.response is not None, len(scene.operations), view.cells])""",
    "[v.js_errors for v in (view, scene)]",
)
DRAG = """
async (root) => {
  const slider = root.querySelector(".cn-b-slider");
  for (let k = 0; k <= 60; k++) {
    slider.value = String(200 - 4 * k);
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    await new Promise((r) => setTimeout(r, 10));
  }
}
"""


@pytest.fixture(scope="module")
def opened(lab, lab_server):
    lab.open(lab_server.write(NAME, CELLS))
    lab.command("application:toggle-left-area")
    lab.run_all()
    assert lab.errors() == []
    lab.page.locator(".cn-root[data-kind=breaking][data-status=idle]").wait_for(timeout=60_000)
    return lab


def root(lab):
    return lab.settle(lab.page.locator(".cn-root[data-kind=breaking]").first)


def told(lab):
    return json.loads(lab.run_cell_with("json.dumps([view").strip().strip("'"))


def wait_idle(lab):
    lab.page.wait_for_timeout(400)
    lab.page.locator(".cn-root[data-kind=breaking][data-status=idle]").wait_for(timeout=60_000)


def wait_amplitude(lab, value):
    """Wait until the page shows Python's answer, then ask Python itself once."""
    lab.page.wait_for_function(
        "(v) => Math.abs(document.querySelector('[data-kind=breaking]').dataset.amplitude - v) < 1e-9",
        arg=value,
        timeout=60_000,
    )
    wait_idle(lab)
    found = told(lab)
    assert found[0] == pytest.approx(value, abs=1e-9)
    return found


def test_what_is_lost_and_the_curve_are_there(opened):
    view = root(opened)
    text = view.inner_text()
    for part in (
        "Pm-3m (221) → P4mm (99)",
        "Lost: 40 of 48 operations",
        "2 or more is due",
        "gmtnet-dielectric",
    ):
        assert part in text
    assert view.locator(".cn-b-point").count() == 13
    assert told(opened)[2:6] == ["P4mm (99)", 40, "idle", True]


def test_a_drag_reaches_python_and_the_session(opened):
    view = root(opened)
    view.locator(".cn-b-family").select_option("strain")
    opened.page.wait_for_function(
        "() => document.querySelector('.cn-b-group').textContent.includes('P4/mmm')"
    )
    sent = opened.n_sent
    view.evaluate(DRAG)
    assert opened.n_sent - sent <= 62
    found = wait_amplitude(opened, 0.05 * (200 - 240) / 200)
    assert found[1:4] == ["strain e1", "P4/mmm (123)", 32]
    assert found[6] == 32  # selected in the linked scene
    assert view.locator(".cn-b-amplitude").inner_text() == "−1 %"
    view.locator(".cn-b-kind").select_option("piezoelectric")
    opened.page.wait_for_function(
        "() => document.querySelector('.cn-b-body').textContent.includes('No zero of the')"
    )
    view.locator(".cn-b-kind").select_option("dielectric")
    wait_idle(opened)


def test_the_keyboard_moves_the_slider_and_the_curve_and_keeps_its_keys(opened):
    page, view = opened.page, root(opened)
    wait_idle(opened)
    n_cells = page.locator(".jp-Cell").count()
    view.locator(".cn-b-slider").focus()
    for key in ("ArrowRight", "ArrowRight", "b", "a", "x"):
        page.keyboard.press(key)
    found = wait_amplitude(opened, 0.05 * -38 / 200)
    assert page.locator(".jp-Cell").count() == n_cells
    wait_idle(opened)
    view.locator(".cn-b-point").first.focus()
    for key in ("End", "ArrowLeft", "Enter"):
        page.keyboard.press(key)
    found = wait_amplitude(opened, -0.05 * (3e-4) ** (1 / 12))
    assert found[1] == "strain e1"
    view.locator(".cn-b-point").nth(2).click()
    wait_amplitude(opened, -0.05 * (3e-4) ** (10 / 12))
    assert "Not detected" in view.inner_text()
    page.keyboard.press("Escape")
    assert not page.evaluate("() => document.activeElement.closest('.cn-root')")


def test_playback_runs_and_stops(opened):
    view = root(opened)
    wait_idle(opened)
    before = told(opened)[0]
    texts = set()
    view.locator(".cn-b-play").click()
    for _ in range(30):
        texts.add(view.locator(".cn-b-amplitude").inner_text())
        opened.page.wait_for_timeout(100)
    assert len(texts) > 3
    opened.page.wait_for_function("() => document.querySelector('.cn-b-play').textContent === 'Play'")
    wait_amplitude(opened, before)
    view.locator(".cn-b-play").click()
    opened.page.wait_for_timeout(300)
    view.locator(".cn-b-play").click()
    assert view.locator(".cn-b-play").inner_text() == "Play"
    wait_idle(opened)


@pytest.mark.parametrize("width", [1400, 700, 500])
def test_everything_is_legible_and_nothing_sticks_out(opened, screenshots, width):
    for theme, light in (("JupyterLab Light", True), ("JupyterLab Dark", False)):
        opened.theme(theme, light=light)
        opened.page.set_viewport_size({"width": width, "height": 1000})
        opened.page.wait_for_timeout(400)
        view = root(opened)
        low, text = view.evaluate(CONTRAST)[0]
        assert low >= 4.5, f"{text!r} has contrast {low:.2f}"
        assert view.evaluate(CLIPPED) == []
        view.screenshot(path=screenshots / f"breaking-{'light' if light else 'dark'}-{width}.png")
    opened.page.set_viewport_size({"width": 1400, "height": 1000})
    opened.theme("JupyterLab Light", light=True)
    assert opened.console_errors == []
    assert opened.outside == []
    assert opened.run_cell_with("v.js_errors").strip() == "[[], []]"
