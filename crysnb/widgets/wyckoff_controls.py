"""Controls for what is free in a Wyckoff sequence: element and coordinates of an orbit, the lattice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crysnb.symmetry.free_parameters import ANGLES, AXES, PARAMETERS, lattice_form
from crysnb.widgets.closing import close_whole
from crysnb.widgets.faults import shows_errors

if TYPE_CHECKING:
    from crysnb.widgets.wyckoff_view import WyckoffView

_STEP = 1e-3
_NARROW = {"width": "11rem"}


class WyckoffControls:
    """One orbit at a time, and the lattice; what symmetry fixes is greyed out.

    Attributes
    ----------
    orbit, element, coordinates, lattice, again
        The single controls; ``coordinates`` and ``lattice`` by name.
    box
        All of them, the view below.
    """

    def __init__(self, view: WyckoffView) -> None:
        import ipywidgets

        self._view = view
        self._following = False
        self.orbit = ipywidgets.Dropdown(description="orbit", layout=_NARROW)
        self.element = ipywidgets.Text(description="element", continuous_update=False, layout=_NARROW)
        self.again = ipywidgets.Button(description="As it was", tooltip="Show the crystal as it was given")
        self.coordinates = {
            axis: ipywidgets.FloatSlider(
                description=axis, min=0.0, max=1.0, step=_STEP, readout_format=".3f", continuous_update=False
            )
            for axis in AXES
        }
        self.lattice = {
            name: ipywidgets.FloatText(
                description=f"{name} / {'°' if name in ANGLES else 'Å'}",
                step=1.0 if name in ANGLES else 0.05,
                continuous_update=False,
                layout=_NARROW,
            )
            for name in PARAMETERS
        }
        wrapped = {"flex_flow": "row wrap"}
        self._rows = [
            ipywidgets.HBox((self.orbit, self.element, self.again), layout=wrapped),
            ipywidgets.HBox(tuple(self.coordinates.values()), layout=wrapped),
            ipywidgets.HBox(tuple(self.lattice.values()), layout=wrapped),
        ]
        self.box: Any = ipywidgets.VBox((*self._rows, view))
        self.orbit.options = self._offered()
        self.orbit.value = 0
        self.follow()
        self.orbit.observe(lambda _: self.follow(), "value")
        self.element.observe(self._element_typed, "value")
        self.again.on_click(lambda _: self._view.reset())
        for control in self.coordinates.values():
            control.observe(self._coordinate_moved, "value")
        for control in self.lattice.values():
            control.observe(self._lattice_typed, "value")

    def _offered(self) -> list[tuple[str, int]]:
        return [(f"{k + 1}: {orbit.label}", k) for k, orbit in enumerate(self._view.result.orbits)]

    def follow(self) -> None:
        """Show in the controls what the view shows."""
        if self._following:
            return
        self._following = True
        try:
            self._follow()
        finally:
            self._following = False

    def _follow(self) -> None:
        sequence = self._view.result
        chosen = self.orbit.value
        if tuple(self.orbit.options) != tuple(self._offered()):
            self.orbit.options = self._offered()
            self.orbit.value = chosen
        orbit = sequence.orbits[self.orbit.value]
        self.element.value = orbit.element
        for axis, text, value in zip(AXES, orbit.position.texts, orbit.point, strict=True):
            control = self.coordinates[axis]
            is_free = axis in orbit.position.free
            control.disabled = not is_free
            control.description = axis if is_free else f"{axis} = {text}"
            control.value = float(value % 1.0)
        rules = lattice_form(sequence.hall_number).rules
        for name, control in self.lattice.items():
            control.disabled = rules[name] != name
            control.value = round(sequence.lattice[name], 6)

    def _element_typed(self, change: Any) -> None:
        if not self._following:
            self._try(elements={self.orbit.value: change["new"]})

    def _coordinate_moved(self, change: Any) -> None:
        axis = next(name for name, control in self.coordinates.items() if control is change["owner"])
        shown = self._view.result.orbits[self.orbit.value].coordinates.get(axis)
        # A browser rounds what it is told to the steps of the slider, and says so; that is no edit.
        if not self._following and (shown is None or abs(change["new"] - shown) > _STEP / 2):
            self._try(coordinates={self.orbit.value: {axis: change["new"]}})

    def _lattice_typed(self, change: Any) -> None:
        name = next(name for name, control in self.lattice.items() if control is change["owner"])
        if not self._following:
            self._try(lattice={name: change["new"]})

    def _try(self, **change: Any) -> None:
        _change(self._view, change)
        self.follow()  # after an error the controls go back

    def close(self) -> None:
        """Release all controls; the view stays."""
        self.box.children = ()
        for part in (
            self.orbit,
            self.element,
            self.again,
            *self.coordinates.values(),
            *self.lattice.values(),
        ):
            part.unobserve_all()
            close_whole(part)
        for row in (*self._rows, self.box):
            close_whole(row)


@shows_errors
def _change(view: WyckoffView, change: dict[str, Any]) -> None:
    view.change(**change)
