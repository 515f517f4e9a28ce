"""Each hostile test fails when its rule is removed.

Every case of the S rows names the functions that protect against it. Here these are replaced by
functions that do nothing; then the bad input must no longer get the answer that its test expects.
It may be read, crash or hang: that is what the rule is for.
"""

from __future__ import annotations

import importlib.util
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
