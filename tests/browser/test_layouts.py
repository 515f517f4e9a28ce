"""A broken tensor, notices, no symmetry, no nglview, views in a row, a lost kernel."""

import pytest
from page_probes import CLIPPED, COLLIDING, CONTRAST

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]

NAME = "layouts.ipynb"
STATES = """
import sys
sys.path.insert(0, {folder!r})
import ipywidgets
import states
import crysnb as cn
from crysnb.values.prediction import Notice
broken = states.elastic_view()
broken
"""
CELLS = (
    """notices = (Notice('a.b', 'error', 'Not to be used. ' * 12), Notice('c.d', 'info', 'In passing.'))
noted = cn.nye(states.prediction(notices=notices))
noted""",
    "unknown = cn.nye(states.prediction(with_symmetry=False))\nunknown",
    "sys.modules['nglview'] = None\nstill = cn.show('BaTiO3')\nstill",
    "left, right = states.forbidden_view(), states.prediction_view()\nipywidgets.HBox([left, right])",
    "[v.js_errors for v in (broken, noted, unknown, still, left, right)]",
)
N_VIEWS = 6


@pytest.fixture(scope="module")
def page(lab, lab_server):
    from pathlib import Path

    folder = str(Path(__file__).parents[1] / "widgets")
    cells = (STATES.format(folder=folder), *CELLS)
    lab.open(lab_server.write(NAME, cells))
    lab.command("application:toggle-left-area")
    lab.run_all()
    assert lab.errors() == []
    lab.page.locator(".cn-root[data-status=idle]").nth(N_VIEWS - 1).wait_for(state="attached")
    return lab


def test_everything_is_legible_and_nothing_sticks_out(page, screenshots):
    assert page.run_cell_with("js_errors").strip() == str([[]] * N_VIEWS)
    for theme, light in (("JupyterLab Light", True), ("JupyterLab Dark", False)):
        page.theme(theme, light=light)
        for k in range(N_VIEWS):
            view = page.settle(page.page.locator(".cn-root").nth(k))
            low, text = view.evaluate(CONTRAST)[0]
            assert low >= 4.5, f"{text!r} has contrast {low:.2f}"
            assert view.evaluate(CLIPPED) == []
            assert view.evaluate(COLLIDING) == []
            assert view.bounding_box()["width"] > 250
            view.screenshot(path=screenshots / f"layout{k}-{'light' if light else 'dark'}.png")
    assert page.console_errors == []
    assert page.outside == []


def test_w7_without_nglview_there_is_a_picture_and_a_message(page):
    view = page.page.locator(".cn-root[data-kind=structure]")
    assert "nglview is not installed" in view.inner_text()
    assert view.locator("img.cn-still").evaluate("(i) => i.complete && i.naturalWidth") > 100


def test_w3_when_the_kernel_goes_the_view_stays_readable_or_the_picture_returns(page, screenshots):
    page.server.end_sessions()
    page.page.wait_for_timeout(2500)
    view = page.page.locator(".cn-root").first
    page.settle(view.locator("[data-cell=c66]")).click()
    assert "below the relation" in view.locator(".cn-detail").inner_text()
    page.page.screenshot(path=screenshots / "kernel-gone.png")
    page.console_errors.clear()  # Lab reports the lost connection


@pytest.mark.parametrize("name", ["elastic", "structure"])
def test_an_exported_page_is_live_without_kernel_server_or_network(browser, tmp_path, screenshots, name):
    import sys
    from pathlib import Path

    sys.path.insert(0, str(Path(__file__).parents[1] / "widgets"))
    import states

    view = states.VIEWS[name]()
    path = tmp_path / "page.html"
    path.write_text(view.to_html(), encoding="utf-8")
    view.close()
    context = browser.new_context(offline=True, viewport={"width": 1000, "height": 900})
    tab = context.new_page()
    faults = []
    tab.on("pageerror", lambda error: faults.append(str(error)))
    tab.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    tab.goto(path.as_uri())
    root = tab.locator(".cn-root[data-status=idle]")
    root.wait_for()
    if name == "elastic":
        root.locator("[data-cell=c24]").click()
        assert "c24 = −c14" in root.locator(".cn-detail").inner_text()
    else:
        assert root.locator("img.cn-still").evaluate("(i) => i.naturalWidth") > 100
    assert tab.locator("body > img").is_hidden()  # the picture is for readers without scripts
    assert faults == []
    tab.screenshot(path=screenshots / f"export-{name}.png")
    context.close()
