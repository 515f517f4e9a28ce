"""Learning a piezoelectric tensor whose axes are known only up to what the point group cannot tell apart."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pymatgen.core import Lattice, Structure
from torch import Tensor

import crysnb as cn
from crysnb.datasets.dataset import raw_of
from crysnb.graph.build import build
from crysnb.models.gmtnet.model import GMTNet
from crysnb.models.tensor_targets import target_of
from crysnb.structure.transforms import random_rotation
from crysnb.training.data import Labelled, labels_near, load
from crysnb.training.loop import Run, evaluate, predict_labels, settled
from crysnb.training.loss import tensor_loss
from crysnb.training.recipes import RECIPES
from crysnb.training.run import train
from crysnb.values.tensor_kind import PIEZOELECTRIC, rotate

RECIPE = RECIPES.get("gmtnet-piezoelectric").with_changes(
    members=1, epochs=2, batch_size=2, width=8, channels=2, blocks=1, cutoff=4.0
)
TARGET = target_of("piezoelectric")
#: -43m: e14 = e25 = e36, and a quarter turn about z gives the negative.
E14 = [[0, 0, 0, 0.4, 0, 0], [0, 0, 0, 0, 0.4, 0], [0, 0, 0, 0, 0, 0.4]]
E33 = [[0, 0, 0, 0, -0.2, 0], [0, 0, 0, -0.2, 0, 0], [-0.3, -0.3, 0.7, 0, 0, 0]]


def tensors(n: int) -> Tensor:
    """Random tensors with sizes over five decades."""
    rng = np.random.default_rng(4)
    sizes = 10.0 ** rng.uniform(-4, 1, n)
    matrices = sizes[:, None, None] * rng.normal(size=(n, 3, 6))
    return torch.from_numpy(np.stack([PIEZOELECTRIC.cartesian(m) for m in matrices]))


def record(name: str, tensor: Any, **flags: Any) -> dict[str, Any]:
    """A record of the data format."""
    return {**raw_of(cn.as_structure(name), name, {"piezo": tensor}), **flags}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sets") / "mp_piezoelectric"
    folder.mkdir()
    records = [
        record("GaAs", E14, sign_reliable=False),
        record("GaN", E33, sign_reliable=True),
        record("ZnO", E33, sign_reliable=True),
    ]
    with gzip.open(folder / "structures.jsonl.gz", "wt") as file:
        file.writelines(json.dumps(r) + "\n" for r in records)
    split = {"train": ["GaAs", "GaN"], "val": ["ZnO"], "test": []}
    (folder / "split.json").write_text(json.dumps(split))
    return folder


def test_what_is_learned_turns_with_the_tensor_keeps_zero_and_is_undone() -> None:
    e = tensors(40)
    learned = TARGET.latent(e)
    assert float((TARGET.tensor(learned) - e).abs().max() / e.abs().max()) < 1e-12
    turn = random_rotation(np.random.default_rng(1))
    turned = torch.from_numpy(np.stack([rotate(PIEZOELECTRIC, one, turn) for one in e.numpy()]))
    again = np.stack([rotate(PIEZOELECTRIC, one, turn) for one in learned.numpy()])
    assert np.allclose(TARGET.latent(turned).numpy(), again, atol=1e-12)
    zero = torch.zeros(1, 3, 3, 3, requires_grad=True)
    value = TARGET.tensor(zero)
    value.sum().backward()
    assert not value.any()
    assert zero.grad is not None
    assert bool(torch.isfinite(zero.grad).all())


def test_no_output_overflows() -> None:
    huge = TARGET.tensor(torch.full((1, 3, 3, 3), 1e6))
    assert bool(torch.isfinite(huge).all())
    assert float(huge.norm()) < 300.1


def test_only_labels_of_unknown_sign_have_choices(data: Path) -> None:
    crystals = {c.id: c for c in load(data, RECIPE).parts["train"]}
    assert crystals["GaN"].choices is None
    choices = crystals["GaAs"].choices
    assert choices is not None
    assert torch.equal(choices[0], crystals["GaAs"].label)
    assert len(choices) == 2
    assert torch.allclose(choices[1], -choices[0], atol=1e-9)


def test_the_loss_vanishes_for_each_choice_and_for_no_other_tensor(data: Path) -> None:
    crystal = next(c for c in load(data, RECIPE).parts["train"] if c.id == "GaAs")
    assert crystal.choices is not None
    for choice in crystal.choices:
        near = labels_near([crystal], choice[None])
        assert float(tensor_loss(TARGET.latent(choice[None]), near, RECIPE)) < 1e-5
    half = 0.5 * crystal.label[None]
    assert float(tensor_loss(TARGET.latent(half), labels_near([crystal], half), RECIPE)) > 0.1
    assert torch.equal(labels_near([crystal], -half), -crystal.label[None])


def test_training_and_scores_do_not_depend_on_the_sign_that_was_stored(data: Path) -> None:
    parts = load(data, RECIPE).parts
    flipped = [c if c.choices is None else _flipped(c) for c in parts["train"]]
    runs = [Run(RECIPE, crystals, parts["val"]) for crystals in (parts["train"], flipped)]
    networks = [run.train() for run in runs]
    values = [torch.cat([p.flatten() for p in n.parameters()]) for n in networks]
    assert torch.equal(*values)
    scores = [evaluate(networks[0], crystals, "piezoelectric") for crystals in (parts["train"], flipped)]
    assert scores[0] == pytest.approx(scores[1])
    assert set(scores[0]) == {name for name in scores[0] if name.endswith("_gauge")}


def _flipped(crystal: Labelled) -> Labelled:
    assert crystal.choices is not None
    choices = crystal.choices.flip(0)
    return Labelled(
        id=crystal.id, graph=crystal.graph, label=choices[0], elements=crystal.elements, choices=choices
    )


@pytest.mark.parametrize("name", ["NaCl", "rutile", "CsCl", "P432"])
def test_where_symmetry_forbids_it_the_raw_output_is_zero(name: str) -> None:
    structures = [_chiral_cubic() if name == "P432" else cn.as_structure(name), cn.as_structure("GaN")]
    network = GMTNet(RECIPE.model.from_dict({**RECIPE.model.to_dict(), "channels": 4})).double().eval()
    with torch.no_grad():
        forbidden, allowed = network(build(structures, 4.0))["piezoelectric"]
    assert float(allowed.norm()) > 1e-6
    assert float(forbidden.norm()) < 1e-9 * float(allowed.norm())


def _chiral_cubic() -> Structure:
    return Structure.from_spacegroup("P432", Lattice.cubic(9.0), ["Si", "O"], [[0, 0, 0], [0.11, 0.23, 0.37]])


def test_a_model_folder_is_written(data: Path, tmp_path: Path) -> None:
    card = train(RECIPE, data=data.parent, out=tmp_path)
    assert card.targets == {"piezo": "piezoelectric"}
    assert card.dataset["open_axes"] == 1
    form = cn.tensor_form("GaN", "piezoelectric")
    p = cn.predict("GaN", model=tmp_path / "model")
    assert form.residual(p.value) < 1e-9
    assert "prediction.open_axes" in {n.code for n in p.notices}
    rock_salt = Structure.from_spacegroup("Fm-3m", Lattice.cubic(4.4), ["Ga", "N"], [[0, 0, 0], [0.5, 0, 0]])
    nothing = cn.predict(rock_salt, model=tmp_path / "model")
    assert not np.any(nothing.value)
    assert "prediction.open_axes" not in {n.code for n in nothing.notices}


def test_further_members_learn_the_labels_that_the_first_one_chose(data: Path) -> None:
    crystals = load(data, RECIPE).parts["train"]
    network = GMTNet(RECIPE.model)
    gallium_arsenide = next(c for c in crystals if c.id == "GaAs")
    assert gallium_arsenide.choices is not None
    predicted = torch.from_numpy(predict_labels(network, [gallium_arsenide], "piezoelectric"))
    chosen = {c.id: c for c in settled(network, crystals, "piezoelectric")}
    assert all(c.choices is None for c in chosen.values())
    assert torch.equal(chosen["GaAs"].label, labels_near([gallium_arsenide], predicted)[0])
    flipped = {c.id: c for c in settled(_Negative(network), crystals, "piezoelectric")}
    assert torch.allclose(flipped["GaAs"].label, -chosen["GaAs"].label, atol=1e-9)
    assert torch.equal(flipped["GaN"].label, chosen["GaN"].label)


class _Negative(torch.nn.Module):
    """The opposite of a network."""

    def __init__(self, network: GMTNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, batch: Any) -> dict[str, Tensor]:
        return {name: -value for name, value in self.network(batch).items()}
