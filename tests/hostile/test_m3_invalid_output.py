"""M3: an output that is no number, or that no material can have, is shown as invalid with the reason."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import pytest
import torch

import crysnb as cn
from crysnb.evaluate.run import evaluate
from crysnb.predict.sanity import unphysical
from crysnb.values.prediction import Prediction
from crysnb.values.property_spec import PROPERTIES, PropertySpec
from crysnb.values.tensor_kind import ELASTIC

NAMES = ["NaCl", "GaAs", "rutile", "quartz"]


def poisoned(plain: Any, bad: float, z: int = 33) -> Any:
    """Spoils the output of crystals that contain atomic number ``z`` (arsenic)."""

    def act(batch: Any, _: Any) -> dict[str, torch.Tensor]:
        out = plain(batch)
        out[batch.crystal_of_atom[batch.atomic_number == z].unique(), 1, 2] = bad
        return {"dielectric": out}

    return act


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("idealize", [None, False])
@pytest.mark.parametrize("on_error", ["raise", "return"])
def test_one_bad_output_does_not_cost_the_others(
    fake_model: Any, plain: Any, bad: float, idealize: bool | None, on_error: Any
) -> None:
    results = cn.predict(NAMES, fake_model(poisoned(plain, bad)), idealize=idealize, on_error=on_error)
    assert [type(r) for r in results] == [Prediction] * 4
    assert [np.isfinite(r.value).all() for r in results] == [True, False, True, True]
    assert (results[1].notices[0].code, results[1].notices[0].severity) == (
        "prediction.non_finite",
        "error",
    )
    assert results[1].uncertainty is None
    assert json.loads(json.dumps(results[1].to_dict(), allow_nan=False))["value"][0][0] is None


def test_a_scalar_that_is_no_number_is_invalid_too(fake_model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = PropertySpec(name="toy", symbol="t", unit="1", tensor=None, meaning="a number")
    monkeypatch.setitem(PROPERTIES, "toy", spec)

    def act(batch: Any, _: Any) -> dict[str, torch.Tensor]:
        first = batch.atomic_number[:: batch.n_atoms // batch.n_crystals][: batch.n_crystals]
        return {"toy": torch.where(first == 31, torch.nan, 1.0).double()}

    model = fake_model(act, properties=("toy",))
    results = cn.predict(["NaCl", "GaAs", "NaCl"], model, "toy")
    assert [float(r.value) for r in results][::2] == [1.0, 1.0]
    assert np.isnan(results[1].value)
    assert results[1].notices[0].code == "prediction.non_finite"


def test_evaluate_skips_it_by_code_and_scores_the_rest(fake_model: Any, plain: Any) -> None:
    records = []
    for name in NAMES:
        s = cn.as_structure(name)
        label = (2.0 * np.eye(3)).tolist()
        records.append(
            {
                "id": name,
                "lattice": s.lattice.matrix.tolist(),
                "species": [site.specie.symbol for site in s],
                "frac_coords": s.frac_coords.tolist(),
                "targets": {"eps": label},
            }
        )
    good = lambda batch, _: {"dielectric": plain(batch)}  # noqa: E731
    targets = {"eps": "dielectric"}
    clean = evaluate(fake_model(good, targets=targets), [r for r in records if r["id"] != "GaAs"], "eps")
    result = evaluate(fake_model(poisoned(plain, float("nan")), targets=targets), records, "eps")
    assert result.n == 3
    assert result.skipped == {"prediction.non_finite": 1}
    assert [row["id"] for row in result.per_crystal] == ["NaCl", "rutile", "quartz"]
    assert result.metrics["rel_median"] == pytest.approx(clean.metrics["rel_median"])


@pytest.mark.parametrize("smallest", [-3.0, 0.0, 0.99])
def test_a_permittivity_below_the_vacuum_is_invalid_and_unclipped(fake_model: Any, smallest: float) -> None:
    def act(batch: Any, _: Any) -> dict[str, torch.Tensor]:
        return {"dielectric": torch.diag(torch.tensor([5.0, 5.0, smallest])).repeat(batch.n_crystals, 1, 1)}

    p = cn.predict("rutile", fake_model(act))
    assert (p.notices[0].code, p.notices[0].severity) == ("prediction.unphysical", "error")
    assert "smallest eigenvalue" in p.notices[0].text
    np.testing.assert_allclose(p.value, np.diag([5.0, 5.0, smallest]), atol=1e-6)


def test_a_tensor_that_is_not_symmetric_is_invalid(fake_model: Any) -> None:
    skew = torch.tensor([[5.0, 0.4, 0.0], [-0.4, 5.0, 0.0], [0.0, 0.0, 6.0]])
    p = cn.predict("rutile", fake_model(lambda batch, _: {"dielectric": skew.repeat(batch.n_crystals, 1, 1)}))
    assert (p.notices[0].code, p.notices[0].severity) == ("prediction.asymmetric", "error")


def test_an_unstable_stiffness_is_invalid() -> None:
    stable = np.diag([200.0, 200, 200, 80, 80, 80]) + 60 * (
        np.pad(np.ones((3, 3)), (0, 3)) - np.diag([1, 1, 1, 0, 0, 0])
    )
    assert unphysical(ELASTIC, ELASTIC.cartesian(stable), stable) == ()
    broken = stable.copy()
    broken[3, 3] = -1.0
    (notice,) = unphysical(ELASTIC, ELASTIC.cartesian(broken), broken)
    assert "stable" in notice.text


def test_no_error_notice_where_nothing_is_wrong(fake_model: Any, plain: Any) -> None:
    for p in cn.predict(NAMES, fake_model(lambda batch, _: {"dielectric": plain(batch)})):
        assert [n for n in p.notices if n.severity == "error"] == []


def test_a_non_finite_value_needs_its_notice() -> None:
    p = cn.predict("NaCl")
    with pytest.raises(cn.ShapeError, match="non_finite"):
        dataclasses.replace(p, value=np.full((3, 3), np.nan))
