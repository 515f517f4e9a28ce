"""Closing widgets completely."""

from __future__ import annotations

from typing import Any


def close_whole(widget: Any) -> None:
    """Close a widget, and its layout and style, which ``close()`` of ipywidgets leaves open for ever."""
    parts: list[Any] = [getattr(widget, name, None) for name in ("layout", "style")]
    widget.close()
    for part in parts:
        if part is not None:
            part.close()
