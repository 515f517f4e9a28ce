"""The notice `domain.far`: when it comes, what it says, and that it costs no second pass."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import crysnb as cn
from crysnb.models.interface import Model, load_model
from crysnb.predict.domain import distance_notices
from crysnb.values.prediction import Notice
from crysnb.weights.reference import FEATURES, FeatureReference

MEASURED = {"spearman_ci95": [0.4, 0.7], "near_error": 0.027, "far_error": 0.174}


def reference(measured: dict[str, Any]) -> FeatureReference:
    """Training crystals at whole numbers on one axis, validation distances 1 to 100."""
    return FeatureReference(
        center=np.zeros(1),
        transform=np.eye(1),
        train=np.full((5, 1), 0.0),
        labels=("mp-1 (NaCl)", "b", "c", "d", "e"),
        val=np.arange(1.0, 101.0),
        measured=measured,
    )


def notice(distance: float, measured: dict[str, Any] = MEASURED) -> tuple[Notice, ...]:
    return distance_notices(np.array([distance]), reference(measured))


def test_near_crystals_get_no_notice_and_far_ones_numbers() -> None:
    assert notice(10.5) == notice(75.0) == ()
    (one,) = notice(76.5)
    assert (one.code, one.severity) == ("domain.far", "info")
    for words in (
        "1.5 times",
        "100 validation crystals",
        "farther than 76 %",
        "mp-1 (NaCl)",
        "17 %",
        "2.7 %",
    ):
        assert words in one.text
    (one,) = notice(96.5)
    assert one.severity == "warning"


def test_a_distance_that_is_worth_nothing_says_so() -> None:
    (one,) = notice(90.5, {**MEASURED, "spearman_ci95": [-0.1, 0.3]})
    assert "did not go along with the error" in one.text
    assert "17 %" not in one.text
    (one,) = notice(90.5, {})
    assert "was not measured" in one.text


def test_no_reference_no_notice() -> None:
    assert distance_notices(np.array([1e9]), None) == ()


@pytest.fixture(scope="module")
def model() -> Model:
    return load_model("gmtnet-dielectric", device="cpu")


def far(prediction: Any) -> list[Notice]:
    return [n for n in prediction.notices if n.code == "domain.far"]


def test_common_crystals_are_near_and_strange_ones_far(model: Model) -> None:
    for name in ("NaCl", "quartz", "rutile", "BaTiO3"):
        assert far(cn.predict(name, model)) == []
    for name in ("graphite", "Fe"):
        (one,) = far(cn.predict(name, model))
        assert one.severity == "warning"


@pytest.mark.parametrize("volume", [0.3, 4.0])
def test_a_cell_of_the_wrong_size_is_far(model: Model, volume: float) -> None:
    structure = cn.as_structure("NaCl")
    structure.scale_lattice(structure.volume * volume)
    assert len(far(cn.predict(structure, model))) == 1


def test_the_features_come_from_the_pass_that_predicts(model: Model) -> None:
    calls = []

    class Counting:
        cutoff = model.cutoff

        def __call__(self, batch: Any, tap: Any = None) -> Any:
            calls.append(batch.n_crystals)
            return model.network(batch)

    counted = replace(model, network=Counting())
    told = far(cn.predict("FeSi", counted))
    assert len(told) == 1
    assert len(calls) == 2  # the crystal as given, and idealised
    assert far(cn.predict("FeSi", replace(counted, reference=None))) == []
    assert len(calls) == 4


def test_the_distance_does_not_depend_on_cell_and_orientation(model: Model) -> None:
    from crysnb.graph.build import build
    from crysnb.structure.transforms import random_rotation, rotated, supercell

    s = cn.as_structure("quartz")
    others = [s, supercell(s, (2, 1, 1)), rotated(s, random_rotation(np.random.default_rng(0), proper=False))]
    assert model.reference is not None
    features = model.forward(build(others, model.cutoff))[FEATURES].numpy()
    distances = [model.reference.distance(x) for x in features]
    assert np.ptp(distances) < 1e-3 * distances[0]


def test_a_network_without_features_still_predicts(model: Model) -> None:
    class Silent:
        cutoff = model.cutoff

        def __call__(self, batch: Any, tap: Any = None) -> Any:
            return {k: v for k, v in model.network(batch).items() if k != FEATURES}

    assert far(cn.predict("FeSi", replace(model, network=Silent()))) == []
