"""The breaking view as browser and pictures see it (widgets/schema/breaking.schema.json)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from crysnb.breaking.library import Library
from crysnb.breaking.patterns import Pattern
from crysnb.breaking.response import Response
from crysnb.breaking.step import Step
from crysnb.structure.formula import reduced_formula
from crysnb.widgets.breaking_chart import amplitude_text, chart, value_text
from crysnb.widgets.breaking_work import BreakingAnswer
from crysnb.widgets.crystal_drawing import crystal_drawing, drawn_radius
from crysnb.widgets.crystal_scene import VIEW
from crysnb.widgets.element_colors import element_color
from crysnb.widgets.messages import encodable
from crysnb.widgets.number_text import small_text

if TYPE_CHECKING:
    from crysnb.symmetry.parent import Parent

FAMILY_TEXTS = {
    "strain": "strain",
    "mode": "symmetry-adapted displacement",
    "atom": "one atom",
    "rotation": "turn of the whole crystal",
    "rattle": "random rattle",
}
#: How much larger than they are distortions are drawn.
DRAWN = {"strain": 4, "mode": 2, "atom": 2, "rotation": 1, "rattle": 2}
#: Side of the sketch, and atoms that are drawn in it at most.
SKETCH, _MAX_DRAWN = 240.0, 260
_ROOM = 26.0
_KINDS = ("dielectric", "piezoelectric", "elastic")


def breaking_state(
    library: Library, step: Step, answer: BreakingAnswer | None, title: str, *, has_controls: bool = True
) -> dict[str, Any]:
    """All that is drawn, as plain JSON.

    Parameters
    ----------
    library
        Distortions to choose from.
    step
        What is left of the symmetry now.
    answer
        What the model said; its curve is shown only for the same distortion, its numbers only for the same
        amplitude.
    title
        Name of the crystal.
    has_controls
        False on a page without a kernel, where controls could do nothing.
    """
    whole, pattern = library.parent, step.pattern
    fits = answer is not None and answer.request.key == (pattern.name, step.kind.name, _sign(step.amplitude))
    curve = answer.curve if answer is not None and fits else None
    texts = {op.name: op.text for op in whole.operations}
    formula = reduced_formula(whole.structure)
    state = {
        "title": title or formula,
        "subtitle": "" if title in ("", formula) else formula,
        "has_controls": has_controls,
        "families": [{"name": f, "text": FAMILY_TEXTS[f]} for f in library.families],
        "patterns": [
            {"name": n, "text": pattern_text(library.get(n))} for n in library.names(pattern.family)
        ],
        "kinds": list(_KINDS) if step.kind.name in _KINDS else [*_KINDS, step.kind.name],
        "family": pattern.family,
        "pattern": pattern.name,
        "kind": step.kind.name,
        "amplitude": step.amplitude,
        "unit": pattern.unit,
        "largest": pattern.largest,
        "parent_group": step.parent_group,
        "group": step.group,
        "seen": seen_text(step),
        "is_seen": step.is_seen or not step.lost,
        "lost": [
            {"name": n, "text": texts[n], "distance": length_text(step.distances[n])} for n in step.lost
        ],
        "kept": list(step.kept),
        "opened": list(step.opened),
        "untied": list(step.untied),
        "away": {
            "group": step.away.group,
            "lost": [{"name": n, "text": texts[n]} for n in step.away.lost],
            "opened": list(step.away.opened),
        },
        "summary": summary(step),
        "sketch": _sketch(whole, pattern),
        "curve": None if curve is None else chart(curve, step.seen_from),
        "facts": facts(answer, step) if fits else [],
    }
    return dict(encodable(state))


def pattern_text(pattern: Pattern) -> str:
    """One line of the list."""
    return f"{pattern.name.removeprefix('strain ')}: {pattern.text}"


def length_text(value: float) -> str:
    """A distance in Å."""
    return f"{value:.3f} Å" if value >= 1e-3 else f"{small_text(value)} Å"


def seen_text(step: Step) -> str:
    """Whether a search notices."""
    if step.amplitude == 0:
        return "Nothing is distorted."
    if step.pattern.axis.any():
        return "The crystal is turned as a whole: every operation is kept and turns with it."
    if not step.lost and not step.n_translations_lost:
        return "Every operation is kept: this distortion breaks nothing."
    chance = " By chance the search finds operations that the undistorted crystal has not." * step.is_higher
    limit = f"at this crystal's tolerance, {step.own_symprec:g} Å"
    if step.is_seen:
        return f"A search {limit}, finds {step.seen_group}.{chance}"
    return f"Not detected: a search {limit}, still finds {step.seen_group}.{chance}"


def summary(step: Step) -> str:
    """One sentence for the live region and for readers without the picture."""
    size = amplitude_text(step.amplitude, step.pattern.unit)
    n = len(step.lost)
    told = f"{n} operation{'' if n == 1 else 's'} lost" if n else "no operation lost"
    if step.n_translations_lost:
        told += f", {step.n_translations_lost} pure translations lost"
    opened = f"; no longer zero: {', '.join(step.opened)}" if step.opened else ""
    return f"{step.pattern.name}, {size}: {step.parent_group} to {step.group}, {told}{opened}."


def facts(answer: BreakingAnswer | None, step: Step) -> list[dict[str, str]]:
    """What the model makes of it: slopes of the curve, and the numbers at this amplitude."""
    if answer is None:
        return []
    rows = [*_slopes(answer.curve), *_now(answer, step)]
    return [{"label": label, "value": value, "hint": hint} for label, value, hint in rows]


def _slopes(curve: Response) -> list[tuple[str, str, str]]:
    due = {0: "nothing may change", 1: "1 is due", 2: "2 or more is due"}
    if curve.pattern.axis.any():
        worst = float(max(curve.changed.max(), curve.leak.max()))
        return [
            (
                "change under the turn",
                value_text(worst, curve),
                "turned back; rounding is all that is allowed",
            )
        ]
    out = []
    for label, found, order, hint in (
        ("slope of the allowed part", curve.changed_slope, curve.changed_order,
         "1 only if the distortion has a totally symmetric part; from equivariance alone"),
        ("slope of the forbidden part", curve.leak_slope, curve.leak_order,
         "1 where the distortion and the forbidden components share a representation"),
    ):  # fmt: skip
        text = "none, only rounding" if found is None else f"{found:.2f}"
        out.append((label, f"{text} ({due[order]})", hint))
    return out


def _now(answer: BreakingAnswer, step: Step) -> list[tuple[str, str, str]]:
    out = [
        ("model", answer.model, "raw, for the distorted crystal: nothing idealised, nothing projected"),
        ("rounding", value_text(answer.curve.noise, answer.curve), "forbidden part at amplitude 0"),
    ]
    r = answer.now
    if r is None or answer.request.amplitude != step.amplitude:
        return out
    out.append(("allowed part changed by", value_text(float(r.changed[0]), r), "at this amplitude"))
    out.append(("forbidden part", value_text(float(r.leak[0]), r), "at this amplitude; Cartesian norm"))
    by_name = dict(zip(r.operations, r.residuals[0].tolist(), strict=True))
    if step.lost:
        worst = max(step.lost, key=lambda n: by_name[n])
        out.append(
            ("largest residual, lost", f"{small_text(by_name[worst])} ({worst})", "of the tensor, relative")
        )
    kept = max((by_name[n] for n in step.kept), default=0.0)
    out.append(("largest residual, kept", small_text(kept), "relative; kept operations stay at rounding"))
    return out


def _sign(amplitude: float) -> int:
    return -1 if amplitude < 0 else 1


def _sketch(whole: Parent, pattern: Pattern) -> dict[str, Any]:
    """Atoms and cell edges on the page, and how far they move per unit of amplitude, in pixels."""
    drawing = crystal_drawing(whole.structure)
    points = drawing.positions
    ends = np.array([p for edge in drawing.edges() for p in edge])
    moved = points @ pattern.strain + pattern.displacements[list(drawing.site)]
    seen, corners = points @ VIEW.T, ends @ VIEW.T
    both = np.vstack([seen, corners])[:, :2]
    low, high = both.min(axis=0), both.max(axis=0)
    scale = (SKETCH - 2 * _ROOM) / max(float((high - low).max()), 1e-6)
    middle = (low + high) / 2
    factor = DRAWN[pattern.family] * scale
    order = np.argsort(seen[:, 2], kind="stable")[-_MAX_DRAWN:]

    def page(p: Any) -> Any:
        return (p[:, :2] - middle) * [scale, -scale] + SKETCH / 2

    shift = (moved @ VIEW.T)[:, :2] * [factor, -factor]
    lines = (ends @ pattern.strain @ VIEW.T)[:, :2] * [factor, -factor]
    return {
        "size": SKETCH,
        "drawn": DRAWN[pattern.family],
        "points": _flat(page(seen)[order]),
        "shifts": _flat(shift[order]),
        "radii": [round(float(drawn_radius(drawing.symbols[k]) * scale), 1) for k in order],
        "colors": [element_color(drawing.symbols[k]) for k in order],
        "edges": _flat(page(corners)),
        "edge_shifts": _flat(lines),
    }


def _flat(array: Any) -> list[float]:
    return [float(v) + 0.0 for v in np.round(array, 1).reshape(-1)]


def rows(state: dict[str, Any]) -> list[list[str]]:
    """The facts as a table: what, value."""
    size = amplitude_text(state["amplitude"], state["unit"])
    out = [
        ["distortion", state["pattern"]],
        ["amplitude", size],
        ["space group", f"{state['parent_group']} to {state['group']}"],
        ["detection", state["seen"]],
        *(["lost", f"{op['name']}: {op['text']}, {op['distance']} away"] for op in state["lost"]),
        ["kept", ", ".join(state["kept"])],
        ["no longer zero", ", ".join(state["opened"]) or "none"],
        ["no longer tied", ", ".join(state["untied"]) or "none"],
        *([f["label"], f["value"]] for f in state["facts"]),
    ]
    if state["curve"] is not None:
        out += [["curve", text] for text in state["curve"]["texts"]]
    return out
