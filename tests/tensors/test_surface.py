"""Directional analysis against closed forms, pymatgen, and its own symmetry."""

import itertools

import numpy as np
import pytest

import crysnb as cn
from crysnb.errors import CrysnbError
from crysnb.structure.transforms import random_rotation
from crysnb.symmetry.point_groups import class_setting
from crysnb.tensors.convert import to_compliance
from crysnb.tensors.form import tensor_form
from crysnb.tensors.surface import surface
from crysnb.values.tensor_kind import ELASTIC, KINDS, rotate

PROPERTIES = ("young", "linear_compressibility", "shear", "poisson")


def cubic(c11, c12, c44):
    c = np.diag([c11, c11, c11, c44, c44, c44]).astype(float)
    c[:3, :3] += c12 * (1 - np.eye(3))
    return c


def hexagonal(c11, c12, c13, c33, c44):
    c = np.diag([c11, c11, c33, c44, c44, (c11 - c12) / 2])
    c[:3, :3] += [[0, c12, c13], [c12, 0, c13], [c13, c13, 0]]
    return c


COPPER = cubic(168.4, 121.4, 75.4)  # Simmons and Wang 1971
ZINC = hexagonal(163.7, 36.4, 53.0, 63.5, 38.8)  # GPa; the same source


def triclinic(seed=0):
    a = np.random.default_rng(seed).normal(size=(6, 6))
    return 20 * (a @ a.T) + 60 * np.eye(6)


def directions(n=200, seed=1):
    v = np.random.default_rng(seed).normal(size=(n, 3))
    return v / np.linalg.norm(v, axis=1, keepdims=True)


def pairs(n=60):
    a, b = directions(n), directions(n, 2)
    m = b - (a * b).sum(axis=1, keepdims=True) * a
    return a, m / np.linalg.norm(m, axis=1, keepdims=True)


def test_cubic_closed_forms():
    s = to_compliance(COPPER)
    n = directions()
    gamma = (n[:, 0] * n[:, 1]) ** 2 + (n[:, 1] * n[:, 2]) ** 2 + (n[:, 2] * n[:, 0]) ** 2
    young = 1 / (s[0, 0] - 2 * (s[0, 0] - s[0, 1] - s[3, 3] / 2) * gamma)
    assert surface(COPPER, "young").value(n) == pytest.approx(young, rel=1e-10)
    beta = surface(COPPER, "linear_compressibility")
    assert beta.value(n) == pytest.approx(np.full(len(n), 1000 / (168.4 + 2 * 121.4)), rel=1e-10)
    assert beta.unit == "1/TPa"
    assert beta.extremes["max"].direction is None


def test_hexagonal_closed_forms():
    s = to_compliance(ZINC)
    n = directions()
    c2 = n[:, 2] ** 2
    young = 1 / ((1 - c2) ** 2 * s[0, 0] + c2**2 * s[2, 2] + c2 * (1 - c2) * (2 * s[0, 2] + s[3, 3]))
    beta = s[0, 0] + s[0, 1] + s[0, 2] - c2 * (s[0, 0] + s[0, 1] - s[0, 2] - s[2, 2])
    assert surface(ZINC, "young").value(n) == pytest.approx(young, rel=1e-10)
    assert surface(ZINC, "linear_compressibility").value(n) == pytest.approx(1000 * beta, rel=1e-10)
    # Shear on the basal plane is c44 whatever the direction; stress along c is the same for every m.
    shear, poisson = surface(ZINC, "shear"), surface(ZINC, "poisson")
    for sheet in ("max", "mean", "min"):
        assert shear.value([0, 0, 1], sheet=sheet) == pytest.approx(38.8, rel=1e-10)
        assert poisson.value([0, 0, 1], sheet=sheet) == pytest.approx(-s[0, 2] / s[2, 2], rel=1e-10)


def test_extremes_of_copper_are_the_known_ones():
    s = to_compliance(COPPER)
    young = surface(COPPER, "young", "m-3m").extremes
    assert young["max"].value == pytest.approx(
        1 / (s[0, 0] - 2 / 3 * (s[0, 0] - s[0, 1] - s[3, 3] / 2)), rel=1e-10
    )
    assert young["min"].value == pytest.approx(1 / s[0, 0], rel=1e-10)
    assert (young["max"].indices, young["min"].indices) == ("[111]", "[001]")
    assert young["max"].direction == pytest.approx(np.ones(3) / np.sqrt(3), abs=1e-6)
    shear = surface(COPPER, "shear").extremes
    assert shear["max"].value == pytest.approx(75.4, rel=1e-10)
    assert shear["min"].value == pytest.approx((168.4 - 121.4) / 2, rel=1e-10)
    # Along [110] copper grows across under tension: negative for m = [1-10], largest for m = [001]
    # (Norris 2006, doi:10.1098/rspa.2006.1726).
    poisson = surface(COPPER, "poisson", "m-3m").extremes
    along = (s[0, 0] + s[0, 1]) / 2 + s[3, 3] / 4
    assert poisson["max"].value == pytest.approx(-s[0, 1] / along, rel=1e-10)
    assert poisson["min"].value == pytest.approx(-((s[0, 0] + s[0, 1]) / 2 - s[3, 3] / 4) / along, rel=1e-10)
    assert poisson["min"].value < 0
    for which, across in (("max", (1, 0, 0)), ("min", (0, -1, 1))):
        assert poisson[which].indices == "[011]"
        assert abs(np.dot(poisson[which].across, across)) / np.linalg.norm(across) == pytest.approx(1)


def test_an_isotropic_body_is_the_same_everywhere():
    body = cubic(2 * 40 + 60, 60, 40)  # λ = 60, μ = 40
    facts = {p: surface(body, p) for p in PROPERTIES}
    wanted = {
        "young": 40 * (180 + 80) / 100,
        "linear_compressibility": 1000 / 260,
        "shear": 40,
        "poisson": 0.3,
    }
    for name, one in facts.items():
        for extreme in one.extremes.values():
            assert extreme.value == pytest.approx(wanted[name], rel=1e-10)
            assert extreme.direction is None
    assert facts["young"].universal_anisotropy == pytest.approx(0, abs=1e-12)
    assert facts["young"].zener == pytest.approx(1)


@pytest.mark.parametrize("c", [COPPER, ZINC, triclinic()], ids=["cubic", "hexagonal", "triclinic"])
def test_pymatgen_agrees(c):
    elasticity = pytest.importorskip("pymatgen.analysis.elasticity.elastic")
    theirs = elasticity.ElasticTensor.from_voigt(c)
    young, shear, poisson = (surface(c, p) for p in ("young", "shear", "poisson"))
    s = theirs.compliance_tensor
    for n, m in zip(*pairs(20), strict=True):
        assert young.value(n) == pytest.approx(1 / s.einsum_sequence([n] * 4), rel=1e-6)
        assert poisson.value(n, m) == pytest.approx(
            theirs.directional_poisson_ratio(n, m), rel=1e-6, abs=1e-9
        )
        assert shear.value(n, m) == pytest.approx(1 / (4 * s.einsum_sequence([n, m, n, m])), rel=1e-6)
    ours = young.averages
    assert ours.voigt.bulk == pytest.approx(theirs.k_voigt, rel=1e-6)
    assert ours.reuss.bulk == pytest.approx(theirs.k_reuss, rel=1e-6)
    assert ours.voigt.shear == pytest.approx(theirs.g_voigt, rel=1e-6)
    assert ours.reuss.shear == pytest.approx(theirs.g_reuss, rel=1e-6)
    assert ours.hill.bulk == pytest.approx(theirs.k_vrh, rel=1e-6)
    assert ours.hill.young == pytest.approx(theirs.y_mod / 1e9, rel=1e-6)
    assert ours.hill.poisson == pytest.approx(theirs.homogeneous_poisson, rel=1e-6)
    assert young.universal_anisotropy == pytest.approx(theirs.universal_anisotropy, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("name", ["shear", "poisson"])
def test_sheets_are_the_extremes_and_the_mean_over_m(name):
    one = surface(triclinic(), name)
    turn = np.linspace(0, np.pi, 20000, endpoint=False)
    for n in directions(5):
        p = np.cross(n, [0.3, 0.5, 0.8])
        p /= np.linalg.norm(p)
        m = np.cos(turn)[:, None] * p + np.sin(turn)[:, None] * np.cross(n, p)
        values = one.value(np.broadcast_to(n, m.shape), m)
        assert one.value(n, sheet="max") == pytest.approx(values.max(), rel=1e-6)
        assert one.value(n, sheet="min") == pytest.approx(values.min(), rel=1e-6)
        assert one.value(n, sheet="mean") == pytest.approx(values.mean(), rel=1e-9)
        for sheet in ("max", "min"):
            assert one.value(n, one.across(n, sheet)) == pytest.approx(one.value(n, sheet=sheet), rel=1e-10)


@pytest.mark.parametrize("name", PROPERTIES)
def test_no_direction_beats_the_extremes(name):
    for seed in range(4):
        one = surface(triclinic(seed), name)
        n = directions(20000, seed)
        sheets = ("max", "min") if name in ("shear", "poisson") else ("value", "value")
        high, low = one.value(n, sheet=sheets[0]).max(), one.value(n, sheet=sheets[1]).min()
        found = one.extremes
        span = high - low
        assert high <= found["max"].value + 1e-9 * span <= high + 0.02 * span
        assert low >= found["min"].value - 1e-9 * span >= low - 0.02 * span
        for which, extreme in found.items():
            again = one.value(extreme.direction, extreme.across)
            assert again == pytest.approx(extreme.value, rel=1e-8), which


CASES = [*((triclinic(3), p) for p in PROPERTIES), (np.diag([2.0, 3.0, 5.0]), "ellipsoid")]
CASES.append((np.random.default_rng(5).normal(size=(3, 6)), "longitudinal"))


@pytest.mark.parametrize(("tensor", "name"), CASES, ids=[name for _, name in CASES])
def test_tensor_and_direction_turn_together(tensor, name):
    one = surface(tensor, name)
    q = random_rotation(np.random.default_rng(7))
    turned = surface(rotate(one.kind, one.tensor, q), name)
    n = directions(50)
    for sheet in one.quantity.sheets:
        assert turned.value(n @ q.T, sheet=sheet) == pytest.approx(
            one.value(n, sheet=sheet), rel=1e-9, abs=1e-12
        )
    for which in ("max", "min"):
        a, b = one.extremes[which], turned.extremes[which]
        assert b.value == pytest.approx(a.value, rel=1e-9)
        at = turned.value(q @ a.direction, None if a.across is None else q @ a.across)
        assert at == pytest.approx(a.value, rel=1e-8)


@pytest.mark.parametrize("group", ["23", "4mm", "32", "-6m2", "2/m", "m-3m"])
@pytest.mark.parametrize("kind", ["dielectric", "piezoelectric", "elastic"])
def test_the_surface_has_the_symmetry_of_the_crystal(group, kind):
    form = tensor_form(group, kind)
    seeds = {"dielectric": np.diag([2.0, 3.0, 5.0]), "elastic": triclinic(2)}
    given = seeds.get(kind, np.random.default_rng(0).normal(size=(3, 6)))
    one = surface(form.project(given), structure=form)
    n = directions(30)
    scale = np.abs(one.value(n)).max()
    for r in class_setting(group).rotations:
        assert one.value(n @ r.T) == pytest.approx(one.value(n), rel=1e-9, abs=1e-9 * scale)
    # And of no other: a tensor without symmetry fails the same test.
    if kind == "elastic" and group != "2/m":
        bare = surface(given)
        r = class_setting(group).rotations
        assert max(np.abs(bare.value(n @ q.T) - bare.value(n)).max() for q in r) > 1


@pytest.mark.parametrize(("tensor", "name"), CASES, ids=[name for _, name in CASES])
def test_contributions_add_up_to_the_value(tensor, name):
    one = surface(tensor, name)
    for n, sheet in itertools.product(directions(10), one.quantity.sheets):
        parts = one.contributions(n, sheet)
        assert set(parts) == set(one.kind.names)
        assert sum(parts.values()) == pytest.approx(one.value(n, sheet=sheet), rel=1e-9, abs=1e-12)
        sizes = [abs(v) for v in parts.values()]
        assert sizes == sorted(sizes, reverse=True)


@pytest.mark.parametrize(("name", "degree"), [("young", 1), ("shear", 1), ("linear_compressibility", -1)])
def test_contributions_are_the_derivatives(name, degree):
    c, step = triclinic(4), 1e-5
    one = surface(c, name)
    for n in directions(3):
        for sheet in one.quantity.sheets:
            parts = one.contributions(n, sheet)
            for component in ("c11", "c13", "c44", "c46"):
                k = ELASTIC.names.index(component)
                ends = []
                for sign in (1, -1):
                    moved = ELASTIC.components(c)
                    moved[k] *= 1 + sign * step
                    ends.append(surface(ELASTIC.from_components(moved), name).value(n, sheet=sheet))
                slope = (ends[0] - ends[1]) / (2 * step)
                assert parts[component] == pytest.approx(degree * slope, rel=1e-4, abs=1e-6 * one.value(n))


def test_longitudinal_terms_are_products_with_direction_cosines():
    e = np.arange(18.0).reshape(3, 6)
    n = np.array([0.6, 0.0, 0.8])
    parts = surface(e).contributions(n)
    assert parts["e11"] == pytest.approx(0)
    assert parts["e33"] == pytest.approx(e[2, 2] * 0.8**3)
    assert parts["e15"] == pytest.approx(2 * e[0, 4] * 0.6 * 0.6 * 0.8)
    full = KINDS["piezoelectric"].cartesian(e)
    assert surface(e).value(n) == pytest.approx(np.einsum("ijk,i,j,k", full, n, n, n))


def test_uniaxial_and_biaxial_light():
    assert surface(np.diag([2.0, 2, 2])).optics.character == "isotropic"
    up = surface(np.diag([2.25, 2.25, 2.5])).optics
    assert up.character == "uniaxial positive"
    assert np.abs(up.optic_axes[0]) == pytest.approx([0, 0, 1])
    assert up.indices[0] == pytest.approx(1.5)
    assert surface(np.diag([2.25, 2.5, 2.5])).optics.character == "uniaxial negative"
    # Aragonite: indices 1.530, 1.680, 1.685; 2V reported as 18°, which those rounded indices give to 1.5°.
    two = surface(np.diag(np.array([1.530, 1.680, 1.685]) ** 2)).optics
    assert two.character == "biaxial negative"
    assert two.angle == pytest.approx(18, abs=1.5)
    # Along an optic axis both polarisations see the same permittivity: a circular section.
    axis = two.optic_axes[0]
    p = np.linalg.svd(axis[None])[2][1:]
    section = np.linalg.eigvalsh(p @ np.linalg.inv(np.diag(two.values)) @ p.T)
    assert section[0] == pytest.approx(section[1], rel=1e-12)
    q = random_rotation(np.random.default_rng(0))
    turned = surface(q @ np.diag(two.values) @ q.T).optics
    assert turned.angle == pytest.approx(two.angle)
    assert turned.character == two.character


def test_zener_ratio_where_cubic_only():
    assert surface(COPPER).zener == pytest.approx(2 * 75.4 / (168.4 - 121.4))
    assert surface(ZINC).zener is None
    turned = rotate(ELASTIC, COPPER, random_rotation(np.random.default_rng(1)))
    assert surface(turned).zener is None  # on axes that nobody named
    form = tensor_form("NaCl", "elastic")
    assert surface(COPPER, structure=form).zener == pytest.approx(3.2085, rel=1e-4)


@pytest.mark.parametrize(
    ("given", "arguments", "code"),
    [
        (cubic(100, 120, 50), {}, "elastic.not_positive_definite"),
        (-COPPER, {}, "elastic.not_positive_definite"),
        (np.zeros((6, 6)), {}, "elastic.not_positive_definite"),
        (np.full((6, 6), np.nan), {}, "tensor.non_finite"),
        (np.full((6, 6), 1e200), {}, "tensor.too_large"),
        (np.zeros((2, 2)), {}, "tensor.kind"),
        ("copper", {}, "tensor.kind"),
        ([[1, 2], [3]], {}, "tensor.kind"),
        (COPPER, {"property": "ellipsoid"}, "name.unknown_directional_property"),
        (COPPER, {"kind": "jelly"}, "name.unknown_tensor_kind"),
        (COPPER, {"unit": "furlong"}, "name.unknown_unit"),
        (COPPER, {"property": "linear_compressibility", "unit": "eV"}, "unit.dimension"),
        (COPPER, {"unit": "1/TPa"}, "unit.dimension"),
        (COPPER, {"property": "poisson", "unit": "C/m^2"}, "unit.dimension"),
        (np.eye(3), {"unit": "GPa"}, "unit.dimension"),
        (np.ones((3, 6)), {"unit": "1"}, "unit.dimension"),
        (COPPER, {"unit": ["GPa"]}, "name.unknown_unit"),
        (COPPER, {"unit": np.array(["GPa"])}, "name.unknown_unit"),
        (COPPER, {"property": ["young"]}, "name.unknown_directional_property"),
        (np.triu(COPPER), {}, "tensor.asymmetric"),
    ],
)
def test_bad_tensors_end_in_our_errors(given, arguments, code):
    with pytest.raises(CrysnbError) as caught:
        surface(given, **arguments)
    assert caught.value.code == code


@pytest.mark.parametrize("bad", [[0, 0, 0], [1, 2], "up", [np.nan, 0, 1], 3.0, [[1, 0, 0], [0, 0, 0]], None])
def test_bad_directions_end_in_our_errors(bad):
    with pytest.raises(CrysnbError) as caught:
        surface(COPPER).value(bad)
    assert caught.value.code == "surface.direction"


def test_second_directions_are_checked():
    one = surface(COPPER, "poisson")
    for n, m in (([1, 0, 0], [1, 1, 0]), ([[1, 0, 0]] * 2, [[0, 1, 0]] * 3)):
        with pytest.raises(CrysnbError) as caught:
            one.value(n, m)
        assert caught.value.code == "surface.across"
    with pytest.raises(CrysnbError):
        surface(COPPER).value([1, 0, 0], [0, 1, 0])
    with pytest.raises(CrysnbError):
        one.across([1, 0, 0], "mean")
    with pytest.raises(CrysnbError):
        one.value([1, 0, 0], sheet="least")
    with pytest.raises(CrysnbError):
        one.contributions(directions(3))


def test_units_follow_the_tensor():
    kbar = surface(10 * COPPER, "young", unit="kbar")
    assert kbar.unit == "kbar"
    assert kbar.extremes["min"].value == pytest.approx(10 * surface(COPPER).extremes["min"].value)
    beta = surface(10 * COPPER, "linear_compressibility", unit="kbar")
    assert beta.value([1, 0, 0]) == pytest.approx(1000 / (168.4 + 2 * 121.4))
    assert surface(COPPER, "poisson").unit == "1"
    # d is in pm/V and has the shape and the form of e; other kinds have no usual unit.
    assert surface(np.ones((3, 6)), unit="pm/V").unit == "pm/V"
    assert surface(np.ones((3, 6)), kind="shg", unit="pm/V").unit == "pm/V"


def test_half_a_matrix_is_told():
    with pytest.raises(CrysnbError, match="Only the upper triangle is filled"):
        surface(np.triu(COPPER))
    facts = cn.nye(np.triu(COPPER), "m-3m").result.to_dict()
    assert "Only the upper triangle of the matrix is filled" in str(facts["notices"])


def test_a_compliance_is_told_how_to_become_a_stiffness():
    with pytest.raises(CrysnbError, match="to_stiffness"):
        surface(to_compliance(COPPER), unit="1/TPa")


def test_a_tiny_or_huge_vector_is_a_direction():
    one = surface(ZINC)
    for size in (1e-300, 1.0, 1e300):
        assert one.value(np.array([1.0, 2, 3]) * size) == pytest.approx(one.value([1, 2, 3]), rel=1e-12)


def test_facts_are_plain_data():
    import json

    for tensor, name in CASES:
        facts = surface(tensor, name).to_dict()
        assert json.loads(json.dumps(facts, allow_nan=False)) == facts
        assert len(surface(tensor, name).to_frame()) == 2
    assert repr(surface(COPPER)) == "Surface(Young's modulus 66.69 to 191.1 GPa)"


def test_a_tensor_that_longitudinally_vanishes():
    e = np.zeros((3, 6))
    e[0, 3], e[1, 4] = 0.3, -0.3  # class 422
    one = surface(e)
    assert one.extremes["max"].value == one.extremes["min"].value == pytest.approx(0, abs=1e-12)
    assert one.extremes["max"].direction is None


def test_other_properties_of_the_same_tensor():
    one = surface(COPPER, "young", "m-3m", title="copper")
    assert one.others == PROPERTIES
    assert one.of("shear").extremes["max"].value == pytest.approx(75.4)
    assert one.of("shear").title == "copper"


def test_a_prediction_is_taken_with_its_crystal():
    p = cn.predict("quartz", model="gmtnet-dielectric")
    one = surface(p)
    assert one.title == "quartz"
    assert one.optics.character == "uniaxial positive"
    assert one.value([0, 0, 1]) == pytest.approx(p.value[2, 2])
    assert one.extremes["max"].indices == "[001]"
    assert surface(p, unit="1").tensor_unit == "1"
    with pytest.raises(CrysnbError) as caught:
        surface(p, unit="GPa")
    assert caught.value.code == "unit.dimension"


def test_the_public_function_is_the_same_one_with_a_view():
    shown, plain = cn.surface(COPPER, "shear", "m-3m"), surface(COPPER, "shear", "m-3m")
    assert shown.to_dict() == plain.to_dict()
    assert shown.title == "m-3m"
    assert cn.surface.__doc__ == surface.__doc__
    assert hasattr(shown, "view")
    assert not hasattr(plain, "view")


def test_the_stiffest_direction_of_a_soft_crystal_lies_on_a_narrow_ridge() -> None:
    """One soft way to deform: the compliance has a narrow curved valley, in which a plain search stalls."""
    from scipy.optimize import minimize

    w = np.diag([1, 1, 1, 2**0.5, 2**0.5, 2**0.5])
    q, _ = np.linalg.qr(np.random.default_rng(9).normal(size=(6, 6)))
    stiffness = np.linalg.inv(w) @ (q @ np.diag([1e-3, 10, 20, 50, 100, 200]) @ q.T) @ np.linalg.inv(w)
    compliance = np.linalg.inv(stiffness)

    def compliant(n: np.ndarray) -> np.ndarray:
        x, y, z = np.moveaxis(n / np.linalg.norm(n, axis=-1, keepdims=True), -1, 0)
        v = np.stack([x * x, y * y, z * z, y * z, x * z, x * y], axis=-1)
        return np.einsum("...i,ij,...j", v, compliance, v)

    starts = np.random.default_rng(0).normal(size=(20_000, 3))
    starts = starts[np.argsort(compliant(starts))[:4]]
    options = {"xatol": 1e-10, "fatol": 1e-16, "maxiter": 4000}
    best = min(minimize(compliant, s, method="Nelder-Mead", options=options).fun for s in starts)
    found = surface((stiffness + stiffness.T) / 2, "young").extremes["max"].value
    assert found == pytest.approx(1 / best, rel=1e-7)
