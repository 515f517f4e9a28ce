"""Where text comes from: a regular file, or the string itself."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from crysnb.errors import StructureError, quote
from crysnb.structure import check

_LONGEST_PATH = 4096


def existing_path(text: str) -> Path | None:
    """``text`` as the path of something that exists, else None. Never touches what it names."""
    if not text or len(text) > _LONGEST_PATH or "\n" in text or "\r" in text or "\x00" in text:
        return None
    path = Path(text)
    try:
        path.stat()
    except (OSError, ValueError):
        return None
    return path


def read_file(path: Path) -> bytes:
    """Content of a regular file, at most :data:`check.MAX_BYTES`.

    Raises
    ------
    StructureError
        ``structure.not_a_file`` for a folder, device or pipe; ``structure.not_found``;
        ``structure.unreadable_file``; ``structure.too_large``.
    """
    try:
        # Non-blocking, so that a pipe without a writer cannot hang the session.
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except (FileNotFoundError, ValueError):
        raise StructureError(
            "structure.not_found", found=f"there is no file {quote(str(path))}", action="Check the path"
        ) from None
    except OSError as exc:
        raise StructureError(
            "structure.not_a_file" if isinstance(exc, IsADirectoryError) else "structure.unreadable_file",
            found=f"{quote(str(path))} cannot be opened: {exc.strerror}",
            accepted="a readable regular file",
        ) from None
    try:
        info = os.fstat(handle)
        if not stat.S_ISREG(info.st_mode):
            raise StructureError(
                "structure.not_a_file", found=f"{quote(str(path))} is not a regular file", accepted="a file"
            )
        check.text_size(info.st_size)
        with os.fdopen(os.dup(handle), "rb") as file:
            data = file.read(check.MAX_BYTES + 1)
    except OSError as exc:
        raise StructureError(
            "structure.unreadable_file",
            found=f"{quote(str(path))} cannot be read: {exc.strerror}",
            accepted="a readable regular file",
        ) from None
    finally:
        os.close(handle)
    # A file under /proc says 0, and one that is being written may have grown.
    check.text_size(len(data))
    return data


def decode(data: bytes) -> str:
    """Text of a file: UTF-8, or Latin-1 as in the author names of old CIFs."""
    check.text_size(len(data))
    check.text_bytes(data)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")
