"""Functions whose result depends on the call: the place in the list, its length, and what they remember."""

from __future__ import annotations

import json

import numpy as np
import pytest

import crysnb as cn

PAIR = ["NaCl", "quartz"]


def volume(s):
    return s.volume / len(s)


def by_place(effect, value=volume):
    return lambda structures: [value(s) * (1 + effect * k) for k, s in enumerate(structures)]


class ByPlace(cn.ModelAdapter):
    kind = "scalar"

    def predict(self, structures):
        return by_place(0.01)(structures)


@pytest.mark.parametrize(
    ("f", "crystals", "size"),
    [
        (by_place(0.01), PAIR, 0.01),
        (by_place(1e-6), PAIR, 1e-6),
        (by_place(0.01, lambda s: volume(s) * np.eye(3)), PAIR, 0.01),
        (ByPlace(), PAIR, 0.01),
        (by_place(0.01), ["CsCl"], 0.01),  # its own mate
    ],
)
def test_a_result_that_depends_on_the_place_in_the_call(f, crystals, size):
    report = cn.audit(f, crystals)
    json.dumps(report.to_dict(), allow_nan=False)
    assert [(x.check, x.cause) for x in report.failures if x.cause != "blind"] == [("batch", "exact")]
    assert report.failure("batch").size == pytest.approx(size, rel=1e-3)
    assert report.failure("batch").example.change.endswith(", as the second")
    assert report.faults == ()


def test_calls_are_no_longer_than_those_that_were_tried():
    lengths = []

    def f(structures):
        lengths.append(len(structures))
        return [volume(s) * (1 + 0.01 * (k > 1)) for k, s in enumerate(structures)]

    assert cn.audit(f, PAIR).passed
    assert max(lengths) == 2


def test_what_is_not_there_when_measured_again_is_random():
    calls = []

    def f(structures):
        """Wrong once: when sites are first given in reverse order."""
        reversed_now = not calls and structures[0][0].specie.symbol == "Cl"
        calls.extend([1] if reversed_now else [])
        return [volume(s) * (1.01 if reversed_now else 1) for s in structures]

    report = cn.audit(f, ["CsCl"])
    assert [(x.check, x.cause) for x in report.failures] == [("order", "random")]


def one_at_a_time(error):
    def f(structures):
        if len(structures) > 1:
            raise error
        return [volume(s) for s in structures]

    return f


def test_a_function_that_raises_for_more_than_one_crystal_is_told():
    report = cn.audit(one_at_a_time(ValueError("no batch")), PAIR)
    assert not report.passed
    assert report.failures == ()
    (fault,) = report.faults
    assert (fault.code, fault.crystal, fault.change) == ("audit.raised", "NaCl", "in one call with others")
    assert "ValueError" in fault.text
    assert "no batch" in fault.text
    assert "a list of 2 structures" in fault.text


def test_an_adapter_that_raises_for_more_than_one_crystal_is_refused():
    mine = type(
        "Mine", (cn.ModelAdapter,), {"predict": lambda _, x: one_at_a_time(ValueError("no batch"))(x)}
    )
    with pytest.raises(cn.CrysnbError, match="no batch") as caught:
        cn.check_adapter(mine())
    assert caught.value.code == "audit.raised"


def test_memory_that_runs_out_is_no_fault_where_one_crystal_fits():
    assert cn.audit(one_at_a_time(MemoryError()), PAIR).passed


def test_an_exception_for_one_crystal_is_not_told_twice():
    def f(structures):
        if any(len(s) > 40 for s in structures):
            raise ValueError("too many sites")
        return [volume(s) for s in structures]

    faults = cn.audit(f, ["CsCl", "rutile"]).faults
    assert [(x.crystal, x.change) for x in faults] == [("rutile", "2×2×2 supercell")]
