"""Downloads that are what their SHA-256 promises, or nothing: checked, atomic, resumable."""

from __future__ import annotations

import http.client
import os
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import crysnb
from crysnb.errors import CrysnbError, quote
from crysnb.weights.partial import Partial, final_place, is_promised

#: Set to 1, nothing is ever fetched; and the folder for what was.
OFFLINE, CACHE = "CRYSNB_OFFLINE", "CRYSNB_CACHE"
#: Largest file, in bytes, unless a caller sets another limit.
MAX_BYTES = 4 << 30
#: Seconds without a byte, and bytes per second on average after that time, that count as an interruption.
TIMEOUT, MIN_RATE = 30.0, 100.0
_ATTEMPTS, _PAUSE = 3, 0.5
_REDIRECTS = 3
_BLOCK = 1 << 18
_LONGEST_URL = 2000
_SHA256 = re.compile(r"[0-9a-f]{64}")
#: ``host:port`` that may be reached without TLS. Empty: tests put their own server here.
PLAIN_HTTP: frozenset[str] = frozenset()

Progress = Callable[[int, int | None], None]


class _InterruptedError(Exception):
    """The connection ended before the file did; another try may help."""


def is_offline() -> bool:
    """Whether the environment variable ``CRYSNB_OFFLINE`` forbids every connection."""
    return os.environ.get(OFFLINE, "").strip().lower() not in ("", "0", "false", "no")


def cache_folder() -> Path:
    """``$CRYSNB_CACHE``, or ``crysnb`` in the user's folder for caches; not created.

    Raises
    ------
    CrysnbError
        ``cache.no_home`` if there is neither.
    """
    named = os.environ.get(CACHE)
    if named:
        return Path(named)
    system = os.environ.get("XDG_CACHE_HOME")
    try:
        return (Path(system) if system else Path.home() / ".cache") / "crysnb"
    except RuntimeError:
        raise CrysnbError(
            "cache.no_home", found="no home folder", action=f"Set {CACHE} to a folder that may be written to"
        ) from None


def fetch(
    url: str,
    target: str | Path,
    *,
    sha256: str,
    size: int | None = None,
    limit: int = MAX_BYTES,
    timeout: float = TIMEOUT,
    progress: Progress | None = None,
) -> Path:
    """The file at ``url`` under the name ``target``, complete and with the promised hash.

    A file that is there already with this hash is returned without a connection. What was received before
    an interruption stays beside the target under a hidden name, and the next call goes on from there.

    Parameters
    ----------
    url
        ``https`` address; up to three redirects to other ``https`` addresses are followed.
    target
        Name of the file in an existing folder, or one that can be made.
    sha256
        Of the content, 64 hexadecimal digits in lower case.
    size
        Of the content in bytes, if known.
    limit
        Largest size that is accepted.
    timeout
        Seconds without data that count as an interruption.
    progress
        Called with the bytes received and the size, or None where the server does not tell.

    Raises
    ------
    CrysnbError
        ``download.argument``, ``download.url``, ``download.offline``, ``download.redirect``,
        ``download.refused``, ``download.interrupted``, ``download.too_large``, ``download.wrong_size``,
        ``download.wrong_hash``, ``download.disk_full``, ``download.not_writable``, and
        ``download.other_file`` if ``target`` is a file with another hash, which is never replaced.
    """
    if not _SHA256.fullmatch(str(sha256)):
        raise CrysnbError(
            "download.argument", found=f"the hash {quote(sha256)}", accepted="a SHA-256 in lower-case hex"
        )
    _check_url(url)
    place = final_place(target)
    if is_promised(place, sha256):
        return Path(target)
    if is_offline():
        raise CrysnbError(
            "download.offline",
            found=f"{quote(place.name)} is not there, and {OFFLINE} is set",
            accepted=f"a file with SHA-256 {sha256[:12]}… at {quote(str(place))}",
            action=f"Put it there by hand, or unset {OFFLINE}",
        )
    with Partial(place, sha256) as partial:
        if is_promised(place, sha256):  # another process was faster
            return Path(target)
        if not partial.complete:
            _receive(url, partial, limit if size is None else min(limit, size), size, timeout, progress)
        if not partial.complete:
            partial.discard()
            raise CrysnbError(
                "download.wrong_hash",
                found=f"what {_host(url)} sent is not the file with SHA-256 {sha256[:12]}…",
                accepted="the very file that was asked for",
                action="The file may have been replaced by a newer one; nothing was kept",
            )
        partial.place()
    return Path(target)


def _receive(
    url: str, partial: Partial, limit: int, size: int | None, timeout: float, progress: Progress | None
) -> None:
    """Fill ``partial``, going on after interruptions; from the start again if what resulted is wrong."""
    failures = 0
    while True:
        resumed = partial.size > 0
        try:
            _request(url, partial, limit, size, timeout, progress)
        except _InterruptedError as error:
            failures += 1
            if failures >= _ATTEMPTS:
                raise CrysnbError(
                    "download.interrupted",
                    found=f"{_host(url)}: {error}, {failures} times; {partial.size} bytes received",
                    action="Try again later: it goes on from there",
                ) from error
            time.sleep(_PAUSE * failures)
            continue
        if partial.complete or not resumed:
            return
        partial.clear()  # the old beginning and the new end do not fit


def _request(
    url: str, partial: Partial, limit: int, size: int | None, timeout: float, progress: Progress | None
) -> None:
    """One request for what is missing; :class:`_InterruptedError` if the connection ends early."""
    headers = {"User-Agent": f"crysnb/{crysnb.__version__}", "Accept-Encoding": "identity"}
    if partial.size:
        headers["Range"] = f"bytes={partial.size}-"
    try:
        request = urllib.request.Request(url, headers=headers)  # noqa: S310 - the scheme was checked
        with _opener().open(request, timeout=timeout) as response:
            if not _continues(response, partial.size):
                partial.clear()
            total = _announced(response, partial.size)
            _check_size(url, total, limit, size, partial)
            _copy(response, partial, url, limit, size, timeout, total, progress)
            if total is not None and partial.size < total:
                raise _InterruptedError(f"the connection ended {total - partial.size} bytes too early")
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE and partial.size:
            partial.clear()
            raise _InterruptedError("the server does not know that part of the file") from None
        if error.code == http.client.TOO_MANY_REQUESTS or error.code >= 500:
            raise _InterruptedError(f"status {error.code}") from None
        code = "redirect" if 300 <= error.code < 400 else "refused"
        raise CrysnbError(
            f"download.{code}", found=f"{_host(url)} answered with status {error.code}", accepted="200 or 206"
        ) from None
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        if "CERTIFICATE" in str(reason):
            raise CrysnbError(
                "download.refused",
                found=f"{_host(url)}: {quote(str(reason))}",
                accepted="a valid certificate",
            ) from error
        raise _InterruptedError(quote(str(reason) or type(reason).__name__)) from error


def _copy(
    response: Any,
    partial: Partial,
    url: str,
    limit: int,
    size: int | None,
    timeout: float,
    total: int | None,
    progress: Progress | None,
) -> None:
    start, received = time.monotonic(), 0
    while block := response.read1(_BLOCK):
        received += len(block)
        _check_size(url, partial.size + len(block), limit, None, partial)
        partial.write(block)
        if progress is not None:
            progress(partial.size, total if total is not None else size)
        elapsed = time.monotonic() - start
        if elapsed > timeout and received < MIN_RATE * elapsed:
            raise _InterruptedError(f"only {received} bytes in {elapsed:.0f} s")


def _continues(response: Any, offset: int) -> bool:
    """Whether the answer begins at ``offset``."""
    if response.status != http.client.PARTIAL_CONTENT:
        return False
    match = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
    return match is not None and int(match[1]) == offset


def _announced(response: Any, offset: int) -> int | None:
    """Size of the whole file by the headers, if they tell."""
    length = response.headers.get("Content-Length", "")
    return offset + int(length) if re.fullmatch(r"\d{1,15}", length) else None


def _check_size(url: str, total: int | None, limit: int, size: int | None, partial: Partial) -> None:
    if total is None or total == size:
        return
    if size is not None:
        partial.discard()
        raise CrysnbError(
            "download.wrong_size", found=f"{_host(url)} offers {total} bytes", accepted=f"{size} bytes"
        )
    if total > limit:
        partial.discard()
        raise CrysnbError(
            "download.too_large", found=f"{_host(url)} sends more than allowed", accepted=f"{limit} bytes"
        )


class _Redirects(urllib.request.HTTPRedirectHandler):
    """A few redirects, each to an address that could have been asked for in the first place."""

    max_redirections = _REDIRECTS
    max_repeats = _REDIRECTS

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        try:
            _check_url(newurl)
        except CrysnbError as error:
            fp.close()
            raise CrysnbError(
                "download.redirect", found=f"a redirect to {quote(newurl)}", accepted=error.accepted
            ) from error
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opener() -> urllib.request.OpenerDirector:
    """Web addresses only: no files, no FTP, no data in the address."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.UnknownHandler(),
        _Redirects(),
    ):
        opener.add_handler(handler)
    return opener


def _check_url(url: object) -> None:
    accepted = "an https address without a password"
    text = url if isinstance(url, str) else ""
    try:
        parts = urllib.parse.urlsplit(text)
        host, secret, _ = parts.hostname, parts.username or parts.password, parts.port
    except ValueError:
        parts, host, secret = urllib.parse.urlsplit(""), None, None
    plain = parts.scheme == "http" and parts.netloc in PLAIN_HTTP
    strange = len(text) > _LONGEST_URL or not text.isascii() or not text.isprintable() or " " in text
    if not host or secret or strange or not (parts.scheme == "https" or plain):
        raise CrysnbError("download.url", found=f"the address {quote(url)}", accepted=accepted)


def _host(url: str) -> str:
    return urllib.parse.urlsplit(url).hostname or "the server"
