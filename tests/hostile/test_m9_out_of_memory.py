"""M9: memory runs out at any depth. Halve the batch, then the CPU, then an error; the result is the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import crysnb as cn
from crysnb.errors import DeviceMemory
from crysnb.models.interface import load_model
from crysnb.predict import memory

NAMES = ["NaCl", "GaAs", "rutile", "quartz", "GaN"]
ERRORS = {
    "cuda": torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB"),
    "cublas": RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    "cpu": RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried 800 bytes"),
    "python": MemoryError(),
}


def limited(plain: Any, on_gpu: int, on_cpu: int, error: BaseException = ERRORS["cuda"]) -> Any:
    """An allocator that holds so many crystals on either device."""

    def act(batch: Any, where: torch.device) -> dict[str, torch.Tensor]:
        if batch.n_crystals > (on_cpu if where.type == "cpu" else on_gpu):
            raise error
        return {"dielectric": plain(batch)}

    return act


def expected() -> list[float]:
    return [1.0 + float(np.mean(cn.as_structure(n).atomic_numbers)) for n in NAMES]


@pytest.mark.parametrize("error", ERRORS.values(), ids=ERRORS)
@pytest.mark.parametrize("room", [4, 3, 2, 1])
def test_the_batch_is_halved(fake_model: Any, plain: Any, room: int, error: BaseException) -> None:
    model = fake_model(limited(plain, room, 0, error), "cuda")
    results = cn.predict(NAMES, model)
    assert [r.value[0, 0] for r in results] == pytest.approx(expected())
    assert {device for device, _ in model.network.sizes} == {"cuda"}
    assert min(n for _, n in model.network.sizes) <= room
    for r in results:
        notice = next(n for n in r.notices if n.code == "device.fell_back")
        assert "10 on cuda" in notice.text  # each cell as given and idealised
        assert "or fewer" in notice.text
        assert "CPU" not in notice.text


def test_the_cpu_comes_after_a_single_crystal(fake_model: Any, plain: Any) -> None:
    model = fake_model(limited(plain, 0, 1), "cuda")
    results = cn.predict(NAMES, model)
    assert [r.value[0, 0] for r in results] == pytest.approx(expected())
    cuda = [n for device, n in model.network.sizes if device == "cuda"]
    assert 1 in cuda
    assert [n for device, n in model.network.sizes if device == "cpu"] == [1] * 10
    assert "10 on the CPU" in next(n.text for n in results[0].notices if n.code == "device.fell_back")


def test_one_crystal_too_large_for_the_gpu_says_what_ran_where(fake_model: Any, plain: Any) -> None:
    def act(batch: Any, where: torch.device) -> dict[str, torch.Tensor]:
        if where.type == "cuda" and (batch.atomic_number == 33).any():
            raise ERRORS["cuda"]
        return {"dielectric": plain(batch)}

    results = cn.predict(NAMES, fake_model(act, "cuda"))
    assert [r.value[0, 0] for r in results] == pytest.approx(expected())
    text = next(n.text for n in results[0].notices if n.code == "device.fell_back")
    assert "8 on cuda" in text
    assert "2 on the CPU" in text


def test_then_comes_our_error_and_costs_no_other_crystal(fake_model: Any, plain: Any) -> None:
    def act(batch: Any, where: torch.device) -> dict[str, torch.Tensor]:
        if (batch.atomic_number == 33).any():
            raise ERRORS["python"]
        return {"dielectric": plain(batch)}

    for device in ("cpu", "cuda"):
        model = fake_model(act, device)
        with pytest.raises(DeviceMemory, match=r"device\.memory"):
            cn.predict(NAMES, model)
        results = cn.predict(NAMES, model, on_error="return")
        assert [isinstance(r, DeviceMemory) for r in results] == [False, True, False, False, False]
        assert "2 atoms" in results[1].text  # the idealised primitive cell was the last to be tried
        assert [r.value[0, 0] for k, r in enumerate(results) if k != 1] == pytest.approx(
            [e for k, e in enumerate(expected()) if k != 1]
        )


def test_the_failed_attempt_is_free_before_the_next_one(fake_model: Any, plain: Any) -> None:
    """Inside ``except`` the traceback would keep the tensors of the failed attempt alive."""
    import gc
    import weakref

    held: list[weakref.ref[Any]] = []

    class Tensors:
        """Stands for what the failed attempt had allocated."""

    def act(batch: Any, where: torch.device) -> dict[str, torch.Tensor]:
        gc.disable()
        assert [r for r in held if r() is not None] == []
        mine = Tensors()
        held.append(weakref.ref(mine))
        if batch.n_crystals > 1:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return {"dielectric": plain(batch)}

    try:
        cn.predict(NAMES, fake_model(act, "cuda"))
    finally:
        gc.enable()
    assert len(held) > 5


def test_the_cache_is_freed_between_attempts(
    fake_model: Any, plain: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    freed = []
    model = fake_model(limited(plain, 1, 1), "cuda")
    monkeypatch.setattr(memory.torch.cuda, "empty_cache", lambda: freed.append(len(model.network.sizes)))
    cn.predict(NAMES, model)
    failed = [k + 1 for k, (_, n) in enumerate(model.network.sizes) if n > 1]
    assert freed == failed


def test_the_shipped_network_gives_the_same_in_any_batch(fake_model: Any) -> None:
    inner = load_model("gmtnet-dielectric").network

    def act(batch: Any, where: torch.device) -> Any:
        if batch.n_crystals > 1:
            raise ERRORS["cpu"]
        return inner(batch)

    names = ["NaCl", "GaN", "rutile"]
    whole, single = cn.predict(names), cn.predict(names, fake_model(act))
    for a, b in zip(whole, single, strict=True):
        np.testing.assert_allclose(a.value, b.value, rtol=2e-5)


def test_a_copy_on_another_device_takes_nothing_on_the_present_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A full GPU cannot hold a second set of weights for the time of a move."""
    message = "a tensor was copied where it is"
    monkeypatch.setattr(torch.nn.Parameter, "__deepcopy__", lambda *_: pytest.fail(message))
    model = load_model("gmtnet-dielectric", "cpu")
    there = model.on(torch.device("meta"))
    tensors = [*there.network.parameters(), *there.network.buffers()]  # type: ignore[attr-defined]
    assert {t.device.type for t in tensors} == {"meta"}
    here = [*model.network.parameters(), *model.network.buffers()]  # type: ignore[attr-defined]
    assert {t.device.type for t in here} == {"cpu"}


@pytest.mark.gpu
def test_a_real_gpu_without_room() -> None:
    names = ["NaCl", "GaN", "rutile"]
    whole = cn.predict(names, device="cpu")
    torch.cuda.set_per_process_memory_fraction(1e-5)
    try:
        cramped = cn.predict(names, device="cuda")
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    for a, b in zip(whole, cramped, strict=True):
        np.testing.assert_allclose(a.value, b.value, rtol=1e-4)
