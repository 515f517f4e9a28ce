"""The blocks of docs/datasets.md run in their order and give what their comments say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from crysnb import datasets
from crysnb.datasets.benchmarks import MATBENCH, UNCONVBENCH
from crysnb.datasets.labels import MAX_RESIDUAL

PAGE = (Path(__file__).parents[2] / "docs" / "datasets.md").read_text(encoding="utf-8")


def test_the_examples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    checked = 0
    for block in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
        exec(block, names)  # noqa: S102 - our own page
        for expression, expected in re.findall(r"^(\S.*?)\s{2,}# (.+)$", block, re.MULTILINE):
            assert repr(eval(expression, names)) == expected, expression  # noqa: S307 - the same
            checked += 1
    assert checked == 9


def test_names_and_counts_of_the_page() -> None:
    for name in re.findall(r"`?datasets\.([a-z_]+)\(", PAGE):
        assert hasattr(datasets, name), name
    for name in re.findall(r"`([a-z_]+)\(", PAGE.split("## Before training")[0].split("| function |")[1]):
        assert hasattr(datasets.splits, name), name
    assert (len(MATBENCH), len(UNCONVBENCH)) == (9, 11)
    assert f"more than {MAX_RESIDUAL:.0%}".replace("%", " %") in PAGE
