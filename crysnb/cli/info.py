"""``crysnb models`` and ``crysnb doctor``."""

from __future__ import annotations

import typer

from crysnb.cli import console, text


def models(as_json: console.Json = False) -> None:
    """List the shipped models."""
    from crysnb.predict.catalog import models as catalog

    frame = catalog()
    if as_json:
        # pandas turns its own number types into plain ones here.
        import json

        for record in json.loads(frame.to_json(orient="records")):
            console.emit(record)
        return
    for record in frame.to_dict(orient="records"):
        rows = [[str(key), _plain(value)] for key, value in record.items()]
        typer.echo(text.table(rows) + "\n")


def _plain(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def doctor(as_json: console.Json = False) -> None:
    """Report on the environment."""
    from crysnb.environment import doctor as examine

    report = examine()
    if as_json:
        console.emit(report.to_dict())
    else:
        typer.echo(repr(report))
    raise typer.Exit(0 if report.ok else 1)
