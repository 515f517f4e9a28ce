"""The class that a tensor has by itself: every class, turned anywhere, with and without noise."""

from __future__ import annotations

import time

import numpy as np
import pytest

import crysnb as cn
from crysnb.structure.transforms import random_rotation
from crysnb.symmetry.point_groups import POINT_GROUPS, point_group_operations
from crysnb.symmetry.project import project, residual
from crysnb.tensors.nearest_group import classes, nearest_group
from crysnb.values.tensor_kind import ELASTIC, KINDS, rotate, tensor_kind

#: Forte and Vianello (1996), without the isotropic one that no crystal has.
ELASTIC_CLASSES = ["-1", "2/m", "mmm", "4/mmm", "-3m", "6/mmm", "m-3m"]


def tensor_of(kind: str, group: str, rng: np.random.Generator) -> np.ndarray:
    chosen = tensor_kind(kind)
    values = chosen.from_components(rng.normal(size=chosen.n_components))
    return rotate(chosen, project(chosen, values, point_group_operations(group)), random_rotation(rng))


@pytest.mark.parametrize("kind", ["dielectric", "piezoelectric", "elastic", "gyration", "shg_kleinman"])
def test_every_class_is_found_in_any_orientation(kind: str) -> None:
    rng = np.random.default_rng(11)
    for group in POINT_GROUPS:
        tensor = tensor_of(kind, group, rng)
        if not np.abs(tensor).max():
            continue
        found = nearest_group(tensor, kind)
        assert found is not None
        assert group in found.groups, (group, found)
        assert found.delta < 1e-6
        # The rotation is the one that reaches δ, in the standard axes of the class.
        turned = rotate(tensor_kind(kind), tensor, found.rotation)
        delta = residual(kind, turned, point_group_operations(found.point_group))
        assert delta == pytest.approx(found.delta, abs=1e-7)
        assert np.linalg.det(found.rotation) == pytest.approx(1.0)


def test_what_each_kind_can_tell() -> None:
    assert [c.groups[-1] for c in classes(KINDS["elastic"])] == ELASTIC_CLASSES
    assert [c.groups[-1] for c in classes(KINDS["dielectric"])] == ["mmm", "6/mmm", "m-3m"]
    assert len(classes(KINDS["piezoelectric"])) == 15  # Zou, Tang and Pan (2013), without the zero one
    assert [c.groups for c in classes(KINDS["pyroelectric"])] == [
        ("1", "2", "m", "mm2", "4", "4mm", "3", "3m", "6", "6mm")
    ]
    (tetragonal,) = [c for c in classes(KINDS["elastic"]) if "4/m" in c.groups]
    assert tetragonal.groups[-1] == "4/mmm"  # c16 can be turned away


def test_delta_does_not_turn_and_feels_noise() -> None:
    rng = np.random.default_rng(4)
    clean = tensor_of("elastic", "-3m", rng)
    noise = ELASTIC.from_components(rng.normal(size=21))
    noise *= np.linalg.norm(clean) / np.linalg.norm(noise)
    for share in (1e-4, 3e-3, 3e-2):
        one = nearest_group(clean + share * noise, "elastic", tolerance=5e-2)
        two = nearest_group(
            rotate(ELASTIC, clean + share * noise, random_rotation(rng)), "elastic", tolerance=5e-2
        )
        assert one is not None
        assert two is not None
        assert one.point_group == two.point_group == "-3m"
        assert one.delta == pytest.approx(two.delta, rel=1e-3)
        assert 0 < one.delta <= share
    low = nearest_group(clean + 3e-3 * noise, "elastic")
    assert low is not None
    assert low.point_group in ("-1", "2/m")


def test_a_higher_class_never_has_a_smaller_delta(quartz_stiffness: np.ndarray) -> None:
    found = nearest_group(quartz_stiffness + np.diag([0, 0, 0, 0, 0, 3.0]), "elastic")
    assert found is not None
    delta = {row.point_group: row.delta for row in found.table}
    assert delta["-1"] <= delta["2/m"] <= delta["mmm"] <= delta["4/mmm"] <= delta["m-3m"]
    assert delta["2/m"] <= delta["-3m"] <= min(delta["6/mmm"], delta["m-3m"]) + 1e-9
    assert found.point_group == "2/m"


def test_nothing_to_tell() -> None:
    assert nearest_group(np.zeros((3, 3)), "dielectric") is None
    lopsided = np.diag([100.0] * 6)
    lopsided[0, 1] = 30.0
    assert nearest_group(lopsided, "elastic") is None  # c12 ≠ c21: not even class 1
    assert cn.check(np.zeros((3, 6)), "GaAs").nearest_group is None


@pytest.mark.parametrize("scale", [1e-150, 1e150])
def test_scale_does_not_matter(quartz_stiffness: np.ndarray, scale: float) -> None:
    found = nearest_group(quartz_stiffness * scale, "elastic")
    assert found is not None
    assert found.point_group == "-3m"


def test_the_report_carries_it(quartz_stiffness: np.ndarray) -> None:
    report = cn.check(quartz_stiffness, "quartz")
    start = time.perf_counter()
    found = report.nearest_group
    assert time.perf_counter() - start < 2.0  # about 0.02 s on an idle core
    assert found is report.nearest_group  # once
    assert found.groups == ("3", "-3", "32", "3m", "-3m")
    assert "cannot tell" in found.text
    plain = report.to_dict()["nearest_group"]
    assert plain["point_group"] == "-3m"
    assert [row["point_group"] for row in plain["table"]] == ELASTIC_CLASSES
    assert list(found.to_frame()["point_group"]) == ELASTIC_CLASSES
