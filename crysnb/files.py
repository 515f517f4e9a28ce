"""Files read with guards and written whole or not at all; tables that no spreadsheet takes for formulas."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import stat
import uuid
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from crysnb.errors import CrysnbError, quote


def read_whole(
    path: Path,
    noun: str,
    *,
    limit: int,
    too_large: Callable[[int], CrysnbError],
    error: type[CrysnbError] = CrysnbError,
    accepted: str = "a readable regular file",
) -> bytes:
    """Content of a regular file of limited size; never waits for a pipe or a device.

    Parameters
    ----------
    path
        Name of the file.
    noun
        What the file holds, such as ``"structure"``: the first half of the codes.
    limit
        Largest number of bytes.
    too_large
        Makes the error for a file of so many bytes.
    error
        Class of the other errors.
    accepted
        What would be right, told in the errors.

    Raises
    ------
    CrysnbError
        Of class ``error``: ``NOUN.not_found``, ``NOUN.not_a_file`` for a folder, device or pipe,
        ``NOUN.unreadable_file``; and what ``too_large`` makes.
    """
    name = quote(str(path))
    try:
        # Non-blocking, so that a pipe without a writer cannot hang the session.
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except (FileNotFoundError, ValueError):
        raise error(f"{noun}.not_found", found=f"there is no file {name}", action="Check the path") from None
    except OSError as exc:
        code = "not_a_file" if isinstance(exc, IsADirectoryError) else "unreadable_file"
        raise error(
            f"{noun}.{code}", found=f"{name} cannot be opened: {exc.strerror}", accepted=accepted
        ) from None
    try:
        info = os.fstat(handle)
        if not stat.S_ISREG(info.st_mode):
            raise error(f"{noun}.not_a_file", found=f"{name} is not a regular file", accepted="a file")
        with os.fdopen(os.dup(handle), "rb") as file:
            data = b"" if info.st_size > limit else file.read(limit + 1)
    except OSError as exc:
        raise error(
            f"{noun}.unreadable_file", found=f"{name} cannot be read: {exc.strerror}", accepted=accepted
        ) from None
    finally:
        os.close(handle)
    # A file under /proc says 0, and one that is being written may have grown.
    if (size := max(info.st_size, len(data))) > limit:
        raise too_large(size)
    return data


def is_file(path: str | Path) -> bool:
    """Whether ``path`` is a file; False too for a name that no file can have, as one too long."""
    try:
        return Path(path).is_file()
    except (OSError, ValueError):
        return False


def parse_json(data: bytes, *, depth: int, refuse: Callable[[str, str], CrysnbError]) -> Any:
    """The value in strict JSON: UTF-8, no key twice in an object, no NaN, nested at most ``depth`` levels.

    Parameters
    ----------
    data
        Content of a file, of limited size.
    depth
        Of lists and objects.
    refuse
        Makes the error from what was found and what is accepted.

    Raises
    ------
    CrysnbError
        What ``refuse`` makes.
    """
    if _depth(data) > depth:
        raise refuse("deeply nested JSON", f"at most {depth} levels")
    try:
        return json.loads(data.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise refuse(f"not JSON: {quote(str(error))}", "a JSON object") from error


def _depth(text: bytes) -> int:
    deepest = level = 0
    for byte in text:
        if byte in b"[{":
            level += 1
            deepest = max(deepest, level)
        elif byte in b"]}":
            level -= 1
    return deepest


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("duplicate keys")
    return found


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number")


def write_whole(path: object, content: bytes, *, overwrite: bool) -> Path:
    """Write a file beside its final name, flush it to disk, then put it in place: never half a file.

    Parameters
    ----------
    path
        Name of the file. A link keeps leading to its file, and a file keeps its permissions.
    content
        The bytes.
    overwrite
        Whether a file of that name is replaced.

    Returns
    -------
    pathlib.Path
        ``path`` as a path.

    Raises
    ------
    CrysnbError
        ``file.exists`` if the name is taken and ``overwrite`` is false; ``file.not_writable``.
    """
    if not isinstance(path, str | os.PathLike) or "\x00" in str(path) or not Path(path).name:
        raise _not_writable(path, "that is no name of a file")
    named = Path(path)
    target = Path(os.path.realpath(named))
    try:
        if not overwrite:
            # Reserves the name; fails where it is taken, be it by a link that leads nowhere.
            named.open("xb").close()
        elif target.exists() and not target.is_file():
            raise _not_writable(named, "it is not a regular file")
        try:
            _replace(target, content)
        except OSError:
            if not overwrite:
                named.unlink(missing_ok=True)
            raise
    except FileExistsError:
        raise CrysnbError(
            "file.exists",
            found=f"there is a file {quote(str(named))} already",
            action="Choose another name, or pass overwrite=True (on the command line: --force)",
        ) from None
    except OSError as error:
        raise _not_writable(named, error.strerror or type(error).__name__) from None
    return named


def _replace(target: Path, content: bytes) -> None:
    partial = target.with_name(f".{uuid.uuid4().hex}.part")
    try:
        with partial.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        put_in_place(partial, target)
    finally:
        partial.unlink(missing_ok=True)


def put_in_place(partial: Path, target: Path) -> None:
    """Give a file that is whole and on disk its final name; one that is there keeps its permissions."""
    if target.exists():
        partial.chmod(stat.S_IMODE(target.stat().st_mode))
    partial.replace(target)


def _not_writable(path: object, reason: str) -> CrysnbError:
    return CrysnbError(
        "file.not_writable",
        found=f"{quote(path if isinstance(path, str) else str(path))} cannot be written: {reason}",
        accepted="a file name in a folder that exists and may be written to",
    )


#: A spreadsheet takes text that begins so for a formula; the minus sign and full-width forms included.
_FORMULA = tuple("=+-@\u2212\uff1d\uff0b\uff0d\uff20")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def csv_text(headers: Sequence[object], rows: Iterable[Sequence[object]]) -> str:
    """A table as comma-separated values (RFC 4180) that no spreadsheet takes for formulas.

    Numbers stay numbers; text that begins like a formula gets an apostrophe in front, and control
    characters become spaces (Source: OWASP, *CSV Injection*).

    Parameters
    ----------
    headers
        Names of the columns.
    rows
        Cells in their order; each is written as its ``str``.
    """
    out = io.StringIO()
    # All quoted: where a semicolon separates columns, none in a text may begin one.
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    for row in (headers, *rows):
        writer.writerow([_csv_cell(value) for value in row])
    return out.getvalue()


def _csv_cell(value: object) -> str:
    text = _CONTROL.sub(" ", str(value))
    number = text.replace("\N{MINUS SIGN}", "-")  # as our tables print it
    if _NUMBER.fullmatch(number):
        return number
    return f"'{text}" if text.lstrip().startswith(_FORMULA) else text


def plain_name(*words: str) -> str:
    """A file name made of words: ASCII letters, digits and hyphens alone, at most 60 of them."""
    parts = (re.sub(r"[^A-Za-z0-9]+", "-", word).strip("-") for word in ("crysnb", *words))
    return "-".join(part for part in parts if part)[:60].strip("-")
