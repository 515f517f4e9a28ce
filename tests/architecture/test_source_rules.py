"""What import-linter cannot see: forbidden calls, sizes of modules and functions, swallowed errors."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "crysnb"
MODULES = sorted(PACKAGE.rglob("*.py"))

MODULE_LINES = 400
FUNCTION_LINES = 60

#: Dotted names that nothing may use, however they were imported; a trailing dot forbids the whole module.
FORBIDDEN = (
    "torch.load", "torch.save", "torch.jit.load", "torch.set_default_dtype", "torch.set_default_device",
    "torch.manual_seed", "torch.random.manual_seed", "torch.cuda.manual_seed", "torch.cuda.manual_seed_all",
    "torch.set_num_threads", "numpy.random.seed", "numpy.load", "random.seed", "os.system", "os.popen",
    "IPython.display.HTML", "IPython.core.display.HTML", "ipywidgets.HTML", "ipywidgets.widgets.HTML",
    "pymatgen.symmetry.",
)  # fmt: skip
#: Names that may not appear at all, whatever they hang on.
FORBIDDEN_ANYWHERE = {"SpacegroupAnalyzer", "get_space_group_info"}
BUILTINS = {"eval", "exec", "print", "compile", "__import__"}
#: The one module that makes HTML.
HTML_MODULE = "widgets/html.py"


def violations(source: str, module: str = "planted.py") -> list[str]:
    """Forbidden names used in ``source``, as ``line: name``."""
    tree = ast.parse(source)
    aliases = _aliases(tree)
    found = [f"{node.lineno}: {name}" for node, name in _names(tree, aliases) if _forbidden(name, module)]
    found += [f"{n.lineno}: swallowed exception" for n in ast.walk(tree) if _swallows(n)]
    return found


def _aliases(tree: ast.AST) -> dict[str, str]:
    """What local names stand for."""
    aliases = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for name in node.names:
                local = name.asname or name.name.split(".")[0]
                aliases[local] = name.name if name.asname else local
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for name in node.names:
                aliases[name.asname or name.name] = f"{node.module}.{name.name}"
    return aliases


def _names(tree: ast.AST, aliases: dict[str, str]) -> Iterator[tuple[ast.stmt | ast.expr, str]]:
    """Every used or imported dotted name, aliases resolved; built-in functions as ``builtins.x``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node, name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node, f"{node.module}.{name.name}") for name in node.names)
        elif isinstance(node, ast.Attribute | ast.Name):
            dotted = _dotted(node)
            head, _, rest = dotted.partition(".")
            if head in aliases:
                yield node, aliases[head] + ("." + rest if rest else "")
            elif isinstance(node, ast.Name) and node.id in BUILTINS:
                yield node, f"builtins.{node.id}"
            else:
                yield node, dotted


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return "?"  # a call or subscript: what it gives is unknown


def _forbidden(name: str, module: str) -> bool:
    if name.startswith("builtins.") or FORBIDDEN_ANYWHERE & set(name.split(".")):
        return True
    if name.endswith(".HTML") and module == HTML_MODULE:
        return False
    return any(name == rule.rstrip(".") or name.startswith(rule.rstrip(".") + ".") for rule in FORBIDDEN)


def _swallows(node: ast.AST) -> bool:
    """``except Exception: pass`` and its relatives."""
    if not isinstance(node, ast.ExceptHandler):
        return False
    broad = node.type is None or _dotted(node.type) in {"Exception", "BaseException"}
    return broad and all(isinstance(statement, ast.Pass) for statement in node.body)


def long_functions(source: str) -> list[str]:
    """Functions of more than 60 lines, decorators and docstring not counted."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if ast.get_docstring(node) is not None:
                lines -= (node.body[0].end_lineno or 0) - node.body[0].lineno + 1
            if lines > FUNCTION_LINES:
                found.append(f"{node.name}: {lines} lines")
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_module(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert violations(source, path.relative_to(PACKAGE).as_posix()) == []
    assert len(source.splitlines()) <= MODULE_LINES
    assert long_functions(source) == []


@pytest.mark.parametrize(
    "line",
    [
        "import torch\ntorch.load('x')",
        "import torch as t\nt.save(1, 'x')",
        "from torch import load",
        "from torch import load as fetch\nfetch('x')",
        "def f():\n    import torch\n    torch.set_default_dtype(torch.float64)",
        "import torch\ntorch.manual_seed(0)",
        "import torch\ntorch.set_num_threads(1)",
        "import numpy as np\nnp.random.seed(0)",
        "eval('1')",
        "exec('1')",
        "print('x')",
        "f = print",
        "import os\nos.system('ls')",
        "from os import system",
        "from IPython.display import HTML",
        "import IPython.display as d\nd.HTML('<b>')",
        "import ipywidgets as w\nw.HTML('<b>')",
        "from ipywidgets import HTML",
        "from pymatgen.symmetry.analyzer import SpacegroupAnalyzer",
        "import pymatgen.symmetry.groups",
        "from pymatgen import symmetry",
        "import anything\nanything.SpacegroupAnalyzer(1)",
        "def f(structure):\n    return structure.get_space_group_info()",
        "def f(read):\n    return read('x').get_space_group_info",
        "try:\n    f()\nexcept Exception:\n    pass",
        "try:\n    f()\nexcept:\n    pass",
    ],
)
def test_a_planted_line_is_found(line: str) -> None:
    assert violations(line)


@pytest.mark.parametrize(
    "line",
    [
        "import torch\ntorch.Generator().manual_seed(0)",
        "def f(model):\n    model.eval()",
        "import json\njson.load(open('x'))",
        "import re\nre.compile('x')",
        "try:\n    f()\nexcept OSError:\n    pass",
        "text = 'print(1)'",
    ],
)
def test_an_honest_line_passes(line: str) -> None:
    assert violations(line) == []


def test_html_is_made_in_one_module_only() -> None:
    line = "import ipywidgets\nipywidgets.HTML('')"
    assert violations(line, "widgets/tensor_view.py")
    assert violations(line, HTML_MODULE) == []


def test_a_long_function_is_found() -> None:
    body = "\n".join("    x = 1" for _ in range(FUNCTION_LINES))
    assert long_functions(f"def f():\n{body}\n")
    assert not long_functions("def f():\n    '''doc\n" + "\n" * FUNCTION_LINES + "    '''\n    return 1\n")
