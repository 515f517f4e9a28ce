"""A web server on this machine that misbehaves as it is told."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """Answers as ``server.plan`` says: one entry for each request, the last one again and again."""

    protocol_version = "HTTP/1.1"
    server: LocalServer

    def do_GET(self) -> None:
        offset = re.match(r"bytes=(\d+)-$", self.headers.get("Range", ""))
        self.offset = int(offset[1]) if offset else 0
        with self.server.lock:
            self.server.requests.append((self.path, self.headers.get("Range")))
            answer = self.server.plan.pop(0) if len(self.server.plan) > 1 else self.server.plan[0]
        self.close_connection = True
        answer(self)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name
        pass

    def send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


class LocalServer(ThreadingHTTPServer):
    """Serves ``content`` under every path."""

    daemon_threads = True

    def __init__(self, content: bytes) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.content = content
        self.plan: list[Answer] = [whole]
        self.requests: list[tuple[str, str | None]] = []
        self.lock = threading.Lock()
        self.release = threading.Event()

    @property
    def netloc(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"

    @property
    def url(self) -> str:
        return f"http://{self.netloc}/file"

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # the client hung up, as it should


def _range(handler: Handler, end: int | None = None) -> tuple[int, bytes, dict[str, str]]:
    content, offset = handler.server.content, handler.offset
    body = content[offset:end]
    headers = {"Content-Length": str(len(content) - offset)}
    if not offset:
        return 200, body, headers
    return 206, body, {**headers, "Content-Range": f"bytes {offset}-{len(content) - 1}/{len(content)}"}


def whole(handler: Handler) -> None:
    """What was asked for."""
    handler.send(*_range(handler))


def cut(at: int) -> Answer:
    """The connection ends at that byte of the file."""
    return lambda handler: handler.send(*_range(handler, at))


def no_ranges(handler: Handler) -> None:
    """Always the whole file."""
    content = handler.server.content
    handler.send(200, content, {"Content-Length": str(len(content))})


def stall(at: int) -> Answer:
    """Nothing more after that byte, but the connection stays open."""

    def answer(handler: Handler) -> None:
        handler.send(*_range(handler, at))
        handler.wfile.flush()
        handler.server.release.wait(20)

    return answer


def drip(handler: Handler) -> None:
    """A byte every few milliseconds, for seven seconds."""
    handler.send(200, b"", {"Content-Length": str(len(handler.server.content))})
    for k in range(350):
        if handler.server.release.is_set():
            break
        handler.wfile.write(handler.server.content[k : k + 1])
        handler.wfile.flush()
        time.sleep(0.02)


def announced(length: str, body: bytes) -> Answer:
    """A length that may be a lie."""
    return lambda handler: handler.send(200, body, {"Content-Length": length})


def endless(handler: Handler) -> None:
    """No length and no end."""
    handler.send(200, b"", {})
    while not handler.server.release.is_set():
        handler.wfile.write(b"x" * 65536)


def status(code: int, **headers: str) -> Answer:
    """No file."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler: handler.send(code, b"", {"Content-Length": "0", **named})


def wrong_range(handler: Handler) -> None:
    """A part, but not the one that was asked for."""
    content = handler.server.content
    if not handler.offset:
        whole(handler)
        return
    handler.send(
        206,
        content,
        {"Content-Length": str(len(content)), "Content-Range": f"bytes 0-{len(content) - 1}/{len(content)}"},
    )


def hang_up(handler: Handler) -> None:
    """Not even a header."""
