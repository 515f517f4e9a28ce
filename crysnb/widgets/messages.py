"""What a browser may say to Python: every message is checked for type, range and size first."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

#: Largest message accepted from a browser, in bytes of JSON.
MAX_BYTES = 64 * 1024
#: Largest drawing sent to a browser in one update, in bytes of JSON.
MAX_SENT_BYTES = 5_000_000
MAX_SELECTED = 500
MAX_SITE = 500
MAX_NAME = 40
MAX_OPTIONS = 20
MAX_ERROR_TEXT = 2000

#: Messages without content: the view is drawn; compute again; stop computing.
EVENTS = ("ready", "run", "cancel")

Check = Callable[[object], bool]


def is_name_list(value: object) -> bool:
    """Whether ``value`` is a short list of short, distinct strings."""
    return (
        isinstance(value, list)
        and len(value) <= MAX_SELECTED
        and all(isinstance(v, str) and 0 < len(v) <= MAX_NAME for v in value)
        and len(set(value)) == len(value)
    )


def is_index_list(value: object) -> bool:
    """Whether ``value`` is a short list of distinct site indices."""
    return (
        isinstance(value, list)
        and len(value) <= MAX_SELECTED
        and all(type(v) is int and 0 <= v < MAX_SITE for v in value)
        and len(set(value)) == len(value)
    )


def is_pair_list(value: object) -> bool:
    """Whether ``value`` is a short list of distinct pairs of site indices."""
    return (
        isinstance(value, list)
        and len(value) <= MAX_SELECTED
        and all(
            isinstance(v, list) and len(v) == 2 and all(type(k) is int and 0 <= k < MAX_SITE for k in v)
            for v in value
        )
        and len({tuple(v) for v in value}) == len(value)
    )


def is_options(value: object) -> bool:
    """Whether ``value`` is a small dictionary by name; each option is then checked by its view."""
    return (
        isinstance(value, dict)
        and len(value) <= MAX_OPTIONS
        and all(isinstance(k, str) and len(k) <= MAX_NAME for k in value)
    )


def is_tolerance(value: object, low: float, high: float) -> bool:
    """Whether ``value`` is ``"auto"``, or a distance from ``low`` to ``high`` in Å."""
    if isinstance(value, str):
        return value == "auto"
    # A hair of room: the ends of a logarithmic slider are rounded.
    return type(value) in (int, float) and low * (1 - 1e-9) <= value <= high * (1 + 1e-9)  # type: ignore[operator]


def encodable(value: Any) -> Any:
    """The same plain data with every half of a surrogate pair replaced: UTF-8 has no place for one."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {encodable(k): encodable(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [encodable(v) for v in value]
    return value


def n_bytes(data: object) -> int:
    """Bytes of JSON that a browser is sent for ``data``."""
    return len(json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace"))


def fits(message: object) -> bool:
    """Whether ``message`` is JSON of at most :data:`MAX_BYTES`."""
    try:
        return len(json.dumps(message, allow_nan=False).encode("utf-8", "replace")) <= MAX_BYTES
    except (TypeError, ValueError, RecursionError):
        return False


def admit_state(state: object, checks: Mapping[str, Check]) -> tuple[dict[str, Any], int]:
    """The part of a state update that a browser may write, and how many entries were dropped."""
    if not isinstance(state, dict) or not fits(state):
        return {}, 1
    accepted = {k: v for k, v in state.items() if k in checks and checks[k](v)}
    return accepted, len(state) - len(accepted)


def admit_event(content: object) -> dict[str, str] | None:
    """A custom message of a known kind, or None."""
    if not isinstance(content, dict) or not fits(content):
        return None
    if set(content) == {"kind"} and content["kind"] in EVENTS:
        return {"kind": str(content["kind"])}
    text = content.get("text")
    if content.get("kind") == "js_error" and set(content) == {"kind", "text"} and isinstance(text, str):
        return {"kind": "js_error", "text": text[:MAX_ERROR_TEXT]}
    return None
