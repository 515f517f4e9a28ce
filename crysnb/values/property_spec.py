"""What a predicted property is: its name, symbol, unit, tensor kind and meaning."""

from __future__ import annotations

from dataclasses import dataclass

from crysnb.errors import UnknownName
from crysnb.units import check_unit
from crysnb.values.tensor_kind import DIELECTRIC, ELASTIC, PIEZOELECTRIC, TensorKind


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertySpec:
    """A property that a model may predict.

    Attributes
    ----------
    name
        Stable name, for example ``"dielectric"``.
    symbol
        Symbol for people, for example ``"ε∞"``.
    unit
        Unit known to :mod:`crysnb.units`; ``"1"`` for a pure number.
    tensor
        Tensor kind, or None for a scalar.
    meaning
        One sentence that says what the number is and what it is not.
    """

    name: str
    symbol: str
    unit: str
    tensor: TensorKind | None
    meaning: str

    def __post_init__(self) -> None:
        check_unit(self.unit)


#: Size below which a tensor counts as zero, per unit: a relative distance says nothing there.
FLOOR: dict[str, float] = {"1": 1e-6, "C/m^2": 1e-3, "GPa": 1e-2}

PROPERTIES: dict[str, PropertySpec] = {
    spec.name: spec
    for spec in (
        PropertySpec(
            name="dielectric",
            symbol="ε∞",
            unit="1",
            tensor=DIELECTRIC,
            meaning="electronic (clamped-ion, high-frequency) relative permittivity, not the static one",
        ),
        PropertySpec(
            name="dielectric_total",
            symbol="ε0",
            unit="1",
            tensor=DIELECTRIC,
            meaning="static relative permittivity at fixed strain: the electronic part plus that of the ions",
        ),
        PropertySpec(
            name="piezoelectric",
            symbol="e",
            unit="C/m^2",
            tensor=PIEZOELECTRIC,
            meaning="piezoelectric stress tensor: polarisation per strain at fixed electric field",
        ),
        PropertySpec(
            name="elastic",
            symbol="c",
            unit="GPa",
            tensor=ELASTIC,
            meaning="elastic stiffness: stress per strain",
        ),
    )
}


def property_spec(name: str) -> PropertySpec:
    """The property called ``name``, or :class:`UnknownName`."""
    if name not in PROPERTIES:
        raise UnknownName.of("property", name, PROPERTIES)
    return PROPERTIES[name]
