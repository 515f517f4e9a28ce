"""A surface as a plotly figure, for reports and papers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from crysnb.errors import MissingExtra
from crysnb.tensors.surface_result import Surface
from crysnb.units import display_unit
from crysnb.widgets.crystal_overlay import VIRIDIS
from crysnb.widgets.surface_state import SIGNED

if TYPE_CHECKING:
    import plotly.graph_objects as go

_N_POLAR, _N_AZIMUTH = 61, 121


def surface_figure(surface: Surface, sheet: str | None = None) -> go.Figure:
    """Distance from the middle and colour are the value; the axes are those of the tensor's frame.

    Parameters
    ----------
    surface
        What is drawn.
    sheet
        For a shear modulus or Poisson's ratio ``"max"`` (the default), ``"mean"`` or ``"min"`` over m.

    Raises
    ------
    MissingExtra
        If plotly is not installed.
    """
    try:
        import plotly.graph_objects as go
    except ImportError as error:
        raise MissingExtra.notebook(error) from error
    theta = np.linspace(0, np.pi, _N_POLAR)[:, None]
    phi = np.linspace(0, 2 * np.pi, _N_AZIMUTH)[None]
    x, y, z = np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta) + 0 * phi
    values = np.asarray(surface.value(np.stack([x, y, z], axis=-1), sheet=sheet))
    radius = np.abs(values)
    low, high = float(values.min()), float(values.max())
    most = max(-low, high)
    signed = low < 0 < high
    unit = display_unit(surface.unit)
    title = f"{surface.quantity.title}{f' in {unit}' if unit else ''}"
    shape = go.Surface(
        x=radius * x,
        y=radius * y,
        z=radius * z,
        surfacecolor=values,
        cmin=-most if signed else low,
        cmax=most if signed else high,
        colorscale=list(SIGNED if signed else VIRIDIS),
        colorbar={"title": {"text": unit or surface.quantity.symbol}},
        hovertemplate="%{surfacecolor:.4g}<extra></extra>",
    )
    figure = go.Figure(shape)
    named = f"{surface.title}: {title}" if surface.title else title
    figure.update_layout(title={"text": named}, scene={"aspectmode": "data"})
    return figure
