"""Intermediate matrices as the browser and the pictures see them (widgets/schema/matrix.schema.json)."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crysnb.matrices.report import Matrices
from crysnb.matrices.residuals import Residuals, sampled
from crysnb.widgets.crystal_overlay import VIRIDIS

Array = NDArray[np.float64]

#: Operations that are listed; the residuals of all are in the result.
MAX_LISTED = 192
#: Residuals below this are drawn as this: they are rounding.
LEAST = 1e-17


def matrix_state(result: Matrices, title: str, layer: str, head: int) -> dict[str, Any]:
    """All that is drawn of one layer, and the residuals of all, as plain JSON.

    Parameters
    ----------
    result
        The analysis.
    title
        Name of the crystal.
    layer
        Name of the layer that is shown.
    head
        Number of the head; −1 for the mean.
    """
    action = result.group.action
    s = action.symmetry
    what, values = result.map_of(layer, head=None if head < 0 else head)
    symbols = [action.orbits[k].element for k in action.orbit_of_site]
    current = result.residuals(layer, shuffles=False)
    listed = sampled(result.group)[:MAX_LISTED]
    return {
        "title": title,
        "subtitle": f"{result.trace.model or 'model'} under {s.symbol} ({s.number})",
        "facts": _facts(result, current),
        "notices": [{"code": n.code, "severity": n.severity, "text": n.text} for n in result.notices],
        "layers": [_layer(result, name) for name in result.layers()],
        "layer": layer,
        "head": head,
        "what": what,
        "sites": [f"{symbol}{k + 1}" for k, symbol in enumerate(symbols)],
        "site_orbit": action.orbit_of_site.tolist(),
        "site_element": symbols,
        "orbits": [
            {"label": label, "site_symmetry": orbit.site_symmetry}
            for label, orbit in zip(action.labels, action.orbits, strict=True)
        ],
        "order": action.order.tolist(),
        "matrix": _packed(values, "<f4"),
        "low": _short(values.min(initial=np.inf)) if values.size else 0.0,
        "high": _short(values.max(initial=-np.inf)) if values.size else 0.0,
        "operations": [
            {
                "name": action.names[op],
                "kind": action.kinds[op],
                "shifted": bool(action.has_shift[op]),
                "residual": _residual(float(value)),
            }
            for op, value in zip(listed.tolist(), current.values[:MAX_LISTED], strict=True)
        ],
        "n_operations": result.group.n_operations,
        "permutations": _packed(action.permutations[listed], "<u2"),
        "null_order": np.random.default_rng(0).permutation(action.n_sites).tolist(),
        "chance": _residual(float(current.shuffled.mean())) if len(current.shuffled) else None,
        "status": current.status,
        "text": current.text,
        "shells": _shells(result, layer, head),
        "stops": list(VIRIDIS),
    }


def _layer(result: Matrices, name: str) -> dict[str, Any]:
    found, layer = result.residuals(name, shuffles=False), result.layer(name)
    return {
        "name": name,
        "role": layer.role,
        "heads": layer.n_heads,
        "rms": _residual(found.rms),
        "status": found.status,
        "text": found.text,
        "doc": layer.doc,
    }


def _facts(result: Matrices, current: Residuals) -> list[dict[str, str]]:
    size = result.compression(current.layer)
    layer = result.layer(current.layer)
    rows = [
        ("operations", str(result.group.n_operations), "of the cell as given, pure translations among them"),
        ("status", current.status, current.text),
        (
            "free numbers",
            f"{size.n_free} of {size.n_full}",
            "left independent by symmetry, before any training",
        ),
    ]
    if not np.isnan(current.fraction):
        hint = f"symmetric fraction; {current.chance:.2g} for random numbers"
        rows.append(("φ", f"{current.fraction:.6f}", hint))
    if current.wrong_action is not None:
        hint = "RMS residual if the components were taken for scalars: a test that cannot fail tests nothing"
        rows.append(("wrong action", f"{current.wrong_action:.2g}", hint))
    if layer.role in ("rows", "poses"):
        found = result.orbits(current.layer)
        rows.append(("orbits kept apart", f"{found.homogeneity:.3g}", f"homogeneity. {found.text}"))
    return [{"label": label, "value": value, "hint": hint} for label, value, hint in rows]


def _shells(result: Matrices, layer: str, head: int) -> list[dict[str, float]]:
    if result.layer(layer).role != "pairs":
        return []
    found = result.shells(layer, head=None if head < 0 else head)
    return [
        {"distance": _short(d), "pairs": _short(p), "weight": _short(w)}
        for d, p, w in zip(found.distances, found.pairs, found.weights, strict=True)
    ]


def _packed(values: NDArray[Any], dtype: str) -> str:
    """Little-endian bytes as base64: short, and no message of its own."""
    return base64.b64encode(np.ascontiguousarray(values, dtype=dtype).tobytes()).decode("ascii")


def _residual(value: float) -> float | None:
    return None if np.isnan(value) else _short(value if value > LEAST else 0.0, 3)


def _short(value: float, digits: int = 6) -> float:
    return float(f"{float(value):.{digits}g}")
