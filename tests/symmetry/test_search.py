"""The gate in front of spglib. Everything that might crash runs in a process of its own."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import crysnb
from crysnb.errors import CrysnbError, StructureError, SymmetryUndetermined
from crysnb.symmetry import search as gate
from crysnb.symmetry.search import Cell, check_symprec

LATTICE = [[4.0, 0.0, 0.0], [0.0, 4.0, 0.0], [0.0, 0.0, 4.0]]
FRAC = [[0.0, 0.0, 0.0], [0.5, 0.5, 0.5]]


def _poisoned() -> list[tuple[str, list[list[float]], list[list[float]]]]:
    cases = []
    for bad in (float("nan"), float("inf"), float("-inf"), 1e308, -1e308):
        for which, rows in (("lattice", LATTICE), ("frac", FRAC)):
            for i in range(len(rows)):
                for j in range(3):
                    changed = [list(row) for row in rows]
                    changed[i][j] = bad
                    both = (changed, FRAC) if which == "lattice" else (LATTICE, changed)
                    cases.append((f"{which}[{i}][{j}] = {bad}", *both))
    return cases


def test_no_poisoned_number_reaches_spglib() -> None:
    """Each case goes through the public path of a structure; a signal exit is a failure."""
    code = (
        "import json, sys, warnings\n"
        "warnings.simplefilter('ignore')\n"
        "from pymatgen.core import Lattice, Structure\n"
        "from crysnb.errors import CrysnbError\n"
        "from crysnb.symmetry.detect import detect\n"
        "for name, lattice, frac in json.load(sys.stdin):\n"
        "    try:\n"
        "        detect(Structure(Lattice(lattice), ['Na', 'Cl'], frac))\n"
        "        print(json.dumps([name, 'accepted']), flush=True)\n"
        "    except CrysnbError as error:\n"
        "        print(json.dumps([name, error.code]), flush=True)\n"
    )
    cases = _poisoned()
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=json.dumps(cases),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, (
        f"exit {done.returncode} (negative: killed by a signal)\n{done.stderr[-2000:]}"
    )
    answers = dict(json.loads(line) for line in done.stdout.splitlines())
    assert len(answers) == len(cases)
    assert set(answers.values()) <= {"structure.non_finite", "structure.degenerate_cell"}, answers


@pytest.mark.parametrize(
    ("lattice", "frac", "numbers", "code"),
    [
        (np.diag([4.0, 4.0, np.nan]), [[0, 0, 0]], [1], "structure.non_finite"),
        (np.eye(3), [[0, np.inf, 0]], [1], "structure.non_finite"),
        (np.diag([4.0, 4.0, 0.0]), [[0, 0, 0]], [1], "structure.degenerate_cell"),
        (np.array([[4, 0, 0], [0, 4, 0], [4, 4, 1e-9]]), [[0, 0, 0]], [1], "structure.degenerate_cell"),
        (np.eye(3) * 1e200, [[0, 0, 0]], [1], "structure.degenerate_cell"),
        (np.eye(3), np.zeros((0, 3)), [], "structure.empty"),
        (np.eye(3), [[0, 0, 0]], [1, 2], "structure.empty"),
        (np.eye(2), [[0, 0, 0]], [1], "structure.shape"),
        (np.eye(3), [0, 0, 0], [1], "structure.shape"),
    ],
)
def test_a_cell_checks_itself(lattice: object, frac: object, numbers: object, code: str) -> None:
    with pytest.raises(StructureError) as error:
        Cell(np.asarray(lattice, float), np.asarray(frac, float), np.asarray(numbers, int))
    assert error.value.code == code


def test_the_last_gate_holds_even_if_a_cell_is_changed_behind_its_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gate, "_dataset", lambda *_, **__: pytest.fail("spglib was called"))
    cell = Cell(np.array(LATTICE), np.array(FRAC), np.array([11, 17]))
    cell.frac[0, 0] = np.nan
    with pytest.raises(StructureError):
        gate.search(cell, 1e-2)


@pytest.mark.parametrize("symprec", [0, -1e-3, float("nan"), float("inf"), 5.0, "tight", None, True, 1e-12])
def test_unusable_tolerances_are_refused(symprec: object) -> None:
    with pytest.raises(SymmetryUndetermined) as error:
        check_symprec(symprec)
    assert error.value.code == "symmetry.symprec"


def test_an_error_of_spglib_is_an_absent_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise gate._SpglibError("spacegroup search failed.")

    monkeypatch.setattr(gate, "_dataset", fail)
    assert gate.search(Cell(np.array(LATTICE), np.array(FRAC), np.array([11, 17])), 1e-2) is None


def test_only_one_module_calls_spglib_and_none_pymatgens_analyzer() -> None:
    root = Path(crysnb.__file__).parent
    importers = set()
    for path in root.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            modules = []
            if isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                modules = [node.module or ""]
            assert not any(m.startswith("pymatgen.symmetry") for m in modules), path
            assert not (isinstance(node, ast.Name) and node.id == "SpacegroupAnalyzer"), path
            assert not (isinstance(node, ast.Attribute) and node.attr == "get_space_group_info"), path
            if any(m.split(".")[0] == "spglib" for m in modules):
                importers.add(path.relative_to(root).as_posix())
    assert importers == {"symmetry/search.py"}


def test_overlapping_atoms_give_our_error() -> None:
    from pymatgen.core.structure import Structure

    from crysnb.symmetry.detect import detect

    with pytest.raises(CrysnbError) as error:
        detect(Structure(LATTICE, ["Na", "Na"], [[0, 0, 0], [0, 0, 1e-9]]), 1e-2)
    assert error.value.code == "symmetry.undetermined"
