"""The page of results is what the committed evaluation files say, and these are of the shipped weights."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest

from crysnb.datasets.records import data_folder, raw_records, select
from crysnb.evaluate.run import evaluate
from crysnb.studies import results
from crysnb.training.recipes import TENSOR_RECIPES
from crysnb.weights import store

DOCS = Path(__file__).parents[2] / "docs"
ROWS = results.read(DOCS / "results")


def test_the_page_is_what_the_command_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "results").mkdir()
    for file in (DOCS / "results").glob("*.json"):
        (tmp_path / "results" / file.name).write_bytes(file.read_bytes())
    monkeypatch.setattr("sys.argv", ["results", "--docs", str(tmp_path)])
    said: list[str] = []
    results.main(said.append)
    assert (tmp_path / "results.md").read_bytes() == (DOCS / "results.md").read_bytes()
    assert said == [f"{tmp_path / 'results.md'}\n"]


def test_every_shipped_model_with_a_recipe_has_a_file_of_its_present_weights() -> None:
    measured = {row["model"]: row["weights_sha256"] for row in ROWS}
    assert measured == {
        name: store.shipped_card(name).sha256 for name in store.shipped() if name in TENSOR_RECIPES
    }


def test_the_cards_hold_the_same_numbers() -> None:
    for row in ROWS:
        test = store.shipped_card(row["model"]).metrics["test"]
        assert any(key.startswith("rel_median") for key in row["metrics"].keys() & test.keys())
        for key, value in row["metrics"].items():
            if key in test and not key.startswith("residual"):  # rounding
                assert value == pytest.approx(test[key], rel=1e-3), (row["model"], key)


def test_a_changed_number_changes_the_page_and_what_is_missing_is_a_dash() -> None:
    rows = copy.deepcopy(ROWS)
    rows[0]["metrics"]["rel_median"] = 0.98765
    del rows[0]["metrics"]["coverage68"]
    page = results.page(rows)
    assert "**0.988**" in page
    assert "| – |" in page.split("## Symmetry")[1].splitlines()[8]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row["model"]))
def test_the_shipped_weights_reproduce_the_first_crystals(row: results.Row, data_dir: Path) -> None:
    """The whole part would take a minute: every third of its crystals must have the committed error."""
    folder = data_folder(store.shipped_card(row["model"]).dataset["folder"], data_dir)
    records = list(select(raw_records(folder / "structures.jsonl.gz"), folder / "split.json", "test"))[::3]
    found = evaluate(row["model"], records)
    known = {one["id"]: one["error"] for one in row["per_crystal"]}
    for one in found.per_crystal:
        assert one["error"] == pytest.approx(known[one["id"]], rel=2e-3, abs=1e-6)


def test_files_are_json_without_other_words() -> None:
    for row in ROWS:
        assert json.dumps(row, allow_nan=False)
