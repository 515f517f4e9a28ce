"""Two tensors of one crystal: the same up to the choice of axes, or different."""

from __future__ import annotations

import json

import numpy as np
import pytest
from pymatgen.core import Structure
from pymatgen.core.tensors import Tensor

import crysnb as cn
from crysnb.errors import ShapeError, UnknownName
from crysnb.structure.transforms import random_rotation, recelled, rotated
from crysnb.symmetry.detect import detect
from crysnb.tensors.compare import compare
from crysnb.tensors.form import tensor_form
from crysnb.values.tensor_kind import ELASTIC, PIEZOELECTRIC, TensorKind, rotate


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # spglib, called by pymatgen
def test_both_signs_of_c14_are_one_quartz(
    quartz_bases: list[Structure], quartz_stiffness: np.ndarray
) -> None:
    physical = ELASTIC.cartesian(quartz_stiffness)
    tables = [Tensor(physical).convert_to_ieee(s, initial_fit=False) for s in quartz_bases]
    signs = [float(np.sign(t[0, 0, 1, 2])) for t in tables]
    for table, sign in zip(tables, signs, strict=True):
        found = compare(np.asarray(tables[0]), np.asarray(table), "quartz", "elastic")
        assert found.same
        assert found.relative < 1e-9
        assert found.setting == (0 if sign == signs[0] else 1)
        assert (found.as_given > 1) == (sign != signs[0])
        np.testing.assert_allclose(found.tensor, tables[0], atol=1e-6)
        np.testing.assert_allclose(rotate(ELASTIC, table, found.rotation), tables[0], atol=1e-6)
    assert len(set(signs)) == 2


def test_a_really_different_tensor_is_different(quartz_stiffness: np.ndarray) -> None:
    other = quartz_stiffness.copy()
    other[0, 0] = other[1, 1] = 100.0
    found = compare(quartz_stiffness, other, "quartz", "elastic", "nye")
    assert not found.same
    assert found.setting == 0
    assert found.distance == pytest.approx(np.sqrt(2) * 13)
    assert "different" in found.text


def test_the_mirror_image_is_another_crystal() -> None:
    table = PIEZOELECTRIC.matrix(project_piezo("quartz"))
    assert compare(table, rotate_matrix(table, np.diag([-1.0, -1, 1])), "quartz", "piezoelectric").same
    mirrored = rotate_matrix(table, -np.eye(3))
    assert not compare(table, mirrored, "quartz", "piezoelectric").same
    # In a class with improper operations the mirror image is the crystal itself.
    gaas = PIEZOELECTRIC.matrix(project_piezo("GaAs"))
    assert compare(gaas, rotate_matrix(gaas, -np.eye(3)), "GaAs", "piezoelectric").same


def project_piezo(name: str) -> np.ndarray:
    form = tensor_form(name, "piezoelectric", "ieee")
    return form.project(PIEZOELECTRIC.from_components(np.random.default_rng(2).normal(size=18)))


def rotate_matrix(matrix: np.ndarray, rotation: np.ndarray) -> np.ndarray:
    return PIEZOELECTRIC.matrix(rotate(PIEZOELECTRIC, PIEZOELECTRIC.cartesian(matrix), rotation))


@pytest.mark.parametrize("name", ["quartz", "LiNbO3", "GaN", "BaTiO3", "corundum", "FeSi"])
def test_the_answer_does_not_depend_on_the_cell_or_its_orientation(name: str) -> None:
    rng = np.random.default_rng(0)
    info = detect(cn.as_structure(name))
    kind = ELASTIC if name == "corundum" else PIEZOELECTRIC
    tensor = tensor_form(info, kind).project(kind.from_components(rng.normal(size=kind.n_components)))
    first = rotate(kind, tensor, tensor_form(info, kind, "ieee").rotation)
    q = random_rotation(rng)
    turned = rotated(cn.as_structure(name), q)
    there = tensor_form(turned, kind, "ieee")
    second = rotate(kind, rotate(kind, tensor, q), there.rotation)
    assert compare(first, second, turned, kind).same


#: Where pymatgen leaves the standard: fourfold axis along x if c < a, longest triclinic edge along z.
NOT_THE_STANDARD = {"rutile", "kyanite"}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("kind", [ELASTIC, PIEZOELECTRIC], ids=lambda k: k.name)
@pytest.mark.parametrize("name", sorted(set(cn.examples()) - NOT_THE_STANDARD))
def test_the_table_of_another_program_is_one_of_ours(name: str, kind: TensorKind) -> None:
    rng = np.random.default_rng(0)
    s = recelled(cn.as_structure(name), rng)
    own = tensor_form(s, kind)
    tensor = own.project(kind.from_components(rng.normal(size=kind.n_components)))
    ours = rotate(kind, tensor, tensor_form(s, kind, "ieee").rotation)
    theirs = np.asarray(Tensor(tensor).convert_to_ieee(s, initial_fit=False))
    assert compare(ours, theirs, s, kind).relative < 1e-5


def test_own_axes_leave_no_choice(quartz_stiffness: np.ndarray) -> None:
    turned = ELASTIC.matrix(rotate(ELASTIC, ELASTIC.cartesian(quartz_stiffness), np.diag([-1.0, -1, 1])))
    assert not compare(quartz_stiffness, turned, "quartz", "elastic", "own").same
    assert compare(quartz_stiffness, turned, "quartz", "elastic", "nye").same


def test_zero_tensors_and_their_document() -> None:
    found = compare(np.zeros((6, 6)), np.zeros((6, 6)), "quartz", "elastic")
    assert (found.relative, found.setting, found.same) == (0.0, 0, True)
    answer = json.loads(json.dumps(found.to_dict()))
    assert [row["setting"] for row in answer["distances"]] == ["axes as found", "turned by 180° about z"]
    assert len(found.to_frame()) == 2
    assert "the same tensor" in repr(found)


@pytest.mark.parametrize("size", [1e-300, 1e-160, 1e90])
def test_the_unit_does_not_matter(size: float, quartz_stiffness: np.ndarray) -> None:
    other = quartz_stiffness.copy()
    other[0, 0] = other[1, 1] = 100.0
    usual = compare(quartz_stiffness, other, "quartz", "elastic", "nye")
    found = compare(size * quartz_stiffness, size * other, "quartz", "elastic", "nye")
    assert found.relative == pytest.approx(usual.relative)
    assert found.same == usual.same
    json.dumps(found.to_dict(), allow_nan=False)


@pytest.mark.parametrize("bad", [np.zeros((5, 6)), np.full((6, 6), np.nan), "x", np.full((6, 6), 1e160)])
def test_what_is_no_tensor_is_refused(bad: object, quartz_stiffness: np.ndarray) -> None:
    with pytest.raises(ShapeError):
        compare(quartz_stiffness, bad, "quartz", "elastic")  # type: ignore[arg-type]


def test_unknown_names_are_refused(quartz_stiffness: np.ndarray) -> None:
    with pytest.raises(UnknownName):
        compare(quartz_stiffness, quartz_stiffness, "quartz", "elastic", "iee")
