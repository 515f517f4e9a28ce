"""How far a crystal is from what a model was trained on, and whether the property means anything."""

from __future__ import annotations

from pymatgen.core import Structure

from crysnb.errors import OutOfDomain
from crysnb.structure.band_gap import stored_gap
from crysnb.values.prediction import Notice
from crysnb.weights.card import ModelCard

#: An element in fewer training crystals than this is called rare.
RARE_BELOW = 10
#: Stored gaps up to this, in eV, count as metallic.
METAL_GAP = 0.05


def element_notices(structure: Structure, card: ModelCard) -> tuple[Notice, ...]:
    """Notice for elements that few training crystals contain.

    Raises
    ------
    OutOfDomain
        ``domain.element`` if no training crystal contains one of the elements.
    """
    counts = {str(e): card.element_counts.get(str(e), 0) for e in structure.composition.elements}
    unknown = sorted(e for e, n in counts.items() if n == 0)
    if unknown:
        raise OutOfDomain(
            "domain.element",
            found=f"{card.name} was never trained on {', '.join(unknown)}",
            accepted=f"crystals of its {sum(n > 0 for n in card.element_counts.values())} trained elements",
            action="Choose another model; cn.tensor_form still says what symmetry allows",
        )
    rare = sorted((n, e) for e, n in counts.items() if n < RARE_BELOW)
    if not rare:
        return ()
    listed = ", ".join(f"{e} ({n})" for n, e in rare)
    text = f"Rarely seen in training: {listed}. The number in brackets counts training crystals."
    return (Notice("domain.rare_element", "warning", text),)


def metal_notices(structure: Structure, property_name: str) -> tuple[Notice, ...]:
    """Warning where ε∞ is asked of a metal: by a stored band gap, otherwise by composition."""
    if property_name != "dielectric":
        return ()
    meaning = "ε∞ has no meaning for a metal: its electronic response at low frequency diverges"
    gap = stored_gap(structure.properties)
    if gap is not None:
        if gap > METAL_GAP:
            return ()
        return (Notice("property.metal", "error", f"{meaning}. The stored band gap is {gap:g} eV."),)
    if all(e.is_metal for e in structure.composition.elements):
        text = f"{meaning}. All elements here are metals, so this crystal probably is one."
        return (Notice("property.metal", "warning", text),)
    return ()
