"""Notebook files as plain JSON: read with guards, written back in the style they had. Needs no Jupyter."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crysnb import files
from crysnb.errors import CrysnbError, quote

#: A notebook full of saved widget state is large, and just what freezing is for; this is beyond any of them.
MAX_BYTES = 100_000_000
#: Jupyter nests outputs five levels deep; what a library puts inside them is seldom deeper than this.
_MAX_DEPTH = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class NotebookFile:
    """A notebook and how its file was written.

    Attributes
    ----------
    notebook
        The content: nbformat 4.
    data
        The file as it was read.
    write
        Serialises a notebook in the style of this file.
    """

    notebook: dict[str, Any]
    data: bytes
    write: Callable[[dict[str, Any]], bytes]


def read_notebook(path: Path) -> NotebookFile:
    """A notebook of nbformat 4 from a regular file of at most 100 MB.

    Raises
    ------
    CrysnbError
        ``notebook.not_found``, ``notebook.not_a_file``, ``notebook.unreadable_file``, ``notebook.too_large``;
        ``notebook.syntax`` for what is not JSON in UTF-8; ``notebook.not_a_notebook``;
        ``notebook.version`` for another major version of the format.
    """
    data = files.read_whole(path, "notebook", limit=MAX_BYTES, too_large=_too_large)
    try:
        text = data.decode("utf-8")
        content = json.loads(text, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise CrysnbError(
            "notebook.syntax",
            found=f"{quote(path.name)} is not a notebook: {quote(reason)}",
            accepted="a .ipynb file: JSON in UTF-8",
        ) from None
    if _depth(content) > _MAX_DEPTH:
        raise CrysnbError(
            "notebook.syntax",
            found=f"{quote(path.name)} is nested too deeply",
            accepted=f"at most {_MAX_DEPTH} levels",
        )
    _check(content, path.name)
    return NotebookFile(notebook=content, data=data, write=_style(text, content))


def _too_large(n_bytes: int) -> CrysnbError:
    return CrysnbError(
        "notebook.too_large",
        found=f"a notebook of {n_bytes / 1e6:,.0f} MB",
        accepted=f"notebooks of at most {MAX_BYTES / 1e6:,.0f} MB",
        action="Clear the outputs that make it so large",
    )


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) != len(pairs):
        # Which of the two counts is anybody's guess, and writing it back would lose one.
        raise ValueError("an object holds the same key twice")
    return content


def _depth(content: Any) -> int:
    level, depth = [content], 0
    while level:
        depth += 1
        level = [
            child
            for item in level
            if isinstance(item, dict | list)
            for child in (item.values() if isinstance(item, dict) else item)
        ]
    return depth


def _check(content: Any, name: str) -> None:
    """Refuse what is not a notebook of nbformat 4, as far as freezing looks into it."""
    version = content.get("nbformat") if isinstance(content, dict) else None
    if type(version) is int and version != 4:
        raise CrysnbError(
            "notebook.version",
            found=f"{quote(name)} has nbformat {quote(version)}",
            accepted="nbformat 4",
            action="Open and save it in JupyterLab, or run: jupyter nbconvert --to notebook",
        )
    if type(version) is not int or not is_notebook(content):
        raise CrysnbError(
            "notebook.not_a_notebook",
            found=f"{quote(name)} is JSON, but no notebook",
            accepted="a .ipynb file of Jupyter",
        )


def is_notebook(content: dict[str, Any]) -> bool:
    """Whether cells, outputs and their metadata have the types that nbformat 4 gives them."""
    cells = content.get("cells")
    if not isinstance(cells, list) or not isinstance(content.get("metadata"), dict):
        return False
    for cell in cells:
        if not isinstance(cell, dict) or not isinstance(cell.get("cell_type"), str):
            return False
        outputs = cell.get("outputs", [])
        if not isinstance(outputs, list) or not all(isinstance(output, dict) for output in outputs):
            return False
        if not all(isinstance(o.get(key, {}), dict) for o in outputs for key in ("data", "metadata")):
            return False
    return True


def _style(text: str, content: dict[str, Any]) -> Callable[[dict[str, Any]], bytes]:
    """How to write this notebook so that what is not changed stays the same byte for byte.

    Jupyter writes one space of indent, text as it is and a final newline; others differ in all three.
    """
    tail = text[len(text.rstrip()) :]
    newline = "\r\n" if "\r\n" in text else "\n"
    indent = re.match(r"\s*\{\r?\n([ \t]+)", text)
    compact = (",", ":") if re.match(r'\s*\{"\w+":\S', text) else (", ", ": ")
    options: dict[str, Any] = (
        {"indent": indent[1], "separators": (",", ": ")} if indent else {"separators": compact}
    )

    def write(notebook: dict[str, Any], *, ascii_only: bool) -> bytes:
        body = json.dumps(notebook, ensure_ascii=ascii_only, **options)
        return (body.replace("\n", newline) + tail).encode()

    def write_plain(notebook: dict[str, Any]) -> bytes:
        try:
            return write(notebook, ascii_only=False)
        except UnicodeEncodeError:  # half of a surrogate pair: JSON may hold it as \\uXXXX, UTF-8 may not
            return write(notebook, ascii_only=True)

    def write_ascii(notebook: dict[str, Any]) -> bytes:
        return write(notebook, ascii_only=True)

    escaped = text.isascii() and write_plain(content) != text.encode()
    return write_ascii if escaped else write_plain
