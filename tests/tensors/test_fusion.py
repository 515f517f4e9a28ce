"""Fusion diagrams: counted by other ways, turned into each other, priced, refused."""

from __future__ import annotations

import itertools
import json
import math
from collections import Counter

import numpy as np
import pytest
import torch
from e3nn import o3

import crysnb as cn
from crysnb.tensors.fusion import fusion_diagrams
from crysnb.tensors.fusion_trees import all_shapes, clebsch_gordan, plain_shapes, shape_of, shape_text
from crysnb.tensors.recoupling import _signed, _tensor, six_j


@pytest.mark.parametrize("order", [2, 3, 4])
def test_shapes_are_as_many_as_ways_to_pair(order):
    shapes = all_shapes(order)
    assert len(set(shapes)) == len(shapes) == math.prod(range(1, 2 * order - 2, 2))
    assert [shape_of(shape_text(s), order) for s in shapes] == list(shapes)
    assert [shape_text(s) for s in plain_shapes(order)] == {
        2: ["1 2"], 3: ["(1 2) 3"], 4: ["((1 2) 3) 4", "(1 2) (3 4)"]
    }[order]  # fmt: skip


def multiplicities(l_max, order):
    """How often e3nn finds each irrep in the product of so many moments, by leaves."""
    for leaves in itertools.product(range(l_max + 1), repeat=order):
        product = Counter({o3.Irrep(leaves[0], (-1) ** leaves[0]): 1})
        for leaf in leaves[1:]:
            step: Counter[o3.Irrep] = Counter()
            for irrep, n in product.items():
                step.update(dict.fromkeys(irrep * o3.Irrep(leaf, (-1) ** leaf), n))
            product = step
        yield leaves, product


@pytest.mark.parametrize(
    ("l_max", "order", "target"), [(3, 2, "2e"), (2, 3, "1o"), (2, 3, "1e"), (1, 4, "2e")]
)
def test_diagrams_of_every_shape_are_as_many_as_e3nn_finds(l_max, order, target):
    wanted = {leaves: n for leaves, found in multiplicities(l_max, order) if (n := found[o3.Irrep(target)])}
    assert wanted
    for shape in all_shapes(order):
        found = fusion_diagrams(l_max, order, target, shape_text(shape))
        assert {leaves: len(lines) for leaves, lines in found.by_leaves.items()} == wanted


@pytest.mark.parametrize(("l_max", "order"), [(1, 2), (2, 2), (1, 3), (2, 3), (1, 4)])
def test_results_for_equal_factors_are_as_many_as_symmetric_products(l_max, order):
    letters = "ijkl"[:order]
    formula = "=".join(map("".join, itertools.permutations(letters)))
    moments = o3.Irreps([(1, (l, (-1) ** l)) for l in range(l_max + 1)])
    products = o3.ReducedTensorProducts(formula, i=moments)
    for irrep in {ir for _, ir in products.irreps_out} | {o3.Irrep("0o"), o3.Irrep("9e")}:
        wanted = sum(n for n, ir in products.irreps_out if ir == irrep)
        assert fusion_diagrams(l_max, order, str(irrep)).n_for_equal_factors == wanted, irrep


def test_three_vectors_have_a_pseudoscalar_that_vanishes_for_equal_ones():
    triple = fusion_diagrams(1, 3, "0o")
    assert [d.text for d in triple.diagrams] == ["((1 1)1 1)0"]
    assert triple.n_for_equal_factors == 0
    tensor = _tensor(triple.diagrams[0], (1, 1, 1))[..., 0]
    assert np.allclose(tensor, -tensor.transpose(1, 0, 2))
    assert np.abs(tensor).max() == pytest.approx(1 / math.sqrt(6))


def test_parity_forbids():
    # Orders 0 … l of moments with parity (-1)^l: two of them make no pseudoscalar.
    assert len(fusion_diagrams(4, 2, "0o")) == 0
    assert len(fusion_diagrams(1, 4, "9e")) == 0
    assert "0 diagrams" in repr(fusion_diagrams(4, 2, "0o"))


def test_a_diagram_turns_with_its_factors():
    diagrams = fusion_diagrams(2, 3, "2e")
    leaves = (2, 1, 1)
    turn = o3.matrix_x(torch.tensor(0.7, dtype=torch.float64)) @ o3.matrix_y(
        torch.tensor(-1.3, dtype=torch.float64)
    )
    d = [o3.Irrep(l, 1).D_from_matrix(turn).numpy() for l in (*leaves, 2)]
    for line in diagrams.by_leaves[leaves]:
        tensor = _tensor(line, leaves)
        turned = np.einsum("abcd,ia,jb,kc,ld->ijkl", tensor, *d)
        assert np.abs(turned - tensor).max() < 1e-6
        assert (tensor**2).sum() == pytest.approx(5)


CASES = [("(1 2) 3", (1, 2, 1), "2e"), ("(1 2) 3", (2, 2, 3), "3o"), ("((1 2) 3) 4", (1, 2, 1, 1), "1o")]


@pytest.mark.parametrize(("shape", "leaves", "target"), CASES)
def test_all_shapes_span_one_space_and_follow_by_6j_symbols(shape, leaves, target):
    diagrams = fusion_diagrams(max(leaves), len(leaves), target, shape)
    n = len(diagrams.by_leaves[leaves])
    assert n > 1
    for other in all_shapes(len(leaves)):
        r = diagrams.recoupling(shape_text(other), leaves)
        assert r.matrix.shape == (n, n)
        assert r.span_residual < 1e-10
        assert r.orthogonality_residual < 1e-10
        assert r.residual < 1e-10
        if other != diagrams.shape:
            assert np.abs(r.matrix - np.diag(np.diag(r.matrix))).max() > 0.1  # not the same diagrams again


def test_four_factors_between_any_two_shapes():
    for one, two in itertools.product(all_shapes(4)[::2], all_shapes(4)[::3]):
        r = fusion_diagrams(2, 4, "0e", shape_text(one)).recoupling(two, (2, 1, 1, 2))
        assert max(r.residual, r.span_residual, r.orthogonality_residual) < 1e-10, r


def test_signs_of_vertices_do_not_hide_a_wrong_formula():
    r = fusion_diagrams(2, 3, "1o").recoupling("1 (2 3)", (1, 2, 2))
    assert np.abs(r.matrix).min() > 0.05
    signs = np.outer([1, -1, 1], [-1, -1, 1])
    assert np.abs(_signed(signs * r.matrix, r.matrix) - r.matrix).max() < 1e-12
    for i, k in itertools.product(range(3), repeat=2):
        wrong = r.matrix.copy()
        wrong[i, k] *= -1
        assert np.abs(_signed(wrong, r.matrix) - r.matrix).max() > 0.1
    assert np.abs(_signed(np.eye(3), r.matrix) - r.matrix).max() > 0.1


def test_a_6j_symbol_is_that_of_the_tables():
    assert six_j(1, 1, 1, 1, 1, 1) == pytest.approx(1 / 6)
    assert six_j(2, 2, 2, 2, 2, 2) == pytest.approx(-3 / 70)  # Rotenberg et al. (1959)


def test_costs_count_coefficients():
    dot, cross = (2 * int((np.abs(clebsch_gordan(1, 1, k)) > 1e-12).sum()) for k in (0, 1))
    assert (dot, cross) == (6, 12)
    (cost,) = fusion_diagrams(1, 3, "0o").costs
    assert (cost.diagrams, cost.vertices, cost.apart, cost.shared) == (1, 2, 18, 18)
    comb, pairs = fusion_diagrams(2, 4, "0e").costs
    assert comb.diagrams == pairs.diagrams == len(fusion_diagrams(2, 4, "0e"))
    assert pairs.shared < comb.shared < comb.apart
    frame = fusion_diagrams(2, 4, "0e").to_frame()
    assert frame["multiplications"].sum() == comb.apart


def test_plain_data():
    diagrams = fusion_diagrams()
    data = diagrams.to_dict()
    assert json.loads(json.dumps(data)) == data
    assert data["n_diagrams"] == len(diagrams) == 21
    assert data["n_for_equal_factors"] == 5
    assert "2211.07482" in data["language"]
    r = diagrams.recoupling("1 (2 3)", (1, 2, 2)).to_dict()
    assert json.loads(json.dumps(r)) == r


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"l_max": 5}, "fusion.l_max"),
        ({"l_max": True}, "fusion.l_max"),
        ({"l_max": "2"}, "fusion.l_max"),
        ({"order": 5}, "fusion.order"),
        ({"order": 1.5}, "fusion.order"),
        ({"target": "1"}, "fusion.target"),
        ({"target": "1x"}, "fusion.target"),
        ({"target": (1, -1)}, "fusion.target"),
        ({"target": "²e"}, "fusion.target"),
        ({"shape": "1 2"}, "name.unknown_shape"),
        ({"shape": [1, 2]}, "name.unknown_shape"),
    ],
)
def test_what_is_no_diagram_is_refused(arguments, code):
    with pytest.raises(cn.CrysnbError) as error:
        fusion_diagrams(**arguments)
    assert error.value.code == code


@pytest.mark.parametrize("leaves", [(1, 1), (9, 9, 9), "112", 3, None, ([1], 2, 3)])
def test_leaves_that_there_are_not_are_refused(leaves):
    with pytest.raises(cn.CrysnbError) as error:
        fusion_diagrams().recoupling("1 (2 3)", leaves)
    assert error.value.code == "name.unknown_leaves"
