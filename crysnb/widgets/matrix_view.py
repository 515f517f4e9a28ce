"""The view of intermediate matrices: layers with residuals, atom by atom, operations that act."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import traitlets

from crysnb.errors import UnknownName
from crysnb.matrices.report import Matrices
from crysnb.widgets import html
from crysnb.widgets.base import ExplainerWidget, display_twice
from crysnb.widgets.crystal_view import Pairs
from crysnb.widgets.matrix_scene import matrix_scene
from crysnb.widgets.matrix_state import MAX_LISTED, matrix_state
from crysnb.widgets.messages import Check
from crysnb.widgets.number_text import small_text
from crysnb.widgets.scene import Scene
from crysnb.widgets.session import link

if TYPE_CHECKING:
    from crysnb.widgets.crystal_view import CrystalView

HEADERS = ("layer", "kind", "RMS residual", "status", "why")
#: How rows and columns are put together.
BY = ("atom", "orbit", "element", "shell")


class MatrixView(ExplainerWidget):
    """What a model computed inside, under the crystal's operations.

    Attributes
    ----------
    pairs
        Selected pairs of sites: a click selects a pair and everything that symmetry makes equal to it; the
        first one is the pair that was clicked.
    operations
        Names of selected operations; the first acts on the matrix that is shown.
    options
        ``layer``, ``head`` (−1 for the mean), ``by`` (``"atom"``, ``"orbit"``, ``"element"``,
        ``"shell"``), and ``null``: whether the atoms are exchanged at random.
    """

    kind = traitlets.Unicode("matrix").tag(sync=True)

    def __init__(self, result: Matrices, title: str = "", layer: str | None = None) -> None:
        self._result, self._title = result, title
        name = next(iter((*result.pair_layers, *result.layers())), None) if layer is None else layer
        if name is None:
            raise UnknownName.of("layer", "(first)", ())
        result.layer(name)  # refuses another name
        super().__init__(data=matrix_state(result, title, name, -1))
        self.options = {"layer": name, "head": -1, "by": "atom", "null": False}

    @property
    def result(self) -> Matrices:
        """The headless result; it outlives the view."""
        return self._result

    @property
    def layer(self) -> str:
        """Name of the layer that is shown; set it to show another."""
        return str(self.options["layer"])

    @layer.setter
    def layer(self, name: str) -> None:
        self.options = {"layer": name}

    def selectable(self, kind: str) -> Collection[Any] | None:
        """Sites, pairs, elements and operations of this crystal; any tensor cell."""
        action = self._result.group.action
        if kind == "atoms":
            return range(action.n_sites)
        if kind == "pairs":
            return Pairs(action.n_sites)
        if kind == "operations":
            return action.names[:MAX_LISTED]
        if kind == "elements":
            return tuple(dict.fromkeys(orbit.element for orbit in action.orbits))
        return None

    def option_checks(self) -> Mapping[str, Check]:
        """The layer, the head, how atoms are put together, and the exchange of atoms."""
        return {
            "layer": lambda v: v in self._result.layers(),
            "head": lambda v: type(v) is int and -1 <= v < 4096,
            "by": lambda v: v in BY,
            "null": lambda v: type(v) is bool,
        }

    def accepts(self, option: str) -> str:
        """The names, or the numbers."""
        words = {
            "layer": ", ".join(self._result.layers()),
            "head": "-1 for the mean, or the number of a head",
            "by": ", ".join(BY),
            "null": "True or False",
        }
        return words.get(option, super().accepts(option))

    def settled(self, options: dict[str, Any], asked: Collection[str]) -> dict[str, Any]:
        """The mean of the heads for another layer; shells only for a matrix over atoms."""
        if "layer" not in options:
            return options
        layer = self._result.layer(options["layer"])
        head = options["head"] if "head" in asked or "layer" not in asked else -1
        by = options["by"]
        if by == "shell" and layer.role != "pairs":
            by = "atom"
        return {**options, "head": head if head < layer.n_heads else -1, "by": by}

    @traitlets.observe("options")
    def _show_layer(self, change: Any) -> None:
        options = change["new"]
        if (options["layer"], options["head"]) != (self.data.get("layer"), self.data.get("head")):
            self.data = matrix_state(self._result, self._title, options["layer"], options["head"])

    def describe(self) -> dict[str, Any]:
        """The facts shown, as plain data."""
        return {
            **self._result.residuals(self.layer).to_dict(),
            "options": dict(self.options),
            "n_sites": self._result.group.n_sites,
            "n_operations": self._result.group.n_operations,
            "selected": self.selected(),
        }

    def table(self) -> tuple[Sequence[str], Sequence[Sequence[object]]]:
        """The matrix that is shown, one row per ordered pair of sites; residuals for a layer without one."""
        if self._result.layer(self.layer).role != "pairs":
            frame = self._result.residuals(self.layer).to_frame()
        else:
            head = int(self.options["head"])
            frame = self._result.to_frame(self.layer, head=None if head < 0 else head)
        return tuple(map(str, frame.columns)), frame.to_numpy().tolist()

    def _scene(self) -> Scene:
        return matrix_scene(self.data, str(self.options["by"]))

    def _rows(self) -> list[list[str]]:
        def row_of(row: dict[str, Any]) -> list[str]:
            size = "null" if row["rms"] is None else small_text(row["rms"])
            return [row["name"], row["role"], size, row["status"], row["text"]]

        return [row_of(row) for row in self.data["layers"]]

    def to_text(self) -> str:
        """Title, facts, and the residual of every layer as plain text."""
        data = self.data
        head = f"{data['title']}: {data['subtitle']}; {data['layer']}"
        facts = "; ".join(f"{f['label']} {f['value']}" for f in data["facts"])
        return "\n".join([head, facts, *("  ".join(row[:4]) for row in self._rows())])

    def alt_text(self) -> str:
        """One line that stands for the picture where it cannot be seen."""
        data = self.data
        return f"{data['title']}: {data['subtitle']}; {data['layer']}, {data['status']}. {data['text']}"

    def section(self, heading: str = "") -> html.Section:
        """The view as a part of an offline page, with the residuals of all layers."""
        return html.Section(
            heading=heading,
            svg=self.to_svg(),
            alt=self.alt_text(),
            caption="Residuals of all layers",
            headers=HEADERS,
            rows=self._rows(),
            state=self.offline_state(self.data),
        )

    def __repr__(self) -> str:
        return repr(self._result).replace("Matrices", "MatrixView", 1)


def display_with_crystal(view: MatrixView, crystal: CrystalView) -> None:
    """Show matrices and crystal side by side, linked, and the picture of the matrices as second output."""
    import ipywidgets

    link(view, crystal)
    box = ipywidgets.GridBox((view, crystal))
    box.layout.grid_template_columns = "repeat(auto-fit, minmax(min(100%, 36em), 1fr))"
    box.layout.grid_gap = "0 1.5em"
    bundle = box._repr_mimebundle_()
    live = {**(bundle[0] if isinstance(bundle, tuple) else bundle), "text/plain": repr(view)}
    display_twice(live, view.scene(), view.to_png(), view.to_text(), view.alt_text())
