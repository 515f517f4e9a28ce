"""Configuration round trips, and loading refuses what does not fit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

import crysnb as cn
from crysnb.errors import CrysnbError, DeviceMemory, ShapeError, UnknownName, WeightsCorrupt
from crysnb.models import interface
from crysnb.models.gmtnet.build import build
from crysnb.models.gmtnet.config import GMTNetConfig
from crysnb.weights import store


def test_config_round_trip() -> None:
    config = GMTNetConfig(properties=("elastic",), channels=3)
    assert GMTNetConfig.from_dict(config.to_dict()) == config


def test_a_card_that_was_edited_is_read_anew(tmp_path: Path) -> None:
    stored = store.load("gmtnet-dielectric")
    store.save(tmp_path, stored.card, stored.tensors)
    before = cn.load_model(tmp_path)
    store.save(tmp_path, replace(stored.card, name="renamed"), stored.tensors)
    assert (before.name, cn.load_model(tmp_path).name) == ("gmtnet-dielectric", "renamed")


def test_loading_leaves_the_global_generator_alone(tmp_path: Path) -> None:
    stored = store.load("gmtnet-dielectric")
    store.save(tmp_path, stored.card, stored.tensors)
    before = torch.default_generator.get_state()
    cn.load_model(tmp_path)
    assert torch.equal(before, torch.default_generator.get_state())


@pytest.mark.parametrize(
    "change",
    [
        {"width": 1024, "channels": 256, "blocks": 6, "l_max": 6, "members": 16},
        {"members": 1},
        {"members": 2.0},
        {"width": "64"},
        {"width": 64.5},
        {"l_max": 4.0},
        {"cutoff": "5.5"},
        {"blocks": True},
        {"properties": 3},
        {"properties": "dielectric"},
        {"properties": ["elastic"]},
    ],
    ids=repr,
)
def test_a_forged_configuration_ends_in_our_error_at_once(
    tmp_path: Path, change: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = store.load("gmtnet-dielectric")
    stored.card.config.update(change)
    monkeypatch.setattr(interface.store, "load", lambda _: stored)
    built: list[object] = []
    monkeypatch.setattr(interface, "build_network", lambda *a: built.append(a) or build(a[1]))
    with pytest.raises(CrysnbError):
        cn.load_model(tmp_path)
    assert len(built) <= ("elastic" in repr(change)) + ("members" in change and change["members"] == 1)


def test_a_card_that_promises_another_property_is_refused(tmp_path: Path) -> None:
    stored = store.load("gmtnet-dielectric")
    store.save(tmp_path, replace(stored.card, properties=("elastic",)), stored.tensors)
    with pytest.raises(WeightsCorrupt, match="promises"):
        cn.load_model(tmp_path)


@pytest.mark.parametrize("bad", [None, 3, b"x", [], True])
def test_what_is_no_model_is_our_error(bad: object) -> None:
    with pytest.raises(UnknownName):
        cn.load_model(bad)  # type: ignore[arg-type]


@pytest.mark.parametrize("change", [{"l_max": 1}, {"cutoff": 100.0}, {"properties": ()}, {"width": 0}])
def test_config_ranges(change: dict[str, object]) -> None:
    with pytest.raises(ShapeError, match=r"config\.range"):
        GMTNetConfig(**change)  # type: ignore[arg-type]


def test_unknown_keys_and_schemas_are_errors() -> None:
    data = GMTNetConfig().to_dict()
    with pytest.raises(UnknownName, match="channels"):
        GMTNetConfig.from_dict({**data, "chanels": 3})
    with pytest.raises(ShapeError, match=r"config\.schema"):
        GMTNetConfig.from_dict({**data, "schema_version": 99})
    with pytest.raises(UnknownName, match="dielectric"):
        GMTNetConfig(properties=("dielectrik",))


def test_models_are_cached_and_in_evaluation_mode() -> None:
    model = cn.load_model("gmtnet-dielectric", device="cpu")
    assert cn.load_model("gmtnet-dielectric", device="cpu") is model
    assert cn.load_model(model) is model
    assert not model.network.training  # type: ignore[attr-defined]
    assert len(repr(model)) < 100


def test_the_cache_is_bounded(tmp_path: Path) -> None:
    stored = store.load("gmtnet-dielectric")
    for k in range(interface._CACHE_SIZE + 2):
        folder = tmp_path / str(k)
        store.save(folder, stored.card, stored.tensors)
        cn.load_model(folder)
    assert len(interface._CACHE) <= interface._CACHE_SIZE


def test_unknown_names_and_devices() -> None:
    with pytest.raises(UnknownName, match="Did you mean 'gmtnet-dielectric'"):
        cn.load_model("gmtnet-dielectrik")
    with pytest.raises(UnknownName, match="device"):
        cn.load_model("gmtnet-dielectric", device="banana")
    if not torch.cuda.is_available():
        with pytest.raises(DeviceMemory, match=r"device\.unavailable"):
            cn.load_model("gmtnet-dielectric", device="cuda")


def test_weights_of_another_configuration_are_refused(tmp_path: Path) -> None:
    stored = store.load("gmtnet-dielectric")
    card = replace(stored.card, config={**stored.card.config, "width": 32})
    store.save(tmp_path, card, stored.tensors)
    with pytest.raises(WeightsCorrupt, match=r"weights\.mismatch"):
        cn.load_model(tmp_path)
    store.save(tmp_path, replace(stored.card, family="banana"), stored.tensors)
    with pytest.raises(CrysnbError, match="family"):
        cn.load_model(tmp_path)
