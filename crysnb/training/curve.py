"""The learning curves of a run as a picture."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from crysnb.files import write_whole

#: Name of the picture in the output folder.
PICTURE = "learning-curve.svg"
#: Measure beside the loss; with a suffix where the labels are known up to a choice of axes.
_MEASURE = "rel_median"


def draw_curves(file: Path, title: str, logs: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    """Write an SVG with the training loss and the median relative error on validation over the epochs.

    Parameters
    ----------
    file
        Where it goes.
    title
        Of the picture.
    logs
        Entries of the epochs, by the name of the network that they belong to.
    """
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(8, 3.2), layout="constrained")
    panels = figure.subplots(1, 2)
    labels = {"loss": "training loss", _MEASURE: "median relative error on validation"}
    for panel, (name, label) in zip(panels, labels.items(), strict=True):
        for who, entries in logs.items():
            points = [(e["epoch"], v) for e in entries for k, v in e.items() if k.startswith(name)]
            if points:
                panel.plot(*zip(*points, strict=True), label=who, marker="." if len(points) < 40 else "")
        panel.set(xlabel="epoch", ylabel=label, yscale="log")
        panel.xaxis.set_major_locator(MaxNLocator(integer=True))
        if panel.lines:
            panel.legend(frameon=False)
    figure.suptitle(title, fontsize="medium")
    out = io.BytesIO()
    # Neither the time nor random ids: the same run gives the same picture.
    with mpl.rc_context({"svg.hashsalt": "crysnb", "svg.fonttype": "none"}):
        FigureCanvasSVG(figure).print_svg(out, metadata={"Date": None})  # type: ignore[no-untyped-call]
    write_whole(file, out.getvalue(), overwrite=True)
