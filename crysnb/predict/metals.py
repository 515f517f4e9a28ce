"""Whether a permittivity is asked of a metal: by a stored band gap, a predicted one, or the composition."""

from __future__ import annotations

from collections.abc import Sequence

from pymatgen.core import Structure

from crysnb.errors import CrysnbError, DeviceMemory
from crysnb.models.interface import Model, load_model
from crysnb.predict.domain import element_notices
from crysnb.predict.memory import Runner
from crysnb.structure.band_gap import stored_gap
from crysnb.values.crystal_batch import CrystalBatch
from crysnb.values.prediction import Notice
from crysnb.values.property_spec import property_spec
from crysnb.weights import store
from crysnb.weights.card import measured

#: The shipped model that is asked for a gap.
GAP_MODEL = "sen-e3"
_GAP = "band_gap"
#: Stored gaps up to this, in eV, count as metallic.
METAL_GAP = 0.05
#: Predicted gaps up to this, in eV: it tells metals best on the validation part of the model's data, see
#: ``benchmarks/metal_gap.py``.
PREDICTED_METAL_GAP = 0.15


def metal_notices(structures: Sequence[Structure], names: Sequence[str]) -> list[tuple[Notice, ...]]:
    """For each crystal, a notice where one of the properties has no meaning for it.

    Parameters
    ----------
    structures
        Checked; a gap that came with one lies in its ``properties``.
    names
        Of the predicted properties.
    """
    asked = [name for name in names if name in ("dielectric", "dielectric_total")]
    if not asked:
        return [() for _ in structures]
    gaps = [stored_gap(s.properties) for s in structures]
    unknown = [k for k, gap in enumerate(gaps) if gap is None]
    asked_for = [structures[k] for k in unknown]
    predicted = dict(zip(unknown, predicted_gaps(asked_for) if unknown else (), strict=True))
    return [
        tuple(n for name in asked for n in _notices(s, name, gap, predicted.get(k)))
        for k, (s, gap) in enumerate(zip(structures, gaps, strict=True))
    ]


def predicted_gaps(structures: Sequence[Structure]) -> list[float | None]:
    """Band gaps in eV as the shipped model gives them; None where it cannot."""
    if not structures or GAP_MODEL not in store.shipped():
        return [None for _ in structures]
    model = load_model(GAP_MODEL, "cpu")
    graphs = {}
    for k, structure in enumerate(structures):
        try:
            element_notices(structure, model.card)
            graphs[k] = model.graph(structure)
        except CrysnbError:  # an element that it does not know
            continue
    gaps: list[float | None] = [None for _ in structures]
    for k, output in zip(graphs, _run(model, list(graphs.values())), strict=True):
        gaps[k] = output
    return gaps


def _run(model: Model, graphs: list[CrystalBatch]) -> list[float | None]:
    outputs = Runner(model).run(graphs, None)
    return [None if isinstance(o, DeviceMemory) else float(o[_GAP]) for o in outputs]


def _notices(
    structure: Structure, name: str, gap: float | None, predicted: float | None
) -> tuple[Notice, ...]:
    symbol = property_spec(name).symbol
    meaning = f"{symbol} has no meaning for a metal: its electronic response at low frequency diverges"
    if gap is not None:
        text = f"{meaning}. The stored band gap is {gap:g} eV."
        return () if gap > METAL_GAP else (Notice("property.metal", "error", text),)
    if predicted is not None:
        if predicted > PREDICTED_METAL_GAP:
            return ()
        text = f"{meaning}. {GAP_MODEL} predicts a band gap of {predicted:.2f} eV{_worth()}."
        return (Notice("property.metal", "warning", text),)
    if all(e.is_metal for e in structure.composition.elements):
        text = f"{meaning}. All elements here are metals, so this crystal probably is one."
        return (Notice("property.metal", "warning", text),)
    return ()


def _worth() -> str:
    mae = measured(store.shipped_card(GAP_MODEL), "test", _GAP).get("mae")
    return f" (mean error on its test crystals {mae:.2f} eV)" if isinstance(mae, float) else ""
