"""Forms of tensors: Nye's tables, arbitrary orientations, frames, and what is refused."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

import crysnb as cn
from crysnb.errors import CrysnbError, UnknownName
from crysnb.structure.transforms import random_rotation, rotated, supercell
from crysnb.symmetry.point_groups import POINT_GROUPS, class_setting
from crysnb.symmetry.project import invariants
from crysnb.tensors.form import TensorForm, tensor_form
from crysnb.tensors.relations import relations
from crysnb.values.tensor_kind import KINDS, represent, rotate, tensor_kind

THREE = ("dielectric", "piezoelectric", "elastic")
EXAMPLES = ("NaCl", "GaAs", "rutile", "quartz", "GaN", "BaTiO3")

# Nye (1957), tables 9 and 10 and appendix E: one entry per Laue class, standard setting.
CUBIC = {"c22": "c11", "c33": "c11", "c13": "c12", "c23": "c12", "c55": "c44", "c66": "c44"}
TETRAGONAL = {"c22": "c11", "c23": "c13", "c55": "c44"}
HEXAGONAL = {**TETRAGONAL, "c66": "(c11 - c12)/2"}
TRIGONAL = {**HEXAGONAL, "c24": "-c14", "c56": "c14"}
NYE_ELASTIC = {
    "-1": {}, "2/m": {}, "mmm": {}, "4/m": {**TETRAGONAL, "c26": "-c16"}, "4/mmm": TETRAGONAL,
    "-3": {**TRIGONAL, "c25": "-c15", "c46": "-c15"}, "-3m": TRIGONAL, "6/m": HEXAGONAL,
    "6/mmm": HEXAGONAL, "m-3": CUBIC, "m-3m": CUBIC,
}  # fmt: skip
LAUE = {
    "-1": ("1",), "2/m": ("2", "m"), "mmm": ("222", "mm2"), "4/m": ("4", "-4"),
    "4/mmm": ("422", "4mm", "-42m"),
    "-3": ("3",), "-3m": ("32", "3m"), "6/m": ("6", "-6"), "6/mmm": ("622", "6mm", "-6m2"), "m-3": ("23",),
    "m-3m": ("432", "-43m"),
}  # fmt: skip
NYE_PIEZO = {
    "32": (("e11", "e14"), {"e12": "-e11", "e25": "-e14", "e26": "-e11"}),
    "3m": (  # m perpendicular to x
        ("e15", "e16", "e31", "e33"),
        {"e21": "e16", "e22": "-e16", "e24": "e15", "e32": "e31"},
    ),
    "6mm": (("e15", "e31", "e33"), {"e24": "e15", "e32": "e31"}),
    "4mm": (("e15", "e31", "e33"), {"e24": "e15", "e32": "e31"}),
    "422": (("e14",), {"e25": "-e14"}),
    "-42m": (("e14", "e36"), {"e25": "e14"}),
    "-4": (("e14", "e15", "e31", "e36"), {"e24": "-e15", "e25": "e14", "e32": "-e31"}),
    "-43m": (("e14",), {"e25": "e14", "e36": "e14"}),
    "23": (("e14",), {"e25": "e14", "e36": "e14"}),
    "222": (("e14", "e25", "e36"), {}),
    "mm2": (("e15", "e24", "e31", "e32", "e33"), {}),
    "2": (("e14", "e16", "e21", "e22", "e23", "e25", "e34", "e36"), {}),
    "m": (
        ("e11", "e12", "e13", "e15", "e24", "e26", "e31", "e32", "e33", "e35"),
        {},
    ),
    "4": (("e14", "e15", "e31", "e33"), {"e24": "e15", "e25": "-e14", "e32": "e31"}),
    "3": (
        ("e11", "e14", "e15", "e16", "e31", "e33"),
        {
            "e12": "-e11",
            "e21": "e16",
            "e22": "-e16",
            "e24": "e15",
            "e25": "-e14",
            "e26": "-e11",
            "e32": "e31",
        },
    ),
    "6": (("e14", "e15", "e31", "e33"), {"e24": "e15", "e25": "-e14", "e32": "e31"}),
    "-6": (("e11", "e16"), {"e12": "-e11", "e21": "e16", "e22": "-e16", "e26": "-e11"}),
    "622": (("e14",), {"e25": "-e14"}),
    "-6m2": (("e16",), {"e21": "e16", "e22": "-e16"}),  # m perpendicular to x
    "432": ((), {}),
    "m-3m": ((), {}),
}


def substituted(form: TensorForm, values: dict[str, float]) -> np.ndarray:
    """Components from the *printed* text, as a reader of the page would compute them."""
    symbols = {sympy.Symbol(name): value for name, value in values.items()}
    out = dict.fromkeys(form.kind.names, 0.0) | values
    for name, text in form.relations.items():
        out[name] = float(sympy.sympify(text).evalf(30, subs=symbols))
    return np.array([out[name] for name in form.kind.names])


def defect(form: TensorForm, seed: int = 0) -> float:
    """How far the printed form is from invariant under every operation, relative to its norm."""
    if not form.free:
        return 0.0
    rng = np.random.default_rng(seed)
    components = substituted(form, {name: float(rng.uniform(0.5, 2)) for name in form.free})
    x = components * np.sqrt(form.kind.multiplicity)
    return float(np.abs(represent(form.kind, form.rotations) @ x - x).max() / np.linalg.norm(x))


@pytest.mark.parametrize("laue", NYE_ELASTIC)
def test_elastic_forms_are_nyes(laue: str) -> None:
    for symbol in (laue, *LAUE[laue]):
        form = tensor_form(symbol, "elastic")
        assert form.relations == NYE_ELASTIC[laue], symbol
        assert set(form.free) | set(form.zeros) | set(form.relations) == set(form.kind.names)


@pytest.mark.parametrize("symbol", NYE_PIEZO)
def test_piezoelectric_forms_are_nyes(symbol: str) -> None:
    free, relations = NYE_PIEZO[symbol]
    form = tensor_form(symbol, "piezoelectric")
    assert set(form.free) == set(free)
    assert form.relations == relations


def test_the_tables_are_complete() -> None:
    with_inversion = {symbol for symbol in POINT_GROUPS if symbol in LAUE}
    assert set(NYE_PIEZO) | with_inversion == set(POINT_GROUPS) - {"1"}


@pytest.mark.parametrize("seed", range(3))
def test_gallium_arsenide_has_one_constant(seed: int) -> None:
    turned = rotated(cn.as_structure("GaAs"), random_rotation(np.random.default_rng(seed)))
    for frame in ("nye", "ieee"):
        form = tensor_form(turned, "piezoelectric", frame)
        assert form.free == ("e14",)
        assert form.relations == {"e25": "e14", "e36": "e14"}
        assert len(form.zeros) == 15
        tensor = form.project(form.kind.from_components(np.arange(1.0, 19.0)))
        matrix = form.kind.matrix(tensor)
        assert matrix[0, 3] == matrix[1, 4] == matrix[2, 5] != 0


def test_dielectric_forms() -> None:
    assert tensor_form("m-3m", "dielectric").relations == {"eps22": "eps11", "eps33": "eps11"}
    assert tensor_form("6mm", "dielectric").relations == {"eps22": "eps11"}
    assert tensor_form("mmm", "dielectric").zeros == ("eps23", "eps13", "eps12")
    assert tensor_form("2", "dielectric").free == ("eps11", "eps22", "eps33", "eps13")
    assert tensor_form("1", "dielectric").zeros == ()


def test_quartz_elastic() -> None:
    form = tensor_form("quartz", "elastic")
    assert form.n_independent == 6
    assert form.relations["c24"] == "-c14"
    assert form.relations["c56"] == "c14"
    assert form.relations["c66"] == "(c11 - c12)/2"
    assert form.coefficients["c66"] == {"c11": 0.5, "c12": -0.5}
    assert form.notes == ()


@pytest.mark.parametrize("kind", THREE)
@pytest.mark.parametrize("symbol", POINT_GROUPS)
def test_closed_forms_hold_when_put_back(symbol: str, kind: str) -> None:
    form = tensor_form(symbol, kind)
    assert defect(form) < 1e-14
    assert form.notes == ()


@settings(max_examples=25)
@given(name=st.sampled_from(EXAMPLES), kind=st.sampled_from(THREE), seed=st.integers(0, 2**31))
def test_relations_hold_in_any_orientation(name: str, kind: str, seed: int) -> None:
    q = random_rotation(np.random.default_rng(seed))
    form = tensor_form(rotated(cn.as_structure(name), q), kind)
    assert form.n_independent == tensor_form(name, kind).n_independent
    assert defect(form) < 1e-9


def _about(axis: str, degrees: float) -> np.ndarray:
    a = np.radians(degrees)
    c, s = np.cos(a), np.sin(a)
    return np.array({"z": [[c, -s, 0], [s, c, 0], [0, 0, 1]], "x": [[1, 0, 0], [0, c, -s], [0, s, c]]}[axis])


@pytest.mark.parametrize(
    ("turn", "relations"),
    [
        # gmtnet.md 4.2: what a prototype found for class 32 and for a cube on its corner.
        (_about("z", 30), {"c46": "-c15", "c25": "-c15", "c66": "(c11 - c12)/2"}),
        (_about("z", 60), {"c24": "-c14", "c56": "c14"}),
    ],
)
def test_quartz_turned_about_c(turn: np.ndarray, relations: dict[str, str]) -> None:
    form = tensor_form(rotated(cn.as_structure("quartz"), turn), "elastic")
    assert relations.items() <= form.relations.items()
    assert form.notes == ()
    assert defect(form) < 1e-14


@pytest.mark.parametrize("degrees", [15, 45])
def test_other_nice_angles_have_closed_forms(degrees: float) -> None:
    form = tensor_form(rotated(cn.as_structure("quartz"), _about("z", degrees)), "elastic")
    assert form.notes == ()
    assert defect(form) < 1e-13


def test_an_angle_of_36_degrees_has_decimals_and_says_so() -> None:
    form = tensor_form(rotated(cn.as_structure("quartz"), _about("z", 36)), "elastic")
    assert "non-crystallographic orientation" in form.notes[0]
    assert form.relations["c66"] == "(c11 - c12)/2"
    assert defect(form) < 1e-10


def test_a_cube_on_its_corner() -> None:
    corner = np.array([[1, -1, 0], [1, 1, -2], [1, 1, 1]]) / np.sqrt([[2], [6], [3]])
    form = tensor_form(rotated(cn.as_structure("NaCl"), corner), "elastic")
    assert form.n_independent == 3
    assert form.notes == ()
    relations = {k: sympy.sympify(v) for k, v in form.relations.items()}
    free = dict.fromkeys(form.free)
    assert set(free) == {"c11", "c12", "c13"}
    c11, c12, c13 = sympy.symbols("c11 c12 c13")
    assert sympy.expand(relations["c33"] - (c11 + c12 - c13)) == 0
    assert sympy.expand(relations["c44"] - ((c11 - 3 * c12) / 2 + c13)) == 0
    assert sympy.expand(sympy.Abs(relations["c14"] / sympy.sqrt(2)) - sympy.Abs(c13 - c12)) == 0


def test_a_cube_in_an_arbitrary_orientation_has_no_zeros() -> None:
    q = random_rotation(np.random.default_rng(0))
    form = tensor_form(rotated(cn.as_structure("NaCl"), q), "elastic")
    assert (form.n_independent, len(form.relations), form.zeros) == (3, 18, ())


def test_piezoelectricity_of_rock_salt_is_empty_not_absent() -> None:
    form = tensor_form("NaCl", "piezoelectric")
    assert form.n_independent == 0
    assert form.free == ()
    assert form.zeros == form.kind.names
    assert form.basis.shape == (18, 0)
    t = np.random.default_rng(0).normal(size=(3, 6))
    np.testing.assert_array_equal(form.project(t), 0.0)
    assert form.residual(t) == 1.0


@pytest.mark.parametrize("kind", THREE)
@pytest.mark.parametrize("name", EXAMPLES)
def test_projection_agrees_with_the_relations(name: str, kind: str) -> None:
    form = tensor_form(name, kind)
    t = np.random.default_rng(3).normal(size=form.kind.matrix_shape)
    t = t + t.T if t.shape[0] == t.shape[1] else t
    out = form.project(t)
    assert out.shape == t.shape
    values = dict(zip(form.kind.names, form.kind.components(out), strict=True))
    for zero in form.zeros:
        assert values[zero] == 0.0
    for dependent, row in form.coefficients.items():
        assert values[dependent] == pytest.approx(sum(f * values[n] for n, f in row.items()), abs=1e-13)
        if list(row.values()) in ([1.0], [-1.0]):
            ((free, factor),) = row.items()
            assert values[dependent] == factor * values[free]
    assert form.residual(out) < 1e-14
    free = np.array([values[n] for n in form.free])
    np.testing.assert_allclose(form.basis @ free, form.kind.components(out), atol=1e-13)


@pytest.mark.parametrize("kind", THREE)
@pytest.mark.parametrize("name", ["NaCl", "quartz", "GaN", "rutile"])
def test_primitive_conventional_and_supercell_have_one_form(name: str, kind: str) -> None:
    given_ = cn.as_structure(name)
    forms = [
        tensor_form(s, kind)
        for s in (
            given_,
            given_.get_primitive_structure(),
            supercell(given_, (2, 1, 1)),
            supercell(given_, (2, 2, 2)),
        )
    ]
    for form in forms[1:]:
        assert form.relations == forms[0].relations
        assert form.zeros == forms[0].zeros
        assert {n: {o.symbol for o in form.why(n)} for n in form.zeros} == {
            n: {o.symbol for o in forms[0].why(n)} for n in form.zeros
        }


@pytest.mark.parametrize("kind", THREE)
@pytest.mark.parametrize("name", EXAMPLES)
def test_the_nye_frame_does_not_depend_on_the_orientation(name: str, kind: str) -> None:
    given_ = cn.as_structure(name)
    q = random_rotation(np.random.default_rng(4))
    here, there = tensor_form(given_, kind, "nye"), tensor_form(rotated(given_, q), kind, "nye")
    assert here.relations == there.relations
    assert here.zeros == there.zeros
    np.testing.assert_allclose(there.rotation @ q, here.rotation, atol=1e-9)
    # The matrix that is reported leads from the own frame to this one.
    own = tensor_form(rotated(given_, q), kind)
    t = tensor_kind(kind).from_components(
        np.random.default_rng(0).normal(size=tensor_kind(kind).n_components)
    )
    allowed = rotate(own.kind, own.project(t), there.rotation)
    assert there.residual(allowed) < 1e-9 or not own.n_independent


@pytest.mark.parametrize("name", EXAMPLES)
def test_frames_are_proper_rotations(name: str) -> None:
    for frame in ("own", "nye", "ieee"):
        form = tensor_form(name, "elastic", frame)
        assert form.frame == frame
        assert np.linalg.det(form.rotation) == pytest.approx(1.0)
        np.testing.assert_allclose(form.rotation @ form.rotation.T, np.eye(3), atol=1e-12)
        assert defect(form) < 1e-12


@pytest.mark.parametrize("symbol", ["4mm", "32", "m"])
def test_a_class_has_its_standard_setting_in_both_frames(symbol: str) -> None:
    own, nye = tensor_form(symbol, "elastic"), tensor_form(symbol, "elastic", frame="nye")
    assert own.relations == nye.relations
    assert own.space_group is None
    assert own.symmetry is None
    assert own.point_group == symbol


def test_a_space_group_number_has_its_own_setting() -> None:
    form = tensor_form(31, "dielectric")
    assert (form.point_group, form.space_group, form.symprec) == ("mm2", 31, None)
    assert tensor_form(np.int64(31), "dielectric").space_group == 31
    # P-42m and P-4m2: the same class in two orientations.
    assert set(tensor_form(111, "piezoelectric").free) != set(tensor_form(115, "piezoelectric").free)


def test_all_kinds_are_served() -> None:
    for kind in KINDS:
        form = tensor_form("32", kind)
        assert form.n_independent == len(form.free)
        assert defect(form) < 1e-13


def test_a_kind_may_be_given_by_its_jahn_symbol() -> None:
    form = tensor_form("-43m", cn.TensorKind.from_jahn("V[V2]"))
    assert form.free == ("t123",)
    assert form.relations == {"t213": "t123", "t312": "t123"}


@pytest.mark.parametrize(
    ("call", "error", "code"),
    [
        (lambda: tensor_form("32", "elasticity"), UnknownName, "name.unknown_tensor_kind"),
        (lambda: tensor_form("32", "elastic", "iee"), UnknownName, "name.unknown_frame"),
        (lambda: tensor_form(231, "elastic"), UnknownName, "name.unknown_space_group"),
        (lambda: tensor_form(True, "elastic"), UnknownName, "name.unknown_space_group"),
        (lambda: tensor_form("32", "elastic", "ieee"), CrysnbError, "frame.needs_structure"),
        (lambda: tensor_form("32", "elastic").why("c77"), UnknownName, "name.unknown_tensor_component"),
        (lambda: tensor_form("no such thing", "elastic"), CrysnbError, None),
    ],
)
def test_what_is_refused(call, error, code) -> None:
    with pytest.raises(error) as caught:
        call()
    assert code in (None, caught.value.code)


def test_documented_object() -> None:
    form = tensor_form("quartz", "elastic")
    d = json.loads(json.dumps(form.to_dict()))
    assert list(d)[:10] == [
        "kind", "frame", "space_group", "point_group", "symprec", "n_independent", "free", "zeros",
        "relations", "why",
    ]  # fmt: skip
    assert set(d["why"]) == set(form.zeros) | set(form.relations)
    assert d["why"]["c66"][0]["text"] == "threefold rotation about [001]"
    assert len(repr(form)) < 100
    frame = form.to_frame()
    assert len(frame) == 21
    assert frame.set_index("component").loc["c66", "value"] == "(c11 - c12)/2"


def test_results_cannot_be_changed_from_outside() -> None:
    form = tensor_form("32", "elastic")
    form.relations["c66"] = "wrong"
    form.coefficients["c66"]["c11"] = 7.0
    form.basis[:] = 0.0
    form.projector[:] = 0.0
    assert tensor_form("32", "elastic").relations["c66"] == "(c11 - c12)/2"
    assert form.coefficients["c66"]["c11"] == 0.5
    assert np.trace(form.projector) == pytest.approx(6)


def test_operations_are_named_in_the_frame_of_the_form() -> None:
    form = tensor_form(rotated(cn.as_structure("GaN"), _about("x", 90)), "dielectric")
    axis = next(o.axis for o in form.operations if o.text == "sixfold rotation about [001]")
    np.testing.assert_allclose(np.abs(axis), [0, 1, 0], atol=1e-9)
    assert len(form.operations) == len(class_setting("6mm").labels)


def test_torch_is_not_needed() -> None:
    code = (
        "import sys, crysnb as cn\n"
        "f = cn.tensor_form('quartz', 'elastic'); f.why('c14'); f.to_dict(); cn.idealize('quartz')\n"
        "print([m for m in ('torch', 'e3nn', 'plotly', 'ipywidgets') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("angle", [1e-12, 1e-11, 1e-10, 3e-10])
@pytest.mark.parametrize("group", ["m-3m", "4/mmm", "-3m"])
def test_rounding_in_a_tilted_crystal_is_no_relation(group: str, angle: float) -> None:
    """Such a turn leaves 1e-11 to 1e-9 of c11 in c24, which is nearer to zero than to any relation."""
    turn = np.array([[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]])
    operations = class_setting(group).rotations
    tilted = relations(invariants("elastic", turn @ operations @ turn.T))
    straight = relations(invariants("elastic", operations))
    assert tilted.free == straight.free
    assert set(tilted.zeros) | set(tilted.text) | set(tilted.free) == set(tensor_kind("elastic").names)
    if angle < 2e-10:
        assert tilted.zeros == straight.zeros
        assert tilted.text == straight.text
