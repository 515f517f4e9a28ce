"""Files on their way in: what a browser may announce, and what becomes of each file. No widget here."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from crysnb.errors import CrysnbError, StructureError, quote
from crysnb.structure import check
from crysnb.structure.read import Reading, block_names, read
from crysnb.widgets.messages import fits

#: Files taken from one drop.
MAX_FILES = 20
_LONGEST_NAME = 80
_LONGEST_FILE_NAME = 255
_MAX_CHOICES = 500


@dataclass(slots=True, kw_only=True, eq=False)
class UploadedFile:
    """One file and what became of it.

    Attributes
    ----------
    name, stem
        What to call it, printable and short; and the id of a structure that has none of its own.
    data
        Its bytes, kept only while there is something to choose.
    choices, chosen
        Names of the structures in it where there are several, and the position of the one chosen or -1.
    reading
        The structure, once it is known which.
    error
        Why it was refused.
    """

    name: str
    stem: str
    data: bytes = b""
    choices: tuple[str, ...] = ()
    chosen: int = -1
    reading: Reading | None = None
    error: CrysnbError | None = None

    @classmethod
    def named(cls, name: str) -> UploadedFile:
        """A file of that name, not read yet."""
        text = plain(name) or "?"
        stem = PurePosixPath(text.replace("\\", "/")).stem
        return cls(name=textwrap.shorten(text, _LONGEST_NAME, placeholder="…") or "?", stem=stem)

    def admit(self, data: bytes | None, size: int) -> None:
        """Read the only structure of the file, or list those it holds.

        Raises
        ------
        StructureError
            Of the admission rules; ``upload.not_received`` without data.
        """
        check.text_size(size)
        if data is None:
            raise StructureError(
                "upload.not_received",
                found=f"the browser could not read {quote(self.name)}",
                accepted="a file, not a folder",
            )
        names = block_names(data)
        if len(names) > 1:
            self.data, self.choices = data, tuple(plain(n)[:_LONGEST_NAME] for n in names[:_MAX_CHOICES])
        else:
            self.reading = read(data, name=self.stem)

    def choose(self, block: int) -> None:
        """Read one of several structures; raises as :func:`crysnb.structure.read.read`."""
        self.chosen, self.error = block, None
        self.reading = read(self.data, block=block, name=self.choices[block] or self.stem)

    def row(self, *, is_shown: bool) -> dict[str, Any]:
        """The file as the browser draws it."""
        state, text = "refused", ""
        if self.error is None and self.reading is None:
            state, text = "choice", f"holds {len(self.choices)} structures: choose one"
        elif self.error is None and self.reading is not None:
            state = "shown" if is_shown else "accepted"
            sites = self.reading.structure
            text = f"{sites.composition.reduced_formula}, {len(sites)} atoms"
        return {
            "name": self.name,
            "state": state,
            "text": text,
            "error": refusal(self.error) if self.error is not None else None,
            "choices": list(self.choices),
            "chosen": self.chosen,
        }


def plain(text: str) -> str:
    """Text on one line, without characters that steer a terminal or a page."""
    return "".join(c if c.isprintable() else "?" for c in text)


def refusal(error: CrysnbError) -> dict[str, str]:
    """An error as the browser draws it."""
    return {"code": error.code, "found": error.found, "accepted": error.accepted, "action": error.action}


def too_many(count: int) -> CrysnbError:
    """The error of a drop of more than :data:`MAX_FILES` files."""
    return CrysnbError(
        "upload.too_many",
        found=f"{count:,} files were dropped; only the first {MAX_FILES} were read",
        accepted=f"at most {MAX_FILES} at a time",
    )


def admits_file(content: dict[str, Any], buffers: Sequence[Any]) -> bool:
    """Whether a message announces one file, with its bytes, or without those of one that is not sent."""
    if set(content) != {"kind", "name", "size", "position", "count"} or not fits(content):
        return False
    name, size = content["name"], content["size"]
    return (
        isinstance(name, str)
        and len(name) <= _LONGEST_FILE_NAME
        and _is_int(size, 0, 2**53)
        and _is_int(content["count"], 1, 10**6)
        and _is_int(content["position"], 0, min(content["count"], MAX_FILES) - 1)
        and [memoryview(b).nbytes for b in buffers] in ([], [size])
        and not (buffers and size > check.MAX_BYTES)
    )


def admits_choice(content: dict[str, Any], files: Sequence[UploadedFile]) -> bool:
    """Whether a message chooses something that is listed; block -1 means a file with one structure."""
    if set(content) != {"kind", "file", "block"} or not _is_int(content["file"], 0, len(files) - 1):
        return False
    return is_choice(files[content["file"]], None if content["block"] == -1 else content["block"])


def is_choice(file: UploadedFile, block: object) -> bool:
    """Whether there is such a structure in the file; None means its only one."""
    if file.choices:
        return _is_int(block, 0, len(file.choices) - 1)
    return block is None and file.reading is not None


def _is_int(value: object, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
