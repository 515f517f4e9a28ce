"""A file on its way: beside its final name until it is whole."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import stat
import uuid
from pathlib import Path
from types import TracebackType
from typing import NoReturn, Self

from crysnb.errors import CrysnbError, quote
from crysnb.files import put_in_place

try:
    import fcntl
except ImportError:  # Windows: every download has a file of its own, and none is resumed
    fcntl = None  # type: ignore[assignment]

_BLOCK = 1 << 20
_NO_LINK = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


def final_place(target: str | Path) -> Path:
    """The file that ``target`` names; a link keeps leading to its file.

    Raises
    ------
    CrysnbError
        ``download.not_writable`` if no file can have that name.
    """
    try:
        return Path(os.path.realpath(target))
    except (OSError, ValueError) as error:
        _not_writable(Path(str(target)), error)


def is_promised(path: Path, sha256: str) -> bool:
    """Whether ``path`` is a regular file with this hash.

    Raises
    ------
    CrysnbError
        ``download.other_file`` if there is something else; ``download.not_writable`` if it cannot be read.
    """
    try:
        if not path.exists():
            return False
        if path.is_file():
            digest = hashlib.sha256()
            with path.open("rb") as file:
                while block := file.read(_BLOCK):
                    digest.update(block)
            if digest.hexdigest() == sha256:
                return True
    except (OSError, ValueError) as error:
        _not_writable(path, error)
    raise CrysnbError(
        "download.other_file",
        found=f"{quote(str(path))} is there already and is not the file with SHA-256 {sha256[:12]}…",
        accepted="that file, or none",
        action="Remove or rename it",
    )


class Partial:
    """What has been received so far of the file ``target`` with the hash ``sha256``.

    A context manager. One process at a time goes on with the hidden file beside the target that an
    interruption left; another that comes meanwhile has a file of its own. On leaving, a file that can be
    continued stays.

    Raises
    ------
    CrysnbError
        ``download.disk_full`` or ``download.not_writable`` from every method that writes.
    """

    def __init__(self, target: Path, sha256: str) -> None:
        self.target, self.sha256 = target, sha256
        self.path, self._shared, self._handle = target, False, -1
        self.size = 0
        self._digest = hashlib.sha256()

    def __enter__(self) -> Self:
        try:
            self.target.parent.mkdir(parents=True, exist_ok=True)
            self._open()
            while block := os.read(self._handle, _BLOCK):
                self._digest.update(block)
                self.size += len(block)
        except (OSError, ValueError) as error:
            _not_writable(self.target, error)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # First the name, then the lock: nobody else may have begun to continue it.
        if not (self._shared and self.size):
            with contextlib.suppress(OSError):
                self.path.unlink(missing_ok=True)
        self._close()

    @property
    def complete(self) -> bool:
        """Whether the promised hash is reached."""
        return self._digest.hexdigest() == self.sha256

    def write(self, block: bytes) -> None:
        """Append; where the disk is full nothing is kept."""
        try:
            rest = memoryview(block)
            while rest:
                rest = rest[os.write(self._handle, rest) :]
        except OSError as error:
            self.discard()
            _not_writable(self.target, error)
        self._digest.update(block)
        self.size += len(block)

    def clear(self) -> None:
        """Start again from nothing."""
        try:
            os.ftruncate(self._handle, 0)
            os.lseek(self._handle, 0, os.SEEK_SET)
        except OSError as error:
            _not_writable(self.target, error)
        self.size, self._digest = 0, hashlib.sha256()

    def discard(self) -> None:
        """Start again, and leave nothing behind on leaving."""
        with contextlib.suppress(CrysnbError):
            self.clear()
        self.size = 0

    def place(self) -> None:
        """Flush to disk and give the file its final name."""
        try:
            os.fsync(self._handle)
            if fcntl is None:
                self._close()  # Windows renames no open file
            put_in_place(self.path, self.target)
        except OSError as error:
            self.discard()  # a disk may say only now that it is full
            _not_writable(self.target, error)
        self._shared = False  # the hidden name is gone

    def _open(self) -> None:
        hidden = f".{self.target.name[:100]}.{self.sha256[:16]}.part"
        self.path, self._shared = self.target.with_name(hidden), True
        if fcntl is not None:
            with contextlib.suppress(OSError):
                self._handle = os.open(self.path, os.O_RDWR | os.O_CREAT | _NO_LINK, 0o666)
                if self._locked():
                    return
                os.close(self._handle)
        self.path, self._shared = self.target.with_name(f".{uuid.uuid4().hex}.part"), False
        self._handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL | _NO_LINK, 0o666)

    def _locked(self) -> bool:
        """Lock the file for this process alone; false if another has it, or has just put it in place."""
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            here, there = os.fstat(self._handle), self.path.lstat()
        except OSError:
            return False
        return stat.S_ISREG(here.st_mode) and os.path.samestat(here, there)

    def _close(self) -> None:
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1


def _not_writable(path: Path, error: OSError | ValueError) -> NoReturn:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        raise CrysnbError(
            "download.disk_full",
            found=f"the disk is full: {quote(str(path.parent))}",
            action="Free some space; nothing of the file was kept",
        ) from error
    reason = getattr(error, "strerror", None) or type(error).__name__
    raise CrysnbError(
        "download.not_writable",
        found=f"{quote(str(path))}: {reason}",
        accepted="a file name in a folder that may be written to",
    ) from error
