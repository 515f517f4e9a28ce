"""What the controls of the tensor view offer, and the checks beside them, as the browser sees them."""

from __future__ import annotations

import math
from typing import Any

from crysnb.symmetry.detect import USUAL
from crysnb.widgets.nye_frames import frame_words
from crysnb.widgets.nye_options import NyeChoices
from crysnb.widgets.nye_result import NyeResult
from crysnb.widgets.nye_text import share

SHOWN_WORDS = {
    "given": ("as given", "the numbers as they came in"),
    "symmetrised": ("symmetrised", "the nearest tensor that the crystal may have"),
    "repaired": ("repaired", "the mistake that the check found, undone"),
}
#: On a page without a kernel nothing can be chosen.
NO_CONTROLS: dict[str, Any] = {
    "frames": [], "settings": [], "shown": [], "tolerances": [], "tolerance": "", "can_compare": False,
}  # fmt: skip


def controls_state(choices: NyeChoices, result: NyeResult) -> dict[str, Any]:
    """Everything that may be chosen; a list of one is no choice, and is left out."""
    form = result.form
    if form is None:
        return NO_CONTROLS
    frames = [_fact(name, name, frame_words(form, name)) for name in choices.frames]
    settings = [_fact(f"{k + 1}: {s.text}", str(k), "") for k, s in enumerate(form.settings)]
    shown = [_fact(SHOWN_WORDS[name][0], name, SHOWN_WORDS[name][1]) for name in choices.offered(result)]
    return {
        "frames": frames if len(frames) > 1 else [],
        "settings": settings if len(settings) > 1 else [],
        "shown": shown if len(shown) > 1 else [],
        "tolerances": _tolerances(choices, result),
        "tolerance": _tolerance(result) if choices.has_tolerances else "",
        "can_compare": choices.has_tolerances and choices.staircase is None,
    }


def check_facts(choices: NyeChoices, result: NyeResult) -> list[dict[str, str]]:
    """What :func:`crysnb.check` says of the tensor as given; of a prediction only what physics demands."""
    report = choices.report(result.symprec)
    if report is None:
        return []
    out: list[tuple[str, str, str]] = []
    if result.prediction is None:
        out.append(("as given", report.verdict, "δ < 1e-3 is consistent, δ < 1e-2 numerical noise"))
        out.append(("δ", share(report.delta), "‖T − PT‖ / ‖T‖, the same in every frame"))
        blocks = ", ".join(f"{name} {share(value)}" for name, value in report.blocks.items())
        out.append(("by angular momentum", blocks, "δ of each part: l and its parity"))
    nearest = choices.nearest(result.symprec)
    if nearest is not None:
        words = f"that of {nearest.point_group}, in an orientation of its own (δ {share(nearest.delta)})"
        out.append(("own symmetry", words, "the highest class that the tensor itself has, freely oriented"))
    out += [("physics", f"{'✓' if f.passed else '✕'} {f.text}", f.code) for f in report.physical]
    return [_fact(*row) for row in out]


def check_summary(choices: NyeChoices, result: NyeResult) -> str:
    """The same in one line."""
    report = choices.report(result.symprec)
    if report is None:
        return ""
    words = [] if result.prediction is not None else [report.verdict, f"δ {share(report.delta)}"]
    broken = sum(not finding.passed for finding in report.physical)
    if report.physical:
        demands = f"{len(report.physical)} demand{'s' if len(report.physical) > 1 else ''} of physics"
        words.append(f"{broken} of {demands} not met" if broken else f"{demands} met")
    what = "Checks of the tensor as given" if result.prediction is None else "Checks"
    return f"{what}: {', '.join(words)}" if words else ""


def repair_text(choices: NyeChoices, result: NyeResult) -> str:
    """Which mistake explains the tensor; empty where none does, and always for a consistent one."""
    report, repair = choices.report(result.symprec), choices.repair(result.symprec)
    if report is None or repair is None:
        return ""
    undone = f"Undone, δ is {share(repair.delta)} instead of {share(report.delta)}."
    others = f" {repair.doubt} Symmetry cannot tell which one was made." if repair.ambiguous else ""
    return f"This looks like a mistake. {repair.text} {undone}{others}"


def check_dict(choices: NyeChoices, result: NyeResult) -> dict[str, Any] | None:
    """The same as plain data; the classes of a consistent tensor are left to :func:`crysnb.check`."""
    report = choices.report(result.symprec)
    if report is None:
        return None
    repair, nearest = choices.repair(result.symprec), choices.nearest(result.symprec)
    return {
        "delta": report.delta,
        "verdict": report.verdict,
        "consistent": report.consistent,
        "blocks": dict(report.blocks),
        "physical": report.physical.to_dict(),
        "best_frame": None if repair is None else repair.to_dict(),
        "nearest_group": None if nearest is None else nearest.to_dict(),
    }


def _tolerance(result: NyeResult) -> str:
    form = result.form
    used = "" if form is None or form.symprec is None else f"{form.symprec:g} Å"
    return f"auto ({used})" if result.symprec == "auto" else used


def _tolerances(choices: NyeChoices, result: NyeResult) -> list[dict[str, Any]]:
    """One step for each run of tolerances with the same group."""
    stairs = choices.staircase
    if stairs is None:
        return []
    used = result.form.symprec if result.form is not None else None
    out = []
    for plateau in stairs.plateaus:
        ends = [f"{p:g}" for p in (plateau.first, plateau.last)]
        inside = [s.symprec for s in stairs.steps if plateau.first <= s.symprec <= plateau.last]
        is_usual = plateau.first <= USUAL <= plateau.last
        out.append(
            {
                "symprec": USUAL if is_usual else min(inside, key=lambda p: abs(math.log(p / USUAL))),
                "text": f"{plateau.symbol} ({plateau.number})",
                "range": f"{' to '.join(dict.fromkeys(ends))} Å",
                "width": 1 + round(4 * plateau.width),
                "chosen": used is not None and plateau.first <= used <= plateau.last,
            }
        )
    return out


def _fact(label: str, value: str, hint: str) -> dict[str, str]:
    return {"label": label, "value": value, "hint": hint}
