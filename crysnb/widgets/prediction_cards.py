"""The value card of one prediction: a short summary of the number, and its symmetry stamp."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crysnb.errors import CrysnbError
from crysnb.units import display_unit
from crysnb.values.prediction import Prediction
from crysnb.values.tensor_kind import TensorKind
from crysnb.widgets import nye_text
from crysnb.widgets.number_text import decimals_for, number_text, share_text, small_text
from crysnb.widgets.nye_result import EXACT, NyeResult, nye_result

Array = NDArray[np.float64]
_BOUND = (
    "At most: the spreads of the components added as if they erred together. The spread of an ensemble, "
    "scaled so that it covers the error of 68 % of the validation crystals."
)
_RAW = (
    "How far the bare network, on the structure exactly as given, is from the allowed form: "
    "‖T − PT‖ / ‖T‖, before any projection"
)
_SPREAD = "Spread of an ensemble, scaled so that it covers the error of 68 % of the validation crystals."


def card(prediction: Prediction) -> dict[str, Any]:
    """Plain JSON of one card."""
    p = prediction
    result = nye_result(p) if p.spec.tensor is not None else None
    headline, lines = _summary(p, result)
    return {
        "property": p.property,
        "symbol": p.spec.symbol,
        "meaning": p.spec.meaning,
        "unit": display_unit(p.unit),
        "headline": headline,
        "lines": lines,
        "stamp": None if result is None else _stamp(p, result),
    }


def headline_text(one: dict[str, Any]) -> str:
    """The headline of a card on one line."""
    h = one["headline"]
    value = " ".join(part for part in (h["value"], h["uncertainty"], one["unit"]) if part)
    return f"{one['symbol']}: {h['label']} {value}".replace("  ", " ")


def _summary(p: Prediction, result: NyeResult | None) -> tuple[dict[str, str], list[dict[str, str]]]:
    kind = p.spec.tensor
    if not np.isfinite(p.value).all():
        return _headline("", "not a number", "", "The model gave no finite number; see the notices."), []
    if kind is None or result is None:
        spread = None if p.uncertainty is None else float(p.uncertainty)
        return _measured("", float(p.value), spread, _SPREAD), []
    if result.is_forbidden:
        return _headline("every component", "0", "", nye_text.forbidden(result)), []
    if kind.rank == 2 and not kind.axial:
        return _of_rank_2(kind, p)
    if kind.name == "elastic":
        return _of_stiffness(p)
    return _of_any(kind, p)


def _of_rank_2(kind: TensorKind, p: Prediction) -> tuple[dict[str, str], list[dict[str, str]]]:
    """Mean, eigenvalues and the share of the norm that is not isotropic."""
    full = np.asarray(kind.cartesian(p.value), dtype=np.float64)
    mean = float(np.trace(full)) / 3
    spread = None if p.uncertainty is None else float(np.abs(np.trace(p.uncertainty))) / 3
    values = np.linalg.eigvalsh((full + full.T) / 2)
    decimals = decimals_for(values)
    norm = float(np.linalg.norm(full))
    rest = float(np.linalg.norm(full - mean * np.eye(3)))
    share = 0.0 if rest <= EXACT * norm else rest / norm
    return _measured("isotropic mean", mean, spread, _BOUND), [
        _fact("eigenvalues", ", ".join(number_text(float(v), decimals) for v in values), "ascending"),
        _fact(
            "anisotropy",
            "0" if share == 0 else share_text(share),
            "‖T − mean·1‖ / ‖T‖: the part of the norm that depends on direction",
        ),
    ]


def _of_stiffness(p: Prediction) -> tuple[dict[str, str], list[dict[str, str]]]:
    """Voigt averages and the universal anisotropy index.

    Hill (1952), doi:10.1088/0370-1298/65/5/307; Ranganathan and Ostoja-Starzewski (2008),
    doi:10.1103/PhysRevLett.101.055504.
    """
    c = np.asarray(p.value, dtype=np.float64)
    bulk, shear = _voigt(c)
    spread = None if p.uncertainty is None else _voigt(np.abs(p.uncertainty))[0]
    unit = display_unit(p.unit)
    decimals = decimals_for((bulk, shear))
    lines = [
        _fact("shear modulus", f"{number_text(shear, decimals)} {unit}", "Voigt average"),
        _largest(p),
        _fact(
            "anisotropy",
            _universal(c, bulk, shear),
            "universal index 5 G_V/G_R + K_V/K_R − 6; 0 is isotropic",
        ),
    ]
    return _measured("bulk modulus", bulk, spread, f"Voigt average. {_BOUND}"), lines


def _voigt(c: Array) -> tuple[float, float]:
    diagonal, shears = float(c[0, 0] + c[1, 1] + c[2, 2]), float(c[3, 3] + c[4, 4] + c[5, 5])
    mixed = float(c[0, 1] + c[0, 2] + c[1, 2])
    return (diagonal + 2 * mixed) / 9, (diagonal - mixed + 3 * shears) / 15


def _universal(c: Array, bulk: float, shear: float) -> str:
    from crysnb.tensors.convert import to_compliance

    if float(np.linalg.eigvalsh((c + c.T) / 2).min()) <= 0:
        return "not defined: not stable"
    try:
        s = to_compliance(c)
    except CrysnbError:
        return "not defined: no inverse"
    diagonal, mixed = float(s[0, 0] + s[1, 1] + s[2, 2]), float(s[0, 1] + s[0, 2] + s[1, 2])
    shears = float(s[3, 3] + s[4, 4] + s[5, 5])
    bulk_reuss, shear_reuss = 1 / (diagonal + 2 * mixed), 15 / (4 * diagonal - 4 * mixed + 3 * shears)
    index = 5 * shear / shear_reuss + bulk / bulk_reuss - 6
    return "0" if index < 1e-9 else f"{index:.3g}"


def _of_any(kind: TensorKind, p: Prediction) -> tuple[dict[str, str], list[dict[str, str]]]:
    """The largest component by size, and the norm."""
    values = kind.components(p.value)
    k = int(np.abs(values).argmax())
    spread = None if p.uncertainty is None else float(kind.components(p.uncertainty)[k])
    norm = float(np.linalg.norm(kind.cartesian(p.value)))
    unit = display_unit(p.unit)
    return _measured(f"largest component {kind.names[k]}", float(values[k]), spread, _SPREAD), [
        _fact(
            "norm", f"{number_text(norm, decimals_for((norm,)))} {unit}".strip(), "Cartesian Frobenius norm"
        ),
    ]


def _largest(p: Prediction) -> dict[str, str]:
    kind = p.spec.tensor
    values = kind.components(p.value) if kind is not None else np.zeros(1)
    k = int(np.abs(values).argmax())
    name = kind.names[k] if kind is not None else ""
    text = f"{name} = {number_text(float(values[k]), decimals_for(values))} {display_unit(p.unit)}"
    return _fact("largest", text.strip(), "component of the largest size")


def _stamp(p: Prediction, result: NyeResult) -> dict[str, Any]:
    text, severity = nye_text.verdict(result)
    return {
        "severity": severity,
        "verdict": text,
        "facts": _symmetry_facts(p, result),
        "guaranteed": nye_text.guaranteed(result),
        "learned": nye_text.learned(result),
    }


def _symmetry_facts(p: Prediction, result: NyeResult) -> list[dict[str, str]]:
    s, form = p.symmetry, result.form
    if s is None or form is None:
        return [_fact("space group", "not determined", "no zeros or ties are known")]
    n = len(form.operations)
    facts = [
        _fact("space group", f"{s.symbol} ({s.number})", ""),
        _fact("point group", s.point_group, f"{n} operation{'' if n == 1 else 's'}"),
        _fact("symprec", f"{s.symprec:g} Å", "tolerance with which the symmetry was found"),
        _fact("independent", f"{form.n_independent} of {result.kind.n_components}", "free components"),
    ]
    if p.symmetry_residual is not None:
        facts.append(_fact("raw residual", small_text(p.symmetry_residual), _RAW))
    return facts


def _measured(label: str, value: float, spread: float | None, hint: str) -> dict[str, str]:
    decimals = decimals_for((value,))
    if spread is None or not math.isfinite(spread):
        return _headline(label, number_text(value, decimals), "", "")
    if decimals is not None and spread > 0:
        # Two digits of the uncertainty say how many of the value mean anything.
        decimals = min(max(1 - math.floor(math.log10(spread)), 0), decimals)
    size = number_text(spread, decimals)
    return _headline(
        label,
        number_text(value, decimals),
        f"± {size if set(size) - set('0.') else small_text(spread)}",
        hint,
    )


def _headline(label: str, value: str, uncertainty: str, hint: str) -> dict[str, str]:
    return {"label": label, "value": value, "uncertainty": uncertainty, "hint": hint}


def _fact(label: str, value: str, hint: str) -> dict[str, str]:
    return {"label": label, "value": value, "hint": hint}
