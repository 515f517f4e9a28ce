"""The projector: symmetric, idempotent, covariant, exact; and closed against broken groups."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crysnb.errors import ShapeError, SymmetryUndetermined, UnknownName
from crysnb.structure.transforms import random_rotation
from crysnb.symmetry.point_groups import POINT_GROUPS, class_setting, point_group_operations
from crysnb.symmetry.project import invariants, project, projector, residual
from crysnb.values.tensor_kind import DIELECTRIC, ELASTIC, KINDS, PIEZOELECTRIC, represent, rotate

THREE = (DIELECTRIC, PIEZOELECTRIC, ELASTIC)
kinds = st.sampled_from(list(KINDS.values()))
groups = st.sampled_from(list(POINT_GROUPS))
seeds = st.integers(0, 2**31)


@given(kind=kinds, symbol=groups, seed=seeds)
def test_projector_is_symmetric_idempotent_and_the_group_average(kind, symbol, seed) -> None:
    q = random_rotation(np.random.default_rng(seed))
    r = q @ point_group_operations(symbol) @ q.T
    p = projector(r, kind)
    np.testing.assert_allclose(p, p.T, atol=1e-12, rtol=0)
    np.testing.assert_allclose(p @ p, p, atol=1e-12, rtol=0)
    np.testing.assert_allclose(p, represent(kind, r).mean(axis=0), atol=1e-12, rtol=0)


@given(kind=kinds, symbol=groups, seed=seeds, proper=st.booleans())
def test_turning_the_group_turns_the_projector(kind, symbol, seed, proper) -> None:
    q = random_rotation(np.random.default_rng(seed), proper=proper)
    r = point_group_operations(symbol)
    d = represent(kind, q[None])[0]
    np.testing.assert_allclose(projector(q @ r @ q.T, kind), d @ projector(r, kind) @ d.T, atol=1e-12, rtol=0)


@given(kind=st.sampled_from(list(KINDS.values())), symbol=groups, seed=seeds)
def test_projected_tensors_are_invariant_under_every_operation(kind, symbol, seed) -> None:
    rng = np.random.default_rng(seed)
    q = random_rotation(rng)
    r = q @ point_group_operations(symbol) @ q.T
    tensor = kind.from_components(rng.normal(size=kind.n_components))
    fixed = project(kind, tensor, r)
    for op in r[:6]:
        np.testing.assert_allclose(rotate(kind, fixed, op), fixed, atol=1e-11, rtol=0)
    np.testing.assert_allclose(project(kind, fixed, r), fixed, atol=1e-12, rtol=0)
    assert residual(kind, fixed, r) < 1e-12


@pytest.mark.parametrize("kind", THREE, ids=lambda k: k.name)
@pytest.mark.parametrize("symbol", POINT_GROUPS)
def test_zeros_are_exact_and_equal_components_equal_to_the_last_bit(kind, symbol) -> None:
    r = point_group_operations(symbol)
    space = invariants(kind, r)
    values = kind.components(
        project(kind, kind.from_components(np.random.default_rng(0).normal(size=kind.n_components)), r)
    )
    basis = space.reduced.matrix
    for k, row in enumerate(basis):
        used = np.flatnonzero(row)
        if not len(used):
            assert values[k] == 0.0
            assert not np.signbit(values[k])
        elif len(used) == 1 and abs(row[used[0]]) == 1.0:
            assert values[k] == row[used[0]] * values[space.reduced.free[used[0]]]


@pytest.mark.parametrize("form", ["cartesian", "matrix"])
@pytest.mark.parametrize("kind", THREE, ids=lambda k: k.name)
def test_both_forms_agree_and_come_back_as_they_went_in(kind, form) -> None:
    r = point_group_operations("32")
    tensor = kind.from_components(np.random.default_rng(0).normal(size=kind.n_components))
    given_ = tensor if form == "cartesian" else kind.matrix(tensor)
    out = project(kind, given_, r)
    assert out.shape == given_.shape
    np.testing.assert_allclose(kind.cartesian(out), project(kind, tensor, r), atol=1e-14, rtol=0)
    assert residual(kind, given_, r) == pytest.approx(residual(kind, tensor, r))


def test_lists_and_integers_are_welcome() -> None:
    out = project("dielectric", [[2, 1, 0], [1, 4, 0], [0, 0, 6]], point_group_operations("m-3m"))
    np.testing.assert_allclose(out, 4.0 * np.eye(3), rtol=1e-15)
    assert out[0, 0] == out[1, 1] == out[2, 2]
    assert np.count_nonzero(out) == 3


def test_piezoelectricity_of_a_centrosymmetric_crystal_is_exactly_nothing() -> None:
    r = point_group_operations("m-3m")
    t = np.random.default_rng(0).normal(size=(3, 6))
    np.testing.assert_array_equal(projector(r, "piezoelectric"), 0.0)
    np.testing.assert_array_equal(project("piezoelectric", t, r), 0.0)
    assert residual("piezoelectric", t, r) == 1.0
    assert residual("piezoelectric", 1e-200 * t, r) == 1.0
    assert residual("piezoelectric", 0.0 * t, r) == 0.0


def test_residual_is_scale_free_and_rotation_invariant() -> None:
    rng = np.random.default_rng(0)
    c = ELASTIC.from_components(rng.normal(size=21))
    r = point_group_operations("32")
    value = residual("elastic", c, r)
    assert 0.1 < value < 1
    assert residual("elastic", 1e150 * c, r) == pytest.approx(value)
    q = random_rotation(rng)
    assert residual("elastic", rotate(ELASTIC, c, q), q @ r @ q.T) == pytest.approx(value)


def test_residual_counts_what_breaks_the_index_symmetry() -> None:
    skew = np.array([[2.0, 0.3, 0], [-0.3, 2.0, 0], [0, 0, 2.0]])
    assert residual("dielectric", skew, point_group_operations("1")) == pytest.approx(
        0.3 * 2**0.5 / np.linalg.norm(skew)
    )


def test_projection_is_the_nearest_allowed_tensor() -> None:
    rng = np.random.default_rng(0)
    t = PIEZOELECTRIC.from_components(rng.normal(size=18))
    r = point_group_operations("4mm")
    fixed = project("piezoelectric", t, r)
    assert abs(np.sum((t - fixed) * fixed)) < 1e-12


@pytest.mark.parametrize(
    ("what", "rotations"),
    [
        ("missing product", point_group_operations("m-3m")[:-1]),
        ("only generators", point_group_operations("32")[[0, 1, 4]]),
        ("twice", np.concatenate([point_group_operations("2"), point_group_operations("2")])),
        ("sheared", point_group_operations("4") + 1e-3),
        ("not orthogonal", np.array([np.eye(3), np.diag([2.0, 0.5, 1.0])])),
        ("nan", np.array([np.eye(3), np.full((3, 3), np.nan)])),
        ("none", np.zeros((0, 3, 3))),
        ("one matrix", np.eye(3)),
        ("no identity", -np.eye(3)[None]),
        ("fractional hexagonal", class_setting("3").matrices),
    ],
)  # fmt: skip
def test_broken_lists_of_operations_are_refused(what, rotations) -> None:
    for action in (
        lambda: projector(rotations, "elastic"),
        lambda: project("dielectric", np.eye(3), rotations),
        lambda: residual("dielectric", np.eye(3), rotations),
    ):
        with pytest.raises(SymmetryUndetermined) as error:
            action()
        assert error.value.code == "symmetry.inconsistent"


def test_unusable_tensors_are_refused() -> None:
    r = point_group_operations("2")
    with pytest.raises(UnknownName):
        project("elasticity", np.eye(6), r)
    for bad in (np.eye(4), np.full((6, 6), np.nan), np.eye(6) * 1j, [["a"]]):
        with pytest.raises(ShapeError):
            project("elastic", bad, r)


def test_results_are_copies() -> None:
    r = point_group_operations("4mm")
    projector(r, "dielectric")[:] = 7.0
    assert projector(r, "dielectric").max() <= 1.0


def test_the_slightly_rotated_frame_keeps_small_coefficients_and_the_relations() -> None:
    angle = 1e-3
    tilt = np.array([[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]])
    space = invariants("elastic", tilt @ point_group_operations("32") @ tilt.T)
    assert np.abs(space.reduced.matrix).max() < 200
    assert space.dimension == 6


def test_the_projector_agrees_with_exact_fractions() -> None:
    """Oracle: invariants of the integer operations over ℚ, contravariant, turned into Cartesian ones."""
    from fractions import Fraction

    for symbol in ("32", "-43m", "6mm", "4/m", "2"):
        setting = class_setting(symbol)
        rows = []
        for w in setting.matrices:
            action = np.kron(w, w) - np.eye(9, dtype=int)
            rows += [[Fraction(int(v)) for v in row] for row in action]
        rows += [[Fraction(int(k == 3 * i + j)) - Fraction(int(k == 3 * j + i)) for k in range(9)]
                 for i in range(3) for j in range(3)]  # fmt: skip
        null = _null_space(rows, 9)
        axes = setting.standard_axes
        tensors = [axes @ np.array([float(x) for x in v]).reshape(3, 3) @ axes.T for v in null]
        assert len(tensors) == invariants("dielectric", setting.rotations).dimension
        for t in tensors:
            assert residual("dielectric", t, setting.rotations) < 1e-12


def _null_space(rows, width):
    from fractions import Fraction

    pivots = []
    for column in range(width):
        found = next((k for k in range(len(pivots), len(rows)) if rows[k][column]), None)
        if found is None:
            continue
        at = len(pivots)
        rows[at], rows[found] = rows[found], rows[at]
        rows[at] = [x / rows[at][column] for x in rows[at]]
        for k in range(len(rows)):
            if k != at and rows[k][column]:
                factor = rows[k][column]
                rows[k] = [x - factor * y for x, y in zip(rows[k], rows[at], strict=True)]
        pivots.append(column)
    out = []
    for free in (c for c in range(width) if c not in pivots):
        vector = [Fraction(0)] * width
        vector[free] = Fraction(1)
        for k, column in enumerate(pivots):
            vector[column] = -rows[k][free]
        out.append(vector)
    return out
