"""JSON Lines data sets: one crystal per line with its targets, plus a split file.

A record holds ``id``, ``formula``, ``lattice`` (rows, Å), ``species``, ``frac_coords``, ``targets``
and optional flags such as ``symmetry_ok``.
"""

from __future__ import annotations

import gzip
import json
import os
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pymatgen.core import Structure

from crysnb import files
from crysnb.errors import CrysnbError, UnknownName, quote
from crysnb.structure.formula import reduced_formula
from crysnb.structure.read import read

MAX_SPLIT_BYTES = 256 << 20
PARTS = ("train", "val", "test")


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One labelled crystal.

    Attributes
    ----------
    id
        Unique within the data set.
    formula
        Reduced formula.
    structure
        Checked structure in the frame of its tensors.
    targets
        Numbers or nested lists by name.
    flags
        Everything else that the record says.
    """

    id: str
    formula: str
    structure: Structure
    targets: dict[str, Any]
    flags: dict[str, Any]


def data_folder(name: str, root: str | Path | None = None) -> Path:
    """Folder of data set ``name`` under ``root``, or under ``$CRYSNB_DATA``.

    Raises
    ------
    CrysnbError
        ``data.missing`` if neither is given or the folder is not there.
    """
    base = root if root is not None else os.environ.get("CRYSNB_DATA")
    folder = Path(base) / name if base else None
    if folder is None or not files.is_file(folder / "structures.jsonl.gz"):
        raise CrysnbError(
            "data.missing",
            found=f"no data set {quote(name)} under {quote(str(base))}",
            accepted=f"a folder {name!r} that holds structures.jsonl.gz",
            action="Set CRYSNB_DATA to the folder of the data sets, or pass --data",
        )
    return folder


def raw_records(path: str | Path) -> Iterator[dict[str, Any]]:
    """Records of a ``.jsonl`` or ``.jsonl.gz`` file as plain dictionaries, in order.

    Raises
    ------
    CrysnbError
        ``data.invalid`` naming the line that is not a JSON object.
    """
    file = Path(path)
    opener = gzip.open if file.suffix == ".gz" else open
    try:
        with opener(file, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield _parse(line, number, file)
    except (OSError, UnicodeDecodeError, EOFError, zlib.error) as error:
        raise CrysnbError(
            "data.unreadable",
            found=f"{quote(str(file))}: {quote(str(error))}",
            accepted="a readable .jsonl or .jsonl.gz file",
        ) from error


def _parse(line: str, number: int, file: Path) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise CrysnbError("data.invalid", found=f"line {number} of {quote(file.name)} is not JSON") from error
    if not isinstance(record, dict):
        raise CrysnbError("data.invalid", found=f"line {number} of {quote(file.name)} is not an object")
    return record


def to_record(raw: dict[str, Any]) -> Record:
    """A checked record.

    Raises
    ------
    StructureError
        For a crystal that is refused.
    CrysnbError
        ``data.targets`` if the targets are no object.
    """
    reading = read(raw)
    targets = raw.get("targets", {})
    if not isinstance(targets, Mapping) or not all(isinstance(name, str) for name in targets):
        raise CrysnbError(
            "data.targets", found=f"targets is {quote(targets)}", accepted="an object of name -> value"
        )
    kept = {"id", "formula", "lattice", "species", "frac_coords", "targets"}
    return Record(
        id=reading.structure_id,
        formula=reduced_formula(reading.structure),
        structure=reading.structure,
        targets=dict(targets),
        flags={k: v for k, v in raw.items() if k not in kept},
    )


def read_split(file: str | Path) -> dict[str, list[str]]:
    """Ids of each part (``train``, ``val``, ``test``) of a split file.

    Raises
    ------
    CrysnbError
        ``data.split`` if the file is none, or one of these parts is no list of texts; ``split.overlap`` if an
        id stands in two parts or twice in one.
    """
    content = _split_file(file)
    wrong = [part for part in PARTS if part in content and not _is_list_of_ids(content[part])]
    if wrong:
        accepted = "a JSON object of part -> list of ids, each a text in quotes"
        raise _no_split(file, f"{wrong[0]} is no list of texts", accepted)
    parts = {part: list(ids) for part, ids in content.items() if _is_list_of_ids(ids)}
    twice = [name for name, n in Counter(i for ids in parts.values() for i in ids).items() if n > 1]
    if twice:
        raise CrysnbError(
            "split.overlap",
            found=f"{len(twice)} ids more than once in {quote(Path(file).name)}, such as {quote(twice[0])}",
            accepted="each id in one part",
        )
    return parts


def read_whole_split(file: str | Path) -> dict[str, list[str]]:
    """:func:`read_split` to learn from: ``train`` must be there; ``val`` and ``test`` are empty if not named.

    Raises
    ------
    CrysnbError
        As :func:`read_split`; ``data.split`` without ``train``.
    """
    parts = read_split(file)
    if "train" not in parts:
        raise _no_split(
            file, "no part train", "a JSON object with train, and maybe val and test: lists of ids"
        )
    return {part: [] for part in PARTS} | parts


def read_folds(file: str | Path) -> list[dict[str, list[str]]]:
    """Folds of a split file that has ``folds``: for each, ids of ``test`` and of any other part named there.

    Raises
    ------
    CrysnbError
        ``data.split`` if the file has none.
    """
    folds = _split_file(file).get("folds")
    if (
        not isinstance(folds, list)
        or not folds
        or not all(isinstance(f, dict) and _is_list_of_ids(f.get("test")) for f in folds)
    ):
        raise _no_split(file, "no folds", "a JSON object with folds, each with a list of ids as its test")
    return [{part: list(ids) for part, ids in fold.items() if _is_list_of_ids(ids)} for fold in folds]


def _is_list_of_ids(ids: Any) -> bool:
    return isinstance(ids, list) and all(isinstance(i, str) for i in ids)


def _split_file(file: str | Path) -> dict[str, Any]:
    try:
        content = json.loads(_content(Path(file)))
    except (ValueError, RecursionError) as error:
        raise _no_split(file, str(error)) from error
    except CrysnbError as error:
        raise _no_split(file, error.found) from error
    if not isinstance(content, dict):
        raise _no_split(file, "not an object")
    return content


def _content(file: Path) -> bytes:
    def too_large(size: int) -> CrysnbError:
        return CrysnbError("data.too_large", found=f"{size} bytes", accepted=f"at most {MAX_SPLIT_BYTES}")

    return files.read_whole(file, "data", limit=MAX_SPLIT_BYTES, too_large=too_large)


def _no_split(
    file: str | Path, why: str, accepted: str = "a JSON object of part -> list of ids"
) -> CrysnbError:
    place = Path(file)
    found = f"{quote(place.name)} in {quote(str(place.parent))}: {quote(why)}"
    return CrysnbError("data.split", found=found, accepted=accepted)


def select(
    records: Iterable[dict[str, Any]], split: str | Path | None, part: str | None
) -> Iterator[dict[str, Any]]:
    """Records whose id is in ``part`` of a split file; all of them without a split.

    Raises
    ------
    UnknownName
        If the split has no such part.
    """
    if split is None or part is None:
        yield from records
        return
    parts = read_split(split)
    if part not in parts:
        raise UnknownName.of("part of the split", part, parts)
    wanted = set(parts[part])
    yield from (record for record in records if str(record.get("id")) in wanted)
