"""What a browser may say to Python: every message is checked for type, range and size first."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

#: Largest message accepted from a browser, in bytes of JSON.
MAX_BYTES = 64 * 1024
MAX_SELECTED = 64
MAX_NAME = 40
MAX_ERROR_TEXT = 2000

Check = Callable[[object], bool]


def is_name_list(value: object) -> bool:
    """Whether ``value`` is a short list of short, distinct strings."""
    return (
        isinstance(value, list)
        and len(value) <= MAX_SELECTED
        and all(isinstance(v, str) and 0 < len(v) <= MAX_NAME for v in value)
        and len(set(value)) == len(value)
    )


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
    if content == {"kind": "ready"}:
        return {"kind": "ready"}
    text = content.get("text")
    if content.get("kind") == "js_error" and set(content) == {"kind", "text"} and isinstance(text, str):
        return {"kind": "js_error", "text": text[:MAX_ERROR_TEXT]}
    return None
