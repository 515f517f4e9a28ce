"""Running hostile inputs in a process that may die."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

Isolated = Callable[..., list[dict[str, Any]]]


@pytest.fixture(scope="session")
def isolated() -> Isolated:
    """``isolated(cases, remove=None, seconds=10, megabytes=1024)``: one answer per case, in order.

    A case is ``(name, kind, input, ...)``; see ``worker.py`` for kinds and answers.
    """

    def run(
        cases: Sequence[Sequence[Any]],
        *,
        remove: Sequence[Sequence[str]] | None = None,
        seconds: float = 10.0,
        megabytes: int = 1024,
    ) -> list[dict[str, Any]]:
        removed = remove or [[] for _ in cases]
        job = {
            "cases": [
                {"kind": case[1], "input": case[2], "remove": list(names)}
                for case, names in zip(cases, removed, strict=True)
            ],
            "seconds": seconds,
            "megabytes": megabytes,
        }
        done = subprocess.run(
            [sys.executable, str(Path(__file__).with_name("worker.py"))],
            input=json.dumps(job),
            capture_output=True,
            text=True,
            timeout=60 + seconds * len(cases),
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            check=False,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        answers = [json.loads(line) for line in done.stdout.splitlines()]
        assert len(answers) == len(cases), done.stderr[-2000:]
        return answers

    return run


@pytest.fixture(scope="session")
def assert_refused(isolated: Isolated) -> Callable[..., list[dict[str, Any]]]:
    """Assert that every case ``(name, kind, input, code, rules)`` is refused with its code."""

    def check(cases: Sequence[Sequence[Any]], **limits: Any) -> list[dict[str, Any]]:
        answers = isolated(cases, **limits)
        wrong = {
            case[0]: answer
            for case, answer in zip(cases, answers, strict=True)
            if answer.get("code", "-") != case[3]
        }
        assert not wrong, wrong
        return answers

    return check


@pytest.fixture(scope="session")
def assert_noticed(isolated: Isolated) -> Callable[..., None]:
    """Assert that every case ``(name, kind, input, code, rules)`` is read with the notice."""

    def check(cases: Sequence[Sequence[Any]]) -> None:
        wrong = {
            case[0]: answer
            for case, answer in zip(cases, isolated(cases), strict=True)
            if answer.get("code", "-") is not None or case[3] not in answer["notices"]
        }
        assert not wrong, wrong

    return check
