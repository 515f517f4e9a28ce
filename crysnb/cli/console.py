"""What the commands share: where text goes, how a failed input is told, and which input a word means."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from crysnb.cli.text import printable
from crysnb.errors import CrysnbError, quote

if TYPE_CHECKING:
    from crysnb.values.tensor_kind import TensorKind

logger = logging.getLogger(__name__)

Json = Annotated[bool, typer.Option("--json", help="JSON Lines on stdout, in the order of the inputs.")]
Model = Annotated[
    str, typer.Option("--model", "-m", metavar="NAME|DIR", help="Shipped model, or a folder with weights.")
]

Kind = Annotated[
    str,
    typer.Option(
        "--kind", "-k", metavar="KIND", help="dielectric, piezoelectric, elastic, …; or a Jahn symbol."
    ),
]
Symprec = Annotated[str, typer.Option(metavar="auto|X", help="Tolerance in angstrom.")]


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


def group_or_source_of(word: str) -> tuple[str, Path | str]:
    """The same for commands that also take the symbol of a crystal class, such as ``4mm``."""
    if not Path(word).exists():
        from crysnb.symmetry.point_groups import POINT_GROUPS

        if word in POINT_GROUPS:
            return word, word
    return source_of(word)


def tolerance_of(symprec: str) -> float | Literal["auto"]:
    """The tolerance that an option means; exit code 2 for what is none."""
    if symprec == "auto":
        return "auto"
    try:
        value = float(symprec)
    except ValueError:
        value = 0.0
    if not 0 < value <= 1:
        raise typer.BadParameter("'auto', or a length in Å between 0 and 1", param_hint="'--symprec'")
    return value


def kind_of(word: str) -> TensorKind:
    """The kind that an option names; exit code 2 for what is none."""
    from crysnb.values.tensor_kind import tensor_kind

    try:
        return tensor_kind(word)
    except CrysnbError as error:
        raise usage(error, "--kind") from error
