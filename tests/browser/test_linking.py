"""Linked views in a real JupyterLab: tensor, crystal, prediction and story as one, by mouse and keyboard."""

import ast
import json

import pytest
from page_probes import CLIPPED, COLLIDING, CONTRAST

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]

NAME = "09_linking.ipynb"
NAMES = "(items) => items.map((i) => i.dataset.operation ?? i.dataset.cell).sort()"
N_ROOTS = 8  # story, crystal, prediction, tensor; and four tensors alone
N_PICTURES = 5  # the explanation is one, however many views it holds


@pytest.fixture(scope="module")
def opened(lab, notebook):
    lab.open(notebook(NAME))
    lab.command("application:toggle-left-area")
    lab.run_all()
    assert lab.errors() == []
    lab.page.locator(".cn-root[data-status=idle]").nth(N_ROOTS - 1).wait_for(state="attached")
    return lab


@pytest.fixture
def journey(opened):
    opened.page.set_viewport_size({"width": 1400, "height": 1000})
    opened.theme("JupyterLab Light", light=True)
    opened.page.mouse.move(5, 5)
    opened.run_cell_with("view = cn.explain(crystal)")
    opened.page.locator(".cn-root[data-kind=tensor][data-status=idle]").first.wait_for()
    return opened


def view_of(lab, kind):
    return lab.page.locator(f".cn-root[data-kind={kind}]").first


def lit(lab):
    return view_of(lab, "crystal").locator("[data-operation][data-lit]").evaluate_all(NAMES)


def hatched(lab):
    return view_of(lab, "tensor").locator("[data-cell][data-vanishing]").evaluate_all(NAMES)


def assert_python_reads(lab, **wanted):
    """The selection arrives in Python; widgets hold a message back while an earlier one is on its way."""
    for _ in range(8):
        found = {k: v for k, v in ast.literal_eval(lab.run_cell_with("view.session.selected()")).items() if v}
        if found == wanted:
            return
        lab.page.wait_for_timeout(200)
    assert found == wanted


def clean(lab):
    assert lab.console_errors == []
    assert lab.outside == []


def test_runs_and_the_check_cell_holds(opened):
    prompts = opened.prompts()
    assert prompts == [f"[{k + 1}]:" for k in range(len(prompts))]
    assert "all of it holds" in opened.run_cell_with("all of it holds")
    clean(opened)


def test_pointing_at_a_component_lights_the_operations_in_the_crystal(journey, screenshots):
    tensor = view_of(journey, "tensor")
    journey.settle(tensor.locator("[data-cell=eps13]"))
    sent = journey.n_sent
    tensor.locator("[data-cell=eps13]").hover()
    assert lit(journey) == ["2 [100]"]
    assert "twofold axis along [100]" in view_of(journey, "crystal").locator(".cn-caption").inner_text()
    journey.page.screenshot(path=screenshots / "linked-hover.png")
    tensor.locator("[data-cell=eps23]").hover()
    assert lit(journey) == ["3+ [001]"]
    journey.page.mouse.move(5, 5)
    assert lit(journey) == []
    assert journey.n_sent == sent  # nothing went through the kernel
    clean(journey)


def test_clicking_an_operation_marks_cells_and_atoms(journey, screenshots):
    crystal = view_of(journey, "crystal")
    journey.settle(crystal.locator("[data-operation='2 [100]']")).click()
    journey.page.mouse.move(5, 5)
    assert hatched(journey) == ["eps12", "eps13"]
    assert "exchanges" in crystal.locator(".cn-caption").inner_text()
    crystal.locator(".cn-sites summary").click()
    goals = crystal.locator("tbody tr td:last-child").all_inner_texts()
    assert len(goals) == 9
    assert "itself" in goals
    assert set(goals) > {"itself"}
    assert_python_reads(journey, operations=["2 [100]"])
    # Python knows the same: which components vanish, and where every atom goes.
    journey.page.screenshot(path=screenshots / "linked-operation.png")
    journey.settle(crystal.locator("[data-operation='2 [100]']")).click()
    assert_python_reads(journey)
    assert hatched(journey) == []
    clean(journey)


def test_pointing_at_an_operation_hatches_cells_without_the_kernel(journey):
    crystal = view_of(journey, "crystal")
    journey.settle(crystal.locator("[data-operation='3+ [001]']"))
    sent = journey.n_sent
    crystal.locator("[data-operation='3+ [001]']").hover()
    assert hatched(journey) == ["eps12", "eps13", "eps23"]
    journey.page.mouse.move(5, 5)
    assert hatched(journey) == []
    assert journey.n_sent == sent


def test_the_same_walk_with_the_keyboard_alone(journey):
    page = journey.page
    n_cells = page.locator(".jp-Cell").count()
    tensor, crystal = view_of(journey, "tensor"), view_of(journey, "crystal")
    tensor.locator("[data-cell=eps11]").focus()
    page.keyboard.press("End")
    assert page.evaluate("document.activeElement.dataset.cell") == "eps13"
    assert lit(journey) == ["2 [100]"]
    page.keyboard.press("Enter")
    assert_python_reads(journey, cells=["eps13"])
    assert lit(journey) == ["2 [100]"]  # a selected component keeps its reason lit
    crystal.locator("[role=listbox] [tabindex='0']").focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    name = page.evaluate("document.activeElement.dataset.operation")
    assert name == "2 [100]"
    assert hatched(journey) == ["eps12", "eps13"]
    for key in ("b", "a", "d", "d", "1"):  # commands of the notebook
        page.keyboard.press(key)
    assert page.locator(".jp-Cell").count() == n_cells
    assert_python_reads(journey, cells=["eps13"], operations=["2 [100]"])
    crystal.locator("[role=listbox] [tabindex='0']").focus()
    page.keyboard.press("Escape")
    assert_python_reads(journey, cells=["eps13"])
    clean(journey)


def test_python_sets_and_every_view_follows(journey):
    journey.run_cell_with('view.session.cells = ["eps13", "eps22"]')
    tensor = view_of(journey, "tensor")
    chosen = tensor.locator("[data-cell][aria-selected=true]").evaluate_all(NAMES)
    assert chosen == ["eps13", "eps22"]
    assert lit(journey) == ["2 [100]", "3+ [001]"]
    clean(journey)


def test_the_tab_offers_the_other_tensors(journey):
    buttons = journey.page.locator(".cn-choice button")
    assert buttons.count() == 3
    journey.settle(buttons.nth(2)).click()
    tensor = view_of(journey, "tensor")
    tensor.locator("[data-cell=c14]").wait_for()
    tensor.locator("[data-cell=c14]").hover()
    # Free: nothing forces it, nothing is lit.
    assert lit(journey) == []
    tensor.locator("[data-cell=c15]").hover()
    assert lit(journey) == ["2 [100]"]
    clean(journey)


def test_linked_alone_and_by_jslink(journey):
    tensors = journey.page.locator(".cn-root[data-kind=tensor]")
    journey.settle(tensors.nth(1).locator("[data-cell=c14]")).click()
    journey.page.mouse.move(5, 5)
    reason = tensors.nth(1).locator("[data-cell=c24]")
    journey.settle(reason).click()
    button = tensors.nth(1).locator(".cn-page[data-shown] [data-operation]").first
    name = button.get_attribute("data-operation")
    button.click()
    journey.page.mouse.move(5, 5)
    for k in (1, 2):
        assert tensors.nth(k).locator("[data-vanishing]").count() > 0, (k, name)
    journey.settle(tensors.nth(3).locator("[data-cell=c16]")).click()
    tensors.nth(4).locator("[data-cell=c16][aria-selected=true]").wait_for()
    clean(journey)


@pytest.mark.parametrize("width", [1400, 700])
def test_legible_in_both_themes_at_both_widths(journey, screenshots, width):
    page = journey.page
    before = journey.prompts()
    for theme, light in (("JupyterLab Light", True), ("JupyterLab Dark", False)):
        page.set_viewport_size({"width": width, "height": 1000})
        journey.theme(theme, light=light)
        for kind in ("story", "crystal", "prediction", "tensor"):
            view = journey.settle(view_of(journey, kind))
            low, text = view.evaluate(CONTRAST)[0]
            assert low >= 4.5, f"{theme}, {kind}: {text!r} has contrast {low:.2f}"
            assert view.evaluate(CLIPPED) == []
            assert view.evaluate(COLLIDING) == []
            view.screenshot(path=screenshots / f"explain-{kind}-{'light' if light else 'dark'}-{width}.png")
    assert journey.prompts() == before
    clean(journey)


# Last: they end the kernel of the page that all share.
def test_a_restarted_kernel_leaves_views_that_can_be_read(journey):
    tensor = view_of(journey, "tensor")
    journey.page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart().then(() => 1)"
    )
    journey.page.wait_for_timeout(2000)
    journey.wait_idle()
    tensor.locator("[data-cell=eps13]").hover()
    assert "eps13 = 0" in tensor.locator(".cn-detail").inner_text()
    assert lit(journey) == ["2 [100]"]
    tensor.locator("[data-cell=eps13]").click()
    assert tensor.locator("[data-cell=eps13]").get_attribute("aria-selected") == "true"
    note = view_of(journey, "prediction").locator(".cn-dead-note")
    assert note.is_visible()
    assert "Run the cell again" in note.inner_text()
    assert (
        view_of(journey, "prediction")
        .locator("button, input, select")
        .evaluate_all("(all) => all.every((c) => c.matches(':disabled'))")
    )


def test_reopened_without_a_kernel_shows_one_picture_per_view(journey, lab_server):
    journey.run_all()
    journey.page.locator(".cn-root[data-status=idle]").nth(N_ROOTS - 1).wait_for(state="attached")
    for _ in range(20):
        if journey.visible_pictures() == 0:
            break
        journey.page.wait_for_timeout(100)
    assert journey.visible_pictures() == 0
    journey.command("docmanager:save")
    journey.page.wait_for_timeout(1500)
    saved = json.loads((lab_server.work / NAME).read_text())
    assert "widgets" not in saved["metadata"]
    lab_server.end_sessions()
    journey.open(NAME, kernel=False)
    journey.page.wait_for_selector(".jp-OutputArea-output img[src^='data:image/png']")
    assert journey.page.locator(".cn-root").count() == 0
    assert journey.visible_pictures() == N_PICTURES
