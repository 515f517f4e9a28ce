"""Reasons are as small as they can be: compared with a search over all subsets of operations."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import crysnb as cn
from crysnb.structure.transforms import random_rotation, rotated
from crysnb.symmetry.point_groups import POINT_GROUPS
from crysnb.tensors.form import TensorForm, tensor_form
from crysnb.values.tensor_kind import represent

THREE = ("dielectric", "piezoelectric", "elastic")
TOLERANCE = 1e-6


def forces(form: TensorForm, name: str, rotations: list[np.ndarray]) -> bool:
    """Whether these operations alone force it: its functional lies in the row space of the stacked D − 1."""
    f = form.functional(name) / np.sqrt(form.kind.multiplicity)
    if not rotations:
        return False
    stacked = (represent(form.kind, np.array(rotations)) - np.eye(len(f))).reshape(-1, len(f))
    solution, *_ = np.linalg.lstsq(stacked.T, f, rcond=1e-9)
    return bool(np.linalg.norm(stacked.T @ solution - f) < TOLERANCE * np.linalg.norm(f))


def smallest_by_brute_force(form: TensorForm, limit: int) -> dict[str, int]:
    """For every bound component the size of the smallest set of operations that forces it."""
    names = [*form.zeros, *form.relations]
    if not names:
        return {}
    rows = np.array([form.functional(n) for n in names]) / np.sqrt(form.kind.multiplicity)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    gaps = represent(form.kind, form.rotations) - np.eye(rows.shape[1])
    found: dict[str, int] = {}
    for size in range(1, limit + 1):
        for chosen in itertools.combinations(range(len(gaps)), size):
            if len(found) == len(names):
                return found
            stacked = gaps[list(chosen)].reshape(-1, rows.shape[1])
            _, s, vt = np.linalg.svd(stacked, full_matrices=False)
            space = vt[s > 1e-9]
            rest = np.linalg.norm(rows - (rows @ space.T) @ space, axis=1)
            for name, r in zip(names, rest, strict=True):
                if r < TOLERANCE:
                    found.setdefault(name, size)
    assert len(found) == len(names), "some component needs more operations than were tried"
    return found


def crystals() -> list[tuple[str, object]]:
    random = random_rotation(np.random.default_rng(6))
    return [
        ("quartz", "quartz"), ("GaN", "GaN"), ("rutile", "rutile"), ("NaCl", "NaCl"), ("monoclinic", "2/m"),
        ("quartz turned", rotated(cn.as_structure("quartz"), random)),
        ("GaN turned", rotated(cn.as_structure("GaN"), random)),
    ]  # fmt: skip


@pytest.mark.parametrize("kind", THREE)
@pytest.mark.parametrize(("label", "x"), crystals(), ids=lambda v: v if isinstance(v, str) else "")
def test_sizes_are_those_of_brute_force(label: str, x: object, kind: str) -> None:
    form = tensor_form(x, kind)
    assert {n: len(form.why(n)) for n in (*form.zeros, *form.relations)} == smallest_by_brute_force(form, 3)


@pytest.mark.parametrize("kind", THREE)
@pytest.mark.parametrize("symbol", POINT_GROUPS)
def test_the_reason_forces_and_no_part_of_it_does(symbol: str, kind: str) -> None:
    form = tensor_form(symbol, kind)
    for name in (*form.zeros, *form.relations):
        why = [op.rotation for op in form.why(name)]
        assert forces(form, name, why)
        for k in range(len(why)):
            assert not forces(form, name, why[:k] + why[k + 1 :])


@pytest.mark.parametrize("kind", THREE)
def test_free_components_have_no_reason(kind: str) -> None:
    form = tensor_form("4mm", kind)
    assert all(form.why(name) == () for name in form.free)


def test_reasons_are_the_ones_a_teacher_would_give() -> None:
    assert [o.text for o in tensor_form("NaCl", "piezoelectric").why("e14")] == ["inversion"]
    assert [o.text for o in tensor_form("quartz", "elastic").why("c15")] == ["twofold rotation about [100]"]
    assert [o.text for o in tensor_form("quartz", "elastic").why("c66")] == ["threefold rotation about [001]"]
    assert [o.text for o in tensor_form("rutile", "dielectric").why("eps12")] == [
        "mirror perpendicular to [100]"
    ]
    assert [o.text for o in tensor_form("m", "piezoelectric").why("e12")] == []
    assert [o.text for o in tensor_form("m", "piezoelectric").why("e14")] == ["mirror perpendicular to [010]"]


def test_the_reason_does_not_depend_on_the_orientation() -> None:
    turned = rotated(cn.as_structure("quartz"), random_rotation(np.random.default_rng(1)))
    for frame in ("nye", "ieee"):
        a, b = tensor_form("quartz", "elastic", frame), tensor_form(turned, "elastic", frame)
        assert {n: [o.text for o in a.why(n)] for n in a.zeros} == {
            n: [o.text for o in b.why(n)] for n in b.zeros
        }


def test_two_operations_where_one_is_not_enough() -> None:
    sizes = {n: len(tensor_form("m-3m", "elastic").why(n)) for n in tensor_form("m-3m", "elastic").relations}
    assert max(sizes.values()) <= 2
    turned = tensor_form(
        rotated(cn.as_structure("NaCl"), random_rotation(np.random.default_rng(2))), "dielectric"
    )
    assert {len(turned.why(n)) for n in turned.zeros} == {2}  # isotropy needs two axes
