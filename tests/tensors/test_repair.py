"""Frame repair: each mistake is found, told, and undone; and nothing is mended that is not broken."""

from __future__ import annotations

import time

import numpy as np
import pytest
from pymatgen.core import Lattice

import crysnb as cn
from crysnb.structure.examples import example
from crysnb.structure.transforms import random_rotation, rotated
from crysnb.symmetry.point_groups import POINT_GROUPS, point_group_operations
from crysnb.symmetry.project import project
from crysnb.tensors.check import check
from crysnb.tensors.convert import to_compliance
from crysnb.tensors.given import filled_half
from crysnb.tensors.mistakes import rewritings, turns
from crysnb.tensors.repair import find_repair
from crysnb.values.tensor_kind import (
    DIELECTRIC,
    ELASTIC,
    KINDS,
    PIEZOELECTRIC,
    TensorKind,
    rotate,
    tensor_kind,
)

VASP = [0, 1, 2, 5, 3, 4]


@pytest.fixture(scope="module")
def turned_quartz():
    """Quartz in an orientation without any special axis, and the rotation that led there."""
    rotation = random_rotation(np.random.default_rng(5))
    return rotated(example("quartz"), rotation), rotation


def test_the_nye_frame_given_as_own(turned_quartz, quartz_stiffness: np.ndarray) -> None:
    structure, rotation = turned_quartz
    true = rotate(ELASTIC, quartz_stiffness, rotation)
    assert check(true, structure).consistent
    report = check(quartz_stiffness, structure)
    repair = report.best_frame
    assert repair is not None
    assert repair is report.best_frame  # once
    assert "x ∥ a, z ∥ c*" in repair.text
    assert repair.delta < 1e-9
    # Up to the twofold axis that the lattice of quartz has and the crystal has not: the sign of c14.
    assert check(repair.tensor, structure).consistent
    nye = ELASTIC.matrix(rotate(ELASTIC, repair.tensor, rotation.T))
    assert abs(nye[0, 3]) == pytest.approx(18.0)
    assert nye[0, 0] == pytest.approx(87.0)
    assert repair.n_alternatives == 1
    assert ELASTIC.matrix(rotate(ELASTIC, repair.alternatives[0].tensor, rotation.T))[0, 3] == pytest.approx(
        -nye[0, 3]
    )


def test_a_rotation_applied_where_its_transpose_was_due(turned_quartz, quartz_stiffness: np.ndarray) -> None:
    structure, rotation = turned_quartz
    true = rotate(ELASTIC, quartz_stiffness, rotation)
    to_nye = cn.tensor_form(structure, "elastic", frame="nye").rotation
    twice = rotate(ELASTIC, rotate(ELASTIC, true, to_nye), to_nye)
    repair = check(twice, structure).best_frame
    assert repair is not None
    assert "turned twice" in repair.text
    assert check(repair.tensor, structure).consistent
    backwards = rotate(ELASTIC, true, to_nye.T)
    repair = check(backwards, structure).best_frame
    assert repair is not None
    assert "turned backwards" in repair.text
    assert np.linalg.norm(repair.tensor - ELASTIC.cartesian(true)) < 1e-6 * np.linalg.norm(true)


@pytest.mark.parametrize("axes", [(1, 2, 0), (2, 0, 1), (1, 0, 2), (0, 2, 1), (2, 1, 0)])
@pytest.mark.parametrize("kind", ["elastic", "piezoelectric"])
def test_axes_named_otherwise(turned_quartz, kind: str, axes: tuple[int, ...]) -> None:
    structure, _ = turned_quartz
    true = allowed(structure, tensor_kind(kind))
    bad = true[np.ix_(*(axes,) * true.ndim)]
    repair = check(bad, structure, kind).best_frame
    assert repair is not None
    assert "axes named otherwise" in repair.text
    assert ("left-handed" in repair.text) == (np.linalg.det(np.eye(3)[list(axes)]) < 0)
    assert np.abs(repair.tensor - true).max() < 1e-9 * np.abs(true).max()


def test_a_left_handed_frame(turned_quartz) -> None:
    structure, _ = turned_quartz
    true = allowed(structure, PIEZOELECTRIC)
    bad = rotate(PIEZOELECTRIC, true, np.diag([1.0, 1.0, -1.0]))
    repair = check(bad, structure).best_frame
    assert repair is not None
    assert np.linalg.det(repair.rotation) == pytest.approx(-1.0)
    assert np.abs(repair.tensor - true).max() < 1e-9 * np.abs(true).max()
    # The other sign is as allowed, and it is said.
    assert any(np.abs(a.tensor + true).max() < 1e-9 * np.abs(true).max() for a in repair.alternatives)


def test_the_frame_of_a_cif() -> None:
    """A rhombohedral cell as a POSCAR has it, and the tensor in the axes that a CIF reader builds."""
    rng = np.random.default_rng(1)
    structure = rotated(example("calcite"), random_rotation(rng)).get_primitive_structure()
    true = allowed(structure, ELASTIC)
    file = Lattice.from_parameters(*structure.lattice.parameters).matrix
    to_file = np.linalg.solve(structure.lattice.matrix, file).T
    repair = check(rotate(ELASTIC, true, to_file), structure).best_frame
    assert repair is not None
    assert "CIF of the given cell" in repair.text
    assert np.abs(repair.tensor - true).max() < 1e-6 * np.abs(true).max()


# ---- Voigt orders and factors ---------------------------------------------------------------------


def test_row_7_the_voigt_order_of_a_hexagonal_sample() -> None:
    """gmtnet error 7: a hexagonal stiffness in the order xy, yz, zx is seen, named and put right."""
    c = np.diag([390.0, 390, 400, 105, 105, 122.5])
    c[0, 1] = c[1, 0] = 145.0
    c[:2, 2] = c[2, :2] = 106.0
    assert check(c, "6mm").consistent
    bad = c[np.ix_(VASP, VASP)]
    report = check(bad, "6mm")
    assert report.delta > 0.01
    repair = report.best_frame
    assert repair is not None
    assert repair.order == "xx yy zz xy yz xz"
    assert "VASP" in repair.text
    assert np.array_equal(ELASTIC.matrix(repair.tensor), c)
    assert (repair.rotation == np.eye(3)).all()


def test_the_order_of_piezoelectric_columns(turned_quartz) -> None:
    structure, _ = turned_quartz
    true = PIEZOELECTRIC.matrix(allowed(structure, PIEZOELECTRIC))
    repair = check(true[:, VASP], structure).best_frame
    assert repair is not None
    assert repair.order == "xx yy zz xy yz xz"
    assert np.abs(PIEZOELECTRIC.matrix(repair.tensor) - true).max() < 1e-12
    upper = true[:, [0, 5, 4, 1, 3, 2]]
    repair = check(upper, structure).best_frame
    assert repair is not None
    assert repair.order == "xx xy xz yy yz zz"


def test_order_and_frame_together(turned_quartz, quartz_stiffness: np.ndarray) -> None:
    structure, _ = turned_quartz
    repair = check(quartz_stiffness[np.ix_(VASP, VASP)], structure).best_frame
    assert repair is not None
    assert "VASP" in repair.text
    assert "nye" in repair.text
    assert check(repair.tensor, structure).consistent


def test_rows_alone_in_another_order(quartz_stiffness: np.ndarray) -> None:
    repair = check(quartz_stiffness[VASP], "quartz").best_frame
    assert repair is not None
    assert "rows alone" in repair.text
    assert np.abs(ELASTIC.matrix(repair.tensor) - quartz_stiffness).max() < 1e-12


@pytest.mark.parametrize("factor", [2.0, 0.5, np.sqrt(2)])
def test_factors_at_the_shear_indices(quartz_stiffness: np.ndarray, factor: float) -> None:
    """c66 = (c11 − c12)/2 tells; a cubic crystal would not."""
    shear = np.array([1, 1, 1, factor, factor, factor])
    repair = check(quartz_stiffness * np.outer(shear, shear), "quartz").best_frame
    assert repair is not None
    assert "each shear index" in repair.text
    assert np.abs(ELASTIC.matrix(repair.tensor) - quartz_stiffness).max() < 1e-9
    d = np.zeros((3, 6))
    d[0, 0], d[0, 1], d[1, 5], d[0, 3], d[1, 4] = (
        2.3,
        -2.3,
        -4.6,
        -0.7,
        0.7,
    )  # d26 = −2 d11: with factors of 2
    repair = check(d, "quartz").best_frame
    assert repair is not None
    assert "twice" in repair.text


def test_a_quarter_turn_is_as_simple_as_two_axes_exchanged(quartz_stiffness: np.ndarray) -> None:
    """Both explain the tensor, with opposite signs of c14: which one was made cannot be told."""
    quarter = np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])
    exchanged = np.eye(3)[[1, 0, 2]]
    for made in (quarter, quarter.T, exchanged):
        repair = check(ELASTIC.matrix(rotate(ELASTIC, quartz_stiffness, made)), "quartz").best_frame
        assert repair is not None
        assert repair.ambiguous
        both = [repair.tensor, *(a.tensor for a in repair.alternatives)]
        assert sorted(round(float(ELASTIC.matrix(t)[0, 3]), 6) for t in both) == [-18, 18]
        assert "left-handed" in repair.text
        assert "left-handed" not in repair.alternatives[0].text
        assert repair.alternatives[0].text.startswith("The tensor was given in axes named otherwise")
        assert "as simple" in repair.doubt
        undone = rotate(ELASTIC, rotate(ELASTIC, quartz_stiffness, made), repair.alternatives[0].rotation)
        assert np.allclose(undone, ELASTIC.matrix(repair.alternatives[0].tensor))


def test_a_mistake_that_is_less_simple_leaves_no_doubt_about_the_first(quartz_stiffness: np.ndarray) -> None:
    turned = rotate(ELASTIC, quartz_stiffness, np.eye(3)[[1, 2, 0]])
    repair = check(turned, "quartz").best_frame
    assert repair is not None
    assert repair.n_alternatives
    assert not repair.ambiguous
    assert "less simple" in repair.doubt


def test_a_compliance_is_called_one(quartz_stiffness: np.ndarray) -> None:
    for unit in (1.0, 1000.0):  # 1/GPa, 1/TPa
        repair = check(unit * to_compliance(quartz_stiffness), "quartz").best_frame
        assert repair is not None
        assert "compliance" in repair.text
        assert ELASTIC.matrix(repair.tensor) == pytest.approx(quartz_stiffness / unit)
        # The factors alone could stand at a stiffness.
        assert repair.ambiguous
        assert "twice its value for each shear index" in repair.doubt
    flat = np.full((6, 6), -1.0)  # no inverse
    assert check(flat, "quartz").best_frame is None


@pytest.mark.parametrize("half", [np.triu, np.tril])
def test_half_a_matrix_is_called_that(turned_quartz, quartz_stiffness: np.ndarray, half) -> None:
    word = half.__name__.replace("triu", "upper").replace("tril", "lower")
    repair = check(half(quartz_stiffness), "quartz").best_frame
    assert repair is not None
    assert f"only its {word} triangle filled" in repair.text
    assert np.array_equal(ELASTIC.matrix(repair.tensor), quartz_stiffness)
    assert not repair.ambiguous
    # Together with axes, and for a permittivity, in any crystal.
    structure, _ = turned_quartz
    repair = check(half(quartz_stiffness), structure).best_frame
    assert repair is not None
    assert word in repair.text
    assert "nye" in repair.text
    repair = check(half(np.full((3, 3), 0.3) + 2 * np.eye(3)), "1").best_frame
    assert repair is not None
    assert word in repair.text


def test_a_matrix_that_need_not_be_symmetric_is_not_half_empty() -> None:
    assert filled_half(ELASTIC, np.triu(np.ones((6, 6)))) == "upper"
    assert not filled_half(ELASTIC, np.eye(6))
    assert not filled_half(ELASTIC, np.ones((6, 6)))
    assert not filled_half(KINDS["photoelastic"], np.triu(np.ones((6, 6))))
    assert not filled_half(PIEZOELECTRIC, np.eye(3, 6, 3))


# ---- no repair ------------------------------------------------------------------------------------


def test_a_consistent_tensor_is_left_alone(turned_quartz) -> None:
    structure, _ = turned_quartz
    for kind in (DIELECTRIC, PIEZOELECTRIC, ELASTIC):
        true = allowed(structure, kind)
        report = check(true, structure, kind)
        assert report.best_frame is None
        assert find_repair(report.form, true, report.lattice) is None


def test_noise_is_not_mended(turned_quartz) -> None:
    structure, _ = turned_quartz
    rng = np.random.default_rng(8)
    true = allowed(structure, ELASTIC)
    for share in (1.05e-3, 3e-3, 9e-3, 3e-2):
        noise = ELASTIC.from_components(rng.normal(size=21))
        report = check(true + share * noise * np.linalg.norm(true) / np.linalg.norm(noise), structure)
        assert not report.consistent
        assert report.best_frame is None


def test_a_repair_has_to_make_much_better() -> None:
    """Larger shear entries make the share of the noise smaller: that is no explanation."""
    c = np.diag([200.0, 200.0, 200.0, 70, 70, 70]) + np.pad(np.full((3, 3), 60.0), (0, 3))
    noise = np.diag([1.0, -1.0, 0, 0, 0, 0])
    size = 1.02e-3 * np.linalg.norm(ELASTIC.cartesian(c)) / np.linalg.norm(ELASTIC.cartesian(noise))
    report = check(c + size * noise, "m-3m")
    louder = c + size * noise
    louder[3:, 3:] *= 2
    assert report.verdict == "numerical noise"
    assert check(louder, "m-3m").consistent
    assert report.best_frame is None


def test_a_consistent_tensor_in_axes_that_are_a_little_off() -> None:
    """Half a milliradian: within what counts as consistent, so that a better frame is not offered."""
    t = 5e-4
    off = np.array([[1, 0, 0], [0, np.cos(t), -np.sin(t)], [0, np.sin(t), np.cos(t)]])
    eps = np.diag([2.0, 2.0, 6.0])
    report = check(eps, rotated(example("rutile"), off))
    assert 1e-5 < report.delta < 1e-3
    assert report.best_frame is None
    assert find_repair(report.form, report.tensor, report.lattice) is None


def test_a_noisy_tensor_with_a_mistake_is_repaired_to_its_noise(turned_quartz) -> None:
    structure, _ = turned_quartz
    true = allowed(structure, ELASTIC)
    noise = ELASTIC.from_components(np.random.default_rng(8).normal(size=21))
    true = true + 4e-3 * noise * np.linalg.norm(true) / np.linalg.norm(noise)
    before = check(true, structure)
    repair = check(true[np.ix_(*((1, 2, 0),) * 4)], structure).best_frame
    assert before.verdict == "numerical noise"
    assert repair is not None
    assert repair.delta == pytest.approx(before.delta)


@pytest.mark.parametrize("kind", ["dielectric", "piezoelectric", "elastic"])
def test_random_tensors_are_not_explained(turned_quartz, kind: str) -> None:
    structure, _ = turned_quartz
    chosen = tensor_kind(kind)
    rng = np.random.default_rng(2)
    form = cn.tensor_form(structure, kind)
    for _ in range(25):
        tensor = chosen.from_components(rng.normal(size=chosen.n_components))
        assert find_repair(form, tensor, structure.lattice.matrix) is None


def test_a_broken_relation_is_no_mistake_of_frame(quartz_stiffness: np.ndarray) -> None:
    assert check(quartz_stiffness + np.diag([0, 0, 0, 0, 0, 6.0]), "quartz").best_frame is None


def test_a_cubic_tensor_is_not_reordered_into_a_tetragonal_one() -> None:
    e = np.zeros((3, 6))
    e[0, 3] = e[1, 4] = e[2, 5] = 0.4
    assert check(e, "4mm").best_frame is None  # the upper triangle by columns would make e15, e24, e33 of it


def test_row_12_what_must_vanish_is_not_repaired() -> None:
    """gmtnet error 12: an empty invariant space is not the same as no mask."""
    e = np.zeros((3, 6))
    e[0, 3] = e[1, 4] = e[2, 5] = 0.4
    report = check(e, "NaCl")
    assert report.must_vanish
    assert report.best_frame is None
    assert find_repair(report.form, PIEZOELECTRIC.cartesian(e), report.lattice) is None
    assert not cn.tensor_form("NaCl", "piezoelectric").project(e).any()


# ---- the error catalogue --------------------------------------------------------------------------


def test_row_8_the_norm_is_cartesian(quartz_stiffness: np.ndarray) -> None:
    """gmtnet error 8: the Frobenius norm of a Voigt matrix changes under rotation, ours does not."""
    q = random_rotation(np.random.default_rng(0))
    turned = ELASTIC.matrix(rotate(ELASTIC, quartz_stiffness, q))
    assert abs(np.linalg.norm(turned) / np.linalg.norm(quartz_stiffness) - 1) > 1e-3
    assert check(turned, "1").norm == pytest.approx(check(quartz_stiffness, "1").norm)


def test_row_9_rotations_of_a_rhombohedral_primitive_cell_are_orthogonal() -> None:
    """gmtnet error 9: rows and columns confused in R = L W L⁻¹."""
    structure = example("calcite").get_primitive_structure()
    angles = structure.lattice.angles
    assert abs(angles[0] - 90) > 5
    for r in cn.symmetry(structure).rotations:
        assert np.abs(r @ r.T - np.eye(3)).max() < 1e-9
        images = structure.lattice.matrix @ r.T @ np.linalg.inv(structure.lattice.matrix)
        assert np.abs(images - images.round()).max() < 1e-3  # lattice vectors go to lattice vectors


def test_row_11_both_ieee_settings_are_told(turned_quartz, quartz_stiffness: np.ndarray) -> None:
    """gmtnet error 11: the IEEE frame of quartz is not unique, so a repair from it is not either."""
    structure, rotation = turned_quartz
    found = []
    for sign in (1.0, -1.0):
        given = quartz_stiffness.copy()
        given[:3, 3:] *= sign
        given[3:, :3] *= sign
        given[3:5, 5] *= sign
        given[5, 3:5] *= sign
        given[4, 5], given[5, 4] = sign * -18.0, sign * -18.0
        repair = check(given, structure).best_frame
        assert repair is not None
        assert repair.n_alternatives == 1
        both = [repair.tensor, repair.alternatives[0].tensor]
        found.append({round(float(ELASTIC.matrix(rotate(ELASTIC, t, rotation.T))[0, 3]), 6) for t in both})
    assert found == [{18.0, -18.0}, {18.0, -18.0}]


def test_row_14_structure_and_tensor_in_different_frames() -> None:
    """gmtnet error 14: a primitive cell as in the data sets, with a tensor in standard axes."""
    structure = example("rutile")
    rng = np.random.default_rng(3)
    crystal = rotated(structure, random_rotation(rng))
    eps = np.diag([6.8, 6.8, 8.4])
    report = check(eps, crystal)
    assert report.verdict == "suspicious: wrong frame?"
    repair = report.best_frame
    assert repair is not None
    assert check(repair.tensor, crystal).consistent
    assert np.linalg.eigvalsh(repair.tensor) == pytest.approx([6.8, 6.8, 8.4])


# ---- the search -----------------------------------------------------------------------------------


@pytest.mark.parametrize("group", POINT_GROUPS)
def test_no_turn_is_listed_twice_or_does_nothing(group: str) -> None:
    form = cn.tensor_form(group, "piezoelectric")
    found = np.array([t.rotation for t in turns(form, None)]).reshape(-1, 9)
    images = (form.rotations[:, None] @ found.reshape(1, -1, 3, 3)).reshape(len(form.rotations), -1, 9)
    for k in range(len(found)):
        same = np.abs(images - found[k]).max(axis=2) < 1e-6
        assert same.any(axis=0).sum() == 1
    assert not (np.abs(images - np.eye(3).reshape(9)).max(axis=2) < 1e-6).any()


def test_every_rewriting_is_another_one() -> None:
    matrix = np.random.default_rng(0).normal(size=(6, 6))
    results = [w.undo(matrix).tobytes() for w in rewritings(ELASTIC)]
    assert len(set(results)) == len(results)
    assert matrix.tobytes() not in results
    assert not list(rewritings(DIELECTRIC))


def test_it_is_fast(turned_quartz, quartz_stiffness: np.ndarray) -> None:
    structure, _ = turned_quartz
    report = check(quartz_stiffness, structure)
    start = time.process_time()
    assert report.best_frame is not None
    assert time.process_time() - start < 1.0


def test_plain_data(turned_quartz, quartz_stiffness: np.ndarray) -> None:
    structure, _ = turned_quartz
    report = check(quartz_stiffness, structure)
    plain = report.to_dict()["best_frame"]
    assert set(plain) >= {"delta", "rotation", "order", "text", "tensor", "ambiguous", "alternatives"}
    assert np.array(plain["tensor"]).shape == (3, 3, 3, 3)
    assert "delta" in repr(report.best_frame)
    assert check(allowed(structure, ELASTIC), structure).to_dict()["best_frame"] is None


def allowed(structure, kind: TensorKind) -> np.ndarray:
    """A tensor without special values that the crystal may have, Cartesian, in its frame."""
    values = np.random.default_rng(17).normal(size=kind.n_components)
    return project(kind, kind.from_components(values), cn.symmetry(structure).rotations)


def test_a_class_without_a_crystal() -> None:
    """Axes and orders can be tried against a named class too."""
    eps = np.diag([3.0, 2.0, 2.0])
    repair = check(eps, "4/mmm").best_frame
    assert repair is not None
    assert np.allclose(repair.tensor, np.diag([2.0, 2.0, 3.0]))
    monoclinic = project(ELASTIC, np.diag([9.0, 7, 5, 3, 2, 1]), point_group_operations("2/m"))
    assert check(monoclinic, "2/m").best_frame is None
