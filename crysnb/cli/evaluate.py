"""``crysnb evaluate``."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from crysnb.cli import console, text
from crysnb.errors import CrysnbError, UnknownName, WeightsMissing, quote


def evaluate(
    model: Annotated[
        str, typer.Argument(metavar="NAME|DIR", help="Shipped model, or a folder with weights.")
    ],
    data: Annotated[
        Path,
        typer.Argument(metavar="DATA", help="Labelled crystals: a .jsonl or .jsonl.gz file, or a folder."),
    ],
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
    from crysnb.evaluate.run import evaluate as run
    from crysnb.models.interface import load_model

    if (split is None) != (part is None):
        raise typer.BadParameter("needs both or neither", param_hint="'--split', '--part'")
    try:
        loaded = load_model(model, device)
        records, rejected = _records(data, target, next(iter(loaded.card.targets), ""), split, part)
        result = run(loaded, records, target, device=device)
        result = replace(result, skipped=dict(Counter(result.skipped) + Counter(rejected)))
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
    typer.echo("\nBy crystal system" + _by_system_table(result.by_crystal_system))


def _records(
    data: Path, asked: str | None, usual: str, split: Path | None, part: str | None
) -> tuple[Iterator[dict[str, Any]], list[str]]:
    """Records of a file or folder, those of a part alone if one is named; codes of rows that are none.

    The only label of a folder stands for the model's ``usual`` one, unless another was ``asked`` for.
    """
    from crysnb.datasets.folder import is_cif_folder, read_folder
    from crysnb.datasets.records import raw_records, select
    from crysnb.datasets.source import LINES

    # Not with the split that training draws: it needs several crystals, and scoring does not.
    if is_cif_folder(data):
        target = asked or usual
        found = read_folder(data, target=target)
        names = list(found.targets())
        only = names[0] if len(names) == 1 and asked is None else target  # as training takes it
        raw = (
            {**r, "targets": {target if k == only else k: v for k, v in r["targets"].items()}}
            for r in found.raw()
        )
        return select(raw, split, part), [row.code for row in found.rejected]
    lines = next((file for name in LINES if (file := data / name).is_file()), None)
    if data.is_dir() and lines is None:
        raise CrysnbError(
            "data.missing",
            found=f"no labelled crystals in {quote(str(data))}",
            accepted=f"a folder with {', '.join(LINES)}, or id_prop.csv and structure files",
        )
    return select(raw_records(lines or data), split, part), []


#: Columns of the printed table by crystal system: those of them that were measured.
_COLUMNS = (
    "rel_median", "aniso_rel_median", "ewt25", "ewt10", "fnorm_cart", "mae", "rmse", "r2",
    "zero_success", "dependent_success",
)  # fmt: skip


def _by_system_table(systems: dict[str, dict[str, Any]]) -> str:
    """Rows of systems; the first measure with its 95 % interval, a star at what is too small for one."""
    from crysnb.evaluate.by_system import SMALL
    from crysnb.evaluate.gauge import SUFFIX

    measured = {name for row in systems.values() for name in row}
    columns = [name + end for name in _COLUMNS for end in ("", SUFFIX) if name + end in measured]
    lead = columns[0]
    rows = [["system", "n", lead, "95 % interval", *columns[1:]]]
    for system, row in systems.items():
        low_high = row["ci95"].get(lead)
        interval = f"{low_high[0]:.3g} to {low_high[1]:.3g}" if low_high else "–"
        numbers = [f"{row[name]:.3g}" if name in row else "–" for name in columns]
        rows.append([system, f"{row['n']}{'*' if row['small'] else ''}", numbers[0], interval, *numbers[1:]])
    small = any(row["small"] for row in systems.values())
    note = f"\n  * fewer than {SMALL} crystals: no interval, and no conclusion" if small else ""
    return "\n" + text.table(rows, right=True, indent="  ") + note
