"""Distortions, what they leave of the symmetry, and the first-order theorem, with controls that fail."""

import json

import numpy as np
import pytest

import crysnb as cn
from crysnb.breaking.library import Library
from crysnb.breaking.modes import modes
from crysnb.breaking.patterns import (
    displacement,
    distort,
    is_symmetric,
    rattle,
    rotation,
    strain,
    symmetric_part,
    turn,
)
from crysnb.breaking.response import response, slope
from crysnb.breaking.step import step
from crysnb.errors import CrysnbError, ShapeError, StructureError, UnknownName
from crysnb.symmetry.detect import detect
from crysnb.symmetry.parent import parent_of


def pair_tensor(weights=(1.0, 1.0, 1.0)):
    """Σ exp(−r) r̂ r̂ᵀ over neighbours: equivariant, unless the axes of the laboratory have weights."""

    def of(structure):
        i, j, image, r = structure.get_neighbor_list(4.5, exclude_self=True)
        frac, z = np.asarray(structure.frac_coords), np.asarray(structure.atomic_numbers)
        unit = ((frac[j] + image - frac[i]) @ structure.lattice.matrix) / r[:, None] * weights
        fade = (1 - (r / 4.5) ** 2) ** 3 * np.sqrt(z[i] + 2.0 * z[j])
        return np.einsum("p,pa,pb->ab", fade, unit, unit)

    return lambda structures: [of(s) for s in structures]


# -- patterns ------------------------------------------------------------------------------------------


def test_strain_is_engineering_shear_and_keeps_the_orientation():
    p = parent_of("quartz")
    deformed = distort(p, strain(p, "e4"), 0.02)
    f = np.linalg.solve(p.structure.lattice.matrix, deformed.lattice.matrix).T
    assert np.allclose(f, [[1, 0, 0], [0, 1, 0.01], [0, 0.01, 1]], atol=1e-12)
    assert np.allclose(deformed.frac_coords, p.structure.frac_coords)


def test_displacement_moves_one_site_by_the_amplitude():
    p = parent_of("quartz")
    moved = distort(p, displacement(p, 2, "a"), -0.1)
    shift = (moved.frac_coords - p.structure.frac_coords) @ p.structure.lattice.matrix
    a = p.structure.lattice.matrix[0]
    assert np.allclose(shift[2], -0.1 * a / np.linalg.norm(a), atol=1e-12)
    assert np.allclose(np.delete(shift, 2, axis=0), 0)


@pytest.mark.parametrize("name", ["SrTiO3", "quartz", "rutile", "NaCl"])
def test_symmetric_part_is_a_projection_that_every_operation_keeps(name):
    p = parent_of(name)
    for pattern in (rattle(p), strain(p, np.arange(9.0).reshape(3, 3))):
        once = symmetric_part(pattern, p)
        again = strain(p, once) if pattern.strain.any() else None
        if again is not None:
            assert np.allclose(symmetric_part(again, p) * np.abs(once).max(), once)
        else:
            assert np.abs(p.act(once) - once).max() < 1e-12
    assert is_symmetric(strain(p, "hydrostatic"), p)
    assert not is_symmetric(rotation(p), p)


def test_a_shift_of_the_whole_crystal_is_no_distortion():
    p = parent_of("GaN")  # polar: a shift along its axis is kept by every operation
    whole = displacement(p, np.tile([0.0, 0, 1], (len(p.structure), 1)))
    assert not is_symmetric(whole, p)
    assert step(p, whole, 0.1).lost == ()


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda p: strain(p, "e7"), "name.unknown_strain"),
        (lambda p: strain(p, np.zeros((3, 3))), "breaking.pattern"),
        (lambda p: strain(p, [["a"]]), "breaking.pattern"),
        (lambda p: strain(p, [[0, 1, 0], [-1, 0, 0], [0, 0, 0]]), "breaking.pattern"),
        (lambda p: strain(p, 1e308 * np.eye(3)), "breaking.pattern"),
        (lambda p: displacement(p, 0, [1e-320, 0, 0]), "breaking.pattern"),
        (lambda p: displacement(p, 0, [1e308] * 3), "breaking.pattern"),
        (lambda p: displacement(p, np.full((8, 3), 1e308)), "breaking.pattern"),
        (lambda p: rotation(p, [1e-300, 0, 0]), "breaking.pattern"),
        (lambda p: displacement(p, 99), "breaking.pattern"),
        (lambda p: displacement(p, True), "breaking.pattern"),
        (lambda p: displacement(p, 0, "q"), "name.unknown_direction"),
        (lambda p: displacement(p, 0, [0, 0, np.nan]), "breaking.pattern"),
        (lambda p: rattle(p, -1), "breaking.pattern"),
        (lambda p: rotation(p, [0, 0, 0]), "breaking.pattern"),
        (lambda p: distort(p, strain(p, "e1"), 0.9), "breaking.amplitude"),
        (lambda p: distort(p, strain(p, "e1"), float("nan")), "breaking.amplitude"),
        (lambda p: distort(p, strain(p, "e1"), "much"), "breaking.amplitude"),
        (lambda p: distort("quartz", rattle(p), 0.1), "breaking.pattern"),
        (lambda p: step(p, strain(p, "e1"), 0.01, "magic"), "name.unknown_tensor_kind"),
        (lambda p: response(p, strain(p, "e1"), pair_tensor(), amplitudes=[0.0]), "breaking.amplitude"),
        (lambda p: response(p, strain(p, "e1"), pair_tensor(), amplitudes="abc"), "breaking.amplitude"),
        (lambda p: response(p, strain(p, "e1"), pair_tensor(), amplitudes=0.01), "breaking.amplitude"),
        (lambda p: response(p, strain(p, "e1"), pair_tensor(), amplitudes=[10**400]), "breaking.amplitude"),
        (lambda p: response(p, strain(p, "e1"), lambda s: [1e160 * np.eye(3)] * len(s)), "tensor.too_large"),
        (lambda p: response(p, strain(p, "e1"), lambda s: []), "breaking.answers"),
        (lambda p: response(p, strain(p, "e1"), lambda s: None), "breaking.answers"),
        (lambda p: response(p, "e3", pair_tensor()), "name.unknown_distortion"),
        (lambda p: modes(p, most=0), "breaking.most"),
        (lambda p: modes(p, most="all"), "breaking.most"),
        (lambda p: modes(p, most=2.0), "breaking.most"),
        (lambda p: step(p, None, 0.01), "breaking.pattern"),
        (lambda p: step(p, "e3", 0.01), "name.unknown_distortion"),
        (lambda p: distort(p, None, 0.01), "breaking.pattern"),
        (lambda p: response(p, strain(p, "e1"), lambda s: [np.eye(2)] * len(s)), "tensor.shape"),
    ],
)
def test_bad_input_ends_in_an_error_of_ours(make, code):
    with pytest.raises(CrysnbError) as error:
        make(parent_of("NaCl"))
    assert error.value.code == code
    assert isinstance(error.value, ShapeError | UnknownName)


def test_a_distortion_may_be_given_by_its_name():
    p = parent_of("quartz")
    named, made = step(p, "strain e3", 0.01), step(p, strain(p, "e3"), 0.01)
    assert named.to_dict() == made.to_dict()
    by_name = response(p, "strain e3", pair_tensor(), amplitudes=[0.01])
    assert np.array_equal(
        by_name.values, response(p, strain(p, "e3"), pair_tensor(), amplitudes=[0.01]).values
    )


def test_a_cell_of_one_site_has_no_rattle():
    from pymatgen.core import Lattice, Structure

    p = parent_of(Structure(Lattice.cubic(3.4), ["Po"], [[0, 0, 0]]))
    with pytest.raises(ShapeError) as error:
        rattle(p)
    assert error.value.code == "breaking.pattern"
    with pytest.raises(UnknownName):
        Library(p).get("rattle 0")
    for family in Library(p).families:
        for name in Library(p).names(family):
            assert np.isfinite(distort(p, Library(p).get(name), 0.01).lattice.matrix).all()


# -- modes ---------------------------------------------------------------------------------------------


def characters(p, d):
    """How often the span of d under the group holds an irreducible space, over the complex numbers."""
    images = p.act(d).reshape(len(p.point), -1)
    _, sizes, basis = np.linalg.svd(images, full_matrices=False)
    basis = basis[sizes > 1e-6 * sizes.max()]
    n = len(d)
    moved = np.stack([p.act(v.reshape(n, 3)).reshape(-1, 3 * n) for v in basis], axis=1)
    chi = np.einsum("gvk,vk->g", moved, basis)
    return len(basis), float((chi**2).mean())


@pytest.mark.parametrize("name", ["SrTiO3", "quartz", "rutile", "CsCl", "GaN", "NaCl"])
def test_every_mode_spans_an_irreducible_space_without_shifts(name):
    p = parent_of(name)
    found = modes(p)
    assert found
    for mode in found:
        dimension, norm = characters(p, mode.displacements)
        assert dimension == mode.dimension
        assert round(norm) in (1, 2)  # 2: two complex spaces that are one over the real numbers
        assert np.abs(norm - round(norm)) < 1e-6
        assert np.abs(mode.displacements.sum(axis=0)).max() < 1e-6
        assert is_symmetric(mode, p) == ("totally symmetric" in mode.text)


def test_a_mix_of_two_modes_is_not_irreducible():
    p = parent_of("rutile")
    a, b = (m.displacements for m in modes(p)[1:3])
    assert characters(p, a + b)[1] > 1.5


def test_modes_fill_all_of_the_space():
    p = parent_of("quartz")
    images = np.concatenate([p.act(m.displacements).reshape(len(p.point), -1) for m in modes(p)])
    assert np.linalg.matrix_rank(images, tol=1e-6) == 3 * 9 - 3


def test_modes_turn_with_the_crystal():
    q = turn(rotation("rutile"), 40.0)
    from pymatgen.core import Structure

    s = cn.as_structure("rutile")
    turned = Structure(s.lattice.matrix @ q.T, s.species, s.frac_coords)
    texts = [m.text for m in modes("rutile")]
    assert [m.text for m in modes(turned)] == texts


def test_perovskite_polar_mode_leaves_the_three_ferroelectric_groups():
    polar = [m.text for m in modes("SrTiO3") if "polar" in m.text and "P4mm" in m.text]
    assert len(polar) == 3  # Slater, Last and the bending mode, without the rigid shift
    left = {m.text.split("leaves ")[1].split(";")[0] for m in modes("SrTiO3")}
    assert {"P4mm (99)", "Amm2 (38)", "R3m (160)"} <= left


# -- steps ---------------------------------------------------------------------------------------------

CASES = [
    ("SrTiO3", lambda p: displacement(p, 1, "z"), "P4mm (99)", 8),
    ("SrTiO3", lambda p: strain(p, "e1"), "P4/mmm (123)", 16),
    ("SrTiO3", lambda p: strain(p, "hydrostatic"), "Pm-3m (221)", 48),
    ("quartz", lambda p: strain(p, "e1"), "C2 (5)", 2),
    ("NaCl", lambda p: strain(p, "e4"), "Immm (71)", 8),
    ("corundum", lambda p: strain(p, "e5"), "P-1 (2)", 2),
    ("rutile", rattle, "P1 (1)", 1),
    ("quartz", rotation, "P3_221 (154)", 6),
]


@pytest.mark.parametrize(("name", "make", "group", "n_kept"), CASES)
@pytest.mark.parametrize("share", [1e-4, 0.1, -0.7])
def test_the_group_that_is_left(name, make, group, n_kept, share):
    p = parent_of(name)
    pattern = make(p)
    s = step(p, pattern, share * pattern.largest)
    assert s.group == group
    assert len(s.kept) == n_kept
    assert set(s.kept) | set(s.lost) == set(p.names) == {op.name for op in cn.symmetry(name).operations}
    assert s.kept[0] == "1"
    # What is left is a subgroup, and as many operations as spglib finds in the distorted crystal.
    info = detect(s.structure, max(s.distance / 50, 1e-6))
    assert len(info.rotations) == n_kept


def test_distances_grow_with_the_amplitude_and_a_search_sees_less():
    p = parent_of("SrTiO3")
    pattern = displacement(p, 1, "z")
    small, large = step(p, pattern, 1e-3), step(p, pattern, 0.05)
    for name in large.lost:
        assert large.distances[name] == pytest.approx(50 * small.distances[name], rel=1e-6)
    assert max(large.distances[name] for name in large.kept) < 1e-12
    assert not small.is_seen
    assert large.is_seen
    assert small.group == large.group
    assert small.seen_from == large.seen_from
    assert 1e-3 < small.seen_from < 0.05
    assert max(step(p, pattern, small.seen_from).distances.values()) == pytest.approx(small.own_symprec)
    assert step(p, strain(p, "hydrostatic"), 0.01).seen_from == 0


def test_pure_translations_that_are_lost_are_counted():
    p = parent_of("NaCl")
    assert step(p, displacement(p, 0, "z"), 0.01).n_translations_lost == 3
    assert step(p, strain(p, "e1"), 0.01).n_translations_lost == 0


def test_opened_components_are_those_of_the_new_form():
    for name, pattern, kind in (
        ("SrTiO3", displacement("SrTiO3", 1, "z"), "piezoelectric"),
        ("quartz", strain("quartz", "e1"), "elastic"),
        ("rutile", strain("rutile", "e4"), "dielectric"),
    ):
        s = step(name, pattern, 0.03, kind)
        before = cn.tensor_form(parent_of(name).symmetry, kind)
        after = cn.tensor_form(s.structure, kind, symprec=1e-4)
        assert set(s.opened) == set(before.zeros) - set(after.zeros)
        assert s.opened
        assert not set(s.untied) & set(before.zeros)


def test_nothing_is_lost_at_zero_and_a_noisy_crystal_is_idealised_first():
    assert step("quartz", strain("quartz", "e1"), 0.0).lost == ()
    noisy = cn.as_structure("SrTiO3").copy()
    noisy.perturb(2e-3)
    p = parent_of(noisy)
    assert p.distances(p.structure).max() < 1e-9
    assert step(p, displacement(p, 1, "z"), 1e-4).group == "P4mm (99)"


@pytest.mark.parametrize("name", ["SrTiO3", "quartz", "GaN", "baddeleyite", "spinel"])
def test_what_a_distortion_breaks_does_not_depend_on_its_size(name):
    """What a view shows before Python has answered for an amplitude."""
    parent = parent_of(name)
    library = Library(parent)
    kinds = ("dielectric", "piezoelectric", "elastic")
    for k, family in enumerate(library.families):
        pattern = library.get(library.names(family)[-1])
        kind = kinds[k % 3]
        away = step(parent, pattern, 0.0, kind).away
        assert step(parent, pattern, 0.0, kind).lost == ()
        for share in (-1.0, -0.31, 1e-4, 0.05, 0.5, 1.0):
            s = step(parent, pattern, share * pattern.largest, kind)
            assert (s.group, s.lost, s.opened) == (away.group, away.lost, away.opened)
            assert s.away == away


def test_a_chance_symmetry_is_told():
    from pymatgen.core import Lattice, Structure

    plain = Structure(Lattice.tetragonal(4, 4.12), ["Po"], [[0, 0, 0]])
    s = step(plain, strain(plain, "e3"), 4 / 4.12 - 1)  # a cubic cell
    assert s.is_higher
    assert not step(plain, strain(plain, "e3"), 0.03).is_higher


@pytest.mark.parametrize("name", ["NaCl", "GaN", "rutile"])
def test_a_supercell_that_carries_a_part_of_the_point_group_is_refused(name):
    double = cn.as_structure(name).copy()
    double.make_supercell([2, 1, 1])
    e1 = strain(name, "e1")
    for ask in (parent_of, modes, lambda s: step(s, e1, 0.02), lambda s: response(s, e1, pair_tensor())):
        with pytest.raises(StructureError) as error:
            ask(double)
        assert error.value.code == "breaking.cell"
    p = parent_of(double.get_primitive_structure())  # what the error advises
    assert set(p.names) == {op.name for op in cn.symmetry(name).operations}


def test_a_supercell_of_the_crystals_own_shape_gives_what_its_cell_gives():
    double = cn.as_structure("SrTiO3").copy()
    double.make_supercell([2, 2, 2])
    single, p = parent_of("SrTiO3"), parent_of(double)
    for name in ("e1", "e4"):
        one, many = (step(x, strain(x, name), 0.02) for x in (single, p))
        assert (one.group, one.lost, one.opened, one.untied) == (
            many.group,
            many.lost,
            many.opened,
            many.untied,
        )
        assert one.untied or one.opened


# -- response ------------------------------------------------------------------------------------------

MODES = [
    ("SrTiO3", lambda p: displacement(p, 1, "z")),
    ("SrTiO3", lambda p: strain(p, "hydrostatic")),
    ("SrTiO3", lambda p: strain(p, "e4")),
    ("rutile", lambda p: modes(p)[0]),
    ("rutile", lambda p: modes(p)[1]),
    ("quartz", lambda p: strain(p, "e1")),
]


@pytest.mark.parametrize(("name", "make"), MODES)
def test_the_theorem_holds_for_an_equivariant_function(name, make):
    p = parent_of(name)
    r = response(p, make(p), pair_tensor())
    assert r.noise < 1e-10
    for found, order in ((r.changed_slope, r.changed_order), (r.leak_slope, r.leak_order)):
        if found is not None:
            assert order == 1 or found > 1.9
            assert order != 1 or found == pytest.approx(1, abs=0.1)
    assert (r.leak_slope is None) == (r.leak_order == 0)


def test_the_size_of_the_tensor_changes_no_slope():
    p = parent_of("SrTiO3")
    usual, pairs = response(p, strain(p, "e4"), pair_tensor(), amplitudes=[0.001, 0.003, 0.01]), pair_tensor()
    for size in (1e-200, 1e95):
        r = response(p, strain(p, "e4"), lambda s, by=size: [by * t for t in pairs(s)],
                     amplitudes=[0.001, 0.003, 0.01])  # fmt: skip
        assert r.leak_slope == pytest.approx(usual.leak_slope, rel=1e-6)
        assert r.leak / size == pytest.approx(usual.leak)
        assert r.residuals == pytest.approx(usual.residuals, abs=1e-12)
        json.dumps(r.to_dict(), allow_nan=False)


def test_a_function_that_looks_at_the_laboratory_is_caught():
    p = parent_of("SrTiO3")
    biased = response(p, strain(p, "e4"), pair_tensor((1.0, 1.0, 1.1)))
    assert biased.noise > 1e-3  # already without a distortion
    skew = pair_tensor()

    def lab(structures):
        return [t + np.eye(3) * t[1, 2] for t in skew(structures)]  # a component mistaken for an invariant

    r = response(p, strain(p, "e4"), lab)
    assert r.changed_order == 2
    assert r.changed_slope == pytest.approx(1, abs=0.1)
    turned = response(p, rotation(p), pair_tensor((1.0, 1.0, 1.1)))
    assert max(turned.changed) > 1e-3


def test_a_turn_changes_nothing_and_kept_operations_stay_at_rounding():
    p = parent_of("quartz")
    r = response(p, rotation(p), pair_tensor())
    assert r.changed_slope is None
    assert r.leak_slope is None
    s = step(p, strain(p, "e1"), 0.01)
    r = response(p, strain(p, "e1"), pair_tensor())
    kept = [k for k, n in enumerate(r.operations) if n in s.kept]
    assert r.residuals[:, kept].max() < 1e-12
    assert np.delete(r.residuals[-1], kept).min() > 1e-3


def test_edge_crossings_are_marked():
    p = parent_of("SrTiO3")
    r = response(p, strain(p, "hydrostatic"), pair_tensor(), amplitudes=[0.001, 0.01, 0.05],
                 edges=lambda s: 5 if s.lattice.a > 3.95 else 6)  # fmt: skip
    assert r.edges == (6, 6, 5)
    assert r.crossings == (2,)
    assert list(r.to_frame()["edges"]) == [6, 6, 5]
    assert r.to_dict()["crossings"] == [2]


def test_slope_ignores_the_noise():
    x = np.geomspace(1e-4, 1e-1, 13)
    assert slope(x, x**2, 1e-9) == pytest.approx(2)
    assert slope(x, np.full(13, 1e-12), 1e-12) is None


@pytest.mark.slow
@pytest.mark.parametrize("name", ["SrTiO3", "rutile"])
def test_the_theorem_holds_for_the_shipped_model(name):
    from crysnb.breaking.model_tensor import ModelTensor

    f = ModelTensor("gmtnet-dielectric")
    p = parent_of(name)
    given = f([p.structure])[0]
    assert np.abs(given - cn.predict(p.structure, idealize=False).value).max() < 1e-4
    n_modes = 0
    for pattern in (strain(p, "hydrostatic"), strain(p, "e4"), rattle(p), *modes(p)[:3]):
        r = response(p, pattern, f, f.kind, amplitudes=pattern.largest * np.geomspace(1e-3, 3e-2, 6))
        assert r.noise < 1e-10
        assert r.changed_slope is not None
        expected = pytest.approx(1, abs=0.1) if r.changed_order == 1 else pytest.approx(2, abs=0.1)
        assert r.changed_slope == expected
        n_modes += 1
    assert n_modes >= 4
