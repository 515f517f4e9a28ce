"""The view of a Wyckoff sequence: what it says, its controls, what it refuses, what it leaves behind."""

import json
from pathlib import Path

import pytest
from ipywidgets.widgets import widget

import crysnb as cn
from crysnb.structure.read import read
from crysnb.widgets.wyckoff import ShownWyckoff

FRONT = Path(__file__).parents[2] / "widgets"


@pytest.fixture
def quartz():
    view = cn.wyckoff("quartz").view()
    yield view
    view.close()


def picture(view):
    return view.data["picture"]


def test_the_public_function_gives_numbers_that_show_themselves():
    sequence = cn.wyckoff("rutile")
    assert isinstance(sequence, ShownWyckoff)
    changed = sequence.with_changes(lattice={"c": 3.0})
    assert isinstance(changed, ShownWyckoff)
    assert changed.title == sequence.title == read("rutile").structure_id


def test_the_state_is_that_of_a_structure_panel(quartz):
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((FRONT / "schema" / "structure.schema.json").read_text())
    for change in ({}, {"elements": {0: "Ge"}}):
        quartz.change(**change)
        jsonschema.validate(quartz.data, schema)


def test_facts_tell_tokens_and_freedom(quartz):
    facts = {f["label"]: (f["value"], f["hint"]) for f in quartz.data["facts"]}
    assert facts["g"][0] == "P3_221 (154)"
    assert facts["free"] == ("6 of 33", "4 coordinates and 2 lattice parameters, of 3 × 9 + 6")
    assert facts["Si 3a"] == ("x = 0.4697", "(x, 0, 2/3), site symmetry .2.")
    assert facts["L"][1] == "b = a, alpha = 90°, beta = 90°, gamma = 120°"
    assert "P3_221" in quartz.to_text()
    assert quartz.describe()["is_changed"] is False
    headers, rows = quartz.table()
    assert len(rows) == 1 + 2 * 5 + 6
    assert all(len(row) == len(headers) for row in rows)


def test_controls_edit_the_crystal(quartz):
    c = quartz.controls
    assert [c.coordinates[axis].disabled for axis in "xyz"] == [False, True, True]
    assert c.coordinates["z"].description == "z = 2/3"
    assert [name for name, control in c.lattice.items() if not control.disabled] == ["a", "c"]
    before = picture(quartz)
    c.coordinates["x"].value = 0.42
    assert quartz.result.orbits[0].coordinates == {"x": 0.42}
    assert picture(quartz) != before
    c.element.value = "Ge"
    c.lattice["c"].value = 5.6
    assert quartz.structure.composition.reduced_formula == "GeO2"
    assert quartz.structure.lattice.c == pytest.approx(5.6)
    assert "changed by hand" in quartz.data["subtitle"]
    assert [label for label, _ in c.orbit.options] == ["1: Ge 3a", "2: O 6c"]
    c.orbit.value = 1
    assert c.element.value == "O"
    assert not any(control.disabled for control in c.coordinates.values())
    assert quartz.result.orbits[0].coordinates == {"x": 0.42}  # to look at an orbit changes nothing
    c.again.click()
    assert quartz.describe()["is_changed"] is False
    assert picture(quartz) == before


def test_an_element_that_is_gone_is_selected_no_more(quartz):
    quartz.elements = ["Si", "O"]
    quartz.change(elements={0: "Ge"})
    assert quartz.elements == ["O"]
    quartz.set_state({"elements": ["Si"], "atoms": [9]})  # what a browser that lags behind may still ask for
    assert (quartz.elements, quartz.atoms, quartz.n_dropped) == (["O"], [], 2)


def test_a_slider_that_a_browser_rounds_is_no_edit(quartz):
    exact = quartz.result.orbits[0].coordinates["x"]
    quartz.controls.coordinates["x"].value = round(exact, 3)
    assert quartz.result.orbits[0].coordinates["x"] == exact
    assert quartz.describe()["is_changed"] is False


@pytest.mark.parametrize(
    ("edit", "code"),
    [
        (lambda c: setattr(c.lattice["a"], "value", -3.0), "wyckoff.lattice"),
        (lambda c: setattr(c.element, "value", "Uue"), "structure.unknown_element"),
        (lambda c: setattr(c.element, "value", "<b>"), "structure.unknown_element"),
        (lambda c: setattr(c.lattice["a"], "value", 500.0), "structure.cell_length"),
    ],
)
def test_an_impossible_edit_is_said_and_taken_back(quartz, edit, code):
    before = picture(quartz)
    edit(quartz.controls)
    assert quartz.status == "error"
    assert code in quartz.message
    assert picture(quartz) == before
    assert quartz.controls.lattice["a"].value == pytest.approx(quartz.result.lattice["a"])
    assert quartz.controls.element.value == "Si"
    quartz.controls.coordinates["x"].value = 0.42
    assert (quartz.status, quartz.message) == ("idle", "")


def test_a_crystal_of_many_orbits_says_how_many_more():
    view = cn.wyckoff("kyanite").view()
    assert view.data["facts"][-3]["value"] == "4 more orbits"
    assert not any(control.disabled for control in view.controls.lattice.values())
    view.close()


def test_still_picture_and_page_without_a_kernel(quartz):
    svg = quartz.to_svg()
    assert "O 6c" in svg
    assert quartz.to_png()[:4] == b"\x89PNG"
    page = quartz.to_html()
    assert "Si 3a" in page
    assert "site symmetry" in page
    assert quartz.widget.children[-1] is quartz
    assert quartz._live_bundle()["text/plain"].startswith("WyckoffView(quartz")


def test_nothing_is_left_after_closing():
    before = set(widget._instances)
    view = cn.wyckoff("rutile").view()
    assert len(view.widget.children) == 4
    assert set(widget._instances) > before
    view.close()
    assert set(widget._instances) == before
