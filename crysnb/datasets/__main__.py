"""``python -m crysnb.datasets``: ``symmetry`` and ``leaks`` of labelled crystals, before training on them."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from crysnb.datasets import splits
from crysnb.datasets.dataset import Rejected
from crysnb.datasets.labels import target_names
from crysnb.datasets.records import raw_records
from crysnb.datasets.source import open_source
from crysnb.datasets.symmetry_report import symmetry_report
from crysnb.errors import CrysnbError, UnknownName
from crysnb.files import write_whole


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line and act; 0 if all is well, 1 for our errors, 2 for wrong usage."""
    parser = argparse.ArgumentParser(prog="python -m crysnb.datasets", description=__doc__)
    actions = parser.add_subparsers(dest="action", required=True)
    symmetry = actions.add_parser("symmetry", help="symmetry residual of every label, and what is left out")
    symmetry.add_argument("data", type=Path, help="folder, or .jsonl or .jsonl.gz file")
    symmetry.add_argument("--target", required=True, help="key of the label")
    symmetry.add_argument("--kind", required=True, help="kind of tensor, such as elastic")
    symmetry.add_argument("--symprec", type=_symprec, default="auto", help="auto, or a distance in Å")
    symmetry.add_argument("-o", "--out", type=Path, help="write the whole report as JSON")
    leaking = actions.add_parser("leaks", help="what the parts of the folder's split have in common")
    leaking.add_argument("data", type=Path, help="folder")
    wish = parser.parse_args(arguments)
    try:
        report = _symmetry(wish) if wish.action == "symmetry" else _leaks(wish)
    except UnknownName as error:
        parser.error(str(error))
    except CrysnbError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{report}\n")
    return 0


def _symmetry(wish: argparse.Namespace) -> str:
    given, rejected = _records(wish.data, wish.target)
    raw = list(given)
    names = {name for record in raw for name in target_names(record)}
    if wish.target not in names:
        raise UnknownName.of("target", wish.target, names)
    report = symmetry_report(raw, wish.target, wish.kind, symprec=wish.symprec, rejected=rejected)
    if wish.out:
        write_whole(wish.out, json.dumps(report.to_dict(), indent=1).encode(), overwrite=False)
    return repr(report)


def _records(data: Path, target: str) -> tuple[Iterable[Mapping[str, Any]], tuple[Rejected, ...]]:
    if data.is_file():
        return raw_records(data), ()
    source = open_source(data, target=target)
    return source.raw, source.rejected


def _leaks(wish: argparse.Namespace) -> str:
    source = open_source(wish.data)
    formulas = {str(raw.get("id")): splits.formula_of(raw) for raw in source.raw}
    return str(splits.leaks(formulas, source.split))


def _symprec(text: str) -> float | str:
    if text == "auto":
        return text
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is neither auto nor a length in Å between 0 and 1")
    return value


if __name__ == "__main__":
    sys.exit(main())
