"""Kinds of tensor: names, forms, and the action of rotations."""

from __future__ import annotations

import numpy as np
import pytest

from crysnb.errors import ShapeError, UnknownName
from crysnb.structure.transforms import random_rotation
from crysnb.values.tensor_kind import (
    DIELECTRIC,
    ELASTIC,
    KINDS,
    PIEZOELECTRIC,
    TensorKind,
    represent,
    rotate,
    tensor_kind,
)

THREE = (DIELECTRIC, PIEZOELECTRIC, ELASTIC)


@pytest.mark.parametrize(("kind", "n"), [(DIELECTRIC, 6), (PIEZOELECTRIC, 18), (ELASTIC, 21)])
def test_number_of_components_left_by_index_symmetry(kind: TensorKind, n: int) -> None:
    assert kind.n_components == n
    assert kind.multiplicity.sum() == 3**kind.rank


def test_names_run_in_nye_order() -> None:
    assert DIELECTRIC.names == ("eps11", "eps22", "eps33", "eps23", "eps13", "eps12")
    assert PIEZOELECTRIC.names[:7] == ("e11", "e12", "e13", "e14", "e15", "e16", "e21")
    assert ELASTIC.names[:7] == ("c11", "c12", "c13", "c14", "c15", "c16", "c22")


@pytest.mark.parametrize("kind", THREE, ids=lambda k: k.name)
def test_forms_convert_without_loss(kind: TensorKind) -> None:
    tensor = kind.from_components(np.arange(1.0, kind.n_components + 1))
    np.testing.assert_array_equal(kind.cartesian(kind.matrix(tensor)), tensor)
    np.testing.assert_allclose(kind.components(kind.matrix(tensor)), np.arange(1.0, kind.n_components + 1))


def test_voigt_order_is_yz_xz_xy() -> None:
    tensor = np.zeros((3, 3, 3, 3))
    for i, j in ((1, 2), (2, 1)):
        for k, m in ((0, 1), (1, 0)):
            tensor[i, j, k, m] = tensor[k, m, i, j] = 5.0
    matrix = ELASTIC.matrix(tensor)
    assert matrix[3, 5] == matrix[5, 3] == 5.0
    assert np.count_nonzero(matrix) == 2


@pytest.mark.parametrize("proper", [True, False])
@pytest.mark.parametrize("kind", THREE, ids=lambda k: k.name)
def test_representation_is_orthogonal_and_acts_like_a_rotation(kind: TensorKind, proper: bool) -> None:
    rng = np.random.default_rng(3)
    q = random_rotation(rng, proper=proper)
    d = represent(kind, q[None])[0]
    np.testing.assert_allclose(d @ d.T, np.eye(kind.n_components), atol=1e-13)
    tensor = kind.from_components(rng.normal(size=kind.n_components))
    scale = np.sqrt(kind.multiplicity)
    np.testing.assert_allclose(
        kind.components(rotate(kind, tensor, q)) * scale, d @ (kind.components(tensor) * scale)
    )


def test_frobenius_norm_of_the_voigt_matrix_is_not_invariant_but_the_cartesian_is() -> None:
    rng = np.random.default_rng(0)
    q = random_rotation(rng)
    tensor = ELASTIC.from_components(rng.normal(size=21))
    turned = rotate(ELASTIC, tensor, q)
    assert np.linalg.norm(turned) == pytest.approx(np.linalg.norm(tensor), rel=1e-12)
    assert abs(np.linalg.norm(ELASTIC.matrix(turned)) / np.linalg.norm(ELASTIC.matrix(tensor)) - 1) > 1e-3


def test_rotate_answers_in_the_form_it_was_given() -> None:
    q = random_rotation(np.random.default_rng(1))
    matrix = ELASTIC.matrix(ELASTIC.from_components(np.arange(21.0)))
    assert rotate(ELASTIC, matrix, q).shape == (6, 6)


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (np.zeros((3, 4)), "tensor.shape"),
        (np.full((6, 6), np.nan), "tensor.non_finite"),
        ([["a"] * 6] * 6, "tensor.not_numeric"),
        (np.full((6, 6), 1j), "tensor.not_numeric"),
        ([[1, 2], [3]], "tensor.not_numeric"),
    ],
)
def test_bad_tensors_are_refused(bad: object, code: str) -> None:
    with pytest.raises(ShapeError) as caught:
        ELASTIC.cartesian(bad)  # type: ignore[arg-type]
    assert caught.value.code == code


def test_unknown_kind_suggests_the_nearest() -> None:
    with pytest.raises(UnknownName, match="elastic"):
        tensor_kind("elasti")
    assert tensor_kind(KINDS["elastic"]) is ELASTIC
