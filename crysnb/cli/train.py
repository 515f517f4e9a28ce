"""``crysnb train``."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Annotated

import typer

from crysnb.cli import console
from crysnb.errors import CrysnbError, UnknownName


def train(
    recipe: Annotated[str, typer.Argument(help="Name of a shipped recipe.")],
    data: Annotated[Path | None, typer.Option(help="Folder of the data sets; default: $CRYSNB_DATA.")] = None,
    out: Annotated[Path, typer.Option("-o", "--out", help="Output folder.")] = Path("runs"),
    resume: Annotated[bool, typer.Option(help="Go on from the last checkpoint.")] = False,
    as_json: console.Json = False,
) -> None:
    """Train a recipe; the model folder is OUT/model."""
    from crysnb.training.run import train as run

    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(message)s")
    try:
        card = run(recipe, data=data, out=out, resume=resume)
    except UnknownName as error:
        raise console.usage(error, "RECIPE") from error
    except CrysnbError as error:
        console.report_failure(recipe, error, as_json=as_json)
        raise typer.Exit(1) from error
    if as_json:
        console.emit({"model": str(out / "model"), "metrics": card.metrics})
    else:
        typer.echo(f"{out / 'model'}: {card.metrics['val']}")
