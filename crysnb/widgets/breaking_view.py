"""A crystal distorted by hand: what is left of its symmetry at once, and what a model says when it rests."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Collection, Mapping
from typing import Any

import traitlets

from crysnb.breaking.library import Library
from crysnb.breaking.patterns import Pattern
from crysnb.breaking.response import Response
from crysnb.breaking.step import Step, step
from crysnb.errors import CrysnbError, UnknownName
from crysnb.symmetry.parent import Parent
from crysnb.values.tensor_kind import KINDS, TensorKind
from crysnb.widgets import faults, html
from crysnb.widgets.base import ExplainerWidget
from crysnb.widgets.breaking_chart import amplitude_text
from crysnb.widgets.breaking_scene import breaking_scene
from crysnb.widgets.breaking_state import breaking_state, rows
from crysnb.widgets.breaking_work import BreakingAnswer, BreakingRequest, Work
from crysnb.widgets.messages import Check
from crysnb.widgets.scene import Scene
from crysnb.widgets.worker import LatestWins, Token

#: Seconds of quiet after which the model is asked.
PAUSE = 0.15
#: Share of the largest amplitude that a view begins with.
_BEGIN = 0.2
HEADERS = ("what", "value")


class BreakingView(ExplainerWidget):
    """A distortion with its amplitude on a slider. Made by :func:`crysnb.break_symmetry`.

    Symmetry follows the slider at once; a model is asked when the slider rests, in a thread of its own, and
    of many wishes the newest wins. Lost operations and components that are no longer zero are selected, so
    that linked views show them.

    Attributes
    ----------
    options
        ``pattern`` (name of a distortion), ``amplitude`` (of either sign, in its unit; what is larger than
        the distortion allows is cut) and ``kind`` (a tensor). Setting some of them does what a hand does.
    n_answers
        Counts the answers of the model; observe it.
    """

    kind = traitlets.Unicode("breaking").tag(sync=True)
    n_answers = traitlets.Int(0)

    def __init__(
        self, parent: Parent, work: Work, tensor: TensorKind, title: str = "", *, asks: bool = True
    ) -> None:
        self._title, self._compute = title, work
        self._library = Library(parent)
        self._answer: BreakingAnswer | None = None
        self.failure: Exception | None = None  # of the latest answer
        # State updates of the browser and of the worker do not mix.
        self._turn = threading.RLock()
        self._is_open = False
        self._number = 0  # of the request that is waited for; 0 for none
        first = self._library.get("strain e1")
        self._step = step(parent, first, _BEGIN * first.largest, tensor)
        self._worker: LatestWins[BreakingRequest, BreakingAnswer] = LatestWins(
            _in_worker(work), weakref.ref(self), PAUSE, eager=False
        )
        options = {"pattern": first.name, "amplitude": self._step.amplitude, "kind": tensor.name}
        super().__init__(options=options, data=self._state())
        self._is_open = True
        if asks:
            self._submit()

    # -- what is shown -----------------------------------------------------------------------------

    @property
    def result(self) -> Step:
        """What is left of the symmetry."""
        return self._step

    @property
    def response(self) -> Response | None:
        """The curve of the model for this distortion; None as long as there is none."""
        shown = self._answer
        return shown.curve if shown is not None and shown.request.key == self._request().key else None

    @property
    def parent(self) -> Parent:
        """The crystal before it is distorted."""
        return self._library.parent

    @property
    def amplitude(self) -> float:
        """How far the crystal is distorted, in the unit of the distortion; set it to distort further."""
        return self._step.amplitude

    @amplitude.setter
    def amplitude(self, value: float) -> None:
        self.options = {"amplitude": value}

    @property
    def pattern(self) -> Pattern:
        """The distortion; set it to another, or to the name of one."""
        return self._step.pattern

    @pattern.setter
    def pattern(self, pattern: Pattern | str) -> None:
        name = pattern if isinstance(pattern, str) else self._library.add(pattern).name
        self.options = {"pattern": name}

    def distortions(self) -> tuple[str, ...]:
        """Names of all distortions that are listed."""
        return tuple(n for f in self._library.families for n in self._library.names(f))

    def selectable(self, kind: str) -> Collection[Any] | None:
        """Operations of the undistorted crystal; components of the tensor."""
        if kind == "operations":
            return self._library.parent.names
        return self._step.kind.names if kind == "cells" else None

    # -- asking ------------------------------------------------------------------------------------

    def option_checks(self) -> Mapping[str, Check]:
        """What the browser may ask for."""
        return {
            "pattern": self._is_pattern,
            "amplitude": _is_amplitude,
            "kind": lambda v: isinstance(v, str) and v in KINDS,
        }

    def accepts(self, option: str) -> str:
        """What an option may be, in words."""
        return {
            "pattern": "a name in .distortions()",
            "amplitude": "a number of at most 180 in size",
            "kind": ", ".join(KINDS),
        }[option]

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
        """Ask the model about what is shown.

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

    def cancel(self) -> None:
        """Stop what is running; the answer shown before stays."""
        self._drop()
        with self._turn, self.hold_sync():
            if self.status == "running":
                self.progress, self.status, self.message = 0.0, "idle", "Cancelled."

    def wait(self, timeout: float = 60.0) -> bool:
        """Wait until nothing is running; whether that happened in ``timeout`` seconds."""
        return self._worker.join(timeout)

    def update(self, parent: Parent, work: Work | None = None, title: str = "") -> None:
        """Show another crystal, another symmetry or another model; the distortion stays where it still is."""
        with self._turn:
            self._library, self._answer, self.failure = Library(parent), None, None
            self._title = title or self._title
            if work is not None:
                self._drop()
                self._worker.close()
                self._compute = work
                self._worker = LatestWins(_in_worker(work), weakref.ref(self), PAUSE, eager=False)
            if not self._is_pattern(self.options["pattern"]):
                self._is_open = False
                self.options = {"pattern": "strain e1"}
                self._is_open = True
            for kind in ("operations", "cells"):
                self.take(kind, getattr(self, kind))
            self._distort()

    def _request(self) -> BreakingRequest:
        s = self._step
        return BreakingRequest(
            parent=self._library.parent, pattern=s.pattern, amplitude=s.amplitude, kind=s.kind
        )

    def _refresh(self) -> None:
        """Distort as the options say, tell linked views what is lost, and ask the model when it rests."""
        with self._turn, self.hold_sync():
            before = self._step
            self._distort()
            now = self._step
            if (now.lost, now.opened, now.kind) != (before.lost, before.opened, before.kind):
                self.cells = list(now.opened)
                self.operations = list(now.lost)
            if now.kind is not before.kind or self.failure is None:
                self._submit()

    def _distort(self) -> None:
        pattern = self._library.get(self.options["pattern"])
        size = float(self.options["amplitude"])
        size = min(max(size, -pattern.largest), pattern.largest)
        self._step = step(self._library.parent, pattern, size, self.options["kind"])
        self.data = self._state()

    def _submit(self, *, at_once: bool = False) -> None:
        with self._turn, self.hold_sync():
            self._number = self._worker.submit(self._request(), at_once=at_once)
            if self._number:
                self.failure = None
                self.error_report = ""
                self.progress = 0.0
                self.message = self.details = ""
                self.status = "running"

    def _is_pattern(self, name: object) -> bool:
        if not isinstance(name, str):
            return False
        try:
            self._library.get(name)
        except UnknownName:
            return False
        return True

    # -- the worker, in its own thread -------------------------------------------------------------

    @faults.shows_errors
    def worker_done(self, number: int, answer: BreakingAnswer) -> None:
        """Show an answer."""
        with self._turn:
            if self._is_wanted(number):
                self._show(answer)

    def worker_failed(self, number: int, error: Exception) -> None:
        """Show an error; the symmetry goes on."""
        with self._turn:
            if self._is_wanted(number):
                self._fail(error)

    def worker_progress(self, number: int, share: float) -> None:
        """Show how far the work is."""
        with self._turn:
            if self._number == number and share - self.progress >= 0.1:
                self.progress = share

    def _drop(self) -> None:
        with self._turn:
            self._number = 0
        self._worker.cancel()

    def _is_wanted(self, number: int) -> bool:
        is_wanted = self._number == number
        self._number = 0 if is_wanted else self._number
        return is_wanted

    def _show(self, answer: BreakingAnswer) -> None:
        with self._turn, self.hold_sync():
            self._answer, self.failure = answer, None
            self.data = self._state()
            self.error_report = self.message = self.details = ""
            self.progress, self.status = 0.0, "idle"
        self.n_answers += 1

    def _fail(self, error: Exception) -> None:
        self.failure = error
        with self._turn, self.hold_sync():
            self.progress = 0.0
            if isinstance(error, UnknownName):  # a tensor that this model does not predict is no fault
                self.message, self.details, self.status = error.text, "", "idle"
            else:
                self.show_error(error)

    # -- pictures and display ----------------------------------------------------------------------

    def _state(self, *, has_controls: bool = True) -> dict[str, Any]:
        return breaking_state(self._library, self._step, self._answer, self._title, has_controls=has_controls)

    def describe(self) -> dict[str, Any]:
        """The facts shown, as plain data."""
        curve = self.response
        return {
            "id": self._title,
            "options": dict(self.options),
            "status": self.status,
            "message": self.message,
            **self._step.to_dict(),
            "response": None if curve is None else curve.to_dict(),
        }

    @property
    def figure(self) -> Any:
        """The curve of the model as a plotly figure on log axes.

        Raises
        ------
        CrysnbError
            ``breaking.no_curve`` as long as the model said nothing.
        """
        from crysnb.widgets.breaking_figure import breaking_figure

        curve = self.response
        if curve is None:
            raise CrysnbError(
                "breaking.no_curve",
                found="no answer of a model for this distortion",
                action="Call .ask(wait=True) first",
            )
        return breaking_figure(curve, self._step)

    def _scene(self) -> Scene:
        return breaking_scene(self._state(), self.message)

    def table(self) -> tuple[tuple[str, ...], list[list[str]]]:
        """What is lost, what is opened, and the curve."""
        return HEADERS, rows(self._state())

    def to_text(self) -> str:
        """All of it as plain text."""
        state = self._state()
        lost = ", ".join(op["name"] for op in state["lost"])
        told = [row for row in rows(state) if row[0] != "lost"]
        lines = [f"{state['title']}: {state['summary']}", *([f"lost: {lost}"] if lost else [])]
        lines += [f"{a}: {b}" for a, b in told]
        return "\n".join([*lines, *([self.message] if self.message else [])])

    def alt_text(self) -> str:
        """One line that stands for the picture where it cannot be seen."""
        return f"{self._title}: {self._state()['summary']}"

    def section(self, heading: str = "") -> html.Section:
        """The view on an offline page."""
        state = self._state(has_controls=False)
        return html.Section(
            heading=heading,
            svg=self.to_svg(),
            alt=self.alt_text(),
            caption="All facts",
            headers=HEADERS,
            rows=rows(state),
            state=self.offline_state(state),
        )

    def close(self) -> None:
        """Stop the work, forget the answers, and release the view."""
        self._is_open = False
        self._drop()
        self._worker.close()
        self._answer = None
        super().close()

    def __repr__(self) -> str:
        s = self._step
        done = f"{s.pattern.name} {amplitude_text(s.amplitude, s.pattern.unit)}"
        return f"BreakingView({self._title}: {done}, {s.parent_group} to {s.group}, {self.status})"


def _in_worker(work: Work) -> Any:
    def run(request: BreakingRequest, token: Token) -> BreakingAnswer:
        return work(request, token.step)

    return run


def _is_amplitude(value: object) -> bool:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return is_number and abs(float(value)) <= 180 * (1 + 1e-9)  # type: ignore[arg-type]
