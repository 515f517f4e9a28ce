"""Work in the background: one running request and one waiting, and the newest wins."""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

_log = logging.getLogger(__name__)

Payload = TypeVar("Payload")
Result = TypeVar("Result")

#: Seconds of quiet after which a request counts as meant: a slider that is still moving sends more.
PAUSE = 0.3
#: Seconds that the end of the program waits, in all, for work to notice that it was cancelled.
_LAST = 20.0


class Cancelled(Exception):  # noqa: N818 - no fault: somebody wanted it
    """The work was cancelled, or a newer request made its result useless."""


@dataclass(slots=True, eq=False)
class Token:
    """What the work sees of its request; poll it between steps.

    Attributes
    ----------
    number
        Number of the request, from 1.
    """

    number: int
    _report: Callable[[int, float], None]
    _stop: threading.Event = field(default_factory=threading.Event)

    @property
    def is_cancelled(self) -> bool:
        """Whether the work should end."""
        return self._stop.is_set()

    def check(self) -> None:
        """Raise :class:`Cancelled` if the work should end."""
        if self._stop.is_set():
            raise Cancelled

    def step(self, done: int, total: int) -> None:
        """Report progress, and raise :class:`Cancelled` if the work should end."""
        self.check()
        self._report(self.number, min(done / total, 1.0) if total > 0 else 0.0)


class Listener(Protocol):
    """What hears of the end of a request; called in the worker's thread, for the newest request only."""

    def worker_done(self, number: int, result: Any) -> None:
        """The result of a request."""
        ...

    def worker_failed(self, number: int, error: Exception) -> None:
        """The work of a request raised."""
        ...

    def worker_progress(self, number: int, share: float) -> None:
        """Share of the work that is done, 0 to 1."""
        ...


class LatestWins(Generic[Payload, Result]):
    """Runs requests one at a time in a thread of its own; of those that wait, only the newest is kept.

    A request after a quiet time starts at once. One that follows another within ``pause`` seconds
    waits until nothing newer has come for that long, so that a burst of any length costs two
    computations: the first and the last. A newer request cancels the running one, whose result is
    dropped even if it does not poll. The thread ends when nothing is left to do.

    Parameters
    ----------
    work
        Computes a result from a payload and a :class:`Token`, which it polls; it holds nothing of the view.
    listener
        Gives whoever hears of the results, or None when it is gone: a weak reference, so that the
        thread keeps no view alive.
    pause
        Seconds of quiet.
    eager
        False: a request after a quiet time waits as well, so that a hand on a slider meets no computation.
    """

    def __init__(
        self,
        work: Callable[[Payload, Token], Result],
        listener: Callable[[], Listener | None],
        pause: float = PAUSE,
        *,
        eager: bool = True,
    ) -> None:
        self._work = work
        self._eager = eager
        self._listener = listener
        self._pause = pause
        self._changed = threading.Condition()
        self._number = 0
        self._wanted = 0  # the request whose result is wanted; 0 for none
        self._pending: tuple[Token, Payload] | None = None
        self._running: Token | None = None
        self._due = 0.0
        self._last = float("-inf")
        self._thread: threading.Thread | None = None
        self._is_closed = False
        self.n_started = 0

    @property
    def is_busy(self) -> bool:
        """Whether a request whose result is wanted is running or waiting."""
        with self._changed:
            return self._wanted != 0

    def submit(self, payload: Payload, *, at_once: bool = False) -> int:
        """Ask for a computation and return the number of the request; 0 once closed.

        ``at_once`` skips the wait for quiet: a button is pressed on purpose.
        """
        with self._changed:
            if self._is_closed:
                return 0
            now = time.monotonic()
            is_burst = not at_once and (not self._eager or now - self._last < self._pause)
            self._last = now
            self._due = now + self._pause if is_burst else now
            self._number += 1
            self._wanted = self._number
            self._pending = (Token(self._number, self._progress), payload)
            self._stop_running()
            if self._thread is None:
                self._thread = threading.Thread(target=self._loop, name="crysnb-worker", daemon=True)
                self._thread.start()
                _workers.add(self)
            self._changed.notify_all()
            return self._number

    def cancel(self) -> bool:
        """Drop everything that is running or waiting; whether there was anything."""
        with self._changed:
            was_busy = self._wanted != 0
            self._wanted = 0
            self._pending = None
            self._stop_running()
            self._changed.notify_all()
            return was_busy

    def close(self) -> None:
        """Cancel, and take no more requests. Does not wait: work that does not poll ends by itself."""
        with self._changed:
            self._is_closed = True
        self.cancel()

    def join(self, timeout: float) -> bool:
        """Wait until nothing runs or waits; whether that happened in ``timeout`` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: self._thread is None, timeout)

    def _stop_running(self) -> None:
        if self._running is not None:
            self._running._stop.set()  # noqa: SLF001 - the token is ours

    def _loop(self) -> None:
        while (request := self._next()) is not None:
            token, payload = request
            outcome: Any = None
            error: Exception | None = None
            try:
                outcome = self._work(payload, token)
            except Exception as caught:  # noqa: BLE001 - whatever it is goes to the listener
                error = caught
            self._finish(token, outcome, error)
            # Nothing of a request may live on while the thread waits for the next one.
            del request, token, payload, outcome, error

    def _next(self) -> tuple[Token, Payload] | None:
        """The next request when it is due; None when there is none, and then this thread is forgotten."""
        with self._changed:
            while self._pending is not None and (wait := self._due - time.monotonic()) > 0:
                self._changed.wait(wait)
            if self._pending is None:
                self._thread = None
                self._changed.notify_all()
                return None
            request, self._pending = self._pending, None
            self._running = request[0]
            self.n_started += 1
            return request

    def _finish(self, token: Token, outcome: Any, error: Exception | None) -> None:
        with self._changed:
            self._running = None
            is_wanted = self._wanted == token.number
            if is_wanted:
                self._wanted = 0
        if not is_wanted:
            return
        listener = self._listener()
        if listener is None:
            return
        try:
            if error is None:
                listener.worker_done(token.number, outcome)
            else:
                listener.worker_failed(token.number, error)
        except Exception:  # noqa: BLE001 - nobody above could hear of it
            _log.exception("the end of a request could not be told")

    def _progress(self, number: int, share: float) -> None:
        with self._changed:
            is_wanted = self._wanted == number
        listener = self._listener() if is_wanted else None
        if listener is not None:
            listener.worker_progress(number, share)


#: Those that may have a thread; a child process has none of the threads.
_workers: weakref.WeakSet[LatestWins[Any, Any]] = weakref.WeakSet()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_workers.clear)


@atexit.register
def _stop_all() -> None:
    """End all work before the interpreter goes: a thread that it ends inside torch aborts the process."""
    workers = list(_workers)
    for worker in workers:
        worker.close()
    until = time.monotonic() + _LAST
    for worker in workers:
        thread = worker._thread  # noqa: SLF001 - ours
        if thread is not None:
            thread.join(max(until - time.monotonic(), 0.0))
