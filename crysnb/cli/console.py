"""What the commands share: where text goes, how a failed input is told, and which input a word means."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from crysnb.cli.text import printable
from crysnb.errors import CrysnbError, quote

logger = logging.getLogger(__name__)

Json = Annotated[bool, typer.Option("--json", help="JSON Lines on stdout, in the order of the inputs.")]
Model = Annotated[
    str, typer.Option("--model", "-m", metavar="NAME|DIR", help="Shipped model, or a folder with weights.")
]


def emit(item: Mapping[str, Any]) -> None:
    """Write one object as one line of JSON to stdout.

    Numbers that JSON has no word for are a fault of ours: they raise ``ValueError``.
    """
    typer.echo(json.dumps(item, ensure_ascii=False, allow_nan=False))


def tell(text: str) -> None:
    """Write a line for people to stderr, so that stdout stays clean."""
    typer.echo(text, err=True)


def failure(item_id: str, error: Exception) -> dict[str, Any]:
    """The documented object of a failed input."""
    return {"id": item_id, "error": as_crysnb_error(error).to_dict()}


def as_crysnb_error(error: Exception) -> CrysnbError:
    """The error itself, or a named one in the place of a fault that nobody foresaw."""
    if isinstance(error, CrysnbError):
        return error
    logger.debug("unforeseen error", exc_info=error)
    return CrysnbError(
        f"internal.{type(error).__name__}",
        found=f"an unforeseen {type(error).__name__}: {quote(str(error))}",
        action="Please report it, with the output of `crysnb --verbose …`",
    )


def report_failure(item_id: str, error: Exception, *, as_json: bool) -> None:
    """Tell that one input failed: as an object on stdout, or in words on stderr."""
    if as_json:
        emit(failure(item_id, error))
    else:
        tell(printable(f"{item_id}: {as_crysnb_error(error)}"))


def usage(error: CrysnbError, option: str) -> typer.BadParameter:
    """Exit code 2 with the message of ``error``, as a fault of ``option``."""
    return typer.BadParameter(error.text, param_hint=f"'{option}'")


def source_of(word: str) -> tuple[str, Path | str]:
    """The id of an input and what to read: a file, or a bundled crystal of that name.

    A word from the command line is never taken as the text of a crystal file. A file that exists
    wins over a bundled crystal; a word that is neither stays a path, so that the error names it.
    """
    path = Path(word)
    if not path.is_file() and path.name == word and not path.suffix:
        from crysnb.structure.examples import examples

        if word.casefold() in map(str.casefold, examples()):
            return word, word
    return path.stem or word, path
