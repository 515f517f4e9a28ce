"""The ``crysnb`` command: thin over the public functions.

Every command takes ``--json`` (JSON Lines on stdout, in the order of the inputs); progress and logs go
to stderr. Exit codes: 0 all inputs done; 1 some failed, the others are done; 2 wrong usage.
"""

from __future__ import annotations

import logging
import os
import sys
from typing import Annotated

import typer

from crysnb.cli import (
    audit,
    check,
    evaluate,
    explain,
    freeze,
    idealize,
    info,
    lab,
    predict,
    tensor,
    train,
    warmup,
)

app = typer.Typer(
    name="crysnb",
    help="Explains crystal models: predictions, tensor symmetry and what forces it.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("explain")(explain.explain)
app.command("predict")(predict.predict)
app.command("tensor")(tensor.tensor)
app.command("check")(check.check)
app.command("idealize")(idealize.idealize)
app.command("evaluate")(evaluate.evaluate)
app.command("audit")(audit.audit)
app.command("train")(train.train)
app.command("freeze")(freeze.freeze)
app.command("models")(info.models)
app.command("doctor")(info.doctor)
app.command("warmup")(warmup.warmup)
app.command("lab", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(lab.lab)


def _show_version(wanted: bool) -> None:
    if wanted:
        from crysnb import __version__

        typer.echo(f"crysnb {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="Show logs on stderr.")] = False,
) -> None:
    """Explains crystal models: predictions, tensor symmetry and what forces it."""
    if verbose:
        logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)


def main() -> None:
    """Run the command line and exit with its code."""
    try:
        app()
    except BrokenPipeError:
        # The reader (`head`, say) has gone; Python would complain once more when it flushes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
