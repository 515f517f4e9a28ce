"""Write binder/requirements.txt anew from constraints.txt, in the environment of ``make .venv``."""

from __future__ import annotations

import tomllib
from importlib.metadata import requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
TARGET = ROOT / "binder" / "requirements.txt"
#: Part of every environment, and left out of `pip freeze`.
EVERYWHERE = {"setuptools"}


def needed() -> set[str]:
    """Names of all that crysnb[notebook] brings, as installed here."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = [*project["dependencies"], *project["optional-dependencies"]["notebook"]]
    todo = [(Requirement(line), "") for line in lines]
    seen = set()
    while todo:
        requirement, extra = todo.pop()
        name = canonicalize_name(requirement.name)
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": extra}):
            continue
        for wanted in {"", *requirement.extras}:
            if (name, wanted) not in seen:
                seen.add((name, wanted))
                todo += [(Requirement(line), wanted) for line in requires(name) or ()]
    return {name for name, _ in seen} - EVERYWHERE


def main() -> None:
    """Keep the head of the file, replace the pins."""
    pins = {}
    for line in (ROOT / "constraints.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            pins[canonicalize_name(line.partition("==")[0])] = line
    head = [line for line in TARGET.read_text().splitlines() if line.startswith(("-", "#"))]
    names = sorted(needed())
    TARGET.write_text("\n".join([*head, *(pins[name] for name in names)]) + "\n")
    print(f"{len(names)} pins in {TARGET.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
