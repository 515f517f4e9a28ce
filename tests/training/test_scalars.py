"""Networks of numbers: data, loss, a run from recipe to model folder."""

from __future__ import annotations

import gzip
import json
import math
import sys
from dataclasses import dataclass, fields
from pathlib import Path
from types import ModuleType

import pytest
import torch
from torch import nn

import crysnb as cn
from crysnb.datasets.dataset import raw_of
from crysnb.errors import ShapeError, UnknownName
from crysnb.evaluate.run import evaluate
from crysnb.models import interface
from crysnb.models.scalar import ScalarNetwork, ScalarOutput
from crysnb.training.publish import score
from crysnb.training.recipe_file import changed, find_recipe, from_folder
from crysnb.training.recipes import recipe_from
from crysnb.training.run import train
from crysnb.training.scalar_data import load_numbers
from crysnb.training.scalar_loop import ScalarRun, error_loss, scores, seeded_scalar_network
from crysnb.training.scalar_recipe import ScalarRecipe
from crysnb.values.trace import no_tap
from crysnb.weights import store

CRYSTALS = ("NaCl", "GaAs", "rutile", "quartz", "GaN", "BaTiO3", "MgO", "Si")


@dataclass(frozen=True, kw_only=True)
class TinyConfig:
    """Properties and a width."""

    properties: tuple[str, ...] = ("formation_energy", "band_gap")
    width: int = 8

    def to_dict(self):
        return {"schema_version": 1, "properties": list(self.properties), "width": self.width}

    @classmethod
    def from_dict(cls, data):
        known = {f.name: data[f.name] for f in fields(cls) if f.name in data}
        return cls(**{**known, "properties": tuple(known["properties"])})


class Tiny(ScalarNetwork):
    """Mean over atoms of a layer on an embedding, with batch statistics and a penalty."""

    def __init__(self, config):
        super().__init__(config.properties)
        self.embed = nn.Embedding(100, config.width)
        self.norm = nn.BatchNorm1d(config.width)
        self.head = nn.Linear(config.width, len(config.properties))

    @property
    def cutoff(self):
        return 4.0

    @property
    def neighbors(self):
        return 6

    def latent(self, batch, tap=no_tap):
        x = self.norm(self.embed(batch.atomic_number))
        n = torch.bincount(batch.crystal_of_atom)
        mean = torch.zeros(batch.n_crystals, x.shape[1]).index_add_(0, batch.crystal_of_atom, x) / n[:, None]
        return ScalarOutput(latent=self.head(mean), features=mean, penalty=1e-3 * mean.square().mean())


@pytest.fixture(autouse=True)
def tiny(monkeypatch):
    module = ModuleType("crysnb_tiny_family")
    module.CONFIG, module.CITATION = TinyConfig, "@misc{tiny}"
    module.build = lambda config: Tiny(TinyConfig.from_dict(config))
    module.telling_shapes = lambda config: {"embed.weight": (100, config["width"])}
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(interface.FAMILIES._items, "tiny", module.__name__)


@pytest.fixture
def recipe():
    return ScalarRecipe(
        name="tiny-energies", family="tiny", dataset="energies", model=TinyConfig(), epochs=6, batch_size=3,
        learning_rate=0.05, targets=("e", "gap"), learns=("formation_energy", "band_gap"), subset="few.json",
    )  # fmt: skip


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "data" / "energies"
    folder.mkdir(parents=True)
    records = [
        raw_of(cn.as_structure(n), n, {"e": -0.5 * k, **({"gap": 0.25 * k} if k != 1 else {})})
        for k, n in enumerate(CRYSTALS)
    ]
    records.append(raw_of(cn.as_structure("ZnO"), "unlabelled", {"other": 1.0}))
    records.append(raw_of(cn.as_structure("CsCl"), "infinite", {"e": math.inf}))
    text = "".join(json.dumps(r) + "\n" for r in records)
    (folder / "structures.jsonl.gz").write_bytes(gzip.compress(text.encode()))
    split = {"train": [*CRYSTALS[:5], "unlabelled", "infinite"], "val": CRYSTALS[5:7], "test": CRYSTALS[7:]}
    (folder / "few.json").write_text(json.dumps(split))
    return folder.parent


def test_a_missing_number_is_nan_and_a_record_without_any_is_left_out(recipe, data):
    network = seeded_scalar_network(recipe)
    loaded = load_numbers(data / "energies", recipe, network)
    assert [c.id for c in loaded.parts["train"]] == list(CRYSTALS[:5])
    assert [c.id for c in loaded.parts["val"]] == list(CRYSTALS[5:7])
    assert loaded.left_out == {"label.missing": 1, "label.non_finite": 1}
    second = loaded.parts["train"][1].label
    assert second[0] == -0.5
    assert second[1].isnan()
    # the graph is the one that the network asks for: whole shells of six neighbours
    assert loaded.parts["train"][0].graph.n_edges == 6 * loaded.parts["train"][0].graph.n_atoms


def test_the_count_takes_the_same_crystals_whatever_the_order(recipe, data):
    network = seeded_scalar_network(recipe)
    few = load_numbers(data / "energies", recipe.with_changes(count=3), network).parts["train"]
    file = data / "energies" / "few.json"
    split = json.loads(file.read_text())
    file.write_text(json.dumps({**split, "train": split["train"][::-1]}))
    again = load_numbers(data / "energies", recipe.with_changes(count=3), network).parts["train"]
    assert [c.id for c in few] == [c.id for c in again]
    assert 0 < len(few) <= 3


def test_further_sets_are_learned_from_without_formulas_kept_aside(recipe, data):
    more = data / "more"
    more.mkdir()
    records = [
        raw_of(cn.as_structure(n), f"more-{n}", {"e": 1.0, "gap": 1.0}) for n in ("ZnO", "BaTiO3", "CsCl")
    ]
    text = "".join(json.dumps(r) + "\n" for r in records)
    (more / "structures.jsonl.gz").write_bytes(gzip.compress(text.encode()))
    split = {"train": ["more-ZnO", "more-BaTiO3"], "val": ["more-CsCl"], "test": []}
    (more / "split.json").write_text(json.dumps(split))
    wide = recipe.with_changes(also=("more",))
    loaded = load_numbers(data / "energies", wide, seeded_scalar_network(wide))
    assert [c.id for c in loaded.parts["train"]] == [*CRYSTALS[:5], "more-ZnO"]  # BaTiO3 is in val
    assert [c.id for c in loaded.parts["val"]] == list(CRYSTALS[5:7])
    assert wide.hash != recipe.hash
    assert "also" not in recipe.to_dict()


def test_large_cells_and_unknown_labels_are_said(recipe, data):
    network = seeded_scalar_network(recipe)
    loaded = load_numbers(data / "energies", recipe.with_changes(max_atoms=2), network)
    assert loaded.left_out["data.too_many_atoms"] > 0
    with pytest.raises(UnknownName, match="gapp"):
        load_numbers(data / "energies", recipe.with_changes(targets=("e", "gapp")), network)


def test_the_loss_counts_known_labels_alone():
    predicted = torch.tensor([[1.0, 5.0], [2.0, 0.0]], requires_grad=True)
    true = torch.tensor([[2.0, float("nan")], [2.5, 1.0]])
    loss = error_loss(predicted, true, 0.0)
    assert loss.item() == pytest.approx((1 + 0.5 + 1) / 4)
    loss.backward()
    assert predicted.grad[0, 1] == 0
    assert error_loss(predicted, true, 1.0).item() == pytest.approx((0.5 + 0.125 + 0.5) / 4)


def test_a_run_learns_and_the_average_has_the_statistics_of_the_network(recipe, data):
    parts = load_numbers(data / "energies", recipe, seeded_scalar_network(recipe)).parts
    run = ScalarRun(recipe.with_changes(epochs=60), parts["train"], parts["val"])
    network = run.train()
    assert run.log[-1]["loss"] < 0.6 * run.log[0]["loss"]
    assert torch.equal(network.norm.running_mean, run.network.norm.running_mean)
    assert network.norm.running_mean.abs().max() > 0
    assert set(run.log[-1]) == {"epoch", "loss", "score", "mae_formation_energy", "mae_band_gap"}
    assert scores(network, parts["train"], recipe.learns)["score"] < 0.6


def test_from_recipe_to_model_to_prediction_and_score(recipe, data, tmp_path, monkeypatch):
    monkeypatch.setenv("CRYSNB_DATA", str(data))
    card = train(recipe, out=tmp_path / "run")
    assert card.properties == ("formation_energy", "band_gap")
    assert card.targets == {"e": "formation_energy", "gap": "band_gap"}
    assert (card.family, card.citation) == ("tiny", "@misc{tiny}")
    assert card.dataset["subset"] == "few.json"
    assert card.metrics["val"].keys() == {"score", "mae_formation_energy", "mae_band_gap"}
    folder = tmp_path / "run" / "model"
    both = cn.predict("NaCl", model=folder, property="all")
    assert [(p.unit, np_shape(p)) for p in both.values()] == [("eV/atom", ()), ("eV", ())]
    scored = score(folder, data, "train").metrics["train"]
    assert (scored["formation_energy"]["n"], scored["band_gap"]["n"]) == (5, 4)
    assert "--target gap" in scored["band_gap"]["command"]
    assert "few.json" in scored["band_gap"]["command"]
    records = [raw_of(cn.as_structure(n), n, {"gap": 1.0}) for n in CRYSTALS[:5]]
    assert evaluate(folder, records, "gap").n == 5


def np_shape(prediction):
    return prediction.value.shape


def test_a_stopped_run_goes_on_to_the_bit(recipe, data, tmp_path, monkeypatch):
    monkeypatch.setenv("CRYSNB_DATA", str(data))
    torch.set_num_threads(1)
    whole = train(recipe, out=tmp_path / "whole")
    original, left = ScalarRun.after_epoch, [2]

    def stop(self):
        original(self)
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(ScalarRun, "after_epoch", stop)
        with pytest.raises(KeyboardInterrupt):
            train(recipe, out=tmp_path / "parts")
    assert train(recipe, out=tmp_path / "parts", resume=True).sha256 == whole.sha256


def test_a_recipe_returns_from_plain_data_and_keeps_its_hash(recipe, tmp_path):
    again = recipe_from(json.loads(json.dumps(recipe.to_dict())))
    assert again == recipe
    assert again.hash == recipe.hash
    file = tmp_path / "mine.json"
    file.write_text(json.dumps(recipe.to_dict()))
    assert find_recipe(file) == recipe
    one = changed(recipe, {"learns": ["band_gap"], "targets": ["gap"], "width": 4})
    assert one.model == TinyConfig(properties=("band_gap",), width=4)
    mine = from_folder(recipe, "my crystals")
    assert (mine.dataset, mine.subset, mine.count) == ("my-crystals", "", 0)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"targets": ("e",)}, "recipe.range"),
        ({"targets": ("e", "e")}, "recipe.range"),
        ({"subset": "../few.json"}, "recipe.range"),
        ({"subset": "few.txt"}, "recipe.range"),
        ({"learns": ("band_gap", "formation_energy")}, "recipe.learns"),
        ({"huber": -1.0}, "recipe.range"),
    ],
)
def test_what_does_not_fit_is_refused(recipe, changes, code):
    with pytest.raises(ShapeError) as caught:
        recipe.with_changes(**changes)
    assert caught.value.code == code


def test_a_family_of_tensors_learns_no_numbers(recipe, data, tmp_path):
    with pytest.raises(ShapeError, match="scalar"):
        train(recipe.with_changes(family="gmtnet"), data=data, out=tmp_path / "run")


def test_the_stored_card_loads_again(recipe, data, tmp_path, monkeypatch):
    monkeypatch.setenv("CRYSNB_DATA", str(data))
    train(recipe, out=tmp_path / "run")
    assert store.load(Path(tmp_path / "run" / "model")).card.family == "tiny"
