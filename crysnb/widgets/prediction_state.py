"""The prediction panel as browser and pictures see it (widgets/schema/prediction.schema.json)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from crysnb.structure.formula import reduced_formula
from crysnb.units import display_unit
from crysnb.values.prediction import Notice, Prediction
from crysnb.values.property_spec import property_spec
from crysnb.weights.card import ModelCard, figure, measured
from crysnb.widgets.messages import encodable
from crysnb.widgets.number_text import decimals_for, number_text
from crysnb.widgets.prediction_cards import card, headline_text

if TYPE_CHECKING:
    from crysnb.structure.read import Reading
    from crysnb.weights.card import ModelCard
    from crysnb.widgets.prediction_work import PanelResult

_MAX_TEXT = 80
_STAMP = {"verdict": "", "guaranteed": "Guaranteed by construction: ", "learned": "Learned: "}


def panel_state(
    reading: Reading,
    result: PanelResult | None,
    models: Sequence[Mapping[str, str]],
    *,
    has_controls: bool = True,
) -> dict[str, Any]:
    """All that is drawn, as plain JSON.

    Parameters
    ----------
    reading
        The crystal, for the title where there is no result.
    result
        What is shown, or None.
    models
        ``name`` and ``text`` of each model to choose from.
    has_controls
        False on a page without a kernel, where controls could do nothing.
    """
    shown = reading if result is None else result.request.reading
    formula = reduced_formula(shown.structure)
    cards = [] if result is None else [card(p) for p in result.predictions.values()]
    state = {
        "title": shown.structure_id or formula,
        "subtitle": formula if result is None else f"{formula} · {_cut(result.card.name)}",
        "has_controls": has_controls,
        "models": [{"name": m["name"], "text": m["text"]} for m in models],
        "cards": cards,
        "summary": _summary(result, cards),
        "facts": [] if result is None else facts(result),
        "notices": [n.to_dict() for n in notices(() if result is None else result.predictions.values())],
    }
    return dict(encodable(state))


def notices(predictions: Iterable[Prediction]) -> tuple[Notice, ...]:
    """Notices of all predictions, each once, most severe first."""
    rank = {"error": 0, "warning": 1, "info": 2}
    return tuple(
        sorted(dict.fromkeys(n for p in predictions for n in p.notices), key=lambda n: rank[n.severity])
    )


def facts(result: PanelResult) -> list[dict[str, str]]:
    """Where the numbers come from: model, its training and test, device and time."""
    c = result.card
    out = [
        ("model", _cut(c.name), "name in its card"),
        ("weights", c.sha256[:12], f"SHA-256 {_cut(c.sha256)}"),
        *_training(c),
        *_test(c),
        ("device", result.device, "where the network ran"),
        ("dtype", result.dtype, "numbers of the network"),
        ("time", f"{result.seconds:.2f} s", "wall time of this prediction, with loading the model"),
    ]
    return [{"label": a, "value": b, "hint": h} for a, b, h in out if b]


def panel_text(state: dict[str, Any]) -> str:
    """The state as plain text."""
    lines = [f"{state['title']}: {state['subtitle']}"]
    for one in state["cards"]:
        stamp = one["stamp"] or {"facts": [], "verdict": "", "guaranteed": "", "learned": ""}
        lines += [
            headline_text(one),
            *(f"{f['label']} {f['value']}" for f in (*one["lines"], *stamp["facts"])),
        ]
        lines += [
            f"{label}{stamp[key]}"
            for label, key in (
                ("", "verdict"),
                ("Guaranteed by construction: ", "guaranteed"),
                ("Learned: ", "learned"),
            )
            if stamp[key]
        ]
    lines += [] if state["cards"] else ["No prediction."]
    lines += ["; ".join(f"{f['label']} {f['value']}" for f in state["facts"])] if state["facts"] else []
    return "\n".join([*lines, *(f"{n['severity']}: {n['text']}" for n in state["notices"])])


def panel_rows(state: dict[str, Any]) -> list[tuple[str, str, str]]:
    """The state as rows of property, what and value."""
    rows = []
    for one in state["cards"]:
        h = one["headline"]
        value = " ".join(part for part in (h["value"], h["uncertainty"], one["unit"]) if part)
        rows.append((one["property"], h["label"] or one["symbol"], value))
        stamp = one["stamp"]["facts"] if one["stamp"] is not None else []
        rows += [(one["property"], f["label"], f["value"]) for f in (*one["lines"], *stamp)]
    return [*rows, *(("", f["label"], f["value"]) for f in state["facts"])]


def model_entry(card: ModelCard, name: str) -> dict[str, str]:
    """A model to choose: its name, and what it predicts."""
    return {"name": name, "text": f"{_cut(name)} ({_cut(', '.join(card.properties))})"}


def _training(c: ModelCard) -> list[tuple[str, str, str]]:
    crystals = c.dataset.get("crystals")
    n = crystals.get("train") if isinstance(crystals, dict) else None
    if not isinstance(n, int):
        return []
    return [("trained on", f"{n} crystals", _cut(str(c.dataset.get("name", ""))))]


#: Said of errors where the signs and axes of the labels are open.
_OPEN = ", at best over the axes that the labels leave open,"


def _test(c: ModelCard) -> list[tuple[str, str, str]]:
    """The errors of the model on its test set; not that of this crystal, and labelled so."""
    return [fact for name in c.properties if (fact := _test_of(c, name))]


def _test_of(c: ModelCard, name: str) -> tuple[str, str, str] | None:
    test = measured(c, "test", name)
    n = test.get("n")
    crystals = f", {n} crystals" if isinstance(n, int) else ""
    label = "error on its test set" + (f", {property_spec(name).symbol}" if len(c.properties) > 1 else "")
    hint = "of the model on crystals kept aside for testing, not of this crystal"
    if found := figure(test, "rel_median"):
        share = f"{100 * found[1]:.1f} % (median{crystals})"
        return label, share, f"median of ‖error‖ / ‖T‖{_OPEN * (found[0] != 'rel_median')} {hint}"
    if isinstance(mae := test.get("mae"), float):
        unit = display_unit(property_spec(name).unit)
        size = f"{number_text(mae, decimals_for((mae,)))} {unit}".strip()
        return label, f"{size} (mean{crystals})", f"mean absolute error {hint}"
    return None


def _summary(result: PanelResult | None, cards: Sequence[dict[str, Any]]) -> str:
    if result is None:
        return "No prediction."
    return f"{result.request.reading.structure_id}: {'; '.join(headline_text(c) for c in cards)}"


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_TEXT else text[: _MAX_TEXT - 1] + "…"
