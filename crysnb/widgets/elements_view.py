"""The periodic table grouped by what a table of elements says, beside what noise would say."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, get_args

import traitlets

from crysnb.elements.cluster import cluster_elements
from crysnb.elements.clusters import ElementClusters
from crysnb.elements.grouping import METHODS
from crysnb.elements.maps import MapMethod, element_map
from crysnb.elements.prepare import Scaling
from crysnb.elements.substitute import all_neighbours
from crysnb.elements.table import element_table
from crysnb.errors import CrysnbError, UnknownName
from crysnb.values.element_table import ElementTable
from crysnb.values.symbols import SYMBOLS
from crysnb.widgets import html
from crysnb.widgets.base import ExplainerWidget
from crysnb.widgets.elements_scene import elements_scene
from crysnb.widgets.elements_state import Explored, elements_state
from crysnb.widgets.messages import Check
from crysnb.widgets.scene import Scene

HEADERS = ("element", "group", "silhouette", "stability", "nearest elements")
#: ``k``: 0 has it chosen.
_FIRST: dict[str, Any] = {
    "method": "kmeans", "k": 0, "map": "pca", "color": "groups", "columns": 18, "solo": -1,
}  # fmt: skip
_ASKED = ("method", "k", "map")
_MOST = 30


class ElementsView(ExplainerWidget):
    """The periodic table, a map of the same elements, and how far both are from noise.

    Attributes
    ----------
    elements
        Symbols of the selected elements, chosen in the table, on the map or from Python.
    options
        ``method``, ``k`` (0: chosen) and ``map``, which compute again; ``color`` of the tiles, ``columns``
        (18 or 32) and ``solo`` (a group from 0, or -1), which do not.
    """

    kind = traitlets.Unicode("elements").tag(sync=True)

    def __init__(
        self,
        table: ElementTable,
        *,
        scaling: Scaling | None = None,
        noble_gases: bool = False,
        seed: int = 0,
        **options: Any,
    ) -> None:
        self._scaling: Scaling | None = scaling
        self._noble_gases = noble_gases
        self._seed = seed
        self._goes_back = False
        #: Groups whose number was chosen, by table and method: their scores are drawn beside any other.
        self._overview: tuple[tuple[str, str], ElementClusters] | None = None
        first = {**_FIRST, **options}
        if unknown := set(first) - set(_FIRST):
            raise UnknownName.of("option", min(unknown), _FIRST)
        self._explored = self._explore(table, first)
        super().__init__(data=elements_state(self._explored))
        self.options = first
        self.observe(self._ask_again, names="options")

    def _explore(self, table: ElementTable, options: Mapping[str, Any]) -> Explored:
        chosen: dict[str, Any] = {
            "scaling": self._scaling, "noble_gases": self._noble_gases, "seed": self._seed,
        }  # fmt: skip
        method, k = options["method"], options["k"]
        key = (table.sha256, method)
        if self._overview is None or self._overview[0] != key:
            self._overview = (key, cluster_elements(table, method, **chosen))
        free = self._overview[1]
        fixed = free if k == 0 or method == "hdbscan" else cluster_elements(table, method, k, **chosen)
        return Explored(
            table,
            fixed,
            element_map(table, options["map"], **chosen),
            all_neighbours(table, scaling=self._scaling),
            free.scores,
        )

    @property
    def result(self) -> ElementClusters:
        """The headless result that is shown; it outlives the view."""
        return self._explored.clusters

    @property
    def source(self) -> ElementTable:
        """The table that is shown."""
        return self._explored.table

    def selectable(self, kind: str) -> Collection[Any] | None:
        """Symbols of all elements."""
        return SYMBOLS if kind == "elements" else None

    def option_checks(self) -> Mapping[str, Check]:
        """Method, k and map; colour, columns and solo."""
        names = [scheme["name"] for scheme in self.data["schemes"]]
        return {
            "method": lambda v: v in METHODS,
            "k": lambda v: type(v) is int and (v == 0 or 2 <= v <= _MOST),
            "map": lambda v: v in get_args(MapMethod),
            "color": lambda v: v in names,
            "columns": lambda v: v in (18, 32),
            "solo": lambda v: type(v) is int and -1 <= v < _MOST,
        }

    def settled(self, options: dict[str, Any], asked: Collection[str]) -> dict[str, Any]:
        """No group alone that there is not any more once others are asked for."""
        again = any(name in asked and options[name] != self.options.get(name) for name in _ASKED)
        return {**options, "solo": -1} if again and "solo" not in asked else options

    def accepts(self, option: str) -> str:
        """The names, or the numbers."""
        words = {
            "method": ", ".join(METHODS),
            "k": f"0 (chosen), or a whole number from 2 to {_MOST}",
            "map": ", ".join(get_args(MapMethod)),
            "color": ", ".join(scheme["name"] for scheme in self.data["schemes"]),
            "columns": "18 or 32",
            "solo": "the number of a group from 0, or -1",
        }
        return words.get(option, super().accepts(option))

    def _ask_again(self, change: Any) -> None:
        old, new = change["old"], change["new"]
        if self._goes_back or all(old.get(name) == new.get(name) for name in _ASKED):
            return
        try:
            self._show(self._explore(self.source, new))
        except CrysnbError as error:
            # What was shown stays, and so do the options that made it.
            self.show_error(error)
            self._goes_back = True
            try:
                self.options = {name: old[name] for name in _ASKED}
            finally:
                self._goes_back = False
        else:
            self.clear_error()

    def _show(self, explored: Explored) -> None:
        self._explored = explored
        self.data = elements_state(explored)

    def update(self, table: ElementTable | Any) -> None:
        """Show another table in place of this one; what is selected stays.

        Raises
        ------
        CrysnbError
            What :func:`crysnb.element_table` and :func:`crysnb.cluster_elements` raise; the view is then as
            before.
        """
        explored = self._explore(element_table(table), self.options)
        with self.hold_sync():
            self._show(explored)
            if self.options["color"] not in [scheme["name"] for scheme in self.data["schemes"]]:
                self.options = {"color": "groups"}

    def describe(self) -> dict[str, Any]:
        """The facts shown, as plain data: groups, map, options and what is selected."""
        return {
            **self.result.to_dict(),
            "map": self._explored.map.to_dict(),
            "options": dict(self.options),
            "selected": self.selected(),
        }

    def _scene(self) -> Scene:
        return elements_scene(self.data, self.options["color"], self.elements, self.options["solo"])

    def to_text(self) -> str:
        """Title, facts, verdict and the elements of every group as plain text."""
        data = self.data
        lines = [f"{data['title']}: {data['subtitle']}", data["verdict"]]
        lines.append("; ".join(f"{f['label']} {f['value']}" for f in data["facts"]))
        lines += [f"group {i + 1}: {' '.join(members)}" for i, members in enumerate(self.result.groups)]
        lines += [notice["text"] for notice in data["notices"]]
        return "\n".join(lines)

    def section(self, heading: str = "") -> html.Section:
        """The view on an offline page; all elements as a table."""
        frame = self.result.to_frame()
        rows = [
            (
                symbol,
                "none" if label < 0 else label + 1,
                f"{silhouette:.2f}",
                f"{stable:.2f}",
                " ".join(n.element for n in self._explored.neighbours.get(symbol, ())),
            )
            for symbol, label, silhouette, stable in zip(
                frame.index, frame["group"], frame["silhouette"], frame["stability"], strict=True
            )
        ]
        return html.Section(
            heading=heading,
            svg=self.to_svg(),
            alt=self.alt_text(),
            caption="Elements",
            headers=HEADERS,
            rows=rows,
            state=self.offline_state({**self.data, "live": False}),
        )

    def __repr__(self) -> str:
        return repr(self.result).replace("ElementClusters", "ElementsView", 1)


def periodic_table(
    table: ElementTable | Any = "magpie-like",
    *,
    method: str = "kmeans",
    k: int | None = None,
    scaling: Scaling | None = None,
    noble_gases: bool = False,
    seed: int = 0,
    **options: Any,
) -> ElementsView:
    """The periodic table grouped by a table of elements, with a linked map and the band that noise gives.

    Click an element for its neighbours and why they are near; draw around points of the map to select them
    in the table; click a group to see it alone. What is selected is ``view.elements``; the numbers are
    ``view.result``.

    Parameters
    ----------
    table
        A table, or what :func:`crysnb.element_table` takes.
    method, k, scaling, noble_gases, seed
        As in :func:`crysnb.cluster_elements`.
    options
        ``map`` (``"pca"``, ``"mds"``, ``"tsne"``, ``"umap"``); ``color`` of the tiles (``"groups"``,
        ``"silhouette"``, ``"stability"``, ``"family"``, ``"block"``, a property); ``columns`` (18 or 32).

    Raises
    ------
    CrysnbError
        What the functions named above raise; ``view.option`` for another choice.
    """
    given = element_table(table)
    chosen = {"method": method, "k": 0 if k is None else k, **options}
    return ElementsView(given, scaling=scaling, noble_gases=noble_gases, seed=seed, **chosen)
