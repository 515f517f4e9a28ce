"""The public names: lazy, resolvable, documented; and `import crysnb` stays light."""

from __future__ import annotations

import ast
import inspect
import os
import subprocess
import sys
from pathlib import Path

import pytest

import crysnb

STUB = Path(crysnb.__file__).with_suffix(".pyi")
HEAVY = ("torch", "e3nn", "pymatgen", "spglib", "pandas", "scipy", "sklearn", "plotly", "ipywidgets", "typer")


def _public_names() -> list[str]:
    names = [
        alias.asname or alias.name
        for node in ast.parse(STUB.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    ]
    assert names, "the stub lists no name"
    return names


def _python(code: str, **variables: str) -> str:
    result = subprocess.run(
        [sys.executable, "-W", "error::ImportWarning", "-c", code],
        env={**os.environ, **variables}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_import_is_light() -> None:
    loaded = _python(
        "import sys; before = set(sys.modules)\n"
        "import crysnb; dir(crysnb); crysnb.CrysnbError; crysnb.__version__\n"
        "print(*{m.split('.')[0] for m in set(sys.modules) - before})"
    ).split()
    assert "crysnb" in loaded
    assert set(loaded).isdisjoint(HEAVY)


def test_the_stub_is_sorted_and_has_no_doubles() -> None:
    names = _public_names()
    assert len(set(names)) == len(names)
    assert set(names) <= set(dir(crysnb))


def test_every_name_resolves_when_imported_eagerly() -> None:
    names = _public_names()
    code = f"import crysnb, sys\n[getattr(crysnb, name) for name in {names!r}]\nprint('torch' in sys.modules)"
    assert _python(code, EAGER_IMPORT="1").strip() == "True"


@pytest.mark.parametrize("name", _public_names())
def test_every_name_is_documented(name: str) -> None:
    thing = getattr(crysnb, name)
    # A package that shares its name with a function forwards to it.
    thing = inspect.unwrap(thing)
    doc = thing.__dict__.get("__doc__") if inspect.isclass(thing) else thing.__doc__
    assert doc, f"{name} has no docstring"
    assert len(doc.strip()) > 10
    first = doc.strip().splitlines()[0]
    assert first.endswith((".", ":")), f"{name}: the first line is no sentence: {first}"


@pytest.mark.parametrize("name", _public_names())
def test_public_functions_are_annotated(name: str) -> None:
    thing = inspect.unwrap(getattr(crysnb, name))
    if not inspect.isfunction(thing):
        return
    signature = inspect.signature(thing)
    bare = [p.name for p in signature.parameters.values() if p.annotation is p.empty]
    assert not bare, f"{name}: parameters without a type: {bare}"
    assert signature.return_annotation is not signature.empty


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError):
        crysnb.predikt  # noqa: B018
