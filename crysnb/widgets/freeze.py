"""Notebooks without live views: the pictures stay, and nothing asks for a kernel any more.

Works on plain JSON and imports neither Jupyter nor a widget library, so a commit hook can use it.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from crysnb.files import write_whole
from crysnb.widgets.notebook_file import read_notebook

VIEW_MIME = "application/vnd.jupyter.widget-view+json"
#: Put in the place of a live view that left neither text nor picture.
PLACEHOLDER = "(interactive view; run the notebook to see it)"

# Written by crysnb.widgets.png: a text chunk with the id of the view.
_MARK = re.compile(rb"crysnb-fallback\0[0-9a-f]{32}")
_HEAD = 400  # characters of base64 that hold the marks


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """What freezing a notebook did.

    Attributes
    ----------
    views
        Live views that were there.
    pictures
        Of these, how many leave a picture of crysnb behind.
    texts
        How many leave what else was stored with them, mostly a line of text.
    state
        Whether stored widget state was removed.
    bytes_before, bytes_after
        Size of the notebook; 0 where no file is involved.
    """

    views: int
    pictures: int
    texts: int
    state: bool
    bytes_before: int = 0
    bytes_after: int = 0

    def to_dict(self) -> dict[str, Any]:
        """The fields."""
        return asdict(self)


def freeze(path: str | Path, out: str | Path | None = None) -> Frozen:
    """Drop live views and widget state from a notebook file, and keep their pictures.

    Everything else stays as it is, byte for byte, in files written by Jupyter; so does the whole file
    if there is nothing to drop.

    Parameters
    ----------
    path
        A notebook of nbformat 4, at most 100 MB.
    out
        Where the result goes; None: in place. Written whole or not at all.

    Raises
    ------
    CrysnbError
        ``notebook.*`` if the file is no notebook, cannot be read, or the result cannot be written.
    """
    source = Path(path)
    file = read_notebook(source)
    done = freeze_notebook(file.notebook)
    changed = bool(done.views or done.state)
    data = file.write(file.notebook) if changed else file.data
    if changed or out is not None:
        write_whole(source if out is None else Path(out), data, overwrite=True)
    return Frozen(**{**done.to_dict(), "bytes_before": len(file.data), "bytes_after": len(data)})


def freeze_notebook(notebook: dict[str, Any]) -> Frozen:
    """Drop live views and widget state from a notebook of nbformat 4, in place.

    Parameters
    ----------
    notebook
        Plain JSON or a ``NotebookNode``.
    """
    state = notebook["metadata"].pop("widgets", None) is not None
    views = pictures = 0
    for outputs in _outputs(notebook):
        n, m = _freeze_outputs(outputs)
        views += n
        pictures += m
    return Frozen(views=views, pictures=pictures, texts=views - pictures, state=state)


def _outputs(notebook: dict[str, Any]) -> Iterator[list[dict[str, Any]]]:
    for cell in notebook["cells"]:
        if cell.get("outputs"):
            yield cell["outputs"]


def _freeze_outputs(outputs: list[dict[str, Any]]) -> tuple[int, int]:
    """Live views of one cell, and how many of them left a picture."""
    kept: list[dict[str, Any]] = []
    waiting: list[dict[str, Any]] = []  # live views whose picture has not come
    seen: set[bytes] = set()
    views = 0
    for output in outputs:
        kept.append(output)
        if VIEW_MIME in output.get("data", {}):
            views += 1
            waiting.append(_without_view(output))
        elif (mark := picture_mark(output)) is not None and mark not in seen and waiting:
            # The picture and its text say all that the live view right before it did.
            seen.add(mark)
            replaced = waiting.pop()
            kept = [o for o in kept if o is not replaced]
    outputs[:] = kept
    return views, len(seen)


def picture_mark(output: dict[str, Any]) -> bytes | None:
    """The mark inside the PNG of one of our views; None for any other output."""
    png = output.get("data", {}).get("image/png")
    text = "".join(map(str, png)) if isinstance(png, list) else png
    if not isinstance(text, str):
        return None
    head = re.sub(r"\s", "", text[: 2 * _HEAD])[:_HEAD]
    try:
        data = base64.b64decode(head[: len(head) // 4 * 4], validate=True)
    except ValueError:
        return None
    found = _MARK.search(data) if data.startswith(b"\x89PNG") else None
    return found[0] if found is not None else None


def _without_view(output: dict[str, Any]) -> dict[str, Any]:
    del output["data"][VIEW_MIME]
    output.get("metadata", {}).pop(VIEW_MIME, None)
    if not output["data"]:
        output["data"]["text/plain"] = [PLACEHOLDER]
    return output


def __getattr__(name: str) -> Any:
    # `--Exporter.preprocessors=crysnb.widgets.freeze.FreezePreprocessor`: nbconvert is imported by those who
    # have it.
    if name == "FreezePreprocessor":
        from crysnb.widgets.freeze_preprocessor import FreezePreprocessor

        return FreezePreprocessor
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
