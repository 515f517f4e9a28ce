"""Cross-validation: chemistry never sits on both sides, and every crystal is predicted once."""

from __future__ import annotations

from collections import Counter

import pytest
import torch

from crysnb.graph.build import build_one
from crysnb.structure.examples import example
from crysnb.studies import crossval
from crysnb.training.data import Labelled
from crysnb.training.pretrain import ScalarCrystal
from crysnb.training.recipes import RECIPES

NAMES = ("NaCl", "GaAs", "rutile", "quartz", "GaN", "BaTiO3")
SMALL = RECIPES.get("gmtnet-dielectric").with_changes(
    epochs=1, batch_size=4, width=8, channels=2, blocks=1, cutoff=4.0
)


def crystals() -> list[Labelled]:
    out = []
    for name in NAMES:
        s = example(name)
        elements = tuple(sorted(str(e) for e in s.composition.elements))
        out += [
            Labelled(
                id=f"{name}{k}",
                graph=build_one(s, 4.0),
                label=torch.eye(3, dtype=torch.float64) * (2 + k),
                elements=elements,
            )
            for k in range(2)
        ]
    return out


def test_same_elements_same_fold() -> None:
    folds = {c.id: crossval.fold_of(c, 3) for c in crystals()}
    assert all(folds[f"{name}0"] == folds[f"{name}1"] for name in NAMES)
    assert len(set(folds.values())) > 1


def test_every_crystal_is_predicted_once_by_a_network_that_did_not_see_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[set[tuple[str, ...]]] = []
    predicted: Counter[str] = Counter()
    real = crossval.predict_labels

    class Spy(crossval.Run):
        def train(self, *, resume: bool = False):  # type: ignore[no-untyped-def]
            seen.append({c.elements for c in self.train_set})
            return super().train(resume=resume)

    def spy(network, held_out, name):  # type: ignore[no-untyped-def]
        predicted.update(c.id for c in held_out)
        assert not {c.elements for c in held_out} & seen[-1]
        return real(network, held_out, name)

    monkeypatch.setattr(crossval, "Run", Spy)
    monkeypatch.setattr(crossval, "predict_labels", spy)
    metrics = crossval.cross_validate(SMALL, crystals(), 3)
    assert set(predicted.values()) == {1}
    assert len(predicted) == len(crystals())
    assert metrics["rel_median"] > 0


def test_further_crystals_and_lessons_of_the_held_out_chemistry_are_not_learned_from(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    every = crystals()
    lessons = [ScalarCrystal(id=c.id, graph=c.graph, label=torch.tensor([50.0, 30.0])) for c in every]
    assert [c.elements for c in lessons] == [c.elements for c in every]
    learned: list[set[tuple[str, ...]]] = []
    scored: list[int] = []

    def spy_taught(recipe, train, given):  # type: ignore[no-untyped-def]
        assert {c.elements for c in given} == {c.elements for c in train}
        learned.append({c.elements for c in (*train, *given)})
        return crossval.Run(recipe, train, []).network

    def spy(network, held_out, name):  # type: ignore[no-untyped-def]
        assert not {c.elements for c in held_out} & learned[-1]
        scored.append(len(held_out))
        return torch.stack([c.label for c in held_out]).numpy()

    monkeypatch.setattr(crossval, "taught", spy_taught)
    monkeypatch.setattr(crossval, "predict_labels", spy)
    crossval.cross_validate(SMALL, every[::2], 3, also=every[1::2], lessons=lessons)
    assert sum(scored) == len(every[::2])
