"""``cn.upload``: files dropped on a page become checked structures, and are shown and explained.

The browser sends bytes; the one reader of :mod:`crysnb.structure.read` decides about them. There is no
second parser, neither here nor in the browser.
"""

from __future__ import annotations

import contextlib
import logging
import textwrap
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast

from crysnb.errors import CrysnbError, MissingExtra, quote
from crysnb.structure import check
from crysnb.widgets import html
from crysnb.widgets.base import ExplainerWidget
from crysnb.widgets.closing import close_whole
from crysnb.widgets.messages import Check
from crysnb.widgets.present import Present, Shown, explanation
from crysnb.widgets.scene import INK, TIE, VIOLATION, Scene, Text
from crysnb.widgets.upload_files import (
    MAX_FILES,
    UploadedFile,
    admits_choice,
    admits_file,
    is_choice,
    refusal,
    too_many,
)

try:
    import traitlets
except ImportError as _error:
    raise MissingExtra.notebook(_error) from _error

if TYPE_CHECKING:
    from crysnb.models.interface import Model

_log = logging.getLogger(__name__)

_HINT = f"CIF, POSCAR or JSON, up to {check.MAX_BYTES // 2**20} MiB each"


class UploadView(ExplainerWidget):
    """A drop zone, the fate of each file, and below it the crystal shown last. Made by :func:`upload`.

    A file that is refused leaves what is shown as it was.

    Attributes
    ----------
    structure
        The structure shown, or None; observe it to go on with it.
    result
        Its prediction, or None.
    errors
        Errors of the latest drop and of what is shown, with ``code``, ``found``, ``accepted``, ``action``.
    """

    kind = traitlets.Unicode("upload").tag(sync=True)
    structure = traitlets.Any(None, read_only=True)
    result = traitlets.Any(None, read_only=True)
    errors: traitlets.List[CrysnbError] = traitlets.List(read_only=True)

    _writable: ClassVar[Mapping[str, Check]] = {}

    def __init__(self, present: Present) -> None:
        import ipywidgets

        self._present = present
        self._files: list[UploadedFile] = []
        self._drop_errors: list[CrysnbError] = []
        self._shown: Shown | None = None
        self._shown_file: UploadedFile | None = None
        super().__init__(data=self._state())
        self._content = ipywidgets.VBox()
        self._box = ipywidgets.VBox((self, self._content))

    @property
    def widget(self) -> Any:
        """The whole view as one ipywidget, for use in layouts."""
        return self._box

    @property
    def views(self) -> tuple[Any, ...]:
        """The views of the structure shown."""
        return self._shown.views if self._shown is not None else ()

    # -- what a reader does ----------------------------------------------------------------------

    def add(self, *files: tuple[str, bytes]) -> None:
        """Take files as if they had been dropped together.

        Parameters
        ----------
        files
            Name and content of each. The first that is accepted is shown; the others are listed. Of
            a file with several structures none is shown before :meth:`choose`.
        """
        for file in cast("tuple[object, ...]", files):
            if not isinstance(file, tuple) or [type(part) for part in file] != [str, bytes]:
                raise CrysnbError(
                    "upload.type",
                    found=f"{quote(file)} in the place of a file",
                    accepted="pairs of name and bytes, such as ('a.cif', Path('a.cif').read_bytes())",
                )
        for position, (name, data) in enumerate(files[:MAX_FILES]):
            self._take(name, data, len(data), position, len(files))

    def choose(self, file: int, block: int | None = None) -> None:
        """Show another file of the list, or one structure of a file that holds several.

        Parameters
        ----------
        file
            Position in the list, from 0.
        block
            Position of the structure in the file, from 0.

        Raises
        ------
        CrysnbError
            ``upload.choice`` if there is no such file or structure. A structure that is refused is
            listed in ``errors`` instead.
        """
        is_listed = type(file) is int and 0 <= file < len(self._files)
        if not is_listed or not is_choice(self._files[file], block):
            raise CrysnbError(
                "upload.choice",
                found=f"there is no structure {quote(block)} in file {quote(file)}",
                accepted=f"positions in the {len(self._files)} listed files, from 0",
            )
        entry = self._files[file]  # of a closed view there is none
        with self._busy(f"Reading {entry.name} …"):
            with self._blaming(entry):
                if block is not None:
                    entry.choose(block)
            if entry.error is None:
                self._show(entry)

    # -- messages from the browser -----------------------------------------------------------------

    def _handle_custom_msg(self, content: Any, buffers: Any) -> None:
        kind = content.get("kind") if isinstance(content, dict) and self.comm is not None else None
        if kind == "file" and admits_file(content, buffers or ()):
            data = bytes(buffers[0]) if buffers else None
            # An empty buffer may get lost on the way.
            data = b"" if data is None and content["size"] == 0 else data
            self._take(content["name"], data, content["size"], content["position"], content["count"])
        elif kind == "show" and admits_choice(content, self._files):
            self.choose(content["file"], content["block"] if content["block"] >= 0 else None)
        else:
            super()._handle_custom_msg(content, buffers)

    # -- one file -----------------------------------------------------------------------------------

    def _take(self, name: str, data: bytes | None, size: int, position: int, count: int) -> None:
        if self.comm is None:
            raise CrysnbError("view.closed", found="the upload was closed", action="Call cn.upload again")
        if position == 0:
            self._files = []
            self._drop_errors = [too_many(count)] if count > MAX_FILES else []
        entry = UploadedFile.named(name)
        self._files.append(entry)
        with self._busy(f"Reading {entry.name} …"):
            with self._blaming(entry):
                entry.admit(data, size)
            if entry.reading is not None and self._shown_file not in self._files:
                self._show(entry)

    def _show(self, entry: UploadedFile) -> None:
        """Put a structure in the place of the one shown; if that fails, what is shown stays."""
        reading = entry.reading
        if reading is None:
            return
        self.message = f"Predicting {entry.name} …"
        with self._blaming(entry):
            shown = self._present(reading)
            before, self._shown, self._shown_file = self._shown, shown, entry
            self._content.children = tuple(getattr(view, "widget", view) for view in shown.views)
            for view in before.views if before is not None else ():
                view.close()
            self._tell("result", shown.result)
            self._tell("structure", reading.structure)

    @contextlib.contextmanager
    def _busy(self, message: str) -> Iterator[None]:
        """Say what goes on, and tell the outcome whatever happens."""
        self.status, self.message = "running", message
        try:
            yield
        finally:
            self._tell("errors", [*(f.error for f in self._files if f.error), *self._problems()])
            self.data = self._state()
            self.status, self.message = "idle", ""

    def _tell(self, name: str, value: object) -> None:
        """Set a trait; what goes wrong in somebody's observer is told and ends nothing."""
        try:
            self.set_trait(name, value)
        except Exception as error:  # noqa: BLE001 - a callback may raise anything
            _log.exception("an observer of %s raised", name)
            self._drop_errors.append(
                CrysnbError(
                    "upload.observer",
                    found=f"a function observing {name} raised {type(error).__name__}: {quote(str(error))}",
                    action="Correct that function; the upload itself is complete",
                )
            )

    @contextlib.contextmanager
    def _blaming(self, entry: UploadedFile) -> Iterator[None]:
        """Turn a fault into the error of a file; nothing but an interrupt ends the session."""
        try:
            yield
        except CrysnbError as error:
            entry.error = error
        except Exception as error:  # noqa: BLE001 - whatever a file does, its failure is told
            _log.exception("unforeseen error on an uploaded file")
            entry.error = CrysnbError(
                "internal.error",
                found=f"an unforeseen {type(error).__name__}",
                action="Please report it; the log has the details",
            )

    # -- what is drawn ------------------------------------------------------------------------------

    def _problems(self) -> list[CrysnbError]:
        """What is wrong beside single files: with the drop, and with the prediction of what is shown."""
        error = self._shown.error if self._shown is not None else None
        return [*self._drop_errors, *([error] if error is not None else [])]

    def _rows(self) -> list[dict[str, Any]]:
        return [f.row(is_shown=f is self._shown_file) for f in self._files]

    def _state(self) -> dict[str, Any]:
        return {
            "hint": _HINT,
            "max_bytes": check.MAX_BYTES,
            "max_files": MAX_FILES,
            "enabled": True,
            "files": self._rows(),
            "problems": [refusal(e) for e in self._problems()],
        }

    def describe(self) -> dict[str, Any]:
        """The files and their fate, the id of what is shown, and the facts of its views."""
        state = self._state()
        reading = self._shown_file.reading if self._shown_file is not None else None
        return {
            "files": state["files"],
            "problems": state["problems"],
            "structure_id": reading.structure_id if reading is not None else None,
            "shown": [view.describe() for view in self.views],
        }

    def to_text(self) -> str:
        """The files and their fate as plain text, then what is shown."""
        lines = [f"Drop zone for crystal structures. {_HINT}."]
        for f, row in zip(self._files, self._rows(), strict=True):
            lines.append(": ".join(part for part in (f.name, row["state"], row["text"]) if part))
            lines += [f"  {f.error}"] if f.error is not None else []
        lines += [str(error) for error in self._problems()]
        return "\n".join([*lines, *(view.to_text() for view in self.views)])

    def _scene(self) -> Scene:
        lines = [("Drop zone for crystal structures", TIE), (_HINT, INK)]
        lines += [("Run this cell again to drop a file here.", INK)] if not self._files else []
        for f, row in zip(self._files, self._rows(), strict=True):
            code = f.error.code if f.error is not None else ""
            said = " ".join(part for part in (row["state"], row["text"], code) if part)
            lines.append((f"{f.name}: {said}", VIOLATION if code else INK))
        shapes = [
            Text(x=14, y=26 + 19 * k, text=textwrap.shorten(text, 90, placeholder="…"), size=13, color=color)
            for k, (text, color) in enumerate(lines)
        ]
        height = 26 + 19 * len(lines)
        return Scene(width=640, height=height, shapes=tuple(shapes), title=lines[0][0], description=_HINT)

    def section(self, heading: str = "") -> html.Section:
        """The list of files as a part of an offline page, on which nothing can be dropped."""
        rows = [
            (row["name"], row["state"], row["text"], str(f.error) if f.error is not None else "")
            for f, row in zip(self._files, self._rows(), strict=True)
        ]
        return html.Section(
            heading=heading,
            svg=self.to_svg(),
            alt=self.alt_text(),
            caption="Files",
            headers=("file", "state", "content", "error"),
            rows=rows,
            state=self.offline_state({**self._state(), "enabled": False}),
        )

    def _live_bundle(self) -> dict[str, Any]:
        box = self._box._repr_mimebundle_()
        data = box[0] if isinstance(box, tuple) else box
        return {**(data or {}), "text/plain": repr(self)}

    def close(self) -> None:
        """Release the drop zone and the views under it."""
        views, self._shown, self._shown_file, self._files = self.views, None, None, []
        for view in views:
            view.close()
        for box in (self._content, self._box):
            box.children = ()
            close_whole(box)
        super().close()

    def __repr__(self) -> str:
        shown = self._shown_file.name if self._shown_file is not None else "nothing shown"
        return f"UploadView({len(self._files)} files, {shown}, {len(self.errors)} errors)"


def upload(model: str | Path | Model = "gmtnet-dielectric", *, present: Present | None = None) -> UploadView:
    """A drop zone for CIF, POSCAR and JSON files: each is checked, then drawn and explained below.

    Parameters
    ----------
    model
        Shipped name, folder, or a loaded model that predicts for what is dropped. It is loaded at once.
    present
        Makes what is shown of a structure, in the place of :func:`crysnb.explain`; it is
        given a :class:`~crysnb.structure.read.Reading`. Then no model is loaded.

    Returns
    -------
    UploadView
        Shows itself in Jupyter. ``.structure``, ``.result`` and ``.errors`` follow what is dropped and can
        be observed; ``.add(("name.cif", data))`` does what dropping does.

    Raises
    ------
    CrysnbError
        If the model is unknown or its weights cannot be used. What is wrong with a file is never raised.
    """
    if present is not None:
        return UploadView(present)
    from crysnb.models.interface import load_model

    return UploadView(partial(explanation, model=load_model(model)))
