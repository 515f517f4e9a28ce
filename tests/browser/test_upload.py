"""The drop zone in a real JupyterLab: good, hostile, giant and many files, and what was shown stays."""

import pytest
from page_probes import CLIPPED, CONTRAST

from crysnb.structure.write import cif_text

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]

NAME = "upload.ipynb"
CELLS = (
    """import crysnb as cn
zone = cn.upload()
seen = []
zone.observe(lambda change: seen.append(change["new"].composition.reduced_formula), "structure")
zone""",
    "print([e.code for e in zone.errors])",
    "print(seen)",
    """views = [v for e in zone.views for v in e.session.views]
print(zone.js_errors, zone.n_dropped, [error for v in views for error in v.js_errors])""",
)
CANARY = "<img src=x onerror='window.canary=1'><script>window.canary=1</script>"
MARKED = f"""data_{CANARY.replace(" ", "_")}
_chemical_name_common "{CANARY}"
""" + cif_text("GaN").partition("data_GaN\n")[2]  # fmt: skip
ZONE = ".cn-root[data-kind=upload]"
CRYSTAL = ".cn-root[data-kind=crystal]"
TENSOR = ".cn-root[data-kind=tensor]"
DROP = """([name, text, selector]) => {
  const files = new DataTransfer();
  files.items.add(new File([text], name));
  const zone = document.querySelector(selector);
  for (const kind of ["dragenter", "dragover", "drop"])
    zone.dispatchEvent(new DragEvent(kind, { dataTransfer: files, bubbles: true, cancelable: true }));
}"""


@pytest.fixture(scope="module")
def opened(lab, lab_server):
    import nbformat

    cells = [nbformat.v4.new_code_cell(text) for text in CELLS]
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), lab_server.work / NAME)
    lab.page.set_default_timeout(90_000)
    lab.open(NAME)
    lab.command("application:toggle-left-area")
    lab.run_all()
    assert lab.errors() == []
    lab.page.locator(f"{ZONE}[data-status=idle]").wait_for()
    return lab


@pytest.fixture
def journey(opened):
    """The drop zone with rock salt on show, as after a first good file."""
    opened.page.set_viewport_size({"width": 1400, "height": 1000})
    opened.theme("JupyterLab Light", light=True)
    if opened.page.locator(f"{ZONE} li[data-state=shown]", has_text="salt.cif").count() == 0:
        choose(opened, ("salt.cif", cif_text("NaCl")))
        wait_for(opened, "salt.cif", "shown")
        wait_for_views(opened, "salt")
    return opened


def choose(lab, *files):
    """Set files as a reader does in the dialog of the browser."""
    payload = [
        {"name": name, "mimeType": "", "buffer": text if isinstance(text, bytes) else text.encode()}
        for name, text in files
    ]
    lab.page.locator(f"{ZONE} input[type=file]").set_input_files(payload)


def wait_for(lab, name, state):
    # The page is busy from the moment on in which it has the files.
    lab.page.locator(f"{ZONE}[data-status=idle]").wait_for(timeout=60_000)
    row = lab.page.locator(f"{ZONE} li[data-state={state}]", has_text=name).first
    row.wait_for()
    return row


def wait_for_views(lab, title):
    """Both views are there and drawn: what is closed before counts as a fault of anywidget's."""
    for kind in (CRYSTAL, TENSOR):
        lab.page.locator(f"{kind}[data-status=idle]", has_text=title).first.wait_for(state="attached")


def titles(lab):
    """What is shown below the drop zone."""
    return [lab.page.locator(f"{kind} .cn-title").inner_text().split()[0] for kind in (CRYSTAL, TENSOR)]


def clean(lab):
    assert lab.console_errors == []
    assert lab.outside == []
    assert lab.page.evaluate("window.canary") is None
    assert lab.run_cell_with("js_errors").strip() == "[] 0 []"


def test_a_good_file_is_drawn_and_predicted(journey, screenshots):
    assert titles(journey) == ["salt", "salt"]
    assert "NaCl, 8 atoms" in journey.page.locator(f"{ZONE} li").inner_text()
    assert journey.page.locator(f"{TENSOR} [data-cell=eps11] .cn-number").inner_text().startswith("2.")
    assert journey.run_cell_with("zone.errors").strip() == "[]"
    journey.page.locator(".jp-WindowedPanel-outer").evaluate("(e) => e.scrollTo(0, 0)")
    journey.page.wait_for_timeout(1500)
    journey.page.screenshot(path=screenshots / "upload-shown.png")
    clean(journey)


def test_a_dropped_file_is_read_and_python_is_told(journey):
    journey.page.evaluate(DROP, ["rutile.cif", cif_text("rutile"), f"{ZONE} .cu-drop"])
    wait_for(journey, "rutile.cif", "shown")
    wait_for_views(journey, "rutile")
    assert titles(journey) == ["rutile", "rutile"]
    # Only the latest views are there; those of before are closed.
    assert journey.page.locator(TENSOR).count() == journey.page.locator(CRYSTAL).count() == 1
    assert journey.run_cell_with("print(seen)").strip().endswith("'TiO2']")
    clean(journey)


def test_the_page_says_what_goes_on_while_python_works(journey):
    journey.page.evaluate(
        """(selector) => {
          const line = document.querySelector(selector);
          window.busy = [];
          new MutationObserver(() => window.busy.push(line.textContent))
            .observe(line, { childList: true, characterData: true, subtree: true });
        }""",
        f"{ZONE} .cu-busy",
    )
    choose(journey, ("corundum.cif", cif_text("corundum")))
    wait_for(journey, "corundum.cif", "shown")
    wait_for_views(journey, "corundum")
    assert "Predicting corundum.cif …" in journey.page.evaluate("window.busy")
    assert journey.page.locator(f"{ZONE} .cu-busy").inner_text() == ""


def test_markup_in_a_file_stays_text_and_the_previous_view_stays(journey, screenshots):
    n_images = journey.page.locator("img").count()
    broken = MARKED.replace("_cell_length_a   3", "_cell_length_a   -3")
    choose(journey, (f"{CANARY.replace('/', '')}.cif", broken))
    row = wait_for(journey, "onerror", "refused")
    assert "structure.negative_length" in row.inner_text()
    assert "Accepted: a positive length" in row.inner_text()
    assert "<img src=x" in row.inner_text()  # its name, as text
    assert titles(journey) == ["salt", "salt"]
    assert journey.page.locator("img").count() == n_images
    assert journey.page.locator(f"{ZONE} :is(script, img)").count() == 0
    assert journey.run_cell_with("zone.errors").strip() == "['structure.negative_length']"
    journey.page.locator(ZONE).screenshot(path=screenshots / "upload-refused.png")
    clean(journey)


def test_markup_in_a_good_file_reaches_no_view(journey):
    choose(journey, (f"{CANARY.replace('/', '')}.cif", MARKED))
    wait_for(journey, "onerror", "shown")
    wait_for_views(journey, "onerror")
    assert journey.page.locator(f":is({ZONE}, {CRYSTAL}, {TENSOR}) :is(script, img[src=x])").count() == 0
    clean(journey)


def test_several_structures_ask_which_and_none_is_taken_in_silence(journey, screenshots):
    choose(journey, ("two.cif", cif_text("GaN") + cif_text("MgO")))
    row = wait_for(journey, "two.cif", "choice")
    assert titles(journey) == ["salt", "salt"]
    select = row.locator("select")
    assert select.input_value() == ""
    journey.page.locator(ZONE).screenshot(path=screenshots / "upload-choice.png")
    select.select_option("1")
    wait_for(journey, "two.cif", "shown")
    wait_for_views(journey, "MgO")
    assert journey.page.locator(f"{ZONE} select").input_value() == "1"
    clean(journey)


def test_several_files_are_listed_with_their_fate(journey, screenshots):
    files = (
        ("alpha.cif", cif_text("quartz")),
        ("b.cif", b"\x00\x01"),
        ("POSCAR", cif_text("MgO")),
        ("c.json", "[" * 50),
    )
    choose(journey, *files)
    wait_for(journey, "c.json", "refused")
    wait_for_views(journey, "alpha")
    states = journey.page.locator(f"{ZONE} li").evaluate_all("(rows) => rows.map((r) => r.dataset.state)")
    assert states == ["shown", "refused", "accepted", "refused"]
    journey.page.locator(f"{ZONE} li button").click()
    wait_for(journey, "POSCAR", "shown")
    wait_for_views(journey, "POSCAR")
    assert titles(journey) == ["POSCAR", "POSCAR"]
    for theme, light in (("JupyterLab Light", True), ("JupyterLab Dark", False)):
        for width in (1400, 700):
            journey.page.set_viewport_size({"width": width, "height": 1000})
            journey.theme(theme, light=light)
            zone = journey.settle(journey.page.locator(ZONE))
            low, text = zone.evaluate(CONTRAST)[0]
            assert low >= 4.5, f"{theme}: {text!r} has contrast {low:.2f}"
            assert zone.evaluate(CLIPPED) == []
            zone.screenshot(path=screenshots / f"upload-{'light' if light else 'dark'}-{width}.png")
    # A narrow toolbar hides the indicator by which the end of a cell is told.
    journey.page.set_viewport_size({"width": 1400, "height": 1000})
    clean(journey)


def test_a_giant_file_is_refused_without_travelling_to_the_kernel(journey):
    sent = journey.n_sent
    choose(journey, ("giant.cif", b"#" * 30_000_000))
    row = wait_for(journey, "giant.cif", "refused")
    assert "structure.too_large" in row.inner_text()
    assert titles(journey) == ["salt", "salt"]
    assert journey.n_sent - sent < 10
    clean(journey)


def test_an_element_without_training_is_drawn_and_said(journey):
    choose(journey, ("po.cif", cif_text("NaCl").replace("Na", "Po")))
    wait_for(journey, "po.cif", "shown")
    wait_for_views(journey, "po")
    said = journey.page.locator(f"{ZONE} .cu-problems")
    said.get_by_text("domain.element").wait_for()
    assert "Po" in said.inner_text()
    assert journey.page.locator(TENSOR).inner_text().count("symmetry alone") >= 1
    clean(journey)


def test_the_keyboard_reaches_the_zone_and_stays_inside(journey):
    page = journey.page
    n_cells = page.locator(".jp-Cell").count()
    choose(journey, ("two.cif", cif_text("GaN") + cif_text("MgO")))
    wait_for(journey, "two.cif", "choice")
    page.locator(f"{ZONE} select").focus()
    for key in ("b", "a", "d", "d"):  # commands of the notebook
        page.keyboard.press(key)
    assert page.locator(".jp-Cell").count() == n_cells
    page.locator(f"{ZONE} input").focus()
    assert page.locator(f"{ZONE} .cu-drop").evaluate("(z) => getComputedStyle(z).outlineStyle") == "solid"


# Last: it ends the kernel of the page that all share.
def test_w3_when_the_kernel_goes_the_zone_says_so(journey):
    journey.server.end_sessions()
    journey.page.wait_for_timeout(2500)
    zone = journey.page.locator(ZONE)
    assert zone.count() == 0 or zone.locator("input").is_disabled() or "salt.cif" in zone.inner_text()
    journey.console_errors.clear()  # Lab reports the lost connection
