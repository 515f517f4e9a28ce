"""The Tensor tab of ``cn.explain``: predicted tensors, and what symmetry alone says of the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crysnb.tensors.form import tensor_form
from crysnb.widgets import html
from crysnb.widgets.closing import close_whole
from crysnb.widgets.explain_tabs import Context, Tab, arguments, register_tab
from crysnb.widgets.nye_result import NyeResult, nye_result
from crysnb.widgets.scene import Scene
from crysnb.widgets.story import Sentence, form_sentences, prediction_sentences
from crysnb.widgets.tensor_view import NyeView

#: Tensors that are shown for every crystal; those that no model predicts as a form alone.
KINDS = ("dielectric", "piezoelectric", "elastic")


class TensorTab:
    """A choice of tensors, and the diagram of the chosen one."""

    def __init__(self, context: Context) -> None:
        import ipywidgets

        self._context = context
        self._results = _results(context)
        self.view = NyeView(next(iter(self._results.values())))
        context.session.add(self.view)
        self._choice = ipywidgets.ToggleButtons(style={"button_width": "auto"})
        self._offer()
        self._choice.add_class("cn-choice")
        self._choice.observe(self._chosen, "value")
        self.widget: Any = ipywidgets.VBox((self._choice, self.view))

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
        c = self._context
        if self._results[self.shown].prediction is not None:
            more = arguments(c.options)
            return f"cn.nye(cn.predict({c.source}, model={c.model!r}, property={self.shown!r}{more}))"
        more = arguments({k: v for k, v in c.options.items() if k == "symprec"})
        return f"cn.nye(cn.tensor_form({c.source}, {self.shown!r}{more}))"

    def sentences(self) -> Sequence[Sentence]:
        """What symmetry and the model say of each tensor, predicted ones first."""
        out: list[Sentence] = []
        for result in sorted(self._results.values(), key=lambda r: r.prediction is None):
            out += form_sentences(result)
            out += prediction_sentences(result, self._context.measured)
        return out

    def scene(self) -> Scene:
        """The picture of the tensor that is shown."""
        return self.view.scene()

    def sections(self) -> Sequence[html.Section]:
        """All tensors."""
        out = []
        for name, result in self._results.items():
            view = NyeView(result)
            view.session = self._context.session.id
            out.append(view.section(f"{name.capitalize()} tensor"))
            view.close()
        return out

    def to_text(self) -> str:
        """The tensor that is shown."""
        return self.view.to_text()

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
        self.view.close()
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


def _results(context: Context) -> dict[str, NyeResult]:
    out = {name: nye_result(p) for name, p in context.predictions.items() if p.spec.tensor is not None}
    symmetry = context.symmetry
    if symmetry is not None:
        title = context.reading.structure_id
        for kind in KINDS:
            if kind not in out:
                out[kind] = nye_result(tensor_form(symmetry, kind), title)
    return out


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
