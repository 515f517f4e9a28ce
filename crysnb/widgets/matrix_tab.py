"""The Matrices tab of ``cn.explain``: what the model computed inside, worked out when it is asked for."""

from __future__ import annotations

from crysnb.symmetry.detect import Symprec
from crysnb.widgets import breaking_tab  # noqa: F401 - its tab stands before this one
from crysnb.widgets.asked_tab import AskedTab
from crysnb.widgets.explain_tabs import Context, Tab, arguments, register_tab
from crysnb.widgets.matrices import matrices
from crysnb.widgets.matrix_view import MatrixView


class MatrixTab(AskedTab):
    """The matrices of the crystal and the model that are shown, at the tolerance of the other tabs."""

    title = "Matrices"
    ask = "Work out the matrices"

    def make(self) -> MatrixView:
        """The view of the crystal as given, without idealisation."""
        c = self._context
        symprec: Symprec = c.symmetry.symprec if c.symmetry is not None else "auto"
        result = matrices(c.model, c.reading.structure, symprec=symprec)
        return MatrixView(result, c.reading.structure_id)

    def about(self) -> str:
        """Whose matrices they will be."""
        c = self._context
        return (
            f"What {c.model} computes inside for {c.reading.structure_id}, under the crystal's own "
            "operations. It takes some seconds."
        )

    def fits(self, context: Context) -> bool:
        """For the same crystal, symmetry and model."""
        before = self._context
        same = context.reading is before.reading and context.model == before.model
        return same and context.symmetry is before.symmetry

    @property
    def code(self) -> str:
        """The line that shows the same alone."""
        c = self._context
        more = arguments({k: v for k, v in c.options.items() if k == "symprec"})
        return f"cn.matrices({c.model!r}, {c.source}{more})"


def _build(context: Context) -> MatrixTab | None:
    return None if context.symmetry is None else MatrixTab(context)


register_tab(Tab(name="matrices", title="Matrices", build=_build))
