"""A folder of structure files and ``id_prop.csv``, the convention of CGCNN (Xie and Grossman 2018).

Each row names a file by its stem and gives its target::

    NaCl,2.35                                one number, called "target"
    quartz,2.36,0,0,0,2.36,0,0,0,2.38        nine numbers: a 3×3 tensor, row by row; 18: 3×6; 36: 6×6

or, with a first row of names, several targets at once; a tensor is then a nested list::

    id,band_gap,eps_electronic
    quartz,5.7,"[[2.36, 0, 0], [0, 2.36, 0], [0, 0, 2.38]]"

Columns of 3×6 and 6×6 tensors are in the order xx, yy, zz, yz, xz, xy. A CIF carries no orientation: its
tensors are taken in the axes that :func:`crysnb.as_structure` gives it (z ∥ c, a in the x-z plane). A POSCAR
keeps its own.
"""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from crysnb import files
from crysnb.datasets.dataset import Dataset, Rejected, collect, raw_of
from crysnb.errors import CrysnbError, quote
from crysnb.structure.read import read

TABLE = "id_prop.csv"
#: Suffixes of structure files, in the order they are looked for.
SUFFIXES = (".cif", ".vasp", ".poscar", ".json")
MAX_TABLE_BYTES = 64 << 20
_LONGEST_ID = 120
#: With a suffix, what the name of a file may have.
_MOST_BYTES = 240
_FORBIDDEN = re.compile(r'[/\\:*?"<>|\x00-\x1f\x7f]')
#: What names a column; neither a number nor a list.
_NAME = re.compile(r"(?!(?:nan|inf|infinity)$)[A-Za-z_][\w .()/-]{0,63}", re.IGNORECASE)
#: Numbers in a row without names -> shape of the target.
_SHAPES = {9: (3, 3), 18: (3, 6), 36: (6, 6)}


def is_cif_folder(path: str | Path) -> bool:
    """Whether ``path`` is a folder with ``id_prop.csv``."""
    return files.is_file(Path(path) / TABLE)


def read_folder(path: str | Path, *, target: str = "target") -> Dataset:
    """Labelled crystals of a folder with ``id_prop.csv``; bad rows are listed and cost no good one.

    Parameters
    ----------
    path
        Folder with ``id_prop.csv`` and one structure file (``.cif``, ``.vasp``, ``.poscar`` or ``.json``)
        for each id.
    target
        Name of the target where the table has no row of names.

    Raises
    ------
    CrysnbError
        ``data.not_found``, ``data.not_a_file``, ``data.unreadable_file``, ``data.too_large`` or
        ``data.invalid`` for the table; ``data.nothing`` if no row is usable.

    Notes
    -----
    Codes of rejected rows: ``data.id``, ``data.row``, ``data.number``, ``data.duplicate_id``,
    ``structure.not_found``, ``data.ambiguous_file``, and those of the structure rules.
    """
    folder = Path(path)
    return collect(str(path), _rows(folder, _table(folder / TABLE), target))


def _table(file: Path) -> list[tuple[int, list[str]]]:
    """Line number and cells of each row that is not blank."""

    def too_large(size: int) -> CrysnbError:
        return CrysnbError(
            "data.too_large",
            found=f"{quote(file.name)} has {size} bytes",
            accepted=f"at most {MAX_TABLE_BYTES >> 20} MiB",
        )

    content = files.read_whole(file, "data", limit=MAX_TABLE_BYTES, too_large=too_large)
    try:
        reader = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        return [
            (reader.line_num, cells)
            for cells in ([cell.strip() for cell in row] for row in reader)
            if any(cells) and not cells[0].startswith("#")
        ]
    except (UnicodeDecodeError, csv.Error) as error:
        raise CrysnbError(
            "data.invalid",
            found=f"{quote(file.name)} is no table of comma-separated values: {quote(str(error))}",
            accepted="UTF-8 text with one row for each crystal: id, target",
        ) from error


def _rows(
    folder: Path, table: list[tuple[int, list[str]]], target: str
) -> Iterator[dict[str, Any] | Rejected]:
    names = _names(folder, table[0][1]) if table else None
    for line, cells in table[1:] if names else table:
        try:
            yield _row(folder, cells, names, target)
        except CrysnbError as error:
            yield Rejected.of(cells[0] or f"line {line}", error)


def _names(folder: Path, first: list[str]) -> list[str] | None:
    """Names of the targets if the first row holds names: no values, and no file has that stem."""
    if len(first) < 2 or not all(_NAME.fullmatch(cell) for cell in first):
        return None
    if any(files.is_file(folder / (first[0] + suffix)) for suffix in SUFFIXES):
        return None
    if len(set(first)) < len(first):
        raise CrysnbError(
            "data.invalid",
            found=f"the names {quote(first)} in the first row of {TABLE}",
            accepted="a name for each column, all different",
        )
    return first[1:]


def _row(folder: Path, cells: list[str], names: list[str] | None, target: str) -> dict[str, Any]:
    name = check_id(cells[0])
    targets = _named(cells[1:], names) if names else {target: _unnamed(cells[1:])}
    return raw_of(read(_file_of(folder, name)).structure, name, targets)


def check_id(name: str) -> str:
    """``name`` if it may name a file of the folder.

    Raises
    ------
    CrysnbError
        ``data.id`` for an empty or long name, and for one that would lead out of the folder.
    """
    if (
        not name
        or len(name) > _LONGEST_ID
        or len(name.encode()) > _MOST_BYTES
        or name.startswith(".")
        or _FORBIDDEN.search(name)
    ):
        raise CrysnbError(
            "data.id",
            found=f"the id {quote(name)}",
            accepted=f"the stem of a file there, of at most {_LONGEST_ID} characters, {_MOST_BYTES} bytes",
        )
    return name


def _file_of(folder: Path, name: str) -> Path:
    found = [path for suffix in SUFFIXES if (path := folder / (name + suffix)).exists()]
    if len(found) == 1:
        return found[0]
    if found:
        raise CrysnbError(
            "data.ambiguous_file",
            found=f"several files for {quote(name)}: {', '.join(p.name for p in found)}",
            accepted="one structure file for each id",
        )
    raise CrysnbError(
        "structure.not_found",
        found=f"there is no structure file for {quote(name)}",
        accepted=f"{name}.cif, or one of {', '.join(SUFFIXES[1:])}",
        action="Add the file, or remove the row",
    )


def _unnamed(cells: list[str]) -> Any:
    while cells and not cells[-1]:  # a trailing comma
        cells = cells[:-1]
    if len(cells) == 1:
        return _value(cells[0])
    if len(cells) not in _SHAPES:
        raise CrysnbError(
            "data.row",
            found=f"a row with {len(cells)} values",
            accepted="1 value, or the 9, 18 or 36 numbers of a tensor; or names in the first row",
        )
    rows, columns = _SHAPES[len(cells)]
    numbers = [_number(cell) for cell in cells]
    return [numbers[columns * k : columns * (k + 1)] for k in range(rows)]


def _named(cells: list[str], names: list[str]) -> dict[str, Any]:
    if len(cells) > len(names) and any(cells[len(names) :]):
        raise CrysnbError(
            "data.row",
            found=f"a row with {len(cells)} values",
            accepted=f"{len(names)}, as the first row names them",
        )
    found = {name: _value(cell) for name, cell in zip(names, cells, strict=False) if cell}
    if not found:
        raise CrysnbError("data.row", found="a row without any target", accepted="at least one value")
    return found


def _value(cell: str) -> Any:
    """A number, or a nested list of numbers."""
    if not cell.startswith("["):
        return _number(cell)
    try:
        value = json.loads(cell)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, list) or not _all_finite(value):
        raise CrysnbError(
            "data.number", found=f"the target {quote(cell)}", accepted="a number, or a nested list of numbers"
        )
    return value


def _all_finite(value: Any, depth: int = 0) -> bool:
    if isinstance(value, list):
        return bool(value) and depth < 4 and all(_all_finite(v, depth + 1) for v in value)
    # An integer of many digits does not fit a float.
    return type(value) in (int, float) and abs(value) < 1e300 and math.isfinite(value)


def _number(cell: str) -> float:
    try:
        value = float(cell) if cell.isascii() and "_" not in cell else math.nan
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise CrysnbError("data.number", found=f"the target {quote(cell)}", accepted="a finite number")
    return value
