"""crysnb evaluate: what is counted, skipped and scored; a network that cheats is found out."""

from __future__ import annotations

import importlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

import crysnb as cn
from crysnb.datasets.dataset import raw_of
from crysnb.errors import ShapeError, SymmetryUndetermined, UnknownName
from crysnb.evaluate.by_system import SMALL, crystal_system
from crysnb.evaluate.run import evaluate
from crysnb.models.interface import Model, load_model
from crysnb.testing.crystals import REPRESENTATIVE
from crysnb.values.crystal_batch import CrystalBatch
from crysnb.values.property_spec import PROPERTIES, PropertySpec


def records(names: Iterable[str] = REPRESENTATIVE) -> Iterator[dict[str, Any]]:
    for name in names:
        targets = {"eps_electronic": (cn.predict(name).value * 1.1).tolist()}
        yield raw_of(cn.as_structure(name), name, targets)


def with_network(act: Any) -> Model:
    inner = load_model("gmtnet-dielectric", device="cpu")

    class Acting:
        cutoff = inner.cutoff

        def __call__(self, batch: CrystalBatch, tap: Any = None) -> dict[str, torch.Tensor]:
            return act(inner.network(batch), batch)

    return replace(inner, network=Acting())


def test_a_repeated_id_is_scored_once() -> None:
    given = [*records(["NaCl", "rutile"]), *records(["NaCl"])]
    result = evaluate("gmtnet-dielectric", given)
    assert [r["id"] for r in result.per_crystal] == ["NaCl", "rutile"]
    assert result.skipped == {"data.duplicate_id": 1}


def test_a_constant_factor_is_measured() -> None:
    names = (*REPRESENTATIVE, "calcite")  # the others are nearly isotropic
    result = evaluate("gmtnet-dielectric", records(names))
    assert result.n == len(names)
    assert result.metrics["rel_median"] == pytest.approx(1 - 1 / 1.1)
    assert result.metrics["ewt10"] == 100
    assert result.metrics["zero_success"] == result.metrics["dependent_success"] == 1
    assert [r["id"] for r in result.per_crystal] == list(names)
    assert set(result.to_dict()) == {
        "model", "target", "n", "skipped", "metrics", "ci95", "by_crystal_system",
    }  # fmt: skip
    assert {
        "fnorm_cart", "fnorm_voigt", "mae", "rel_median", "aniso_rel_median", "ewt25", "ewt10", "ewt5",
        "coverage68", "residual_raw_median", "residual_raw_max", "zero_success", "dependent_success",
        "legacy_zero_rate", "legacy_dependent_rate",
    } == set(result.metrics)  # fmt: skip


def test_left_out_records_are_counted_by_code() -> None:
    good = list(records())
    bad = [
        {**good[0], "targets": {}},
        {**good[0], "targets": None},
        {**good[0], "targets": [1.0, 2.0]},
        {**good[0], "symmetry_ok": False},
        {**good[0], "frac_coords": [[0, 0, 0]] * len(good[0]["species"])},
        {**good[0], "targets": {"eps_electronic": [[1, 2], [3, 4]]}},
        {**good[0], "targets": {"eps_electronic": (np.eye(3) * 1000).tolist()}},
    ]
    bad = [{**record, "id": f"bad {k}"} for k, record in enumerate(bad)]
    skipped = evaluate("gmtnet-dielectric", [*bad, *good]).skipped
    assert skipped["label.missing"] == 3
    assert skipped["label.breaks_symmetry"] == 1
    assert skipped["structure.overlap"] == 1
    assert skipped["tensor.shape"] == 1
    assert skipped["label.too_large"] == 1


def test_symmetry_scores_catch_a_network_that_prefers_the_lab_frame() -> None:
    def lean(output: dict[str, torch.Tensor], batch: CrystalBatch) -> dict[str, torch.Tensor]:
        bent = output["dielectric"].clone()
        bent[:, 0, 0] *= 1.01
        return {"dielectric": bent}

    result = evaluate(with_network(lean), records())
    assert result.metrics["dependent_success"] < 0.2
    assert result.metrics["residual_raw_max"] > 1e-3
    # The final predictions are projected and hide it, which is why the scores use the raw ones.
    assert result.metrics["rel_median"] < 0.15


def test_nothing_to_score_and_unknown_targets() -> None:
    with pytest.raises(ShapeError, match=r"evaluate\.nothing"):
        evaluate("gmtnet-dielectric", [])
    with pytest.raises(UnknownName, match="eps_electronic"):
        evaluate("gmtnet-dielectric", [], "eps_electronik")


def test_a_zero_label_leaves_the_result_finite() -> None:
    plain = list(records())[:3]
    zero = {**plain[0], "id": "zero", "targets": {"eps_electronic": np.zeros((3, 3)).tolist()}}
    result = evaluate("gmtnet-dielectric", [zero, *plain])
    json.dumps([result.to_dict(), result.per_crystal], allow_nan=False)
    assert result.n == 4
    assert result.metrics["rel_median"] == pytest.approx(1 - 1 / 1.1)
    assert result.metrics["ewt10"] == 100
    alone = evaluate("gmtnet-dielectric", [zero])
    json.dumps(alone.to_dict(), allow_nan=False)
    assert not {"rel_median", "ewt25", "aniso_rel_median"} & (set(alone.metrics) | set(alone.ci95))
    assert alone.metrics["fnorm_cart"] == pytest.approx(result.per_crystal[0]["error"])


def test_without_any_symmetry_its_scores_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    given = list(records())[:2]

    def undetermined(*_: Any) -> None:
        raise SymmetryUndetermined("symmetry.none", found="nothing")

    for module in ("crysnb.predict.run", "crysnb.tensors.pattern"):
        monkeypatch.setattr(importlib.import_module(module), "detect", undetermined)
    metrics = evaluate("gmtnet-dielectric", given).metrics
    assert metrics["rel_median"] < 0.2
    assert not {"residual_raw_median", "residual_raw_max", "zero_success"} & set(metrics)


def test_coverage_compares_errors_with_stated_uncertainties() -> None:
    given = list(records())[:4]
    sizes = []
    for record, factor in zip(given, (0.0, 0.99, 1.01, -0.9), strict=True):
        p = cn.predict(record["id"])
        record["targets"] = {"eps_electronic": (p.value + factor * p.uncertainty).tolist()}
        sizes.append(np.linalg.norm(p.uncertainty))
    assert min(sizes) > 0
    result = evaluate("gmtnet-dielectric", given)
    assert result.metrics["coverage68"] == 0.75
    low, high = result.ci95["coverage68"]
    assert 0 <= low < 0.75 < high <= 1


def test_no_coverage_without_uncertainty() -> None:
    silent = with_network(lambda output, batch: {"dielectric": output["dielectric"]})
    result = evaluate(silent, list(records())[:2])
    assert "coverage68" not in result.metrics
    assert "coverage68" not in result.ci95


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_crystals_without_a_finite_output_are_skipped_and_counted(bad: float) -> None:
    given = list(records())[:4]
    atoms = len(given[1]["species"])

    def break_one(output: dict[str, torch.Tensor], batch: CrystalBatch) -> dict[str, torch.Tensor]:
        value = output["dielectric"].clone()
        value[torch.bincount(batch.crystal_of_atom) == atoms] = bad
        return {"dielectric": value}

    counts = [len(cn.idealize(r["id"])) for r in given]
    expected = sum(n != atoms for n in counts)
    assert 0 < expected < 4
    result = evaluate(with_network(break_one), given)
    assert result.n == len(result.per_crystal) == expected
    assert result.skipped == {"prediction.non_finite": 4 - expected}
    json.dumps(result.to_dict(), allow_nan=False)
    with pytest.raises(ShapeError, match=r"prediction\.non_finite': 1"):
        evaluate(with_network(break_one), given[1:2])


def test_a_crystal_on_which_the_network_fails_costs_only_itself() -> None:
    given = list(records())[:3]
    atoms = len(cn.as_structure(given[2]["id"]))

    def fail_on_one(output: dict[str, torch.Tensor], batch: CrystalBatch) -> dict[str, torch.Tensor]:
        if (torch.bincount(batch.crystal_of_atom) == atoms).any():
            message = "no kernel for this size"
            raise RuntimeError(message)
        return {"dielectric": output["dielectric"]}

    expected = sum(len(cn.as_structure(r["id"])) != atoms for r in given)
    assert 0 < expected < 3
    result = evaluate(with_network(fail_on_one), given)
    assert result.n == expected
    assert result.skipped == {"internal.RuntimeError": 3 - expected}


def test_a_raw_output_that_is_not_finite_fails_the_symmetry_scores_only() -> None:
    given = list(records())[:2]
    seen: list[int] = []

    def only_upright(output: dict[str, torch.Tensor], batch: CrystalBatch) -> dict[str, torch.Tensor]:
        seen.append(batch.n_crystals)
        value = output["dielectric"].clone()
        if len(seen) > 2:  # raw and ideal come first; the turned crystals are third
            value[0] = torch.nan
        return {"dielectric": value}

    result = evaluate(with_network(only_upright), given)
    assert result.n == 2
    assert result.metrics["zero_success"] == result.metrics["dependent_success"] == 0.5


def test_the_table_by_crystal_system_adds_up() -> None:
    result = evaluate("gmtnet-dielectric", records())
    table = result.by_crystal_system
    expected = Counter(crystal_system(cn.symmetry(record["id"]).number) for record in records())
    assert {system: row["n"] for system, row in table.items()} == expected
    for row in table.values():
        assert row["rel_median"] == pytest.approx(1 - 1 / 1.1)
        assert row["zero_success"] == 1
        assert row["small"] == (row["n"] < SMALL)
        assert bool(row["ci95"]) == (row["n"] >= SMALL)
    assert "aniso_rel_median" not in table["cubic"]


# ------------------------------------------------------------------------------------------ numbers


@pytest.fixture
def scalar_model(monkeypatch: pytest.MonkeyPatch) -> Model:
    """Number of atoms plus 1 (NaN for nine atoms, as in quartz), as a property of unit eV/atom."""
    spec = PropertySpec(
        name="atoms_plus_one", symbol="n", unit="eV/atom", tensor=None, meaning="for this test alone"
    )
    monkeypatch.setitem(PROPERTIES, spec.name, spec)

    def count(_: dict[str, torch.Tensor], batch: CrystalBatch) -> dict[str, torch.Tensor]:
        atoms = torch.bincount(batch.crystal_of_atom).double() + 1
        return {spec.name: torch.where(atoms == 10, torch.nan, atoms)}

    model = with_network(count)
    card = replace(model.card, properties=(spec.name,), targets={"atoms": spec.name})
    return replace(model, card=card)


def scalar_records(offsets: dict[str, float]) -> list[dict[str, Any]]:
    return [
        {
            **record,
            "targets": {"atoms": len(record["species"]) + 1 - offsets[record["id"]]},
            "symmetry_ok": False,
        }
        for record in records()
        if record["id"] in offsets
    ]


def test_numbers_are_scored_with_intervals_and_by_system(scalar_model: Model) -> None:
    names = [n for n in REPRESENTATIVE if len(cn.as_structure(n)) != 9]
    offsets = {name: (-1.0) ** k * (1 + k % 3) for k, name in enumerate(names)}
    given = scalar_records(offsets)
    labels = np.array([r["targets"]["atoms"] for r in given])
    error = np.array([offsets[r["id"]] for r in given])
    result = evaluate(scalar_model, given)
    assert result.n == len(given)
    assert result.metrics == {
        "mae": pytest.approx(np.abs(error).mean()),
        "rmse": pytest.approx(np.sqrt((error**2).mean())),
        "mad": pytest.approx(np.abs(labels - labels.mean()).mean()),
        "r2": pytest.approx(1 - (error**2).sum() / ((labels - labels.mean()) ** 2).sum()),
    }
    assert set(result.ci95) == set(result.metrics)
    assert all(low <= result.metrics[k] <= high for k, (low, high) in result.ci95.items())
    assert sum(row["n"] for row in result.by_crystal_system.values()) == result.n
    assert set(result.by_crystal_system["cubic"]) >= {"n", "small", "mae", "rmse", "mad", "ci95"}
    assert result.per_crystal[0]["error"] == pytest.approx(abs(error[0]))
    json.dumps(result.to_dict(), allow_nan=False)


def test_labels_that_are_no_numbers_and_numbers_that_are_not_finite(scalar_model: Model) -> None:
    names = dict.fromkeys(REPRESENTATIVE, 0.5)
    given = scalar_records(names)
    nine = sum(len(r["species"]) == 9 for r in given)
    labels: list[Any] = ["3.0", True, [1.0], float("nan"), 10**400, 1e200, None]
    bad = [{**given[0], "id": f"bad {k}", "targets": {"atoms": x}} for k, x in enumerate(labels)]
    result = evaluate(scalar_model, [*bad, *given])
    assert nine > 0
    assert result.n == len(given) - nine
    assert result.skipped == {
        "label.not_numeric": 3, "label.non_finite": 2, "label.too_large": 1, "label.missing": 1,
        "prediction.non_finite": nine,
    }  # fmt: skip
    assert result.metrics["mae"] == pytest.approx(0.5)


def test_one_number_has_no_r2(scalar_model: Model) -> None:
    metrics = evaluate(scalar_model, scalar_records({"NaCl": 0.5})[:1]).metrics
    assert metrics["mad"] == 0
    assert "r2" not in metrics
