"""Freezing what the display code really emits, and what becomes of it in exported HTML."""

import base64
import re
import subprocess
import sys

import pytest
import states

from crysnb.widgets.freeze import VIEW_MIME, freeze_notebook

nbformat = pytest.importorskip("nbformat", reason="the notebook extra is not installed")
nbconvert = pytest.importorskip("nbconvert", reason="the notebook extra is not installed")


def displayed(one, monkeypatch):
    """Outputs of a cell that shows a view, with pictures as the kernel sends them."""
    shown = []
    with monkeypatch.context() as patch:
        patch.setattr("IPython.display.display", lambda data, **kw: shown.append((data, kw)))
        one._ipython_display_()
    return [
        nbformat.v4.new_output("display_data", data=_encoded(data), metadata=kw.get("metadata", {}))
        for data, kw in shown
    ]


def _encoded(data):
    return {k: base64.b64encode(v).decode() if isinstance(v, bytes) else v for k, v in data.items()}


@pytest.fixture
def saved(view, monkeypatch):
    """A notebook with every view, as Jupyter saves it with its widget state."""
    import ipywidgets
    from ipywidgets.embed import dependency_state

    slider = ipywidgets.IntSlider()
    cells = [
        nbformat.v4.new_code_cell(name, outputs=displayed(view(name), monkeypatch)) for name in states.VIEWS
    ]
    data = {k: v for k, v in slider._repr_mimebundle_().items() if k in (VIEW_MIME, "text/plain")}
    cells.append(
        nbformat.v4.new_code_cell("slider", outputs=[nbformat.v4.new_output("display_data", data=data)])
    )
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata["widgets"] = {
        "application/vnd.jupyter.widget-state+json": {
            "state": dependency_state([slider]),
            "version_major": 2,
            "version_minor": 0,
        }
    }
    slider.close()
    return nbformat.reads(nbformat.writes(notebook), as_version=4)


def test_one_picture_per_view_and_the_slider_as_text(saved):
    done = freeze_notebook(saved)
    nbformat.validate(saved)
    assert (done.views, done.pictures, done.texts, done.state) == (
        len(states.VIEWS) + 1,
        len(states.VIEWS),
        1,
        True,
    )
    for cell in saved.cells[:-1]:
        (output,) = cell.outputs
        assert set(output.data) == {"image/png", "text/plain"}
        assert output.metadata["image/png"]["alt"]
    assert saved.cells[-1].outputs[0].data == {"text/plain": "IntSlider(value=0)"}
    assert VIEW_MIME not in nbformat.writes(saved)


def test_a_container_of_views_is_text(view):
    import ipywidgets

    box = ipywidgets.VBox([view("elastic")])
    data = box._repr_mimebundle_()
    nb = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("box", outputs=[nbformat.v4.new_output("display_data", data=data)])]
    )
    done = freeze_notebook(nb)
    assert (done.pictures, done.texts) == (0, 1)
    assert list(nb.cells[0].outputs[0].data) == ["text/plain"]
    box.close()


def pictures(body):
    return re.findall(r"<img[^>]*data:image/png;base64", body)


def test_exported_html_has_the_pictures_and_no_widget_machinery(saved):
    from traitlets.config import Config

    live, _ = nbconvert.HTMLExporter().from_notebook_node(saved)
    name = "crysnb.widgets.freeze.FreezePreprocessor"
    exporter = nbconvert.HTMLExporter(config=Config(HTMLExporter={"preprocessors": [name]}))
    body, _ = exporter.from_notebook_node(saved)
    assert len(pictures(body)) == len(states.VIEWS)
    assert "IntSlider(value=0)" in body
    assert "widget-state+json" in live  # what would else be there
    assert "widget-state+json" not in body
    assert "widget-view+json" not in body
    assert VIEW_MIME in nbformat.writes(saved)  # the notebook itself stays live


def test_the_documented_command_line_of_nbconvert(saved, tmp_path):
    path = tmp_path / "n.ipynb"
    nbformat.write(saved, path)
    subprocess.run(
        [sys.executable, "-m", "nbconvert", "--to", "html",
         "--Exporter.preprocessors=crysnb.widgets.freeze.FreezePreprocessor", str(path)],
        check=True, capture_output=True,
    )  # fmt: skip
    body = (tmp_path / "n.html").read_text()
    assert len(pictures(body)) == len(states.VIEWS)
    assert "widget-state+json" not in body
