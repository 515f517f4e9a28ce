"""The files of the repository agree with each other and hold nothing that belongs elsewhere."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import crysnb

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())

# Written in pieces, so that this file does not find itself.
HOSTS = [
    "pypi" + ".org", "files.python" + "hosted.org", "registry.npm" + "js.org", "registry.yarn" + "pkg.com",
    "deb.debian" + ".org",
    "conda.ana" + "conda.org", "anaconda" + ".org", "unpkg" + ".com", "cdn.js" + "delivr.net",
]  # fmt: skip
TORCH_INDEX = "download.py" + "torch.org"  # binder/ alone may name it
PATHS = re.compile(r"(?<![\w.~-])/" + r"(work|root|opt/wheels|opt/pypi)/")

BINARY_LIMIT = 200_000
BINARIES = ("crysnb/weights/", "crysnb/widgets/static/", "docs/images/")


def _tracked() -> list[Path]:
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in listing.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_no_registry_host_and_no_path_of_a_workplace() -> None:
    found = []
    for path in _tracked():
        text = path.read_bytes().decode("utf-8", errors="replace")
        name = path.relative_to(ROOT).as_posix()
        words = HOSTS if name.startswith("binder/") else [*HOSTS, TORCH_INDEX]
        found += [f"{name}: {word}" for word in words if word in text]
        found += [f"{name}: {match.group()}" for match in PATHS.finditer(text)]
    assert found == []


@pytest.mark.parametrize("text", ["see " + "/work" + "/main/x", "'" + "/root" + "/.cache'"])
def test_a_planted_path_is_found(text: str) -> None:
    assert PATHS.search(text)


def test_no_large_binaries() -> None:
    large = [
        p.relative_to(ROOT).as_posix() for p in _tracked()
        if p.stat().st_size > BINARY_LIMIT and not p.relative_to(ROOT).as_posix().startswith(BINARIES)
    ]  # fmt: skip
    # Text may be long: the lock file of the front end.
    assert [name for name in large if not name.endswith((".json", ".txt", ".md", ".svg"))] == []


def test_versions_agree() -> None:
    version = PROJECT["project"]["version"]
    assert crysnb.__version__ == version
    assert re.search(rf"^version: {re.escape(version)}$", (ROOT / "CITATION.cff").read_text(), re.MULTILINE)


def _pins() -> dict[str, str]:
    pins = {}
    for line in (ROOT / "constraints.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            assert re.fullmatch(r"[A-Za-z0-9_.-]+==[0-9][0-9A-Za-z.]*", line), (
                f"not an exact public version: {line}"
            )
            name, version = line.split("==")
            pins[canonicalize_name(name)] = version
    return pins


def test_every_requirement_of_the_lab_and_the_tests_is_pinned_inside_its_bounds() -> None:
    pins = _pins()
    extras = PROJECT["project"]["optional-dependencies"]
    wanted = [*PROJECT["project"]["dependencies"], *extras["notebook"], *extras["train"], *extras["dev"]]
    for requirement in map(Requirement, wanted):
        pin = pins.get(canonicalize_name(requirement.name))
        assert pin is not None, f"{requirement.name} is not pinned"
        assert requirement.specifier.contains(pin), f"{requirement} against {pin}"


def test_makefile_has_the_promised_targets() -> None:
    targets = set(re.findall(r"^(\.?[a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {"lab", "test", "lint", "bundle", "bench", ".venv"} <= targets


def test_only_one_front_door_uses_node() -> None:
    """A person without Node can do everything but rebuild the bundle."""
    for target in ("lab", "test", ".venv"):
        recipe = re.search(
            rf"^{re.escape(target)}:.*\n((?:\t.*\n)*)", (ROOT / "Makefile").read_text(), re.MULTILINE
        )
        assert recipe is not None
        assert not re.search(r"\b(node|npm|npx)\b", recipe.group(1))
