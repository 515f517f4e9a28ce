"""``crysnb train``."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Annotated

import typer

from crysnb.cli import console
from crysnb.cli.text import printable
from crysnb.errors import CrysnbError, UnknownName

#: Beginnings of codes that tell of what was typed.
_USAGE = {"recipe": "RECIPE", "config": "RECIPE", "devices": "--devices", "name": "RECIPE"}


def train(  # noqa: PLR0913, PLR0917 - options
    recipe: Annotated[str, typer.Argument(help="Name of a shipped recipe, or a .json file with one.")],
    data: Annotated[
        Path | None,
        typer.Option(help="Your labelled crystals, or the folder of the data sets; default: $CRYSNB_DATA."),
    ] = None,
    out: Annotated[Path, typer.Option("-o", "--out", help="Output folder.")] = Path("runs"),
    resume: Annotated[bool, typer.Option(help="Go on from the last checkpoint, if there is one.")] = False,
    changes: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Change a field of the recipe.")
    ] = None,
    accelerator: Annotated[str, typer.Option(metavar="cpu|gpu|auto", help="What to compute on.")] = "cpu",
    devices: Annotated[int, typer.Option(help="Processes that share each batch, one a GPU.")] = 1,
    precision: Annotated[str, typer.Option(metavar="32|bf16", help="bf16: on a GPU alone.")] = "32",
    as_json: console.Json = False,
) -> None:
    """Train a recipe; the model folder is OUT/model."""
    from tqdm.contrib.logging import logging_redirect_tqdm

    from crysnb.training.devices import Devices
    from crysnb.training.recipe_file import changed, changes_of, find_recipe
    from crysnb.training.run import train as run

    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(message)s")
    try:
        chosen = changed(find_recipe(recipe), changes_of(changes or ()))
        place = Devices(accelerator=accelerator, count=devices, precision=precision)  # type: ignore[arg-type]
        with logging_redirect_tqdm():
            card = run(chosen, data=data, out=out, resume=resume, devices=place, progress=True)
    except CrysnbError as error:
        kind = error.code.partition(".")[0]
        if kind in _USAGE or isinstance(error, UnknownName):
            raise console.usage(error, _USAGE.get(kind, "RECIPE")) from error
        console.report_failure(recipe, error, as_json=as_json)
        raise typer.Exit(1) from error
    if as_json:
        console.emit({"model": str(out / "model"), "metrics": card.metrics})
    else:
        typer.echo(printable(f"{out / 'model'}: {card.metrics.get('val', 'no validation crystals')}"))
