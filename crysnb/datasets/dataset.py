"""Labelled crystals in memory, and what was refused while they were read."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pymatgen.core import Structure

from crysnb.datasets.records import Record, raw_records, to_record
from crysnb.errors import CrysnbError, quote
from crysnb.structure.formula import reduced_formula


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """A row or a record that could not be used.

    Attributes
    ----------
    id
        Its name, or where it stands (``"line 3"``).
    code, text
        Of the error that it ended in.
    """

    id: str
    code: str
    text: str

    @classmethod
    def of(cls, name: str, error: CrysnbError) -> Rejected:
        """The entry for ``error``."""
        return cls(id=name, code=error.code, text=error.text)

    def to_dict(self) -> dict[str, str]:
        """The three fields."""
        return {"id": self.id, "code": self.code, "text": self.text}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)
class Dataset:
    """Labelled crystals, all checked, in the order of their source.

    Attributes
    ----------
    name
        Of the source.
    records
        The crystals with their targets.
    rejected
        What was left out, and why.
    """

    name: str
    records: tuple[Record, ...]
    rejected: tuple[Rejected, ...] = ()

    def __len__(self) -> int:
        return len(self.records)

    def __iter__(self) -> Iterator[Record]:
        return iter(self.records)

    def __repr__(self) -> str:
        left_out = ", ".join(f"{n} {code}" for code, n in self.rejected_counts().items())
        return f"<{len(self)} records of {self.name}; left out: {left_out or 'none'}>"

    def rejected_counts(self) -> dict[str, int]:
        """Error code -> number of rows that ended in it, most frequent first."""
        return dict(Counter(r.code for r in self.rejected).most_common())

    def targets(self) -> dict[str, int]:
        """Name of a target -> number of records that have it, sorted by name."""
        counts = Counter(name for record in self.records for name in record.targets)
        return dict(sorted(counts.items()))

    def formulas(self) -> dict[str, str]:
        """Id -> reduced formula, which is what the splits go by."""
        return {record.id: record.formula for record in self.records}

    def raw(self) -> Iterator[dict[str, Any]]:
        """The records as plain dictionaries in the JSON Lines format (see :func:`to_raw`)."""
        return (to_raw(record) for record in self.records)

    def to_jsonl(self) -> str:
        """The text of a JSON Lines file of this data set, as :func:`read_jsonl` takes it.

        Raises
        ------
        CrysnbError
            ``data.not_json`` if a flag of a record cannot be written.
        """
        try:
            return "".join(json.dumps(record, allow_nan=False) + "\n" for record in self.raw())
        except (TypeError, ValueError) as error:
            raise CrysnbError(
                "data.not_json", found=f"a flag of a record: {quote(str(error))}", accepted="finite numbers"
            ) from error


def to_raw(record: Record) -> dict[str, Any]:
    """A record as ``{id, formula, lattice, species, frac_coords, targets, …flags}``, numbers unrounded."""
    return {**raw_of(record.structure, record.id, record.targets, record.formula), **record.flags}


def raw_of(
    structure: Structure, name: str, targets: Mapping[str, Any], formula: str | None = None
) -> dict[str, Any]:
    """A checked structure with an id and targets in the JSON Lines format."""
    return {
        "id": name,
        "formula": reduced_formula(structure) if formula is None else formula,
        "lattice": structure.lattice.matrix.tolist(),
        "species": [site.specie.symbol for site in structure],
        "frac_coords": structure.frac_coords.tolist(),
        "targets": dict(targets),
    }


def collect(
    name: str, rows: Iterable[Mapping[str, Any] | Rejected], rejected: Iterable[Rejected] = ()
) -> Dataset:
    """Check every row, keep the good ones and list the others.

    Parameters
    ----------
    name
        Of the source.
    rows
        Dictionaries in the JSON Lines format, or what already failed in their place.
    rejected
        Further entries of the list.

    Raises
    ------
    CrysnbError
        ``data.nothing`` if no row is usable.
    """
    kept: dict[str, Record] = {}
    failed = list(rejected)
    for number, row in enumerate(rows, 1):
        if isinstance(row, Rejected):
            failed.append(row)
            continue
        label = row.get("id")
        where = label if isinstance(label, str) and label else f"record {number}"
        try:
            record = to_record(dict(row))
            _check_finite(record)
            check_new(record.id, kept)
        except CrysnbError as error:
            failed.append(Rejected.of(where, error))
        else:
            kept[record.id] = record
    if not kept:
        raise nothing(name, failed)
    return Dataset(name=name, records=tuple(kept.values()), rejected=tuple(failed))


def check_new(name: object, known: Container[str]) -> str:
    """``name`` if it can be the id of a further record.

    Raises
    ------
    CrysnbError
        ``data.id`` for what is no text; ``data.duplicate_id`` if it is ``known``.
    """
    if not isinstance(name, str) or not name:
        found = "a record without an id" if name is None else f"the id {quote(name)}"
        raise CrysnbError("data.id", found=found, accepted="a text in quotes, unique in the data set")
    if name in known:
        raise CrysnbError(
            "data.duplicate_id",
            found=f"a second record with id {quote(name)}",
            accepted="ids that are unique in the data set",
        )
    return name


def nothing(name: str, failed: Iterable[Rejected]) -> CrysnbError:
    """The error ``data.nothing`` for a source without a usable record."""
    reasons = [f"{n} {code}" for code, n in Counter(r.code for r in failed).most_common(3)]
    return CrysnbError(
        "data.nothing",
        found=f"no usable record in {quote(name)} ({', '.join(reasons) or 'empty'})",
        accepted="at least one crystal with its targets",
    )


def read_jsonl(path: str | Path) -> Dataset:
    """All records of a ``.jsonl`` or ``.jsonl.gz`` file, checked; :func:`raw_records` reads one at a time.

    Raises
    ------
    CrysnbError
        ``data.unreadable`` and ``data.invalid`` for the file or a line that is no JSON object;
        ``data.nothing`` if no record is usable.
    """
    return collect(Path(path).name, raw_records(path))


def _check_finite(record: Record) -> None:
    for name, value in record.targets.items():
        if not _is_finite(value):
            raise CrysnbError(
                "data.number",
                found=f"{quote(name)} is not finite",
                accepted="finite numbers, or no such target",
            )


def _is_finite(value: Any) -> bool:
    if isinstance(value, list):
        return all(_is_finite(v) for v in value)
    return not isinstance(value, float) or math.isfinite(value)
