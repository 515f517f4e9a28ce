"""A crystal distorted by hand: what is left of its symmetry at once, and what a model says when it rests."""

from __future__ import annotations

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
from crysnb.widgets import html
from crysnb.widgets.asking_view import AskingView
from crysnb.widgets.breaking_chart import amplitude_text
from crysnb.widgets.breaking_scene import breaking_scene
from crysnb.widgets.breaking_state import breaking_state, rows
from crysnb.widgets.breaking_work import BreakingAnswer, BreakingRequest, Work
from crysnb.widgets.messages import Check
from crysnb.widgets.scene import Scene

#: Seconds of quiet after which the model is asked.
PAUSE = 0.15
#: Share of the largest amplitude that a view begins with.
_BEGIN = 0.2
HEADERS = ("what", "value")


class BreakingView(AskingView[BreakingRequest, BreakingAnswer]):
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
    _message_step = 0.1

    def __init__(
        self, parent: Parent, work: Work, tensor: TensorKind, title: str = "", *, asks: bool = True
    ) -> None:
        self._title = title
        self._library = Library(parent)
        self._answer: BreakingAnswer | None = None
        first = self._library.get("strain e1")
        self._step = step(parent, first, _BEGIN * first.largest, tensor)
        options = {"pattern": first.name, "amplitude": self._step.amplitude, "kind": tensor.name}
        super().__init__(work, pause=PAUSE, eager=False, options=options, data=self._state())
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

    def update(self, parent: Parent, work: Work | None = None, title: str = "") -> None:
        """Show another crystal, another symmetry or another model; the distortion stays where it still is."""
        with self._turn:
            self._library, self._answer, self.failure = Library(parent), None, None
            self._title = title or self._title
            if work is not None:
                self._drop()
                self._worker.close()
                self._hire(work, PAUSE, eager=False)
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

    def _is_pattern(self, name: object) -> bool:
        if not isinstance(name, str):
            return False
        try:
            self._library.get(name)
        except UnknownName:
            return False
        return True

    def _show(self, answer: BreakingAnswer) -> None:
        with self._turn, self.hold_sync():
            self._answer, self.failure = answer, None
            self.data = self._state()
            self._settle("")

    def _tell(self) -> None:
        self.n_answers += 1

    def _fail(self, error: Exception) -> None:
        if not isinstance(error, UnknownName):
            super()._fail(error)
            return
        self.failure = error  # a tensor that this model does not predict is no fault
        with self._turn, self.hold_sync():
            self._settle(error.text)

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
        super().close()
        self._answer = None

    def __repr__(self) -> str:
        s = self._step
        done = f"{s.pattern.name} {amplitude_text(s.amplitude, s.pattern.unit)}"
        return f"BreakingView({self._title}: {done}, {s.parent_group} to {s.group}, {self.status})"


def _is_amplitude(value: object) -> bool:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return is_number and abs(float(value)) <= 180 * (1 + 1e-9)  # type: ignore[arg-type]
