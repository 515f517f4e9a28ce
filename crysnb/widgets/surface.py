"""``cn.surface``: a directional analysis whose numbers need no browser, and which shows itself in one.

Importing this module, and every number, works without the ``notebook`` extra.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from numpy.typing import ArrayLike

from crysnb.errors import MissingExtra
from crysnb.tensors.surface import surface as headless
from crysnb.tensors.surface_result import Surface
from crysnb.values.prediction import Prediction
from crysnb.values.tensor_kind import TensorKind
from crysnb.widgets.nye_input import title_of

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from crysnb.widgets.surface_view import SurfaceView


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


def surface(
    T: ArrayLike | Prediction,
    property: str | None = None,  # noqa: A002 - the public name of the argument
    structure: Any = None,
    kind: str | TensorKind | None = None,
    *,
    unit: str | None = None,
) -> ShownSurface:
    """A tensor's directional property: values, extremes with directions, and which components make them up.

    Shows itself in Jupyter as a surface that can be turned. All numbers are there without a browser and
    without the notebook extra.

    Parameters
    ----------
    T
        Full Cartesian tensor or printed matrix (3×3, 3×6, 6×6; stiffness in GPa and e without factors); or a
        :class:`Prediction`.
    property
        For a stiffness ``"young"`` (the default), ``"linear_compressibility"``, ``"shear"`` or
        ``"poisson"``; for a permittivity ``"ellipsoid"``; ``"longitudinal"`` for all other tensors.
    structure
        The crystal in whose frame the tensor is (anything that :func:`crysnb.as_structure` accepts), a point
        group such as ``"4mm"``, a space-group number, or a :class:`TensorForm`: directions then have
        crystal indices.
    kind
        Kind of the array; told from its shape if omitted.
    unit
        Unit of the array; the usual one of its kind if omitted.

    Returns
    -------
    ShownSurface
        ``.extremes``, ``.value(n)``, ``.contributions(n)``, ``.averages``, ``.to_dict()``, ``.to_frame()``;
        ``.view()`` and ``.figure()``.

    Raises
    ------
    ShapeError
        ``elastic.not_positive_definite`` for a stiffness under which some strain costs no energy;
        ``tensor.asymmetric`` if the indices are not symmetric; ``tensor.kind`` for a scalar; those of
        :class:`TensorKind`.
    UnknownName
        For an unknown property, kind or unit.

    Examples
    --------
    >>> import numpy as np
    >>> surface(np.diag([2.0, 2.0, 3.0])).extremes["max"].value
    3.0
    """
    found = headless(T, property, structure, kind, unit=unit, title=title_of(structure))
    return ShownSurface(**{f.name: getattr(found, f.name) for f in fields(found)})
