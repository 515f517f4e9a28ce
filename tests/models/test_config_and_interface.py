"""Configuration round trips, and loading refuses what does not fit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

import crysnb as cn
from crysnb.errors import CrysnbError, DeviceMemory, ShapeError, UnknownName, WeightsCorrupt
from crysnb.models import interface
from crysnb.models.gmtnet.config import GMTNetConfig
from crysnb.weights import store


def test_config_round_trip() -> None:
    config = GMTNetConfig(properties=("elastic",), channels=3)
    assert GMTNetConfig.from_dict(config.to_dict()) == config


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
