"""The crystal scene of the linked views: atoms, cell, symmetry elements, and what is laid over the sites."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

import traitlets

from crysnb.errors import SymmetryUndetermined
from crysnb.widgets import html
from crysnb.widgets.base import ExplainerWidget
from crysnb.widgets.crystal_data import CrystalFacts, crystal_data
from crysnb.widgets.crystal_overlay import Glyphs, Scalars, glyphs_of, scalars_of
from crysnb.widgets.crystal_scene import Extras
from crysnb.widgets.scene import Scene
from crysnb.widgets.structure_scene import structure_scene

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure

    from crysnb.structure.read import Reading
    from crysnb.symmetry.detect import Symprec
    from crysnb.values.symmetry_info import SymmetryInfo

_MAX_ROWS = 60
#: Symmetry elements in one still picture; more would hide the crystal.
_MAX_SHOWN = 4

HEADERS = ("site", "orbit", "a", "b", "c")


class CrystalView(ExplainerWidget):
    """A crystal that shows its symmetry elements; takes part in a session. Made by :func:`crystal`.

    Attributes
    ----------
    atoms
        Indices of selected sites of the given cell, from 0.
    operations
        Names of the operations whose symmetry elements are drawn, for example ``["3+ [001]"]``.
    """

    kind = traitlets.Unicode("crystal").tag(sync=True)

    def __init__(
        self,
        reading: Reading,
        symmetry: SymmetryInfo | None,
        scalars: Scalars | None = None,
        glyphs: Glyphs | None = None,
    ) -> None:
        self._facts = facts = CrystalFacts.of(reading, symmetry, scalars, glyphs)
        self._names = tuple(e.name for e in facts.elements)
        super().__init__(data=crystal_data(facts))

    @property
    def result(self) -> Structure:
        """The checked structure."""
        return self._facts.reading.structure

    def selectable(self, kind: str) -> Collection[Any] | None:
        """Sites, elements and operations of this crystal; pairs of sites; any tensor cell."""
        n = len(self.result)
        if kind == "atoms":
            return range(n)
        if kind == "pairs":
            return Pairs(n)
        if kind == "operations":
            return self._names
        if kind == "elements":
            return tuple(row["symbol"] for row in self._rows("species"))
        return None

    def update(self, symmetry: SymmetryInfo | None, reading: Reading | None = None) -> None:
        """Show another symmetry, or another crystal; what is selected stays where it still exists."""
        old = self._facts
        if reading is None:
            facts = CrystalFacts.of(old.reading, symmetry, old.scalars, old.glyphs)
        else:
            facts = CrystalFacts.of(reading, symmetry)  # numbers per site belong to the old one
        self._facts = facts
        self._names = tuple(e.name for e in facts.elements)
        with self.hold_sync():
            self.data = crystal_data(facts)
            for kind in ("atoms", "pairs", "elements", "operations"):
                self.take(kind, getattr(self, kind))

    def _rows(self, key: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.data.get(key, [])
        return rows

    def describe(self) -> dict[str, Any]:
        """The facts shown, as plain data."""
        facts, s = self._facts, self._facts.symmetry
        return {
            "id": facts.reading.structure_id,
            "formula": self.result.composition.reduced_formula,
            "n_sites": len(self.result),
            "n_drawn": len(facts.drawing.site),
            "n_bonds": len(facts.drawing.bonds),
            "n_orbits": len(set(facts.orbits())),
            "space_group": s.number if s is not None else None,
            "symbol": s.symbol if s is not None else None,
            "point_group": s.point_group if s is not None else None,
            "operations": [{"name": e.name, "symbol": e.symbol, "text": e.text} for e in facts.elements],
            "scalars": facts.scalars.name if facts.scalars is not None else None,
            "glyphs": facts.glyphs.kind if facts.glyphs is not None else None,
            "selected": self.selected(),
            "notices": [n.to_dict() for n in facts.reading.notices],
        }

    def _scene(self) -> Scene:
        facts = self._facts
        shown = [e for e in facts.elements if e.name in self.operations][:_MAX_SHOWN]
        extras = Extras(
            colors=facts.scalars.colors() if facts.scalars is not None else (),
            glyphs=facts.glyphs,
            elements=shown,
            selected=self.atoms,
            axes=True,
        )
        more = len(self.operations) - len(shown)
        captions = [e.text for e in shown] + ([f"and {more} more"] if more > 0 else [])
        if facts.scalars is not None:
            row = self.data["scalars"]
            captions.append(f"colour: {row['name']}, {row['low']} to {row['high']} {row['unit']}".rstrip())
        return structure_scene(
            facts.drawing, facts.reading.structure_id, facts.group, extras=extras, captions=tuple(captions)
        )

    def _site_rows(self, most: int = _MAX_ROWS) -> list[list[str]]:
        orbits, sites = self._facts.orbits(), list(self.result)
        return [
            [self._facts.label(k), str(orbits[k] + 1), *(f"{v:.4f}" for v in site.frac_coords)]
            for k, site in enumerate(sites[:most])
        ]

    def table(self) -> tuple[Sequence[str], Sequence[Sequence[object]]]:
        """All sites, of the given cell."""
        return HEADERS, self._site_rows(len(self.result))

    def to_text(self) -> str:
        """Name, symmetry, operations and sites as plain text."""
        facts = self._facts
        head = f"{facts.reading.structure_id} ({self.result.composition.reduced_formula}), {facts.group}"
        chosen = [f"shown: {e.name}, {e.text}" for e in facts.elements if e.name in self.operations]
        sites = ["  ".join(row) for row in self._site_rows()]
        return "\n".join([head, *chosen, "  ".join(HEADERS), *sites])

    def alt_text(self) -> str:
        """One line that stands for the picture where it cannot be seen."""
        shown = "; ".join(e.text for e in self._facts.elements if e.name in self.operations)
        head = f"Drawing of {self._facts.reading.structure_id}, {self._facts.group}"
        return f"{head}; {shown}" if shown else head

    def section(self, heading: str = "") -> html.Section:
        """The view as a part of an offline page: it can be turned where scripts run, a picture where not."""
        return html.Section(
            heading=heading,
            svg=self.to_svg(),
            alt=self.alt_text(),
            caption="All sites",
            headers=HEADERS,
            rows=self._site_rows(),
            state=self.offline_state(self.data),
        )

    def __repr__(self) -> str:
        s = self._facts.symmetry
        group = s.symbol if s is not None else "symmetry not determined"
        return f"CrystalView({self._facts.reading.structure_id}: {len(self.result)} sites, {group})"


class Pairs(Collection[tuple[int, int]]):
    """All pairs of sites, none of which is written down."""

    def __init__(self, n: int) -> None:
        self._n = n

    def __contains__(self, pair: object) -> bool:
        return isinstance(pair, tuple) and len(pair) == 2 and all(k in range(self._n) for k in pair)

    def __iter__(self) -> Any:
        return ((i, j) for i in range(self._n) for j in range(self._n))

    def __len__(self) -> int:
        return self._n**2


def crystal(x: Any, *, scalars: Any = None, glyphs: Any = None, symprec: Symprec = "auto") -> CrystalView:
    """The crystal scene: turn it, pick atoms, see where a symmetry operation lies and watch it act.

    Parameters
    ----------
    x
        Anything :func:`crysnb.as_structure` accepts.
    scalars
        One number per site, shown as colours: an array of shape [site], or a mapping with ``values``,
        ``name`` and ``unit``.
    glyphs
        One vector (drawn as an arrow) or tensor (as an ellipsoid) per site, Cartesian, in the frame of
        the structure: an array of shape [site, 3] or [site, 3, 3], or a mapping as above. The longest
        is drawn 1.6 Å long (half axes of ellipsoids: 0.8 Å).
    symprec
        As in :func:`crysnb.symmetry`.

    Returns
    -------
    CrystalView
        Shows itself in Jupyter. Where no space group is found it draws the crystal and says so.

    Raises
    ------
    StructureError
        If the structure is refused.
    ShapeError
        ``view.scalars``, ``view.glyphs`` or ``view.overlay`` if these do not fit the sites.
    SymmetryUndetermined
        ``symmetry.symprec`` if ``symprec`` is out of range.
    """
    from crysnb.structure.read import read
    from crysnb.symmetry.detect import detect
    from crysnb.symmetry.search import check_symprec

    if symprec != "auto":
        check_symprec(symprec)
    reading = read(x)
    n = len(reading.structure)
    laid = scalars_of(scalars, n), glyphs_of(glyphs, n)
    try:
        info = detect(reading.structure, symprec)
    except SymmetryUndetermined:
        info = None
    return CrystalView(reading, info, *laid)
