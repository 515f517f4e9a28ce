"""One door to what a folder holds; a folder of CIF files is learned from like any data set."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

import crysnb as cn
from crysnb.datasets import splits
from crysnb.datasets.labels import check_symmetry, usable
from crysnb.datasets.source import open_source
from crysnb.errors import CrysnbError, UnknownName
from crysnb.training.data import load
from crysnb.training.recipes import RECIPES
from crysnb.training.run import train
from crysnb.values.tensor_kind import DIELECTRIC, ELASTIC, PIEZOELECTRIC

CRYSTALS = ("NaCl", "MgO", "GaAs", "rutile", "quartz", "CsCl", "Si")
RECIPE = RECIPES.get("gmtnet-dielectric")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = []
    for k, name in enumerate(CRYSTALS):
        cn.write_cif(name, tmp_path / f"{name}.cif")
        rows.append(f"{name}," + ",".join(map(str, (np.eye(3) * (2 + k)).reshape(-1))))
    turned = np.diag([2.0, 3.0, 9.0]).reshape(-1)  # no cubic crystal has it
    cn.write_cif("BaTiO3", tmp_path / "turned.cif")
    rows += ["absent,1", "turned," + ",".join(map(str, turned))]
    (tmp_path / "id_prop.csv").write_text("\n".join(rows))
    return tmp_path


def test_a_folder_of_cif_files_trains(folder: Path) -> None:
    names = [*CRYSTALS, "turned"]
    (folder / "split.json").write_text(json.dumps({"train": names[:5] + names[7:], "val": names[5:7]}))
    data = load(folder, RECIPE)
    assert [c.id for c in data.parts["train"]] == list(CRYSTALS[:5])
    assert [c.id for c in data.parts["val"]] == list(CRYSTALS[5:7])
    assert data.left_out == {"structure.not_found": 1, "label.breaks_symmetry": 1}
    assert data.parts["train"][1].label.numpy() == pytest.approx(3 * np.eye(3), rel=1e-12)
    assert load(folder, RECIPE, ("test",)).parts == {"test": []}
    with pytest.raises(UnknownName, match="tset"):
        load(folder, RECIPE, ("tset",))


def test_without_a_split_file_formulas_stay_together(folder: Path) -> None:
    source = open_source(folder, target="eps")
    raw = {r["id"]: r for r in source.raw}
    assert set(raw["NaCl"]["targets"]) == {"eps"}
    formulas = {name: r["formula"] for name, r in raw.items()}
    assert source.split == splits.by_formula(formulas)
    assert [r.code for r in source.rejected] == ["structure.not_found"]


@pytest.mark.parametrize("name", ["structures.jsonl", "structures.jsonl.gz"])
def test_json_lines_with_and_without_a_split(folder: Path, name: str) -> None:
    text = "".join(json.dumps(r) + "\n" for r in open_source(folder).raw).encode()
    (folder / name).write_bytes(gzip.compress(text) if name.endswith("gz") else text)
    source = open_source(folder)
    assert [r["id"] for r in source.raw] == [*CRYSTALS, "turned"]
    assert sum(map(len, source.split.values())) == len(CRYSTALS) + 1
    (folder / "split.json").write_text('{"train": ["NaCl"]}')
    assert open_source(folder).split == {"train": ["NaCl"], "val": [], "test": []}


def test_a_folder_with_nothing(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(CrysnbError, match=r"data\.missing"):
            open_source(path)


@pytest.mark.parametrize("flag", ["false", "no", 0, 1, None, []])
def test_a_flag_that_is_neither_true_nor_false_vouches_for_nothing(flag: object) -> None:
    record = {"targets": {"t": np.eye(3).tolist()}, "symmetry_ok": flag}
    with pytest.raises(CrysnbError, match=r"label\.flag.*symmetry_ok"):
        usable(record, "t", DIELECTRIC)


@pytest.mark.parametrize(
    ("targets", "code"),
    [
        ({}, "label.missing"),
        (None, "label.missing"),
        ({"t": True}, "label.not_numeric"),
        ({"t": "1"}, "label.not_numeric"),
        ({"t": float("nan")}, "label.non_finite"),
        ({"t": 10**400}, "label.non_finite"),
        ({"t": -5.0}, "label.too_large"),
    ],
)
def test_numbers_that_are_no_label(targets: object, code: str) -> None:
    with pytest.raises(CrysnbError) as caught:
        usable({"targets": targets}, "t", None, largest=5)
    assert caught.value.code == code


def test_the_noise_of_a_tensor_does_not_count() -> None:
    rotations = cn.symmetry("NaCl").rotations
    label = PIEZOELECTRIC.cartesian(np.full((3, 6), 1e-4))
    assert check_symmetry(label, PIEZOELECTRIC, rotations)[0] == pytest.approx(1)
    with pytest.raises(CrysnbError, match=r"label\.breaks_symmetry"):
        check_symmetry(100 * label, PIEZOELECTRIC, rotations)
    within = np.eye(3) + 0.04 * np.diag([1.0, -1.0, 0.0])
    relative, absolute = check_symmetry(within, DIELECTRIC, rotations)
    assert absolute == pytest.approx(0.04 * np.sqrt(2))
    assert relative == pytest.approx(absolute / np.linalg.norm(within))
    with pytest.raises(CrysnbError, match=r"label\.breaks_symmetry"):
        check_symmetry(ELASTIC.cartesian(np.diag([1.0, 2, 3, 1, 1, 1])), ELASTIC, rotations)


def lines(folder: Path, ids: list[object], split: object = None) -> Path:
    """JSON Lines of crystals of one label under ``ids``, and a split file."""
    crystal = cn.as_structure("NaCl")
    cell = {"lattice": crystal.lattice.matrix.tolist(), "species": ["Na"] * 4 + ["Cl"] * 4}
    record = {**cell, "frac_coords": crystal.frac_coords.tolist(), "targets": {"eps": np.eye(3).tolist()}}
    given = [{**record, "id": name} if name is not None else record for name in ids]
    (folder / "structures.jsonl").write_text("".join(json.dumps(r) + "\n" for r in given))
    if split is not None:
        (folder / "split.json").write_text(json.dumps(split))
    return folder


@pytest.mark.parametrize(
    ("split", "code", "text"),
    [
        ({"train": ["a", "b"], "val": ["b"]}, "split.overlap", "'b'"),
        ({"train": ["a", "a"]}, "split.overlap", "'a'"),
        ({"train": ["a", "typo"], "val": ["b"]}, "split.unknown", "'typo'"),
        ({"val": ["b"]}, "data.split", "split.json"),
        ({"train": [0, 1], "val": ["b"]}, "data.split", "split.json"),
        ({"train": ["a"], "val": "b"}, "data.split", "split.json"),
        ({"train": ["a"], "test": {"b": 1}}, "data.split", "split.json"),
    ],
)
def test_a_split_that_training_refuses(tmp_path: Path, split: object, code: str, text: str) -> None:
    folder = lines(tmp_path, ["a", "b"], split)
    with pytest.raises(CrysnbError, match=text) as caught:
        load(folder, RECIPE.with_changes(target="eps"))
    assert caught.value.code == code


def test_a_split_may_name_a_row_that_was_refused(folder: Path) -> None:
    parts = {"train": [*CRYSTALS, "absent"], "val": ["turned"]}
    (folder / "split.json").write_text(json.dumps(parts))
    assert open_source(folder).split == {**parts, "test": []}


def test_lines_without_an_id_of_their_own_are_told_and_left_out(tmp_path: Path) -> None:
    folder = lines(tmp_path, ["a", "b", "a", None, 7, ""], {"train": ["a"], "val": ["b"]})
    source = open_source(folder)
    assert [(r.id, r.code) for r in source.rejected] == [
        ("record 3", "data.duplicate_id"),
        ("record 4", "data.id"),
        ("record 5", "data.id"),
        ("record 6", "data.id"),
    ]
    assert [r["id"] for r in source.raw] == ["a", "b"]
    data = load(folder, RECIPE.with_changes(target="eps"))
    assert [c.id for c in data.parts["train"]] == ["a"]
    assert data.left_out == {"data.duplicate_id": 1, "data.id": 3}
    with pytest.raises(CrysnbError, match=r"data\.nothing.*3 data\.id"):
        open_source(lines(tmp_path, [None, None, 1]))


def test_the_shipped_data_sets_load_whole(data_dir: Path) -> None:
    counts = {"mp_dielectric": (740, 100), "mp_elastic_2015": (857, 118), "mp_piezoelectric": (648, 99)}
    for name, expected in counts.items():
        source = open_source(data_dir / name)
        assert (len(source.split["train"]), len(source.split["val"])) == expected
        assert source.rejected == ()


def test_names_that_no_file_can_have(folder: Path) -> None:
    table = folder / "id_prop.csv"
    table.write_text(table.read_text() + "\n" + "漢" * 120 + ",1\n")
    found = open_source(folder)
    assert [r.code for r in found.rejected] == ["structure.not_found", "data.id"]
    table.write_text("漢" * 120 + ",eps\n" + table.read_text())
    assert len(open_source(folder).rejected) == 3
    table.write_text("a" + "𠀀" * 63 + ",eps\n" + table.read_text())
    with pytest.raises(CrysnbError, match=r"data\.nothing"):  # names; those of the rows are then no numbers
        open_source(folder)
    for path in ("x" * 5000, "a\0b"):
        with pytest.raises(CrysnbError, match=r"data\.missing"):
            open_source(path)
        with pytest.raises(CrysnbError, match=r"data\.missing"):
            train(RECIPE, data=path, out=folder / "out")


def relabel(folder: Path, *targets: dict[str, object]) -> None:
    """Other labels for the lines of ``folder``, in their order."""
    file = folder / "structures.jsonl"
    records = [json.loads(line) for line in file.read_text().splitlines()]
    texts = [json.dumps({**r, "targets": t}) + "\n" for r, t in zip(records, targets, strict=True)]
    file.write_text("".join(texts))


def test_the_only_label_is_taken_and_of_several_the_names_are_told(tmp_path: Path) -> None:
    eps = np.eye(3).tolist()
    folder = lines(tmp_path, ["a", "b"], {"train": ["a"], "val": ["b"]})
    data = load(folder, RECIPE)
    assert [len(data.parts[part]) for part in ("train", "val")] == [1, 1]
    relabel(folder, {"one": eps, "two": eps}, {"two": eps})
    with pytest.raises(CrysnbError, match=r"label\.missing.*'one', 'two'.*--set target=NAME"):
        load(folder, RECIPE)
    assert load(folder, RECIPE.with_changes(target="one")).left_out == {"label.missing": 1}
    relabel(folder, {}, {"two": None})
    with pytest.raises(CrysnbError, match=r"label\.missing"):
        load(folder, RECIPE)


def test_what_has_no_label_takes_no_place_in_the_split(folder: Path) -> None:
    text = "".join(json.dumps(r) + "\n" for r in open_source(folder, target="eps").raw)
    (folder / "structures.jsonl").write_text(text)
    eps = np.eye(3).tolist()
    relabel(folder, *([{"eps": eps}] * 4 + [{}] * 3 + [{"gap": 1.0}]))
    for target in ("eps", "gap", "none"):
        try:
            found = sum(map(len, open_source(folder, target=target).split.values()))
        except CrysnbError as error:
            assert (target, error.code) == ("gap", "split.too_few")  # noqa: PT017 - one crystal is no split
        else:
            assert found == {"eps": 4, "none": 8}[target]
