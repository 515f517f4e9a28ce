"""``crysnb freeze``: drops live views from notebooks and keeps their pictures. Needs no Jupyter."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crysnb.cli import console, text

if TYPE_CHECKING:
    from crysnb.widgets.freeze import Frozen


def freeze(
    notebooks: Annotated[list[Path], typer.Argument(metavar="NB...", help="Notebooks, changed in place.")],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="OUT", help="Write there instead; for one notebook."),
    ] = None,
    as_json: console.Json = False,
) -> None:
    """Drop live views and widget state from notebooks, keep their pictures."""
    from crysnb.widgets.freeze import freeze as run

    if out is not None and len(notebooks) > 1:
        raise typer.BadParameter(
            "one notebook only, or none: without it they change in place", param_hint="'-o'"
        )
    failed = False
    for path in notebooks:
        try:
            done = run(path, out)
        except Exception as error:  # noqa: BLE001 - whatever one file does, the others are done
            failed = True
            console.report_failure(path.stem or str(path), error, as_json=as_json)
            continue
        target = path if out is None else out
        if as_json:
            console.emit({"id": path.stem, "file": str(target), **done.to_dict()})
        else:
            typer.echo(text.printable(f"{target}: {describe(done)}"))
    raise typer.Exit(1 if failed else 0)


def describe(done: Frozen) -> str:
    """What was done, in words."""
    if not (done.views or done.state):
        return "nothing to drop"
    parts = [f"{done.views} live {'view' if done.views == 1 else 'views'} dropped"]
    parts.append(f"{done.pictures} {'picture' if done.pictures == 1 else 'pictures'} kept")
    if done.texts:
        parts.append(f"{done.texts} left as text")
    if done.state:
        parts.append("widget state removed")
    sizes = f"{done.bytes_before / 1000:,.0f} kB before, {done.bytes_after / 1000:,.0f} kB now"
    return f"{', '.join(parts)}; {sizes}"
