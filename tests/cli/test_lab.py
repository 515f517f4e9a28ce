"""`crysnb lab` copies the notebooks and never overwrites the user's work."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from crysnb.cli import lab


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch) -> Path:
    folder = tmp_path / "shipped"
    folder.mkdir()
    (folder / "00_quickstart.ipynb").write_text("one")
    (folder / "01_structures.ipynb").write_text("two")
    monkeypatch.setattr(lab, "notebooks_folder", lambda: folder)
    return folder


def test_first_copy(tmp_path: Path, shipped: Path) -> None:
    done = lab.copy_notebooks(tmp_path / "deep" / "mine")
    assert done.new == ["00_quickstart.ipynb", "01_structures.ipynb"]
    assert (tmp_path / "deep" / "mine" / "00_quickstart.ipynb").read_text() == "one"


def test_a_second_copy_changes_nothing(tmp_path: Path, shipped: Path) -> None:
    lab.copy_notebooks(tmp_path / "mine")
    done = lab.copy_notebooks(tmp_path / "mine")
    assert (done.new, done.updated, done.kept) == ([], [], [])
    assert len(done.unchanged) == 2


def test_an_untouched_notebook_is_brought_up_to_date(tmp_path: Path, shipped: Path) -> None:
    lab.copy_notebooks(tmp_path / "mine")
    (shipped / "00_quickstart.ipynb").write_text("newer")
    done = lab.copy_notebooks(tmp_path / "mine")
    assert done.updated == ["00_quickstart.ipynb"]
    assert (tmp_path / "mine" / "00_quickstart.ipynb").read_text() == "newer"


def test_a_changed_notebook_is_kept(tmp_path: Path, shipped: Path) -> None:
    lab.copy_notebooks(tmp_path / "mine")
    (tmp_path / "mine" / "00_quickstart.ipynb").write_text("my work")
    done = lab.copy_notebooks(tmp_path / "mine")
    assert (done.kept, done.beside) == (["00_quickstart.ipynb"], [])
    assert (tmp_path / "mine" / "00_quickstart.ipynb").read_text() == "my work"


def test_a_newer_version_goes_beside_a_changed_notebook(tmp_path: Path, shipped: Path) -> None:
    lab.copy_notebooks(tmp_path / "mine")
    (tmp_path / "mine" / "00_quickstart.ipynb").write_text("my work")
    (shipped / "00_quickstart.ipynb").write_text("newer")
    done = lab.copy_notebooks(tmp_path / "mine")
    assert (tmp_path / "mine" / "00_quickstart.ipynb").read_text() == "my work"
    (beside,) = done.beside
    assert (tmp_path / "mine" / beside).read_text() == "newer"


def test_a_file_of_the_same_name_that_was_never_copied_is_kept(tmp_path: Path, shipped: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "00_quickstart.ipynb").write_text("my own")
    done = lab.copy_notebooks(tmp_path / "mine")
    assert done.kept == ["00_quickstart.ipynb"]
    assert (tmp_path / "mine" / "00_quickstart.ipynb").read_text() == "my own"


@pytest.mark.parametrize("manifest", ["", "{", "[]", '{"00_quickstart.ipynb": 3}'])
def test_a_broken_manifest_costs_nothing(tmp_path: Path, shipped: Path, manifest: str) -> None:
    lab.copy_notebooks(tmp_path / "mine")
    (tmp_path / "mine" / "00_quickstart.ipynb").write_text("my work")
    (tmp_path / "mine" / lab.MANIFEST).write_text(manifest)
    lab.copy_notebooks(tmp_path / "mine")
    assert (tmp_path / "mine" / "00_quickstart.ipynb").read_text() == "my work"


def test_a_folder_that_cannot_be_made_is_told(crysnb, objects, tmp_path: Path, shipped: Path) -> None:
    (tmp_path / "file").write_text("")
    result = crysnb("lab", tmp_path / "file" / "mine", "--copy-only", "--json")
    assert result.exit_code == 1
    assert objects(result)[0]["error"]["code"] == "notebooks.folder"


@pytest.fixture
def started(monkeypatch) -> list[list[str]]:
    commands: list[list[str]] = []
    monkeypatch.setattr(lab, "_become", lambda command: commands.append(command) or 0)
    return commands


def test_jupyter_starts_in_the_folder(crysnb, tmp_path: Path, shipped: Path, started) -> None:
    result = crysnb("lab", tmp_path / "mine", "--", "--no-browser", "--port=8890")
    assert result.exit_code == 0, result.output
    assert f"--ServerApp.root_dir={tmp_path / 'mine'}" in started[0]
    assert started[0][-2:] == ["--no-browser", "--port=8890"]


def test_options_of_jupyter_need_no_folder(
    crysnb, tmp_path: Path, shipped: Path, started, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert crysnb("lab", "--", "--no-browser").exit_code == 0
    assert (tmp_path / "crysnb-notebooks" / "00_quickstart.ipynb").exists()
    assert started[0][-1] == "--no-browser"


def test_copy_only_starts_nothing(crysnb, objects, tmp_path: Path, shipped: Path, started) -> None:
    (answer,) = objects(crysnb("lab", tmp_path / "mine", "--copy-only", "--json"))
    assert answer["new"] == ["00_quickstart.ipynb", "01_structures.ipynb"]
    assert started == []


def test_without_jupyterlab_the_extra_is_named(crysnb, tmp_path: Path, shipped: Path, monkeypatch) -> None:
    monkeypatch.setattr(lab.importlib.util, "find_spec", lambda name: None)
    result = crysnb("lab", tmp_path / "mine")
    assert result.exit_code == 1
    assert "crysnb[notebook]" in result.stderr


def test_the_real_notebooks_are_found_and_are_notebooks() -> None:
    names = sorted(p.name for p in lab.notebooks_folder().glob("*.ipynb"))
    assert lab.FIRST in names
    for name in names:
        assert json.loads((lab.notebooks_folder() / name).read_text())["nbformat"] == 4
