"""The only module that makes HTML. Every text is escaped; no markup comes from outside."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Iterable, Sequence
from typing import Any

_CSS = """
:root{color-scheme:light dark}
body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}
body{color:CanvasText;background:Canvas}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{padding:.25rem .8rem .25rem 0;text-align:left;vertical-align:top;border-bottom:1px solid #8886}
img{max-width:100%;height:auto}
.live:not(:empty)+img{display:none}
"""

# A model with the methods that the views use, and nothing behind it.
_STUB = """
const bytes = Uint8Array.from(atob(document.getElementById("cn-module").textContent), (c) => c.charCodeAt(0));
const url = URL.createObjectURL(new Blob([bytes], { type: "text/javascript" }));
const view = (await import(url)).default;
URL.revokeObjectURL(url);
const state = JSON.parse(document.getElementById("cn-state").textContent);
const heard = new Map();
const model = {
  get: (key) => state[key],
  set: (key, value) => { state[key] = value; for (const f of heard.get("change:" + key) ?? []) f(); },
  save_changes: () => {}, send: () => {},
  on: (event, f) => { heard.set(event, [...(heard.get(event) ?? []), f]); },
  off: (event, f) => { heard.set(event, (heard.get(event) ?? []).filter((g) => g !== f)); },
};
view.render({ model, el: document.getElementById("cn-view") });
"""


def escape(text: object) -> str:
    """Text made safe for element content and quoted attributes."""
    return html.escape(str(text), quote=True)


def table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """An HTML table of plain text."""
    head = "".join(f"<th scope='col'>{escape(h)}</th>" for h in headers)
    body = "".join("<tr>" + "".join(f"<td>{escape(v)}</td>" for v in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def script_json(value: Any) -> str:
    """JSON that cannot end the script element that holds it."""
    text = json.dumps(value, ensure_ascii=True, allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def page(*, title: str, svg: str, alt: str, headers: Sequence[str], rows: Iterable[Sequence[object]],
         module: str, state: dict[str, Any]) -> str:  # fmt: skip
    """One offline page: the live view where scripts run, the picture where not, and all facts as a table.

    Parameters
    ----------
    svg
        The picture; it is embedded as an image, in which no script runs.
    module
        Source of the ES module of the views, ours.
    state
        What the view draws.
    """
    picture = base64.b64encode(svg.encode()).decode()
    code = base64.b64encode(module.encode()).decode()
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<title>{escape(title)}</title><style>{_CSS}</style></head><body>"
        "<div class='live' id='cn-view'></div>"
        f"<img src='data:image/svg+xml;base64,{picture}' alt='{escape(alt)}'>"
        f"<h2>All components</h2>{table(headers, rows)}"
        f"<script type='text/plain' id='cn-module'>{code}</script>"
        f"<script type='application/json' id='cn-state'>{script_json(state)}</script>"
        f"<script type='module'>{_STUB}</script></body></html>"
    )
