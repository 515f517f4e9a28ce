"""The explorer of elements from Python: options, selection, another table, pictures, faults."""

import gc
import json
import weakref

import numpy as np
import pytest

import crysnb as cn
from crysnb.elements.nulls import shuffle_rows
from crysnb.elements.table import element_tables
from crysnb.errors import CrysnbError, UnknownName
from crysnb.values.symbols import SYMBOLS
from crysnb.widgets.elements_layout import PLACES


@pytest.fixture
def view():
    made = cn.periodic_table("magpie-like", k=4)
    yield made
    made.close()


def test_places_are_those_of_the_periodic_table():
    wide = {(p.wide_row, p.wide_column) for p in PLACES.values()}
    narrow = {(p.row, p.column) for p in PLACES.values()}
    assert len(wide) == len(narrow) == len(SYMBOLS)
    from pymatgen.core import Element

    for symbol, place in PLACES.items():
        element = Element(symbol)
        assert place.wide_row == element.row
        if place.row <= 7:
            assert place.column == element.group or symbol in ("Lu", "Lr")
    assert (PLACES["La"].row, PLACES["La"].column) == (9, 3)
    assert PLACES["He"].wide_column == 32


def test_options_ask_for_other_groups(view):
    assert view.result.k == 4
    view.options = {"k": 6, "method": "agglomerative", "map": "mds"}
    assert (view.result.k, view.result.method) == (6, "agglomerative")
    assert len(view.data["groups"]) == 6
    assert {band["k"] for band in view.data["bands"]} >= set(range(2, 13))
    assert view.describe()["map"]["method"] == "mds"
    view.options = {"k": 0}
    assert view.result.k == next(b["k"] for b in view.data["bands"] if b["chosen"])
    view.options = {"solo": 1, "color": "X", "columns": 32}
    assert view.options["solo"] == 1
    view.options = {"k": 3}
    assert view.options["solo"] == -1  # that group is not there any more


@pytest.mark.parametrize(
    "options",
    [
        {"k": 1},
        {"k": 31},
        {"k": 2.0},
        {"method": "x"},
        {"map": "x"},
        {"color": "x"},
        {"columns": 20},
        {"solo": -2},
    ],
)
def test_other_options_are_refused(view, options):
    with pytest.raises(CrysnbError):
        view.options = options
    assert view.result.k == 4


def test_what_cannot_be_computed_leaves_the_view_as_it_was(view):
    try:
        import umap  # noqa: F401
    except ImportError:
        view.options = {"map": "umap"}
        assert view.status == "error"
        assert "crysnb[umap]" in view.message
        assert view.options["map"] == "pca"
        view.options = {"k": 5}
        assert view.status == "idle"
        assert view.result.k == 5


def test_a_browser_asks_by_message(view):
    view.set_state({"options": {**view.options, "k": 5}, "elements": ["Fe"]})
    assert view.result.k == 5
    assert view.elements == ["Fe"]
    before = view.n_dropped
    view.set_state({"options": {"k": 99}, "elements": ["Xx"]})
    assert view.n_dropped > before
    assert view.elements == ["Fe"]


def test_unknown_names_are_refused(view):
    with pytest.raises(UnknownName):
        view.elements = ["Xx"]
    with pytest.raises(UnknownName):
        cn.periodic_table("magpie-like", colour="X")
    with pytest.raises(CrysnbError):
        cn.periodic_table("no-such-table")


def test_another_table_in_place_of_this_one(view):
    assert not view.result.is_noise
    view.elements = ["Fe"]
    view.options = {"color": "X"}
    view.update(shuffle_rows(cn.element_table("magpie-like"), 1))
    assert view.result.is_noise
    assert view.data["severity"] == "warning"
    assert view.elements == ["Fe"]
    with pytest.raises(CrysnbError):
        view.update(cn.ElementTable(np.ones((12, 2)), SYMBOLS[20:32], "same"))
    assert view.result.is_noise


def test_counts_colour_the_tiles():
    table = cn.element_table("random")
    made = cn.periodic_table(
        table.replaced(counts={s: 3 ** (i % 7) for i, s in enumerate(table.elements)}), k=3
    )
    scheme = next(s for s in made.data["schemes"] if s["name"] == "counts")
    assert scheme["texts"][0] == "1"
    made.options = {"color": "counts"}
    made.update("random")
    assert made.options["color"] == "groups"
    made.close()


def test_pictures_text_and_page(view):
    view.elements = ["Fe", "O"]
    assert view.to_png().startswith(b"\x89PNG")
    svg = view.to_svg()
    assert all(f">{s}<" in svg for s in ("Fe", "Og", "La"))
    assert "Not noise" in view.to_text()
    page = view.to_html()
    assert '"live": false' in page
    assert view.to_csv().splitlines()[0] == '"element","group","silhouette","stability","nearest elements"'
    json.dumps(view.describe())
    assert repr(view).startswith("ElementsView(magpie-like: 4 groups")


def test_it_is_linked_with_other_views(view):
    other = cn.show("NaCl")
    session = cn.link(view, other)
    view.elements = ["Na"]
    assert session.elements == ["Na"]
    session.clear()
    assert view.elements == []


def test_the_tab_waits_until_it_is_asked_and_stays_for_another_crystal():
    explained = cn.explain("NaCl")
    tab = explained.tabs["elements"]
    assert tab.view is None
    assert tab.code == f"cn.periodic_table({tab.table!r})"
    assert tab.table in element_tables()
    tab.widget.children[1].click()
    assert tab.view in explained.session.views
    assert tab.view.result.table in tab.to_text()
    explained.session.elements = ["Na"]
    assert tab.view.elements == ["Na"]
    shown = tab.view
    tab.follow(explained._context())
    assert tab.view is shown
    assert len(tab.sections()) == 1
    explained.close()
    assert shown.data == {}


def test_a_closed_view_is_freed():
    gone = []
    for _ in range(3):
        made = cn.periodic_table("magpie-like", k=3)
        made.observe(lambda _, made=made: made, "elements")
        cn.link(made)
        made.close()
        made.close()
        assert made.data == {}
        gone.append(weakref.ref(made))
        del made
    gc.collect()
    assert [ref() for ref in gone] == [None, None, None]
