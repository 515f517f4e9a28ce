"""Groups of elements: noise is called noise, and what is not is not."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.metrics import (
    adjusted_mutual_info_score,
    adjusted_rand_score,
    silhouette_samples,
)

import crysnb as cn
from crysnb.elements import many_kmeans, nulls
from crysnb.elements.agreement import agreements
from crysnb.elements.chemistry import partition
from crysnb.elements.choice import k_scores
from crysnb.elements.computed import random
from crysnb.elements.grouping import METHODS
from crysnb.elements.prepare import pairwise, prepare
from crysnb.elements.stability import rand_indices
from crysnb.elements.table import SHIPPED, element_tables
from crysnb.errors import CrysnbError, MissingExtra
from crysnb.values.symbols import SYMBOLS

REAL = ("magpie-like", "cgcnn92-like")


@pytest.mark.parametrize("name", REAL)
def test_a_real_table_is_not_noise(name: str) -> None:
    found = cn.cluster_elements(name)
    assert not found.is_noise
    assert found.silhouette > found.null_band[1]
    assert found.p_agreement < 0.01
    assert found.verdict.startswith("Not noise")
    assert found.stability.subsamples > 0.2


@pytest.mark.parametrize("name", ["magpie", "matscholar200", "megnet16", "cgcnn92"])
def test_tables_of_others_are_not_noise_until_their_rows_are_shuffled(name: str, data_dir: Path) -> None:
    table = cn.element_table(name)
    assert not cn.cluster_elements(table).is_noise
    assert cn.cluster_elements(nulls.shuffle_rows(table, 1)).is_noise
    assert cn.cluster_elements(nulls.random_like(table, 1), scaling="raw").is_noise


def test_the_shipped_table_is_not_noise_until_its_rows_are_shuffled() -> None:
    if SHIPPED not in element_tables():
        pytest.skip("ct-uae does not come with this installation")
    table = cn.element_table(SHIPPED)
    assert not cn.cluster_elements(table).is_noise
    assert [cn.cluster_elements(nulls.shuffle_rows(table, seed)).is_noise for seed in range(5)] == [True] * 5
    assert cn.cluster_elements(nulls.random_like(table), scaling="raw").is_noise


@pytest.mark.parametrize("name", REAL)
@pytest.mark.parametrize("seed", range(5))
def test_shuffled_rows_are_noise(name: str, seed: int) -> None:
    """Silhouette and stability stay; chemistry is lost."""
    table = cn.element_table(name)
    shuffled = nulls.shuffle_rows(table, seed)
    sums = [np.sort(np.nan_to_num(t.vectors).sum(axis=1)) for t in (shuffled, table)]
    np.testing.assert_allclose(*sums)
    found = cn.cluster_elements(shuffled, k=5)
    assert found.is_noise
    assert found.silhouette > found.null_band[1]
    assert "not by chemistry" in found.verdict


def test_random_tables_are_noise_whatever_the_seed() -> None:
    called = [cn.cluster_elements(random(dim, seed)).is_noise for dim in (16, 128) for seed in range(15)]
    assert all(called)


@pytest.mark.parametrize("seed", range(3))
def test_a_normal_table_of_a_real_spectrum_is_noise(seed: int) -> None:
    found = cn.cluster_elements(nulls.random_like(cn.element_table("magpie-like"), seed), scaling="raw")
    assert found.is_noise


def test_each_reason_alone_is_enough_for_noise() -> None:
    """Silhouettes of noise that happen to lie inside the band: at the level of one in fifty-one."""
    inside = [
        (found := cn.cluster_elements(random(16, seed), k=4)).silhouette <= found.null_band[1]
        for seed in range(40)
    ]
    assert np.mean(inside) > 0.85


@pytest.mark.parametrize("method", METHODS)
def test_every_method(method: str) -> None:
    k = None if method == "hdbscan" else 4
    found = cn.cluster_elements("magpie-like", method, k, n_null=10)  # type: ignore[arg-type]
    assert found.k == len({label for label in found.labels.values() if label >= 0})
    assert set(found.labels.values()) <= set(range(-1, found.k))
    assert (found.linkage is not None) == (method in ("agglomerative", "average"))
    json.dumps(found.to_dict())
    assert len(found.to_frame()) == len(found.labels)
    first = [next(s for s, label in found.labels.items() if label == i) for i in range(found.k)]
    assert first == sorted(first, key=SYMBOLS.index)


def test_the_same_seed_gives_the_same_answer() -> None:
    one, two = (cn.cluster_elements("magpie-like", seed=3) for _ in range(2))
    assert one.to_dict() == two.to_dict()


@pytest.mark.parametrize(
    ("kwargs", "code"),
    [
        ({"k": 1}, "elements.groups"),
        ({"k": 2.5}, "elements.groups"),
        ({"k": True}, "elements.groups"),
        ({"k": 10**9}, "elements.groups"),
        ({"k": 3, "method": "hdbscan"}, "elements.groups"),
        ({"method": "kmean"}, "name.unknown_clustering_method"),
        ({"space": "tsne"}, "name.unknown_space"),
        ({"scaling": "z"}, "name.unknown_scaling"),
    ],
)
def test_bad_choices_are_refused(kwargs: dict[str, object], code: str) -> None:
    with pytest.raises(CrysnbError) as caught:
        cn.cluster_elements("magpie-like", **kwargs)  # type: ignore[arg-type]
    assert caught.value.code == code


def test_too_few_or_equal_rows_are_refused() -> None:
    few = cn.ElementTable(np.eye(4), SYMBOLS[2:6], "few")
    same = cn.ElementTable(np.ones((20, 3)), SYMBOLS[10:17] + SYMBOLS[18:31], "same")
    for table, code in ((few, "elements.too_few"), (same, "elements.constant")):
        with pytest.raises(CrysnbError) as caught:
            cn.cluster_elements(table)
        assert caught.value.code == code


def test_umap_needs_its_extra() -> None:
    try:
        import umap  # noqa: F401
    except ImportError:
        with pytest.raises(MissingExtra, match=r"crysnb\[umap\]"):
            cn.cluster_elements("magpie-like", k=3, space="umap2d")
    else:
        found = cn.cluster_elements("random", k=3, space="umap2d", n_null=5)
        assert any(n.code == "elements.umap_groups" for n in found.notices)


def test_unseen_elements_and_noble_gases_are_in_no_group() -> None:
    table = cn.element_table("random")
    rows = table.vectors.copy()
    rows[table.elements.index("Tc")] = np.nan
    found = cn.cluster_elements(table.replaced(vectors=rows), k=3, n_null=5)
    assert {"Tc", "He", "Xe"}.isdisjoint(found.labels)
    assert "He" in cn.cluster_elements(table, k=3, n_null=5, noble_gases=True).labels


def test_counts_that_can_be_read_off_are_warned_of() -> None:
    table = cn.element_table("random")
    rng = np.random.default_rng(0)
    counts = {s: int(10 ** rng.uniform(0, 4)) for s in table.elements}
    quiet = cn.cluster_elements(table.replaced(counts=counts), k=3, n_null=5)
    assert not quiet.notices
    rows = table.vectors.copy()
    rows[:, 0] = 30 * np.log1p(list(counts.values()))
    loud = cn.cluster_elements(table.replaced(vectors=rows, counts=counts), k=3, n_null=5)
    assert [n.code for n in loud.notices] == ["elements.abundance"]


def test_many_runs_of_kmeans_find_what_one_does() -> None:
    points = prepare(cn.element_table("magpie-like")).points
    labels, inertia = many_kmeans.kmeans(points[None], 5, np.random.default_rng(0), n_init=40)
    assert inertia[0] == pytest.approx(KMeans(5, n_init=40, random_state=0).fit(points).inertia_, rel=0.01)
    own = many_kmeans.silhouettes(pairwise(points)[None], labels, 5)[0]
    np.testing.assert_allclose(own, silhouette_samples(points, labels[0]), atol=1e-8)


def test_the_fast_scores_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(1)
    elements = list(SYMBOLS[:60])
    labels = dict(zip(elements, rng.integers(4, size=60).tolist(), strict=True))
    found, p = agreements(labels, n_permutations=50)
    for name, agreement in found.items():
        classes = partition(name, elements)
        assert agreement.ami == pytest.approx(
            adjusted_mutual_info_score(classes, list(labels.values())), abs=1e-6
        )
    assert p > 0.01
    runs = rng.integers(3, size=(4, 30))
    expected = [[adjusted_rand_score(a, b) for a in runs] for b in runs]
    np.testing.assert_allclose(rand_indices(runs), expected, atol=1e-12)


def test_groups_that_are_chemistry_agree_with_it() -> None:
    elements = list(SYMBOLS[:60])
    classes = partition("block", elements)
    labels = {s: "spdf".index(c) for s, c in zip(elements, classes, strict=True)}
    found, p = agreements(labels)
    assert found["block"].ami == pytest.approx(1.0)
    assert p == pytest.approx(1 / 301)


def test_choice_of_k_shows_both_bands() -> None:
    frame = k_scores("magpie-like", [2, 3, 4], n_null=10)
    assert list(frame.index) == [2, 3, 4]
    assert (frame["silhouette"] > frame["silhouette_columns_high"]).all()
    assert (frame["inertia"].diff().dropna() < 0).all()
    assert {"gap", "gap_error", "davies_bouldin_spectrum_low", "calinski_harabasz"} <= set(frame.columns)
    noise = k_scores("random", [2, 3, 4], n_null=10)
    assert (noise["silhouette"] < noise["silhouette_spectrum_high"] + 0.01).all()
