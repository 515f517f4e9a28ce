"""The fusion-diagram explorer: its picture, its controls, and what stays without a kernel."""

import re

import pytest
from ipywidgets.widgets import widget

import crysnb as cn
from crysnb.tensors.fusion_trees import all_shapes
from crysnb.widgets.freeze import VIEW_MIME, freeze_notebook
from crysnb.widgets.fusion_scene import MAX_TREES, fusion_scene
from crysnb.widgets.png import to_png
from crysnb.widgets.scene import Circle, Text


@pytest.fixture
def explorer():
    view = cn.fusion_diagrams(2, 3, "1o").view()
    yield view
    view.close()


def svg(view):
    return bytes(view.picture.value).decode()


def test_numbers_draw_themselves_without_a_kernel():
    diagrams = cn.fusion_diagrams(2, 3, "1o")
    data, metadata = diagrams._repr_mimebundle_()
    assert data["image/png"][:4] == b"\x89PNG"
    assert data["text/plain"] == repr(diagrams)
    assert "21 diagrams" in metadata["image/png"]["alt"]
    assert "21 diagrams" in diagrams.to_svg()


def test_every_vertex_is_drawn():
    diagrams = cn.fusion_diagrams(1, 4, "0e")
    assert len(diagrams) <= MAX_TREES
    shapes = fusion_scene(diagrams).shapes
    assert sum(isinstance(s, Circle) for s in shapes) == 3 * len(diagrams)
    leaves = [s.text for s in shapes if isinstance(s, Text) and re.fullmatch("[0-9][₁₂₃₄]", s.text)]
    assert leaves == [f"{order}{'₁₂₃₄'[k]}" for d in diagrams.diagrams for k, order in enumerate(d.leaves)]


@pytest.mark.parametrize("shape", all_shapes(4))
def test_nothing_leaves_the_picture(shape):
    diagrams = cn.fusion_diagrams(2, 4, "1o", None)
    found = diagrams.recoupling(shape, (1, 1, 2, 1))
    scene = fusion_scene(diagrams, found)
    for s in scene.shapes:
        if isinstance(s, Text):
            width = 0.56 * s.size * len(s.text)
            left = s.x - (width / 2 if s.anchor == "middle" else 0)
            assert left >= 0, s
            assert left + width <= scene.width, s
            assert 0 < s.y <= scene.height, s
    assert to_png(scene, 1)[:4] == b"\x89PNG"


def test_controls_choose_diagrams_and_matrix(explorer):
    first = svg(explorer)
    assert explorer.leaves.disabled
    explorer.other.value = "1 (2 3)"
    assert not explorer.leaves.disabled
    explorer.leaves.value = (1, 2, 2)
    assert explorer.recoupling.leaves == (1, 2, 2)
    assert explorer.recoupling.residual < 1e-10
    assert svg(explorer) != first
    assert "0.447" in svg(explorer)
    explorer.l_max.value = 1
    assert explorer.recoupling.leaves == explorer.leaves.value == (1, 1, 1)
    explorer.order.value = 4
    assert explorer.recoupling is None
    assert explorer.shape.value == "((1 2) 3) 4"
    explorer.shape.value = "(1 2) (3 4)"
    assert "(1 2) (3 4)" in svg(explorer)
    assert len(explorer.result) == len(cn.fusion_diagrams(1, 4, "1o"))


def test_where_nothing_couples_the_picture_says_so(explorer):
    explorer.other.value = "1 (2 3)"
    explorer.l_max.value = 0
    assert len(explorer.result) == 0
    assert explorer.recoupling is None
    assert "0 diagrams" in svg(explorer)
    explorer.l_max.value = 2
    assert explorer.recoupling is not None  # the other shape is still chosen


def test_all_choices_of_the_controls_work(explorer):
    for order in (2, 3, 4):
        explorer.order.value = order
        for label, shape in explorer.other.options[1:3]:
            assert label == shape
            explorer.other.value = shape
            for order_l in (0, 2):
                explorer.l.value = order_l
                for parity in "eo":
                    explorer.parity.value = parity
                    assert explorer.result.target_name == f"{order_l}{parity}"
                    if explorer.recoupling is not None:
                        assert explorer.recoupling.span_residual < 1e-10


def test_a_frozen_notebook_keeps_the_picture(explorer):
    data, metadata = explorer._repr_mimebundle_()
    assert VIEW_MIME in data
    notebook = {
        "metadata": {},
        "cells": [{"outputs": [{"output_type": "display_data", "data": data, "metadata": metadata}]}],
    }
    assert freeze_notebook(notebook).views == 1
    (output,) = notebook["cells"][0]["outputs"]
    assert set(output["data"]) == {"image/png", "text/plain"}


def test_a_target_beyond_the_slider_is_held():
    view = cn.fusion_diagrams(4, 4, "9o").view()
    assert view.result.target_name == "9o"
    assert view.l.value == 9
    view.close()


def test_nothing_is_left_after_closing():
    before = set(widget._instances)
    view = cn.fusion_diagrams().view()
    assert set(widget._instances) > before
    view.close()
    assert set(widget._instances) == before
