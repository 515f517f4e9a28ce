"""Baselines and ensembles: closed forms on the validation part."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from crysnb.errors import CrysnbError
from crysnb.graph.build import build_one
from crysnb.structure.examples import example
from crysnb.studies import baselines
from crysnb.studies.ensemble import by_size
from crysnb.training.data import Labelled
from crysnb.values.tensor_kind import DIELECTRIC, PIEZOELECTRIC


def crystal(name: str, *diagonal: float) -> Labelled:
    s = example(name)
    return Labelled(
        id=name,
        graph=build_one(s, 4.0),
        label=torch.diag(torch.tensor(diagonal, dtype=torch.float64)),
        elements=tuple(sorted(str(e) for e in s.composition.elements)),
    )


def test_median_and_forest_are_isotropic_and_the_forest_knows_the_composition() -> None:
    train = [crystal("NaCl", 2, 2, 2), crystal("NaCl", 2, 2, 2), crystal("NaCl", 2, 2, 2)]
    train += [crystal("GaAs", 11, 11, 11)] * 2 + [crystal("rutile", 6, 6, 9)] * 4
    val = [crystal("NaCl", 2, 2, 2), crystal("GaAs", 11, 11, 14)]
    found = baselines.baselines(train, val, "dielectric")
    median = found["median"]
    errors = [np.sqrt(3) * 5, np.linalg.norm([4, 4, 7])]  # the median of trace/3 is 7
    assert median["fnorm_cart"] == pytest.approx(np.mean(errors))
    assert median["aniso_rel_median"] == pytest.approx(1)
    assert found["forest"]["aniso_rel_median"] == pytest.approx(1)
    assert found["forest"]["fnorm_cart"] < 0.6 * median["fnorm_cart"]


def test_features_are_those_of_composition_and_density() -> None:
    one = baselines.composition_features(crystal("NaCl", 2, 2, 2))
    conventional = example("NaCl") * (1, 1, 2)
    two = baselines.composition_features(
        Labelled(id="", graph=build_one(conventional, 4.0), label=torch.eye(3), elements=())
    )
    np.testing.assert_allclose(one, two, rtol=1e-6)
    assert one[-1] == pytest.approx(example("NaCl").volume / len(example("NaCl")))


def test_the_command_reads_no_test_part(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["baselines", "gmtnet-dielectric", "--data", str(data)])
    baselines.main()
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert all('"crystals": {"train": 4, "val": 1}' in line for line in lines)


def test_missing_data_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["baselines", "gmtnet-dielectric", "--data", str(tmp_path)])
    with pytest.raises(CrysnbError, match=r"data\.missing"):
        baselines.main()


def test_ensembles_of_every_size_are_averaged() -> None:
    true = np.broadcast_to(np.eye(3) * 4.0, (5, 3, 3))
    offsets = np.array([-0.3, -0.1, 0.4])
    members = true[:, None] + offsets[None, :, None, None] * np.eye(3)
    lines = list(by_size(members, true, DIELECTRIC))
    assert [line["members"] for line in lines] == [1, 2, 3]
    assert [line["ensembles"] for line in lines] == [3, 3, 1]
    ones = np.abs(offsets) / 4
    twos = np.abs([-0.2, 0.05, 0.15]) / 4
    assert lines[0]["mean"]["rel_median"] == pytest.approx(ones.mean())
    assert lines[0]["sd"]["rel_median"] == pytest.approx(ones.std())
    assert lines[1]["mean"]["rel_median"] == pytest.approx(twos.mean())
    assert lines[2]["mean"]["rel_median"] == pytest.approx(0, abs=1e-12)


def test_isotropic_stiffness_is_two_moduli() -> None:
    from crysnb.tensors.moduli import averages
    from crysnb.values.tensor_kind import ELASTIC

    voigt = np.diag([300.0, 280, 250, 90, 70, 60])
    voigt[0, 1] = voigt[1, 0] = 120
    label = torch.from_numpy(ELASTIC.cartesian(voigt)[None])
    values = baselines.isotropic_values(label)
    bounds = averages(voigt).voigt
    np.testing.assert_allclose(values.numpy(), [[3 * bounds.bulk, 2 * bounds.shear]])
    again = baselines.isotropic_tensor(values, 4)
    np.testing.assert_allclose(baselines.isotropic_values(again).numpy(), values.numpy())
    train = [
        Labelled(id=n, graph=build_one(example(n), 4.0), label=k * again[0], elements=(n,))
        for n, k in (("NaCl", 1), ("GaAs", 2), ("NaCl", 1), ("GaAs", 2))
    ]
    found = baselines.baselines(train, train, "elastic")
    assert found["forest"]["k_vrh_mae"] < found["median"]["k_vrh_mae"]


E14 = torch.zeros(3, 3, 3, dtype=torch.float64)
for i, j, k in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
    E14[i, j, k] = E14[i, k, j] = 0.4


def zincblende(name: str, e14: float) -> Labelled:
    """A crystal of -43m whose sign nobody knows."""
    one = crystal(name, 1, 1, 1)
    return Labelled(
        id=name,
        graph=one.graph,
        label=e14 * E14,
        elements=one.elements,
        choices=torch.stack([e14 * E14, -e14 * E14]),
    )


def test_the_mean_of_a_class_does_not_cancel_where_signs_are_unknown() -> None:
    train = [zincblende("GaAs", 1.0), zincblende("GaAs", -2.0), zincblende("GaAs", 3.0)]
    found = baselines.baselines(train, [zincblende("GaAs", -1.0)], "piezoelectric")
    assert found["zero"]["rel_median_gauge"] == pytest.approx(1)
    assert found["class mean"]["rel_median_gauge"] == pytest.approx(1)  # |2 - 1| / 1
    guess = baselines.class_means(
        train, train[:1], baselines.tensor_of(baselines.property_spec("piezoelectric"))
    )
    np.testing.assert_allclose(np.abs(guess[0]), 2 * E14, atol=1e-9)


def test_a_class_without_training_crystals_is_guessed_as_zero() -> None:
    guess = baselines.class_means([zincblende("GaAs", 1.0)], [crystal("GaN", 1, 1, 1)], PIEZOELECTRIC)
    assert not guess.any()
