"""The view of a directional property: turn it, click a direction, see which components make it up."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import traitlets

from crysnb.tensors.directional import SHEETS
from crysnb.tensors.surface_result import Surface
from crysnb.widgets import html
from crysnb.widgets.base import ExplainerWidget
from crysnb.widgets.messages import Check
from crysnb.widgets.scene import Scene
from crysnb.widgets.surface_scene import direction_line, surface_scene, vector_text
from crysnb.widgets.surface_state import surface_state

HEADERS = ("property", "extreme", "value", "unit", "along n", "across m")


class SurfaceView(ExplainerWidget):
    """A property of a tensor in every direction.

    Attributes
    ----------
    cells
        Names of the selected components. A click on the surface selects those that make up most of the
        value there; selected in another view of the session, they colour the surface by their part.
    options
        ``property`` and ``sheet`` that are shown, and the chosen ``direction`` (three numbers, or none).
    """

    kind = traitlets.Unicode("surface").tag(sync=True)

    def __init__(self, surface: Surface) -> None:
        self._surface = surface
        super().__init__(data=surface_state(surface))
        self.options = _first(surface)

    @property
    def result(self) -> Surface:
        """The headless result of the property that is shown; it outlives the view."""
        return self._surface.of(str(self.options["property"]))

    @property
    def direction(self) -> tuple[float, ...] | None:
        """The chosen direction; set it to choose one."""
        return tuple(self.options["direction"]) or None

    @direction.setter
    def direction(self, n: Sequence[float] | None) -> None:
        self.options = {"direction": [] if n is None else [float(v) for v in n]}

    @property
    def sheet(self) -> str:
        """Which sheet is shown: ``"value"``, or ``"max"``, ``"mean"``, ``"min"`` over m."""
        known = self.result.quantity.sheets
        sheet = str(self.options["sheet"])
        return sheet if sheet in known else known[0]

    def selectable(self, kind: str) -> Collection[Any] | None:
        """Names of all components."""
        return self._surface.kind.names if kind == "cells" else None

    def option_checks(self) -> Mapping[str, Check]:
        """The property, the sheet and the direction."""
        return {
            "property": lambda v: v in self._surface.others,
            "sheet": _is_sheet,
            "direction": _is_direction,
        }

    def settled(self, options: dict[str, Any], asked: Collection[str]) -> dict[str, Any]:
        """The first sheet of the property, unless it has the one that is chosen; a direction of length 1."""
        del asked
        sheets = self._surface.of(options["property"]).quantity.sheets
        n = np.asarray(options["direction"], dtype=float)
        return {
            **options,
            "sheet": options["sheet"] if options["sheet"] in sheets else sheets[0],
            "direction": (n / np.linalg.norm(n)).round(6).tolist() if n.size else [],
        }

    def accepts(self, option: str) -> str:
        """The names, or what a direction is."""
        words = {
            "property": ", ".join(self._surface.others),
            "sheet": ", ".join(("value", *SHEETS)),
            "direction": "three finite numbers that are not all zero, or an empty list",
        }
        return words.get(option, super().accepts(option))

    def update(self, surface: Surface) -> None:
        """Show another tensor in place of this one; what is selected stays where it still exists."""
        self._surface = surface
        with self.hold_sync():
            if self.options["property"] not in surface.others:
                self.options = _first(surface)
            self.take("cells", self.cells)
            self.data = surface_state(surface)

    def describe(self) -> dict[str, Any]:
        """The facts shown, as plain data: those of the result, and what is chosen."""
        chosen: dict[str, Any] = {"sheet": self.sheet, "direction": self.options["direction"]}
        if self.direction is not None:
            chosen["value"] = self.result.value(self.direction, sheet=self.sheet)
            chosen["contributions"] = self.result.contributions(self.direction, self.sheet)
        return {**self.result.to_dict(), **chosen, "selected": self.selected()}

    def _scene(self) -> Scene:
        at = None if self.direction is None else np.asarray(self.direction)
        # With a direction the cells are what it selected: the colours stay those of the value.
        cells = () if at is not None else self.cells
        return surface_scene(self.result, self.data, self.sheet, at, cells)

    def to_text(self) -> str:
        """Title, facts, extremes of every property, and the chosen direction as plain text."""
        data = self.data
        head = f"{data['title']}: {data['subtitle']}"
        lines = [head, "; ".join(f"{f['label']} {f['value']}" for f in data["facts"])]
        lines += [quantity["verdict"] for quantity in data["quantities"]]
        if self.direction is not None:
            quantity = next(q for q in data["quantities"] if q["name"] == self.result.quantity.name)
            lines.append(direction_line(self.result, quantity, self.sheet, np.asarray(self.direction)))
        return "\n".join(line for line in lines if line)

    def section(self, heading: str = "") -> html.Section:
        """The view on an offline page; all extremes as a table."""
        data = self.data
        rows = [
            (q["title"], e["which"], e["text"], q["unit"], _place(e), _arrow(e["across"]))
            for q in data["quantities"]
            for e in q["extremes"]
        ]
        return html.Section(
            heading=heading,
            svg=self.to_svg(),
            alt=self.alt_text(),
            caption="Extremes",
            headers=HEADERS,
            rows=rows,
            state=self.offline_state(data),
        )

    def __repr__(self) -> str:
        return repr(self.result).replace("Surface", "SurfaceView", 1)


def _first(surface: Surface) -> dict[str, Any]:
    return {"property": surface.quantity.name, "sheet": surface.quantity.sheets[0], "direction": []}


def _is_sheet(value: object) -> bool:
    return value in ("value", *SHEETS)


def _is_direction(value: object) -> bool:
    if not isinstance(value, list) or len(value) not in (0, 3):
        return False
    if not all(type(v) in (int, float) and abs(v) <= 1e6 for v in value):
        return False
    return not value or max(abs(v) for v in value) > 1e-6


def _arrow(n: Sequence[float] | None) -> str:
    return "" if n is None else vector_text(n)


def _place(extreme: Mapping[str, Any]) -> str:
    if extreme["direction"] is None:
        return "everywhere the same"
    return f"{extreme['indices']} {vector_text(extreme['direction'])}".strip()
