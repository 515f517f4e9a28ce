"""Learning a stiffness: positive definite whatever the weights, moduli as lessons, nothing leaks."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import crysnb as cn
from crysnb.datasets.dataset import raw_of
from crysnb.errors import CrysnbError
from crysnb.models.tensor_targets import LogStiffness, from_mandel, target_of, to_mandel
from crysnb.structure.transforms import random_rotation
from crysnb.tensors.moduli import averages, vrh_moduli
from crysnb.training import provenance
from crysnb.training import run as run_module
from crysnb.training.data import load
from crysnb.training.devices import Devices
from crysnb.training.loss import anisotropic, hill_moduli, moduli_loss, tensor_loss
from crysnb.training.moduli import load_lessons, taught
from crysnb.training.pretrain import Lessons
from crysnb.training.recipes import RECIPES
from crysnb.training.run import train
from crysnb.training.tensor_recipe import TensorRecipe
from crysnb.values.tensor_kind import ELASTIC, rotate
from crysnb.weights import store

TARGET = LogStiffness()
SMALL = RECIPES.get("gmtnet-elastic").with_changes(
    members=2, epochs=2, batch_size=2, width=8, channels=2, blocks=1, cutoff=4.0, lesson_epochs=2
)
CRYSTALS = ("NaCl", "GaAs", "rutile", "quartz", "GaN", "BaTiO3")
SOFT = np.diag([50.0, 60, 70, 10, 20, 30])


def latents(n: int, size: float, dtype: torch.dtype = torch.float64) -> Tensor:
    """Random log-stiffnesses with every index symmetry."""
    random = torch.randn(n, 6, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    return from_mandel(size * random + 4 * torch.eye(6)).to(dtype)


@pytest.mark.parametrize("size", [0.1, 1.0, 30.0, 1e4])
def test_every_stiffness_is_positive_definite_also_in_single_precision(size: float) -> None:
    stiffness = TARGET.tensor(latents(50, size, torch.float32))
    assert stiffness.dtype == torch.float32
    for tensor in stiffness.double().numpy():
        assert averages(tensor).reuss.shear > 0  # raises for one that is not
        np.testing.assert_allclose(
            tensor, tensor.transpose(2, 3, 0, 1), rtol=0, atol=1e-5 * np.abs(tensor).max()
        )


def test_the_logarithm_of_a_label_is_undone() -> None:
    label = ELASTIC.cartesian(SOFT + 5)[None]
    np.testing.assert_allclose(
        TARGET.tensor(TARGET.latent(torch.from_numpy(label))).numpy(), label, rtol=1e-9
    )


def test_the_exponential_turns_with_the_crystal_and_ignores_batch_mates() -> None:
    latent = latents(4, 0.7)
    q = random_rotation(np.random.default_rng(1), proper=False)
    turned = torch.from_numpy(np.stack([rotate(ELASTIC, s, q) for s in latent.numpy()]))
    for before, after in zip(TARGET.tensor(latent), TARGET.tensor(turned), strict=True):
        np.testing.assert_allclose(
            after, rotate(ELASTIC, before.numpy(), q), atol=1e-9 * float(before.abs().max())
        )
    together = TARGET.tensor(latent.float())
    alone = torch.cat([TARGET.tensor(one[None]) for one in latent.float()])
    torch.testing.assert_close(together, alone, rtol=1e-6, atol=0)


def test_mandel_form_keeps_the_norm() -> None:
    tensor = latents(3, 2.0)
    torch.testing.assert_close(to_mandel(tensor).norm(dim=(1, 2)), tensor.flatten(1).norm(dim=1))
    torch.testing.assert_close(from_mandel(to_mandel(tensor)), tensor)


def test_moduli_are_those_of_the_tensor_package() -> None:
    latent = latents(5, 0.4)
    expected = vrh_moduli(TARGET.tensor(latent).numpy())
    np.testing.assert_allclose(hill_moduli(latent).numpy(), expected, rtol=1e-9)
    assert float(moduli_loss(latent, torch.from_numpy(expected))) < 1e-9
    assert float(moduli_loss(latent, torch.from_numpy(expected * [1.1, 1]))) == pytest.approx(np.log(1.1))


def test_the_anisotropic_part_has_no_moduli_and_an_isotropic_tensor_has_none() -> None:
    lame = np.zeros((6, 6))
    lame[:3, :3] = 40.0
    isotropic = ELASTIC.cartesian(lame + np.diag([60.0] * 3 + [30.0] * 3))
    assert float(anisotropic(torch.from_numpy(isotropic)[None]).norm()) < 1e-9
    rest = from_mandel(anisotropic(latents(3, 2.0)))
    assert torch.einsum("niijj->n", rest).abs().max() < 1e-9
    assert torch.einsum("nijij->n", rest).abs().max() < 1e-9
    assert rest.norm() > 1


def test_the_loss_is_invariant_and_zero_for_the_truth() -> None:
    latent = latents(4, 0.4)
    label = TARGET.tensor(latent)
    assert float(tensor_loss(latent, label, SMALL)) < 1e-4
    other = latent + latents(4, 0.1)
    q = random_rotation(np.random.default_rng(2), proper=False)

    def turn(tensors: Tensor) -> Tensor:
        return torch.from_numpy(np.stack([rotate(ELASTIC, t, q) for t in tensors.numpy()]))

    before = tensor_loss(other, label, SMALL)
    torch.testing.assert_close(tensor_loss(turn(other), turn(label), SMALL), before)
    assert float(before) > 0.1
    assert float(before) > float(tensor_loss(other, label, SMALL.with_changes(moduli_weight=0.0)))


def raw(name: str, identifier: str, targets: dict[str, Any]) -> dict[str, Any]:
    # The flag is taken at its word: SOFT is no tensor of these crystals.
    return {**raw_of(cn.as_structure(name), identifier, targets), "symmetry_ok": True}


def write(folder: Path, records: list[dict[str, Any]], **split: list[str]) -> None:
    folder.mkdir()
    text = "".join(json.dumps(r) + "\n" for r in records)
    (folder / "structures.jsonl.gz").write_bytes(gzip.compress(text.encode()))
    (folder / "split.json").write_text(json.dumps({"train": [], "val": [], "test": [], **split}))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four training crystals, GaN in val and BaTiO3 in test; further sets that hold them as well."""
    root: Path = tmp_path_factory.mktemp("elastic")
    tensors = [raw(n, n, {"elastic": (SOFT * (1 + k)).tolist()}) for k, n in enumerate(CRYSTALS)]
    tensors.append(raw("NaCl", "unstable", {"elastic": np.diag([9.0, 9, 9, 9, 9, -1]).tolist()}))
    train = [*CRYSTALS[:4], "unstable"]
    write(root / "mp_elastic_2015", tensors, train=train, val=["GaN"], test=["BaTiO3"])
    also = [raw("MgO", "also", {"elastic": SOFT.tolist()}), raw("Si", "held", {"elastic": SOFT.tolist()})]
    write(root / "mp_elastic_2022", also, train=["also"], val=["held"])
    moduli = [
        raw(n, f"m-{n}", {"k_vrh": 30.0 + k, "g_vrh": 20.0}) for k, n in enumerate((*CRYSTALS, "MgO", "Si"))
    ]
    moduli.append(raw("MgO", "m-zero", {"k_vrh": 0.0, "g_vrh": 20.0}))
    write(root / "mp_moduli_3k", moduli, train=[r["id"] for r in moduli if r["id"] != "m-Si"], test=["m-Si"])
    binary = [raw("MgO", "b-MgO", {"bulk_modulus_vrh": 40.0, "shear_modulus_vrh": 25.0})]
    write(root / "mp_moduli_binary", binary, train=["b-MgO"])
    return root


def test_further_sets_give_their_training_parts_alone(data: Path) -> None:
    loaded = load(data / "mp_elastic_2015", SMALL)
    assert [c.id for c in loaded.parts["train"]] == [*CRYSTALS[:4], "also"]
    assert [c.id for c in loaded.parts["val"]] == ["GaN"]
    assert loaded.left_out == {"label.not_positive_definite": 1}
    assert [c.id for c in load(data / "mp_elastic_2015", SMALL, ("val",)).parts["val"]] == ["GaN"]


def test_lessons_hold_no_formula_of_validation_and_test(data: Path) -> None:
    lessons = load_lessons(data / "mp_elastic_2015", SMALL)
    assert {c.id for c in lessons} == {"m-NaCl", "m-GaAs", "m-rutile", "m-quartz", "m-MgO", "b-MgO"}
    assert load_lessons(data / "mp_elastic_2015", SMALL.with_changes(lessons=())) == []


def test_lessons_teach_the_head_too(data: Path) -> None:
    train_set = load(data / "mp_elastic_2015", SMALL).parts["train"]
    lessons = load_lessons(data / "mp_elastic_2015", SMALL)
    before, after = taught(SMALL, train_set, []), taught(SMALL, train_set, lessons)
    changed = {n for n, p in after.named_parameters() if not torch.equal(p, before.get_parameter(n))}
    assert any(n.startswith("heads.elastic.scalar") for n in changed)
    assert any(n.startswith("blocks.0") for n in changed)
    untaught = {
        n for n, p in before.named_parameters() if not torch.equal(p, taught(SMALL, [], []).get_parameter(n))
    }
    assert not untaught


def test_training_gives_a_positive_definite_model_and_goes_on_after_the_lessons(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(provenance, "is_published", lambda _: True)
        card = train(SMALL, data=data, out=tmp_path / "whole")
    assert [one["use"].split(",")[0] for one in card.dataset["also"]] == [
        "tensors",
        *2 * ["bulk and shear moduli"],
    ]
    assert card.dataset["licence"] == "CC0 1.0, CC BY 4.0"
    p = cn.predict("quartz", tmp_path / "whole" / "model")
    assert p.value.shape == (6, 6)
    assert np.linalg.eigvalsh(p.value).min() > 0

    class Killed(BaseException):
        pass

    def killed(*_: Any, **__: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(run_module, "Run", killed)
        with pytest.raises(Killed):
            train(SMALL, data=data, out=tmp_path / "cut")
    taken = []

    def counted(*args: Any, folder: Path, **settings: Any) -> Any:
        taken.append(folder.name)
        return taught(*args, folder=folder, **settings)

    with monkeypatch.context() as patch:
        patch.setattr(run_module, "taught", counted)
        train(SMALL, data=data, out=tmp_path / "cut", resume=True)
    assert taken == ["lessons1"]  # those of the first member were taken before
    whole, cut = (store.load(tmp_path / name / "model").tensors for name in ("whole", "cut"))
    assert all(torch.equal(whole[name], cut[name]) for name in whole)
    assert not torch.equal(whole["members.0.embed.bias"], whole["members.1.embed.bias"])


def test_lessons_go_on_after_the_last_whole_epoch(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = SMALL.with_changes(members=1, epochs=1, lesson_epochs=3)
    whole = train(recipe, data=data, out=tmp_path / "whole")
    epoch, seen = Lessons._epoch, []

    class Killed(BaseException):
        pass

    def killed(self: Lessons) -> float:
        if self.epoch == 2:
            raise Killed
        return epoch(self)

    def watched(self: Lessons) -> float:
        seen.append(self.epoch)
        return epoch(self)

    with monkeypatch.context() as patch:
        patch.setattr(Lessons, "_epoch", killed)
        with pytest.raises(Killed):
            train(recipe, data=data, out=tmp_path / "cut")
    changed = tmp_path / "changed"
    shutil.copytree(data, changed)
    file = changed / "mp_moduli_binary" / "structures.jsonl.gz"
    file.write_bytes(gzip.compress(gzip.decompress(file.read_bytes()).replace(b"40.0", b"41.0")))
    with pytest.raises(CrysnbError, match=r"training\.other_data"):
        train(recipe, data=changed, out=tmp_path / "cut", resume=True)
    monkeypatch.setattr(Lessons, "_epoch", watched)
    assert train(recipe, data=data, out=tmp_path / "cut", resume=True).sha256 == whole.sha256
    assert seen == [2]


@pytest.mark.slow
def test_two_processes_take_the_lessons_of_one(data: Path, tmp_path: Path) -> None:
    recipe = SMALL.with_changes(members=1, batch_size=4, dropout=0.2)
    for out, count in (("one", 1), ("two", 2)):
        train(recipe, data=data, out=tmp_path / out, devices=Devices(count=count))
    for stage in ("lessons0", "member0"):
        one, two = (
            np.genfromtxt(tmp_path / out / "checkpoints" / stage / "log.csv", delimiter=",", dtype=str)
            for out in ("one", "two")
        )
        losses = [[float(x.strip('"')) for x in table[1:, 1]] for table in (one, two)]
        assert losses[1] == pytest.approx(losses[0], rel=1e-4)


def test_recipes_without_new_fields_keep_their_hash() -> None:
    recorded = store.load(Path(store.__file__).parent / "shipped" / "gmtnet-dielectric").card.training
    assert RECIPES.get("gmtnet-dielectric").hash == recorded["recipe_sha256"]
    assert "also" in SMALL.to_dict()
    assert SMALL.with_changes(also=()).hash != SMALL.hash
    assert isinstance(SMALL.with_changes(epochs=3), TensorRecipe)


def test_kinds_without_a_bound_are_learned_as_they_are() -> None:
    tensor = torch.ones(1, 3, 3, 3)
    assert target_of("gyration").tensor(tensor) is tensor
    assert target_of("gyration").latent(tensor) is tensor
