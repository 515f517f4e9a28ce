"""``cn.show``: a crystal in 3-D, with its symmetry, and a still picture where 3-D is not to be had."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

import traitlets

from crysnb.errors import MissingExtra, SymmetryUndetermined
from crysnb.widgets import html
from crysnb.widgets.base import ExplainerWidget
from crysnb.widgets.closing import close_whole
from crysnb.widgets.crystal_drawing import crystal_drawing
from crysnb.widgets.ngl import close_ngl, ngl_widget
from crysnb.widgets.scene import Scene
from crysnb.widgets.structure_scene import structure_scene
from crysnb.widgets.structure_state import MAX_ROWS, SITE_HEADERS, site_row, structure_state

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure

    from crysnb.structure.read import Reading
    from crysnb.values.symmetry_info import SymmetryInfo


class StructureView(ExplainerWidget):
    """A crystal: nglview above, a panel with facts and a table of sites below. Made by :func:`show`.

    Attributes
    ----------
    atoms
        Indices of selected sites, from 0, for example ``[0]`` for the site ``Si1``.
    elements
        Symbols of selected elements.
    ngl
        The nglview widget, or None where nglview is missing; then the panel holds a still picture.
    """

    kind = traitlets.Unicode("structure").tag(sync=True)

    def __init__(self, reading: Reading, symmetry: SymmetryInfo | None) -> None:
        self._reading = reading
        self._symmetry = symmetry
        self._drawing = crystal_drawing(reading.structure)
        self.ngl: Any = None
        message = ""
        try:
            self.ngl = ngl_widget(self._drawing)
        except MissingExtra as error:
            message = f"Still picture: {error.text}"
        super().__init__(data=self._state(), message=message)
        self._box: Any = None

    @property
    def result(self) -> Structure:
        """The checked structure."""
        return self._reading.structure

    @property
    def widget(self) -> Any:
        """The whole view as one ipywidget, for use in layouts."""
        if self._box is None:
            import ipywidgets

            children = (self.ngl, self) if self.ngl is not None else (self,)
            self._box = ipywidgets.VBox(children)
        return self._box

    def selectable(self, kind: str) -> Collection[Any] | None:
        """Indices of all sites, and symbols of all elements."""
        if kind == "atoms":
            return range(len(self.result))
        if kind == "elements":
            return tuple({site.specie.symbol for site in self.result})
        return None

    def describe(self) -> dict[str, Any]:
        """The facts shown, as plain data."""
        lattice, s = self.result.lattice, self._symmetry
        return {
            "id": self._reading.structure_id,
            "formula": self.result.composition.reduced_formula,
            "n_sites": len(self.result),
            "space_group": s.number if s is not None else None,
            "symbol": s.symbol if s is not None else None,
            "point_group": s.point_group if s is not None else None,
            "abc": [float(v) for v in lattice.abc],
            "angles": [float(v) for v in lattice.angles],
            "volume": float(lattice.volume),
            "engine": "nglview" if self.ngl is not None else "picture",
            "notices": [n.to_dict() for n in self._reading.notices],
        }

    def _facts(self) -> list[tuple[str, str, str]]:
        d, s = self.describe(), self._symmetry
        group = f"{d['symbol']} ({d['space_group']})" if s is not None else "not determined"
        abc = ", ".join(f"{v:.3f}" for v in d["abc"])
        angles = ", ".join(f"{v:.1f}°" for v in d["angles"])
        return [
            ("space group", group, f"found with symprec {s.symprec:g} Å" if s is not None else ""),
            ("point group", d["point_group"] or "not determined", ""),
            ("a, b, c", f"{abc} Å", "lengths of the lattice vectors"),
            ("α, β, γ", angles, "angles of the lattice"),
            ("sites", str(d["n_sites"]), "in the cell as given"),
        ]

    def _state(self) -> dict[str, Any]:
        return structure_state(
            self.result,
            title=self._reading.structure_id,
            subtitle=self.result.composition.reduced_formula,
            facts=self._facts(),
            picture=self._scene(bare=True),
            notices=self._reading.notices,
            engine="nglview" if self.ngl is not None else "picture",
        )

    def table(self) -> tuple[Sequence[str], Sequence[Sequence[object]]]:
        """All sites, fractional and Cartesian."""
        return SITE_HEADERS, [site_row(self.result, k) for k in range(len(self.result))]

    def _scene(self, *, bare: bool = False) -> Scene:
        s = self._symmetry
        group = (
            f"{s.symbol} ({s.number}), point group {s.point_group}"
            if s is not None
            else "symmetry not determined"
        )
        return structure_scene(self._drawing, self._reading.structure_id, group, bare=bare)

    def to_text(self) -> str:
        """Name, facts and sites as plain text."""
        d = self.describe()
        lines = [f"{d['id']} ({d['formula']})", *(f"{a} {b}" for a, b, _ in self._facts())]
        return "\n".join(
            [*lines, *("  ".join(site_row(self.result, k)) for k in range(min(d["n_sites"], MAX_ROWS)))]
        )

    def section(self, heading: str = "") -> html.Section:
        """The view with its still picture on an offline page."""
        state = {**self._state(), "engine": "picture"}
        return html.Section(
            heading=heading,
            svg=self.to_svg(),
            alt=self.to_text().splitlines()[0],
            caption="All sites",
            headers=SITE_HEADERS,
            rows=state["sites"],
            state=self.offline_state(state),
        )

    def _live_bundle(self) -> dict[str, Any]:
        box = self.widget._repr_mimebundle_()
        data = box[0] if isinstance(box, tuple) else box
        return {**(data or {}), "text/plain": repr(self)}

    def close(self) -> None:
        """Release the view, the 3-D viewer and its threads."""
        if self.ngl is not None:
            close_ngl(self.ngl)
            self.ngl = None
        if self._box is not None:
            self._box.children = ()
            close_whole(self._box)
            self._box = None
        super().close()

    def __repr__(self) -> str:
        s = self._symmetry
        group = s.symbol if s is not None else "symmetry not determined"
        engine = "nglview" if self.ngl is not None else "picture"
        return f"StructureView({self._reading.structure_id}: {len(self.result)} sites, {group}, {engine})"


def show(x: Any) -> StructureView:
    """A crystal in 3-D, in its own frame, with symmetry and a table of sites.

    Parameters
    ----------
    x
        Anything :func:`crysnb.as_structure` accepts.

    Returns
    -------
    StructureView
        Shows itself in Jupyter. Without nglview it holds a still picture and says so.

    Raises
    ------
    StructureError
        If the structure is refused.
    """
    from crysnb.structure.read import read
    from crysnb.symmetry.detect import symmetry

    reading = read(x)
    try:
        info = symmetry(reading.structure)
    except SymmetryUndetermined:
        info = None
    return StructureView(reading, info)
