"""``cn.nye``: a tensor beside what its crystal allows, and why."""

from __future__ import annotations

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
from crysnb.widgets.png import to_png
from crysnb.widgets.scene import Scene
from crysnb.widgets.svg import to_svg

if TYPE_CHECKING:
    from crysnb.tensors.form import TensorForm


class NyeView(ExplainerWidget):
    """The Nye diagram of one tensor. Made by :func:`nye`.

    Attributes
    ----------
    selection
        Names of the selected components, for example ``["c14"]``; observe it or link it.
    """

    kind = traitlets.Unicode("tensor").tag(sync=True)

    def __init__(self, result: NyeResult) -> None:
        self._result = result
        super().__init__(data=nye_state(result))

    @property
    def result(self) -> NyeResult:
        """The headless result; it outlives the view."""
        return self._result

    def selectable(self) -> tuple[str, ...]:
        """Names of all components."""
        return self._result.kind.names

    def describe(self) -> dict[str, Any]:
        """The facts shown, as plain data: those of the result, and the sentences."""
        state = nye_state(self._result)
        sentences = {key: state[key] for key in ("verdict", "severity", "guaranteed", "learned")}
        return {**self._result.to_dict(), **sentences, "selection": list(self.selection)}

    def why(self, name: str) -> str:
        """What the panel says about a component, as one sentence."""
        from crysnb.errors import UnknownName

        cells = {cell["name"]: cell for cell in nye_state(self._result)["cells"]}
        if name not in cells:
            raise UnknownName.of("component", name, cells)
        return _sentence(cells[name])

    def _scene(self) -> Scene:
        return nye_scene(nye_state(self._result))

    def _picture_size(self) -> tuple[int, int]:
        scene = self._scene()
        return scene.width, scene.height

    def to_svg(self) -> str:
        """The diagram as SVG, made without a browser; transparent, legible on light and dark pages."""
        return to_svg(self._scene())

    def to_png(self, scale: float = 2) -> bytes:
        """The diagram as PNG, made without a browser."""
        return to_png(self._scene(), scale, self.fallback_id)

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

    def to_html(self) -> str:
        """The view as one self-contained page that needs neither kernel nor network."""
        state = nye_state(self._result)
        rows = [
            (
                c["name"],
                c["text"],
                c["relation"] or "free",
                _sentence(c),
                c["deviation"],
            )
            for c in state["cells"]
        ]
        title = f"{state['title']}: {state['subtitle']}"
        return html.page(
            title=title,
            svg=self.to_svg(),
            alt=f"{title}. {state['verdict']}",
            headers=("component", f"value {state['unit']}".strip(), "relation", "why", "deviation"),
            rows=rows,
            module=self._esm,
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
        Shows itself in Jupyter. ``.selection`` follows the clicks, ``.describe()`` has all facts.

    Raises
    ------
    ShapeError
        If the array does not fit a kind, or comes without its crystal.
    """
    return NyeView(nye_result(x, structure, kind, unit=unit, tolerance=tolerance))
