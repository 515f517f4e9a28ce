"""``crysnb audit``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crysnb.cli import console, text
from crysnb.errors import CrysnbError, UnknownName, WeightsMissing

if TYPE_CHECKING:
    from crysnb.audit.report import AuditReport


def audit(
    model: Annotated[
        str, typer.Argument(metavar="NAME|DIR", help="Shipped model, or a folder with weights.")
    ],
    data: Annotated[
        Path | None,
        typer.Argument(metavar="[DATA.jsonl.gz]", help="Crystals; default: thirteen that are bundled."),
    ] = None,
    property_name: Annotated[
        str | None, typer.Option("--property", "-p", metavar="P", help="Default: the model's first.")
    ] = None,
    crystals: Annotated[
        int, typer.Option(metavar="N", min=1, help="At most so many of DATA, drawn at random.")
    ] = 200,
    seed: Annotated[int, typer.Option(metavar="S", min=0, help="Of all random choices.")] = 0,
    as_json: console.Json = False,
) -> None:
    """Does a model keep the laws of symmetry? Exit code 1 if not, or if a crystal fails."""
    from crysnb.audit.run import audit as run

    structures, refused = (None, False) if data is None else _structures(data, crystals, seed, as_json)
    try:
        report = run(model, structures, property_name, seed)
    except (UnknownName, WeightsMissing) as error:
        raise console.usage(error, "MODEL or --property") from error
    except CrysnbError as error:
        console.report_failure(model, error, as_json=as_json)
        raise typer.Exit(1) from error
    if as_json:
        console.emit(report.to_dict())
    else:
        typer.echo(_described(report))
    raise typer.Exit(0 if report.passed and not refused else 1)


def _structures(data: Path, most: int, seed: int, as_json: bool) -> tuple[list[Any], bool]:
    """Crystals of a data set; the second is whether one was refused, which is told."""
    import numpy as np

    from crysnb.datasets.records import raw_records
    from crysnb.structure.read import read

    try:
        records = list(raw_records(data))
    except CrysnbError as error:
        console.report_failure(data.stem, error, as_json=as_json)
        raise typer.Exit(1) from error
    if len(records) > most:
        picks = np.random.default_rng(seed).choice(len(records), most, replace=False)
        records = [records[k] for k in sorted(picks)]
    kept: list[Any] = []
    refused = False
    for record in records:
        try:
            read(record)
        except CrysnbError as error:
            refused = True
            console.report_failure(str(record.get("id", "?")), error, as_json=as_json)
        else:
            kept.append(record)
    return kept, refused


def _described(report: AuditReport) -> str:
    """The report as a table and sentences for people."""
    rows = [["check", "result", "crystals", "failed", "largest"]]
    for check in report.checks:
        failure = report.failure(check.check)
        went = "FAILED" if failure else "float noise" if check.noisy else "passed" if check.tested else "–"
        numbers = [str(check.tested), str(check.failed), f"{check.largest:.1e}"] if check.tested else [""] * 3
        rows.append([check.check, went, *numbers])
    head = f"{report.name} ({report.kind}), {report.crystals} crystals, {report.precision} precision"
    lines = [f"{head}: {'passed' if report.passed else 'FAILED'}", text.table(rows, indent="  ")]
    lines += [f"\n{f.check} ({f.cause}): {f.text}" for f in report.failures]
    lines += [f"\n{f.code}: {f.crystal} {f.change}: {f.text}" for f in report.faults]
    return "\n".join(text.printable(line) for line in "\n".join(lines).splitlines())
