"""The description of a crystal scene: one plain dict, drawn by the browser and by Python alike."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from crysnb.symmetry.elements import SymmetryElement, symmetry_elements
from crysnb.widgets.crystal_drawing import CrystalDrawing, crystal_drawing, drawn_radius
from crysnb.widgets.crystal_marks import outline
from crysnb.widgets.crystal_overlay import VIRIDIS, Glyphs, Scalars
from crysnb.widgets.crystal_scene import VIEW
from crysnb.widgets.element_colors import element_color
from crysnb.widgets.number_text import decimals_for, number_text

if TYPE_CHECKING:
    from crysnb.structure.read import Reading
    from crysnb.values.symmetry_info import SymmetryInfo


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CrystalFacts:
    """All that a crystal view shows, before it becomes plain data.

    Attributes
    ----------
    reading
        The checked structure, its name and the notices of reading it.
    symmetry
        Its symmetry, or None where it could not be determined.
    drawing
        Atoms with images, bonds, cell.
    elements
        Symmetry elements in the order of ``symmetry.operations``.
    scalars, glyphs
        What is laid over the sites.
    """

    reading: Reading
    symmetry: SymmetryInfo | None
    drawing: CrystalDrawing
    elements: tuple[SymmetryElement, ...]
    scalars: Scalars | None
    glyphs: Glyphs | None

    @classmethod
    def of(
        cls,
        reading: Reading,
        symmetry: SymmetryInfo | None,
        scalars: Scalars | None = None,
        glyphs: Glyphs | None = None,
    ) -> CrystalFacts:
        """Draw a structure and locate its symmetry elements."""
        elements = () if symmetry is None else symmetry_elements(reading.structure, symmetry)
        return cls(
            reading=reading,
            symmetry=symmetry,
            drawing=crystal_drawing(reading.structure),
            elements=elements,
            scalars=scalars,
            glyphs=glyphs,
        )

    @property
    def group(self) -> str:
        """Space group and point group in words."""
        s = self.symmetry
        if s is None:
            return "symmetry not determined"
        return f"{s.symbol} ({s.number}), point group {s.point_group}"

    def orbits(self) -> list[int]:
        """Number of the orbit of each site: sites that the operations of the given cell exchange."""
        n = len(self.reading.structure)
        if self.symmetry is None:
            return list(range(n))
        first = self.symmetry.site_permutations.min(axis=0)
        return [int(k) for k in np.unique(first, return_inverse=True)[1].reshape(-1)]

    def label(self, k: int) -> str:
        """Element and position, made here: labels of a file are never shown."""
        return f"{self.reading.structure[k].specie.symbol}{k + 1}"


def crystal_data(facts: CrystalFacts) -> dict[str, Any]:
    """The scene description; its shape is that of ``widgets/schema/crystal.schema.json``."""
    structure, drawing = facts.reading.structure, facts.drawing
    symbols = [site.specie.symbol for site in structure]
    counts = Counter(symbols)
    index = {symbol: k for k, symbol in enumerate(counts)}
    return {
        "title": facts.reading.structure_id,
        "subtitle": structure.composition.reduced_formula,
        "facts": _facts(facts),
        "notices": [n.to_dict() for n in facts.reading.notices],
        "view": _flat(VIEW, 6),
        "cell": _flat(drawing.cell, 4),
        "species": [
            {"symbol": s, "color": element_color(s), "radius": round(drawn_radius(s), 3), "count": n}
            for s, n in counts.items()
        ],
        "site_species": [index[s] for s in symbols],
        "site_frac": _flat(np.asarray(structure.frac_coords), 4),
        "site_orbit": facts.orbits(),
        "atom_site": list(drawing.site),
        "atom_xyz": _flat(drawing.positions, 3),
        "bonds": [k for pair in drawing.bonds for k in pair],
        "operations": [_operation(e, drawing.cell) for e in facts.elements],
        "scalars": _scalars(facts.scalars),
        "glyphs": _glyphs(facts.glyphs),
    }


def _facts(facts: CrystalFacts) -> list[dict[str, str]]:
    s, lattice = facts.symmetry, facts.reading.structure.lattice
    rows = [
        ("space group", f"{s.symbol} ({s.number})" if s else "not determined",
         f"found with symprec {s.symprec:g} Å" if s else ""),
        ("point group", s.point_group if s else "not determined", ""),
        ("a, b, c", ", ".join(f"{v:.3f}" for v in lattice.abc) + " Å", "lengths of the lattice vectors"),
        ("α, β, γ", ", ".join(f"{v:.1f}°" for v in lattice.angles), "angles of the lattice"),
        ("sites", str(len(facts.reading.structure)), "in the cell as given"),
    ]  # fmt: skip
    return [{"label": label, "value": value, "hint": hint} for label, value, hint in rows]


def _operation(e: SymmetryElement, cell: NDArray[np.float64]) -> dict[str, Any]:
    return {
        "name": e.name,
        "text": e.text,
        "kind": e.kind,
        "symbol": e.symbol,
        "order": e.order,
        "axis": _flat(e.axis, 6),
        "point": _flat(e.point, 4),
        "translation": _flat(e.translation, 4),
        "outline": _flat(outline(e, cell), 3),
        "permutation": list(e.permutation) if e.permutation is not None else [],
    }


def _scalars(scalars: Scalars | None) -> dict[str, Any] | None:
    if scalars is None:
        return None
    values = [float(v) for v in scalars.values]
    decimals = decimals_for(values)
    return {
        "name": scalars.name,
        "unit": scalars.unit,
        "texts": [number_text(v, decimals) for v in values],
        "colors": scalars.colors(),
        "low": number_text(min(values), decimals),
        "high": number_text(max(values), decimals),
        "stops": list(VIRIDIS),
    }


def _glyphs(glyphs: Glyphs | None) -> dict[str, Any] | None:
    if glyphs is None:
        return None
    return {
        "kind": glyphs.kind,
        "name": glyphs.name,
        "unit": glyphs.unit,
        "largest": number_text(glyphs.largest, decimals_for([glyphs.largest])),
        "values": _flat(glyphs.scaled(), 3),
    }


def _flat(array: NDArray[np.float64], digits: int) -> list[float]:
    # Adding zero turns −0.0 into 0.0, which JSON would write with its sign.
    return [float(v) + 0.0 for v in np.round(array, digits).reshape(-1)]
