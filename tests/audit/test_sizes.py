"""Outputs of any size in the range of floats: audited alike, or refused."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from planted import inertia

import crysnb as cn


def times(factor):
    return lambda structures: [factor * inertia(s) for s in structures]


@pytest.mark.parametrize(
    ("factor", "code"), [(1e200, "audit.nothing"), (1e-300, "audit.too_small"), (1e-110, "audit.too_small")]
)
def test_outputs_out_of_range_are_refused(factor, code):
    with pytest.raises(cn.CrysnbError) as caught:
        cn.audit(times(factor), ["GaN"])
    assert caught.value.code == code
    assert f"{1e100 if factor > 1 else 1e-100:g}" in caught.value.text


@pytest.mark.parametrize("factor", [1e97, 1e-97])
def test_outputs_in_range_are_audited_like_any_other(factor):
    report = cn.audit(times(factor), ["GaN"])
    assert report.passed, report
    assert report.deterministic
    assert 0 < report.rounding < 1e-10
    json.dumps(report.to_dict(), allow_nan=False)


def test_one_crystal_out_of_range_is_a_fault_of_that_crystal():
    def f(structures):
        return [1e200 if len(s) > 2 else 1.0 for s in structures]

    report = cn.audit(f, ["CsCl", "rutile"])
    assert report.crystals == 1
    assert ("audit.too_large", "rutile") in [(x.code, x.crystal) for x in report.faults]
    json.dumps(report.to_dict(), allow_nan=False)


def test_zero_everywhere_and_tiny_beside_large_are_in_range():
    assert cn.audit(lambda x: [0.0 for _ in x], ["CsCl"]).passed
    assert cn.audit(lambda x: [1.0 if "Cs" in s.symbol_set else 1e-200 for s in x], ["CsCl", "GaN"]).passed


def test_an_adapter_with_huge_results_is_refused():
    mine = type("Mine", (cn.ModelAdapter,), {"predict": lambda _, x: [np.float64(1e200) for _ in x]})
    with pytest.raises(cn.CrysnbError) as caught:
        cn.check_adapter(mine())
    assert caught.value.code == "audit.too_large"
