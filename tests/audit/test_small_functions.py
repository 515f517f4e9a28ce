"""Functions with one fault each, clean ones, noisy ones, and ones that break down."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from planted import CUTOFF, build_one, each, hashed_noise, inertia, volume_like

import crysnb as cn
from crysnb.audit.report import CHECKS

CRYSTALS = ["CsCl", "GaN", "rutile", "BaTiO3"]
KEYS = {"check", "size", "tolerance", "cause", "text", "example", "largest"}


def failed(f, crystals=CRYSTALS, **options):
    report = cn.audit(f, crystals, **options)
    assert report.faults == ()
    json.dumps(report.to_dict(), allow_nan=False)
    return {x.check: x for x in report.failures}


def shell(s):
    """Share of edges as short as the shortest: a hard cut, though with a tolerance for rounding."""
    r = build_one(s, CUTOFF).edge_vector.norm(dim=1)
    return float((r < r.min() + 5e-5).float().mean())


def tagged(function, tag):
    """A clean scalar, 1 % larger where ``tag`` of the structure is true."""
    return each(lambda s: function(s) * (1.01 if tag(s) else 1.0))


@pytest.mark.parametrize(
    ("f", "kind"),
    [
        (each(volume_like), "scalar"),
        (each(lambda s: [volume_like(s), s.volume / len(s)]), "scalar"),
        (each(inertia), "dielectric"),
        (each(inertia), "stress"),
        (each(lambda s: s.composition.reduced_composition.num_atoms), "scalar"),
    ],
)
def test_clean_functions_pass(f, kind):
    report = cn.audit(f, CRYSTALS, kind=kind)
    assert report.passed, report
    assert report.kind == kind
    assert report.deterministic
    tested = {c.check for c in report.checks if c.tested}
    assert set(CHECKS) - tested == ({"zeros", "dependents", "intrinsic"} if kind == "scalar" else set())


@pytest.mark.parametrize(
    ("check", "also", "f"),
    [
        ("rotation", set(), each(lambda s: inertia(s)[2, 2])),  # the lab frame
        ("order", set(), each(lambda s: float(s[0].specie.Z))),  # the first site
        ("supercell", set(), each(lambda s: s.volume)),  # the cell size
        ("supercell", set(), each(lambda s: volume_like(s) * len(s))),
        ("cell", {"supercell"}, each(lambda s: s.lattice.a)),
        ("wrap", set(), tagged(volume_like, lambda s: (s.frac_coords >= 1).any())),
        ("wrap", {"supercell"}, each(lambda s: np.linalg.norm(s.cart_coords.mean(0)) + volume_like(s))),
        ("batch", set(), lambda x: [volume_like(s) * (1 + 0.01 * len(x)) for s in x]),  # the batch
        ("batch", set(), lambda x: [volume_like(s) + 0.01 * volume_like(x[-1]) for s in x]),
        ("noise", set(), each(lambda s: volume_like(s) * (1 + 0.01 * shell(s)))),
    ],
)  # fmt: skip
def test_one_fault_one_check(check, also, f):
    found = failed(f)
    assert check in found
    assert set(found) <= {check} | also
    failure = found[check]
    assert failure.size > failure.tolerance
    assert set(failure.to_dict()) == KEYS
    assert failure.example.n_atoms == len(failure.example.before)


def test_a_pseudoscalar_is_seen_by_the_mirror_alone():
    def hand(s):
        """Signed volume of the first neighbours: changes sign in the mirror image of quartz."""
        a = s.lattice.matrix
        v = [s[k].coords - s[0].coords for k in (3, 4, 5)]
        v = [x - a.T @ np.round(np.linalg.solve(a.T, x)) for x in v]
        return float(np.linalg.det(v))

    report = cn.audit(each(lambda s: 5 + hand(s)), ["quartz"])
    assert "reflection" in {f.check for f in report.failures}
    assert "rotation" not in {f.check for f in report.failures}


def test_a_function_that_shears_the_pattern_of_the_class():
    """A spurious component in the crystal's own axes breaks no rotation, only Neumann's principle."""

    def f(s):
        a, _, c = (v / np.linalg.norm(v) for v in s.lattice.matrix)
        return inertia(s) + 0.01 * (np.outer(a, c) + np.outer(c, a))

    found = failed(each(f), ["GaN", "rutile"])
    assert found["zeros"].cause == "exact"
    assert "eps13 = 0" in found["zeros"].text
    assert {"rotation", "reflection", "intrinsic", "order", "wrap", "noise", "batch"}.isdisjoint(found)

    def g(s):
        a = s.lattice.matrix[0] / s.lattice.a
        return inertia(s) + 0.01 * np.outer(a, a)

    found = failed(each(g), ["rutile"])
    assert "eps22 = eps11" in found["dependents"].text
    assert {"rotation", "zeros", "noise", "intrinsic"}.isdisjoint(found)


def test_index_symmetry():
    def f(s):
        m = inertia(s)
        return m + 1e-4 * np.array([[0, 1, 0], [-1, 0, 0], [0, 0, 0]])

    assert "intrinsic" in failed(each(f))
    voigt = np.arange(36.0).reshape(6, 6)
    assert "intrinsic" in failed(each(lambda s: voigt), kind="elastic")


# ---- float noise and exact faults -----------------------------------------------------------------


def single(s):
    """The clean scalar with its result rounded to single precision."""
    return np.float32(volume_like(s))


@pytest.mark.parametrize("size", [0, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3])
def test_float_noise_of_any_size_is_not_flagged(size):
    f = each(lambda s: volume_like(s) * (1 + hashed_noise(s, size)))
    report = cn.audit(f, CRYSTALS)
    assert report.failures == (), report.failures[0].text
    assert size / 10 <= report.rounding <= max(2 * size, 1e-10)
    assert (report.precision == "single") == (size > 1e-10)


def test_single_precision_is_not_flagged():
    report = cn.audit(each(single), CRYSTALS)
    assert report.passed
    assert report.precision == "single"


@pytest.mark.parametrize("noise", [0, 1e-7, 1e-6, 1e-5])
def test_an_exact_fault_of_1e_4_is_flagged_through_the_noise(noise):
    def f(s):
        upright = (s.lattice.matrix[2, 2] / s.lattice.c) ** 2
        return volume_like(s) * (1 + hashed_noise(s, noise) + 1e-4 * upright)

    found = failed(each(f), ["GaN", "rutile", "MoS2"])
    assert found["rotation"].cause == "exact"


def test_the_same_fault_in_single_precision():
    report = cn.audit(each(lambda s: np.float32(volume_like(s) * (1 + 1e-4 * (len(s) > 6)))), CRYSTALS)
    assert {f.check: f.cause for f in report.failures} == {"supercell": "exact"}


def test_a_function_that_is_not_deterministic_says_so_and_hides_nothing_larger():
    rng = np.random.default_rng(0)
    report = cn.audit(each(lambda s: volume_like(s) * (1 + 1e-3 * rng.normal())), CRYSTALS)
    assert not report.deterministic
    assert [(f.check, f.cause) for f in report.failures] == [("batch", "random")]
    report = cn.audit(each(lambda s: s.volume * (1 + 1e-3 * rng.normal())), CRYSTALS)
    assert {f.check for f in report.failures} == {"batch", "supercell"}


# ---- smallest examples ----------------------------------------------------------------------------


def test_the_example_is_the_smallest_crystal_in_its_smallest_cell():
    example = failed(each(lambda s: s.volume), ["spinel", "NaCl", "quartz"])["supercell"].example
    assert example.n_atoms == 2
    assert example.crystal == "NaCl"
    assert example.change == "2×1×1 supercell, from the primitive cell"
    assert len(example.after) == 4
    assert example.found == pytest.approx(2 * example.expected)


def test_the_simplest_change_is_shown():
    assert failed(each(lambda s: inertia(s)[2, 2]))["rotation"].example.change == "turned by 90° about x"


# ---- what breaks down -----------------------------------------------------------------------------


def test_an_exception_costs_its_crystal_only():
    def f(s):
        if "Ti" in s.symbol_set:
            raise RuntimeError("no titanium <b>here</b>")
        return volume_like(s)

    report = cn.audit(each(f), CRYSTALS)
    assert not report.passed
    assert report.failures == ()
    assert report.crystals == 2
    assert [(x.code, x.crystal) for x in report.faults] == [
        ("audit.raised", "rutile"),
        ("audit.raised", "BaTiO3"),
    ]
    assert "no titanium" in report.faults[0].text


def test_a_breakdown_on_a_changed_crystal_names_the_change():
    report = cn.audit(each(lambda s: volume_like(s) if len(s) < 40 else np.nan), ["rutile"])
    (fault,) = report.faults
    assert (fault.code, fault.change) == ("audit.non_finite", "2×2×2 supercell")
    assert next(c for c in report.checks if c.check == "supercell").tested == 1


def test_a_function_that_changes_its_input_is_told():
    def f(s):
        s.translate_sites([0], [0.1, 0, 0])
        return volume_like(s)

    crystal = cn.as_structure("CsCl")
    before = crystal.frac_coords.copy()
    report = cn.audit(each(f), [crystal])
    assert [x.code for x in report.faults] == ["audit.mutates_input"]
    assert (crystal.frac_coords == before).all()


@pytest.mark.parametrize(
    ("f", "options", "code"),
    [
        (each(lambda s: "text"), {}, "audit.nothing"),
        (each(lambda s: None), {}, "audit.nothing"),
        (each(lambda s: 1j), {}, "audit.nothing"),
        (each(lambda s: np.inf), {}, "audit.nothing"),
        (lambda x: [1.0] * (len(x) + 1), {}, "audit.nothing"),
        (lambda x: 1.0, {}, "audit.nothing"),
        (each(lambda s: np.zeros((4, 4))), {}, "audit.kind"),
        (each(lambda s: 1.0), {"kind": "elastic"}, "audit.kind"),
        (each(lambda s: 1.0), {"kind": "elastik"}, "name.unknown_tensor_kind"),
        (each(lambda s: 1.0), {"seed": -1}, "audit.seed"),
        (each(lambda s: 1.0), {"seed": "x"}, "audit.seed"),
        (3, {}, "audit.subject"),
        ("no-such-model", {}, "name.unknown_model"),
    ],
)
def test_what_cannot_be_audited_is_our_error(f, options, code):
    with pytest.raises(cn.CrysnbError) as caught:
        cn.audit(f, ["CsCl"], **options)
    assert caught.value.code == code


def test_bad_structures_are_refused_before_the_work():
    with pytest.raises(cn.CrysnbError):
        cn.audit(each(volume_like), ["no such crystal"])
    with pytest.raises(cn.CrysnbError):
        cn.audit(each(volume_like), [])


def test_the_report_as_table_and_text():
    report = cn.audit(each(lambda s: s.volume), ["CsCl"])
    table = report.to_frame().set_index("check")
    assert list(table.index) == list(CHECKS)
    assert table.loc["supercell", "result"] == "failed"
    assert table.loc["rotation", "result"] == "passed"
    assert table.loc["zeros", "result"] == "not tested"
    assert repr(report).endswith("scalar: failed supercell (exact, 1); 1 crystals)")
    assert report.failure("supercell").example.to_dict()["before"]["species"] == ["Cs", "Cl"]
    assert report.failure("rotation") is None
    assert cn.audit(each(lambda s: s.volume), ["CsCl"]).to_dict() == report.to_dict()
