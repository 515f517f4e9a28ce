"""The curve of a model under a distortion as a plotly figure."""

from __future__ import annotations

from typing import Any

import numpy as np

from crysnb.breaking.response import Response
from crysnb.breaking.step import Step
from crysnb.errors import MissingExtra
from crysnb.widgets.scene import RELATION, RULE, TIE


def breaking_figure(curve: Response, step: Step) -> Any:
    """Allowed part and leak against amplitude, log axes, with rounding and the band of what is not detected.

    Parameters
    ----------
    curve
        The response of a model.
    step
        The distortion at one amplitude, which gives the tolerance.
    """
    try:
        import plotly.graph_objects as go
    except ImportError as error:
        raise MissingExtra.notebook(error) from error
    sizes = np.abs(curve.amplitudes)
    figure = go.Figure()
    for name, values, color in (
        ("allowed part changed", curve.changed, TIE),
        ("forbidden part (leak)", curve.leak, RELATION),
    ):
        figure.add_scatter(x=sizes, y=values, name=name, mode="lines+markers", line={"color": color})
    figure.add_hline(y=curve.noise, line={"color": RULE, "dash": "dot"}, annotation_text="rounding")
    if step.seen_from > 0:
        figure.add_vrect(x0=sizes.min() / 2, x1=step.seen_from, fillcolor=RULE, opacity=0.18, line_width=0)
    for k in curve.crossings:
        figure.add_vline(x=sizes[k], line={"color": RULE, "width": 1})
    figure.update_xaxes(type="log", title=f"amplitude {curve.pattern.unit}".strip())
    figure.update_yaxes(type="log", title=f"{curve.kind.name} {curve.unit}".strip(), exponentformat="power")
    figure.update_layout(title=f"{curve.pattern.name}: {step.parent_group} to {step.group}")
    return figure
