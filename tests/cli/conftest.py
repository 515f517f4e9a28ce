"""Run the command line inside this process, with stdout and stderr apart."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from crysnb.cli import app


@pytest.fixture
def crysnb() -> Callable[..., Result]:
    def run(*words: str) -> Result:
        return CliRunner().invoke(app, [str(w) for w in words])

    return run


@pytest.fixture
def objects() -> Callable[[Result], list[dict[str, Any]]]:
    """The JSON Lines of a result; every line of stdout must be one."""
    return lambda result: [json.loads(line) for line in result.stdout.splitlines()]
