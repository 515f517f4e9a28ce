"""What the panel of a crystal draws: facts, legend, sites and a still picture, as plain data."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from crysnb.values.prediction import Notice
from crysnb.widgets.element_colors import element_color
from crysnb.widgets.scene import Scene
from crysnb.widgets.svg import to_svg

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure

MAX_ROWS = 60
SITE_HEADERS = ("site", "a", "b", "c", "x / Å", "y / Å", "z / Å")


def structure_state(
    structure: Structure,
    *,
    title: str,
    subtitle: str,
    facts: Sequence[tuple[str, str, str]],
    picture: Scene,
    notices: Sequence[Notice] = (),
    engine: Literal["nglview", "picture"] = "picture",
) -> dict[str, Any]:
    """The data of a structure panel.

    Parameters
    ----------
    structure
        A checked structure.
    title, subtitle
        Its head.
    facts
        Label, value and hint of each.
    picture
        Drawn where there is no 3-D viewer.
    notices
        Shown below.
    engine
        Whether nglview draws the crystal.
    """
    counts = Counter(site.specie.symbol for site in structure)
    svg = base64.b64encode(to_svg(picture).encode()).decode()
    return {
        "title": title,
        "subtitle": subtitle,
        "facts": [{"label": a, "value": b, "hint": c} for a, b, c in facts],
        "legend": [{"symbol": e, "color": element_color(e), "count": n} for e, n in counts.items()],
        "sites": [site_row(structure, k) for k in range(min(len(structure), MAX_ROWS))],
        "n_sites": len(structure),
        "picture": f"data:image/svg+xml;base64,{svg}",
        "engine": engine,
        "notices": [n.to_dict() for n in notices],
    }


def site_row(structure: Structure, k: int) -> list[str]:
    """Label, fractional and Cartesian coordinates of a site, as text."""
    site = structure[k]
    # Element and position, made here: labels of a file are never shown.
    label = f"{site.specie.symbol}{k + 1}"
    return [label, *(f"{v:.4f}" for v in site.frac_coords), *(f"{v:.3f}" for v in site.coords)]
