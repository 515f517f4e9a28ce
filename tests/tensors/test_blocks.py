"""Irreps blocks of tensors from the Casimir operator, against the stated irreps and e3nn."""

from __future__ import annotations

import re

import numpy as np
import pytest

from crysnb.structure.transforms import random_rotation
from crysnb.tensors.blocks import block_norms, block_projectors
from crysnb.values.tensor_kind import ELASTIC, KINDS, TensorKind, represent, rotate


def stated(kind: TensorKind) -> dict[str, int]:
    parts = re.findall(r"(\d+)x(\d+)([eo])", kind.irreps)
    return {f"{l}{parity}": int(n) for n, l, parity in parts}


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda k: k.name)
def test_multiplicities_are_those_of_the_kind(kind: TensorKind) -> None:
    found = {name: np.trace(p) / (2 * int(name[:-1]) + 1) for name, p in block_projectors(kind).items()}
    assert found == pytest.approx(stated(kind))


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda k: k.name)
def test_projectors_are_orthogonal_complete_and_commute_with_rotations(kind: TensorKind) -> None:
    projectors = list(block_projectors(kind).values())
    assert np.allclose(sum(projectors), np.eye(kind.n_components))
    for i, p in enumerate(projectors):
        for j, q in enumerate(projectors):
            assert np.allclose(p @ q, p if i == j else 0.0, atol=1e-10)
    d = represent(kind, random_rotation(np.random.default_rng(1))[None])[0]
    for p in projectors:
        assert np.allclose(d @ p, p @ d, atol=1e-10)


def test_norms_do_not_depend_on_the_orientation() -> None:
    rng = np.random.default_rng(2)
    c = ELASTIC.cartesian(rng.normal(size=(6, 6)))
    c = ELASTIC.from_components(ELASTIC.components(c))
    before = block_norms(ELASTIC, c)
    assert block_norms(ELASTIC, rotate(ELASTIC, c, random_rotation(rng))) == pytest.approx(before)
    assert np.sqrt(sum(v * v for v in before.values())) == pytest.approx(np.linalg.norm(c))
    assert min(before.values()) > 0.1


def test_an_isotropic_stiffness_has_only_a_scalar_block() -> None:
    c = np.zeros((6, 6))
    c[:3, :3] = 60 + 80 * np.eye(3)
    c[3:, 3:] = 40 * np.eye(3)  # (c11 - c12)/2
    norms = block_norms(ELASTIC, c)
    assert norms["2e"] < 1e-10
    assert norms["4e"] < 1e-10
    c[3:, 3:] = 50 * np.eye(3)  # cubic: l = 4 appears, l = 2 does not
    norms = block_norms(ELASTIC, c)
    assert norms["2e"] < 1e-10
    assert norms["4e"] > 1


def test_e3nn_agrees() -> None:
    io = pytest.importorskip("e3nn.io")
    kind = ELASTIC
    q = io.CartesianTensor(kind.formula)
    change = q.reduced_tensor_products().change_of_basis.double().numpy().reshape(q.dim, -1)
    flat = kind.expand / np.sqrt(kind.multiplicity)
    for part, where in zip(q, q.slices(), strict=True):
        name = f"{part.ir.l}{'e' if part.ir.p > 0 else 'o'}"
        columns = change[where] @ flat
        assert np.allclose(columns @ block_projectors(kind)[name], columns, atol=1e-5)
