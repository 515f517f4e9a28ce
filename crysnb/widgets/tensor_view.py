"""``cn.nye``: a tensor beside what its crystal allows, and why."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import traitlets
from numpy.typing import ArrayLike

from crysnb.errors import quote
from crysnb.symmetry.search import MAX_SYMPREC, MIN_SYMPREC
from crysnb.values.prediction import Prediction
from crysnb.values.tensor_kind import TensorKind
from crysnb.widgets import html
from crysnb.widgets.asking_view import AskingView, Report
from crysnb.widgets.messages import Check, is_tolerance
from crysnb.widgets.nye_controls import check_dict
from crysnb.widgets.nye_options import MAX_SETTINGS, NyeChoices
from crysnb.widgets.nye_result import SHOWN, TOLERANCE, NyeResult, nye_result
from crysnb.widgets.nye_scene import nye_scene, reason_lines, rotation_lines
from crysnb.widgets.nye_state import nye_state
from crysnb.widgets.scene import Scene

if TYPE_CHECKING:
    from crysnb.symmetry.detect import Symprec
    from crysnb.symmetry.staircase import Staircase
    from crysnb.tensors.form import TensorForm


_is_symprec = partial(is_tolerance, low=MIN_SYMPREC, high=MAX_SYMPREC)


class NyeView(AskingView[NyeChoices, "tuple[NyeChoices, Staircase]"]):
    """The Nye diagram of one tensor. Made by :func:`nye`.

    Attributes
    ----------
    cells
        Names of the selected components, for example ``["c14"]``; observe it or link it.
    operations
        Names of the selected operations; the components that one of them forces to vanish are marked.
    options
        ``frame`` (``"own"``, ``"nye"`` or ``"ieee"``), ``setting`` (which of the axes that the frame leaves
        open, from 0), ``symprec`` (``"auto"`` or 1e-8 to 1 Å; only for an array beside its crystal) and
        ``shown`` (``"given"``, ``"symmetrised"``, or ``"repaired"`` where the check found a mistake).
        Setting some of them does what a hand in the browser does; one that cannot be shown is an error
        and changes nothing.
    """

    kind = traitlets.Unicode("tensor").tag(sync=True)

    def __init__(self, result: NyeResult) -> None:
        self._choices = NyeChoices(result)
        self._result = result
        super().__init__(_staircase, options=self._choices.first, data=self._state())

    @property
    def result(self) -> NyeResult:
        """The headless result that is shown; it outlives the view."""
        return self._result

    # -- options -----------------------------------------------------------------------------------

    def option_checks(self) -> Mapping[str, Check]:
        """What the browser may ask for."""
        choices = self._choices
        return {
            "frame": lambda v: isinstance(v, str) and v in choices.frames,
            "setting": lambda v: type(v) is int and 0 <= v < MAX_SETTINGS,
            "symprec": lambda v: v == choices.first["symprec"] or (choices.has_tolerances and _is_symprec(v)),
            "shown": lambda v: isinstance(v, str) and v in SHOWN,
        }

    def accepts(self, option: str) -> str:
        """What an option may be, in words."""
        own = quote(self._choices.first["symprec"])
        return {
            "frame": ", ".join(self._choices.frames),
            "setting": "the number of one of the settings of the frame, from 0",
            "symprec": f'"auto", or a distance from {MIN_SYMPREC:g} to {MAX_SYMPREC:g} Å'
            if self._choices.has_tolerances
            else f"{own}, with which the symmetry was found",
            "shown": ", ".join(SHOWN),
        }[option]

    def settled(self, options: dict[str, Any], asked: Collection[str]) -> dict[str, Any]:
        """Options that go together; raises where they cannot be shown."""
        return self._choices.settled(options, asked)

    def compare_tolerances(self, *, wait: bool = False) -> None:
        """Find the space groups at all tolerances, and offer them to choose from.

        Parameters
        ----------
        wait
            Compute here and now instead of in the background.
        """
        if not self._choices.has_tolerances or self._choices.staircase is not None:
            return
        self.ask(wait=wait)

    def _on_event(self, kind: str) -> None:
        # The one thing that takes long enough to be asked for.
        if kind == "run":
            self.compare_tolerances()
        else:
            super()._on_event(kind)

    def _request(self) -> NyeChoices:
        return self._choices

    def _show(self, answer: tuple[NyeChoices, Staircase]) -> None:
        """Offer the space groups at all tolerances."""
        choices, found = answer
        choices.staircase = found
        with self._turn, self.hold_sync():
            self._settle("")
            if choices is self._choices:
                self.data = self._state()

    def _refresh(self) -> None:
        with self._turn, self.hold_sync():
            self._result = self._choices.result(self.options)
            for kind in ("cells", "operations"):
                self.take(kind, getattr(self, kind))
            self.data = self._state()

    def _state(self, *, has_controls: bool = True) -> dict[str, Any]:
        return nye_state(self._result, self._choices, has_controls=has_controls)

    # -- facts -------------------------------------------------------------------------------------

    def selectable(self, kind: str) -> Collection[Any] | None:
        """Names of all components, and of all operations of the form."""
        if kind == "cells":
            return self._result.kind.names
        if kind == "operations":
            return () if self._result.form is None else self._result.form.operation_names
        return None

    def describe(self) -> dict[str, Any]:
        """The facts shown, as plain data: those of the result, and the sentences."""
        state = self._state(has_controls=False)
        sentences = {
            key: state[key] for key in ("verdict", "severity", "banner", "guaranteed", "learned", "repair")
        }
        return {
            **self._result.to_dict(),
            **sentences,
            "options": dict(self.options),
            "check": check_dict(self._choices, self._result),
            "selected": self.selected(),
        }

    def why(self, name: str) -> str:
        """What the panel says about a component, as one sentence."""
        from crysnb.errors import UnknownName

        cells = {cell["name"]: cell for cell in self._state(has_controls=False)["cells"]}
        if name not in cells:
            raise UnknownName.of("component", name, cells)
        return _sentence(cells[name])

    def _scene(self) -> Scene:
        return nye_scene(self._state(has_controls=False))

    def to_text(self) -> str:
        """Title, facts, verdict, the matrix and the reasons as plain text."""
        state = self._state(has_controls=False)
        rows, columns = state["shape"]
        grid = [["" for _ in range(columns)] for _ in range(rows)]
        for cell in state["cells"]:
            text = cell["text"] or _MARKS[cell["role"]]
            grid[cell["row"]][cell["column"]] = text + ("!" if cell["violated"] else "")
        width = max(len(text) for line in grid for text in line) + 2
        return "\n".join(
            [
                f"{state['title']}: {state['subtitle']}",
                "; ".join(f"{f['label']} {f['value']}" for f in state["facts"]),
                *(text for text in (state["banner"], state["verdict"]) if text),
                *("".join(text.rjust(width) for text in line) for line in grid),
                *reason_lines(state),
                *rotation_lines(state),
                *(state[key] for key in ("checked", "repair") if state[key]),
            ]
        )

    def update(self, result: NyeResult) -> None:
        """Show another result in place of this one; selection and frame stay where they still exist."""
        with self._turn, self.hold_sync():
            self._is_open = False
            try:
                self._choices = NyeChoices(result)
                self.options = self._choices.kept(self.options)
            finally:
                self._is_open = True
            self._refresh()

    def section(self, heading: str = "") -> html.Section:
        """The view on an offline page."""
        state = self._state(has_controls=False)
        rows = [
            (c["name"], c["text"], c["relation"] or "free", _sentence(c), c["deviation"])
            for c in state["cells"]
        ]
        title = f"{state['title']}: {state['subtitle']}"
        return html.Section(
            heading=heading,
            svg=self.to_svg(),
            alt=" ".join(text for text in (f"{title}.", state["spoken"]) if text),
            headers=("component", f"value {state['unit']}".strip(), "relation", "why", "deviation"),
            rows=rows,
            state=self.offline_state(state),
        )

    def __repr__(self) -> str:
        return repr(self._result).replace("NyeResult", "NyeView", 1)


def _sentence(cell: dict[str, Any]) -> str:
    return " ".join(
        part for part in (cell["relation"], cell["reason"], "; ".join(cell["operations"])) if part
    )


def _staircase(choices: NyeChoices, _report: Report) -> tuple[NyeChoices, Staircase]:
    from crysnb.symmetry.staircase import staircase

    return choices, staircase(choices.crystal)


_MARKS = {"independent": "●", "equal": "◉", "opposite": "○", "dependent": "◇", "zero": "·", "unknown": "?"}


def nye(
    x: ArrayLike | Prediction | TensorForm,
    structure: Any = None,
    kind: str | TensorKind | None = None,
    *,
    unit: str | None = None,
    tolerance: float = TOLERANCE,
    frame: str | None = None,
    setting: int = 0,
    symprec: Symprec = "auto",
) -> NyeView:
    """The Nye diagram of a tensor: which components are free, tied or zero, and what forces it.

    Parameters
    ----------
    x
        A prediction of a tensor; or an array (3×3, 3×6, 6×6 or full Cartesian) in the frame of
        ``structure``; or a :class:`TensorForm`, which shows symmetry alone.
    structure
        For an array: the crystal (anything :func:`crysnb.as_structure` accepts), a point group such
        as ``"4mm"``, a space-group number, or a :class:`TensorForm`. For a form: the crystal it is
        named after in the title.
    kind
        Kind of the array; told from its shape if omitted.
    unit
        Unit of the array; the usual one of its kind if omitted.
    tolerance
        Share of the norm by which a component may miss the form before it is marked.
    frame
        ``"own"``, ``"nye"`` or ``"ieee"``, as in :func:`crysnb.tensor_form`; the tensor is turned with the
        axes. If omitted the frame of the structure, or of the form that was given.
    setting
        Which of the choices of axes that the frame leaves open.
    symprec
        As in :func:`crysnb.symmetry`, for an array beside its crystal; a prediction or a form has its own.

    Returns
    -------
    NyeView
        Shows itself in Jupyter. ``.cells`` follows the clicks, ``.options`` the frame, the tolerance and
        whether the tensor is shown as given, ``.describe()`` has all facts.

    Raises
    ------
    ShapeError
        If the array does not fit a kind, or comes without its crystal.
    UnknownName
        For a frame or setting that there is not.
    """
    return NyeView(
        nye_result(
            x, structure, kind,
            unit=unit, tolerance=tolerance, frame=frame, setting=setting, symprec=symprec,
        )
    )  # fmt: skip
