"""The floating-point forms against fractions: counts of all classes, and every printed relation."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import sympy

import crysnb as cn
from crysnb.structure.transforms import random_rotation, rotated
from crysnb.symmetry.point_groups import POINT_GROUPS
from crysnb.symmetry.project import residual
from crysnb.tensors.exact import action, exact_form, generators, solve
from crysnb.tensors.form import TensorForm, tensor_form
from crysnb.values.tensor_kind import KINDS, rotate

# One of each crystal system, polar, chiral and centrosymmetric ones among them, and a centred lattice.
CRYSTALS = (
    "kyanite", "baddeleyite", "black-phosphorus", "BaTiO3", "rutile", "quartz", "LiNbO3", "calcite", "GaN",
    "MoS2", "GaAs", "FeSi", "NaCl",
)  # fmt: skip
LIMIT = 1e-9


def violations(form: TensorForm, cartesian: np.ndarray) -> dict[str, float]:
    """How far each printed zero and relation is from true on exact tensors, [r, 3, …, 3] of norm 1."""
    kind = form.kind
    parts = [
        dict(zip(kind.names, kind.components(rotate(kind, tensor, form.rotation)), strict=True))
        for tensor in cartesian
    ]
    found = {name: max((abs(p[name]) for p in parts), default=0.0) for name in form.zeros}
    for name, text in form.relations.items():
        printed = sympy.lambdify(sympy.symbols(form.free), sympy.sympify(text))
        found[name] = max(
            (abs(p[name] - printed(*(p[free] for free in form.free))) for p in parts), default=0.0
        )
    return found


@pytest.mark.parametrize("name", KINDS)
def test_counts_of_all_classes(name: str) -> None:
    for symbol in POINT_GROUPS:
        exact, form = exact_form(symbol, name), tensor_form(symbol, name)
        assert exact.n_independent == form.n_independent, symbol
        assert len(exact.free) + len(exact.coefficients) == exact.kind.n_components, symbol


@pytest.mark.parametrize("name", ["dielectric", "piezoelectric", "elastic", "gyration"])
def test_orthogonal_lattice_axes_give_the_printed_relations_themselves(name: str) -> None:
    for symbol in POINT_GROUPS:
        exact, form = exact_form(symbol, name), tensor_form(symbol, name)
        if np.allclose(form.axes, np.eye(3)):
            assert exact.free == form.free, symbol
            assert set(exact.zeros) == set(form.zeros), symbol
            assert exact.relations == form.relations, symbol


def test_hexagonal_lattice_axes_have_their_own_relations() -> None:
    exact = exact_form("6mm", "dielectric")
    # ε is a multiple of the inverse metric in the basal plane: t11 = t22 = 2 t12 for 120 degrees.
    assert exact.relations == {"eps22": "eps11", "eps12": "eps11/2"}
    assert exact.zeros == ("eps23", "eps13")
    assert exact.basis[0] == (Fraction(1), Fraction(0))


@pytest.mark.parametrize("frame", ["own", "nye", "ieee"])
@pytest.mark.parametrize("crystal", CRYSTALS)
def test_every_printed_relation_holds_on_the_exact_tensors(crystal: str, frame: str) -> None:
    info = cn.symmetry(crystal)
    for name in ("dielectric", "piezoelectric", "elastic", "gyration_general"):
        exact, form = exact_form(info, name), tensor_form(info, name, frame=frame)
        basis = exact.cartesian_basis()
        assert len(basis) == form.n_independent
        assert max(violations(form, basis).values(), default=0.0) < LIMIT
        if len(basis):
            assert np.linalg.matrix_rank(basis.reshape(len(basis), -1), tol=1e-6) == form.n_independent
            assert max(residual(name, t, info.rotations) for t in basis) < LIMIT


def test_a_crystal_in_any_orientation() -> None:
    structure = rotated(cn.as_structure("quartz"), random_rotation(np.random.default_rng(2)))
    for name in ("piezoelectric", "elastic"):
        exact, form = exact_form(structure, name), tensor_form(structure, name)
        assert form.notes  # printed in decimals
        assert max(violations(form, exact.cartesian_basis()).values()) < LIMIT


def test_a_wrong_relation_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    form = tensor_form("quartz", "elastic", frame="nye")
    basis = exact_form("quartz", "elastic").cartesian_basis()
    printed = form.relations
    wrong = {**printed, "c66": "(c11 + c12)/2"}
    monkeypatch.setattr(TensorForm, "relations", property(lambda self: wrong))
    found = violations(form, basis)
    assert found.pop("c66") > 0.1
    assert max(found.values()) < LIMIT


@pytest.mark.parametrize("number", range(1, 231))
def test_counts_of_all_space_groups(number: int) -> None:
    for name in ("dielectric", "piezoelectric"):
        assert exact_form(number, name).n_independent == tensor_form(number, name).n_independent


def test_fractions_solve_exactly() -> None:
    third = Fraction(1, 3)
    # x0 + 3 x2 = 0, x1 − x2 = 0, and the sum of both again: two equations for three unknowns.
    equations = [
        {0: Fraction(1), 2: Fraction(3)},
        {1: Fraction(1), 2: Fraction(-1)},
        {0: Fraction(1), 1: Fraction(1), 2: Fraction(2)},
    ]
    assert solve(equations) == {2: {0: -third}, 1: {0: -third}}
    assert solve([{0: Fraction(1)}, {0: Fraction(2), 1: Fraction(1)}]) == {0: {}, 1: {}}


def test_the_action_is_a_representation_of_whole_numbers() -> None:
    kind = KINDS["gyration_general"]
    a, b = generators(exact_form("-6m2", kind).matrices)[:2]
    assert (action(kind, a) @ action(kind, b) == action(kind, a @ b)).all()
    assert action(kind, a).dtype == np.int64


def test_the_tolerance_reaches_the_search() -> None:
    structure = cn.as_structure("NaCl")
    structure.translate_sites([0], [0.02, 0.0, 0.0])  # 0.11 Å
    assert exact_form(structure, "dielectric", symprec=0.5).n_independent == 1
    assert exact_form(structure, "dielectric", symprec=1e-3).n_independent > 1
