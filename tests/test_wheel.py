"""What is built is what works: wheel and sdist, installed where the repository cannot be seen."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

pytestmark = pytest.mark.slow

# Runs in the clean environment; a failed assertion ends it.
CHECK = r"""
import ast, json, sys
from pathlib import Path

import crysnb

package = Path(crysnb.__file__).parent
assert Path(sys.prefix) in package.parents, f"{package} is not the installed one"
stub = ast.parse((package / "__init__.pyi").read_text())
names = [a.name for node in stub.body if isinstance(node, ast.ImportFrom) for a in node.names]
for name in names:
    assert getattr(crysnb, name).__doc__, name
assert (package / "py.typed").exists()

modules = list((package / "widgets" / "static").iterdir())
assert any(m.suffix == ".mjs" for m in modules), modules
assert all(m.read_bytes() for m in modules)

from crysnb.weights import store
shipped = store.shipped()
assert "gmtnet-dielectric" in shipped, shipped
for name in shipped:
    assert store.load(name).tensors

for name in crysnb.examples():
    assert len(crysnb.as_structure(name))
value = crysnb.predict("GaAs").value
assert value.shape == (3, 3), value

from crysnb.cli.lab import copy_notebooks
done = copy_notebooks(Path("mine"))
for name in done.new:
    json.loads((Path("mine") / name).read_text())
print(json.dumps({"names": len(names), "models": list(shipped), "notebooks": done.new}))
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The wheel and the sdist of this checkout."""
    folder = tmp_path_factory.mktemp("dist")
    for target in ("wheel", "sdist"):
        subprocess.run(
            [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(folder)],
            cwd=ROOT, check=True, capture_output=True,
        )  # fmt: skip
    (wheel,), (sdist,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return wheel, sdist


@pytest.fixture(scope="module")
def clean_python(built: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Interpreter of a new environment: the wheel, and the dependencies of this one, nothing downloaded."""
    folder = tmp_path_factory.mktemp("clean") / "env"
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", str(python), "install", "-q", "--no-index", "--no-deps",
         str(built[0])], check=True, capture_output=True,
    )  # fmt: skip
    (site,) = (folder / "lib").glob("python*/site-packages")
    # A path file adds the folder of dependencies behind the new one, without the editable crysnb in it:
    # path files inside an added folder are not read.
    dependencies = [p for p in sys.path if p.endswith("site-packages")]
    (site / "dependencies.pth").write_text("\n".join(dependencies) + "\n")
    return python


def _names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


def test_everything_public_works_from_the_wheel(clean_python: Path, tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "CRYSNB"))}
    result = subprocess.run(
        [clean_python, "-c", CHECK],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_command_is_installed(clean_python: Path, tmp_path: Path) -> None:
    result = subprocess.run(
        [clean_python.parent / "crysnb", "tensor", "quartz", "--kind", "dielectric", "--json"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert '"n_independent": 2' in result.stdout


def test_the_wheel_holds_the_package_and_nothing_else(built: tuple[Path, Path]) -> None:
    names = _names(built[0])
    assert {name.split("/")[0] for name in names} == {"crysnb"}
    strange = [
        n for n in names if "__pycache__" in n or ".ipynb_checkpoints" in n or n.endswith((".map", ".ts"))
    ]
    assert strange == []
    with zipfile.ZipFile(built[0]) as archive:
        assert any(name.endswith("licenses/LICENSE") for name in archive.namelist())


def test_a_wheel_from_the_sdist_is_the_same(built: tuple[Path, Path], tmp_path: Path) -> None:
    wheel, sdist = built
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    (source,) = tmp_path.iterdir()
    for promised in ("LICENSE", "README.md", "CHANGELOG.md", "tests", "notebooks", "widgets/package.json"):
        assert (source / promised).exists(), promised
    assert not (source / "widgets" / "node_modules").exists()
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "again")],
        cwd=source, check=True, capture_output=True,
    )  # fmt: skip
    (again,) = (tmp_path / "again").glob("*.whl")
    assert _names(again) == _names(wheel)
