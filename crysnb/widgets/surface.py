"""``cn.surface``: a directional analysis whose numbers need no browser, and which shows itself in one.

Importing this module, and every number, works without the ``notebook`` extra.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec

from crysnb.errors import MissingExtra
from crysnb.tensors.surface import surface as headless
from crysnb.tensors.surface_result import Surface

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from crysnb.widgets.surface_view import SurfaceView

P = ParamSpec("P")


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class ShownSurface(Surface):
    """A :class:`Surface` that shows itself in Jupyter. Made by :func:`surface`."""

    def view(self) -> SurfaceView:
        """A new view, to be linked with :func:`crysnb.link`, observed (``.cells``), or saved as a picture.

        Raises
        ------
        MissingExtra
            If the notebook extra is not installed.
        """
        from crysnb.widgets.surface_view import SurfaceView

        return SurfaceView(self)

    def figure(self, sheet: str | None = None) -> go.Figure:
        """The surface as a plain plotly figure; distance from the middle and colour are the value.

        Raises
        ------
        MissingExtra
            If plotly is not installed.
        """
        from crysnb.widgets.surface_figure import surface_figure

        return surface_figure(self, sheet)

    def _ipython_display_(self, **_: Any) -> None:
        try:
            view = self.view()
        except MissingExtra:
            raise NotImplementedError from None  # IPython then shows the plain text
        view._ipython_display_()


def _shown(numbers: Callable[P, Surface]) -> Callable[P, ShownSurface]:
    """The same function, whose result shows itself."""

    @wraps(numbers)
    def surface(*args: P.args, **kwargs: P.kwargs) -> ShownSurface:
        found = numbers(*args, **kwargs)
        return ShownSurface(**{f.name: getattr(found, f.name) for f in fields(found)})

    return surface


surface = _shown(headless)
