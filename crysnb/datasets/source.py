"""What a folder holds to learn from, whatever its form: records, a split, and what was refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crysnb.datasets import splits
from crysnb.datasets.dataset import Rejected
from crysnb.datasets.folder import TABLE, is_cif_folder, read_folder
from crysnb.datasets.records import raw_records, read_split
from crysnb.errors import CrysnbError, quote

LINES = ("structures.jsonl.gz", "structures.jsonl")
SPLIT = "split.json"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Source:
    """Labelled crystals on disk.

    Attributes
    ----------
    raw
        Records as plain dictionaries in the JSON Lines format, in order; to be read once.
    split
        Part -> ids: that of ``split.json``, or a random one grouped by formula where there is none.
    rejected
        Rows of a folder of structure files that could not be used.
    """

    raw: Iterable[Mapping[str, Any]]
    split: dict[str, list[str]]
    rejected: tuple[Rejected, ...] = ()


def open_source(path: str | Path, *, target: str = "target") -> Source:
    """A folder of the JSON Lines format, or one of structure files with ``id_prop.csv``.

    Parameters
    ----------
    path
        Folder with ``structures.jsonl.gz``, ``structures.jsonl`` or ``id_prop.csv``. Without a
        ``split.json`` the crystals are divided 80 : 10 : 10, all of one formula into one part, seed 0.
    target
        Name of the target in an ``id_prop.csv`` without names.

    Raises
    ------
    CrysnbError
        ``data.missing`` if the folder has none of them, and what the readers raise.
    """
    folder = Path(path)
    for name in LINES:
        if (folder / name).is_file():
            return _of_lines(folder, folder / name)
    if is_cif_folder(folder):
        found = read_folder(folder, target=target)
        return Source(raw=found.raw(), split=_split(folder, found.formulas()), rejected=found.rejected)
    raise CrysnbError(
        "data.missing",
        found=f"no labelled crystals in {quote(str(path))}",
        accepted=f"a folder with {LINES[0]}, or with {TABLE} and structure files",
    )


def _of_lines(folder: Path, file: Path) -> Source:
    if (folder / SPLIT).is_file():
        return Source(raw=raw_records(file), split=read_split(folder / SPLIT))
    formulas = {str(raw.get("id")): splits.formula_of(raw) for raw in raw_records(file)}
    return Source(raw=raw_records(file), split=_split(folder, formulas))


def _split(folder: Path, formulas: Mapping[str, str]) -> dict[str, list[str]]:
    file = folder / SPLIT
    return read_split(file) if file.is_file() else splits.by_formula(formulas)
