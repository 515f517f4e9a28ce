"""Each import-linter contract of pyproject.toml holds, and bites on a planted violation."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# contract, module that receives the line, line
PLANTED = [
    ("layers", "values/planted.py", "import crysnb.structure"),
    ("layers", "values/planted.py", "def f():\n    import crysnb.structure"),
    ("layers", "symmetry/planted.py", "import crysnb.predict"),
    ("layers", "predict/planted.py", "import crysnb.tensors"),  # neighbours on one line
    ("layers", "unlisted/__init__.py", ""),  # a package without a layer
    ("F1", "predict/planted.py", "import plotly.graph_objects"),
    ("F1", "environment.py", "import ipywidgets"),
    ("F1", "training/planted.py", "import IPython"),
    ("F2", "graph/planted.py", "import pandas"),
    ("F2", "models/planted.py", "def f():\n    from sklearn import svm"),
    ("F3", "values/planted.py", "from pymatgen.core import Structure"),
    ("F3", "units.py", "import e3nn"),
    ("F4", "predict/planted.py", "import spglib"),
    ("F4", "tensors/planted.py", "import moyopy"),
    ("F5", "predict/planted.py", "import safetensors"),
    ("F5", "models/planted.py", "import urllib.request"),
    ("F6", "weights/planted.py", "import pickle"),
    ("F6", "cli/planted.py", "import joblib"),
    ("F7", "structure/planted.py", "import hypothesis"),
    ("F8", "environment.py", "import crysnb.training"),
    ("F9", "predict/planted.py", "import crysnb.testing"),
]

LEGAL = [
    (
        "layers",
        "values/planted.py",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import crysnb.structure",
    ),
    ("F1", "widgets/planted.py", "import plotly, ipywidgets, anywidget, nglview, traitlets"),
    ("F1", "training/planted.py", "import plotly"),
    ("F1", "cli/planted.py", "import IPython"),
    ("F4", "symmetry/planted.py", "import spglib"),
    ("F4", "predict/planted.py", "import crysnb.symmetry"),
    ("F5", "weights/planted.py", "import safetensors, socket, urllib.request"),
    ("F7", "testing/planted.py", "import hypothesis"),
    ("F8", "cli/planted.py", "import crysnb.training.planted"),
]


def _copy(target: Path) -> Path:
    """The repository's package and configuration, without anything but Python files."""
    shutil.copytree(
        ROOT / "crysnb",
        target / "crysnb",
        ignore=lambda folder, names: [
            n for n in names if not n.endswith(".py") and not (Path(folder) / n).is_dir()
        ],
    )
    shutil.copy(ROOT / "pyproject.toml", target)
    return target


def _lint(folder: Path, contract: str | None = None) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-c",
        "from importlinter.cli import lint_imports_command as c; c()",
        "--no-cache",
    ]
    if contract:
        command += ["--contract", contract]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def _plant(folder: Path, module: str, line: str) -> None:
    path = folder / "crysnb" / module
    path.parent.mkdir(exist_ok=True)
    (path.parent / "__init__.py").touch()
    old = path.read_text() if path.exists() else ""
    path.write_text(f"{old}\n{line}\n")
    if "training.planted" in line:
        _plant(folder, "training/planted.py", "")


def test_the_package_keeps_all_contracts() -> None:
    result = _lint(ROOT)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(("contract", "module", "line"), PLANTED)
def test_a_planted_violation_is_reported(contract: str, module: str, line: str, tmp_path: Path) -> None:
    folder = _copy(tmp_path)
    _plant(folder, module, line)
    result = _lint(folder, contract)
    assert result.returncode != 0, result.stdout
    assert "BROKEN" in result.stdout, result.stdout + result.stderr
    name = "crysnb." + module.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    assert name in result.stdout


@pytest.mark.parametrize(("contract", "module", "line"), LEGAL)
def test_a_legal_import_passes(contract: str, module: str, line: str, tmp_path: Path) -> None:
    folder = _copy(tmp_path)
    _plant(folder, module, line)
    result = _lint(folder, contract)
    assert result.returncode == 0, result.stdout
