"""The only module that makes HTML. Every text is escaped; no markup comes from outside."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

_CSS = """
:root{color-scheme:light dark}
body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}
body{color:CanvasText;background:Canvas}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{padding:.25rem .8rem .25rem 0;text-align:left;vertical-align:top;border-bottom:1px solid #8886}
img{max-width:100%;height:auto}
.live:not(:empty)+img{display:none}
h1{margin-bottom:0}.sub{margin-top:0;opacity:.75}
.story{padding-left:1.2rem}.story b{font-weight:600}
details{margin:.6rem 0 1.6rem}summary{cursor:pointer}
"""

# Models with the methods that the views use, and nothing behind them.
_STUB = """
const bytes = Uint8Array.from(atob(document.getElementById("cn-module").textContent), (c) => c.charCodeAt(0));
const url = URL.createObjectURL(new Blob([bytes], { type: "text/javascript" }));
const view = (await import(url)).default;
URL.revokeObjectURL(url);
const states = JSON.parse(document.getElementById("cn-state").textContent);
states.forEach((state, k) => {
  const heard = new Map();
  const model = {
    get: (key) => state[key],
    set: (key, value) => { state[key] = value; for (const f of heard.get("change:" + key) ?? []) f(); },
    save_changes: () => {}, send: () => {},
    on: (event, f) => { heard.set(event, [...(heard.get(event) ?? []), f]); },
    off: (event, f) => { heard.set(event, (heard.get(event) ?? []).filter((g) => g !== f)); },
  };
  view.render({ model, el: document.getElementById("cn-view-" + k) });
});
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One view on a page.

    Attributes
    ----------
    heading
        Above the view; empty for none.
    svg, alt
        The picture, which is embedded as an image, in which no script runs; and what stands for it. No
        picture where ``svg`` is empty.
    caption
        Above the table of facts.
    headers, rows
        The facts.
    state
        What the live view draws.
    """

    heading: str = ""
    svg: str
    alt: str
    caption: str = "All components"
    headers: Sequence[str]
    rows: Sequence[Sequence[object]]
    state: dict[str, Any]


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


def sentences(items: Iterable[tuple[str, str]]) -> str:
    """A list of sentences, each with a word before it that says how sure it is."""
    rows = "".join(f"<li><b>{escape(label)}</b> {escape(text)}</li>" for label, text in items)
    return f"<ul class='story'>{rows}</ul>" if rows else ""


def without_scripts(markup: str) -> str:
    """Markup made by this module, shown only where no script runs."""
    return f"<noscript>{markup}</noscript>"


def page(*, title: str, sections: Sequence[Section], module: str, lead: str = "") -> str:
    """One offline page: live views where scripts run, pictures where not, and all facts as tables.

    Parameters
    ----------
    title
        Of the page.
    sections
        The views in order; those of one session stay linked.
    module
        Source of the ES module of the views, ours.
    lead
        Markup made by this module that stands before the first view.
    """
    code = base64.b64encode(module.encode()).decode()
    body = "".join(_section(k, section) for k, section in enumerate(sections))
    states = script_json([section.state for section in sections])
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<title>{escape(title)}</title><style>{_CSS}</style></head><body>{lead}{body}"
        f"<script type='text/plain' id='cn-module'>{code}</script>"
        f"<script type='application/json' id='cn-state'>{states}</script>"
        f"<script type='module'>{_STUB}</script></body></html>"
    )


def _section(k: int, section: Section) -> str:
    picture = base64.b64encode(section.svg.encode()).decode()
    title = f"<h2>{escape(section.heading)}</h2>" if section.heading else ""
    facts = table(section.headers, section.rows)
    image = f"<img src='data:image/svg+xml;base64,{picture}' alt='{escape(section.alt)}'>" if picture else ""
    return (
        f"{title}<div class='live' id='cn-view-{k}'></div>{image}"
        f"<details><summary>{escape(section.caption)}</summary>{facts}</details>"
    )


def heading(text: str, subtitle: str = "") -> str:
    """The title of a page, and a line below it."""
    line = f"<p class='sub'>{escape(subtitle)}</p>" if subtitle else ""
    return f"<h1>{escape(text)}</h1>{line}"
