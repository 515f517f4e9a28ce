"""`cn.matrices` and its view: numbers without a browser, options, layers, the link to the crystal, export."""

import json
import sys

import numpy as np
import pytest
import states

import crysnb as cn
from crysnb.errors import ShapeError, UnknownName
from crysnb.widgets.matrices import ShownMatrices
from crysnb.widgets.matrix_scene import shown


@pytest.fixture(scope="module")
def result():
    return cn.matrices(states.Weights(), "rutile")


def update(state):
    return {"content": {"data": {"method": "update", "state": state, "buffer_paths": []}}, "buffers": []}


def test_numbers_need_no_notebook_extra(monkeypatch, result):
    monkeypatch.setitem(sys.modules, "anywidget", None)
    for name in ("base", "matrix_view", "crystal_view"):
        monkeypatch.delitem(sys.modules, f"crysnb.widgets.{name}", raising=False)
        monkeypatch.delattr(sys.modules["crysnb.widgets"], name, raising=False)
    again = cn.matrices(states.Weights(), "rutile")
    assert again.residuals("attention").status == "learned"
    with pytest.raises(cn.MissingExtra):
        again.view()
    with pytest.raises(NotImplementedError):  # IPython then shows the plain text
        again._ipython_display_()


def test_the_package_and_the_function_share_a_name():
    from crysnb.matrices.report import Matrices

    assert issubclass(ShownMatrices, Matrices)
    assert callable(cn.matrices)


def test_a_model_of_ours_runs_in_double_precision_with_its_controls():
    found = cn.matrices("gmtnet-dielectric", "CaTiO3", untrained=1)
    assert found.dtype == "float64"
    assert found.trace.by_construction
    assert len(found.untrained) == 1
    assert found.pair_layers[0] == "member0.block0.gate"


def test_it_shows_itself_with_the_crystal_and_as_a_picture(monkeypatch, result):
    seen = []
    monkeypatch.setattr("IPython.display.display", lambda data, **_: seen.append(data))
    result._ipython_display_()
    assert "application/vnd.jupyter.widget-view+json" in seen[0]
    assert "image/png" in seen[1]
    assert "MatrixView" in seen[0]["text/plain"]


def test_options_choose_what_is_drawn(result):
    view = result.view()
    assert (view.layer, view.data["layer"], view.data["head"]) == ("attention", "attention", -1)
    view.options = {"head": 1}
    assert view.data["head"] == 1
    view.layer = "marks"
    assert (view.data["layer"], view.data["head"], view.data["what"]) == (
        "marks",
        -1,
        "distance between rows",
    )
    view.options = {"by": "shell"}  # there are no pairs to sort by distance
    assert view.options["by"] == "atom"
    for wrong in ({"layer": "no"}, {"head": 9.5}, {"by": "colour"}, {"null": 1}):
        with pytest.raises(ShapeError):
            view.options = wrong
    with pytest.raises(UnknownName):
        result.view("no such layer")
    with pytest.raises(UnknownName):
        view.options = {"colour": 1}


def test_the_browser_may_choose_a_layer_and_nothing_else(result):
    view = result.view()
    view._handle_msg(update({"options": {"layer": "marks", "head": -1}}))
    assert view.data["layer"] == "marks"
    view._handle_msg(update({"options": {"layer": "../../etc"}, "data": {}}))
    assert view.data["layer"] == "marks"
    assert view.n_dropped == 2


def test_selections_are_those_of_the_crystal(result):
    view, crystal = result.view(), result.crystal()
    session = cn.link(view, crystal)
    view.pairs = [(0, 2), (1, 3)]
    assert crystal.pairs == [(0, 2), (1, 3)]
    crystal.operations = ["m [110]"]
    assert view.operations == ["m [110]"]
    with pytest.raises(UnknownName):
        view.pairs = [(0, 99)]
    assert session.operations == ["m [110]"]


def test_pictures_show_the_matrix_by_orbits(result):
    view = result.view()
    a = result.layer("attention").matrix()
    values, labels, cuts = shown(view.data, "atom")
    order = result.group.action.order
    np.testing.assert_allclose(values, a[np.ix_(order, order)], rtol=1e-6)
    assert labels == ["Ti1", "Ti2", "O3", "O4", "O5", "O6"]
    assert cuts == [2]
    values, labels, _ = shown(view.data, "orbit")
    assert labels == ["Ti 2a", "O 4f"]
    assert values[0, 1] == pytest.approx(a[:2, 2:].mean(), rel=1e-6)
    assert "<svg" in view.to_svg()
    assert len(view.to_png()) < 60_000
    page = view.to_html()
    assert "attention" in page
    assert "http" not in page.split("</style>", maxsplit=1)[0]


def test_the_table_is_tidy_and_complete(result):
    view = result.view()
    headers, rows = view.table()
    assert headers[:3] == ("layer", "i", "j")
    assert len(rows) == 36
    view.layer = "features"
    headers, rows = view.table()
    assert headers == ("layer", "operation", "kind", "residual")
    assert len(rows) == 16
    assert view.to_csv().startswith('"layer","operation"')
    assert view.describe()["status"] == "learned"


def test_a_large_cell_stays_below_the_limit_of_a_message():
    structure = cn.as_structure("NaCl")
    structure.make_supercell([3, 3, 3])

    class Near(states.Weights):
        def trace(self, structure):
            return {"near": np.exp(-structure.distance_matrix)}

    found = cn.matrices(Near(), structure)
    assert found.group.n_operations == 48 * 4 * 27
    view = found.view()
    assert len(view.data["operations"]) == 192
    assert len(json.dumps(view.data)) < 1_500_000
    assert len(view.to_png()) < 60_000


def test_a_layer_of_the_whole_crystal_has_no_matrix():
    found = cn.matrices("gmtnet-dielectric", "quartz")
    view = found.view("member0.dielectric.crystal")
    assert view.data["what"] == ""
    assert view.data["matrix"] == ""
    assert "image" not in view.to_text()
    assert view.to_png()


def test_a_closed_view_leaves_the_result(result):
    view = result.view()
    view.close()
    assert view.data == {}
    assert view.result.residuals("attention").rms > 0


def test_the_tab_waits_until_it_is_asked_and_follows_the_crystal():
    view = cn.explain("CsCl")
    tab = view.tabs["matrices"]
    assert tab.view is None
    assert list(tab.sections()) == []
    assert "not asked for" in tab.scene().description
    assert tab.code == "cn.matrices('gmtnet-dielectric', 'CsCl')"
    tab.widget.children[1].click()
    assert tab.view.result.group.action.symmetry.symbol == "Pm-3m"
    assert tab.view in view.session.views
    assert len(list(tab.sections())) == 1
    assert "gmtnet-dielectric" in tab.to_text()
    shown_ = tab.view
    view.close()
    assert shown_.data == {}


def test_the_tab_says_why_a_model_has_nothing_to_show():
    view = cn.explain("CsCl")
    tab = view.tabs["matrices"]
    tab._context = type(tab._context)(
        **{f: getattr(tab._context, f) for f in tab._context.__slots__ if f != "model"}, model="no-such-model"
    )
    tab.show()
    assert tab.view is None
    assert "no-such-model" in tab.widget.children[0].value
    view.close()
