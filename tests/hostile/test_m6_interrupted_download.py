"""M6: a download is whole and what its hash promises, or there is no file of that name.

Source: fault table; the server here cuts, lies about the length, stalls, redirects and never ends.
"""

from __future__ import annotations

import errno
import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "weights"))

import local_server as act

from crysnb.errors import CrysnbError
from crysnb.weights import fetch as module
from crysnb.weights import partial
from crysnb.weights.fetch import fetch

CONTENT = np.random.default_rng(1).bytes(1_000_003)
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[act.LocalServer]:
    server = act.LocalServer(CONTENT)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    monkeypatch.setattr(module, "PLAIN_HTTP", frozenset({server.netloc}))
    monkeypatch.setattr(module, "_PAUSE", 0.0)
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.delenv("CRYSNB_OFFLINE", raising=False)
    yield server
    server.release.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "file.bin"


def get(server: act.LocalServer, target: Path, **options: Any) -> Path:
    return fetch(server.url, target, **{"sha256": SHA256, "timeout": 5.0, **options})


def refused(server: act.LocalServer, target: Path, code: str, **options: Any) -> None:
    """Assert that it ends in ``download.CODE`` without a file of the final name."""
    with pytest.raises(CrysnbError) as caught:
        get(server, target, **options)
    assert caught.value.code == f"download.{code}", caught.value
    assert not target.exists()


def left(target: Path) -> list[Path]:
    """What lies beside the target."""
    return [p for p in target.parent.iterdir() if p != target]


def test_whole_and_only_once(server: act.LocalServer, target: Path) -> None:
    seen: list[tuple[int, int | None]] = []
    found = get(server, target, size=len(CONTENT), progress=lambda *now: seen.append(now))
    assert found == target
    assert target.read_bytes() == CONTENT
    assert left(target) == []
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    get(server, target)
    assert len(server.requests) == 1


@pytest.mark.parametrize("at", [0, 1, 4096, 500_000, len(CONTENT) - 1])
def test_cut_once_and_continued(server: act.LocalServer, target: Path, at: int) -> None:
    server.plan = [act.cut(at), act.whole]
    get(server, target)
    assert target.read_bytes() == CONTENT
    assert [r for _, r in server.requests] == [None, f"bytes={at}-" if at else None]


def test_cut_again_and_again_then_continued_by_the_next_call(server: act.LocalServer, target: Path) -> None:
    server.plan = [act.cut(1000), act.cut(2000), act.cut(3000)]
    refused(server, target, "interrupted")
    assert [p.stat().st_size for p in left(target)] == [3000]
    server.plan, server.requests = [act.whole], []
    get(server, target)
    assert target.read_bytes() == CONTENT
    assert [r for _, r in server.requests] == ["bytes=3000-"]
    assert left(target) == []


@pytest.mark.parametrize("rest", [act.no_ranges, act.wrong_range], ids=["no ranges", "wrong range"])
def test_a_server_that_cannot_continue(server: act.LocalServer, target: Path, rest: act.Answer) -> None:
    server.plan = [act.cut(1000), rest]
    get(server, target)
    assert target.read_bytes() == CONTENT


def test_a_part_of_another_file_is_started_again(server: act.LocalServer, target: Path) -> None:
    server.plan = [act.cut(1000)]
    refused(server, target, "interrupted")
    left(target)[0].write_bytes(b"x" * 1000)
    server.plan = [act.whole]
    get(server, target)
    assert target.read_bytes() == CONTENT


@pytest.mark.parametrize("extra", [0, 7])
def test_a_part_that_is_whole_or_too_long(server: act.LocalServer, target: Path, extra: int) -> None:
    server.plan = [act.cut(1000)]
    refused(server, target, "interrupted")
    left(target)[0].write_bytes(CONTENT + b"x" * extra)
    server.plan, server.requests = [act.status(416), act.whole], []
    get(server, target)
    assert target.read_bytes() == CONTENT
    assert len(server.requests) == (2 if extra else 0)


@pytest.mark.parametrize(
    ("answer", "code", "options"),
    [
        (act.announced("10", CONTENT[:10]), "wrong_hash", {}),
        (act.announced("10", CONTENT), "wrong_hash", {}),
        (act.announced(str(len(CONTENT) + 5), CONTENT), "interrupted", {}),
        (act.announced("99999999999999", CONTENT), "too_large", {}),
        (act.announced("-1", CONTENT[:-1]), "wrong_hash", {}),
        (act.announced("x", CONTENT[:-1]), "wrong_hash", {}),
        (act.announced("10", CONTENT[:10]), "wrong_size", {"size": len(CONTENT)}),
        (act.endless, "too_large", {"limit": 300_000}),
        (act.endless, "too_large", {"size": 300_000}),
        (act.whole, "too_large", {"limit": 1000}),
        (act.whole, "wrong_hash", {"sha256": "0" * 64}),
    ],
)
def test_a_server_that_lies(
    server: act.LocalServer, target: Path, answer: act.Answer, code: str, options: dict[str, Any]
) -> None:
    server.plan = [answer]
    refused(server, target, code, **options)
    if code != "interrupted":
        assert left(target) == []


@pytest.mark.parametrize("answer", [act.stall(1000), act.stall(0), act.drip], ids=["stall", "silent", "drip"])
def test_a_server_that_stalls(server: act.LocalServer, target: Path, answer: act.Answer) -> None:
    server.plan = [answer]
    start = time.monotonic()
    refused(server, target, "interrupted", timeout=0.3)
    assert time.monotonic() - start < 15


def test_a_stall_and_then_the_rest(server: act.LocalServer, target: Path) -> None:
    server.plan = [act.stall(1000), act.whole]
    get(server, target, timeout=0.5)
    assert target.read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("code", "expected", "requests"),
    [
        (404, "refused", 1),
        (403, "refused", 1),
        (204, "wrong_hash", 1),
        (503, "interrupted", 3),
        (429, "interrupted", 3),
    ],
)
def test_no_file(server: act.LocalServer, target: Path, code: int, expected: str, requests: int) -> None:
    server.plan = [act.status(code)]
    refused(server, target, expected)
    assert len(server.requests) == requests


def test_nobody_listens(server: act.LocalServer, target: Path) -> None:
    server.plan = [act.hang_up]
    refused(server, target, "interrupted")
    server.shutdown()
    server.server_close()
    refused(server, target, "interrupted")


def test_a_redirect_is_followed_three_times_at_most(server: act.LocalServer, target: Path) -> None:
    away = act.status(302, Location="/other")
    server.plan = [away, away, act.whole]
    get(server, target)
    assert [path for path, _ in server.requests] == ["/file", "/other", "/other"]
    target.unlink()
    server.plan, server.requests = [away], []
    refused(server, target, "redirect")
    assert len(server.requests) == 4


@pytest.mark.parametrize(
    "place",
    ["http://example.org/file", "ftp://example.org/file", "file:///etc/passwd", "http://127.0.0.1:1/x",
     "https://user:secret@example.org/", "data:,x", "//example.org/x", "https://", "gopher://x/"],
)  # fmt: skip
def test_a_redirect_to_elsewhere_is_refused(server: act.LocalServer, target: Path, place: str) -> None:
    server.plan = [act.status(302, Location=place)]
    refused(server, target, "redirect")
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "url",
    ["http://example.org/file", "ftp://example.org/x", "file:///etc/passwd", "https://a:b@example.org/", "x",
     "", "https://", "https://exa mple.org/", "https://example.org/\r\nX: y", "https://example.org:port/",
     None, 3, "https://example.org/" + "x" * 3000, "https://[::1", "https://exämple.org/"],
)  # fmt: skip
def test_other_addresses_are_refused(target: Path, url: Any) -> None:
    with pytest.raises(CrysnbError) as caught:
        fetch(url, target, sha256=SHA256)
    assert caught.value.code == "download.url"


def test_without_the_hook_the_local_server_is_refused_too(
    server: act.LocalServer, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PLAIN_HTTP", frozenset())
    refused(server, target, "url")
    assert server.requests == []


@pytest.mark.parametrize("sha256", ["", "abc", SHA256.upper(), SHA256 + "0", None, 5])
def test_a_hash_is_needed(server: act.LocalServer, target: Path, sha256: Any) -> None:
    refused(server, target, "argument", sha256=sha256)


def test_offline_opens_no_connection(
    server: act.LocalServer, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRYSNB_OFFLINE", "1")
    refused(server, target, "offline")
    assert server.requests == []
    target.parent.mkdir()
    target.write_bytes(CONTENT)
    assert get(server, target) == target
    monkeypatch.setenv("CRYSNB_OFFLINE", "0")
    target.unlink()
    get(server, target)


def test_another_file_of_that_name_stays(server: act.LocalServer, target: Path) -> None:
    target.parent.mkdir()
    target.write_bytes(b"mine")
    with pytest.raises(CrysnbError, match=r"download\.other_file"):
        get(server, target)
    assert target.read_bytes() == b"mine"
    target.unlink()
    target.mkdir()
    with pytest.raises(CrysnbError, match=r"download\.other_file"):
        get(server, target)
    assert server.requests == []


@pytest.mark.parametrize("after", [0, 1, 3])
def test_disk_full(
    server: act.LocalServer, target: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    written, write = [0], os.write

    def full(handle: int, data: Any) -> int:
        written[0] += 1
        if written[0] > after:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(handle, bytes(data)[:100_000])

    monkeypatch.setattr(partial.os, "write", full)
    refused(server, target, "disk_full")
    monkeypatch.setattr(partial.os, "write", write)
    assert left(target) == []
    get(server, target)


def test_disk_full_while_flushing(
    server: act.LocalServer, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(partial.os, "fsync", full)
    refused(server, target, "disk_full")
    assert left(target) == []


def test_a_file_system_with_little_room(server: act.LocalServer, target: Path) -> None:
    """The size limit of the process stands for a quota."""
    code = (
        "import resource, signal, sys; from crysnb.weights import fetch as m\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))\n"
        f"m.PLAIN_HTTP = frozenset({{{server.netloc!r}}})\n"
        "from crysnb.errors import CrysnbError\n"
        f"try: m.fetch({server.url!r}, {str(target)!r}, sha256={SHA256!r})\n"
        "except CrysnbError as error: sys.stdout.write(error.code)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "download.not_writable", done.stderr
    assert list(target.parent.iterdir()) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_is_not_writable(server: act.LocalServer, target: Path) -> None:
    target.parent.mkdir(mode=0o500)
    refused(server, target, "not_writable")


@pytest.mark.parametrize("name", ["a\x00b", "x" * 300, "file.bin/inside"])
def test_names_that_no_file_can_have(server: act.LocalServer, tmp_path: Path, name: str) -> None:
    (tmp_path / "file.bin").write_bytes(b"")
    with pytest.raises(CrysnbError, match=r"download\.not_writable"):
        fetch(server.url, tmp_path / name, sha256=SHA256)


def test_a_planted_link_or_pipe_is_not_written_through(server: act.LocalServer, target: Path) -> None:
    target.parent.mkdir()
    victim = target.parent / "victim"
    victim.write_bytes(b"mine")
    hidden = target.parent / f".{target.name}.{SHA256[:16]}.part"
    hidden.symlink_to(victim)
    get(server, target)
    assert victim.read_bytes() == b"mine"
    assert target.read_bytes() == CONTENT
    hidden.unlink()
    target.unlink()
    os.mkfifo(hidden)
    get(server, target)
    assert target.read_bytes() == CONTENT


def test_killed_at_any_time(server: act.LocalServer, target: Path) -> None:
    server.plan = [act.drip]
    code = (
        "import sys; from crysnb.weights import fetch as m\n"
        f"m.PLAIN_HTTP = frozenset({{{server.netloc!r}}})\n"
        "def seen(*_): sys.stdout.write('.'); sys.stdout.flush()\n"
        f"m.fetch({server.url!r}, {str(target)!r}, sha256={SHA256!r}, progress=seen)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.read(3) == b"..."
        process.send_signal(signal.SIGKILL)
    assert not target.exists()
    assert left(target)[0].stat().st_size >= 3
    server.plan = [act.whole]
    get(server, target)
    assert target.read_bytes() == CONTENT
    assert server.requests[-1][1] is not None
    assert left(target) == []


def test_many_at_once(server: act.LocalServer, target: Path) -> None:
    failed: list[BaseException] = []

    def one() -> None:
        try:
            get(server, target)
        except BaseException as error:  # noqa: BLE001 - told below
            failed.append(error)

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert target.read_bytes() == CONTENT
    assert left(target) == []
