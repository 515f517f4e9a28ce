"""The ablation: resumes without repeating, refuses foreign results, prints what the file holds."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from crysnb.errors import CrysnbError, UnknownName
from crysnb.studies import ablation
from crysnb.studies.variants import CAPSULE_VARIANTS, ELASTIC_VARIANTS, VARIANTS, Variant, variants_of

BASE = ablation.base_recipe("gmtnet-dielectric", 1).with_changes(
    batch_size=4, width=8, channels=2, blocks=1, cutoff=4.0
)
FEW = (Variant(name="base"), Variant(name="no noise", changes={"noise": 0.0}))


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(text) for text in file.read_text().splitlines()]


def keys(file: Path) -> list[tuple[str, int]]:
    return [(line["variant"], line["seed"]) for line in lines(file)]


def test_runs_go_seed_by_seed_and_resume_without_repeating(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "results.jsonl"
    ablation.ablate(BASE, out, seeds=1, data=data, variants=FEW)
    first = out.read_text()
    assert keys(out) == [("base", 0), ("no noise", 0)]
    runs = []
    real = ablation.run_one

    def counted(variant: Variant, *rest: Any) -> dict[str, Any]:
        runs.append(variant.name)
        return real(variant, *rest)

    monkeypatch.setattr(ablation, "run_one", counted)
    ablation.ablate(BASE, out, seeds=2, data=data, variants=FEW)
    assert runs == ["base", "no noise"]
    assert out.read_text().startswith(first)
    assert keys(out)[2:] == [("base", 1), ("no noise", 1)]
    ablation.ablate(BASE, out, seeds=2, data=data, variants=FEW)
    assert len(runs) == 2


def test_a_cut_off_study_goes_on_where_it_stopped(data: Path, tmp_path: Path) -> None:
    whole, cut = tmp_path / "whole.jsonl", tmp_path / "cut.jsonl"
    ablation.ablate(BASE, whole, seeds=2, data=data, variants=FEW)
    cut.write_text("".join(json.dumps(line) + "\n" for line in lines(whole)[:1]))
    ablation.ablate(BASE, cut, seeds=2, data=data, variants=FEW)
    assert keys(cut) == keys(whole)
    assert [line["metrics"] for line in lines(cut)] == [line["metrics"] for line in lines(whole)]


def test_a_run_that_another_process_has_finished_meanwhile_is_skipped(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "results.jsonl"
    real = ablation.run_one

    def beside(variant: Variant, *rest: Any) -> dict[str, Any]:
        with out.open("a") as file:
            file.write(json.dumps(line("no noise", 0, 0.1)) + "\n")
        return real(variant, *rest)

    monkeypatch.setattr(ablation, "run_one", beside)
    ablation.ablate(BASE, out, seeds=1, data=data, variants=FEW)
    assert sorted(keys(out)) == [("base", 0), ("no noise", 0)]


def test_of_a_run_made_twice_the_first_line_counts(tmp_path: Path) -> None:
    out = tmp_path / "results.jsonl"
    runs = [line("base", 0, 0.1), line("base", 1, 0.2), line("base", 0, 0.3)]
    out.write_text("".join(json.dumps(run) + "\n" for run in runs))
    assert ablation.read_results(out) == runs[:2]


def test_a_line_says_what_was_run(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "results.jsonl"
    ablation.ablate(BASE, out, seeds=1, data=data, variants=FEW)
    base, quiet = lines(out)
    # The broken crystal of the test part was not read.
    assert base["crystals"] == {"train": 4, "val": 1}
    assert base["parameters"] == quiet["parameters"] > 0
    assert base["config_sha256"] == BASE.hash != quiet["config_sha256"]
    assert base["metrics"]["rel_median"] != quiet["metrics"]["rel_median"]
    assert base["cpu_seconds"] > 0
    assert base["seconds"] > 0


@pytest.mark.parametrize("change", [{"epochs": 2}, {"learning_rate": 1e-3}])
def test_results_of_another_configuration_are_refused(
    data: Path, tmp_path: Path, change: dict[str, Any]
) -> None:
    out = tmp_path / "results.jsonl"
    ablation.ablate(BASE, out, seeds=1, data=data, variants=FEW[:1])
    before = out.read_text()
    with pytest.raises(CrysnbError, match="other_configuration"):
        ablation.ablate(BASE.with_changes(**change), out, seeds=1, data=data, variants=FEW[:1])
    assert out.read_text() == before


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"variant": "base"}',
        '"x"',
        '{"variant": "a", "seed": 0, "config_sha256": "", "metrics": 1}',
    ],
)
def test_a_file_of_something_else_is_refused(tmp_path: Path, text: str) -> None:
    out = tmp_path / "results.jsonl"
    out.write_text(text + "\n")
    with pytest.raises(CrysnbError, match="line 1"):
        ablation.read_results(out)


def test_every_variant_has_its_own_name_and_configuration() -> None:
    assert len({v.name for v in VARIANTS}) == len(VARIANTS)
    assert VARIANTS[0].config_hash(VARIANTS[0].recipe(BASE)) == BASE.hash
    assert len({v.config_hash(v.recipe(BASE)) for v in VARIANTS}) == len(VARIANTS)


def test_a_stiffness_has_variants_of_its_own() -> None:
    base = ablation.base_recipe("gmtnet-elastic", 1)
    assert variants_of(base) == ELASTIC_VARIANTS
    assert variants_of(BASE) == VARIANTS
    assert len({v.config_hash(v.recipe(base)) for v in ELASTIC_VARIANTS}) == len(ELASTIC_VARIANTS)


def test_an_unknown_variant_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = ["ablation", "gmtnet-elastic", "--out", str(tmp_path / "x"), "--only", "no EMA"]
    monkeypatch.setattr(sys, "argv", command)
    with pytest.raises(UnknownName, match="no noise"):
        ablation.main()


def line(variant: str, seed: int, rel_median: float, **more: float) -> dict[str, Any]:
    metrics = {"rel_median": rel_median, "ewt25": 50.0, "ewt10": 25.0, "ewt5": 5.0, "fnorm_cart": 2.0, **more}
    return {
        "variant": variant,
        "seed": seed,
        "metrics": metrics,
        "parameters": 12345,
        "seconds": 99.0,
        "cpu_seconds": 10.0 * (seed + 1),
        "config_sha256": "",
    }


def test_the_table_holds_mean_deviation_and_number_of_seeds() -> None:
    values = [0.08, 0.09, 0.11]
    done = [line("base", k, v, aniso_rel_median=0.4) for k, v in enumerate(values)] + [line("wide", 0, 0.07)]
    rows = [
        [c.strip() for c in row.strip("|").split("|")] for row in ablation.table(done).strip().splitlines()
    ]
    head, base, wide = (
        rows[0],
        dict(zip(rows[0], rows[2], strict=True)),
        dict(zip(rows[0], rows[3], strict=True)),
    )
    assert len({len(row) for row in (rows[0], rows[2], rows[3])}) == 1
    assert head[:3] == ["variant", "seeds", "rel_median"]
    assert base["variant"] == "base"
    assert base["seeds"] == "3"
    assert base["rel_median"] == f"{np.mean(values):.4f} ± {np.std(values, ddof=1):.4f}"
    assert base["aniso_rel_median"] == "0.400 ± 0.000"
    assert base["CPU s"] == "20"
    assert base["parameters"] == "12,345"
    assert wide["seeds"] == "1"
    assert wide["rel_median"] == "0.0700"
    assert wide["aniso_rel_median"] == "–"


def test_the_command_runs_what_is_asked_and_prints_the_table(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "results.jsonl"
    monkeypatch.setattr(ablation, "base_recipe", lambda _name, epochs: BASE.with_changes(epochs=epochs))
    command = ["ablation", "gmtnet-dielectric", "--data", str(data), "--out", str(out)]
    monkeypatch.setattr(sys, "argv", [*command, "--seeds", "1", "--epochs", "1", "--only", "no EMA"])
    ablation.main()
    assert keys(out) == [("no EMA", 0)]
    monkeypatch.setattr(sys, "argv", [*command, "--table"])
    ablation.main()
    assert capsys.readouterr().out == ablation.table(lines(out))
    assert keys(out) == [("no EMA", 0)]


@pytest.mark.parametrize(
    ("recipe", "epochs", "page"),
    [
        ("gmtnet-dielectric", 20, "ablation"),
        ("gmtnet-elastic", 12, "elastic"),
        ("gmtnet-piezoelectric", 40, "piezoelectric"),
    ],
)
def test_the_page_shows_the_committed_results_of_the_recipe_as_it_is(
    recipe: str, epochs: int, page: str
) -> None:
    docs = Path(__file__).parents[2] / "docs"
    file = docs / ("ablation.jsonl" if page == "ablation" else f"{page}_ablation.jsonl")
    done = ablation.read_results(file)
    assert ablation.table(done) in (docs / f"{page}.md").read_text(encoding="utf-8")
    base = ablation.base_recipe(recipe, epochs)
    hashes = {
        (v.name, seed): v.config_hash(v.recipe(base).with_changes(seed=seed))
        for v in variants_of(base)
        for seed in range(3)
    }
    stated = {(one["variant"], one["seed"]): one["config_sha256"] for one in done}
    assert len(stated) == len(done) > 0
    assert stated.items() <= hashes.items()


@pytest.fixture
def numbers(data: Path, tmp_path: Path) -> Path:
    """The set of energies and gaps with a file of parts, of which one crystal is for validation."""
    folder = tmp_path / "sets" / "mp_eform_gap_36k"
    shutil.copytree(data / "mp_eform_gap_36k", folder)
    parts = {"train": ["s-NaCl", "s-GaAs", "s-GaN", "s-quartz"], "val": ["s-BaTiO3"], "test": ["s-rutile"]}
    (folder / "mp12k.json").write_text(json.dumps(parts))
    return folder.parent


def test_a_recipe_of_numbers_can_be_ablated(numbers: Path, tmp_path: Path) -> None:
    out = tmp_path / "results.jsonl"
    small = {"width": 8, "edge_width": 8, "channels": 2, "parts": 2, "objects": 2, "batch_size": 2}
    base = ablation.base_recipe("sen-e3", 1).with_changes(**small)
    ablation.ablate(base, out, seeds=1, data=numbers, variants=CAPSULE_VARIANTS)
    done = lines(out)
    assert [one["variant"] for one in done] == [v.name for v in CAPSULE_VARIANTS]
    assert all(one["crystals"] == {"train": 4, "val": 1} for one in done)
    assert len({one["config_sha256"] for one in done}) == len(CAPSULE_VARIANTS)
    errors = {one["variant"]: one["metrics"]["mae_band_gap"] for one in done}
    assert len(set(errors.values())) == len(errors)  # every switch reaches the training
    parameters = {one["variant"]: one["parameters"] for one in done}
    assert parameters["no object capsules"] < parameters["base"] < parameters["with votes and likelihood"]
    text = ablation.table(done)
    assert "formation energy, eV/atom" in text
    assert "rel_median" not in text


def test_the_subset_of_an_ablation_is_fixed() -> None:
    recipe = ablation.base_recipe("sen-e3", 4)
    assert (recipe.to_dict()["count"], recipe.epochs) == (3000, 4)
    assert variants_of(recipe) == CAPSULE_VARIANTS
    assert [v.name for v in variants_of(ablation.base_recipe("sen-classic", 4))] == ["base"]
