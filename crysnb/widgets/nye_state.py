"""The tensor result as the browser and the pictures see it (widgets/schema/tensor.schema.json)."""

from __future__ import annotations

from typing import Any

from crysnb.units import display_unit
from crysnb.values.prediction import Prediction
from crysnb.widgets import nye_text
from crysnb.widgets.component_facts import Component
from crysnb.widgets.number_text import decimals_for, small_text
from crysnb.widgets.nye_controls import NO_CONTROLS, check_facts, check_summary, controls_state, repair_text
from crysnb.widgets.nye_frames import frame_label, frame_words, matrix_text
from crysnb.widgets.nye_options import NyeChoices
from crysnb.widgets.nye_result import NyeResult

_LABELS = {1: ("1", "2", "3"), 2: ("1", "2", "3", "4", "5", "6")}


def nye_state(result: NyeResult, choices: NyeChoices, *, has_controls: bool = True) -> dict[str, Any]:
    """All that is drawn, as plain JSON.

    Parameters
    ----------
    result
        What is shown.
    choices
        Where it comes from, and what may be chosen instead.
    has_controls
        False for pictures and pages without a kernel, where nothing can be chosen.
    """
    text, severity = nye_text.verdict(result)
    rows, columns = (_LABELS[g] for g in result.kind.groups)
    decimals = decimals_for(c.value for c in result.components)
    p = result.prediction
    source = p.model if p is not None else ("symmetry alone" if result.value is None else "given tensor")
    unit = display_unit(result.unit)
    symbol = f"{result.symbol} in {unit}" if unit and result.value is not None else result.symbol
    return {
        "title": result.title,
        "subtitle": f"{symbol} · {result.kind.name} · {source}",
        "meaning": p.spec.meaning if p is not None else "",
        "unit": unit if result.value is not None else "",
        "unit_spoken": nye_text.SPOKEN_UNITS.get(result.unit, unit),
        "shape": list(result.kind.matrix_shape),
        "row_labels": list(rows),
        "column_labels": list(columns),
        "facts": facts(result),
        "verdict": text,
        "severity": severity,
        "guaranteed": nye_text.guaranteed(result),
        "learned": nye_text.learned(result),
        "forbidden": nye_text.forbidden(result),
        "notices": [n.to_dict() for n in result.notices],
        "banner": nye_text.banner(result),
        "spoken": nye_text.announcement(result),
        "rotation": rotation(result),
        "checks": check_facts(choices, result),
        "checked": check_summary(choices, result),
        "repair": repair_text(choices, result),
        "controls": controls_state(choices, result) if has_controls else NO_CONTROLS,
        "cells": [_cell(result, c, decimals) for c in result.components],
        "operations": operations(result),
    }


def facts(result: NyeResult) -> list[dict[str, str]]:
    """Label, value and explanation of each fact in the header."""
    form, p = result.form, result.prediction
    d = result.to_dict()
    out: list[tuple[str, str, str]] = []
    if d["space_group"]:
        out.append(("space group", d["space_group"], _symprec_hint(result)))
    elif form is None:
        out.append(("space group", "not determined", "no verdict on zeros and ties is possible"))
    if form is not None:
        n = len(form.operations)
        out.append(("point group", form.point_group, f"{n} operation{'' if n == 1 else 's'}"))
        out.append(
            (
                "independent",
                f"{form.n_independent} of {result.kind.n_components}",
                "free components of this tensor",
            )
        )
    if result.frame:
        words = frame_words(form, result.frame)
        has_choice = form is not None and len(form.settings) > 1
        hint = f"{words}; {d['setting_text']}" if has_choice else words
        out.append(("frame", frame_label(result), hint))
    if p is not None and p.symmetry_residual is not None:
        out.append(("raw residual", f"{small_text(p.symmetry_residual)} before projection", _RAW_HINT))
    elif result.shown == "symmetrised":
        out.append(
            ("deviation as given", nye_text.share(result.removed[1]), "‖T − PT‖ / ‖T‖, Cartesian norm")
        )
    elif result.residual is not None and p is None:
        out.append(("deviation", nye_text.share(result.residual), _DEVIATION))
    return [{"label": label, "value": value, "hint": hint} for label, value, hint in out]


def rotation(result: NyeResult) -> dict[str, str]:
    """Matrix from the own frame to the one shown, as text; empty for the own frame itself."""
    form = result.form
    if form is None or form.frame == "own":
        return {"text": "", "matrix": ""}
    source = "own" if form.symmetry is not None else "standard"
    return {
        "text": f"Rotation R from {source} to {frame_label(result)} axes (v′ = R v)",
        "matrix": matrix_text(form.rotation),
    }


def operations(result: NyeResult) -> list[dict[str, Any]]:
    """Name, words and the components that vanish under it alone, of each operation of the form."""
    if result.form is None:
        return []
    return [
        {"name": op.name, "text": op.text, "vanishing": list(result.form.vanishing_under(op.name))}
        for op in result.form.operations
    ]


_DEVIATION = "‖T − PT‖ / ‖T‖, Cartesian norm"
_RAW_HINT = (
    "How far the bare network, on the structure exactly as given, is from the allowed form: ‖T − PT‖ / ‖T‖. "
    "The numbers shown are after projection."
)


def _symprec_hint(result: NyeResult) -> str:
    symmetry = result.prediction.symmetry if isinstance(result.prediction, Prediction) else None
    if symmetry is None and result.form is not None:
        symmetry = result.form.symmetry
    return "" if symmetry is None else f"found with symprec {symmetry.symprec:g} Å"


def _cell(result: NyeResult, c: Component, decimals: int | None) -> dict[str, Any]:
    return {
        "name": c.name,
        "row": c.row,
        "column": c.column,
        "role": c.role,
        "violated": c.violated,
        "text": nye_text.value_text(result, c, decimals),
        "uncertainty": nye_text.uncertainty_text(c, decimals),
        "relation": c.relation,
        "reason": nye_text.reason(result, c),
        "operations": [operation.text for operation in c.operations],
        "forced_by": [operation.name for operation in c.operations],
        "origin": nye_text.origin(result, c),
        "deviation": " ".join(
            text
            for text in (
                nye_text.change_sentence(result, c, decimals),
                nye_text.deviation(result, c, decimals),
            )
            if text
        ),
        "change": nye_text.change(result, c, decimals),
        "links": [{"to": name, "sign": sign} for name, sign in c.links],
    }
