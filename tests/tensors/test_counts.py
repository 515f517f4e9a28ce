"""The verified table of independent components: 32 classes, eleven kinds, two methods, two orientations.

Source: computed three independent ways for the design; anchors in Nye (1957) and International Tables D.
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from crysnb.symmetry.point_groups import POINT_GROUPS, point_group_operations
from crysnb.symmetry.project import invariants
from crysnb.values.tensor_kind import KINDS, TensorKind, represent

COLUMNS = (
    "dielectric", "piezoelectric", "elastic", "shg_kleinman", "gyration", "gyration_general",
    "third_order_elastic", "photoelastic", "chi3", "pyroelectric", "flexoelectric",
)  # fmt: skip
TABLE = {
    "1": (6, 18, 21, 10, 6, 9, 56, 36, 15, 3, 54), "-1": (6, 0, 21, 0, 0, 0, 56, 36, 15, 0, 54),
    "2": (4, 8, 13, 4, 4, 5, 32, 20, 9, 1, 28), "m": (4, 10, 13, 6, 2, 4, 32, 20, 9, 2, 28),
    "2/m": (4, 0, 13, 0, 0, 0, 32, 20, 9, 0, 28), "222": (3, 3, 9, 1, 3, 3, 20, 12, 6, 0, 15),
    "mm2": (3, 5, 9, 3, 1, 2, 20, 12, 6, 1, 15), "mmm": (3, 0, 9, 0, 0, 0, 20, 12, 6, 0, 15),
    "4": (2, 4, 7, 2, 2, 3, 16, 10, 5, 1, 14), "-4": (2, 4, 7, 2, 2, 2, 16, 10, 5, 0, 14),
    "4/m": (2, 0, 7, 0, 0, 0, 16, 10, 5, 0, 14), "422": (2, 1, 6, 0, 2, 2, 12, 7, 4, 0, 8),
    "4mm": (2, 3, 6, 2, 0, 1, 12, 7, 4, 1, 8), "-42m": (2, 2, 6, 1, 1, 1, 12, 7, 4, 0, 8),
    "4/mmm": (2, 0, 6, 0, 0, 0, 12, 7, 4, 0, 8), "3": (2, 6, 7, 4, 2, 3, 20, 12, 5, 1, 18),
    "-3": (2, 0, 7, 0, 0, 0, 20, 12, 5, 0, 18), "32": (2, 2, 6, 1, 2, 2, 14, 8, 4, 0, 10),
    "3m": (2, 4, 6, 3, 0, 1, 14, 8, 4, 1, 10), "-3m": (2, 0, 6, 0, 0, 0, 14, 8, 4, 0, 10),
    "6": (2, 4, 5, 2, 2, 3, 12, 8, 3, 1, 12), "-6": (2, 2, 5, 2, 0, 0, 12, 8, 3, 0, 12),
    "6/m": (2, 0, 5, 0, 0, 0, 12, 8, 3, 0, 12), "622": (2, 1, 5, 0, 2, 2, 10, 6, 3, 0, 7),
    "6mm": (2, 3, 5, 2, 0, 1, 10, 6, 3, 1, 7), "-6m2": (2, 1, 5, 1, 0, 0, 10, 6, 3, 0, 7),
    "6/mmm": (2, 0, 5, 0, 0, 0, 10, 6, 3, 0, 7), "23": (1, 1, 3, 1, 1, 1, 8, 4, 2, 0, 5),
    "m-3": (1, 0, 3, 0, 0, 0, 8, 4, 2, 0, 5), "432": (1, 0, 3, 0, 1, 1, 6, 3, 2, 0, 3),
    "-43m": (1, 1, 3, 1, 0, 0, 6, 3, 2, 0, 3), "m-3m": (1, 0, 3, 0, 0, 0, 6, 3, 2, 0, 3),
}  # fmt: skip


def by_characters(kind: TensorKind, rotations: np.ndarray) -> float:
    """Trace of the projector onto both symmetries: the mean of π·R^⊗n, a product over the cycles of π."""
    powers = [np.broadcast_to(np.eye(3), rotations.shape)]
    for _ in range(kind.rank):
        powers.append(powers[-1] @ rotations)
    traces = [np.trace(p, axis1=1, axis2=2) for p in powers]
    total = np.zeros(len(rotations))
    for permutation, sign in kind.permutations:
        term = np.full(len(rotations), float(sign))
        seen: set[int] = set()
        for start in range(kind.rank):
            length, at = 0, start
            while at not in seen:
                seen.add(at)
                at, length = permutation[at], length + 1
            if length:
                term = term * traces[length]
        total += term
    if kind.axial:
        total = total * np.linalg.det(rotations).round()
    return float(total.mean() / len(kind.permutations))


def by_null_space(kind: TensorKind, rotations: np.ndarray) -> int:
    """Singular values of the stacked D(g) − 1 over all operations, which must separate clearly."""
    stacked = (represent(kind, rotations) - np.eye(kind.n_components)).reshape(-1, kind.n_components)
    values = np.linalg.svd(stacked, compute_uv=False)
    zero = values < 1e-9
    assert (values[~zero] > 0.9).all()
    return int(zero.sum())


def test_the_table_has_every_class_and_kind() -> None:
    assert list(TABLE) == list(POINT_GROUPS)
    assert set(COLUMNS) | {"shg"} == set(KINDS)  # shg has the index symmetry of piezoelectric


@pytest.mark.parametrize("name", COLUMNS)
def test_counts_by_both_methods_in_both_orientations(name: str) -> None:
    kind = KINDS[name]
    rng = np.random.default_rng(11)
    q, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    for symbol, row in TABLE.items():
        expected = row[COLUMNS.index(name)]
        standard = point_group_operations(symbol)
        for rotations in (standard, q @ standard @ q.T):
            assert by_characters(kind, rotations) == pytest.approx(expected, abs=1e-9), symbol
            assert invariants(kind, rotations).dimension == expected, symbol
        if kind.rank <= 4:
            generators = standard[list(invariants(kind, standard).group.generators)]
            if len(generators):
                assert by_null_space(kind, generators) == expected, symbol
                assert by_null_space(kind, q @ generators @ q.T) == expected, symbol


@pytest.mark.parametrize("name", COLUMNS)
def test_the_jahn_symbol_means_the_same_kind(name: str) -> None:
    kind = KINDS[name]
    parsed = TensorKind.from_jahn(kind.jahn)
    assert parsed.letter == "t"
    assert parsed.groups == (1,) * kind.rank
    assert (parsed.n_components, parsed.axial) == (kind.n_components, kind.axial)
    assert parsed.permutations == kind.permutations


def test_rank_five_goes_through_the_same_code() -> None:
    kind = TensorKind.from_jahn("V[[V2]2]")
    for symbol in ("m-3m", "32", "-43m"):
        r = point_group_operations(symbol)
        assert by_characters(kind, r) == pytest.approx(invariants(kind, r).dimension)


@pytest.mark.parametrize("symbol", POINT_GROUPS)
def test_generators_generate(symbol: str) -> None:
    group = invariants("dielectric", point_group_operations(symbol)).group
    generators = group.generators
    assert len(generators) <= 3
    reached = {group.identity}
    for _ in range(48):
        reached |= {int(group.table[a, g]) for a, g in itertools.product(reached, generators)}
    assert len(reached) == len(group.rotations)
