"""crysnb evaluate: what is counted, skipped and scored; a network that cheats is found out."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

import crysnb as cn
from crysnb.errors import ShapeError, SymmetryUndetermined, UnknownName
from crysnb.evaluate.run import evaluate
from crysnb.models.interface import Model, load_model
from crysnb.testing.crystals import REPRESENTATIVE
from crysnb.values.crystal_batch import CrystalBatch


def records() -> Iterator[dict[str, Any]]:
    for name in REPRESENTATIVE:
        s = cn.as_structure(name)
        yield {
            "id": name,
            "formula": s.composition.reduced_formula,
            "lattice": s.lattice.matrix.tolist(),
            "species": [str(x) for x in s.species],
            "frac_coords": s.frac_coords.tolist(),
            "targets": {"eps_electronic": (cn.predict(name).value * 1.1).tolist()},
        }


def with_network(act: Any) -> Model:
    inner = load_model("gmtnet-dielectric", device="cpu")

    class Acting:
        cutoff = inner.cutoff

        def __call__(self, batch: CrystalBatch, tap: Any = None) -> dict[str, torch.Tensor]:
            return act(inner.network(batch), batch)

    return replace(inner, network=Acting())


def test_a_constant_factor_is_measured() -> None:
    result = evaluate("gmtnet-dielectric", records())
    assert result.n == len(REPRESENTATIVE)
    assert result.metrics["rel_median"] == pytest.approx(1 - 1 / 1.1)
    assert result.metrics["ewt10"] == 100
    assert result.metrics["zero_success"] == result.metrics["dependent_success"] == 1
    assert [r["id"] for r in result.per_crystal] == list(REPRESENTATIVE)
    assert set(result.to_dict()) == {"model", "target", "n", "skipped", "metrics", "ci95"}


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

    for module in ("crysnb.predict.run", "crysnb.evaluate.symmetry_scores"):
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
