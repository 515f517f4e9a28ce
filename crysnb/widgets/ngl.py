"""nglview, the 3-D viewer: imported on use, and handed numbers and element symbols of ours only."""

# ruff: noqa: SLF001 - nglview offers no public way to its call queue and to many shapes at once

from __future__ import annotations

import queue
import threading
import weakref
from typing import Any

import numpy as np
from ipywidgets.widgets import widget
from ipywidgets.widgets.widget_link import Link

from crysnb.errors import MissingExtra
from crysnb.widgets.closing import close_whole
from crysnb.widgets.crystal_drawing import CrystalDrawing, drawn_radius
from crysnb.widgets.crystal_scene import VIEW
from crysnb.widgets.element_colors import element_color, rgb

_BOND_RADIUS = 0.11
_EDGE_RADIUS = 0.02
_EDGE_COLOR = [0.55, 0.55, 0.55]


def pdb_text(drawing: CrystalDrawing) -> str:
    """The drawn atoms as PDB, written from checked numbers; labels are element and site number."""
    lines = []
    for k, (symbol, site, (x, y, z)) in enumerate(
        zip(drawing.symbols, drawing.site, drawing.positions, strict=True)
    ):
        name = f"{symbol}{site + 1}"[:4]
        lines.append(
            f"HETATM{(k + 1) % 100000:5d} {name:<4s} CRY A{(site + 1) % 10000:4d}    "
            f"{x:8.3f}{y:8.3f}{z:8.3f}{1:6.2f}{0:6.2f}          {symbol.upper():>2s}"
        )
    return "\n".join([*lines, "END", ""])


def ngl_widget(drawing: CrystalDrawing) -> Any:
    """An nglview widget that shows the drawing in the structure's own frame, on a transparent page.

    Raises
    ------
    MissingExtra
        If nglview is not installed or cannot be imported.
    """
    nglview = _import_nglview()
    view = _viewer_class(nglview)(nglview.TextStructure(pdb_text(drawing), ext="pdb"), default=False)
    view.clear_representations()
    for symbol in dict.fromkeys(drawing.symbols):
        view.add_representation(
            "spacefill",
            selection=f"_{symbol.upper()}",
            color=element_color(symbol),
            radius_type="size",
            radius_size=drawn_radius(symbol),
        )
    view._add_shape(_shapes(drawing), name="bonds and cell")
    # The camera of the still picture: z up, seen from the front right.
    view.camera = "orthographic"
    view.stage.set_parameters(fog_near=100, fog_far=100, clip_dist=0)
    view.center()
    view.control.rotate(_camera())
    view.layout.height = "340px"
    view.layout.max_width = "640px"
    view.add_class("cn-ngl")
    return view


def close_ngl(view: Any) -> None:
    """Close an nglview widget with the player, button and image that it made, and end its thread."""
    player = view._iplayer.children if view._iplayer is not None else ()
    parts = {view, view._iplayer, *player, view._ibtn_fullscreen, view._widget_image} - {None}
    # Nobody but the registry of ipywidgets knows the links between them.
    known = list(getattr(widget, "_instances", {}).values())
    parts |= {w for w in known if isinstance(w, Link) and {w.source[0], w.target[0]} & parts}
    for part in parts:
        close_whole(part)
    view._remote_call_thread.q.append(None)


class _Calls(threading.Thread):
    """Sends queued calls to the browser, in order; waits for the ones that load something.

    nglview starts two threads per view that poll for ever and keep the view alive; this one sleeps
    while there is nothing to do, holds no reference, and ends.
    """

    _LOADING = ("loadFile", "replaceStructure", "_exportImage")
    _PATIENCE = 10.0  # seconds that a browser may take to load

    def __init__(self, view: Any) -> None:
        super().__init__(name="crysnb-ngl", daemon=True)
        self._queue: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._view = weakref.ref(view)
        weakref.finalize(view, self._queue.put, None)

    @property
    def q(self) -> _Calls:
        """What nglview appends its calls to."""
        return self

    def append(self, call: Any) -> None:
        """Queue a call; None ends the thread."""
        self._queue.put(call)

    def run(self) -> None:
        """Send calls until told to end."""
        while (call := self._queue.get()) is not None:
            view = self._view()
            if view is None:
                return
            loaded: threading.Event = view._event  # set by nglview when the browser has finished
            loaded.clear()
            call(view)
            del view
            if call._method_name in self._LOADING:
                loaded.wait(self._PATIENCE)


def _viewer_class(nglview: Any) -> type[Any]:
    class Viewer(nglview.NGLWidget):  # type: ignore[misc]
        """nglview with one quiet thread."""

        def _initialize_threads(self) -> None:
            if hasattr(self, "_remote_call_thread"):
                return  # both constructors of nglview call this
            self._event = threading.Event()  # nglview's base class shares one between all views
            self._remote_call_thread = _Calls(self)
            self._remote_call_thread.start()
            self.on_msg(self._handle_nglview_custom_msg)

    return Viewer


def _camera() -> list[float]:
    """Quaternion [x, y, z, w] of the view; NGL looks along +z, so its right is −x and its eye at −z."""
    from scipy.spatial.transform import Rotation

    return [float(v) for v in Rotation.from_matrix(np.diag([-1.0, 1.0, -1.0]) @ VIEW).as_quat()]


def _shapes(drawing: CrystalDrawing) -> list[list[Any]]:
    shapes: list[list[Any]] = [
        ["cylinder", start.tolist(), end.tolist(), _EDGE_COLOR, _EDGE_RADIUS]
        for start, end in drawing.edges()
    ]
    for i, j in drawing.bonds:
        half = (drawing.positions[i] + drawing.positions[j]) / 2
        for k in (i, j):
            color = list(rgb(element_color(drawing.symbols[k])))
            shapes.append(["cylinder", drawing.positions[k].tolist(), half.tolist(), color, _BOND_RADIUS])
    return shapes


def _import_nglview() -> Any:
    # nglview displays an empty view when it is imported for the first time.
    from IPython.utils.capture import capture_output

    try:
        with capture_output():
            import nglview
    except ImportError as error:
        raise MissingExtra(
            "extra.nglview",
            found="nglview is not installed" if error.name == "nglview" else "nglview cannot be imported",
            action="Install it with: pip install 'crysnb[notebook]'",
        ) from error
    return nglview
