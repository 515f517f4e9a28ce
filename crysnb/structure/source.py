"""Where text comes from: a regular file, or the string itself."""

from __future__ import annotations

from pathlib import Path

from crysnb import files
from crysnb.errors import StructureError
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
    return files.read_whole(
        path, "structure", limit=check.MAX_BYTES, too_large=check.too_large, error=StructureError
    )


def decode(data: bytes) -> str:
    """Text of a file: UTF-8, or Latin-1 as in the author names of old CIFs."""
    check.text_size(len(data))
    check.text_bytes(data)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")
