"""The base of all views: state, messages from the browser, display with a picture to fall back on.

Importing this module needs the ``notebook`` extra.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from crysnb.errors import CrysnbError, MissingExtra, ShapeError, UnknownName, quote
from crysnb.files import csv_text, plain_name, write_whole
from crysnb.widgets import faults, html
from crysnb.widgets.messages import (
    MAX_SENT_BYTES,
    Check,
    admit_event,
    admit_state,
    encodable,
    is_options,
    n_bytes,
)
from crysnb.widgets.png import to_png
from crysnb.widgets.scene import Scene
from crysnb.widgets.session import SELECTABLE, Member
from crysnb.widgets.svg import to_svg

try:
    import anywidget
    import traitlets
except ImportError as _error:
    raise MissingExtra.notebook(_error) from _error

_log = logging.getLogger(__name__)

_ESM = Path(__file__).parent / "static" / "widget.mjs"
_MAX_ERRORS = 50


class Options(traitlets.Dict):
    """The options of a view; what is no dict is refused by an error of ours."""

    def validate(self, obj: Any, value: Any) -> Any:
        """``value``, or :class:`ShapeError`."""
        if not isinstance(value, dict):
            raise ShapeError(
                "view.option",
                found=f"options = {quote(value)}",
                accepted="a dict of option names and values, such as {" + self._example(obj) + "}",
            )
        return super().validate(obj, value)

    def _example(self, obj: Any) -> str:
        return ", ".join(f"{name!r}: {value!r}" for name, value in list(obj.options.items())[:1])


class ExplainerWidget(Member, anywidget.AnyWidget):
    """A view: synced state plus one ES module.

    The lists of what is selected (``atoms``, ``pairs``, ``elements``, ``operations``, ``cells``) have the
    same names on every view, so that ``traitlets.link``, ``ipywidgets.jslink`` and :func:`crysnb.link`
    join any two.

    Attributes
    ----------
    kind
        Which view the module draws.
    status
        ``"idle"``, ``"loading"``, ``"running"``, ``"error"`` or ``"stale"``.
    message
        One human line about the status; empty if there is nothing to say.
    details
        A few lines more about an error; empty without one.
    progress
        Share of the running work that is done, 0 to 1.
    options
        What the view may be asked to do otherwise, by name. Setting some of them from Python keeps the
        others, and does what a hand in the browser does.
    error_report
        Traceback of the latest error, for Python alone; empty without one.
    session
        Views with the same session share hover and selection in the browser.
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
    details = traitlets.Unicode("").tag(sync=True)
    progress = traitlets.Float(0.0, min=0.0, max=1.0).tag(sync=True)
    options = Options().tag(sync=True)
    data = traitlets.Dict().tag(sync=True)
    fallback_id = traitlets.Unicode("").tag(sync=True)

    js_errors = traitlets.List(traitlets.Unicode())
    n_dropped = traitlets.Int(0)
    is_ready = traitlets.Bool(default_value=False)
    fallback = traitlets.Enum(("second", "none"), "second")

    #: Traits that a browser may write, each with its check. Everything else from there is dropped.
    _writable: ClassVar[Mapping[str, Check]] = SELECTABLE

    def __init__(self, **state: Any) -> None:
        if not _ESM.is_file():
            raise CrysnbError(
                "view.bundle_missing",
                found="the browser half of the views (crysnb/widgets/static/widget.mjs) is not there",
                action="In a clone run `make bundle`; otherwise install the wheel again",
            )
        self.error_report = ""
        self._callback_failed = False
        super().__init__(fallback_id=uuid.uuid4().hex, session=uuid.uuid4().hex, **state)

    @traitlets.validate("data", "message", "details")
    def _check_text(self, proposal: Any) -> Any:
        # One such character, perhaps from a file, would end the whole message on its way to the browser.
        value = encodable(proposal["value"])
        if proposal["trait"].name == "data" and (size := n_bytes(value)) > MAX_SENT_BYTES:
            raise CrysnbError(
                "view.too_large",
                found=f"a drawing of {size / 1e6:.1f} MB",
                accepted=f"at most {MAX_SENT_BYTES / 1e6:.0f} MB in one update of a view",
                action="Show a part of it; the numbers are in .result",
            )
        return value

    # -- options and errors ------------------------------------------------------------------------

    def option_checks(self) -> Mapping[str, Check]:
        """Names of the options of this view, each with its check; none here."""
        return {}

    @traitlets.validate("options")
    def _check_options(self, proposal: Any) -> dict[str, Any]:
        checks = self.option_checks()
        for name, value in proposal["value"].items():
            if name not in checks:
                raise UnknownName.of("option", name, checks)
            try:
                fits = bool(checks[name](value))
            except (TypeError, ValueError):  # such as an array, which is neither equal nor unequal
                fits = False
            if not fits:
                raise ShapeError("view.option", found=f"{name} = {quote(value)}", accepted=self.accepts(name))
        return self.settled({**self.options, **proposal["value"]}, proposal["value"])

    def settled(self, options: dict[str, Any], asked: Collection[str]) -> dict[str, Any]:
        """Options that go together after those named in ``asked`` were set; raises what stands against it."""
        del asked
        return options

    def accepts(self, option: str) -> str:
        """What an option may be, in words."""
        return f"another value of {option}"

    def show_error(self, error: Exception) -> None:
        """Show an exception in the error area, and write it to the log; the view goes on."""
        faults.log_fault(self, error)
        self.error_report = faults.report_of(error)
        with self.hold_sync():
            self.message = faults.line_of(error)
            self.details = faults.details_of(error)
            self.status = "error"

    def clear_error(self) -> None:
        """Empty the error area."""
        self.error_report = ""
        self._callback_failed = False
        with self.hold_sync():
            self.message = self.details = ""
            self.status = "idle"

    # -- messages from the browser ----------------------------------------------------------------

    def set_state(self, sync_data: Any) -> None:
        """Take over a state update from the browser, or the admissible part of it."""
        checks = self.option_checks()
        accepted, dropped = admit_state(
            sync_data, {**self._writable, "options": is_options} if checks else self._writable
        )
        for kind in SELECTABLE:
            known = self.selectable(kind)
            if known is not None and any(_hashable(v) not in known for v in accepted.get(kind, ())):
                del accepted[kind]
                dropped += 1
        if "options" in accepted:
            kept, lost = admit_state(accepted.pop("options"), checks)
            try:
                if kept:
                    accepted["options"] = self.settled({**self.options, **kept}, kept)
            except CrysnbError:
                # The browser asked for what there is not any more: it is told what is shown.
                lost += len(kept)
                self.send_state("options")
            dropped += lost
        self.n_dropped += dropped
        if accepted:
            self._guarded(super().set_state, accepted)

    def _handle_custom_msg(self, content: Any, _buffers: Any) -> None:
        event = admit_event(content)
        if event is None:
            self.n_dropped += 1
        elif event["kind"] == "ready":
            self.is_ready = True
        elif event["kind"] == "js_error":
            _log.warning("browser half of %s: %s", type(self).__name__, event["text"])
            self.js_errors = [*self.js_errors, event["text"]][-_MAX_ERRORS:]
        else:
            self._guarded(self._on_event, event["kind"])
        # Callbacks of on_msg are not called: no view of ours has another kind of message.

    def _on_event(self, kind: str) -> None:
        """A hand in the browser asked for ``"run"`` or ``"cancel"``; views that compute override this."""
        del kind
        self.n_dropped += 1

    def _guarded(self, handler: Callable[[Any], None], argument: Any) -> None:
        """Handle a message; what a callback raises is shown, and gone after the next one that does not."""
        try:
            handler(argument)
        except Exception as error:  # noqa: BLE001 - of a user's callback, so it may be anything
            self._callback_failed = True
            self.show_error(error)
        else:
            if self._callback_failed:
                self.clear_error()

    # -- pictures and display ----------------------------------------------------------------------

    def describe(self) -> dict[str, Any]:
        """The facts shown, as plain data."""
        raise NotImplementedError

    def _scene(self) -> Scene:
        """The still picture of the view, which every view makes for itself."""
        raise NotImplementedError

    def scene(self) -> Scene:
        """The still picture as shapes, to be drawn with others."""
        return self._scene()

    @property
    def module(self) -> str:
        """Source of the browser half."""
        return str(self._esm)

    def to_svg(self) -> str:
        """The view as SVG, made without a browser; transparent, legible on light and dark pages."""
        return to_svg(self._scene())

    def to_png(self, scale: float = 2) -> bytes:
        """The view as PNG, made without a browser."""
        return to_png(self._scene(), scale, self.fallback_id)

    def to_text(self) -> str:
        """The view as plain text."""
        raise NotImplementedError

    def section(self, heading: str = "") -> html.Section:
        """The view as a part of an offline page."""
        raise NotImplementedError

    def table(self) -> tuple[Sequence[str], Sequence[Sequence[object]]]:
        """Names of the columns, and all rows of the facts shown."""
        part = self.section()
        return part.headers, part.rows

    def to_csv(self) -> str:
        """The facts shown as comma-separated values; text that looks like a formula is quoted."""
        return csv_text(*self.table())

    def save_csv(self, folder: str | Path = ".", *, overwrite: bool = False) -> Path:
        """Write :meth:`to_csv` into a folder, under a name of letters, digits and hyphens.

        Returns
        -------
        pathlib.Path
            The file, such as ``crysnb-crystal-quartz.csv``.

        Raises
        ------
        CrysnbError
            ``file.exists`` if it is there and ``overwrite`` is false; ``file.not_writable``.
        """
        name = plain_name(self.kind, str(self.data.get("title", "")))
        content = self.to_csv().encode("utf-8-sig")  # the mark tells a spreadsheet that it is UTF-8
        return write_whole(Path(folder) / f"{name}.csv", content, overwrite=overwrite)

    def to_html(self) -> str:
        """The view as one self-contained page that needs neither kernel nor network."""
        title = self.alt_text()
        return html.page(title=title, sections=[self.section()], module=self.module)

    def alt_text(self) -> str:
        """One line that stands for the picture where it cannot be seen."""
        return " ".join(self.to_text().splitlines()[:3])

    def offline_state(self, data: dict[str, Any]) -> dict[str, Any]:
        """What the browser half needs on a page without a kernel."""
        return {
            "kind": self.kind,
            "status": "idle",
            "message": "",
            "details": "",
            "progress": 0.0,
            "options": dict(self.options),
            "session": self.session,
            **self.selected(),
            "data": data,
            "fallback_id": "",
        }

    def _live_bundle(self) -> dict[str, Any]:
        bundle = self._repr_mimebundle_()
        data = bundle[0] if isinstance(bundle, tuple) else bundle
        return {**(data or {}), "text/plain": repr(self)}

    def _ipython_display_(self, **_: Any) -> None:
        """Two outputs: the live view, then the picture that a reader without a kernel sees."""
        if self.fallback == "none":
            display_live(self._live_bundle())
        else:
            display_twice(self._live_bundle(), self._scene(), self.to_png(), self.to_text(), self.alt_text())

    def close(self) -> None:
        """Release the view, its observers and its data; it may be called twice."""
        super().close()
        self.layout.close()  # ipywidgets leaves it open
        self.unobserve_all()
        with self.hold_trait_notifications():
            self.set_trait("data", {})

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


def _hashable(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def display_live(live: dict[str, Any]) -> None:
    """Emit a live view alone."""
    from IPython.display import display

    display(encodable(live), raw=True)  # type: ignore[no-untyped-call]


def display_twice(live: dict[str, Any], scene: Scene, png: bytes, text: str, alt: str) -> None:
    """Emit a live view, and as a second output the picture for readers without a kernel."""
    from IPython.display import display

    display_live(live)
    display(  # type: ignore[no-untyped-call]
        {"image/png": png, "text/plain": encodable(text)},
        raw=True,
        metadata={"image/png": {"width": scene.width, "height": scene.height, "alt": alt}},
    )
