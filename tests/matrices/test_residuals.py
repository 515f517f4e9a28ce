"""Group action and residuals: identities on random matrices, guarantees, controls that fail."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import crysnb as cn
from crysnb.errors import ShapeError
from crysnb.matrices.group import MatrixGroup, blocks, wigners
from crysnb.matrices.layers import Layer, layers_of
from crysnb.matrices.report import analyse
from crysnb.matrices.residuals import N_SHUFFLES, projected, residuals
from crysnb.structure.transforms import random_rotation, reordered, rotated
from crysnb.symmetry.action import site_action
from crysnb.values.trace import Trace

CRYSTALS = ("rutile", "corundum", "SrTiO3", "GaAs", "quartz")
IRREPS = "2x0e+1x0o+2x1o+1x1e+1x2e+1x3o+1x4e"


def random_layer(role: str, group: MatrixGroup, seed: int = 0) -> Layer:
    rng = np.random.default_rng(seed)
    n = group.n_sites
    if role == "pairs":
        return Layer(name="a", role="pairs", values=rng.normal(size=(n, n, 2)))
    if role == "rows":
        return Layer(name="h", role="rows", values=rng.normal(size=(n, 7)))
    values = rng.normal(size=(n, 3, sum(b.width for b in blocks(IRREPS))))
    if role == "crystal":
        return Layer(name="o", role="crystal", values=values[0], irreps=IRREPS)
    return Layer(name="x", role="poses", values=values, irreps=IRREPS)


def test_the_vector_block_is_the_rotation_itself():
    rotations = np.stack([random_rotation(np.random.default_rng(k), proper=k % 2 == 0) for k in range(6)])
    np.testing.assert_allclose(wigners(1, -1, rotations), rotations, atol=1e-13)
    det = np.linalg.det(rotations)[:, None, None]
    np.testing.assert_allclose(wigners(1, 1, rotations), det * rotations, atol=1e-13)
    for order in range(5):  # a representation: products go to products
        d, product = wigners(order, 1, rotations), wigners(order, 1, rotations[:3] @ rotations[3:])
        np.testing.assert_allclose(d[:3] @ d[3:], product, atol=1e-12)


@pytest.mark.parametrize("role", ["pairs", "rows", "poses", "crystal"])
@pytest.mark.parametrize("name", CRYSTALS)
def test_the_mean_over_the_group_is_the_projector_of_the_identity(name, role, group):
    g = group(name)
    layer = random_layer(role, g)
    found = residuals(layer, g, by_construction=False)
    whole = np.linalg.norm(layer.values) ** 2
    kept = np.linalg.norm(projected(layer, g)) ** 2
    # mean_g ‖x − g x‖² = 2 (‖x‖² − ‖Π x‖²)
    assert (found.values**2).mean() * whole == pytest.approx(2 * (whole - kept), rel=1e-10)
    assert found.rms == pytest.approx(np.sqrt(2 * (1 - found.fraction)), rel=1e-10)
    again = Layer(name="p", role=layer.role, values=projected(layer, g), irreps=layer.irreps)
    np.testing.assert_allclose(projected(again, g), again.values, atol=1e-12)
    assert residuals(again, g, by_construction=False).largest < 1e-10


@pytest.mark.parametrize("role", ["pairs", "rows", "poses", "crystal"])
def test_random_entries_have_the_expected_share_by_chance(role, group):
    g = group("rutile")
    found = [residuals(random_layer(role, g, k), g, by_construction=False) for k in range(200)]
    fractions = np.array([f.fraction for f in found])
    assert fractions.mean() == pytest.approx(found[0].chance, abs=4 * fractions.std() / np.sqrt(200))
    if role == "pairs":
        assert found[0].chance == pytest.approx((g.action.pair_orbits.max() + 1) / g.n_sites**2)


@pytest.mark.parametrize("name", CRYSTALS)
def test_every_layer_of_an_equivariant_network_keeps_every_operation(name, analysed):
    result = analysed(name)
    for layer in result.layers():
        found = result.residuals(layer)
        if not np.isnan(found.values).any():
            assert found.largest < 1e-8, layer
            assert found.status == "guaranteed"
    assert result.notices == ()


@pytest.mark.parametrize(
    ("name", "least"), [("rutile", 0.5), ("corundum", 0.5), ("quartz", 0.5), ("SrTiO3", 0.1)]
)
def test_the_wrong_action_fails(name, least, analysed):
    """Components taken for scalars: the residual is of order 1, else the test would test nothing."""
    assert analysed(name).residuals("prim.pose").wrong_action > least


def test_where_every_site_has_the_full_point_group_the_test_says_that_it_is_blind(analysed):
    found = analysed("GaAs").residuals("prim.pose")
    assert found.wrong_action < 1e-10
    assert "no difference" in found.text


def test_pure_translations_act_on_a_conventional_cell(analysed):
    found = analysed("GaAs").residuals("cap.attn.0.0")
    assert len(found.operations) == 96
    assert found.kinds.count("t") == 3
    assert found.by_kind["t"] < 1e-10


def test_a_random_matrix_is_no_better_than_exchanged_atoms(group):
    g = group("rutile")
    found = residuals(random_layer("pairs", g), g, by_construction=False)
    assert found.status == "not significant"
    assert len(found.shuffled) == N_SHUFFLES
    assert 0.4 < found.rms < 1.5


def test_a_matrix_of_distances_is_better_than_exchanged_atoms(group):
    structure = cn.as_structure("rutile")
    noise = np.random.default_rng(0).normal(size=(6, 6, 1), scale=0.02)
    layer = Layer(name="d", role="pairs", values=np.exp(-structure.distance_matrix)[:, :, None] + noise)
    found = residuals(layer, group("rutile"), by_construction=False)
    assert found.status == "learned"
    assert found.rms < np.quantile(found.shuffled, 0.05)


def test_null_and_trivial_are_statuses_and_no_numbers(group, analysed):
    g = group("SrTiO3")
    null = Layer(name="z", role="poses", values=np.zeros((5, 2, 3)), irreps="1x1o")
    found = residuals(null, g, by_construction=True)
    assert found.status == "undefined here"
    assert found.to_dict()["rms"] is None
    assert "null" in repr(found)
    triclinic = analyse(cn.trace(noisy("rutile", 0.4), "gmtnet-dielectric", dtype="float64"))
    assert triclinic.group.n_operations == 1
    assert [n.code for n in triclinic.notices] == ["matrices.no_operation"]
    assert triclinic.residuals("member0.embedding").status == "undefined here"


def test_a_cell_whose_operations_exchange_no_atoms_tests_no_matrix(sen_trace):
    primitive = cn.as_structure("NaCl").get_primitive_structure()
    result = analyse(sen_trace(primitive))
    found = result.residuals("cap.attn.0.0")
    assert found.largest < 1e-12
    assert found.status == "undefined here"
    assert "exchanges atoms" in found.text
    assert result.residuals("env.1.irreps").status == "guaranteed"  # vectors turn even where atoms stay


def noisy(name, size):
    structure = cn.as_structure(name)
    structure.perturb(size, seed=3)
    return structure


def test_the_structures_own_deviation_is_not_held_against_the_network(sen_trace):
    result = analyse(sen_trace(noisy("rutile", 0.005)))
    assert result.group.action.symmetry.number == 136
    assert "matrices.not_ideal" in {n.code for n in result.notices}
    found = result.residuals("cap.attn.0.0")
    assert found.status == "undefined here"
    assert "cn.idealize" in found.text


def test_single_precision_is_noticed(group):
    result = analyse(cn.trace("rutile", "gmtnet-dielectric"))
    assert result.dtype == "float32"
    assert [n.code for n in result.notices] == ["matrices.float32"]
    assert result.residuals("member0.block1.out").status == "guaranteed"


def test_a_loose_tolerance_is_noticed():
    trace = cn.trace("rutile", "gmtnet-dielectric", dtype="float64")
    assert "matrices.symprec" in {n.code for n in analyse(trace, symprec=0.8).notices}


@pytest.mark.parametrize("name", ["rutile", "quartz"])
def test_order_of_atoms_and_orientation_do_not_matter(name, sen_trace):
    rng = np.random.default_rng(2)
    structure = rotated(reordered(cn.as_structure(name), rng), random_rotation(rng, proper=False))
    result = analyse(sen_trace(structure))
    assert result.residuals("obj.pose").largest < 1e-8
    assert result.residuals("star.attn.0").largest < 1e-8


def test_wrong_entries_are_refused_by_name(sen_trace):
    trace = sen_trace("rutile")
    pose = trace["prim.pose"]
    cases = {
        "matrices.non_finite": replace(pose, value=pose.value * np.nan),
        "matrices.too_large": replace(pose, value=pose.value + 1e300),
        "matrices.irreps": replace(pose, irreps="1x1o"),
        "matrices.shape": replace(pose, value=pose.value[:4]),
    }
    for code, entry in cases.items():
        with pytest.raises(ShapeError, match="'a'") as caught:
            analyse(Trace({"a": entry}, batch=trace.batch))
        assert caught.value.code == code
    with pytest.raises(ShapeError) as caught:
        layers_of(Trace(dict(trace)))
    assert caught.value.code == "matrices.batch"


@pytest.mark.parametrize(
    "trace",
    [
        lambda n: {"a": np.zeros((n, n))},
        lambda n: {"": np.ones((n, 2))},
        lambda n: {"<script>": np.eye(n)},
        lambda n: {"x" * 5000: np.eye(n)},
        lambda n: {"a": np.full((n, 3), 1e90)},
    ],
)
def test_odd_entries_end_in_numbers_or_in_a_status(trace):
    class Odd(cn.ModelAdapter):
        kind = "scalar"

        def predict(self, structures):
            return [0.0 for _ in structures]

        def trace(self, structure):
            return trace(len(structure))

    result = cn.matrices(Odd(), "rutile")
    (name,) = result.layers()
    assert result.residuals(name).status in ("learned", "undefined here")
    assert len(result.summary()) == 1
    view = result.view()
    assert view.to_png()
    assert "<b><script>" not in view.to_html()
    assert "<td><script>" not in view.to_html()
    view.close()


def test_what_no_operation_is_applied_to_is_listed_with_the_reason(analysed):
    assert set(analysed("rutile").left_out) == {"obj.vote"}


def test_supercells_of_other_shape_are_taken_as_they_are(sen_trace):
    structure = cn.as_structure("NaCl")
    structure.make_supercell([2, 1, 1])
    result = analyse(sen_trace(structure))
    assert result.group.n_operations == 128
    assert result.residuals("cap.attn.0.0").largest < 1e-8
    assert site_action(structure).kinds.count("t") == 7
