"""The first-order theorem on the shipped dielectric model: slope 2 unless a distortion has a symmetric part.

For each crystal a hydrostatic strain, a shear, a totally symmetric displacement where there is one, two modes
that break something, one site and a rattle. "changed" is the part of ε∞ that the undistorted crystal allows,
‖P_G (T(ε) − T(0))‖; "leak" is the part that it forbids, ‖T − P_G T‖. Slopes of log against log amplitude on
the small end, in float64; 2 is due means 2 or more, a dash that nothing comes out of the noise, as is right
where nothing may change. A function that looks at the axes of the laboratory is the control that must fail.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np

from crysnb.breaking.model_tensor import ModelTensor
from crysnb.breaking.modes import modes
from crysnb.breaking.patterns import Pattern, displacement, is_symmetric, rattle, rotation, strain
from crysnb.breaking.response import Response, response
from crysnb.symmetry.parent import Parent, parent_of

CRYSTALS = ("SrTiO3", "BaTiO3", "quartz", "rutile", "NaCl", "GaN", "fluorite")
MODEL = "gmtnet-dielectric"
NEAR = 0.1
SIZES = np.geomspace(2e-4, 4e-3, 5)


def main() -> None:
    """Print the table, then one JSON line."""
    model = ModelTensor(MODEL)
    rows = [(name, _measured(name, p, model)) for name in CRYSTALS for p in _patterns(name)]
    print(f"{'crystal':9} {'distortion':19} {'changed':>8} due  {'leak':>8} due  {'noise':>8}")
    for name, r in rows:
        cells = (_text(r.changed_slope), r.changed_order or "-", _text(r.leak_slope), r.leak_order or "-")
        print("{:9} {:19} {:>8} {:>3}  {:>8} {:>3}  {:8.0e}".format(name, r.pattern.name, *cells, r.noise))
    held = [_holds(r) for _, r in rows]
    control = response(
        "SrTiO3", strain("SrTiO3", "e4"), _laboratory(model), "dielectric", amplitudes=0.05 * SIZES
    )
    line = {
        "benchmark": "breaking_slopes",
        "model": MODEL,
        "crystals": len(CRYSTALS),
        "cases": len(rows),
        "held": sum(held),
        "failed": [f"{n} {r.pattern.name}" for (n, r), ok in zip(rows, held, strict=True) if not ok],
        "control_fails": not _holds(control),
    }
    sys.stdout.write(json.dumps(line) + "\n")


def _patterns(name: str) -> list[Pattern]:
    whole: Parent = parent_of(name)
    every = modes(whole)
    symmetric = [m for m in every if is_symmetric(m, whole)][:1]
    breaking = [m for m in every if not is_symmetric(m, whole)]
    return [
        strain(whole, "hydrostatic"),
        strain(whole, "e4"),
        *symmetric,
        *breaking[:: max(1, len(breaking) - 1)][:2],
        displacement(whole, len(whole.structure) - 1, "z"),
        rattle(whole),
        rotation(whole),
    ]


def _measured(name: str, pattern: Pattern, model: ModelTensor) -> Response:
    return response(name, pattern, model, model.kind, amplitudes=pattern.largest * SIZES, unit=model.unit)


def _holds(r: Response) -> bool:
    pairs = ((r.changed_slope, r.changed_order), (r.leak_slope, r.leak_order))
    return all(_fits(found, order) for found, order in pairs) and r.noise < 1e-9


def _fits(found: float | None, order: int) -> bool:
    if found is None:
        return order != 1
    return abs(found - 1) < NEAR if order == 1 else order == 2 and found > 2 - NEAR


def _laboratory(model: ModelTensor) -> Any:
    """The model with one component mistaken for an invariant."""
    return lambda structures: [t + 0.1 * t[1, 2] * np.eye(3) for t in model(structures)]


def _text(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


if __name__ == "__main__":
    main()
