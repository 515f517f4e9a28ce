"""Each hostile test fails when its protection is removed.

The registry of protections is ``protections.py``; ``remove_protections.py`` takes out all of them, one by
one, and a handful of them here. For the rules on structures there is a finer test: every case of the S rows
names the functions that protect against it. Here these are replaced by functions that do nothing; then the
bad input must no longer get the answer that its test expects. It may be read, crash or hang: that is what
the rule is for.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROWS = sorted(p for p in Path(__file__).parent.glob("test_s*.py"))


def cases_of(path: Path) -> list[Any]:
    spec = importlib.util.spec_from_file_location(f"row_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return [*getattr(module, "CASES", []), *getattr(module, "FAR", [])]


@pytest.mark.parametrize("path", [p for p in ROWS if "\nCASES = " in p.read_text()], ids=lambda p: p.stem)
def test_without_its_rule_a_bad_input_gets_through(path: Path, isolated: Any) -> None:
    guarded = [case for case in cases_of(path) if case[4]]
    assert guarded, "a row without a single rule protects nothing"
    if len(guarded) > 60:
        guarded = [*guarded[:: len(guarded) // 60 + 1], guarded[-1]]
    answers = isolated(guarded, remove=[case[4] for case in guarded], seconds=2, megabytes=512)
    useless = {
        case[0]: answer
        for case, answer in zip(guarded, answers, strict=True)
        if answer.get("code") == case[3] or case[3] in answer.get("notices", [])
    }
    assert not useless, useless


def test_every_rule_is_named_by_a_case() -> None:
    """A rule that no hostile input reaches would be untested."""
    import inspect

    from crysnb.structure import check, remarks

    # No input reaches this one while the parsers are right; test_s8_elements breaks a parser for it.
    used = {"crysnb.structure.check.symbols_agree"}
    used |= {rule for path in ROWS for case in cases_of(path) for rule in case[4]}
    for module in (check, remarks):
        for name, function in inspect.getmembers(module, inspect.isfunction):
            doc = function.__doc__ or ""
            if function.__module__ == module.__name__ and doc.startswith("S") and doc[1].isdigit():
                assert f"{module.__name__}.{name}" in used, f"no hostile case names {name}"


def registry() -> Any:
    path = Path(__file__).with_name("protections.py")
    spec = importlib.util.spec_from_file_location("protections", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["protections"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


REGISTRY = registry()


@pytest.mark.parametrize("protection", REGISTRY.PROTECTIONS, ids=lambda p: p.name)
def test_every_registered_protection_is_in_the_source(protection: Any) -> None:
    """Its text is found exactly once, what is left is Python, and the test that must fail exists."""
    without = protection.source()
    if not protection.in_browser:
        compile(without, protection.file, "exec")
    assert without != protection.path.read_text(encoding="utf-8")
    name = protection.test.partition("::")[2].partition(" and ")[0]
    assert name in protection.test_path.read_text(encoding="utf-8")


def test_every_row_has_a_protection_and_names_are_unique() -> None:
    assert {p.row for p in REGISTRY.PROTECTIONS} == set(REGISTRY.ROWS)
    assert len({p.name for p in REGISTRY.PROTECTIONS}) == len(REGISTRY.PROTECTIONS)


def test_a_removal_in_the_browser_half_is_caught() -> None:
    sys.path.insert(0, str(Path(__file__).parent))
    import remove_protections

    front = next(p for p in REGISTRY.PROTECTIONS if p.in_browser)
    code, name = remove_protections.failing_front_test(front)
    if code == remove_protections.SKIPPED:
        pytest.skip(name)
    assert (code, name.partition("::")[0]) == (1, front.test.partition("::")[0])


def test_a_handful_of_removals_is_caught() -> None:
    script = Path(__file__).with_name("remove_protections.py")
    done = subprocess.run(
        [sys.executable, str(script), "--fast"], capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    assert done.stdout.count(" OK\n") == sum(p.fast for p in REGISTRY.PROTECTIONS) >= 5
