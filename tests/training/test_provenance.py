"""What a card says of a data set goes by its content."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

import pytest

from crysnb.training.provenance import DATASETS, about, is_published


@pytest.mark.parametrize("name", DATASETS)
def test_the_published_sets_are_known_however_they_are_packed(
    data_dir: Path, tmp_path: Path, name: str
) -> None:
    assert about(data_dir / name) == DATASETS[name]
    lines = gzip.decompress((data_dir / name / "structures.jsonl.gz").read_bytes())
    again = tmp_path / name
    again.mkdir()
    (again / "structures.jsonl.gz").write_bytes(gzip.compress(lines, 1))
    assert is_published(again)
    shutil.move(again, tmp_path / "other")
    assert not is_published(tmp_path / "other")


@pytest.mark.parametrize("content", [b"", b"no gzip", gzip.compress(b'{"id": "a"}\n'), gzip.compress(b"[")])
def test_other_crystals_under_the_name_are_not(tmp_path: Path, content: bytes) -> None:
    folder = tmp_path / "mp_dielectric"
    folder.mkdir()
    assert not is_published(folder)
    (folder / "structures.jsonl.gz").write_bytes(content)
    assert about(folder) == {"name": "mp_dielectric", "licence": "not stated", "source": "not stated"}
