"""crysnb evaluate: what is counted, skipped and scored; a network that cheats is found out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

import crysnb as cn
from crysnb.errors import ShapeError, UnknownName
from crysnb.evaluate.run import evaluate
from crysnb.models.interface import Model, load_model
from crysnb.testing.crystals import REPRESENTATIVE
from crysnb.values.crystal_batch import CrystalBatch

NAMES = ("NaCl", "GaAs", "rutile", "quartz", "GaN", "BaTiO3")


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
    return replace(inner, network=lambda batch, tap=None: act(inner.network(batch), batch))


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
        {**good[0], "symmetry_ok": False},
        {**good[0], "frac_coords": [[0, 0, 0]] * len(good[0]["species"])},
        {**good[0], "targets": {"eps_electronic": [[1, 2], [3, 4]]}},
        {**good[0], "targets": {"eps_electronic": (np.eye(3) * 1000).tolist()}},
    ]
    skipped = evaluate("gmtnet-dielectric", [*bad, *good]).skipped
    assert skipped["label.missing"] == 1
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
