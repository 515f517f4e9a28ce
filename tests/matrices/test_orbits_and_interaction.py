"""Orbit recovery, attention between orbits, free numbers, poses: identities, tables and known answers."""

from __future__ import annotations

import numpy as np
import pytest

import crysnb as cn
from crysnb.errors import ShapeError, UnknownName
from crysnb.matrices.interaction import attention, interaction, minimum_image
from crysnb.matrices.layers import Layer
from crysnb.matrices.orbits import orbit_recovery, separations
from crysnb.matrices.poses import forbidden_orders, relative_rotation, surface, turned
from crysnb.matrices.report import analyse
from crysnb.matrices.space import compression, free_orders, spread
from crysnb.predict.tracing import untrained
from crysnb.symmetry.point_groups import point_group_operations

# n_l for l = 0 … 4 by point group; International Tables vol. A, crystal-field theory.
FREE = {
    "m-3m": (1, 0, 0, 0, 1), "-43m": (1, 0, 0, 1, 1), "4/mmm": (1, 0, 1, 0, 2), "mmm": (1, 0, 2, 0, 3),
    "-3m": (1, 0, 1, 0, 2), "3m": (1, 1, 1, 2, 2), "3": (1, 1, 1, 3, 3), "mm2": (1, 1, 2, 2, 3),
    "2": (1, 1, 3, 3, 5), "1": (1, 3, 5, 7, 9),
}  # fmt: skip


@pytest.mark.parametrize("symbol", FREE)
def test_free_pose_components_of_a_site(symbol):
    assert free_orders(point_group_operations(symbol)) == FREE[symbol]


def test_pseudo_orders_differ_in_the_improper_operations():
    assert free_orders(point_group_operations("m-3m"), 0, "odd") == (0,)
    assert free_orders(point_group_operations("m"), 1, "even") == (1, 1)
    assert free_orders(point_group_operations("m"), 1) == (1, 2)


@pytest.mark.parametrize("name", ["rutile", "SrTiO3", "GaAs", "corundum", "quartz"])
def test_forbidden_orders_vanish_and_allowed_ones_do_not(name, analysed):
    found = analysed(name).forbidden_orders("prim.pose")
    assert found.largest_forbidden < 1e-10
    # Random weights leave no allowed order empty; one with few components may be small.
    assert (found.sizes[found.allowed > 0] > 1e-6).all()
    assert np.nanmax(found.broken) < 1e-7
    assert len(found.to_frame()) == found.allowed.size


def test_cubic_sites_have_no_direction_below_order_four(analysed):
    found = analysed("SrTiO3").forbidden_orders("env.1.irreps")
    assert dict(zip(found.orders, found.allowed[0], strict=True)) == {
        "1o": 0,
        "2e": 0,
        "3o": 0,
        "4e": 1,
    }


def test_free_numbers_are_the_dimension_of_what_the_group_keeps(group):
    for name in ("rutile", "quartz", "GaAs"):
        g = group(name)
        for layer in (
            Layer(name="x", role="poses", values=np.ones((g.n_sites, 2, 9)), irreps="1x1o+1x1e+1x1o"),
            Layer(name="h", role="rows", values=np.ones((g.n_sites, 4))),
            Layer(name="a", role="pairs", values=np.ones((g.n_sites, g.n_sites, 3))),
        ):
            found = compression(layer, g)
            # tr Π counts the same thing operation by operation.
            from crysnb.matrices.residuals import chance

            assert found.n_free == pytest.approx(chance(layer, g) * found.n_full)


def test_ranks_are_those_of_known_matrices():
    rows = np.diag([3.0, 3.0, 3.0, 0.0])
    plain = spread(rows, center=False)
    assert plain.participation == pytest.approx(3)
    assert plain.effective == pytest.approx(3)
    assert plain.stable == pytest.approx(3)
    assert plain.numerical == 3
    assert spread(np.ones((5, 3))).numerical == 0


def test_measured_rank_stays_below_the_ceiling(analysed):
    for name in ("rutile", "SrTiO3"):
        result = analysed(name)
        found = result.compression("env.1.scalar")
        assert found.measured.numerical <= found.ceiling == len(result.group.action.orbits) - 1
        assert 0 < found.used <= 1 + 1e-9
    assert analysed("rutile").compression("cap.attn.0.0").measured is None


def test_orbits_of_one_element_are_the_only_case_that_tells(analysed, sen_trace):
    rutile = analysed("rutile").orbits("env.1.scalar")
    assert (rutile.homogeneity, rutile.completeness, rutile.element_ari) == (1.0, 1.0, 1.0)
    assert rutile.status == "undefined here"
    assert "already suffice" in rutile.text
    result = analyse(sen_trace("CaTiO3"))
    found = result.orbits("env.1.scalar")
    assert found.element_ari < 1
    assert found.within_element == {"O": 1.0}
    assert found.status == "learned"
    # Apart, but by little: an untrained network sees the two oxygens as nearly equivalent, and is told on.
    assert [pair[:2] for pair in found.nearly_equivalent] == [("O 4c", "O 8d")]
    assert found.completeness == 1.0


def test_merged_orbits_are_found_and_named(group):
    g = group("CaTiO3")
    z = g.action.numbers.astype(float)
    layer = Layer(name="element", role="rows", values=np.stack([z, z**2], axis=1))
    found = orbit_recovery(layer, g)
    assert found.within_element == {"O": 0.0}
    assert found.status == "not significant"
    assert found.homogeneity < 1
    assert found.completeness == 1
    assert [pair[:2] for pair in found.nearly_equivalent] == [("O 4c", "O 8d")]
    assert found.gap == 0.0


def test_a_split_orbit_costs_completeness(group):
    g = group("CaTiO3")
    rows = np.arange(g.n_sites, dtype=float)[:, None]
    found = orbit_recovery(Layer(name="index", role="rows", values=rows), g)
    assert found.completeness < 1
    assert found.homogeneity == 1


def test_untrained_copies_are_the_control():
    result = analyse(
        cn.trace("CaTiO3", "gmtnet-dielectric", dtype="float64"),
        untrained=untrained("CaTiO3", "gmtnet-dielectric", n=2),
    )
    first, second = result.orbits_untrained("member0.block1.out")
    assert first.completeness == second.completeness == 1
    trained = result.trace["member0.block1.out"].value
    assert not np.allclose(trained, result.untrained[0]["member0.block1.out"].value)
    assert [s.status for s in result.separation("member0.block1.out")] == ["undefined here"]
    with pytest.raises(ShapeError):
        untrained("CaTiO3", "gmtnet-dielectric", n=0)


def test_what_training_does_to_two_orbits_is_told_from_what_any_network_does(group):
    g = group("CaTiO3")
    orbit = g.action.orbit_of_site.astype(float)

    def layer(gap):
        return Layer(name="h", role="rows", values=np.stack([np.ones(len(orbit)), gap * orbit], axis=1))

    copies = [layer(gap) for gap in (0.01, 0.012, 0.014, 0.016, 0.02)]
    for gap, status, word in (
        (0.5, "learned", "apart"),
        (1e-4, "learned", "together"),
        (0.015, "not significant", "range"),
    ):
        (found,) = separations(layer(gap), g, copies)
        assert (found.orbits, found.status) == (("O 4c", "O 8d"), status)
        assert word in found.text
        assert found.to_dict()["value"] == found.value
    assert separations(layer(1.0), g, copies[:2])[0].status == "undefined here"


@pytest.mark.parametrize("name", ["star.attn.0", "cap.attn.0.0"])
def test_attention_between_orbits_does_not_depend_on_the_cell(name, analysed, sen_trace):
    small = analysed("rutile").interaction(name)
    np.testing.assert_allclose(small.matrix.sum(axis=1), 1, atol=1e-10)
    structure = cn.as_structure("rutile")
    structure.make_supercell([2, 1, 1])
    large = analyse(sen_trace(structure)).interaction(name)
    assert large.labels == small.labels
    assert large.counts == tuple(2 * c for c in small.counts)
    np.testing.assert_allclose(large.matrix, small.matrix, atol=1e-10)
    np.testing.assert_allclose(large.enrichment, small.enrichment, atol=1e-10)
    assert large.asymmetry == pytest.approx(small.asymmetry, abs=1e-10)
    assert not small.is_normalised


def test_attention_to_all_alike_has_no_preference(group):
    g = group("rutile")
    layer = Layer(name="cap.attn", role="pairs", values=np.full((6, 6, 1), 1 / 6))
    found = interaction(layer, g, by="element")
    assert found.labels == ("Ti", "O")
    np.testing.assert_allclose(found.enrichment, 1)
    assert found.asymmetry == pytest.approx(0)
    assert len(found.to_frame()) == 4
    with pytest.raises(UnknownName):
        interaction(layer, g, by="colour")


@pytest.mark.parametrize(
    ("values", "name", "code"),
    [
        (np.full((6, 6, 1), 0.2), "cap.attn", "matrices.row_sums"),
        (np.zeros((6, 6, 1)), "weights", "matrices.row_sums"),
        (np.full((6, 6, 1), -1.0), "weights", "matrices.negative"),
    ],
)
def test_what_is_no_attention_is_refused_with_its_name(values, name, code):
    with pytest.raises(ShapeError, match=name) as caught:
        attention(Layer(name=name, role="pairs", values=values), 0)
    assert caught.value.code == code
    with pytest.raises(ShapeError) as caught:
        attention(Layer(name=name, role="pairs", values=values), 1)
    assert caught.value.code == "matrices.head"
    with pytest.raises(ShapeError) as caught:
        attention(Layer(name="rows", role="rows", values=np.ones((6, 6))))
    assert caught.value.code == "matrices.role"


def test_weights_without_unit_row_sums_are_divided_and_say_so(analysed):
    found = analysed("rutile").interaction("obj.resp")
    assert found.is_normalised
    np.testing.assert_allclose(found.matrix.sum(axis=1), 1)


def test_shells_have_the_distances_and_numbers_of_the_crystal(analysed):
    found = analysed("SrTiO3").shells("star.attn.0")
    assert not found.is_minimum_image
    assert found.distances[0] == pytest.approx(3.905 / 2, abs=1e-3)
    assert found.pairs[0] == pytest.approx(12 / 5)  # 6 Ti-O bonds, counted from both ends, on 5 atoms
    dense = analysed("SrTiO3").shells("cap.attn.0.0")
    assert dense.is_minimum_image
    assert dense.distances[0] == 0
    assert (dense.weights * dense.pairs).sum() == pytest.approx(dense.pairs.sum())
    batch = analysed("quartz").trace.batch
    np.testing.assert_allclose(minimum_image(batch), cn.as_structure("quartz").distance_matrix, atol=1e-9)


def test_edges_are_summed_over_images_and_the_own_share_is_the_diagonal(analysed):
    layer = analysed("SrTiO3").layer("star.attn.0")
    np.testing.assert_allclose(layer.matrix().sum(axis=1), 1, atol=1e-12)
    assert layer.edges.shape[0] == analysed("SrTiO3").trace.batch.n_edges


@pytest.mark.parametrize(("name", "i", "j", "n"), [("rutile", 2, 4, 4), ("quartz", 3, 4, 1)])
def test_the_operation_between_two_poses_is_found_again(name, i, j, n, analysed, group):
    found = relative_rotation(analysed(name).layer("prim.pose"), group(name), i, j)
    assert (found.n_expected, found.n_recovered) == (n, n)
    assert found.cosine == pytest.approx(1, abs=1e-9)
    assert found.misorientation < 0.1  # the part of order 0, which does not turn, is most of a pose


def test_a_pose_turned_by_hand_is_found(group):
    from crysnb.structure.transforms import random_rotation

    rng = np.random.default_rng(0)
    q = random_rotation(rng, proper=False)
    values = rng.normal(size=(6, 1, 15))
    values[1] = turned(values[0], "1x1o+1x2e+1x3o", q[None], 0)
    layer = Layer(name="x", role="poses", values=values, irreps="1x1o+1x2e+1x3o")
    found = relative_rotation(layer, group("rutile"), 0, 1)
    np.testing.assert_allclose(found.rotations[0], q, atol=1e-5)
    values[1] = 0
    with pytest.raises(ShapeError, match="vanishes"):
        relative_rotation(layer, group("rutile"), 0, 1)
    with pytest.raises(ShapeError, match="sites"):
        relative_rotation(layer, group("rutile"), 0, 6)


def test_a_pose_is_drawn_as_its_function_on_the_sphere(group):
    values = np.zeros((6, 1, 4))
    values[0, 0] = [0.0, 0.0, 0.0, 2.0]  # the z component of a vector
    layer = Layer(name="x", role="poses", values=values, irreps="1x0e+1x1o")
    directions = np.array([[0, 0, 1.0], [0, 0, -1.0], [1.0, 0, 0]])
    f = surface(layer, 0, directions)
    assert f[0] == -f[1] > 0
    assert f[2] == pytest.approx(0)
    assert forbidden_orders(layer, group("rutile")).largest_forbidden == 1.0  # a vector at mmm is forbidden


def test_tables_and_names(analysed):
    result = analysed("rutile")
    table = result.summary()
    assert list(table["layer"]) == list(result.layers())
    tidy = result.to_frame("cap.attn.0.0")
    assert len(tidy) == 36
    row = tidy[(tidy.i == 1) & (tidy.j == 4)].iloc[0]
    assert row["value"] == pytest.approx(result.layer("cap.attn.0.0").matrix()[1, 4])
    assert row["orbit i"] == "Ti 2a"
    # One value per orbit of pairs: that is what symmetry says.
    assert tidy.groupby("pair orbit")["value"].std(ddof=0).max() < 1e-10
    with pytest.raises(UnknownName, match="cap"):
        result.residuals("cap.atn.0.0")
    assert len(result.residuals("cap.attn.0.0").to_frame()) == 16
    assert result.to_dict()["layers"][0]["status"] == "guaranteed"
    np.testing.assert_allclose(
        result.permuted("cap.attn.0.0", 3), result.layer("cap.attn.0.0").matrix(), atol=1e-12
    )
