"""The view of a Wyckoff sequence: the crystal, what is free in it, and controls for that."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import traitlets

from crysnb.symmetry.free_parameters import PARAMETERS
from crysnb.symmetry.wyckoff_sequence import WyckoffSequence
from crysnb.widgets import html
from crysnb.widgets.base import ExplainerWidget
from crysnb.widgets.crystal_drawing import crystal_drawing
from crysnb.widgets.number_text import small_text
from crysnb.widgets.scene import Scene
from crysnb.widgets.structure_scene import structure_scene
from crysnb.widgets.structure_state import structure_state
from crysnb.widgets.wyckoff_controls import WyckoffControls

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure

HEADERS = ("kind", "orbit", "name", "value", "is_free")
_MAX_ORBITS = 12


class WyckoffView(ExplainerWidget):
    """A crystal in its standardised cell, drawn from its Wyckoff sequence, with controls above.

    Attributes
    ----------
    atoms
        Indices of selected sites of that cell, from 0.
    elements
        Symbols of selected elements.
    """

    kind = traitlets.Unicode("structure").tag(sync=True)

    def __init__(self, sequence: WyckoffSequence, title: str = "") -> None:
        self._first = self._sequence = sequence
        self._structure = sequence.structure()
        self._title = title
        super().__init__(data=self._state())
        self._controls: WyckoffControls | None = None

    @property
    def result(self) -> WyckoffSequence:
        """The sequence that is shown."""
        return self._sequence

    @property
    def structure(self) -> Structure:
        """The crystal that is shown."""
        return self._structure

    @property
    def controls(self) -> WyckoffControls:
        """The controls."""
        if self._controls is None:
            self._controls = WyckoffControls(self)
        return self._controls

    @property
    def widget(self) -> Any:
        """The whole view as one ipywidget, for use in layouts."""
        return self.controls.box

    def change(
        self,
        *,
        elements: Mapping[int, str] | None = None,
        coordinates: Mapping[int, Mapping[str, float]] | None = None,
        lattice: Mapping[str, float] | None = None,
    ) -> None:
        """Show the sequence with other elements, coordinates or lattice parameters.

        Parameters and errors are those of
        :meth:`~crysnb.symmetry.wyckoff_sequence.WyckoffSequence.with_changes`; after an error nothing has
        changed.
        """
        self._show(self._sequence.with_changes(elements=elements, coordinates=coordinates, lattice=lattice))

    def reset(self) -> None:
        """Show the sequence that the view began with."""
        self._show(self._first)

    def _show(self, sequence: WyckoffSequence) -> None:
        self._sequence, self._structure = sequence, sequence.structure()
        with self.hold_sync():
            self.elements = [e for e in self.elements if e in self.selectable("elements")]
            self.data = self._state()
            if self.status == "error":
                self.clear_error()
        if self._controls is not None:
            self._controls.follow()

    def selectable(self, kind: str) -> Collection[Any]:
        """Indices of all sites, and symbols of all elements; nothing else."""
        if kind == "atoms":
            return range(len(self._structure))
        return tuple({site.specie.symbol for site in self._structure}) if kind == "elements" else ()

    def describe(self) -> dict[str, Any]:
        """The facts shown, as plain data."""
        return {
            "title": self._title,
            "formula": self._structure.composition.reduced_formula,
            "is_changed": self._sequence is not self._first,
            **self._sequence.to_dict(),
        }

    def _facts(self) -> list[tuple[str, str, str]]:
        s, freedom = self._sequence, self._sequence.degrees_of_freedom
        lattice = {name: f"{s.lattice[name]:.4g}" for name in PARAMETERS}
        tied = [
            token.name if "=" in token.name else f"{token.name} = {token.value:g}°"
            for token in s.tokens
            if token.kind == "L" and not token.is_free
        ]
        facts = [
            ("g", f"{s.symbol} ({s.number})", f"standardised cell, Hall number {s.hall_number} of spglib"),
            ("free", f"{freedom.total} of {freedom.without_symmetry}", freedom.text),
        ]
        for orbit in s.orbits[:_MAX_ORBITS]:
            place = f"({', '.join(orbit.position.texts)})"
            free = ", ".join(f"{name} = {value:.4f}" for name, value in orbit.coordinates.items())
            facts.append((orbit.label, free or place, f"{place}, site symmetry {orbit.site_symmetry}"))
        if len(s.orbits) > _MAX_ORBITS:
            facts.append(("…", f"{len(s.orbits) - _MAX_ORBITS} more orbits", "all are in .result.to_frame()"))
        facts.append(
            (
                "L",
                ", ".join(f"{name} = {lattice[name]}" for name in s.free_lattice),
                ", ".join(tied) or "all free",
            )
        )
        if not self.describe()["is_changed"]:
            moved = f"by {small_text(s.displacement)} Å"
            facts.append(("idealised", moved, f"farthest site; squared lengths by {small_text(s.strain)}"))
        return facts

    @property
    def _subtitle(self) -> str:
        changed = ", changed by hand" if self._sequence is not self._first else ""
        return f"{self._structure.composition.reduced_formula} as a Wyckoff sequence{changed}"

    def _state(self) -> dict[str, Any]:
        return structure_state(
            self._structure,
            title=self._title,
            subtitle=self._subtitle,
            facts=self._facts(),
            picture=self._scene(bare=True),
        )

    def _scene(self, *, bare: bool = False) -> Scene:
        captions = () if bare else tuple(f"{a}  {b}  {c}" for a, b, c in self._facts())
        drawing = crystal_drawing(self._structure)
        return structure_scene(drawing, self._title, self._subtitle, bare=bare, captions=captions)

    def to_text(self) -> str:
        """Name and facts as plain text."""
        return "\n".join([f"{self._title}: {self._subtitle}", *("  ".join(fact) for fact in self._facts())])

    def table(self) -> tuple[Sequence[str], Sequence[Sequence[object]]]:
        """All tokens."""
        rows = [["" if v is None else v for v in token] for token in self._sequence.tokens]
        return HEADERS, rows

    def section(self, heading: str = "") -> html.Section:
        """The view with its still picture on an offline page, without controls."""
        headers, rows = self.table()
        return html.Section(
            heading=heading,
            svg=self.to_svg(),
            alt=self.to_text().splitlines()[0],
            caption="All tokens",
            headers=headers,
            rows=rows,
            state=self.offline_state(self._state()),
        )

    def _live_bundle(self) -> dict[str, Any]:
        box = self.widget._repr_mimebundle_()
        data = box[0] if isinstance(box, tuple) else box
        return {**(data or {}), "text/plain": repr(self)}

    def close(self) -> None:
        """Release the view and its controls."""
        if self._controls is not None:
            self._controls.close()
            self._controls = None
        super().close()

    def __repr__(self) -> str:
        return f"WyckoffView({self._title}: {self._sequence!r})"
