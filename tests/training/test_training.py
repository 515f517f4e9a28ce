"""Training: seeded, resumable to the bit, publishes a loadable model; the loss is invariant."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import crysnb as cn
from crysnb.errors import CrysnbError, ShapeError, UnknownName
from crysnb.models.gmtnet.build import build
from crysnb.models.gmtnet.config import GMTNetConfig
from crysnb.structure.transforms import random_rotation
from crysnb.training import checkpoint
from crysnb.training.data import load
from crysnb.training.loop import Run
from crysnb.training.loss import tensor_loss
from crysnb.training.publish import score, ship, write_model
from crysnb.training.recipes import RECIPES
from crysnb.training.run import train as train_command
from crysnb.training.tensor_recipe import TensorRecipe
from crysnb.weights import store

CRYSTALS = ("NaCl", "GaAs", "rutile", "quartz", "GaN", "BaTiO3")
SMALL = RECIPES.get("gmtnet-dielectric").with_changes(
    members=1, epochs=3, batch_size=2, width=8, channels=2, blocks=1, dropout=0.3, noise=0.02, cutoff=4.0
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set of the bundled crystals, one record per fault of a label."""
    root: Path = tmp_path_factory.mktemp("data") / "mp_dielectric"
    root.mkdir()
    rng = np.random.default_rng(0)
    records: list[dict[str, Any]] = []
    for name in CRYSTALS:
        s = cn.as_structure(name)
        label = np.eye(3) * rng.uniform(2, 8) + 1e-4 * rng.normal(size=(3, 3))
        records.append(
            {
                "id": name,
                "lattice": s.lattice.matrix.tolist(),
                "species": [str(x) for x in s.species],
                "frac_coords": s.frac_coords.tolist(),
                "targets": {"eps_electronic": label.tolist()},
            }
        )
    records += [
        {**records[0], "id": "broken", "symmetry_ok": False},
        {**records[0], "id": "large", "targets": {"eps_electronic": (np.eye(3) * 500).tolist()}},
        {**records[0], "id": "unlabelled", "targets": {}},
        {**records[0], "id": "listed", "targets": [1]},
        {**records[0], "id": "null", "targets": None},
        {**records[0], "id": "ragged", "targets": {"eps_electronic": [[1, 2], [3]]}},
        {**records[0], "id": "nan", "targets": {"eps_electronic": (np.eye(3) * np.nan).tolist()}},
    ]
    text = "".join(json.dumps(r) + "\n" for r in records)
    (root / "structures.jsonl.gz").write_bytes(gzip.compress(text.encode()))
    names = [r["id"] for r in records]
    split = {"train": names[:4] + names[6:], "val": names[4:6], "test": []}
    (root / "split.json").write_text(json.dumps(split))
    return root


def test_data_leaves_out_and_counts(folder: Path) -> None:
    data = load(folder, SMALL)
    assert {part: len(c) for part, c in data.parts.items()} == {"train": 4, "val": 2}
    assert data.left_out == {
        "label.breaks_symmetry": 1,
        "label.too_large": 1,
        "label.missing": 3,
        "tensor.not_numeric": 1,
        "tensor.non_finite": 1,
    }
    assert data.element_counts() == {"As": 1, "Cl": 1, "Ga": 1, "Na": 1, "O": 2, "Si": 1, "Ti": 1}


def test_labels_are_projected(folder: Path) -> None:
    label = load(folder, SMALL).parts["train"][0].label
    assert torch.equal(label, torch.eye(3, dtype=torch.float64) * label[0, 0])


def train(folder: Path, out: Path | None, recipe: TensorRecipe = SMALL, *, resume: bool = False) -> Run:
    data = load(folder, recipe)
    run = Run(recipe, data.parts["train"], data.parts["val"], out)
    run.train(resume=resume)
    return run


def same(a: Run, b: Run) -> bool:
    return all(
        torch.equal(x, y)
        for x, y in zip(a.averaged.state_dict().values(), b.averaged.state_dict().values(), strict=True)
    )


def test_same_seed_same_bits_and_other_seed_other_weights(folder: Path) -> None:
    first = train(folder, None)
    torch.rand(7)  # the global generator must not matter
    assert same(first, train(folder, None))
    assert not same(first, train(folder, None, SMALL.with_changes(seed=1)))


def test_training_leaves_the_global_generator_alone(folder: Path) -> None:
    before = torch.default_generator.get_state()
    train(folder, None)
    assert torch.equal(before, torch.default_generator.get_state())


@pytest.mark.parametrize("stop_after", [1, 2])
def test_resumed_run_equals_the_uninterrupted_one(
    folder: Path, tmp_path: Path, stop_after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = train(folder, tmp_path / "whole")
    epoch = Run._epoch

    def killed(self: Run) -> float:
        if self.epoch == stop_after:
            raise KeyboardInterrupt
        return epoch(self)

    with monkeypatch.context() as patch:
        patch.setattr(Run, "_epoch", killed)
        with pytest.raises(KeyboardInterrupt):
            train(folder, tmp_path / "cut")
    resumed = train(folder, tmp_path / "cut", resume=True)
    assert same(whole, resumed)
    assert whole.log == resumed.log


def test_a_run_of_another_recipe_is_not_resumed(folder: Path, tmp_path: Path) -> None:
    train(folder, tmp_path)
    with pytest.raises(CrysnbError, match="other_recipe"):
        train(folder, tmp_path, SMALL.with_changes(seed=5), resume=True)


def test_a_cut_checkpoint_never_takes_the_place_of_a_whole_one(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(folder, tmp_path)

    def fail(*_: Any) -> bytes:
        message = "disk full"
        raise OSError(message)

    good = checkpoint.latest(tmp_path, SMALL.hash)
    assert good is not None
    monkeypatch.setattr(checkpoint.store, "tensor_bytes", fail)
    with pytest.raises(OSError, match="disk full"):
        checkpoint.save(tmp_path, checkpoint.Checkpoint(9, SMALL.hash, good.tensors, []))
    again = checkpoint.latest(tmp_path, SMALL.hash)
    assert again is not None
    assert again.epoch == good.epoch


def test_published_model_predicts_what_the_run_validated(folder: Path, tmp_path: Path) -> None:
    run = train(folder, None)
    data = load(folder, SMALL)
    ensemble = build({**SMALL.model.to_dict(), "members": 1})
    ensemble.members[0].load_state_dict(run.averaged.state_dict())
    write_model(tmp_path / "model", SMALL, ensemble, data, {"val": run.validate()})
    ship(tmp_path / "model", tmp_path / "shipped")
    manifest = json.loads((tmp_path / "shipped" / "manifest.json").read_text())
    assert manifest == {"gmtnet-dielectric": store.manifest_of(tmp_path / "model")}
    p = cn.predict("NaCl", tmp_path / "shipped" / "gmtnet-dielectric")
    expected = run.averaged(data.parts["train"][0].graph)["dielectric"][0].detach().numpy()
    np.testing.assert_allclose(p.value, expected, rtol=1e-5, atol=1e-6)


def test_score_writes_the_figures_and_counts_the_openings(folder: Path, tmp_path: Path) -> None:
    train_command(SMALL, data=folder.parent, out=tmp_path)
    for opened in (1, 2):
        card = score(tmp_path / "model", folder.parent, "train")
        assert card.metrics["train"]["opened"] == opened
    stored = store.load(tmp_path / "model").card.metrics["train"]
    assert stored["n"] == 4
    assert stored["rel_median"] > 0


def test_ensemble_has_distinct_members_and_a_projected_uncertainty(folder: Path, tmp_path: Path) -> None:
    card = train_command(SMALL.with_changes(members=3, seed=4), data=folder.parent, out=tmp_path)
    assert card.metrics["uncertainty_factor"] > 0
    assert card.config["members"] == 3
    p = cn.predict("rutile", tmp_path / "model")
    assert p.uncertainty is not None
    assert p.uncertainty.shape == (3, 3)
    assert p.uncertainty[0, 0] == pytest.approx(p.uncertainty[1, 1])
    assert p.uncertainty[0, 0] > 0
    assert p.uncertainty[0, 1] == 0
    members = [
        cn.predict("rutile", tmp_path / "model", idealize=False).value,
        cn.predict("rutile", tmp_path / "model").value,
    ]
    np.testing.assert_allclose(members[0], members[1], atol=1e-5)


def test_loss_is_invariant_and_zero_for_the_truth() -> None:
    rng = np.random.default_rng(0)
    a = rng.normal(size=(5, 3, 3))
    latent = torch.from_numpy((a + a.transpose(0, 2, 1)) / 2)
    from crysnb.models.tensor_targets import one_plus_exp

    label = one_plus_exp(latent)
    assert float(tensor_loss(latent, label, SMALL)) < 1e-4
    other = latent + 0.3 * torch.eye(3)
    q = torch.from_numpy(random_rotation(rng, proper=False))
    turned = tensor_loss(q @ other @ q.T, q @ label @ q.T, SMALL)
    torch.testing.assert_close(turned, tensor_loss(other, label, SMALL))
    assert float(turned) > 0.1


def test_recipes_check_themselves() -> None:
    with pytest.raises(ShapeError, match=r"recipe\.range"):
        SMALL.with_changes(epochs=0)
    with pytest.raises(UnknownName, match="epochs"):
        SMALL.with_changes(epoch=3)
    with pytest.raises(UnknownName, match="gmtnet-dielectric"):
        RECIPES.get("gmtnet-dielectrick")
    assert isinstance(SMALL.model, GMTNetConfig)
