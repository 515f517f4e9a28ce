"""Element tables in files: JSON, CSV and npz, read with guards and without pickle, written whole."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crysnb import files
from crysnb.errors import CrysnbError, ShapeError, quote
from crysnb.values.element_table import MAX_DIM, ElementTable
from crysnb.values.symbols import SYMBOLS

#: A table of 118 elements with the largest number of columns, every number in full.
MAX_BYTES = 16 << 20
_FORMATS = "a file that ends in .json, .csv or .npz"
_ZIP = b"PK\x03\x04"


def read(path: str | Path) -> ElementTable:
    """The table in a file; ``.json``, ``.csv`` or ``.npz``.

    Besides what :func:`write` makes: JSON that maps symbols or atomic numbers to vectors (other keys, such
    as ``"Null"``, are left out and named in ``meta["left_out"]``), and CSV with a column ``element`` or
    ``symbol``; columns that hold anything but numbers are left out. Empty fields are NaN.

    Raises
    ------
    CrysnbError
        ``elements.not_found``, ``elements.not_a_file``, ``elements.unreadable_file``, ``elements.too_large``,
        ``elements.format``, or what :class:`ElementTable` raises.
    """
    file = Path(path)
    reader = _READERS.get(file.suffix.lower())
    data = files.read_whole(file, "elements", limit=MAX_BYTES, too_large=_too_large, accepted=_FORMATS)
    if reader is None:
        raise _refuse(f"a file named {quote(file.name)}", _FORMATS)
    return reader(data, file.stem)


def write(table: ElementTable, path: str | Path, *, overwrite: bool = False) -> Path:
    """Write a table; the suffix ``.json``, ``.csv`` or ``.npz`` names the format.

    JSON and npz keep everything; CSV keeps elements, names of columns and vectors.

    Raises
    ------
    CrysnbError
        ``elements.format`` for another suffix; ``file.exists``, ``file.not_writable``.
    """
    file = Path(path)
    make = _WRITERS.get(file.suffix.lower())
    if make is None:
        raise _refuse(f"a file named {quote(file.name)}", _FORMATS)
    return files.write_whole(file, make(table), overwrite=overwrite)


def _too_large(size: int) -> CrysnbError:
    return ShapeError(
        "elements.too_large",
        found=f"an element table of {size} bytes",
        accepted=f"at most {MAX_BYTES >> 20} MiB",
    )


def _refuse(found: str, accepted: str) -> CrysnbError:
    return ShapeError("elements.format", found=found, accepted=accepted)


def _from_json(data: bytes, name: str) -> ElementTable:
    found = files.parse_json(data, depth=8, refuse=_refuse)
    if isinstance(found, Mapping) and "schema_version" not in found:
        return from_mapping(found, name)
    return ElementTable.from_dict(found)


def from_mapping(found: Mapping[Any, Any], name: str, **meta: Any) -> ElementTable:
    """The table in a mapping of symbols or atomic numbers to vectors."""
    rows: dict[str, Any] = {}
    left_out = []
    for key, vector in found.items():
        symbol = _symbol(key)
        if symbol is None:
            left_out.append(str(key)[:20])
        elif symbol in rows:
            raise ShapeError("elements.twice", found=f"two rows for {symbol}", accepted="one row per element")
        else:
            rows[symbol] = (
                [np.nan if x is None else x for x in vector] if isinstance(vector, list) else vector
            )
    if not rows:
        raise _refuse("no key that is an element", "symbols or atomic numbers, each with its vector")
    if left_out:
        meta["left_out"] = left_out[:20]
    return ElementTable(list(rows.values()), tuple(rows), name, meta)  # type: ignore[arg-type] # checked there


def _symbol(key: object) -> str | None:
    text = str(key)
    if text.isdecimal() and len(text) < 4:
        return SYMBOLS[int(text) - 1] if 1 <= int(text) <= len(SYMBOLS) else None
    return text if text in SYMBOLS else None


def _from_csv(data: bytes, name: str) -> ElementTable:
    try:
        lines = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    except (UnicodeDecodeError, csv.Error) as error:
        raise _refuse(f"no comma-separated text: {quote(str(error))}", "UTF-8, comma-separated") from None
    lines = [line for line in lines if any(cell.strip() for cell in line)]
    header = [cell.strip() for cell in lines[0]] if lines else []
    lower = [cell.lower() for cell in header]
    key = next((lower.index(word) for word in ("element", "symbol") if word in lower), None)
    if key is None or len(lines) < 2:
        raise _refuse(
            f"the header {quote(header[:6])}",
            "a first line with a column 'element', then one line per element",
        )
    if len(header) > MAX_DIM + 1:
        raise _refuse(f"{len(header)} columns", f"at most {MAX_DIM} and the symbols")
    if odd := [line for line in lines[1:] if len(line) != len(header)]:
        raise _refuse(
            f"a line of {len(odd[0])} fields: {quote(odd[0][:4])}", f"{len(header)} fields in every line"
        )
    columns = {
        title: column
        for i, title in enumerate(header)
        if i != key and (column := _numbers([line[i] for line in lines[1:]])) is not None
    }
    if not columns:
        raise _refuse("no column of numbers", "at least one column of numbers beside the symbols")
    left_out = [title for i, title in enumerate(header) if i != key and title not in columns]
    return ElementTable(
        np.array(list(columns.values())).T,
        tuple(line[key].strip() for line in lines[1:]),
        name,
        {**describes(columns), **({"left_out": left_out[:20]} if left_out else {})},
    )


def describes(columns: Iterable[str]) -> dict[str, Any]:
    """``columns`` and ``kind``: columns with names describe elements, numbered ones were learned."""
    names = list(columns)
    return {"columns": names, "kind": "learned" if all(n.isdecimal() for n in names) else "descriptor"}


def _numbers(cells: list[str]) -> list[float] | None:
    """Numbers in a column, NaN where it is empty; None for a column of anything else."""
    try:
        numbers = [float(cell) if cell.strip() else np.nan for cell in cells]
    except ValueError:
        return None
    return None if all(np.isnan(x) for x in numbers) else numbers


def _from_npz(data: bytes, name: str) -> ElementTable:
    if not data.startswith(_ZIP):
        raise _refuse("a file that is no npz archive", "an archive made by write()")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            vectors, elements = _array(archive, "vectors"), _array(archive, "elements")
            about = _array(archive, "about") if "about.npy" in archive.namelist() else None
    except (
        zipfile.BadZipFile,
        KeyError,
        ValueError,
        NotImplementedError,
        RuntimeError,
        EOFError,
        OSError,
    ) as error:
        raise _refuse(f"a damaged npz archive: {quote(str(error))}", "an archive made by write()") from None
    text = str(about) if about is not None and about.dtype.kind == "U" else "{}"
    told = files.parse_json(text.encode(), depth=8, refuse=_refuse)
    told = told if isinstance(told, dict) else {}
    return ElementTable(
        vectors,
        tuple(elements.tolist()) if elements.ndim == 1 else (),
        str(told.get("name", name)),
        told.get("meta") or {},
    )


def _array(archive: zipfile.ZipFile, name: str) -> NDArray[Any]:
    """An array of an archive; never an object, and never more bytes than a table may have."""
    member = archive.getinfo(f"{name}.npy")
    if member.file_size > MAX_BYTES:
        raise _too_large(member.file_size)
    with archive.open(member) as file:
        content = file.read(MAX_BYTES + 1)
    array: NDArray[Any] = np.lib.format.read_array(  # type: ignore[no-untyped-call]
        io.BytesIO(content), allow_pickle=False
    )
    return array


def _to_json(table: ElementTable) -> bytes:
    return (json.dumps(table.to_dict(), allow_nan=False, ensure_ascii=False) + "\n").encode()


def _to_csv(table: ElementTable) -> bytes:
    rows = [
        [symbol, *("" if x != x else repr(x) for x in row)]  # noqa: PLR0124 - NaN
        for symbol, row in zip(table.elements, table.vectors.tolist(), strict=True)
    ]
    return files.csv_text(["element", *table.columns], rows).encode()


def _to_npz(table: ElementTable) -> bytes:
    out = io.BytesIO()
    told = table.to_dict()
    about = json.dumps({"name": told["name"], "meta": told["meta"]}, ensure_ascii=False)
    np.savez(out, vectors=table.vectors, elements=np.array(table.elements), about=np.array(about))
    return out.getvalue()


_READERS: dict[str, Callable[[bytes, str], ElementTable]] = {
    ".json": _from_json,
    ".csv": _from_csv,
    ".npz": _from_npz,
}
_WRITERS: dict[str, Callable[[ElementTable], bytes]] = {".json": _to_json, ".csv": _to_csv, ".npz": _to_npz}
