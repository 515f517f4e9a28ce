"""Every shipped model keeps the contract; a model that is added is collected by itself."""

from __future__ import annotations

from crysnb.testing.contract import ModelContract
from crysnb.weights import store

for _name in store.shipped():
    _class = "Test" + _name.title().replace("-", "")
    _turns = store.shipped_card(_name).family != "megnet-tensor"
    globals()[_class] = type(_class, (ModelContract,), {"model": _name, "turns": _turns})


def test_there_are_shipped_models() -> None:
    assert "gmtnet-dielectric" in store.shipped()
