"""A directional analysis as the browser and the pictures see it (widgets/schema/surface.schema.json)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from crysnb.tensors.directional import Longitudinal
from crysnb.tensors.surface_result import Extreme, Surface
from crysnb.units import convert, display_unit
from crysnb.values.tensor_kind import ELASTIC
from crysnb.widgets.crystal_overlay import VIRIDIS
from crysnb.widgets.crystal_scene import VIEW
from crysnb.widgets.number_text import decimals_for, number_text, share_text
from crysnb.widgets.nye_text import SPOKEN_UNITS

Array = NDArray[np.float64]

#: Colours for values of both signs, zero in the middle.
SIGNED = ("#0b5394", "#6fa8d6", "#ececec", "#f0a06a", "#c24a00")
#: Axes nearer to each other than this are one line with two names.
_SAME_AXIS = np.cos(np.radians(0.3))
_SPOKEN = {**SPOKEN_UNITS, "1/TPa": "per terapascal"}
#: An asymmetry of indices that is not worth a word.
_ASYMMETRY = 1e-6


def surface_state(surface: Surface) -> dict[str, Any]:
    """All that is drawn, as plain JSON; holds every property of the tensor."""
    kind = surface.kind
    quantities = [_quantity(surface.of(name)) for name in surface.others]
    return {
        "title": surface.title or f"{kind.name} tensor",
        "subtitle": f"{kind.name} tensor along every direction",
        "facts": facts(surface),
        "notices": _notices(surface),
        "quantities": quantities,
        "components": _components(surface),
        "compliance": _compliance(surface),
        "even": kind.rank % 2 == 0,
        "axes": axes_of(surface),
        "cell": (np.eye(3) if surface.axes is None else _unit(surface.axes).T).reshape(-1).tolist(),
        "view": VIEW.reshape(-1).tolist(),
        "stops": list(VIRIDIS),
        "signed_stops": list(SIGNED),
    }


def facts(surface: Surface) -> list[dict[str, str]]:
    """Label, value and explanation of what does not depend on the direction."""
    out: list[tuple[str, str, str]] = []
    if surface.point_group is not None:
        out.append(("point group", surface.point_group, "of the crystal whose axes a, b, c are drawn"))
        out.append(("frame", surface.frame, "axes of the structure as given, if own"))
    averages = surface.averages
    if averages is not None:
        unit = display_unit(surface.tensor_unit)
        hill = averages.hill
        out.append(("K, G", f"{hill.bulk:.4g}, {hill.shear:.4g} {unit}", _bounds(surface)))
        out.append(("anisotropy Aᵁ", f"{averages.universal_anisotropy:.3g}", _UNIVERSAL))
        if surface.zener is not None:
            out.append(
                ("Zener ratio", f"{surface.zener:.3g}", "2 c44 / (c11 − c12); 1 for an isotropic body")
            )
    light = surface.optics
    if light is not None:
        out.append(("light", light.character, "optic character"))
        if light.indices is not None:
            text = ", ".join(f"{n:.3f}" for n in light.indices)
            out.append(("√ε", text, "refractive indices, if this is ε∞; smallest first"))
        if light.angle is not None:
            out.append(("2V", f"{light.angle:.1f}°", "acute angle between the two optic axes"))
    return [{"label": label, "value": value, "hint": hint} for label, value, hint in out]


_UNIVERSAL = "Ranganathan and Ostoja-Starzewski (2008): 0 for an isotropic crystal"


def _bounds(surface: Surface) -> str:
    averages = surface.averages
    if averages is None:
        return ""
    v, r = averages.voigt, averages.reuss
    return (
        f"Hill's bulk and shear modulus of a polycrystal; Voigt {v.bulk:.4g} and {v.shear:.4g}, "
        f"Reuss {r.bulk:.4g} and {r.shear:.4g}"
    )


def _notices(surface: Surface) -> list[dict[str, str]]:
    if surface.asymmetry <= _ASYMMETRY:
        return []
    text = f"The indices are unsymmetric by {share_text(surface.asymmetry)} of the norm; means are used."
    return [{"code": "tensor.index_symmetry", "severity": "warning", "text": text}]


def _quantity(surface: Surface) -> dict[str, Any]:
    q, extremes = surface.quantity, surface.extremes.values()
    decimals = decimals_for(e.value for e in extremes)
    return {
        "name": q.name,
        "symbol": q.symbol,
        "title": q.title,
        "unit": display_unit(surface.unit),
        "unit_spoken": _SPOKEN.get(surface.unit, display_unit(surface.unit)),
        "to_unit": 1000 / convert(1.0, surface.tensor_unit, "GPa") if q.unit == "1/TPa" else 1.0,
        "decimals": decimals,
        "sheets": list(q.sheets),
        "extremes": [_extreme(e, decimals) for e in extremes],
        "verdict": verdict(surface),
    }


def _extreme(extreme: Extreme, decimals: int | None) -> dict[str, Any]:
    return {
        **extreme.to_dict(),
        "value": _short(extreme.value),
        "text": number_text(extreme.value, decimals),
        "direction": _rounded(extreme.direction),
        "across": _rounded(extreme.across),
    }


def _short(value: float) -> float:
    """Nine digits: what follows depends on the machine."""
    return float(f"{value:.9g}") + 0.0


def _rounded(n: tuple[float, ...] | None) -> list[float] | None:
    return None if n is None else [round(v, 6) + 0.0 for v in n]


def verdict(surface: Surface) -> str:
    """One sentence about the extremes."""
    high, low = (surface.extremes[w] for w in ("max", "min"))
    decimals = decimals_for((high.value, low.value))
    unit = f" {display_unit(surface.unit)}".rstrip()
    title = surface.quantity.title[0].upper() + surface.quantity.title[1:]
    if high.direction is None:
        if abs(high.value) < 1e-12:
            return f"{title} is zero along every direction; the tensor may still act in other geometries."
        return f"{title} is the same in every direction: {number_text(high.value, decimals)}{unit}."
    text = (
        f"{title} runs from {number_text(low.value, decimals)}{unit}{_along(low)} "
        f"to {number_text(high.value, decimals)}{unit}{_along(high)}"
    )
    if surface.quantity.name == "poisson" and low.value < 0:
        return f"{text}. Negative: stretched along that n, the crystal widens along m."
    ratio = surface.anisotropy
    return f"{text}, a factor of {ratio:.3g}." if ratio is not None else f"{text}."


def _along(extreme: Extreme) -> str:
    return f" along {extreme.indices.replace('-', '−')}" if extreme.indices else ""


def _components(surface: Surface) -> list[dict[str, Any]]:
    values = [_short(v) for v in surface.kind.components(surface.tensor).tolist()]
    evaluator = surface.evaluator
    names = surface.kind.names
    if not isinstance(evaluator, Longitudinal):
        return [
            {"name": n, "value": v, "powers": [], "factor": 1} for n, v in zip(names, values, strict=True)
        ]
    rows = zip(
        names, values, evaluator.exponents.astype(int).tolist(), evaluator.factors.tolist(), strict=True
    )
    return [{"name": n, "value": v, "powers": p, "factor": f} for n, v, p, f in rows]


def _compliance(surface: Surface) -> list[float]:
    from crysnb.tensors.convert import to_compliance

    if surface.kind != ELASTIC:
        return []
    return [_short(v) for v in to_compliance(surface.tensor).reshape(-1).tolist()]


def axes_of(surface: Surface) -> list[dict[str, Any]]:
    """x, y, z, and a, b, c of the crystal; axes along one line have both names."""
    out = [{"name": n, "vector": v, "crystal": False} for n, v in zip("xyz", np.eye(3).tolist(), strict=True)]
    if surface.axes is None:
        return out
    for name, vector in zip("abc", _unit(surface.axes).T.tolist(), strict=True):
        same = next((row for row in out if np.dot(row["vector"], vector) > _SAME_AXIS), None)
        if same is not None:
            same["name"] += f" {name}"
        else:
            out.append({"name": name, "vector": vector, "crystal": True})
    return out


def _unit(columns: Array) -> Array:
    """Columns of length 1, to six decimals."""
    return np.asarray((columns / np.linalg.norm(columns, axis=0)).round(6) + 0.0)
