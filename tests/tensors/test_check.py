"""cn.check: every field of the report, what it refuses, and real tensors."""

from __future__ import annotations

import dataclasses
import gzip
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import crysnb as cn
from crysnb.errors import CrysnbError
from crysnb.structure.transforms import random_rotation, rotated
from crysnb.tensors.check import MAX_OFFENDERS, check
from crysnb.tensors.convert import reorder
from crysnb.values.property_spec import FLOOR
from crysnb.values.tensor_kind import ELASTIC, KINDS, rotate, tensor_kind

DOCUMENTED = {
    "delta", "consistent", "must_vanish", "blocks", "offenders", "best_frame", "physical", "nearest_group",
}  # fmt: skip
# α-quartz at constant field, GPa (Heyliger, Ledbetter and Kim 2003).
C11, C12, C13, C14, C33, C44 = 86.8, 7.0, 11.9, -18.0, 105.8, 58.2


def quartz() -> np.ndarray:
    c = np.zeros((6, 6))
    c[:2, :2] = [[C11, C12], [C12, C11]]
    c[2, :3] = c[:3, 2] = [C13, C13, C33]
    c[0, 3] = c[3, 0] = c[4, 5] = c[5, 4] = C14
    c[1, 3] = c[3, 1] = -C14
    c[3, 3] = c[4, 4] = C44
    c[5, 5] = (C11 - C12) / 2
    return c


def piezo(**entries: float) -> np.ndarray:
    e = np.zeros((3, 6))
    for name, value in entries.items():
        e[int(name[1]) - 1, int(name[2]) - 1] = value
    return e


def test_a_consistent_tensor() -> None:
    r = cn.check(quartz(), "quartz", "elastic")
    assert r.consistent
    assert r.verdict == "consistent"
    assert r.delta < 1e-12
    assert r.offenders == ()
    assert r.asymmetry == 0.0
    assert not r.must_vanish
    assert r.best_frame is None
    assert r.nearest_group.point_group == "-3m"
    assert (r.kind, r.point_group, r.space_group, r.unit) == ("elastic", "32", 154, "GPa")
    assert r.symprec == cn.symmetry("quartz").symprec
    assert r.norm == pytest.approx(np.linalg.norm(ELASTIC.cartesian(quartz())))
    assert r.physical


def test_a_broken_relation_names_its_components() -> None:
    c = quartz()
    c[5, 5] += 6.0
    r = cn.check(c, "quartz", "elastic")
    assert not r.consistent
    assert r.verdict == "suspicious: wrong frame?"
    worst = r.offenders[0]
    assert (worst.name, worst.relation) == ("c66", "c66 = (c11 - c12)/2")
    assert worst.value == pytest.approx(c[5, 5])
    projected = cn.tensor_form("quartz", "elastic").project(c)
    assert worst.required == pytest.approx(projected[5, 5])
    assert worst.deviation == pytest.approx(c[5, 5] - projected[5, 5])
    assert worst.deviation > 0
    assert abs(worst.deviation) <= 6.0
    free = next(o for o in r.offenders if o.name == "c12")
    assert "c66 = (c11 - c12)/2" in free.relation


def test_a_forbidden_component() -> None:
    c = quartz()
    c[0, 5] = c[5, 0] = 5.0
    (worst, *_) = cn.check(c, "quartz", "elastic").offenders
    assert (worst.name, worst.value, worst.required, worst.relation) == ("c16", 5.0, 0.0, "c16 = 0")


def test_offenders_fall_in_size_and_are_few() -> None:
    c = np.random.default_rng(0).normal(size=(6, 6))
    r = cn.check(c + c.T, "NaCl", "elastic")
    weight = dict(zip(ELASTIC.names, np.sqrt(ELASTIC.multiplicity), strict=True))
    sizes = [abs(o.deviation) * weight[o.name] for o in r.offenders]
    assert len(sizes) == MAX_OFFENDERS
    assert sizes == sorted(sizes, reverse=True)


def test_delta_is_the_relative_cartesian_distance() -> None:
    form = cn.tensor_form("quartz", "elastic")
    c = quartz() + np.diag([0, 0, 0, 4.0, 0, 0])
    full = ELASTIC.cartesian(c)
    r = cn.check(c, "quartz", "elastic")
    assert r.distance == pytest.approx(np.linalg.norm(full - form.project(full)))
    assert r.delta == pytest.approx(r.distance / np.linalg.norm(full))
    assert r.delta == pytest.approx(form.residual(c))
    assert check(full, "quartz", "elastic").delta == pytest.approx(r.delta)


@pytest.mark.parametrize(
    ("share", "verdict"),
    [
        (0.9e-3, "consistent"),
        (1.1e-3, "numerical noise"),
        (0.9e-2, "numerical noise"),
        (1.1e-2, "suspicious: wrong frame?"),
    ],
)
def test_labels(share: float, verdict: str) -> None:
    clean = ELASTIC.cartesian(quartz())
    noise = ELASTIC.cartesian(np.diag([0, 0, 0, 1.0, -1.0, 0]))  # c44 against c55: nothing of it is allowed
    noise *= np.linalg.norm(clean) / np.linalg.norm(noise) * share / np.sqrt(1 - share**2)
    r = check(clean + noise, "quartz", "elastic")
    assert r.delta == pytest.approx(share, rel=1e-6)
    assert r.verdict == verdict
    assert r.consistent == (verdict == "consistent")
    assert bool(r.offenders) == (verdict != "consistent")


def test_blocks_tell_what_is_broken() -> None:
    c = quartz() + np.diag([0, 0, 0, 4.0, 0, 0])
    r = check(c, "quartz", "elastic")
    assert list(r.blocks) == ["0e", "2e", "4e"]
    assert r.blocks["0e"] < 1e-12
    assert min(r.blocks["2e"], r.blocks["4e"]) > 1e-3
    assert sum(v**2 for v in r.blocks.values()) == pytest.approx(r.delta**2)
    # A dielectric tensor of rank 2 with one wrong axis breaks l = 2 alone.
    eps = check(np.diag([2.0, 2.0, 3.0]), "NaCl", "dielectric")
    assert eps.blocks["2e"] == pytest.approx(eps.delta)
    assert list(check(piezo(e14=1.0), "GaAs").blocks) == ["1o", "2o", "3o"]


def test_index_symmetry_is_told_apart() -> None:
    c = quartz()
    c[0, 1] += 10.0
    r = check(c, "quartz", "elastic")
    assert r.asymmetry > 1e-2
    assert sum(v**2 for v in r.blocks.values()) + r.asymmetry**2 == pytest.approx(r.delta**2)
    named = {o.name: o for o in r.offenders}
    assert named["c12"].value == pytest.approx(C12 + 10)
    assert (named["c21"].value, named["c21"].relation) == (pytest.approx(C12), "c21 = c12")


def test_turning_crystal_and_tensor_changes_nothing_but_names() -> None:
    q = random_rotation(np.random.default_rng(5), proper=False)
    crystal = cn.as_structure("quartz")
    c = quartz() + np.diag([0, 0, 0, 4.0, 0, 0])
    r = check(c, crystal, "elastic")
    turned = check(rotate(ELASTIC, c, q), rotated(crystal, q), "elastic")
    assert turned.delta == pytest.approx(r.delta, rel=1e-6)
    assert turned.blocks == pytest.approx(r.blocks, rel=1e-6, abs=1e-9)
    # In the frame of somebody else the same tensor is wrong.
    assert check(rotate(ELASTIC, quartz(), q), crystal, "elastic").verdict == "suspicious: wrong frame?"


# ---- tensors that must vanish, and floors ---------------------------------------------------------


def test_must_vanish() -> None:
    r = check(piezo(e14=0.5), "NaCl", "piezoelectric")
    assert r.must_vanish
    assert r.delta == 1.0
    assert not r.consistent
    assert r.verdict == "must vanish"
    assert r.norm == r.distance == pytest.approx(0.5 * np.sqrt(2))
    assert [(o.name, o.value, o.required, o.relation) for o in r.offenders] == [("e14", 0.5, 0.0, "e14 = 0")]
    assert "norm 0.7071 C/m²" in repr(r)


@pytest.mark.parametrize(("kind", "unit"), [("piezoelectric", "C/m^2"), ("elastic", "GPa")])
def test_the_floor_of_the_unit(kind: str, unit: str) -> None:
    """A tensor as small as the noise of its unit is zero, whatever its direction."""
    wrong = tensor_kind(kind).cartesian(np.eye(*tensor_kind(kind).matrix_shape, k=3))
    wrong = wrong / np.linalg.norm(wrong)
    below = check(wrong * FLOOR[unit] * 0.99, "NaCl", kind)
    above = check(wrong * FLOOR[unit] * 1.01, "NaCl", kind)
    assert below.consistent
    assert below.is_zero
    assert below.offenders == ()
    assert below.distance == pytest.approx(0.99 * FLOOR[unit])
    assert "norm" in repr(below)
    assert not above.consistent
    assert not above.is_zero


@pytest.mark.parametrize("kind", KINDS)
def test_zero_is_consistent_with_every_group(kind: str) -> None:
    zero = np.zeros(tensor_kind(kind).matrix_shape)
    for group in ("1", "m-3m"):
        r = check(zero, group, kind)
        assert r.consistent
        assert r.delta == 0.0
        assert set(r.blocks.values()) == {0.0}
        json.dumps(r.to_dict(), allow_nan=False)


def test_the_floor_has_one_home() -> None:
    from crysnb.evaluate import symmetry_scores
    from crysnb.widgets import nye_result

    assert symmetry_scores.FLOOR is FLOOR
    assert nye_result.FLOOR is FLOOR


@pytest.mark.parametrize("size", [1e-200, 1e-30, 1e99])
def test_extreme_sizes(size: float) -> None:
    tensor = np.diag([1.0, 1.0, 2.0]) * size
    r = check(tensor, "NaCl", cn.TensorKind.from_jahn("[V2]"))
    assert r.delta == pytest.approx(np.linalg.norm([1, 1, 2]) ** -1 * np.sqrt(2 / 3))
    assert r.unit is None


@pytest.mark.parametrize("size", [1e-320, 1e-300, 1e90])
def test_a_stiffness_of_any_size_has_finite_facts(size: float) -> None:
    r = check(quartz() * size, "quartz", "elastic")
    bounds = [f for f in r.physical if f.code.startswith("elastic.voigt_reuss")]
    assert len(bounds) == 2
    assert all(f.passed for f in bounds)
    json.dumps(check(quartz() * size, "1", "elastic").to_dict(), allow_nan=False)
    json.dumps(r.to_dict(), allow_nan=False)


# ---- physics --------------------------------------------------------------------------------------


def test_a_permittivity_below_the_vacuum_is_not_physical() -> None:
    r = check(np.diag([0.9, 0.9, 0.9]), "NaCl", "dielectric")
    assert r.consistent  # symmetry is another matter
    assert not r.physical
    (finding,) = r.physical
    assert finding.code == "dielectric.eigenvalues"
    assert finding.eigenvalues == pytest.approx((0.9, 0.9, 0.9))
    assert not finding.passed
    assert "0.9" in finding.text
    assert "not physical" in repr(r)
    assert check(np.eye(3), "NaCl", "dielectric").physical
    (almost,) = check(0.9999999 * np.eye(3), "NaCl", "dielectric").physical
    assert "is 0.9999999, below 1" in almost.text
    # It is the eigenvalues that count, not the diagonal.
    tilted = np.eye(3) * 1.5 + 0.8 * (np.ones((3, 3)) - np.eye(3))
    assert not check(tilted, "1", "dielectric").physical


def test_a_soft_crystal_is_not_physical() -> None:
    """Born: |c12| < c11. The Mandel form gives the eigenvalues c11 + 2c12, c11 − c12, 2c44."""
    c = np.zeros((6, 6))
    c[:3, :3] = 120 - 20 * np.eye(3)  # c11 = 100, c12 = 120
    c[3:, 3:] = 40 * np.eye(3)
    r = check(c, "NaCl", "elastic")
    assert r.consistent
    finding, *_ = r.physical
    assert finding.code == "elastic.positive_definite"
    assert finding.eigenvalues == pytest.approx((-20, -20, 80, 80, 80, 340))
    assert not r.physical
    assert check(quartz(), "quartz", "elastic").physical


def test_eigenvalues_do_not_turn() -> None:
    q = random_rotation(np.random.default_rng(1))
    one, *_ = check(quartz(), "1", "elastic").physical
    two, *_ = check(rotate(ELASTIC, quartz(), q), "1", "elastic").physical
    assert one.eigenvalues == pytest.approx(two.eigenvalues)


def test_other_kinds_have_no_demands() -> None:
    r = check(piezo(e14=-3.0), "GaAs", "piezoelectric")
    assert len(r.physical) == 0
    assert r.physical


# ---- inputs ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tensor", "kind"),
    [(np.eye(3), "dielectric"), (piezo(), "piezoelectric"), (quartz(), "elastic")],
)
def test_the_kind_is_told_from_the_shape(tensor: np.ndarray, kind: str) -> None:
    assert check(tensor, "1").kind == kind
    assert check(tensor_kind(kind).cartesian(tensor), "1").kind == kind


def test_groups_forms_and_predictions() -> None:
    assert check(piezo(e14=1.0, e25=1.0, e36=1.0), "-43m").space_group is None
    assert check(piezo(e14=1.0, e25=1.0, e36=1.0), 216).consistent
    nye = cn.tensor_form("quartz", "elastic", frame="nye")
    assert check(quartz(), nye).consistent
    prediction = cn.predict("rutile")
    assert check(prediction, "rutile").consistent
    assert check(prediction, "rutile", "dielectric").physical


def test_symprec_is_passed_on() -> None:
    assert check(quartz(), "quartz", "elastic", symprec=0.02).symprec == 0.02


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (lambda: check(np.zeros((4, 4)), "NaCl"), "tensor.kind"),
        (lambda: check(np.zeros((6, 6)), "NaCl", "piezoelectric"), "tensor.shape"),
        (lambda: check([[1, 2], [3]], "NaCl"), "tensor.kind"),
        (lambda: check([[1, 2], [3]], "NaCl", "elastic"), "tensor.not_numeric"),
        (lambda: check("quartz", "NaCl", "elastic"), "tensor.not_numeric"),
        (lambda: check(np.eye(3) * np.nan, "NaCl"), "tensor.non_finite"),
        (lambda: check(np.full((3, 3), np.inf), "NaCl"), "tensor.non_finite"),
        (lambda: check(np.eye(3) * 1j, "NaCl"), "tensor.not_numeric"),
        (lambda: check([[None] * 3] * 3, "NaCl"), "tensor.non_finite"),
        (lambda: check([[10**400] * 3] * 3, "NaCl"), "tensor.not_numeric"),
        (lambda: check(np.eye(3) * 1e200, "NaCl"), "tensor.too_large"),
        (lambda: check(np.eye(3), "NaCl", "hardness"), "name.unknown_tensor_kind"),
        (lambda: check(np.eye(3), "NaCl", ["dielectric"]), "name.unknown_tensor_kind"),  # type: ignore[arg-type]
        (lambda: check(np.eye(3), "NaCl", "[V2"), "tensor.jahn"),
        (lambda: check(np.ma.masked_less(np.eye(3), 0.5), "NaCl"), "tensor.masked"),
        (lambda: cn.nye(np.ma.masked_less(np.eye(3), 0.5), "NaCl"), "tensor.masked"),
        (lambda: cn.surface(np.ma.masked_less(np.eye(6), 0.5)), "tensor.masked"),
        (lambda: check(np.eye(3), cn.tensor_form("NaCl", "elastic")), "tensor.kind"),
        (lambda: check(cn.predict("NaCl"), "NaCl", "elastic"), "tensor.kind"),
        (lambda: check(np.eye(3), "NaCl", symprec=-1.0), "symmetry.symprec"),
    ],
)
def test_faults_are_named(act: Callable[[], object], code: str) -> None:
    with pytest.raises(CrysnbError) as caught:
        act()
    assert caught.value.code == code


def test_an_array_that_masks_nothing_is_an_array() -> None:
    assert check(np.ma.masked_less(np.eye(3), -1), "NaCl").consistent


def test_a_jahn_symbol_is_a_kind_everywhere() -> None:
    """The command line took them, Python did not."""
    from crysnb.breaking.step import step

    assert check(np.diag([2.0, 3, 2]), "quartz", "[V2]").delta == check(np.diag([2.0, 3, 2]), "quartz").delta
    assert cn.tensor_form("quartz", "V[V2]").n_independent == 2
    assert cn.surface(np.diag([2.0, 3, 4]), kind="[V2]").extremes["max"].value == pytest.approx(4)
    assert step("quartz", "strain e1", 0.01, "[V2]").kind.n_components == 6


# ---- the report as an object ----------------------------------------------------------------------


def broken() -> cn.TensorReport:
    return check(quartz() + np.diag([0, 0, 0, 4.0, 0, 0]), "quartz", "elastic")


def test_it_is_frozen_and_short() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        broken().delta = 0.0  # type: ignore[misc]
    assert len(repr(broken())) < 120
    assert "suspicious" in repr(broken())


def test_to_dict_is_plain_json() -> None:
    report = broken()
    plain = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert set(plain) >= DOCUMENTED
    assert plain == report.to_dict()
    assert all(hasattr(report, name) for name in plain)
    assert plain["offenders"][0]["name"] == report.offenders[0].name
    assert plain["physical"]["findings"][0]["code"] == "elastic.positive_definite"


def test_to_frame() -> None:
    frame = broken().to_frame()
    assert list(frame.columns) == ["component", "value", "required", "deviation", "relation"]
    assert frame["component"].tolist() == [o.name for o in broken().offenders]


def test_no_torch() -> None:
    code = (
        "import sys, numpy as np, crysnb as cn\n"
        "assert cn.check(np.eye(6) * 100, 'quartz').blocks\n"
        "assert not {'torch', 'e3nn'} & set(sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


# ---- real tensors ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def records() -> list[tuple[dict[str, Any], cn.TensorForm]]:
    """A sixth of the elastic tensors of de Jong et al. (2015) whose frame is known, with their forms."""
    folder = os.environ.get("CRYSNB_DATA")
    if not folder:
        pytest.skip("CRYSNB_DATA is not set")
    file = Path(folder) / "mp_elastic_2015" / "structures.jsonl.gz"
    if not file.is_file():
        pytest.skip(f"no {file}")
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        read = [json.loads(line) for line in lines][::6]
    # 0.01 Å is the tolerance at which the data set's own flag was computed.
    return [(r, cn.tensor_form(r, "elastic", symprec=0.01)) for r in read if r["symmetry_ok"]]


def test_real_tensors_fit_their_crystals(records) -> None:
    found = [check(r["targets"]["elastic"], form) for r, form in records]
    verdicts = [r.verdict for r in found]
    assert len(found) > 150
    assert max(r.delta for r in found) < 0.05  # what `symmetry_ok` promises
    assert verdicts.count("consistent") > 0.6 * len(found)
    assert verdicts.count("suspicious: wrong frame?") < 0.07 * len(found)
    assert sum(bool(r.physical) for r in found) > 0.95 * len(found)
    assert all(r.blocks["0e"] < 1e-9 for r in found)


def test_a_planted_order_is_caught_where_it_can_be_seen(records) -> None:
    """Shear entries in VASP's order, read as standard: a new tensor that most groups refuse.

    Cubic and orthorhombic groups allow every order of c44, c55 and c66, so symmetry cannot tell there.
    """
    caught: dict[bool, list[bool]] = {True: [], False: []}
    for record, form in records:
        number = record["spacegroup"]
        visible = 2 < number < 16 or 143 <= number < 195
        hidden = 16 <= number < 75 or number >= 195
        if visible or hidden:
            planted = check(reorder(record["targets"]["elastic"], "standard", "vasp"), form)
            caught[visible].append(planted.verdict == "suspicious: wrong frame?")
    assert len(caught[True]) > 30
    assert np.mean(caught[True]) > 0.9
    assert np.mean(caught[False]) < 0.1
