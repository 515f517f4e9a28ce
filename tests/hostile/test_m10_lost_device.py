"""M10: the GPU is lost, or its driver does not fit. The CPU with a notice; an error only if it was named."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
import torch

import crysnb as cn
from crysnb.errors import DeviceMemory, UnknownName
from crysnb.models import interface
from crysnb.models.interface import load_model, resolve_device
from crysnb.predict import run as run_module

NAMES = ["NaCl", "GaAs", "rutile"]
LOST = [
    "CUDA error: an illegal memory access was encountered\nCUDA kernel errors might be reported later",
    "CUDA error: unspecified launch failure",
    "cuDNN error: CUDNN_STATUS_EXECUTION_FAILED",
    "Found no NVIDIA driver on your system",
    "HIP error: the operation cannot be performed in the present state",
]


@pytest.fixture(autouse=True)
def _no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(interface._FAULT, "text", "")


def dying(plain: Any, text: str, after: int = 0) -> Any:
    """A GPU that works for some calls and then never again."""
    calls = []

    def act(batch: Any, where: torch.device) -> dict[str, torch.Tensor]:
        if where.type == "cuda":
            calls.append(1)
            if len(calls) > after:
                raise RuntimeError(text)
        return {"dielectric": plain(batch)}

    return act


@pytest.mark.parametrize("text", LOST)
@pytest.mark.parametrize("after", [0, 2])
def test_a_gpu_lost_on_the_way(fake_model: Any, plain: Any, text: str, after: int) -> None:
    model = fake_model(dying(plain, text, after), "cuda")
    results = cn.predict(NAMES, model, batch_size=1)
    assert [round(r.value[0, 0]) for r in results] == [15, 33, 14]
    notice = next(n for n in results[0].notices if n.code == "device.fell_back")
    assert text.splitlines()[0] in notice.text
    assert f"{6 - after} on the CPU" in notice.text
    tries = [device for device, _ in model.network.sizes].count("cuda")
    assert tries == after + 1, "a lost device is not asked again"


def test_a_named_device_that_is_lost_is_an_error(
    fake_model: Any, plain: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = fake_model(dying(plain, LOST[0]), "cuda")
    monkeypatch.setattr(run_module, "load_model", lambda *_: model)
    with pytest.raises(DeviceMemory) as caught:
        cn.predict(NAMES, model, device="cuda")
    assert caught.value.code == "device.lost"
    assert "illegal memory access" in caught.value.text


def test_other_errors_are_no_lost_device(fake_model: Any, plain: Any) -> None:
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        cn.predict("NaCl", fake_model(dying(plain, "mat1 and mat2 shapes cannot be multiplied"), "cuda"))


def test_weights_on_a_lost_device_come_from_the_file(
    fake_model: Any, plain: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The device cannot hand its weights over any more, so a model given by name is read again."""
    gpu = fake_model(dying(plain, LOST[1]), "cuda")
    cpu = fake_model(lambda batch, _: {"dielectric": plain(batch)})
    asked = []

    def load(model: Any, device: str = "auto") -> Any:
        asked.append(device)
        return cpu if device == "cpu" else gpu

    def stuck(self: Any, device: Any) -> None:
        raise RuntimeError(LOST[1])

    monkeypatch.setattr(run_module, "load_model", load)
    monkeypatch.setattr(type(gpu.network), "to", stuck)
    assert round(cn.predict("NaCl", "gmtnet-dielectric").value[0, 0]) == 15
    assert asked == ["auto", "cpu"]
    with pytest.raises(DeviceMemory, match=r"device\.lost"):
        cn.predict("NaCl", gpu)  # a loaded model has no file to go back to


@pytest.mark.parametrize("how", ["warns", "raises", "full"])
def test_a_gpu_that_cannot_be_used_at_all(monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    text = "CUDA initialization: The NVIDIA driver on your system is too old (found version 11040)."

    def available() -> bool:
        if how == "warns":
            warnings.warn(text, UserWarning, stacklevel=2)
            return False
        return True

    def info() -> tuple[int, int]:
        if how == "raises":
            raise RuntimeError(text)
        return 100 << 20, 8 << 30

    monkeypatch.setattr(torch.cuda, "is_available", available)
    monkeypatch.setattr(torch.cuda, "mem_get_info", info)
    assert resolve_device("auto").type == "cpu"
    p = cn.predict("NaCl")
    notice = next(n for n in p.notices if n.code == "device.fell_back")
    assert ("0.1 GiB" if how == "full" else "driver on your system is too old") in notice.text
    assert "CPU" in notice.text
    assert not any(n.code == "device.fell_back" for n in cn.predict("NaCl", device="cpu").notices)


def test_no_notice_where_there_is_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert not any(n.code == "device.fell_back" for n in cn.predict("NaCl").notices)


def test_weights_that_do_not_get_onto_the_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    def stuck(self: Any, device: Any) -> Any:
        if str(device) != "cpu":
            raise RuntimeError(LOST[0])
        return self

    monkeypatch.setattr(interface, "_CACHE", type(interface._CACHE)())
    monkeypatch.setattr(torch.nn.Module, "to", stuck)
    monkeypatch.setattr(interface, "resolve_device", lambda d: torch.device("cpu" if d == "cpu" else "cuda"))
    assert load_model("gmtnet-dielectric").device.type == "cpu"
    assert "illegal memory access" in interface._FAULT["text"]
    with pytest.raises(DeviceMemory, match=r"device\.unavailable"):
        load_model("gmtnet-dielectric", "cuda")


@pytest.mark.parametrize("device", ["cuda:99", "meta", "mps", "xpu"])
def test_a_named_device_that_is_not_there_is_an_error(device: str) -> None:
    with pytest.raises(DeviceMemory) as caught:
        cn.predict("NaCl", device=device)
    assert caught.value.code == "device.unavailable"


@pytest.mark.parametrize("device", ["gpu", "", "cuda:x", "CPU "])
def test_a_name_that_is_no_device(device: str) -> None:
    with pytest.raises((UnknownName, DeviceMemory)):
        cn.predict("NaCl", device=device)
