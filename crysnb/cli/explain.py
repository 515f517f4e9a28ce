"""``crysnb explain``: everything about one crystal as one offline page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from crysnb.cli import console, text
from crysnb.cli.predict import DEFAULT_MODEL


def explain(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Crystal file, or bundled name.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="REPORT.html", help="Page to write.")],
    model: console.Model = DEFAULT_MODEL,
    force: Annotated[bool, typer.Option("--force", help="Replace REPORT.html if it is there.")] = False,
    as_json: console.Json = False,
) -> None:
    """The whole explanation as one page that needs neither network nor notebook."""
    from crysnb.files import write_whole
    from crysnb.widgets.explain import explain as run

    item_id, source = console.source_of(file)
    try:
        view = run(source, model)
        facts = view.describe()
        path = write_whole(output, view.to_html().encode(), overwrite=force)
        view.close()
    except Exception as error:  # whatever a file does, its failure is an object with a code
        console.report_failure(item_id, error, as_json=as_json)
        raise typer.Exit(1) from error
    if as_json:
        console.emit({"id": item_id, "file": str(path), "story": facts["story"]})
        return
    for sentence in facts["story"]:
        typer.echo(text.printable(f"{sentence['certainty']}: {sentence['text']}"))
    console.tell(text.printable(f"written to {path}"))
