"""JSON documents as public data sets ship them: plain, compressed with gzip, or alone in a zip archive."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
import zlib
from pathlib import Path
from typing import Any

from crysnb import files
from crysnb.errors import CrysnbError, quote

#: Of the file, and of what it unpacks to.
MAX_BYTES, MAX_UNPACKED = 1 << 30, 4 << 30
_ACCEPTED = "a JSON document, plain or compressed with gzip, or alone in a zip archive"


def load_json(path: str | Path, *, limit: int = MAX_UNPACKED) -> Any:
    """The document in a file; how it is packed is told by its first bytes. No pickle is ever opened.

    Raises
    ------
    CrysnbError
        ``data.not_found``, ``data.not_a_file``, ``data.unreadable_file``, ``data.too_large``, or
        ``data.invalid`` if it is damaged or no JSON.
    """
    file = Path(path)
    content = files.read_whole(file, "data", limit=MAX_BYTES, too_large=lambda n: _too_large(file, n))
    try:
        if content[:2] == b"\x1f\x8b":
            with gzip.open(io.BytesIO(content)) as packed:
                content = packed.read(limit + 1)
        elif content[:4] == b"PK\x03\x04":
            content = _alone(content, limit)
        if len(content) > limit:
            raise _too_large(file, len(content))
        return json.loads(content)
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, ValueError, RecursionError) as error:
        raise _invalid(file, str(error)) from error
    except (RuntimeError, NotImplementedError) as error:  # an encrypted member, an unknown compression
        raise _invalid(file, str(error)) from error


def _alone(content: bytes, limit: int) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = [m for m in archive.infolist() if m.filename.endswith(".json") and not m.is_dir()]
        if len(members) != 1:
            raise ValueError(f"{len(members)} JSON documents in the archive")
        with archive.open(members[0]) as packed:
            return packed.read(limit + 1)


def _too_large(file: Path, size: int) -> CrysnbError:
    return CrysnbError(
        "data.too_large",
        found=f"{quote(file.name)} holds {size} bytes or more",
        accepted=f"files up to {MAX_BYTES >> 20} MiB that unpack to {MAX_UNPACKED >> 20} MiB",
    )


def _invalid(file: Path, why: str) -> CrysnbError:
    return CrysnbError("data.invalid", found=f"{quote(file.name)}: {quote(why)}", accepted=_ACCEPTED)
