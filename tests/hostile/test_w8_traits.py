"""W8: what Python syncs is what the browser half reads, and the other way round, for every class of view."""

from __future__ import annotations

import importlib
import pkgutil
import re
from pathlib import Path

import pytest

pytest.importorskip("anywidget", reason="the notebook extra is not installed")

import crysnb.widgets
from crysnb.widgets.base import ExplainerWidget
from crysnb.widgets.session import SELECTABLE

FRONT = Path(__file__).parents[2] / "widgets" / "src"
INHERITED = {"layout", "tabbable", "tooltip"}  # of every ipywidget


def _classes() -> list[type[ExplainerWidget]]:
    """Every class of view that is shipped."""
    for module in pkgutil.iter_modules(crysnb.widgets.__path__):
        if module.name != "freeze_preprocessor":  # needs nbconvert, and has no view
            importlib.import_module(f"crysnb.widgets.{module.name}")
    found, todo = [], [ExplainerWidget]
    while todo:
        found.append(cls := todo.pop())
        todo += [c for c in cls.__subclasses__() if c.__module__.startswith("crysnb.")]
    return found


def _synced(cls: type[ExplainerWidget]) -> set[str]:
    return {name for name in cls.class_traits(sync=True) if not name.startswith("_")} - INHERITED


def _keys(name: str, source: str) -> set[str]:
    found = re.search(name + r" = \[(.*?)\]", source, re.DOTALL)
    assert found is not None
    return set(re.findall(r'"(\w+)"', found[1]))


@pytest.mark.parametrize("cls", _classes(), ids=lambda c: c.__name__)
def test_synced_traits_are_the_keys_of_the_browser_half(cls: type[ExplainerWidget]) -> None:
    assert _synced(cls) == _keys("MODEL_KEYS", (FRONT / "model.ts").read_text(encoding="utf-8"))


def test_every_key_of_the_browser_half_is_read_there() -> None:
    source = (FRONT / "model.ts").read_text(encoding="utf-8")
    read = set(re.findall(r'this\.read\("(\w+)"\)', source))
    read |= _keys("KINDS", (FRONT / "selection.ts").read_text(encoding="utf-8"))
    assert read == _keys("MODEL_KEYS", source)
    assert set(SELECTABLE) <= read


def test_all_views_were_looked_at() -> None:
    names = {cls.__name__ for cls in _classes()}
    assert names >= {"CrystalView", "NyeView", "PredictionPanel", "StoryView", "StructureView", "UploadView"}
