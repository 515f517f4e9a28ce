"""``cn.nye``: a tensor beside what its crystal allows, and why."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import traitlets
from numpy.typing import ArrayLike

from crysnb.values.prediction import Prediction
from crysnb.values.tensor_kind import TensorKind
from crysnb.widgets import html
from crysnb.widgets.base import ExplainerWidget
from crysnb.widgets.nye_result import TOLERANCE, NyeResult, nye_result
from crysnb.widgets.nye_scene import nye_scene, reason_lines
from crysnb.widgets.nye_state import nye_state
from crysnb.widgets.scene import Scene

if TYPE_CHECKING:
    from crysnb.tensors.form import TensorForm


class NyeView(ExplainerWidget):
    """The Nye diagram of one tensor. Made by :func:`nye`.

    Attributes
    ----------
    cells
        Names of the selected components, for example ``["c14"]``; observe it or link it.
    operations
        Names of the selected operations; the components that one of them forces to vanish are marked.
    """

    kind = traitlets.Unicode("tensor").tag(sync=True)

    def __init__(self, result: NyeResult) -> None:
        self._result = result
        super().__init__(data=nye_state(result))

    @property
    def result(self) -> NyeResult:
        """The headless result; it outlives the view."""
        return self._result

    def selectable(self, kind: str) -> Collection[Any] | None:
        """Names of all components, and of all operations of the form."""
        if kind == "cells":
            return self._result.kind.names
        if kind == "operations":
            return () if self._result.form is None else self._result.form.operation_names
        return None

    def describe(self) -> dict[str, Any]:
        """The facts shown, as plain data: those of the result, and the sentences."""
        state = nye_state(self._result)
        sentences = {key: state[key] for key in ("verdict", "severity", "guaranteed", "learned")}
        return {**self._result.to_dict(), **sentences, "selected": self.selected()}

    def why(self, name: str) -> str:
        """What the panel says about a component, as one sentence."""
        from crysnb.errors import UnknownName

        cells = {cell["name"]: cell for cell in nye_state(self._result)["cells"]}
        if name not in cells:
            raise UnknownName.of("component", name, cells)
        return _sentence(cells[name])

    def _scene(self) -> Scene:
        return nye_scene(nye_state(self._result))

    def to_text(self) -> str:
        """Title, facts, verdict, the matrix and the reasons as plain text."""
        state = nye_state(self._result)
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
                state["verdict"],
                *("".join(text.rjust(width) for text in line) for line in grid),
                *reason_lines(state),
            ]
        )

    def update(self, result: NyeResult) -> None:
        """Show another result in place of this one; what is selected stays where it still exists."""
        self._result = result
        with self.hold_sync():
            for kind in ("cells", "operations"):
                self.take(kind, getattr(self, kind))
            self.data = nye_state(result)

    def section(self, heading: str = "") -> html.Section:
        """The view on an offline page."""
        state = nye_state(self._result)
        rows = [
            (c["name"], c["text"], c["relation"] or "free", _sentence(c), c["deviation"])
            for c in state["cells"]
        ]
        title = f"{state['title']}: {state['subtitle']}"
        return html.Section(
            heading=heading,
            svg=self.to_svg(),
            alt=f"{title}. {state['verdict']}",
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


_MARKS = {"independent": "●", "equal": "◉", "opposite": "○", "dependent": "◇", "zero": "·", "unknown": "?"}


def nye(
    x: ArrayLike | Prediction | TensorForm,
    structure: Any = None,
    kind: str | TensorKind | None = None,
    *,
    unit: str | None = None,
    tolerance: float = TOLERANCE,
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

    Returns
    -------
    NyeView
        Shows itself in Jupyter. ``.cells`` follows the clicks, ``.describe()`` has all facts.

    Raises
    ------
    ShapeError
        If the array does not fit a kind, or comes without its crystal.
    """
    return NyeView(nye_result(x, structure, kind, unit=unit, tolerance=tolerance))
