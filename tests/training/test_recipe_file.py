"""Recipes from files and words: strict, and the same as the shipped ones where they say the same."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from typing import Any

import pytest

from crysnb.errors import CrysnbError
from crysnb.training.recipe_file import changed, changes_of, find_recipe, from_folder
from crysnb.training.recipes import RECIPES
from crysnb.training.tensor_recipe import TensorRecipe

BASE = "gmtnet-dielectric"


def written(folder: Path, content: Any) -> Path:
    file = folder / "mine.json"
    file.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return file


def test_a_name_and_a_file_that_says_the_same() -> None:
    assert find_recipe(BASE) is RECIPES.get(BASE)


@pytest.mark.parametrize("name", RECIPES.list())
def test_a_whole_recipe_survives_its_file(tmp_path: Path, name: str) -> None:
    recipe = RECIPES.get(name)
    again = find_recipe(written(tmp_path, recipe.to_dict()))
    assert again == recipe
    assert again.hash == recipe.hash
    assert find_recipe(str(written(tmp_path, {"base": name}))).hash == recipe.hash


def test_a_file_changes_its_base(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        {"base": BASE, "name": "mine", "dataset": "mine", "epochs": 5, "width": 16, "model": {"cutoff": 4.0}},
    )
    expected = RECIPES.get(BASE).with_changes(name="mine", dataset="mine", epochs=5, width=16, cutoff=4.0)
    assert find_recipe(file) == expected


def test_another_property_brings_its_head(tmp_path: Path) -> None:
    recipe = find_recipe(written(tmp_path, {"base": BASE, "learns": "elastic"}))
    assert recipe.model.properties == ("elastic",)
    with pytest.raises(CrysnbError, match=r"recipe\.learns"):
        find_recipe(written(tmp_path, {"base": BASE, "learns": "elastic", "properties": ["dielectric"]}))


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "recipe.syntax"),
        (b"\xff\xfe", "recipe.syntax"),
        (b"[]", "recipe.syntax"),
        (b"null", "recipe.syntax"),
        (b"[" * 100_000, "recipe.too_large"),
        (b"[" * 1000, "recipe.syntax"),
        (b'{"base": "gmtnet-dielectric", "base": "gmtnet-elastic"}', "recipe.syntax"),
        (b'{"base": "gmtnet-dielectric", "noise": NaN}', "recipe.syntax"),
        (b'{"base": "gmtnet-dielectric", "noise": 1e999}', "recipe.range"),
        ({"base": "gmtnet-dielectrick"}, "name.unknown_recipe"),
        ({"base": 3}, "recipe.syntax"),
        ({"base": BASE, "model": []}, "recipe.syntax"),
        ({"base": BASE, "model": {"schema_version": 9}}, "recipe.syntax"),
        ({"base": BASE, "model": {"schema_version": True}}, "recipe.syntax"),
        ({"base": BASE, "model": {"width": 8}, "width": 16}, "recipe.syntax"),
        ({"base": BASE, "model": {"epochs": 8}}, "name.unknown_field_of_the_model"),
        ({"base": BASE, "epoch": 3}, "name.unknown_recipe_field"),
        ({"base": BASE, "epochs": 0}, "recipe.range"),
        ({"base": BASE, "epochs": 1.5}, "recipe.range"),
        ({"base": BASE, "epochs": True}, "recipe.range"),
        ({"base": BASE, "epochs": "3"}, "recipe.range"),
        ({"base": BASE, "noise": -1}, "recipe.range"),
        ({"base": BASE, "ema": 1}, "recipe.range"),
        ({"base": BASE, "members": 10**9}, "recipe.range"),
        ({"base": BASE, "name": "../x"}, "recipe.range"),
        ({"base": BASE, "dataset": "/etc"}, "recipe.range"),
        ({"base": BASE, "dataset": ".."}, "recipe.range"),
        ({"base": BASE, "also": ["../x"]}, "recipe.range"),
        ({"base": BASE, "also": "mine"}, "recipe.range"),
        ({"base": BASE, "target": ["x"]}, "recipe.range"),
        ({"base": BASE, "width": 0}, "config.range"),
        ({"base": BASE, "learns": "colour"}, "name.unknown_property"),
        ({"name": "mine"}, "recipe.incomplete"),
        ({"name": "mine", "strange": 1}, "name.unknown_recipe_field"),
        ({**RECIPES.get(BASE).to_dict(), "model": 1}, "recipe.incomplete"),
        (
            {
                **RECIPES.get(BASE).to_dict(),
                "model": {**RECIPES.get(BASE).model.to_dict(), "schema_version": True},
            },
            "config.schema",
        ),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_bad_file_is_our_error(tmp_path: Path, content: Any, code: str) -> None:
    with pytest.raises(CrysnbError) as caught:
        find_recipe(written(tmp_path, content))
    assert caught.value.code == code
    assert len(caught.value.text) < 1500


def test_a_file_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "folder.json").mkdir()
    os.mkfifo(tmp_path / "pipe.json")
    for name, code in (("no", "not_found"), ("folder", "not_a_file"), ("pipe", "not_a_file")):
        with pytest.raises(CrysnbError) as caught:
            find_recipe(tmp_path / f"{name}.json")
        assert caught.value.code == f"recipe.{code}"


def test_words_become_changes() -> None:
    found = changes_of(["epochs=3", "noise=0", "name=mine", "also=[]", 'target="3"'])
    assert found == {"epochs": 3, "noise": 0, "name": "mine", "also": [], "target": "3"}
    recipe = changed(RECIPES.get(BASE), found)
    assert (recipe.epochs, recipe.name, recipe.target) == (3, "mine", "3")
    # A whole number in the place of another is the same recipe.
    assert changed(RECIPES.get(BASE), {"noise": 0}).hash == changed(RECIPES.get(BASE), {"noise": 0.0}).hash


def test_crystals_of_ones_own_are_learned_from_alone() -> None:
    elastic = RECIPES.get("gmtnet-elastic")
    own = from_folder(elastic, "my crystals (2)")
    assert (own.name, own.dataset) == ("my-crystals-2", "my-crystals-2")
    assert (own.also, own.lessons, own.lesson_epochs) == ((), (), 0)
    assert from_folder(elastic, elastic.dataset, published=True) is elastic
    alike = from_folder(elastic, elastic.dataset)
    assert (alike.name, alike.dataset, alike.also) == (elastic.dataset, elastic.dataset, ())
    assert from_folder(elastic, "gmtnet-elastic").name == "my-gmtnet-elastic"
    named = changed(elastic, {"name": "hard", "dataset": "hard"})
    assert from_folder(named, "hard") is named
    assert from_folder(named, "other").name == "hard"
    assert from_folder(elastic, "\u4e2d").name == "mine"


def test_a_file_with_a_data_set_of_its_own_drops_the_further_ones_of_its_base(tmp_path: Path) -> None:
    own = {"base": "gmtnet-elastic", "name": "mine", "dataset": "my_crystals", "target": "c"}
    recipe = find_recipe(written(tmp_path, own))
    assert (recipe.also, recipe.lessons, recipe.lesson_epochs) == ((), (), 0)
    assert from_folder(recipe, "my_crystals") is recipe
    stated = find_recipe(written(tmp_path, {**own, "also": ["more"], "lessons": ["mp_moduli_3k"]}))
    assert (stated.also, stated.lessons, stated.lesson_epochs) == (("more",), ("mp_moduli_3k",), 8)
    same = find_recipe(written(tmp_path, {"base": "gmtnet-elastic", "name": "mine"}))
    assert (same.also, same.lesson_epochs) == (("mp_elastic_2022",), 8)
    # What a file states, a change of its data set leaves alone.
    assert changed(stated, {"dataset": "other"}).also == ("more",)


def test_further_data_sets_that_are_dropped_are_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    recipe = find_recipe(written(tmp_path, {"base": BASE, "name": "mine", "also": ["more"]}))
    with caplog.at_level(logging.WARNING):
        assert from_folder(recipe, "own").also == ()
    assert "more left out" in caplog.text
    caplog.clear()
    from_folder(RECIPES.get(BASE), "own")
    assert not caplog.text


@pytest.mark.parametrize("words", [["epochs"], ["=3"], ["epochs="], ["epochs=3", "epochs=4"], [""]])
def test_bad_words_are_our_error(words: list[str]) -> None:
    with pytest.raises(CrysnbError, match=r"recipe\.change"):
        changes_of(words)


def test_a_word_without_a_value_is_told_as_such() -> None:
    with pytest.raises(CrysnbError) as caught:
        changes_of(["epochs=3", "epochs"])
    assert caught.value.found == "'epochs'"


def test_patience_is_left_out_of_older_recipes() -> None:
    assert "patience" not in RECIPES.get(BASE).to_dict()
    assert RECIPES.get(BASE).with_changes(patience=3).hash != RECIPES.get(BASE).hash
    assert isinstance(RECIPES.get(BASE).with_changes(patience=3), TensorRecipe)
