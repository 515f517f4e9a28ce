"""``cn.surface`` and its view: numbers without a browser, options, the link to the Nye diagram, the tab."""

import dataclasses
import json
import sys

import numpy as np
import pytest
import states

import crysnb as cn
from crysnb.values.prediction import Prediction
from crysnb.values.property_spec import PROPERTIES
from crysnb.widgets import explain_tabs, tensor_tab
from crysnb.widgets.session import Session
from crysnb.widgets.surface import ShownSurface


def update(state):
    return {"content": {"data": {"method": "update", "state": state, "buffer_paths": []}}, "buffers": []}


def stiffness(value):
    return Prediction(
        value=value,
        spec=PROPERTIES["elastic"],
        model="made-up",
        frame="own",
        symmetry=cn.symmetry("quartz"),
        symmetry_residual=None,
        structure_id="quartz",
        formula="SiO2",
    )


def test_numbers_need_no_notebook_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "anywidget", None)
    for name in ("base", "surface_view"):
        monkeypatch.delitem(sys.modules, f"crysnb.widgets.{name}", raising=False)
        monkeypatch.delattr(sys.modules["crysnb.widgets"], name, raising=False)
    one = cn.surface(states.quartz_elastic(), "shear", "quartz")
    assert one.extremes["max"].value == pytest.approx(one.value(*_at(one)))
    with pytest.raises(cn.MissingExtra):
        one.view()
    with pytest.raises(NotImplementedError):  # IPython then shows the plain text
        one._ipython_display_()


def _at(one):
    extreme = one.extremes["max"]
    return extreme.direction, extreme.across


def test_it_shows_itself_live_and_as_a_picture(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda data, **_: shown.append(data))
    one = cn.surface(states.quartz_elastic(), "young", "quartz")
    assert isinstance(one, ShownSurface)
    one._ipython_display_()
    assert "application/vnd.jupyter.widget-view+json" in shown[0]
    assert "image/png" in shown[1]
    assert one.of("poisson").view().result.quantity.name == "poisson"  # another property shows itself too


def test_the_saved_state_is_small(view):
    for name in ("surface", "lobes"):
        assert len(json.dumps(view(name).data)) < 10_000
        assert len(view(name).to_png()) < 60_000


def test_options_choose_what_is_shown(view):
    one = view("surface")
    one.options = {"property": "poisson", "sheet": "min"}
    assert one.result.quantity.name == "poisson"
    assert one.sheet == "min"
    found = one.describe()
    assert found["value"] == pytest.approx(one.result.value(one.direction, sheet="min"))
    assert sum(found["contributions"].values()) == pytest.approx(found["value"])
    one.options = {"property": "young"}
    assert one.sheet == "value"  # a sheet that the property does not have is left
    one.direction = (2, 0, 0)
    assert one.direction == (1.0, 0.0, 0.0)
    one.direction = None
    assert one.describe()["direction"] == []


@pytest.mark.parametrize(
    "bad",
    [
        {"property": "ellipsoid"}, {"property": 1}, {"sheet": "least"}, {"sheet": []}, {"direction": [1, 2]},
        {"direction": [0, 0, 0]}, {"direction": ["1", 0, 0]}, {"direction": [float("nan"), 0, 0]},
        {"direction": [True, 0, 1]}, {"direction": [1e300, 0, 0]}, {"direction": None}, {"camera": 1},
    ],
)  # fmt: skip
def test_bad_options_are_refused_from_both_sides(view, bad):
    one = view("surface")
    before = dict(one.options)
    with pytest.raises(cn.CrysnbError):
        one.options = bad
    one._handle_msg(update({"options": bad}))
    assert one.options == before
    assert one.n_dropped >= 1


def test_a_hand_in_the_browser_chooses(view):
    one = view("surface")
    one._handle_msg(update({"options": {"property": "shear", "sheet": "mean", "direction": [0, 0, 1]}}))
    assert (one.result.quantity.name, one.sheet, one.direction) == ("shear", "mean", (0.0, 0.0, 1.0))
    one._handle_msg(update({"cells": ["c44", "c14"]}))
    assert one.cells == ["c44", "c14"]
    one._handle_msg(update({"cells": ["c99"]}))
    assert one.cells == ["c44", "c14"]


def test_cells_are_shared_with_the_nye_diagram(view):
    surface, nye = view("surface"), view("elastic")
    session = cn.link(surface, nye)
    surface.cells = ["c14"]
    assert nye.cells == session.cells == ["c14"]
    nye.cells = ["c33"]
    assert surface.cells == ["c33"]
    other = view("lobes")
    session.add(other)
    nye.cells = ["c11"]
    assert other.cells == []  # of another tensor


def test_text_table_and_page_tell_the_extremes(view):
    one = view("surface")
    text = one.to_text()
    extremes = one.result.extremes
    assert f"{extremes['max'].value:.1f} GPa" in text
    assert "Along (0.360, 0.480, 0.800)" in text
    rows = one.to_csv().splitlines()
    assert rows[0] == '"property","extreme","value","unit","along n","across m"'
    assert len(rows) == 1 + 2 * 4
    assert "Young" in one.to_html()
    assert "negative" in text.lower()  # Poisson's ratio of quartz


def test_the_picture_is_coloured_by_selected_components(view):
    one = view("surface")
    one.direction = None
    plain = one.to_svg()
    one.cells = ["c33"]
    assert one.to_svg() != plain
    assert "part of c33" in one.to_svg()


def test_a_tensor_without_preference_is_drawn_too():
    body = np.diag([160.0, 160, 160, 40, 40, 40])
    body[:3, :3] += 80 * (1 - np.eye(3))
    for tensor in (body, 2.5 * np.eye(3), np.zeros((3, 6))):
        one = cn.surface(tensor).view()
        assert "in every direction" in one.to_text() or "zero along every direction" in one.to_text()
        assert one.to_png()
        assert len(one.section().rows) >= 2
        one.close()


def test_update_keeps_what_still_exists(view):
    one = view("surface")
    one.options = {"property": "shear"}
    one.cells = ["c44"]
    one.update(cn.surface(2 * states.quartz_elastic()))
    assert (one.result.quantity.name, one.cells) == ("shear", ["c44"])
    one.update(cn.surface(states.piezoelectric()))
    assert (one.result.quantity.name, one.sheet, one.cells) == ("longitudinal", "value", [])


def test_a_figure_of_plotly():
    pytest.importorskip("plotly")
    one = cn.surface(states.quartz_elastic(), "poisson")
    data = one.figure("min").data[0]
    assert data.cmin == -data.cmax
    n = np.array([data.x[10, 20], data.y[10, 20], data.z[10, 20]])
    value = data.surfacecolor[10, 20]
    assert np.linalg.norm(n) == pytest.approx(abs(value))
    assert one.value(n, sheet="min") == pytest.approx(value)


@pytest.fixture
def tab():
    made = []

    def make(predictions):
        context = explain_tabs.Context(
            reading=_reading(), symmetry=cn.symmetry("quartz"), model="made-up", predictions=predictions,
            measured={}, session=Session(), source="'quartz'", options={},
        )  # fmt: skip
        made.append(tensor_tab.TensorTab(context))
        return made[-1], context

    yield make
    for one in made:
        one.close()


def _reading():
    from crysnb.structure.read import read

    return read("quartz")


def test_the_tensor_tab_shows_the_surface_below_the_diagram(tab):
    one, context = tab({"dielectric": states.prediction(), "elastic": stiffness(states.quartz_elastic())})
    assert one.surface.result.quantity.name == "ellipsoid"
    assert one.widget.children[-1] is one.surface
    one.view.cells = ["eps33"]
    assert one.surface.cells == context.session.cells == ["eps33"]
    one.shown = "elastic"
    assert one.surface.result.kind.name == "elastic"
    assert "Young" in one.to_text()
    assert one.scene().height > one.view.scene().height
    headings = [s.heading for s in one.sections()]
    assert "Elastic tensor along every direction" in headings
    assert "Piezoelectric tensor along every direction" not in headings  # symmetry alone
    one.shown = "piezoelectric"
    assert one.surface is None
    assert len(one.widget.children) == 2
    one.shown = "dielectric"
    assert one.surface.session == context.session.id


def test_the_surface_follows_the_frame_of_the_diagram(tab):
    one, _ = tab({"elastic": stiffness(states.quartz_elastic())})
    one.shown = "elastic"
    own = one.surface.result
    one.view.options = {"frame": "ieee", "setting": 1}
    turned = one.surface.result
    assert turned.frame == "ieee"
    rotation = one.view.result.form.rotation
    n = np.array([0.36, 0.48, 0.8])
    assert turned.value(rotation @ n) == pytest.approx(own.value(n))
    assert turned.value(n) != pytest.approx(own.value(n))


def test_a_stiffness_that_is_not_positive_definite_has_no_surface(tab):
    bad = stiffness(-states.quartz_elastic())
    one, _ = tab({"elastic": bad})
    one.shown = "elastic"
    assert one.surface is None
    with pytest.raises(cn.CrysnbError) as caught:
        cn.surface(bad)
    assert caught.value.code == "elastic.not_positive_definite"


def test_a_shown_surface_is_frozen():
    one = cn.surface(np.eye(3))
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.unit = "GPa"
