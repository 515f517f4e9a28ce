"""What Binder builds: the versions of everywhere else, nothing that a lesson does not need, and it starts."""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
BINDER = ROOT / "binder"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LINES = (BINDER / "requirements.txt").read_text().splitlines()


def pins(lines: list[str]) -> dict[str, str]:
    pairs = [line.split("==") for line in lines if line and not line.startswith(("#", "-"))]
    assert all(len(pair) == 2 for pair in pairs), "not an exact pin"
    assert len({canonicalize_name(name) for name, _ in pairs}) == len(pairs)
    return {canonicalize_name(name): version for name, version in pairs}


def closure(requirements: list[str]) -> set[str]:
    """Names of everything that these requirements bring, as installed here."""
    todo = [(Requirement(line), "") for line in requirements]
    seen: set[tuple[str, str]] = set()
    while todo:
        requirement, extra = todo.pop()
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": extra}):
            continue
        for wanted in ("", *requirement.extras):
            key = (canonicalize_name(requirement.name), wanted)
            if key not in seen:
                seen.add(key)
                needed = importlib.metadata.requires(requirement.name) or []
                todo += [(Requirement(line), wanted) for line in needed]
    return {name for name, _ in seen}


def test_pins_are_those_of_the_constraints_file():
    constraints = pins((ROOT / "constraints.txt").read_text().splitlines())
    differing = {n: (v, constraints.get(n)) for n, v in pins(LINES).items() if constraints.get(n) != v}
    assert differing == {}


def test_the_image_holds_what_the_notebook_extra_needs_and_nothing_else():
    pytest.importorskip("jupyterlab", reason="the notebook extra is not installed")
    needed = closure([*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["notebook"]])
    # Part of every environment, and left out of `pip freeze`.
    assert set(pins(LINES)) == needed - {"setuptools"}
    unwanted = {"lightning", "playwright", "pytest", "dask", "torch-geometric", "umap-learn", "kaleido"}
    assert unwanted.isdisjoint(pins(LINES))


def test_torch_comes_without_cuda():
    options = [line for line in LINES if line.startswith("-")]
    assert LINES[0] == options[0]
    assert re.fullmatch(r"--extra-index-url https://\S+/whl/cpu", options[0])
    assert len(options) == 1
    assert not [name for name in pins(LINES) if name.startswith(("nvidia", "cuda", "triton"))]


def test_python_is_one_that_the_package_takes():
    word = (BINDER / "runtime.txt").read_text().strip()
    assert word == "python-3.11"
    assert Requirement(f"python{PROJECT['requires-python']}").specifier.contains(word.removeprefix("python-"))


@pytest.mark.parametrize("name", ["postBuild", "start"])
def test_scripts_are_executable_and_parse(name):
    assert os.access(BINDER / name, os.X_OK)
    subprocess.run(["bash", "-n", BINDER / name], check=True)


def test_post_build_installs_this_repository_and_copies_the_settings():
    script = (BINDER / "postBuild").read_text()
    assert "set -euo pipefail" in script  # a step that fails fails the build
    assert "--no-compile" not in script  # imports take several times as long without compiled modules
    for step in (
        "pip install --no-cache-dir --no-deps .",
        "binder/overrides.json",
        "crysnb warmup",
        "crysnb doctor",
    ):
        assert step in script


def start(*command, folder, python=sys.executable, **variables):
    (folder / "python").unlink(missing_ok=True)
    (folder / "python").symlink_to(python)
    keep = {k: v for k, v in os.environ.items() if not k.endswith("_NUM_THREADS")}
    return subprocess.run(
        [BINDER / "start", *command],
        env={**keep, "PYTHONPATH": str(ROOT), "PATH": f"{folder}:{os.environ['PATH']}", **variables},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


THREADS = ("sh", "-c", "echo $OMP_NUM_THREADS $OPENBLAS_NUM_THREADS $MKL_NUM_THREADS")


def test_start_takes_the_threads_from_the_limit(tmp_path):
    assert start(*THREADS, folder=tmp_path, CPU_LIMIT="1.0").stdout.split() == ["1", "1", "1"]
    free = start(*THREADS, folder=tmp_path, CPU_LIMIT="64").stdout.split()
    assert 1 <= int(free[0]) <= len(os.sched_getaffinity(0))
    assert len(set(free)) == 1


def test_start_keeps_what_is_set_and_survives_a_python_that_fails(tmp_path):
    assert start(*THREADS, folder=tmp_path, OMP_NUM_THREADS="3").stdout.split() == ["3", "3", "3"]
    assert start(*THREADS, folder=tmp_path, python="/bin/false").stdout.split() == ["1", "1", "1"]


def test_start_becomes_the_server(tmp_path):
    done = start("sh", "-c", 'echo "$0 $1"; exit 7', "a b", "c", folder=tmp_path)
    assert (done.returncode, done.stdout) == (7, "a b c\n")


def test_settings_are_ones_that_jupyterlab_has():
    """A misspelt setting would be ignored without a word."""
    jsonschema = pytest.importorskip("jsonschema")
    pytest.importorskip("jupyterlab", reason="the notebook extra is not installed")
    from jupyter_core.paths import jupyter_path
    from jupyterlab.commands import get_app_dir

    overrides = json.loads((BINDER / "overrides.json").read_text())
    assert overrides["@jupyterlab/apputils-extension:notification"]["fetchNews"] == "false"
    assert overrides["@jupyter-widgets/jupyterlab-manager:plugin"]["saveState"] is False
    folders = [Path(get_app_dir()) / "schemas"]
    folders += [path for root in jupyter_path("labextensions") for path in Path(root).glob("**/schemas")]
    for plugin, values in overrides.items():
        package, _, name = plugin.partition(":")
        files = [f / package / f"{name}.json" for f in folders if (f / package / f"{name}.json").is_file()]
        assert files, f"JupyterLab has no {plugin}"
        schema = json.loads(files[0].read_text())
        for key, value in values.items():
            assert key in schema["properties"], f"{plugin} has no {key}"
            jsonschema.validate(
                value, {**schema["properties"][key], "definitions": schema.get("definitions", {})}
            )


def test_the_badge_opens_a_lesson_that_is_there():
    readme = (ROOT / "README.md").read_text()
    links = re.findall(r"https://mybinder\.org/v2/[^)\s]+", readme)
    assert links
    for link in links:
        (path,) = parse_qs(urlsplit(link).query)["labpath"]
        assert (ROOT / path).is_file()
