"""The Elements tab of ``cn.explain``: the periodic table, linked with the elements of the crystal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crysnb.elements.table import SHIPPED, element_tables
from crysnb.widgets import breaking_tab  # noqa: F401 - its tab stands before this one
from crysnb.widgets.asked_tab import AskedTab
from crysnb.widgets.explain_tabs import Context, Tab, register_tab

if TYPE_CHECKING:
    from crysnb.widgets.elements_view import ElementsView

_COMPUTED = "magpie-like"


class ElementsTab(AskedTab):
    """The learned table where it is shipped, else one that is computed; the same for every crystal."""

    title = "Elements"
    ask = "Show the periodic table"

    def make(self) -> ElementsView:
        """The view; elements that are selected in the crystal are selected in it."""
        from crysnb.widgets.elements_view import periodic_table  # loads scikit-learn

        return periodic_table(self.table)

    @property
    def table(self) -> str:
        """Name of the table of elements."""
        return SHIPPED if SHIPPED in element_tables() else _COMPUTED

    def about(self) -> str:
        """Which table it will be."""
        return f"The periodic table grouped by {self.table}, with nearest elements and what noise would give."

    def fits(self, context: Context) -> bool:
        """Always: the table knows nothing of the crystal."""
        del context
        return True

    @property
    def code(self) -> str:
        """The line that shows the same alone."""
        return f"cn.periodic_table({self.table!r})"


register_tab(Tab(name="elements", title="Elements", build=ElementsTab))
