"""Splits: deterministic, complete, free of leaks where they promise it; every bad wish ends in our error."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given as hypothesis_given
from hypothesis import strategies as st

from crysnb.datasets import splits
from crysnb.datasets.records import PARTS, raw_records, read_folds, read_split
from crysnb.errors import CrysnbError, UnknownName

ELEMENTS = ("Na", "K", "Mg", "Ca", "Ti", "Fe", "Cl", "O", "S", "N")
#: 400 crystals: 55 systems, several formulas each, polymorphs of many.
RECORDS = {
    f"c{k:03d}": f"{a}{1 + k % 3 if k % 3 else ''}{b}" if a != b else a
    for k in range(400)
    for a, b in [(ELEMENTS[k % 10], ELEMENTS[(k // 10 + k) % 10])]
}
GROUPED = {"formula": splits.by_formula, "system": splits.by_chemical_system}
ALL: dict[str, Callable[..., splits.Parts]] = {"random": splits.random, **GROUPED}


def sizes(parts: splits.Parts) -> list[int]:
    return [len(parts[p]) for p in PARTS]


@pytest.mark.parametrize("name", ALL)
def test_a_split_is_complete_and_depends_on_the_seed_alone(name: str) -> None:
    split = ALL[name]
    parts = split(RECORDS)
    assert Counter(i for ids in parts.values() for i in ids) == Counter(list(RECORDS))
    assert split(dict(reversed(RECORDS.items()))) == parts
    assert split(RECORDS, seed=1) != parts
    assert split(RECORDS, seed=1) == split(RECORDS, seed=1)


def test_sizes_follow_the_fractions() -> None:
    assert sizes(splits.random(RECORDS, (0.5, 0.2, 0.3))) == [200, 80, 120]
    assert sizes(splits.random(RECORDS, (1, 0, 0))) == [400, 0, 0]
    for split in GROUPED.values():
        assert sizes(split(RECORDS)) == pytest.approx([320, 40, 40], abs=8)


@pytest.mark.parametrize("name", GROUPED)
def test_grouped_splits_do_not_leak(name: str) -> None:
    found = splits.leaks(RECORDS, GROUPED[name](RECORDS))
    assert found.clean
    assert found.unused == 0


def test_a_split_by_system_shares_no_system() -> None:
    parts = splits.by_chemical_system(RECORDS)
    systems = [{splits.elements_of(RECORDS[i]) for i in ids} for ids in parts.values()]
    assert not any(a & b for a in systems for b in systems if a is not b)


def test_a_random_split_leaks_and_is_told_so() -> None:
    found = splits.leaks(RECORDS, splits.random(RECORDS))
    assert not found.clean
    assert found.shared_formulas["train/test"]
    assert "shared formulas" in str(found)
    json.dumps(found.to_dict())


def test_leaks_counts_ids_formulas_and_elements() -> None:
    records = {"a": "NaCl", "b": "NaCl", "c": "MgO", "d": "CaO"}
    found = splits.leaks(records, {"train": ["a"], "val": ["a"], "test": ["b", "c"]})
    assert found.shared_ids == {"train/val": ["a"], "train/test": [], "val/test": []}
    assert found.shared_formulas["train/test"] == {"NaCl": (1, 1)}
    assert found.unseen_elements == {"val": [], "test": ["Mg", "O"]}
    assert found.unused == 1
    with pytest.raises(CrysnbError, match=r"split\.unknown"):
        splits.leaks(records, {"train": ["x"]})


def test_strata_are_divided_alike() -> None:
    strata = {name: ("cubic", "triclinic", "hexagonal")[k % 7 % 3] for k, name in enumerate(RECORDS)}
    parts = splits.random(RECORDS, strata=strata)
    for system, total in Counter(strata.values()).items():
        for part, share in zip(PARTS, splits.FRACTIONS, strict=True):
            assert abs(sum(strata[i] == system for i in parts[part]) - share * total) <= 1.5
    with pytest.raises(CrysnbError, match=r"split\.strata"):
        splits.random(RECORDS, strata={"c000": 1})


def test_leave_one_element_out() -> None:
    parts = splits.leave_one_element_out(RECORDS, "Ti", val_fraction=0.2)
    assert all("Ti" in RECORDS[i] for i in parts["test"])
    assert not any("Ti" in RECORDS[i] for part in ("train", "val") for i in parts[part])
    found = splits.leaks(RECORDS, parts)
    assert found.clean
    assert found.unseen_elements["test"] == ["Ti"]
    assert len(parts["val"]) == pytest.approx(0.2 * (400 - len(parts["test"])), abs=4)
    for element in ("Xx", "T", "", "U", "ti"):
        with pytest.raises(UnknownName):
            splits.leave_one_element_out(RECORDS, element)
    with pytest.raises(CrysnbError, match=r"split\.too_few"):
        splits.leave_one_element_out({"a": "NaCl"}, "Na")


@pytest.mark.parametrize("folder", ["mp_dielectric", "mp_elastic_2015", "mp_piezoelectric"])
def test_the_hashed_split_is_the_one_of_the_data_sets(data_dir: Path, folder: str) -> None:
    raw = raw_records(data_dir / folder / "structures.jsonl.gz")
    formulas = {r["id"]: r["formula"] for r in raw}
    found, given = splits.hashed(formulas), read_split(data_dir / folder / "split.json")
    assert {p: set(ids) for p, ids in found.items()} == {p: set(given[p]) for p in found}
    assert splits.leaks(formulas, given).clean


def test_the_hashed_split_by_hand() -> None:
    # printf 'crysnb-split-v1:NaCl' | sha256sum | cut -c1-12, in base 16, mod 100: 89; MgO 26; Fe 96
    found = splits.hashed({"a": "NaCl", "b": "MgO", "c": "Fe"})
    assert found == {"train": ["b"], "val": ["a"], "test": ["c"]}
    assert splits.hashed(RECORDS, salt="other:") != splits.hashed(RECORDS)


BAD_FRACTIONS: list[Any] = [
    (0.5, 0.5), (0.8, 0.1, 0.2), (-0.1, 0.1, 1.0), (float("nan"), 0.5, 0.5), (float("inf"), 0, 0), "abc",
    (0.8, 0.1, "0.1"), None, 3, (True, False, False), (), [[0.8], 0.1, 0.1], {0.8, 0.1},
]  # fmt: skip


@pytest.mark.parametrize("fractions", BAD_FRACTIONS, ids=repr)
@pytest.mark.parametrize("name", ALL)
def test_bad_fractions(name: str, fractions: Any) -> None:
    with pytest.raises(CrysnbError, match=r"split\.fractions"):
        ALL[name](RECORDS, fractions)


@pytest.mark.parametrize("seed", [1.5, "x", None, True])
def test_bad_seeds(seed: Any) -> None:
    with pytest.raises(CrysnbError, match=r"split\.seed"):
        splits.random(RECORDS, seed=seed)


@pytest.mark.parametrize("fraction", [-0.1, 1.5, float("nan")])
def test_bad_val_fraction(fraction: float) -> None:
    with pytest.raises(CrysnbError, match=r"split\.fractions"):
        splits.leave_one_element_out(RECORDS, "Ti", val_fraction=fraction)


@pytest.mark.parametrize("name", ALL)
def test_too_few(name: str) -> None:
    for records in ({}, {"a": "NaCl"}, {"a": "NaCl", "b": "MgO"}):
        with pytest.raises(CrysnbError, match=r"split\.too_few"):
            ALL[name](records)
    assert sizes(ALL[name]({"a": "NaCl", "b": "MgO", "c": "CaO"})) == [1, 1, 1]


def test_a_formula_that_is_none() -> None:
    with pytest.raises(CrysnbError, match=r"split\.formula"):
        splits.by_chemical_system({"a": "NaCl", "b": "<script>"})


@hypothesis_given(n=st.integers(3, 60), val=st.floats(0, 0.5), test=st.floats(0, 0.5), seed=st.integers())
def test_any_split_is_complete(n: int, val: float, test: float, seed: int) -> None:
    records = dict(list(RECORDS.items())[:n])
    for split in ALL.values():
        try:
            parts = split(records, (1 - val - test, val, test), seed=seed)
        except CrysnbError as error:
            assert error.code == "split.too_few"  # noqa: PT017 - one of two right ends
        else:
            assert sorted(i for ids in parts.values() for i in ids) == sorted(records)


def test_a_given_split(tmp_path: Path) -> None:
    file = splits.write_split(tmp_path / "split.json", splits.by_formula(RECORDS), scheme="by formula")
    assert json.loads(file.read_text())["scheme"] == "by formula"
    assert splits.given(RECORDS, file) == splits.by_formula(RECORDS)
    half = dict(list(RECORDS.items())[:200])
    assert sum(sizes(splits.given(half, file))) == 200
    with pytest.raises(CrysnbError, match=r"split\.unknown"):
        splits.given({"x": "NaCl"}, file)
    with pytest.raises(CrysnbError, match=r"file\.exists"):
        splits.write_split(file, {}, scheme="")
    file.write_text(json.dumps({"train": ["c001"], "test": ["c001"]}))
    with pytest.raises(CrysnbError, match=r"split\.overlap"):
        splits.given(RECORDS, file)


@pytest.mark.parametrize(
    "content", ["{}", '{"folds": []}', '{"folds": [1]}', '{"folds": [{"test": [1]}]}', "[]"]
)
def test_folds_that_are_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "split.json").write_text(content)
    with pytest.raises(CrysnbError, match=r"data\.split"):
        read_folds(tmp_path / "split.json")


def test_plain_records_with_and_without_a_formula() -> None:
    plain = [
        {"id": "a", "formula": "NaCl"},
        {"id": "b", "species": ["O", "Ti", "O", "O", "Ti", "O"]},
        {"id": "c"},
    ]
    assert [splits.formula_of(r) for r in plain] == ["NaCl", "TiO2", ""]
    assert splits.random(plain, (1, 0, 0))["train"] == ["a", "b", "c"]
    with pytest.raises(CrysnbError, match=r"data\.duplicate_id"):
        splits.random([*plain, {"id": "a"}])


def test_one_crystal_under_differently_written_formulas_stays_together() -> None:
    salt = {"species": ["Na", "Cl"] * 4}
    written = [{"formula": "NaCl"}, {"formula": "Na4Cl4"}, {}, {"formula": "ClNa"}]
    records = [{**salt, **formula, "id": f"c{k}"} for k, formula in enumerate(written)]
    records.append({"id": "c4", "formula": "Na4Cl4"})
    assert {splits.formula_of(r) for r in records} == {"NaCl"}
    with pytest.raises(CrysnbError, match=r"split\.too_few"):  # one group cannot make three parts
        splits.by_formula(records)
    assert not splits.leaks(records, {"train": ["c0", "c1"], "test": ["c2", "c3", "c4"]}).clean
    for strange in ({"species": ["Na", None], "formula": "NaCl"}, {"species": [["Na"]]}, {"formula": "?"}):
        assert isinstance(splits.formula_of(strange), str)


@pytest.mark.parametrize("folder", ["mp_dielectric", "mp_elastic_2015", "mp_piezoelectric"])
def test_formulas_of_species_are_those_of_the_data_sets(data_dir: Path, folder: str) -> None:
    raw = list(raw_records(data_dir / folder / "structures.jsonl.gz"))
    assert {r["id"]: splits.formula_of(r) for r in raw} == {r["id"]: r["formula"] for r in raw}
