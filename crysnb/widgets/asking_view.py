"""A view that has something computed: state updates in turn, work in a thread, the newest wish wins."""

from __future__ import annotations

import threading
import weakref
from abc import abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, Generic, TypeVar

import traitlets

from crysnb.widgets import faults
from crysnb.widgets.base import ExplainerWidget
from crysnb.widgets.worker import PAUSE, LatestWins, Token

Query = TypeVar("Query")
Answer = TypeVar("Answer")

#: Told how many of how many steps are done.
Report = Callable[[int, int], None]
Compute = Callable[[Query, Report], Answer]


class AskingView(ExplainerWidget, Generic[Query, Answer]):
    """A view with work in the background.

    A view of this kind says in :meth:`_request` what it wishes to know, in :meth:`_refresh` what a change of
    its options does, and in :meth:`_show` how an answer is shown. Messages of the browser and answers of the
    worker are taken one at a time.

    Parameters
    ----------
    work
        ``work(query, report) -> answer``; it runs in a thread of its own, and must not hold the view.
    pause
        Seconds of quiet after which a wish that is not pressing is looked at.
    eager
        Whether the first wish is looked at at once.
    state
        Traits of the view.

    Attributes
    ----------
    failure
        What the latest work ended in, or None.
    """

    #: Share of the work whose end is worth a message.
    _message_step: ClassVar[float] = 0.02

    def __init__(
        self, work: Compute[Query, Answer], *, pause: float = PAUSE, eager: bool = True, **state: Any
    ) -> None:
        self.failure: Exception | None = None
        self._turn = threading.RLock()
        self._is_open = False
        self._number = 0  # of the request that is waited for; 0 for none
        self._hire(work, pause, eager=eager)
        super().__init__(**state)
        self._is_open = True

    def _hire(self, work: Compute[Query, Answer], pause: float, *, eager: bool) -> None:
        self._compute = work
        # The worker holds the work, and the view weakly: a view that is gone is gone.
        self._worker: LatestWins[Query, Answer] = LatestWins(
            _in_worker(work), weakref.ref(self), pause, eager=eager
        )

    # -- what a view adds --------------------------------------------------------------------------

    @abstractmethod
    def _request(self) -> Query:
        """What is to be computed for what is shown."""

    @abstractmethod
    def _refresh(self) -> None:
        """Follow the options."""

    @abstractmethod
    def _show(self, answer: Answer) -> None:
        """Show an answer."""

    def _fail(self, error: Exception) -> None:
        """Show why there is no answer; what was shown before stays."""
        self.failure = error
        with self._turn, self.hold_sync():
            self.progress = 0.0
            self.show_error(error)

    def _tell(self) -> None:
        """Tell others of a new answer, outside the turn."""

    # -- asking ------------------------------------------------------------------------------------

    def set_state(self, sync_data: Any) -> None:
        """Take over a state update from the browser."""
        with self._turn:
            super().set_state(sync_data)

    @traitlets.observe("options")
    def _options_changed(self, _change: Any) -> None:
        if self._is_open:
            self._refresh()

    def _on_event(self, kind: str) -> None:
        if kind == "run":
            self.ask()
        else:
            self.cancel()

    def ask(self, *, wait: bool = False) -> None:
        """Compute for what is shown, as the button does.

        Parameters
        ----------
        wait
            Compute here and now instead of in the background.
        """
        self.failure = None
        if not wait:
            self._submit(at_once=True)
            return
        self._drop()
        try:
            answer = self._compute(self._request(), lambda _done, _total: None)
        except Exception as error:  # noqa: BLE001 - shown and logged: of a network it may be anything
            self._fail(error)
        else:
            self._show(answer)
            self._tell()

    def cancel(self) -> None:
        """Stop what is running; what was shown before stays."""
        self._drop()
        with self._turn, self.hold_sync():
            if self.status == "running":
                self._settle("Cancelled.")

    def wait(self, timeout: float = 60.0) -> bool:
        """Wait until nothing is running; whether that happened in ``timeout`` seconds."""
        return self._worker.join(timeout)

    def _submit(self, *, at_once: bool = False) -> None:
        with self._turn, self.hold_sync():
            self._number = self._worker.submit(self._request(), at_once=at_once)
            if self._number:
                self.failure = None
                self.error_report = self.message = self.details = ""
                self.progress, self.status = 0.0, "running"

    def _settle(self, message: str) -> None:
        """The state when nothing runs."""
        self.error_report = self.details = ""
        self.progress = 0.0
        self.message, self.status = message, "idle"

    # -- the worker, in its own thread -------------------------------------------------------------

    @faults.shows_errors
    def worker_done(self, number: int, answer: Answer) -> None:
        """Show an answer."""
        with self._turn:
            if not self._is_wanted(number):
                return
            self._show(answer)
        self._tell()

    def worker_failed(self, number: int, error: Exception) -> None:
        """Show an error; what was shown before stays."""
        with self._turn:
            if self._is_wanted(number):
                self._fail(error)

    def worker_progress(self, number: int, share: float) -> None:
        """Show how far the work is, in steps that are worth a message."""
        if share == 0 or share - self.progress >= self._message_step:
            with self._turn:
                if self._number == number:
                    self.progress = share

    def _drop(self) -> None:
        """Wait for nothing any more."""
        with self._turn:
            self._number = 0
        self._worker.cancel()

    def _is_wanted(self, number: int) -> bool:
        # A newer wish may have come after the worker let this one through.
        is_wanted = self._number == number
        self._number = 0 if is_wanted else self._number
        return is_wanted

    def close(self) -> None:
        """Stop the work, and release the view."""
        self._is_open = False
        self.cancel()
        self._worker.close()
        super().close()


def _in_worker(work: Compute[Query, Answer]) -> Callable[[Query, Token], Answer]:
    def run(query: Query, token: Token) -> Answer:
        return work(query, token.step)

    return run
