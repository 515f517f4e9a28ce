"""The base of all views: state, messages from the browser, display with a picture to fall back on.

Importing this module needs the ``notebook`` extra.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from crysnb.errors import CrysnbError, MissingExtra, UnknownName
from crysnb.widgets.messages import Check, admit_event, admit_state, is_name_list

try:
    import anywidget
    import traitlets
except ImportError as _error:
    raise MissingExtra(
        "extra.notebook",
        found=f"the views need {_error.name}, which is not installed",
        action="Install it with: pip install 'crysnb[notebook]'",
    ) from _error

_log = logging.getLogger(__name__)

_ESM = Path(__file__).parent / "static" / "widget.mjs"
_MAX_ERRORS = 50


class ExplainerWidget(anywidget.AnyWidget):
    """A view: synced state plus one ES module.

    Attributes
    ----------
    kind
        Which view the module draws.
    status
        ``"idle"``, ``"loading"``, ``"running"``, ``"error"`` or ``"stale"``.
    message
        One human line about the status; empty if there is nothing to say.
    selection
        What is selected: names, the same list in Python and in the browser.
    data
        All that is drawn, as plain JSON.
    fallback_id
        Mark of the picture that belongs to this view; the live view hides it.
    js_errors
        Faults in the browser half, reported by itself; empty if all is well.
    n_dropped
        Entries of browser messages that were refused.
    is_ready
        Whether a browser has drawn the view.
    fallback
        ``"second"``: a picture follows the live view as a second output; ``"none"``: it does not.
    """

    # Declared as a trait, not as a path: anywidget would connect a watcher that keeps every instance alive.
    _esm = traitlets.Unicode(_ESM.read_text(encoding="utf-8") if _ESM.is_file() else "").tag(sync=True)
    kind = traitlets.Unicode("").tag(sync=True)
    status = traitlets.Enum(("idle", "loading", "running", "error", "stale"), "idle").tag(sync=True)
    message = traitlets.Unicode("").tag(sync=True)
    selection = traitlets.List(traitlets.Unicode()).tag(sync=True)
    data = traitlets.Dict().tag(sync=True)
    fallback_id = traitlets.Unicode("").tag(sync=True)

    js_errors = traitlets.List(traitlets.Unicode())
    n_dropped = traitlets.Int(0)
    is_ready = traitlets.Bool(default_value=False)
    fallback = traitlets.Enum(("second", "none"), "second")

    #: Traits that a browser may write, each with its check. Everything else from there is dropped.
    _writable: ClassVar[Mapping[str, Check]] = {"selection": is_name_list}

    def __init__(self, **state: Any) -> None:
        if not _ESM.is_file():
            raise CrysnbError(
                "view.bundle_missing",
                found="the browser half of the views (crysnb/widgets/static/widget.mjs) is not there",
                action="In a clone run `make bundle`; otherwise install the wheel again",
            )
        super().__init__(fallback_id=uuid.uuid4().hex, **state)

    # -- selection -----------------------------------------------------------------------------

    def selectable(self) -> tuple[str, ...]:
        """Names that may be selected."""
        return ()

    @traitlets.validate("selection")
    def _check_selection(self, proposal: Any) -> list[str]:
        names = list(proposal["value"])
        known = self.selectable()
        for name in names:
            if name not in known:
                raise UnknownName.of("component", name, known)
        return list(dict.fromkeys(names))

    # -- messages from the browser ----------------------------------------------------------------

    def set_state(self, sync_data: Any) -> None:
        """Take over a state update from the browser, or the admissible part of it."""
        accepted, dropped = admit_state(sync_data, self._writable)
        known = self.selectable()
        if any(name not in known for name in accepted.get("selection", ())):
            del accepted["selection"]
            dropped += 1
        self.n_dropped += dropped
        if accepted:
            super().set_state(accepted)

    def _handle_custom_msg(self, content: Any, _buffers: Any) -> None:
        event = admit_event(content)
        if event is None:
            self.n_dropped += 1
        elif event["kind"] == "ready":
            self.is_ready = True
        else:
            _log.warning("browser half of %s: %s", type(self).__name__, event["text"])
            self.js_errors = [*self.js_errors, event["text"]][-_MAX_ERRORS:]
        # Callbacks of on_msg are not called: no view of ours has another kind of message.

    # -- pictures and display ----------------------------------------------------------------------

    def describe(self) -> dict[str, Any]:
        """The facts shown, as plain data."""
        raise NotImplementedError

    def to_svg(self) -> str:
        """The view as an SVG picture, made without a browser."""
        raise NotImplementedError

    def to_png(self, scale: float = 2) -> bytes:
        """The view as a PNG picture, made without a browser."""
        raise NotImplementedError

    def to_text(self) -> str:
        """The view as plain text."""
        raise NotImplementedError

    def alt_text(self) -> str:
        """One line that stands for the picture where it cannot be seen."""
        return " ".join(self.to_text().splitlines()[:3])

    def offline_state(self, data: dict[str, Any]) -> dict[str, Any]:
        """What the browser half needs on a page without a kernel."""
        return {
            "kind": self.kind,
            "status": "idle",
            "message": "",
            "selection": [],
            "data": data,
            "fallback_id": "",
        }

    def _picture_size(self) -> tuple[int, int]:
        """Width and height of the picture at scale 1."""
        raise NotImplementedError

    def _live_bundle(self) -> dict[str, Any]:
        bundle = self._repr_mimebundle_()
        data = bundle[0] if isinstance(bundle, tuple) else bundle
        return {**(data or {}), "text/plain": repr(self)}

    def _ipython_display_(self, **_: Any) -> None:
        """Two outputs: the live view, then the picture that a reader without a kernel sees."""
        from IPython.display import display

        display(self._live_bundle(), raw=True)  # type: ignore[no-untyped-call]
        if self.fallback == "none":
            return
        width, height = self._picture_size()
        display(  # type: ignore[no-untyped-call]
            {"image/png": self.to_png(), "text/plain": self.to_text()},
            raw=True,
            metadata={"image/png": {"width": width, "height": height, "alt": self.alt_text()}},
        )

    def close(self) -> None:
        """Release the view, its observers and its data; it may be called twice."""
        super().close()
        self.unobserve_all()
        with self.hold_trait_notifications():
            self.set_trait("data", {})

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"
