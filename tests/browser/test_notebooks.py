"""Notebooks in a real JupyterLab: run once, both themes without a re-run, two widths, everything legible.

The quickstart has a journey of its own in ``test_quickstart.py``.
"""

import json
import re
from pathlib import Path

import pytest
from page_probes import CLIPPED, COLLIDING, CONTRAST

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]

FOLDER = Path(__file__).parents[2] / "notebooks"
#: Executed here; tests/notebooks leaves them to this lane.
NOTEBOOKS = (
    "01_structures.ipynb",
    "02_predict.ipynb",
    "03_tensor_zeros.ipynb",
    "04_wrong_axes.ipynb",
    "05_periodic_table.ipynb",
    "05b_is_k3_real.ipynb",
    "06_matrices.ipynb",
    "07_break_symmetry.ipynb",
    "10_your_model.ipynb",
    "11_train_your_own.ipynb",
)
ROOTS = ".cn-root"
#: Views of results that show themselves: two of matrices, each beside its crystal.
SELF_SHOWN = {"06_matrices.ipynb": 4}
SHOWS = re.compile(r"\bcn\.(?:show|nye|upload|break_symmetry|periodic_table)\(")
THEMES = (("JupyterLab Light", True), ("JupyterLab Dark", False))
STDERR = ".jp-OutputArea-output[data-mime-type='application/vnd.jupyter.stderr']"
#: Height of what is inside the notebook's scroll area.
HEIGHT = "() => Math.ceil(document.querySelector('.jp-WindowedPanel-outer').scrollHeight)"


def n_views(name):
    cells = json.loads((FOLDER / name).read_text())["cells"]
    called = sum(c["cell_type"] == "code" and bool(SHOWS.search("".join(c["source"]))) for c in cells)
    return called + SELF_SHOWN.get(name, 0)


@pytest.fixture(scope="module", params=NOTEBOOKS)
def opened(request, lab, notebook):
    """One notebook after the other in the same page, each with a kernel of its own, run once."""
    lab.server.end_sessions()
    lab.console_errors.clear()  # Lab tells of the kernels that have just been ended
    lab.page.set_viewport_size({"width": 1400, "height": 1000})
    lab.open(notebook(request.param))
    lab.theme("JupyterLab Light", light=True)
    if lab.page.locator("#jp-left-stack").is_visible():
        lab.command("application:toggle-left-area")
    lab.run_all()
    assert lab.errors() == []
    lab.page.locator(f":is({ROOTS})[data-status=idle]").nth(n_views(request.param) - 1).wait_for(
        state="attached"
    )
    return lab, request.param


def test_runs_and_the_check_cell_holds(opened):
    lab, _ = opened
    prompts = lab.prompts()
    assert prompts == [f"[{k + 1}]:" for k in range(len(prompts))]
    assert lab.page.locator(STDERR).all_inner_texts() == []
    # Run again: by now every view has drawn itself, and would have reported a fault.
    assert "all of it holds" in lab.run_cell_with("all of it holds")
    assert lab.console_errors == []
    assert lab.outside == []


def test_every_view_is_live_and_no_picture_is_left(opened):
    lab, name = opened
    assert lab.page.locator(ROOTS).count() == n_views(name) > 0
    for _ in range(20):
        if lab.visible_pictures() == 0:
            break
        lab.page.wait_for_timeout(100)
    assert lab.visible_pictures() == 0


@pytest.mark.parametrize("width", [1400, 700])
def test_legible_in_both_themes_at_both_widths(opened, screenshots, width):
    lab, name = opened
    page = lab.page
    before = lab.prompts()
    for theme, light in THEMES:
        page.set_viewport_size({"width": width, "height": 1000})
        lab.theme(theme, light=light)
        for k in range(page.locator(ROOTS).count()):
            view = lab.settle(page.locator(ROOTS).nth(k))
            low, text = view.evaluate(CONTRAST)[0]
            assert low >= 4.5, f"{theme}: {text!r} has contrast {low:.2f}"
            assert view.evaluate(CLIPPED) == []
            assert view.evaluate(COLLIDING) == []
        # The whole notebook on one picture, for the eye.
        page.set_viewport_size({"width": width, "height": page.evaluate(HEIGHT) + 150})
        page.locator(".jp-WindowedPanel-outer").evaluate("(e) => e.scrollTo(0, 0)")
        page.wait_for_timeout(1200)
        page.screenshot(path=screenshots / f"{name[:2]}-{'light' if light else 'dark'}-{width}.png")
    assert lab.prompts() == before  # nothing was run again
    assert lab.console_errors == []
    assert lab.outside == []


def test_no_output_sticks_out_of_a_narrow_page(opened):
    lab, _ = opened
    lab.page.set_viewport_size({"width": 700, "height": 1000})
    lab.page.wait_for_timeout(500)
    # Tables may scroll inside their own area; the notebook itself must not.
    outer = lab.page.locator(".jp-WindowedPanel-outer")
    assert outer.evaluate("(e) => e.scrollWidth <= e.clientWidth + 1")
