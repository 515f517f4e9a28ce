"""The Break tab of ``cn.explain``: the crystal's symmetry broken by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crysnb.errors import StructureError
from crysnb.symmetry.parent import parent_of
from crysnb.values.tensor_kind import tensor_kind
from crysnb.widgets import html, tensor_tab  # noqa: F401 - its tab stands before this one
from crysnb.widgets.breaking_view import BreakingView
from crysnb.widgets.breaking_work import Asker
from crysnb.widgets.explain_tabs import Context, Tab, arguments, register_tab
from crysnb.widgets.scene import Scene
from crysnb.widgets.story import Sentence


class BreakingTab:
    """The view alone; the model is asked when the slider is first moved, so that nobody waits for it."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._refusal = ""  # why the crystal of the other tabs is not shown here
        self.view = BreakingView(
            parent_of(context.reading.structure, _symprec(context)),
            Asker(context.model),
            tensor_kind(_kind(context)),
            context.reading.structure_id,
            asks=False,
        )
        context.session.add(self.view)
        self.widget: Any = self.view

    @property
    def code(self) -> str:
        """The line that shows the same alone."""
        c = self._context
        more = arguments({k: v for k, v in c.options.items() if k == "symprec"})
        return f"cn.break_symmetry({c.source}, model={c.model!r}{more})"

    def sentences(self) -> Sequence[Sentence]:
        """Only why another crystal is shown: what is broken by hand is no finding about the crystal."""
        return [Sentence("fact", self._refusal)] if self._refusal else ()

    def scene(self) -> Scene:
        """The picture of the distortion that is shown."""
        return self.view.scene()

    def sections(self) -> Sequence[html.Section]:
        """The distortion that is shown."""
        return [self.view.section("Breaking the symmetry")]

    def to_text(self) -> str:
        """The distortion that is shown."""
        return self.view.to_text()

    def follow(self, context: Context) -> None:
        """Start again from another crystal, symmetry or model."""
        before, self._context = self._context, context
        has_moved = context.reading is not before.reading or context.symmetry is not before.symmetry
        if context.symmetry is not None and (has_moved or context.model != before.model):
            try:
                parent = parent_of(context.reading.structure, _symprec(context))
            except StructureError as error:
                self.view.cancel()
                self._refusal = f"The tab Break stays with {self.view.describe()['id']}: {error.text}"
                return
            self._refusal = ""
            self.view.update(parent, Asker(context.model), context.reading.structure_id)

    def close(self) -> None:
        """Release the view."""
        self.view.close()


def _symprec(context: Context) -> Any:
    return context.symmetry.symprec if context.symmetry is not None else "auto"


def _kind(context: Context) -> str:
    kinds = [p.spec.tensor.name for p in context.predictions.values() if p.spec.tensor is not None]
    return kinds[0] if kinds else "dielectric"


def _build(context: Context) -> BreakingTab | None:
    if context.symmetry is None:
        return None
    try:
        return BreakingTab(context)
    except StructureError:  # a supercell that does not carry the whole point group
        return None


register_tab(Tab(name="breaking", title="Break", build=_build))
