"""The sentences of the tensor view. One place, so that the live view, pictures and tests agree."""

from __future__ import annotations

from crysnb.units import display_unit
from crysnb.widgets.component_facts import Component
from crysnb.widgets.number_text import MINUS, number_text, share_text, small_text
from crysnb.widgets.nye_frames import frame_label
from crysnb.widgets.nye_result import EXACT, NyeResult

SPOKEN_UNITS = {
    "GPa": "gigapascal",
    "C/m^2": "coulomb per square metre",
    "kbar": "kilobar",
    "pm/V": "picometre per volt",
}


def verdict(result: NyeResult) -> tuple[str, str]:
    """One line that says how the tensor stands, and its severity."""
    text, severity = _verdict(result)
    if result.is_finite and any(notice.severity == "error" for notice in result.notices):
        return f"Do not use these numbers, see the notices. {text}", "error"
    return text, severity


def _verdict(result: NyeResult) -> tuple[str, str]:
    if result.value is not None and not result.is_finite:
        return "The model gave no finite tensor for this crystal; see the notices.", "error"
    if result.form is None:
        return "Symmetry not determined: no verdict on zeros and ties.", "warning"
    if result.violations:
        names = ", ".join(result.violations[:6]) + (", …" if len(result.violations) > 6 else "")
        verb = "breaks" if len(result.violations) == 1 else "break"
        off = f"In all, {share_text(result.residual or 0.0)} of the norm"
        return (
            f"{_count(len(result.violations), 'component')} {verb} the symmetry: {names}. {off}.",
            "warning",
        )
    return (forbidden(result) or _fit(result, result.form.n_independent)), "info"


def _fit(result: NyeResult, n_independent: int) -> str:
    count = f"{n_independent} of {result.kind.n_components} components are independent"
    if result.residual is None:
        return f"{count}; symmetry alone, no numbers."
    if result.shown == "symmetrised":
        return f"{count}; the tensor was symmetrised, and has this form by construction."
    if result.prediction is not None and result.residual <= EXACT:
        return f"{count}; every zero and every tie holds exactly, by projection."
    return f"{count}; the tensor fits this form (deviation {share(result.residual)} of its norm)."


def share(value: float) -> str:
    """A share of the norm; what rounding leaves is none."""
    return share_text(value if value > EXACT else 0.0)


def banner(result: NyeResult) -> str:
    """What was done to the numbers; empty for the tensor as given."""
    if result.shown == "given" or result.form is None:
        return ""
    if result.shown == "repaired":
        return f"Repaired, not as given. {result.repair}"
    norm, part = result.removed
    unit = display_unit(result.unit)
    size = f"{norm:.3g} {unit}".strip()
    return (
        f"Symmetrised, not as given: the nearest tensor that class {result.form.point_group} allows. "
        f"What was taken away has a norm of {size}, {share(part)} of the tensor."
    )


def announcement(result: NyeResult) -> str:
    """What a screen reader says when something else is shown."""
    words = [f"Frame {frame_label(result)}", banner(result).rstrip("."), verdict(result)[0]]
    return ". ".join(word for word in words if word)


def forbidden(result: NyeResult) -> str:
    """Why the whole tensor must vanish; empty where it need not."""
    form = result.form
    if form is None or not result.is_forbidden:
        return ""
    inversion = any(operation.symbol == "-1" for operation in form.operations)
    if inversion and result.kind.rank % 2 != int(result.kind.axial):
        return f"Inversion forbids it: every {result.kind.name} component of this crystal is zero."
    return f"The operations of {form.point_group} forbid it: every {result.kind.name} component is zero."


def guaranteed(result: NyeResult) -> str:
    """What holds by construction."""
    form = result.form
    if form is None:
        return "" if result.value is None else "nothing: without a point group there is no projection"
    n = len(form.operations)
    if result.value is None:
        return f"all zeros and ties: they follow from the {n} operations of {form.point_group} alone"
    if result.residual is None or (result.prediction is None and result.shown != "symmetrised"):
        return ""
    if result.residual > EXACT:
        return "nothing: the tensor shown was not projected onto this form"
    operations = _count(n, "operation")
    return f"zeros and ties: projected onto the form that the {operations} of {form.point_group} allow"


def learned(result: NyeResult) -> str:
    """What a model learned, and so may be wrong."""
    p = result.prediction
    if p is None:
        return ""
    if result.is_forbidden:
        return "nothing: symmetry leaves no free component"
    if result.form is None:
        return f"all numbers, by {p.model}"
    free = ", ".join(result.form.free[:8]) + (", …" if len(result.form.free) > 8 else "")
    return f"the values of {free}, by {p.model}"


def reason(result: NyeResult, c: Component) -> str:
    """Why a component is what it is; its relation stands before, the operations after it."""
    if result.form is None:
        return "The symmetry of this crystal was not determined, so nothing is known about this component."
    if c.role == "independent":
        n = len(result.form.operations)
        followers = [name for name, _ in c.links]
        text = f"Free: no operation of {n} constrains its value."
        return (
            f"{text} {_names(followers)} follow{'s' if len(followers) == 1 else ''} it."
            if followers
            else text
        )
    return "because of these operations together:" if len(c.operations) > 1 else "because of:"


def origin(result: NyeResult, c: Component) -> str:
    """Whether the number is guaranteed or learned."""
    p = result.prediction
    if p is None or result.form is None or c.value is None or (result.residual or 0.0) > EXACT:
        return ""
    if c.role == "zero":
        return "Guaranteed by construction, whatever the model says."
    if c.role == "independent":
        return f"The number was learned by {p.model}; symmetry cannot check it."
    return f"The tie is guaranteed by construction; the number was learned by {p.model}."


def deviation(result: NyeResult, c: Component, decimals: int | None) -> str:
    """How far the number is from what its relation gives."""
    if result.shown == "symmetrised":
        return ""  # nothing by construction; what was taken away is told instead
    if c.deviation is None or c.value is None:
        return ""
    unit = display_unit(result.unit)
    tail = f" {unit}" if unit else ""
    if abs(c.deviation) <= EXACT * max(result.norm, 1e-300):
        return f"Deviation from symmetry: 0{tail}"
    share = f" ({100 * abs(c.deviation) / result.norm:.2g} % of the norm)" if result.norm else ""
    want = (
        "zero"
        if c.role == "zero"
        else f"the relation, which gives {number_text(c.value - c.deviation, decimals)}{tail}"
    )
    size = number_text(abs(c.deviation), decimals)
    if set(size) <= set("0."):
        size = small_text(abs(c.deviation))
    return f"{size}{tail} {'above' if c.deviation > 0 else 'below'} {want}{share}."


def change(result: NyeResult, c: Component, decimals: int | None) -> str:
    """Shown minus given, with its sign; empty where they agree."""
    gap = result.changes.get(c.name, 0.0)
    if abs(gap) <= EXACT * max(result.norm, 1e-300):
        return ""
    size = number_text(abs(gap), None if decimals is None else decimals + 1)
    if set(size) <= set("0."):
        size = small_text(abs(gap))
    return f"{'+' if gap > 0 else MINUS}{size}"


def change_sentence(result: NyeResult, c: Component, decimals: int | None) -> str:
    """What was given in place of the number shown."""
    by = change(result, c, decimals)
    if not by or c.value is None:
        return ""
    unit = display_unit(result.unit)
    tail = f" {unit}" if unit else ""
    before = number_text(c.value - result.changes[c.name], decimals)
    return f"Given as {before}{tail}; {result.shown}, that is {by}{tail}."


def value_text(result: NyeResult, c: Component, decimals: int | None) -> str:
    """The number of a component; what projection left of a forbidden one is rounding, not a value."""
    if c.value is not None and abs(c.value) <= 1e-12 * result.norm:
        return "0"
    return number_text(c.value, decimals)


def _names(names: list[str]) -> str:
    shown = names[:6] + (["others"] if len(names) > 6 else [])
    return shown[0] if len(shown) == 1 else ", ".join(shown[:-1]) + " and " + shown[-1]


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}{'' if n == 1 else 's'}"


def uncertainty_text(c: Component, decimals: int | None) -> str:
    """One standard deviation, where the model gives one and symmetry does not force a zero."""
    if c.uncertainty is None or c.role == "zero":
        return ""
    size = number_text(abs(c.uncertainty), decimals)
    return f"± {size if set(size) - set('0.') else small_text(abs(c.uncertainty))}"
