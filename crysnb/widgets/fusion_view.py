"""The fusion-diagram explorer: choose factors, target and shapes, and see the trees and the matrix."""

from __future__ import annotations

from typing import Any

from crysnb.errors import MissingExtra
from crysnb.tensors.fusion import MAX_L, ORDERS, FusionDiagrams, fusion_diagrams
from crysnb.tensors.fusion_trees import all_shapes, shape_text
from crysnb.tensors.recoupling import Recoupling
from crysnb.widgets.closing import close_whole
from crysnb.widgets.fusion import picture_bundle
from crysnb.widgets.fusion_scene import WIDTH, fusion_scene
from crysnb.widgets.svg import to_svg

try:
    import ipywidgets
except ImportError as _error:
    raise MissingExtra.notebook(_error) from _error

_NONE = "(none)"
#: Beyond this many leaves a choice of them is no help; the first ones are offered.
_MAX_LEAVES = 200


class FusionView:
    """Controls above a picture of the diagrams. Made by ``cn.fusion_diagrams(…).view()``.

    Attributes
    ----------
    l_max, order, l, parity, shape
        Controls of the diagrams.
    other, leaves
        Controls of the matrix to another shape, for factors of these orders.
    picture
        The drawing.
    widget
        The whole view as one ipywidget, for use in layouts.
    """

    def __init__(self, diagrams: FusionDiagrams) -> None:
        self._result = diagrams
        self._recoupling: Recoupling | None = None
        self._following = False
        self.l_max = ipywidgets.IntSlider(description="l ≤", min=0, max=MAX_L, continuous_update=False)
        self.order = ipywidgets.Dropdown(description="factors ν", options=ORDERS)
        self.l = ipywidgets.IntSlider(description="target l", min=0, max=MAX_L, continuous_update=False)
        self.parity = ipywidgets.Dropdown(description="parity", options=[("even", "e"), ("odd", "o")])
        self.shape = ipywidgets.Dropdown(description="shape")
        self.other = ipywidgets.Dropdown(description="in terms of")
        self.leaves = ipywidgets.Dropdown(description="leaves")
        size = {"width": f"{WIDTH}px", "max_width": "100%", "height": "auto"}
        self.picture = ipywidgets.Image(format="svg+xml", layout=size)
        self._controls = (
            self.l_max, self.order, self.l, self.parity, self.shape, self.other, self.leaves
        )  # fmt: skip
        wrapped = {"flex_flow": "row wrap"}
        self._rows = (
            ipywidgets.HBox(self._controls[:4], layout=wrapped),
            ipywidgets.HBox(self._controls[4:], layout=wrapped),
        )
        self.widget: Any = ipywidgets.VBox((*self._rows, self.picture))
        # A target above the slider can only come from Python; the slider is made to hold it.
        self.l.max = max(MAX_L, diagrams.target[0])
        self._follow()
        for control in self._controls:
            control.observe(self._chosen, "value")

    @property
    def result(self) -> FusionDiagrams:
        """The diagrams that are shown."""
        return self._result

    @property
    def recoupling(self) -> Recoupling | None:
        """The way to the other shape that is shown; None where none is chosen."""
        return self._recoupling

    def _chosen(self, change: Any) -> None:
        if self._following:
            return
        if change["owner"] not in (self.other, self.leaves):
            shape = self.shape.value if change["owner"] is not self.order else None
            target = f"{self.l.value}{self.parity.value}"
            self._result = fusion_diagrams(self.l_max.value, self.order.value, target, shape)
        self._follow()

    def _follow(self) -> None:
        """Bring all controls and the picture in line with the diagrams."""
        self._following = True
        try:
            self._set_controls()
        finally:
            self._following = False
        other, leaves = self.other.value, self.leaves.value
        self._recoupling = None
        if other not in (None, _NONE) and leaves is not None:
            self._recoupling = self._result.recoupling(other, leaves)
        self.picture.value = to_svg(fusion_scene(self._result, self._recoupling)).encode()

    def _set_controls(self) -> None:
        found = self._result
        self.l_max.value, self.order.value = found.l_max, found.order
        self.l.value, self.parity.value = found.target[0], found.target_name[-1]
        shapes = [shape_text(shape) for shape in all_shapes(found.order)]
        _offer(self.shape, shapes, shape_text(found.shape))
        _offer(self.other, [_NONE, *shapes], self.other.value)
        # Where several diagrams have the same leaves there is something to turn.
        several = [leaves for leaves, trees in found.by_leaves.items() if len(trees) > 1]
        offered = (several or list(found.by_leaves))[:_MAX_LEAVES]
        _offer(self.leaves, offered, self.leaves.value)
        self.leaves.disabled = self.other.value == _NONE

    def to_svg(self) -> str:
        """What is shown, as SVG."""
        return to_svg(fusion_scene(self._result, self._recoupling))

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        # One output: a reader without a kernel, and a notebook that was frozen, has the picture.
        data, metadata = picture_bundle(self._result, self._recoupling)
        box = self.widget._repr_mimebundle_()
        live = box[0] if isinstance(box, tuple) else box
        return {**(live or {}), **data, "text/plain": repr(self)}, metadata

    def close(self) -> None:
        """Release the view and its controls."""
        self.widget.children = ()
        for part in (*self._controls, self.picture, *self._rows, self.widget):
            part.unobserve_all()
            close_whole(part)

    def __repr__(self) -> str:
        return f"FusionView({self._recoupling or self._result!r})"


def _offer(control: Any, options: list[Any], chosen: Any) -> None:
    """Options of a choice; what was chosen stays where it still is one, otherwise the first is."""
    labelled = [
        (option if isinstance(option, str) else ", ".join(map(str, option)), option) for option in options
    ]
    if list(control.options) != labelled:
        control.options = labelled
    control.value = chosen if chosen in options else (options[0] if options else None)
