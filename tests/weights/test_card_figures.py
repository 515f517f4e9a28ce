"""Measures of a card by name, whether or not they were taken up to the axes that labels leave open."""

from __future__ import annotations

import pytest

import crysnb as cn
from crysnb.weights.card import figure


def test_a_measure_is_found_under_both_of_its_names() -> None:
    assert figure({"mae": 1.5}, "mae") == ("mae", 1.5)
    assert figure({"mae_gauge": 1.5}, "mae") == ("mae_gauge", 1.5)
    assert figure({"mae": 1.0, "mae_gauge": 1.5}, "mae") == ("mae", 1.0)
    assert figure({"mae": "much"}, "mae") is None
    assert figure({}, "mae") is None


def test_every_shipped_model_states_its_test_error() -> None:
    errors = dict(zip(cn.models()["name"], cn.models()["test error"], strict=True))
    assert all("rel_median" in text or " mae " in f" {text}" for text in errors.values())
    assert "rel_median_gauge" in errors["gmtnet-piezoelectric"]


def test_the_views_say_that_such_an_error_is_at_best_over_open_axes() -> None:
    pytest.importorskip("anywidget")
    view = cn.panel("GaN", "gmtnet-piezoelectric")
    facts = {f["label"]: f for f in view.data["facts"]}
    assert "axes that the labels leave open" in facts["error on its test set"]["hint"]
    assert any(n["code"] == "prediction.open_axes" for n in view.data["notices"])
    view.close()
