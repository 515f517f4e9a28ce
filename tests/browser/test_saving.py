"""What is left of a view in a saved notebook, wherever it is opened: the table of docs/saving.md."""

import re
from pathlib import Path

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]

DOC = Path(__file__).parents[2] / "docs" / "saving.md"
CELLS = (
    "import crysnb as cn\nimport ipywidgets",
    'cn.nye(cn.tensor_form("quartz", "elastic"), "quartz")',
    'cn.show("quartz")',
    "ipywidgets.IntSlider(value=7)",
)
N_VIEWS = 2  # of ours; the slider has no picture

# What a reader sees in the outputs of the notebook.
SEEN = """() => {
  const visible = (e) => e.getClientRects().length > 0;
  const areas = [...document.querySelectorAll(".jp-OutputArea-output")];
  const count = (css) => areas.flatMap((a) => [...a.querySelectorAll(css)]).filter(visible).length;
  const words = areas.map((a) => a.innerText).join("\\n");
  return {
    pictures: count("img[src^='data:image/png']"),
    live: count(".cn-root"),
    lines: (words.match(/(Nye|Structure)View\\(/g) ?? []).length,
    errors: (words.match(/Error|Loading/g) ?? []).length,
    slider: count(".widget-slider") ? "live" : words.includes("IntSlider(value=7)") ? "as text" : "blank",
  };
}"""


@pytest.fixture(scope="module")
def variants(tmp_path_factory):
    """The same notebook saved in three ways."""
    nbclient = pytest.importorskip("nbclient")
    import nbformat

    from crysnb.widgets.freeze import freeze

    folder = tmp_path_factory.mktemp("saved")
    nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in CELLS])
    nbclient.NotebookClient(nb, timeout=120, kernel_name="python3", store_widget_state=True).execute()
    nbformat.write(nb, folder / "state.ipynb")
    assert nb.metadata.pop("widgets")
    nbformat.write(nb, folder / "plain.ipynb")
    freeze(folder / "state.ipynb", folder / "frozen.ipynb")
    return folder


def in_lab(lab, path):
    lab.server.end_sessions()
    (lab.server.work / path.name).write_bytes(path.read_bytes())
    lab.open(path.name, kernel=False)
    lab.page.wait_for_selector(".jp-OutputArea-output")
    lab.page.wait_for_timeout(4000)  # also for what ought not to come
    return lab.page.evaluate(SEEN)


def as_page(browser, path, *, scripts):
    """The notebook as exported HTML, with no way to the network."""
    import nbconvert

    body, _ = nbconvert.HTMLExporter().from_filename(str(path))
    page_file = path.with_suffix(".html")
    page_file.write_text(body)
    context = browser.new_context(java_script_enabled=scripts, offline=True)
    page = context.new_page()
    page.goto(page_file.as_uri())
    page.wait_for_timeout(2000)
    seen = page.evaluate(SEEN)
    context.close()
    return seen


def words(seen):
    """A cell of the table."""
    names = ("pictures", "live views", "lines of text", "errors")
    counts = zip(names, (seen["pictures"], seen["live"], seen["lines"], seen["errors"]), strict=True)
    return ", ".join([*(f"{n} {name}" for name, n in counts if n), f"slider {seen['slider']}"])


def table():
    """Rows of the table in the document: name of the row and its cells."""
    rows = re.findall(r"^\| (.+) \|$", DOC.read_text(), re.MULTILINE)
    cells = [[cell.strip() for cell in row.split("|")] for row in rows]
    return {first: others for first, *others in cells}


def test_the_table_is_what_is_seen(lab, browser, variants):
    found = {}
    for row, name in (
        ("as JupyterLab saves it", "plain"),
        ("with widget state", "state"),
        ("after `crysnb freeze`", "frozen"),
    ):
        path = variants / f"{name}.ipynb"
        found[row] = [
            words(in_lab(lab, path)),
            words(as_page(browser, path, scripts=True)),
            words(as_page(browser, path, scripts=False)),
        ]
    told = table()
    assert {row: told.get(row) for row in found} == found
    # Whatever the table says: a picture for each view of ours, everywhere, and after freezing nothing else.
    for cells in found.values():
        assert all(cell.startswith(f"{N_VIEWS} pictures") for cell in cells)
    assert set(found["after `crysnb freeze`"]) == {f"{N_VIEWS} pictures, slider as text"}
