"""Symmetry of real crystals, in any orientation and any cell."""

from __future__ import annotations

import numpy as np
import pytest
from pymatgen.core.lattice import Lattice
from pymatgen.core.structure import Structure

import crysnb as cn
from crysnb.errors import SymmetryUndetermined
from crysnb.structure.transforms import random_rotation, recelled, reordered, rotated, supercell
from crysnb.symmetry import detect as module
from crysnb.symmetry.detect import detect

# Number and class: the literature on each crystal.
TRUTH = {
    "NaCl": (225, "m-3m"), "GaAs": (216, "-43m"), "rutile": (136, "4/mmm"), "GaN": (186, "6mm"),
    "BaTiO3": (99, "4mm"), "corundum": (167, "-3m"), "zirconia": (14, "2/m"), "triclinic": (1, "1"),
}  # fmt: skip
ALL = [*TRUTH, "quartz"]


def same_set(a: np.ndarray, b: np.ndarray, tolerance: float = 1e-9) -> bool:
    """Whether two lists of matrices hold the same ones."""
    gaps = np.abs(a[:, None] - b[None]).max(axis=(2, 3))
    return len(a) == len(b) and gaps.min(axis=1).max() < tolerance


@pytest.mark.parametrize(("name", "truth"), TRUTH.items())
def test_space_group_and_class(crystal, name, truth) -> None:
    info = cn.symmetry(crystal(name))
    assert (info.number, info.point_group) == truth
    assert info.displacement < 1e-6
    assert info.strain < 1e-6


def test_quartz_is_one_of_the_enantiomorphs(crystal) -> None:
    info = cn.symmetry(crystal("quartz"))
    assert info.number in (152, 154)
    assert info.point_group == "32"


@pytest.mark.parametrize("name", ALL)
def test_operations_are_exact(crystal, name) -> None:
    r = detect(crystal(name)).rotations
    np.testing.assert_array_equal(r[0], np.eye(3))
    assert np.abs(r @ r.transpose(0, 2, 1) - np.eye(3)).max() < 1e-14


@pytest.mark.parametrize("proper", [True, False])
@pytest.mark.parametrize("name", ALL)
def test_turning_the_crystal_turns_the_operations_in_the_same_order(crystal, name, proper) -> None:
    given = crystal(name)
    q = random_rotation(np.random.default_rng(5), proper=proper)
    before, after = detect(given), detect(rotated(given, q))
    assert after.point_group == before.point_group
    assert same_set(after.rotations, q @ before.rotations @ q.T)
    if proper:
        np.testing.assert_allclose(after.rotations, q @ before.rotations @ q.T, atol=1e-9)
        assert [op.text for op in after.operations] == [op.text for op in before.operations]


def test_a_mirror_image_of_quartz_is_the_other_enantiomorph(crystal) -> None:
    given = crystal("quartz")
    assert {detect(given).number, detect(rotated(given, -np.eye(3))).number} == {152, 154}


@pytest.mark.parametrize("scaling", [(2, 1, 1), (1, 2, 1), (1, 1, 3), (2, 2, 2)])
@pytest.mark.parametrize("name", ["NaCl", "quartz", "GaN", "corundum"])
def test_a_supercell_keeps_the_point_group(crystal, name, scaling) -> None:
    given = crystal(name)
    assert same_set(detect(supercell(given, scaling)).rotations, detect(given).rotations)


def test_the_point_group_is_that_of_the_primitive_cell() -> None:
    nacl = cn.as_structure("NaCl")
    info = cn.symmetry(supercell(nacl, (2, 1, 1)))
    assert len(info.rotations) == 48
    distinct = np.unique(info.site_rotations.reshape(-1, 9), axis=0)
    assert len(distinct) == 16  # what the long cell itself allows


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("name", ["NaCl", "quartz", "corundum", "zirconia"])
def test_other_lattice_vectors_origin_and_order_change_nothing(crystal, name, seed) -> None:
    rng = np.random.default_rng(seed)
    given = crystal(name)
    other = reordered(recelled(given, rng), rng)
    assert same_set(detect(other).rotations, detect(given).rotations, 1e-7)


def test_operations_of_a_rhombohedral_primitive_cell_are_orthogonal(crystal) -> None:
    # L W L⁻¹ with rows and columns mixed up is not orthogonal here.
    primitive = crystal("corundum").get_primitive_structure()
    assert len(primitive) == 10
    r = detect(primitive).rotations
    assert len(r) == 12
    assert np.abs(r @ r.transpose(0, 2, 1) - np.eye(3)).max() < 1e-14
    assert same_set(detect(supercell(primitive, (1, 1, 2))).rotations, r)


@pytest.mark.parametrize("name", ["quartz", "GaN", "corundum"])
def test_a_left_handed_cell_is_legal_and_the_same_crystal(crystal, name) -> None:
    given = crystal(name)
    swap = [1, 0, 2]
    left = Structure(given.lattice.matrix[swap], given.species, given.frac_coords[:, swap])
    assert np.linalg.det(left.lattice.matrix) < 0
    info, reference = detect(left), detect(given)
    assert info.number == reference.number
    assert same_set(info.rotations, reference.rotations)
    assert np.linalg.det(info.conventional_axes) > 0
    assert np.linalg.det(info.standard_frame) == pytest.approx(1.0)


@pytest.mark.parametrize("name", [*ALL, "2x NaCl"])
def test_site_operations_act_on_the_sites_of_the_given_cell(crystal, name) -> None:
    given = supercell(crystal("NaCl"), (2, 1, 1)) if name == "2x NaCl" else crystal(name)
    info = detect(given)
    frac, species = info.ideal_frac, np.array(given.atomic_numbers)
    for w, t, p in zip(info.site_rotations, info.site_translations, info.site_permutations, strict=True):
        gap = frac @ w.T + t - frac[p]
        assert np.abs(gap - np.round(gap)).max() < 1e-9
        assert (species[p] == species).all()
        assert sorted(p) == list(range(len(given)))
    assert ((info.site_translations >= -1e-12) & (info.site_translations < 1)).all()


def test_pure_translations_of_a_supercell_are_listed(crystal) -> None:
    info = detect(supercell(crystal("rutile"), (2, 1, 1)))
    pure = (info.site_rotations == np.eye(3)).all(axis=(1, 2))
    assert sorted(info.site_translations[pure].round(6).tolist()) == [[0, 0, 0], [0.5, 0, 0]]


@pytest.mark.parametrize("name", ALL)
def test_standard_frame_has_a_along_x_and_c_star_along_z(crystal, name) -> None:
    q = random_rotation(np.random.default_rng(2))
    info = detect(rotated(crystal(name), q))
    a, b, c = info.conventional_axes @ info.standard_frame.T
    np.testing.assert_allclose(a / np.linalg.norm(a), [1, 0, 0], atol=1e-12)
    assert abs(b[2]) < 1e-9
    assert c[2] > 0
    if info.point_group == "2/m":
        np.testing.assert_allclose(b / np.linalg.norm(b), [0, 1, 0], atol=1e-9)


def test_the_axis_of_an_operation_is_given_in_both_frames(crystal) -> None:
    q = random_rotation(np.random.default_rng(3))
    info = detect(rotated(crystal("GaN"), q))
    sixfold = next(op for op in info.operations if op.text == "sixfold rotation about [001]")
    c = info.conventional_axes[2]
    np.testing.assert_allclose(sixfold.axis, c / np.linalg.norm(c), atol=1e-9)
    np.testing.assert_allclose(np.asarray(sixfold), sixfold.rotation)


@pytest.mark.parametrize("name", ["NaCl", "rutile", "GaN", "quartz", "BaTiO3", "corundum", "zirconia"])
@pytest.mark.parametrize("sigma", [1e-4, 1e-3])
def test_noise_does_not_hide_the_group(crystal, noisy, name, sigma) -> None:
    given = crystal(name)
    for seed in range(3):
        info = detect(noisy(given, sigma, seed))
        assert info.number == detect(given).number
        assert 0 < info.displacement < 6 * sigma
        assert len(info.candidates) <= 4


@pytest.mark.parametrize("name", cn.examples())
def test_noise_of_a_thousandth_recovers_the_group_of_every_bundled_crystal(noisy, name) -> None:
    given = cn.as_structure(name)
    truth = detect(given)
    found = detect(noisy(given, 1e-3, 7))
    assert (found.number, found.point_group) == (truth.number, truth.point_group)
    assert len(found.rotations) == len(truth.rotations)


def test_there_are_twenty_crystals_to_recover() -> None:
    assert len(cn.examples()) >= 20


def test_auto_takes_at_most_four_searches_whatever_happens(monkeypatch) -> None:
    answers = iter([1, 2, 3, 4, 5, 6])
    calls = []

    class Found:
        def __init__(self, number: int) -> None:
            self.number = number

    monkeypatch.setattr(module, "search", lambda cell, p: calls.append(p) or Found(next(answers)))
    monkeypatch.setattr(
        module,
        "_info",
        lambda cell, found, p, tried: type(
            "I", (), {"displacement": 1.0, "strain": 0.0, "n": found.number}
        )(),
    )
    assert detect(cn.as_structure("NaCl")).n == 1
    assert len(calls) == len(set(calls)) == 4


class _Info:
    def __init__(self, number: int, displacement: float, strain: float) -> None:
        self.number, self.displacement, self.strain = number, displacement, strain


def _auto(monkeypatch, answers: dict[float, int], displacement: float = 0.0, strain: float = 0.0):
    """What ``auto`` takes where the search answers so at each tolerance."""
    monkeypatch.setattr(module, "search", lambda _, p: type("F", (), {"number": answers[p]})())
    monkeypatch.setattr(module, "_info", lambda *a: _Info(a[1].number, displacement, strain))
    return detect(cn.as_structure("NaCl")).number


@pytest.mark.parametrize("low", [1, 2])
def test_p1_at_small_tolerances_is_not_taken_for_stable(monkeypatch, low) -> None:
    # Noise: the same low group at 0.01 and 0.03 Å, or at 0.001 and 0.01 Å, and the true one at 0.1 Å.
    assert _auto(monkeypatch, {1e-3: low, 1e-2: low, 3e-2: low, 1e-1: 225}) == 225
    assert _auto(monkeypatch, {1e-3: low, 1e-2: low, 3e-2: 12, 1e-1: 225}) == 225


def test_any_other_group_is_stable_where_two_tolerances_agree(monkeypatch) -> None:
    assert _auto(monkeypatch, {1e-3: 1, 1e-2: 3, 3e-2: 3, 1e-1: 225}) == 3
    assert _auto(monkeypatch, {1e-3: 3, 1e-2: 3, 3e-2: 12, 1e-1: 225}) == 3


def test_a_crystal_too_far_from_the_higher_group_keeps_p1(monkeypatch) -> None:
    answers = {1e-3: 1, 1e-2: 1, 3e-2: 1, 1e-1: 225}
    assert _auto(monkeypatch, answers, displacement=1.01 * module.MAX_AUTO_DISPLACEMENT) == 1
    assert _auto(monkeypatch, answers, strain=1.01 * module.MAX_AUTO_STRAIN) == 1
    assert _auto(monkeypatch, {**answers, 1e-1: 1}) == 1


def test_candidates_say_what_was_tried(crystal) -> None:
    assert detect(crystal("quartz"), 1e-3).candidates == ((1e-3, detect(crystal("quartz")).number),)
    assert [p for p, _ in detect(crystal("quartz")).candidates] == [1e-2, 3e-2]


def test_a_small_true_distortion_is_kept() -> None:
    # Ti 0.06 Å off the centre: polar at the usual tolerance and at a third of it.
    a = 4.0
    off = Structure.from_spacegroup(
        "P4mm", Lattice.tetragonal(a, 4.05), ["Ba", "Ti", "O", "O"],
        [[0, 0, 0], [0.5, 0.5, 0.5 + 0.06 / 4.05], [0.5, 0.5, -0.03 / 4.05], [0.5, 0, 0.5 - 0.02 / 4.05]],
    )  # fmt: skip
    assert detect(off).number == 99


def test_small_strain_is_removed_and_reported() -> None:
    strained = Structure(
        Lattice([[4.0, 0.002, 0], [0, 4.003, 0], [0, 0, 3.998]]), ["Cs", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]]
    )
    info = detect(strained, 1e-2)
    assert info.number == 221
    assert 1e-4 < info.strain < 1e-2
    assert np.abs(info.rotations @ info.rotations.transpose(0, 2, 1) - np.eye(3)).max() < 1e-14


@pytest.mark.parametrize("seed", range(4))
def test_the_strain_is_that_of_the_crystal_not_of_the_cell(crystal, seed) -> None:
    rng = np.random.default_rng(seed)
    given = crystal("GaN")
    f = np.eye(3) + 1e-3 * np.array([[1, 2, 0], [0, -1, 0], [0, 0, 0]])
    strained = Structure(given.lattice.matrix @ f.T, given.species, given.frac_coords)
    info = detect(strained, 3e-2)
    assert info.number == 186
    # What averages out of 2ε in the class 6mm: (ε11 - ε22)/2 = 1e-3 and ε12 = 1e-3.
    assert info.strain == pytest.approx(2 * np.sqrt(4) * 1e-3, rel=5e-3)
    for other in (recelled(strained, rng), supercell(strained, (1, 1, 3)), supercell(strained, (2, 1, 1)),
                  rotated(strained, random_rotation(rng))):  # fmt: skip
        assert detect(other, 3e-2).strain == pytest.approx(info.strain, rel=1e-6)


def test_no_group_is_an_error_that_names_tolerance_and_size(monkeypatch, crystal) -> None:
    monkeypatch.setattr(module, "search", lambda *_: None)
    for symprec in ("auto", 1e-2):
        with pytest.raises(SymmetryUndetermined) as error:
            detect(crystal("NaCl"), symprec)
        assert error.value.code == "symmetry.undetermined"
        assert str(len(crystal("NaCl"))) in error.value.text
    assert "0.01" in error.value.text


def test_a_disordered_structure_is_refused() -> None:
    mixed = Structure(Lattice.cubic(4), [{"Na": 0.5, "K": 0.5}], [[0, 0, 0]])
    with pytest.raises(cn.DisorderedStructure):
        detect(mixed)


def test_to_dict_is_plain_json(crystal) -> None:
    import json

    text = json.loads(json.dumps(detect(crystal("quartz")).to_dict()))
    assert text["point_group"] == "32"
    assert len(text["operations"]) == 6


@pytest.mark.parametrize(
    "name", ["NaCl", "quartz", "GaN", "rutile", "BaTiO3", "GaAs", "corundum", "zirconia"]
)
def test_moyo_finds_the_same_group(crystal, name) -> None:
    moyopy = pytest.importorskip("moyopy")
    given = crystal(name)
    cell = moyopy.Cell(given.lattice.matrix.tolist(), given.frac_coords.tolist(), list(given.atomic_numbers))
    data = moyopy.MoyoDataset(cell, symprec=1e-2)
    info = detect(given)
    assert data.number == info.number
    if len(data.operations.rotations) == len(info.site_rotations):
        fractional = np.unique(np.array(data.operations.rotations).reshape(-1, 9), axis=0).reshape(-1, 3, 3)
        columns = given.lattice.matrix.T
        turned = columns @ fractional @ np.linalg.inv(columns)
        assert same_set(turned, info.rotations, 1e-6)
