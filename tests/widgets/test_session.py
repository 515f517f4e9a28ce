"""One selection in several views."""

import gc
import weakref

import pytest
import states
import traitlets

import crysnb as cn
from crysnb.widgets.session import SELECTABLE


def update(state):
    return {"content": {"data": {"method": "update", "state": state, "buffer_paths": []}}, "buffers": []}


def test_a_selection_in_one_view_reaches_the_others_and_the_session(view):
    a, b, c = view("elastic"), view("elastic"), view("structure")
    s = cn.link(a, b, c)
    assert a.session == b.session == c.session == s.id != ""
    a._handle_msg(update({"cells": ["c14"]}))
    assert (b.cells, s.cells) == (["c14"], ["c14"])
    s.operations = [a.result.form.operations[1].name]
    assert a.operations == b.operations == s.operations
    c.atoms = [3]
    assert (s.atoms, a.atoms) == ([3], [3])  # a view keeps what it does not show itself


def test_a_view_takes_only_what_it_has_and_does_not_shorten_the_others(view):
    a, b = view("elastic"), view("prediction")
    s = cn.link(a, b)
    b.cells = ["eps11"]
    assert (a.cells, s.cells) == ([], ["eps11"])
    a.cells = ["c14"]
    assert (b.cells, s.cells) == ([], ["c14"])
    s.cells = ["nonsense"]
    assert (a.cells, b.cells) == ([], [])


def test_what_was_selected_before_is_kept(view):
    a, b, late = view("elastic"), view("elastic"), view("elastic")
    a.cells = ["c14"]
    s = cn.link(a, b)
    assert b.cells == s.cells == ["c14"]
    s.add(late)
    assert late.cells == ["c14"]
    s.clear()
    assert a.cells == b.cells == late.cells == []


def test_a_view_leaves_its_session(view):
    a, b = view("elastic"), view("elastic")
    s = cn.link(a, b)
    other = cn.link(b)
    assert b.session == other.id != a.session
    a.cells = ["c14"]
    assert b.cells == []
    assert s.views == (a,)
    s.remove(b)  # not there: nothing to do
    s.add(a)
    assert s.views == (a,)


def test_a_link_of_two_traits_is_enough_too(view):
    a, b = view("elastic"), view("elastic")
    traitlets.link((a, "cells"), (b, "cells"))
    a.cells = ["c14"]
    assert b.cells == ["c14"]


def test_only_views_are_linked(view):
    with pytest.raises(cn.ShapeError, match="not_a_view"):
        cn.link(view("elastic"), "quartz")
    with pytest.raises(cn.ShapeError):
        cn.link(cn.link())


def test_a_session_keeps_no_view_alive():
    one = states.VIEWS["elastic"]()
    s = cn.link(one)
    gone = weakref.ref(one)
    one.close()
    del one
    gc.collect()
    assert gone() is None
    assert s.views == ()
    s.cells = ["c14"]


# What a view marks from its own state: the lost operations and the zeros that opened; chosen elements.
MARKED_AT_START = {("breaking", "operations"), ("breaking", "cells"), ("elements", "elements")}


@pytest.mark.parametrize("kind", SELECTABLE)
@pytest.mark.parametrize("name", states.VIEWS)
def test_every_view_has_every_list(view, name, kind):
    marked = getattr(view(name), kind)
    assert isinstance(marked, list)
    assert bool(marked) == ((name, kind) in MARKED_AT_START)


def test_vanishing_under_one_operation_is_what_its_own_group_forbids(view):
    from crysnb.tensors.form import tensor_form

    form = tensor_form("4mm", "elastic")
    mirror = next(op.name for op in form.operations if op.text == "mirror perpendicular to [100]")
    # m perpendicular to x forbids every component with an odd number of indices 1.
    assert set(form.vanishing_under(mirror)) == {"c15", "c16", "c25", "c26", "c35", "c36", "c45", "c46"}
    assert form.vanishing_under(form.operation_names[0]) == ()
    with pytest.raises(cn.UnknownName):
        form.vanishing_under("m [999]")
    for group in ("-1", "32", "m-3m", "-43m", "6/mmm"):
        form = tensor_form(group, "piezoelectric")
        together = {name for op in form.operation_names for name in form.vanishing_under(op)}
        assert together <= set(form.zeros)
    assert set(tensor_form("-1", "piezoelectric").vanishing_under("-1")) == set(form.kind.names)
