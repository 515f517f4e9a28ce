"""Labels known up to the normaliser: which choices there are, and that the score is not fooled."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

import crysnb as cn
from crysnb.evaluate import gauge
from crysnb.evaluate.run import evaluate
from crysnb.models.interface import Model, load_model
from crysnb.structure.transforms import random_rotation, rotated
from crysnb.symmetry.detect import detect
from crysnb.symmetry.project import project
from crysnb.values.crystal_batch import CrystalBatch
from crysnb.values.tensor_kind import PIEZOELECTRIC, rotate

# Name, and the number of settings of the piezoelectric tensor: [N : G] in the proper lattice rotations.
CHOICES = {
    "GaAs": 2,  # -43m: a quarter turn changes the sign
    "ZnO": 2,  # 6mm: the polar axis either way
    "quartz": 2,  # 32 in 622
    "NaCl": 1,  # m-3m: all of 432 is in the group
    "BaTiO3": 2,  # 4mm in 422
}


@pytest.mark.parametrize(("name", "n"), CHOICES.items())
def test_settings_of_known_crystals_in_any_orientation(name: str, n: int) -> None:
    rng = np.random.default_rng(3)
    structure = rotated(cn.as_structure(name), random_rotation(rng))
    info = detect(structure)
    turns = gauge.settings(info)
    assert len(turns) == n
    assert np.allclose(turns[0], np.eye(3))
    group = [g.tobytes() for g in np.round(info.rotations, 6) + 0.0]
    for turn in turns:
        assert np.linalg.det(turn) == pytest.approx(1)
        moved = np.round(turn @ info.rotations @ turn.T, 6) + 0.0
        assert sorted(g.tobytes() for g in moved) == sorted(group)


def test_a_quarter_turn_flips_zincblende() -> None:
    info = detect(cn.as_structure("GaAs"))
    tensor = project(PIEZOELECTRIC, np.random.default_rng(0).normal(size=(3, 3, 3)), info.rotations)
    other = rotate(PIEZOELECTRIC, tensor, gauge.settings(info)[1])
    assert np.allclose(other, -tensor)
    assert np.abs(tensor).max() > 0.1
    assert np.allclose(gauge.nearest_label(PIEZOELECTRIC, tensor, other, info), tensor)
    assert np.allclose(gauge.nearest_label(PIEZOELECTRIC, tensor, other, None), other)


def test_nothing_is_nearer_to_zero_in_another_setting() -> None:
    info = detect(cn.as_structure("quartz"))
    tensor = project(PIEZOELECTRIC, np.random.default_rng(0).normal(size=(3, 3, 3)), info.rotations)
    nearest = gauge.nearest_label(PIEZOELECTRIC, 0 * tensor, tensor, info)
    assert np.linalg.norm(nearest) == pytest.approx(np.linalg.norm(tensor))


def piezo_model(factor: float) -> Model:
    """A model that gives ``factor`` times a fixed tensor, as the symmetry of each crystal allows it."""
    inner = load_model("gmtnet-dielectric", device="cpu")
    crystals = [cn.as_structure(name) for name in NAMES]
    allowed = {
        frozenset(s.atomic_numbers): project(PIEZOELECTRIC, FIXED, detect(s).rotations) for s in crystals
    }

    class Fixed:
        cutoff = inner.cutoff

        def __call__(self, batch: CrystalBatch, tap: Any = None) -> dict[str, torch.Tensor]:
            numbers = [batch.atomic_number[batch.crystal_of_atom == k] for k in range(batch.n_crystals)]
            given = [allowed[frozenset(z.tolist())] for z in numbers]
            return {"piezoelectric": torch.from_numpy(factor * np.array(given))}

    card = replace(inner.card, properties=("piezoelectric",), targets={"piezo": "piezoelectric"}, dataset={})
    return replace(inner, card=card, network=Fixed())


NAMES = ("GaAs", "ZnO", "quartz", "BaTiO3")
FIXED = PIEZOELECTRIC.from_components(np.random.default_rng(5).normal(size=18))


def piezo_records(flag: bool | None) -> list[dict[str, Any]]:
    """Labels in the other setting than that of the fixed tensor."""
    out = []
    for name in NAMES:
        s = cn.as_structure(name)
        info = detect(s)
        label = rotate(PIEZOELECTRIC, project(PIEZOELECTRIC, FIXED, info.rotations), gauge.settings(info)[1])
        record = {
            "id": name,
            "lattice": s.lattice.matrix.tolist(),
            "species": [str(x) for x in s.species],
            "frac_coords": s.frac_coords.tolist(),
            "targets": {"piezo": PIEZOELECTRIC.matrix(label).tolist()},
        }
        out.append(record if flag is None else {**record, "sign_reliable": flag})
    return out


def test_unknown_signs_are_minimised_and_named() -> None:
    result = evaluate(piezo_model(1.1), piezo_records(flag=False))
    assert result.metrics["rel_median_gauge"] == pytest.approx(0.1, abs=1e-6)
    assert result.metrics["ewt25_gauge"] == 100
    assert {"fnorm_cart_gauge", "fnorm_voigt_gauge", "mae_gauge"} <= set(result.metrics) & set(result.ci95)
    assert not {"rel_median", "fnorm_cart", "mae"} & set(result.metrics)
    assert "rel_median_gauge" in result.by_crystal_system["cubic"]
    assert result.per_crystal[0]["error"] == pytest.approx(0.1 * result.per_crystal[0]["norm"])


@pytest.mark.parametrize("flag", [True, None])
def test_known_signs_count(flag: bool | None) -> None:
    result = evaluate(piezo_model(1.1), piezo_records(flag))
    assert result.metrics["rel_median"] > 0.5
    assert not any(name.endswith("_gauge") for name in result.metrics)


def test_one_unknown_sign_names_the_whole_and_turns_only_itself() -> None:
    given = [*piezo_records(flag=True)[:1], *piezo_records(flag=False)[1:]]
    result = evaluate(piezo_model(1.0), given)
    errors = {row["id"]: row["error"] / row["norm"] for row in result.per_crystal}
    assert errors["GaAs"] == pytest.approx(2)
    assert errors["ZnO"] == pytest.approx(0, abs=1e-6)
    assert "rel_median_gauge" in result.metrics


def test_labels_below_the_floor_of_the_unit_are_zero() -> None:
    given = piezo_records(flag=True)
    given[0]["targets"]["piezo"] = (1e-4 * np.array(given[0]["targets"]["piezo"])).tolist()
    result = evaluate(piezo_model(0.0), given)
    assert result.metrics["ewt25"] == 0
    assert result.metrics["rel_median"] == pytest.approx(1)
    tiny = evaluate(piezo_model(1.0), given[:1])
    assert "rel_median" not in tiny.metrics
    assert tiny.metrics["fnorm_cart"] > 0.1
