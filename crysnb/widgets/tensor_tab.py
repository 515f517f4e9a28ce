"""The Tensor tab of ``cn.explain``: predicted tensors, and what symmetry alone says of the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crysnb.errors import CrysnbError
from crysnb.tensors.form import tensor_form
from crysnb.tensors.surface import surface
from crysnb.tensors.surface_result import Surface
from crysnb.widgets import html
from crysnb.widgets.closing import close_whole
from crysnb.widgets.explain_tabs import Context, Tab, arguments, register_tab
from crysnb.widgets.nye_options import NyeChoices
from crysnb.widgets.nye_result import NyeResult, nye_result
from crysnb.widgets.scene import Scene, stacked
from crysnb.widgets.story import Sentence, form_sentences, prediction_sentences
from crysnb.widgets.surface_view import SurfaceView
from crysnb.widgets.tensor_view import NyeView

#: Tensors that are shown for every crystal; those that no model predicts as a form alone.
KINDS = ("dielectric", "piezoelectric", "elastic")


class TensorTab:
    """A choice of tensors, the diagram of the chosen one, and where it has values its surface.

    Attributes
    ----------
    view
        The diagram.
    surface
        The directional analysis, linked to the diagram by the selected components; None where the tensor has
        no values, or has no surface (a stiffness that is not positive definite; the notices say so).
    """

    def __init__(self, context: Context) -> None:
        import ipywidgets

        self._context = context
        self._results = _results(context)
        self.view = NyeView(next(iter(self._results.values())))
        self.surface: SurfaceView | None = None
        self._drawn: NDArray[np.float64] | None = None
        context.session.add(self.view)
        self._choice = ipywidgets.ToggleButtons(style={"button_width": "auto"})
        self._offer()
        self._choice.add_class("cn-choice")
        self._choice.observe(self._chosen, "value")
        self.widget: Any = ipywidgets.VBox((self._choice, self.view))
        self._show_surface()
        self.view.observe(self._turned, "data")

    @property
    def shown(self) -> str:
        """Name of the tensor that is shown; set it to show another."""
        return str(self._choice.value)

    @shown.setter
    def shown(self, name: str) -> None:
        self._choice.value = name

    @property
    def code(self) -> str:
        """The line that shows the same alone."""
        c, first = self._context, NyeChoices(self._results[self.shown]).first
        chosen = {name: self.view.options[name] for name in ("frame", "setting")}
        axes = arguments({name: value for name, value in chosen.items() if value != first[name]})
        if self._results[self.shown].prediction is not None:
            more = arguments(c.options)
            return f"cn.nye(cn.predict({c.source}, model={c.model!r}, property={self.shown!r}{more}){axes})"
        more = arguments({k: v for k, v in c.options.items() if k == "symprec"})
        return f"cn.nye(cn.tensor_form({c.source}, {self.shown!r}{more}){axes})"

    def sentences(self) -> Sequence[Sentence]:
        """What symmetry and the model say of each tensor, predicted ones first."""
        out: list[Sentence] = []
        for result in sorted(self._results.values(), key=lambda r: r.prediction is None):
            out += form_sentences(result)
            out += prediction_sentences(result, self._context.measured)
        return out

    def scene(self) -> Scene:
        """The picture of the tensor that is shown."""
        return stacked([view.scene() for view in self._views])

    def sections(self) -> Sequence[html.Section]:
        """All tensors."""
        out = []
        for name, result in self._results.items():
            view = NyeView(result)
            view.session = self._context.session.id
            out.append(view.section(f"{name.capitalize()} tensor"))
            view.close()
            found = _surface(result)
            if found is not None:
                drawn = SurfaceView(found)
                drawn.session = self._context.session.id
                out.append(drawn.section(f"{name.capitalize()} tensor along every direction"))
                drawn.close()
        return out

    def to_text(self) -> str:
        """The tensor that is shown."""
        return "\n".join(view.to_text() for view in self._views)

    def follow(self, context: Context) -> None:
        """Show new predictions, and the symmetry that they were made with."""
        self._context, self._results = context, _results(context)
        self._choice.unobserve(self._chosen, "value")
        self._offer()
        self._choice.observe(self._chosen, "value")
        self._show()

    def close(self) -> None:
        """Release the views."""
        self._choice.unobserve_all()
        for view in self._views:
            view.close()
        close_whole(self._choice)
        close_whole(self.widget)

    def _offer(self) -> None:
        """Offer the tensors that there are; the one that was shown stays where it still is."""
        before = self._choice.value
        self._choice.options = [(_label(name, r), name) for name, r in self._results.items()]
        self._choice.tooltips = [_hint(r) for r in self._results.values()]
        self._choice.value = before if before in self._results else next(iter(self._results))

    def _chosen(self, _change: Any) -> None:
        self._show()

    def _show(self) -> None:
        self.view.update(self._results[self.shown])

    def _turned(self, _change: Any) -> None:
        """The diagram shows another tensor, or the same one in another frame."""
        self._show_surface()
        self._context.changed()

    @property
    def _views(self) -> tuple[NyeView | SurfaceView, ...]:
        return (self.view,) if self.surface is None else (self.view, self.surface)

    def _show_surface(self) -> None:
        result, before = self.view.result, self.surface
        if self._drawn is not None and self._drawn is result.value:
            return
        found, self._drawn = _surface(result), result.value
        if found is not None and before is not None:
            before.update(found)
            return
        if found is None and before is None:
            return
        self.surface = None if found is None else SurfaceView(found)
        if self.surface is not None:
            self._context.session.add(self.surface)
        self.widget.children = (self._choice, *self._views)
        if before is not None:
            before.close()


def _results(context: Context) -> dict[str, NyeResult]:
    out = {name: nye_result(p) for name, p in context.predictions.items() if p.spec.tensor is not None}
    symmetry = context.symmetry
    if symmetry is not None:
        title = context.reading.structure_id
        for kind in KINDS:
            if kind not in out:
                out[kind] = nye_result(tensor_form(symmetry, kind), title)
    return out


def _surface(result: NyeResult) -> Surface | None:
    """The directional analysis of a predicted tensor, if it has one."""
    if result.value is None or not result.is_finite:
        return None
    try:
        return surface(result.value, None, result.form, result.kind, unit=result.unit, title=result.title)
    except CrysnbError:
        return None


def _label(name: str, result: NyeResult) -> str:
    return name if result.prediction is not None else f"{name} (symmetry alone)"


def _hint(result: NyeResult) -> str:
    p = result.prediction
    return f"predicted by {p.model}" if p is not None else "no model here predicts it; what symmetry allows"


def _build(context: Context) -> TensorTab | None:
    if context.symmetry is None and not any(p.spec.tensor is not None for p in context.predictions.values()):
        return None
    return TensorTab(context)


register_tab(Tab(name="tensor", title="Tensor", build=_build))
