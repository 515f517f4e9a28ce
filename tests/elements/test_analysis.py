"""Maps, probes, comparisons, substitutions and classes of compounds."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.manifold import trustworthiness
from sklearn.metrics import roc_auc_score

import crysnb as cn
from crysnb.elements import nulls
from crysnb.elements.abundance import abundance, regress_out_counts
from crysnb.elements.chemistry import element_property, partition
from crysnb.elements.compare import compare_frame, compare_tables
from crysnb.elements.maps import element_map, faithfulness
from crysnb.elements.prepare import pairwise, prepare
from crysnb.elements.probes import probe, probe_frame
from crysnb.elements.ridge import ALPHAS, left_out_predictions
from crysnb.elements.substitute import _auc, known_substitution, neighbours, substitution_agreement
from crysnb.elements.violins import class_effect
from crysnb.errors import CrysnbError, UnknownName


@pytest.mark.parametrize("method", ["pca", "mds", "tsne"])
def test_maps(method: str) -> None:
    found = element_map("magpie-like", method)  # type: ignore[arg-type]
    assert np.isfinite(list(found.points.values())).all()
    assert found.trustworthiness > 0.8
    assert found.continuity > 0.8
    assert (found.explained is not None) == (method == "pca")
    json.dumps(found.to_dict())
    assert element_map("magpie-like", method).points == found.points  # type: ignore[arg-type]


def test_a_map_of_noise_is_not_to_be_trusted() -> None:
    assert element_map("random").trustworthiness < 0.75


def test_faithfulness_is_that_of_scikit_learn() -> None:
    # Distances without ties, whose order is anybody's choice.
    points = prepare(cn.element_table("random")).points
    plane = points[:, :2]
    found = faithfulness(pairwise(points), pairwise(plane), 7)
    assert found[0] == pytest.approx(trustworthiness(points, plane, n_neighbors=7), abs=1e-9)
    assert found[1] == pytest.approx(trustworthiness(plane, points, n_neighbors=7), abs=1e-9)
    assert faithfulness(pairwise(points), pairwise(3 * points)) == (1.0, 1.0)


def test_unknown_map() -> None:
    with pytest.raises(UnknownName):
        element_map("random", "pac")  # type: ignore[arg-type]


def test_the_closed_form_is_ridge_regression_done_again_and_again() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(14, 5)), rng.normal(size=(14, 2))
    y[:, 0] += 3 * x[:, 0]
    got = left_out_predictions(x, y)
    for i in range(14):
        kept = np.arange(14) != i
        mean, spread = x[kept].mean(axis=0), x[kept].std(axis=0)
        a, b = (x[kept] - mean) / spread, (x[i : i + 1] - mean) / spread
        for t in range(2):
            errors = []
            for alpha in ALPHAS:
                inner = [_refit(a, y[kept, t], alpha, j) - y[kept, t][j] for j in range(13)]
                errors.append(np.square(inner).sum())
            best = ALPHAS[int(np.argmin(errors))]
            expected = Ridge(best).fit(a, y[kept, t]).predict(b)[0]
            assert got[i, t] == pytest.approx(expected, abs=1e-8)


def _refit(a: np.ndarray, y: np.ndarray, alpha: float, left: int) -> float:
    """Refitted without one row, columns centred as they are for the others."""
    kept = np.arange(len(a)) != left
    return float(Ridge(alpha).fit(a[kept], y[kept]).predict(a[left : left + 1])[0])


def test_probes_of_noise_and_of_the_property_itself() -> None:
    noise = probe("random", ["X", "Tm"], n_permutations=50)
    assert all(p.r2 < 0.1 and p.p > 0.05 and not p.trivial for p in noise.values())
    own = probe("magpie-like", ["X", "group"], n_permutations=20)
    assert all(p.trivial and p.r2 > 0.99 for p in own.values())
    assert own["X"].p == pytest.approx(1 / 21)
    assert list(probe_frame(own).index) == ["X", "group"]


def test_whole_groups_are_harder_than_single_elements() -> None:
    for kernel in (False, True):
        one = probe("cgcnn92-like", ["X"], n_permutations=0, kernel=kernel)["X"]
        group = probe("cgcnn92-like", ["X"], n_permutations=0, leave="group", kernel=kernel)["X"]
        assert group.r2 < one.r2
        assert one.r2 > 0.7
    with pytest.raises(UnknownName):
        probe("random", leave="row")  # type: ignore[arg-type]
    with pytest.raises(UnknownName, match="radius"):
        probe("random", ["radiu"])


def test_counts_can_be_regressed_out() -> None:
    table = cn.element_table("random")
    counts = {s: 10 + 7 * i**2 for i, s in enumerate(table.elements)}
    rows = table.vectors + 3 * np.log1p(list(counts.values()))[:, None]
    told = table.replaced(vectors=rows, counts=counts)
    before, after = abundance(told), abundance(regress_out_counts(told))
    assert before is not None
    assert after is not None
    assert before.vector_r2 > 0.9
    assert after.vector_r2 < 0.1
    assert abundance(table) is None
    with pytest.raises(CrysnbError):
        regress_out_counts(table)


def test_a_turned_table_is_the_same_table() -> None:
    table = cn.element_table("random")
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(table.dim, table.dim)))[0]
    found = compare_tables(
        table, table.replaced(vectors=2 * table.vectors @ turn, name="turned"), n_permutations=50
    )
    assert found.pearson == pytest.approx(1)
    assert found.cka == pytest.approx(1)
    assert found.procrustes == pytest.approx(0, abs=1e-9)
    assert found.overlap == 1
    assert found.p == pytest.approx(1 / 51)


def test_unrelated_tables_are_unrelated() -> None:
    table = cn.element_table("magpie-like")
    found = compare_tables(table, nulls.shuffle_rows(table, 2), n_permutations=100)
    assert abs(found.pearson) < 0.15
    assert found.p > 0.01
    assert found.overlap < 0.2
    assert compare_tables(table, "cgcnn92-like", n_permutations=100).p < 0.02
    frame = compare_frame([table, "cgcnn92-like", "random"], "cka")
    assert frame.loc["magpie-like", "cgcnn92-like"] > 1.2 * frame.loc["magpie-like", "random128"]
    assert np.allclose(frame, frame.T)


def test_neighbours_with_reasons() -> None:
    found = neighbours("magpie-like", "Na", 3)
    assert [n.rank for n in found] == [1, 2, 3]
    potassium = next(n for n in found if n.element == "K")
    assert "same group (1)" in potassium.reasons
    assert potassium.differences["X"] == pytest.approx(0.82 - 0.93)
    assert [n.distance for n in found] == sorted(n.distance for n in found)
    with pytest.raises(UnknownName):
        neighbours("magpie-like", "Qq")
    table = cn.element_table("random")
    rows = table.vectors.copy()
    rows[0] = np.nan
    with pytest.raises(CrysnbError) as caught:
        neighbours(table.replaced(vectors=rows), "H")
    assert caught.value.code == "elements.unseen"


def test_known_substitutions() -> None:
    assert known_substitution("Na", "K") == known_substitution("K", "Na")
    assert known_substitution("Na", "K") > 0  # type: ignore[operator]
    assert known_substitution("He", "K") is None
    mendeleev, noise = (substitution_agreement(name) for name in ("mendeleev", "random"))
    assert mendeleev.auc > 0.6 > noise.auc
    assert mendeleev.overlap > 2 * noise.overlap


def test_the_rank_sum_is_the_area() -> None:
    rng = np.random.default_rng(0)
    score, positive = rng.integers(5, size=60).astype(float), rng.random(60) < 0.4
    assert _auc(score, positive) == pytest.approx(roc_auc_score(positive, score))


FORMULAS = [
    f"{a}{b}" for a in ("Na", "K", "Li", "Rb", "Cs", "Ti", "Zr", "Hf", "V", "Nb") for b in ("O", "S", "Cl")
]
LABELS = {
    s: int(partition("block", [s])[0] == "d")
    for s in ("Na", "K", "Li", "Rb", "Cs", "Ti", "Zr", "Hf", "V", "Nb")
}


def test_classes_that_matter_and_classes_that_do_not() -> None:
    rng = np.random.default_rng(0)
    block = np.array([LABELS[f.rstrip("OSCl")] for f in FORMULAS])
    noise = rng.normal(size=len(FORMULAS))
    strong = class_effect(FORMULAS, 5 * block + noise, LABELS)
    weak = class_effect(FORMULAS, noise, LABELS)
    assert strong.eta2 > strong.null_band[1]
    assert strong.p < 0.02
    assert strong.cliffs_delta["0-1"] < -0.9
    assert weak.p > 0.05
    assert [c.n for c in strong.classes] == [15, 15]
    low, high = strong.classes[0].median_ci95
    assert low <= strong.classes[0].quartiles[1] <= high
    json.dumps(strong.to_dict())


def test_rules_assign_as_they_say() -> None:
    labels = {"Ba": 0, "Ti": 1, "O": 2}
    values = [1.0, 2.0, 3.0]
    formulas = ["BaTiO3", "TiO2", "BaO"]
    assert [c.n for c in class_effect(formulas, values, labels).classes] == [2, 1]
    contains = class_effect(formulas, values, labels, rule="contains")
    assert [c.n for c in contains.classes] == [2, 2, 3]
    cations = class_effect(formulas, values, labels, rule="cations")
    assert [c.n for c in cations.classes] == [2, 2]
    with pytest.raises(UnknownName):
        class_effect(formulas, values, labels, rule="any")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("formulas", "values"),
    [(["NaCl"], [1.0, 2.0]), (["NaCl", "K"], [1.0, np.nan]),
     (["?", "K"], [1.0, 2.0]), ([5, None], [1.0, 2.0]),
     (["NaCl", "NaBr"], [1.0, 2.0]), ([], []), (["", "K"], [1.0, 2.0])],
)  # fmt: skip
def test_bad_compounds_are_refused(formulas: list[object], values: list[float]) -> None:
    with pytest.raises(CrysnbError):
        class_effect(formulas, values, {"Na": 0, "K": 1})


def test_properties_have_no_invented_values() -> None:
    assert np.isnan(element_property("X", ["He"])[0])
    with pytest.raises(UnknownName):
        element_property("colour", ["H"])
