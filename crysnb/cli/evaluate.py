"""``crysnb evaluate``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from crysnb.cli import console
from crysnb.errors import CrysnbError, UnknownName, WeightsMissing


def evaluate(
    model: Annotated[
        str, typer.Argument(metavar="NAME|DIR", help="Shipped model, or a folder with weights.")
    ],
    data: Annotated[Path, typer.Argument(metavar="DATA.jsonl.gz", help="Labelled crystals.")],
    target: Annotated[str | None, typer.Option(metavar="T", help="Key of the label.")] = None,
    split: Annotated[Path | None, typer.Option(metavar="F", help="Split file, with --part.")] = None,
    part: Annotated[str | None, typer.Option(help="Part of the split, e.g. test.")] = None,
    per_crystal: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write id, error, norm of each crystal as JSON.")
    ] = None,
    device: Annotated[str, typer.Option(metavar="auto|cpu|cuda", help="Where to compute.")] = "auto",
    as_json: console.Json = False,
) -> None:
    """Errors and symmetry scores of a model on labelled crystals."""
    from crysnb.datasets.records import raw_records, select
    from crysnb.evaluate.run import evaluate as run

    if (split is None) != (part is None):
        raise typer.BadParameter("needs both or neither", param_hint="'--split', '--part'")
    try:
        records = select(raw_records(data), split, part)
        result = run(model, records, target, device=device)
    except (UnknownName, WeightsMissing) as error:
        raise console.usage(error, "MODEL, --target or --part") from error
    except CrysnbError as error:
        console.report_failure(data.stem, error, as_json=as_json)
        raise typer.Exit(1) from error
    if per_crystal:
        per_crystal.write_text(json.dumps(result.per_crystal), encoding="utf-8")
    if as_json:
        console.emit(result.to_dict())
        return
    typer.echo(f"{result.model} on {result.n} crystals ({result.target}); skipped {result.skipped or 'none'}")
    for name, value in result.metrics.items():
        low, high = result.ci95.get(name, (None, None))
        interval = f"   95 % interval {low:.4g} to {high:.4g}" if low is not None else ""
        typer.echo(f"  {name:22} {value:.4g}{interval}")
