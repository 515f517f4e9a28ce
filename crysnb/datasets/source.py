"""What a folder holds to learn from, whatever its form: records, a split, and what was refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crysnb.datasets import splits
from crysnb.datasets.dataset import Rejected, check_new, nothing
from crysnb.datasets.folder import TABLE, is_cif_folder, read_folder
from crysnb.datasets.labels import target_names
from crysnb.datasets.records import raw_records, read_whole_split
from crysnb.errors import CrysnbError, quote
from crysnb.files import is_file

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
        Rows of a folder of structure files that could not be used; lines without an id of their own.
    targets
        Key of a label -> number of records that have it.
    """

    raw: Iterable[Mapping[str, Any]]
    split: dict[str, list[str]]
    rejected: tuple[Rejected, ...] = ()
    targets: dict[str, int] = field(default_factory=dict)

    def label(self, wanted: str) -> str:
        """Key of the label to learn: ``wanted``, or the only one that there is under another name.

        Raises
        ------
        CrysnbError
            ``label.missing`` if there are several others, or none.
        """
        if wanted in self.targets:
            return wanted
        if len(self.targets) == 1:
            return next(iter(self.targets))
        raise CrysnbError(
            "label.missing",
            found=f"no record has the label {quote(wanted)}",
            accepted=", ".join(quote(name) for name in sorted(self.targets)[:20]) or "records with labels",
            action="Choose one with --set target=NAME" if self.targets else "",
        )


def open_source(path: str | Path, *, target: str = "target") -> Source:
    """A folder of the JSON Lines format, or one of structure files with ``id_prop.csv``.

    Parameters
    ----------
    path
        Folder with ``structures.jsonl.gz``, ``structures.jsonl`` or ``id_prop.csv``. Without a
        ``split.json`` the crystals that have the label are divided 80 : 10 : 10, all of one formula into one
        part, seed 0.
    target
        Key of the label, which names the target in an ``id_prop.csv`` without names. Where there is one
        label under another name, that one counts; where there is none of it, all crystals are divided.

    Raises
    ------
    CrysnbError
        ``data.missing`` if the folder has none of them; ``data.split``, ``split.overlap`` and
        ``split.unknown`` for the split; ``data.nothing``; and what the readers raise.
    """
    folder = Path(path)
    for name in LINES:
        if is_file(folder / name):
            return _of_lines(folder, folder / name, target)
    if is_cif_folder(folder):
        found = read_folder(folder, target=target)
        labels = {record.id: tuple(record.targets) for record in found.records}
        split = _split(folder, found.formulas(), labels, target, found.rejected)
        return Source(raw=found.raw(), split=split, rejected=found.rejected, targets=found.targets())
    raise CrysnbError(
        "data.missing",
        found=f"no labelled crystals in {quote(str(path))}",
        accepted=f"a folder with {LINES[0]}, or with {TABLE} and structure files",
    )


def _of_lines(folder: Path, file: Path, target: str) -> Source:
    formulas: dict[str, str] = {}
    labels: dict[str, tuple[str, ...]] = {}
    rejected: dict[int, Rejected] = {}
    is_divided = is_file(folder / SPLIT)
    for number, raw in enumerate(raw_records(file), 1):
        try:
            name = check_new(raw.get("id"), formulas)
        except CrysnbError as error:
            rejected[number] = Rejected.of(f"record {number}", error)
        else:
            formulas[name] = "" if is_divided else splits.formula_of(raw)
            labels[name] = target_names(raw)
    if not formulas:
        raise nothing(file.name, rejected.values())
    kept = (raw for number, raw in enumerate(raw_records(file), 1) if number not in rejected)
    return Source(
        raw=kept,
        split=_split(folder, formulas, labels, target),
        rejected=tuple(rejected.values()),
        targets=_counts(labels),
    )


def _counts(labels: Mapping[str, tuple[str, ...]]) -> dict[str, int]:
    return dict(sorted(Counter(key for keys in labels.values() for key in keys).items()))


def _split(
    folder: Path,
    formulas: Mapping[str, str],
    labels: Mapping[str, tuple[str, ...]],
    target: str,
    rejected: Iterable[Rejected] = (),
) -> dict[str, list[str]]:
    file = folder / SPLIT
    if not is_file(file):
        known = _counts(labels)
        key = next(iter(known)) if len(known) == 1 else target
        return splits.by_formula({i: f for i, f in formulas.items() if key in labels[i]} or formulas)
    parts = read_whole_split(file)
    splits.check_known(parts, formulas.keys() | {row.id for row in rejected})
    return parts
