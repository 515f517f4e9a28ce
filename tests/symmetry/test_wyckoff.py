"""Wyckoff sequences: taken apart and put together, counted by another way, edited, refused."""

from __future__ import annotations

import json

import numpy as np
import pytest
from pymatgen.core.lattice import Lattice
from pymatgen.core.structure import Structure
from scipy.spatial.transform import Rotation

import crysnb as cn
from crysnb.datasets.records import raw_records, to_record
from crysnb.symmetry.free_parameters import PARAMETERS, lattice_form, lattice_of, parameters_of_metric
from crysnb.symmetry.parent import parent_of
from crysnb.symmetry.search import database
from crysnb.symmetry.wyckoff import wyckoff

#: Å by which the rebuilt crystal may miss a distance of the given one.
ROUND_TRIP = 1e-6
#: No shell of a bundled crystal ends here.
REACH = 5.5371


def shells(structure: Structure) -> dict[tuple[str, str], np.ndarray]:
    """Sorted distances per pair of elements: nothing of cells, axes or origins is left in them."""
    i, j, _, d = structure.get_neighbor_list(REACH)
    names = np.array([site.specie.symbol for site in structure])
    return {
        (a, b): np.sort(d[(names[i] == a) & (names[j] == b)])
        for a in sorted(set(names)) for b in sorted(set(names))
    }  # fmt: skip


def misses(one: Structure, other: Structure) -> float:
    """Largest difference of two crystals in any distance, Å; infinite if the numbers of neighbours differ."""
    ratio = np.array([len(other), len(one)]) // np.gcd(len(one), len(other))
    first, second = shells(one), shells(other)
    assert first.keys() == second.keys()
    largest = 0.0
    for pair in first:
        x, y = np.repeat(first[pair], ratio[0]), np.repeat(second[pair], ratio[1])
        if len(x) != len(y):
            return float("inf")
        largest = max(largest, float(np.abs(x - y).max(initial=0.0)))
    return largest


@pytest.mark.parametrize("name", cn.examples())
def test_a_bundled_crystal_is_put_together_again(name):
    given = cn.as_structure(name)
    sequence = wyckoff(given)
    rebuilt = sequence.structure()
    assert misses(given, rebuilt) < ROUND_TRIP
    assert sequence.displacement < ROUND_TRIP
    # The group tells the two hands of quartz apart, distances do not.
    assert cn.symmetry(rebuilt).number == sequence.number == cn.symmetry(given).number
    again = wyckoff(rebuilt)
    assert [o.label for o in again.orbits] == [o.label for o in sequence.orbits]
    assert misses(given, again.structure()) < ROUND_TRIP


def test_the_comparison_sees_a_small_shift():
    given = cn.as_structure("rutile")
    moved = wyckoff("rutile").with_changes(coordinates={1: {"x": 0.3058}}).structure()
    assert 1e-3 < misses(given, moved) < 0.05
    assert misses(given, wyckoff("anatase").structure()) == float("inf")


@pytest.mark.parametrize("name", cn.examples())
def test_degrees_of_freedom_are_those_of_patterns_that_symmetry_keeps(name):
    parent = parent_of(cn.as_structure(name))
    n = len(parent.structure)
    patterns = np.eye(3 * n).reshape(3 * n, n, 3)
    # The trace of the projector onto patterns that no operation of the cell changes.
    kept = sum(parent.act(p).mean(axis=0).ravel()[k] for k, p in enumerate(patterns))
    r = np.asarray(cn.symmetry(name).rotations)
    trace = r.trace(axis1=1, axis2=2)
    squares = (r @ r).trace(axis1=1, axis2=2)
    freedom = wyckoff(name).degrees_of_freedom
    assert freedom.coordinates == round(kept)
    assert freedom.lattice == round(float(((trace**2 + squares) / 2).mean()))
    assert freedom.origin == round(float(trace.mean()))
    assert freedom.atoms == len(cn.as_structure(name).get_primitive_structure())
    assert freedom.total <= freedom.without_symmetry


def test_without_symmetry_everything_is_free():
    cell = Lattice.from_parameters(4.1, 5.3, 6.2, 82, 97, 105)
    sequence = wyckoff(
        Structure(cell, ["Na", "Cl", "K"], [[0.1, 0.2, 0.3], [0.6, 0.65, 0.7], [0.35, 0.9, 0.05]])
    )
    freedom = sequence.degrees_of_freedom
    assert (sequence.number, freedom.total) == (1, freedom.without_symmetry) == (1, 15)
    assert sequence.free_lattice == PARAMETERS


def test_free_lattice_parameters_of_all_settings_are_as_many_as_invariant_metrics():
    for hall in range(1, 531):
        w = database(hall)[0].astype(float)
        # Metrics transform by the symmetric square; its mean character counts the invariant ones.
        trace, squares = w.trace(axis1=1, axis2=2), (w @ w).trace(axis1=1, axis2=2)
        form = lattice_form(hall)
        assert len(form.free) == round(float(((trace**2 + squares) / 2).mean())), hall
        values = form.filled(dict(zip(PARAMETERS, (5.0, 6.0, 7.0, 95.0, 100.0, 105.0), strict=True)))
        metric = lattice_of(values) @ lattice_of(values).T
        np.testing.assert_allclose(
            w.transpose(0, 2, 1) @ metric @ w, np.broadcast_to(metric, w.shape), atol=1e-9
        )


def test_a_rhombohedral_setting_has_a_length_and_an_angle():
    assert lattice_form(434).free == ("a", "alpha")  # R3, rhombohedral axes
    assert lattice_form(433).rules == {
        "a": "a",
        "b": "a",
        "c": "c",
        "alpha": 90.0,
        "beta": 90.0,
        "gamma": 120.0,
    }
    assert lattice_form(5).free == ("a", "b", "c", "alpha")  # P2, unique axis a


@pytest.mark.parametrize(
    ("group", "lattice", "point", "texts", "site"),
    [
        # International Tables A; for 6l they print (x, 2x, 0), which is of the same orbit
        ("P-3m1", Lattice.hexagonal(5, 7), [0.13, -0.13, 0.29], ("x", "-x", "z"), "6i"),
        ("P6/mmm", Lattice.hexagonal(7, 5), [0.12, 0.24, 0], ("x", "-x", "0"), "6l"),
        ("P4_2/mnm", Lattice.tetragonal(5, 3), [0.3, 0.3, 0], ("x", "x", "0"), "4f"),
        ("R-3c", Lattice.hexagonal(5, 13), [0.3, 0, 0.25], ("x", "0", "1/4"), "18e"),
    ],
)
def test_positions_are_written_plainly(group, lattice, point, texts, site):
    s = Structure.from_spacegroup(group, lattice, ["Ti", "O"], [[0, 0, 0], point])
    orbit = next(o for o in wyckoff(s).orbits if o.element == "O")
    assert (orbit.position.texts, orbit.label) == (texts, f"O {site}")


@pytest.mark.parametrize("name", ["quartz", "rutile", "calcite", "baddeleyite"])
def test_cell_axes_and_hand_of_the_cell_do_not_matter(name):
    given = cn.as_structure(name)
    wanted = wyckoff(given)
    turn = Rotation.from_rotvec([0.3, -0.8, 1.1]).as_matrix()
    cells = {
        "turned": Structure(given.lattice.matrix @ turn.T, given.species, given.frac_coords + 0.31),
        "primitive": given.get_primitive_structure(),
        "left-handed": Structure(
            given.lattice.matrix[[1, 0, 2]], given.species, given.frac_coords[:, [1, 0, 2]]
        ),
        "supercell": given * (2, 1, 1),
    }
    for how, cell in cells.items():
        sequence = wyckoff(cell)
        assert sequence.number == wanted.number, how
        assert sequence.degrees_of_freedom == wanted.degrees_of_freedom, how
        assert misses(given, sequence.structure()) < ROUND_TRIP, how


def test_noise_is_averaged_and_reported():
    given = cn.as_structure("quartz")
    noisy = given.copy()
    noisy.perturb(0.01)
    sequence = wyckoff(noisy)
    assert sequence.number == 154
    assert 1e-3 < sequence.displacement < 0.02
    assert misses(given, sequence.structure()) < 0.04


def test_crystals_of_the_data_are_put_together_again(data_dir):
    raw = list(raw_records(data_dir / "mp20_subset_1k" / "structures.jsonl.gz"))[::25]
    groups, n_compared = set(), 0
    for record in map(to_record, raw):
        sequence = wyckoff(record.structure)
        rebuilt = sequence.structure()
        groups.add(sequence.number)
        assert cn.symmetry(rebuilt).number == sequence.number, record
        assert sequence.displacement < 0.05
        # Relaxed crystals are a little off their symmetry; shells that end at the reach would differ.
        if sequence.displacement < 1e-4 and sequence.strain < 1e-4:
            n_compared += 1
            assert misses(record.structure, rebuilt) < 1e-3, record
    assert len(groups) > 15
    assert n_compared > 20


def test_edits_change_what_they_name_and_nothing_else():
    quartz = wyckoff("quartz")
    changed = quartz.with_changes(
        elements={0: "Ge"}, coordinates={0: {"x": 1.45}, 1: {"z": 0.55}}, lattice={"a": 5.0}
    )
    assert [o.element for o in changed.orbits] == ["Ge", "O"]
    assert changed.orbits[0].coordinates == pytest.approx({"x": 0.45})
    assert changed.orbits[1].coordinates == {**quartz.orbits[1].coordinates, "z": 0.55}
    assert (changed.lattice["a"], changed.lattice["b"]) == (5.0, 5.0)
    assert changed.lattice["c"] == quartz.lattice["c"]
    structure = changed.structure()
    assert structure.composition.reduced_formula == "GeO2"
    assert structure.lattice.abc == pytest.approx((5.0, 5.0, quartz.lattice["c"]))
    assert structure[0].frac_coords == pytest.approx([0.45, 0, 2 / 3])
    assert cn.symmetry(structure).number == 154
    assert quartz.orbits[0].element == "Si"


@pytest.mark.parametrize(
    ("edit", "code"),
    [
        ({"coordinates": {0: {"y": 0.1}}}, "wyckoff.fixed_coordinate"),
        ({"coordinates": {0: {"w": 0.1}}}, "name.unknown_coordinate"),
        ({"coordinates": {0: 0.1}}, "wyckoff.number"),
        ({"coordinates": {0: {"x": float("nan")}}}, "wyckoff.number"),
        ({"coordinates": {0: {"x": "0.1"}}}, "wyckoff.number"),
        ({"coordinates": {2: {"x": 0.1}}}, "name.unknown_orbit"),
        ({"coordinates": {-1: {"x": 0.1}}}, "name.unknown_orbit"),
        ({"coordinates": {0: {"x": 0.0}, 1: {"x": 0.0, "y": 0.01, "z": 2 / 3}}}, "structure.overlap"),
        ({"lattice": {"a": 10**400}}, "wyckoff.number"),
        ({"elements": {True: "Ge"}}, "name.unknown_orbit"),
        ({"elements": {0: "Uue"}}, "structure.unknown_element"),
        ({"elements": {0: None}}, "structure.unknown_element"),
        ({"lattice": {"b": 5.0}}, "wyckoff.tied_lattice"),
        ({"lattice": {"gamma": 90.0}}, "wyckoff.tied_lattice"),
        ({"lattice": {"d": 5.0}}, "name.unknown_lattice_parameter"),
        ({"lattice": {"a": -5.0}}, "wyckoff.lattice"),
        ({"lattice": {"a": float("inf")}}, "wyckoff.number"),
        ({"lattice": {"c": True}}, "wyckoff.number"),
    ],
)
def test_an_impossible_edit_is_refused(edit, code):
    with pytest.raises(cn.CrysnbError) as error:
        wyckoff("quartz").with_changes(**edit)
    assert error.value.code == code


def test_an_orbit_that_falls_together_is_refused():
    # 4f of rutile at x = 0 lies twice on each of two points, those of titanium.
    with pytest.raises(cn.CrysnbError) as error:
        wyckoff("rutile").with_changes(coordinates={1: {"x": 0.0}})
    assert error.value.code == "structure.overlap"


def test_angles_that_no_lattice_has_are_refused():
    triclinic = wyckoff("kyanite")
    with pytest.raises(cn.CrysnbError) as error:
        triclinic.with_changes(lattice={"alpha": 10.0, "beta": 20.0, "gamma": 170.0})
    assert error.value.code == "wyckoff.lattice"


def test_tokens_and_plain_data_agree():
    rutile = wyckoff("rutile")
    kinds = "".join(token.kind for token in rutile.tokens)
    assert kinds == "g" + 2 * "WAXXX" + "LLLLLL"
    free = [token.name for token in rutile.tokens if token.is_free and token.kind in "XL"]
    assert free == ["x", "a", "c"]
    assert len(free) == rutile.degrees_of_freedom.total
    frame = rutile.to_frame()
    assert list(frame["value"])[2] == "Ti"
    assert frame["orbit"].dropna().tolist() == 5 * [0] + 5 * [1]
    assert frame["name"].tolist()[-5] == "b = a"
    data = rutile.to_dict()
    assert json.loads(json.dumps(data)) == data
    assert data["degrees_of_freedom"]["without_symmetry"] == 24
    assert "2403.15734" in data["idea"]
    assert repr(rutile) == "WyckoffSequence(P4_2/mnm (136): Ti 2a, O 4f; 3 of 24 free)"


def test_parameters_and_lattice_are_inverse():
    values = dict(zip(PARAMETERS, (4.1, 5.3, 6.2, 82.0, 97.0, 105.0), strict=True))
    rows = lattice_of(values)
    assert parameters_of_metric(rows @ rows.T) == pytest.approx(values)
    assert np.linalg.det(rows) > 0
