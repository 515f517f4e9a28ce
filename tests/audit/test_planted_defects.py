"""Rows 1 to 6 of the error catalogue, planted one at a time in our own network with random weights."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))

import planted

import crysnb as cn

#: Enough crystals for every defect, few enough for a quick test.
CRYSTALS = ("NaCl", "GaAs", "CsCl", "fluorite", "rutile", "quartz", "GaN", "baddeleyite")


@pytest.fixture(scope="module")
def crystals():
    from crysnb.audit.run import _primitive

    return [_primitive(name) for name in CRYSTALS]


@pytest.fixture(scope="module")
def net():
    return planted.network()


def failed(report):
    assert report.faults == ()
    return {f.check: f for f in report.failures}


@pytest.mark.parametrize("name", ["dielectric", "piezoelectric", "elastic"])
def test_without_a_defect_nothing_is_flagged(net, crystals, name):
    report = cn.audit(planted.asked(net, name), crystals)
    assert report.passed, report
    assert report.kind == name
    assert report.precision == "single"
    assert all(c.tested > 2 and not c.noisy for c in report.checks)


def test_row_1_negative_entries_of_the_projector(net, crystals):
    found = failed(cn.audit(planted.row_1(net), crystals))
    # The crystal's own tensor loses its pattern as soon as the crystal is turned.
    assert set(found) == {"rotation", "zeros", "dependents"}
    assert {f.cause for f in found.values()} == {"exact"}
    assert found["rotation"].size > 0.01
    assert found["rotation"].example.n_atoms == 4  # GaN: no cubic crystal shows it


def test_row_2_a_shell_cut_by_rounding(net, crystals):
    f = planted.asked(net, "dielectric", lambda s: planted.changed_edges(s, planted.nearest))
    found = failed(cn.audit(f, crystals))
    assert {"rotation", "noise"} <= set(found)
    # How the crystal is written changes the rounding; what changes none is silent.
    assert {"order", "batch", "intrinsic"}.isdisjoint(found)
    assert {f.cause for f in found.values()} == {"jump"}
    assert found["rotation"].example.crystal in ("NaCl", "CsCl", "fluorite", "CaF2")


def test_row_3_self_edges_twice(net, crystals):
    f = planted.asked(net, "dielectric", lambda s: planted.changed_edges(s, planted.doubled_self_edges))
    found = failed(cn.audit(f, crystals))
    assert set(found) == {"supercell"}
    assert found["supercell"].cause == "exact"
    assert found["supercell"].example.n_atoms == 2
    assert found["supercell"].example.change == "2×1×1 supercell"


def test_row_4_the_result_depends_on_the_cell(net, crystals):
    f = planted.asked(net, "dielectric", lambda s: planted.changed_edges(s, planted.near_images_only))
    found = failed(cn.audit(f, crystals))
    assert {"cell", "supercell"} <= set(found)
    assert {"rotation", "reflection", "order", "batch", "noise", "intrinsic"}.isdisjoint(found)
    assert found["cell"].cause == "exact"
    assert found["cell"].example.n_atoms == 2


def test_row_4_a_sum_over_atoms_looks_extensive(net, crystals):
    clean = planted.asked(net, "elastic")

    def f(structures):
        return [len(s) * t for s, t in zip(structures, clean(structures), strict=True)]

    found = failed(cn.audit(f, crystals))
    assert set(found) == {"supercell"}
    assert "looks extensive: 2 cells have 2 times the tensor" in found["supercell"].text


def test_row_5_l_max_below_the_rank(crystals):
    blind = planted.network(l_max=2)
    stiffness = failed(cn.audit(planted.asked(blind, "elastic"), crystals))
    assert set(stiffness) == {"dependents"}
    assert stiffness["dependents"].cause == "blind"
    assert stiffness["dependents"].text.startswith("c44 = (c11 - c12)/2 on 3 of 3 crystals of class m-3m")
    assert stiffness["dependents"].size == pytest.approx(1 / 3)
    piezo = failed(cn.audit(planted.asked(blind, "piezoelectric"), crystals))
    assert set(piezo) == {"zeros"}
    assert piezo["zeros"].cause == "blind"
    assert piezo["zeros"].text.startswith("e14 = 0 on 1 of 1 crystals of class -43m (GaAs)")


def test_row_6_an_antisymmetric_part(net, crystals):
    found = failed(cn.audit(planted.row_6(net), crystals))
    assert set(found) == {"intrinsic"}
    assert found["intrinsic"].cause == "exact"
    # It takes two tensors with different axes: the monoclinic crystal is the only one.
    assert found["intrinsic"].example.n_atoms == 12


def test_double_precision_sees_smaller_faults(crystals):
    net = planted.network(double=True)
    clean = planted.Remembered(planted.asked(net, "dielectric"))
    assert (report := cn.audit(clean, crystals)).passed, report
    assert report.precision == "double"
    assert report.rounding < 1e-11

    def slightly_wrong(structures):
        return [t + 1e-7 * np.diag([0, 0, 1]) for t in clean.again(structures)]

    found = failed(cn.audit(slightly_wrong, crystals))
    assert set(found) == {"rotation", "zeros", "dependents"}
    assert {f.cause for f in found.values()} == {"exact"}
