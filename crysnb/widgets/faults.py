"""What a view says when Python code behind it raises: one line, details on request, the rest to the log."""

from __future__ import annotations

import functools
import logging
import traceback
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from crysnb.errors import CrysnbError, sentences

_log = logging.getLogger(__name__)
_MAX_LINE, _MAX_DETAILS = 600, 2000

P = ParamSpec("P")


class ShowsErrors(Protocol):
    """A view with an error area."""

    def show_error(self, error: Exception) -> None:
        """Show what went wrong."""
        ...


V = TypeVar("V", bound=ShowsErrors)


def line_of(error: Exception) -> str:
    """One human line: code, what was found and what to do for an error of ours, the class name otherwise."""
    if isinstance(error, CrysnbError):
        text = sentences(error.found, error.action)
        return _cut(f"[{error.code}] {text}", _MAX_LINE)
    name = type(error).__name__
    return f"{name}: Python code behind this view failed. The view goes on; the log has the traceback."


def details_of(error: Exception) -> str:
    """A few plain lines more: what is accepted, or the message and the place. No path, no traceback."""
    if isinstance(error, CrysnbError):
        lines = [f"{type(error).__name__} {error.code}", error.accepted and f"Accepted: {error.accepted}"]
        return _cut("\n".join(line for line in lines if line), _MAX_DETAILS)
    text = f"{type(error).__name__}: {error}"
    where = traceback.extract_tb(error.__traceback__)
    frames = list(traceback.walk_tb(error.__traceback__))
    if frames and where:
        module = frames[-1][0].f_globals.get("__name__", "?")
        text += f"\nin {module}.{where[-1].name}, line {where[-1].lineno}"
    return _cut(text, _MAX_DETAILS)


def report_of(error: Exception) -> str:
    """The whole traceback as text, for Python."""
    return "".join(traceback.format_exception(error))


def shows_errors(method: Callable[Concatenate[V, P], None]) -> Callable[Concatenate[V, P], None]:
    """Make a method of a view show its exceptions in the view: in a notebook nobody sees them otherwise."""

    @functools.wraps(method)
    def guarded(self: V, /, *args: P.args, **kwargs: P.kwargs) -> None:
        try:
            method(self, *args, **kwargs)
        except Exception as error:  # noqa: BLE001 - shown and logged, whatever it is
            self.show_error(error)

    return guarded


def log_fault(view: Any, error: Exception) -> None:
    """Write an error of a view into the log; the traceback only where it is not ours."""
    name = type(view).__name__
    if isinstance(error, CrysnbError):
        _log.warning("%s: %s", name, error)
    else:
        _log.error("%s: Python code behind the view failed", name, exc_info=error)


def _cut(text: str, n: int) -> str:
    return text if len(text) <= n else text[: n - 1] + "…"
