"""What a predicted property is: its name, symbol, unit, tensor kind and meaning."""

from __future__ import annotations

from dataclasses import dataclass

from crysnb.errors import CrysnbError, UnknownName, quote
from crysnb.units import check_unit, units_like
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
    least
        Smallest value that the number can have, or None.
    """

    name: str
    symbol: str
    unit: str
    tensor: TensorKind | None
    meaning: str
    least: float | None = None

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
        PropertySpec(
            name="formation_energy",
            symbol="ΔEf",
            unit="eV/atom",
            tensor=None,
            meaning="energy of formation from the elements, of PBE or PBE+U, not that above the hull",
        ),
        PropertySpec(
            name="band_gap",
            symbol="Eg",
            unit="eV",
            tensor=None,
            meaning="PBE band gap, which is smaller than the measured one; 0 for a metal",
            least=0.0,
        ),
        PropertySpec(
            name="bulk_modulus",
            symbol="K",
            unit="GPa",
            tensor=None,
            meaning="Hill's average of the bulk modulus",
            least=0.0,
        ),
        PropertySpec(
            name="shear_modulus",
            symbol="G",
            unit="GPa",
            tensor=None,
            meaning="Hill's average of the shear modulus",
            least=0.0,
        ),
        PropertySpec(
            name="phonon_peak",
            symbol="ωmax",
            unit="1/cm",
            tensor=None,
            meaning="frequency of the highest peak of the phonon density of states",
            least=0.0,
        ),
    )
}


def property_spec(name: str) -> PropertySpec:
    """The property called ``name``, or :class:`UnknownName`."""
    if name not in PROPERTIES:
        raise UnknownName.of("property", name, PROPERTIES)
    return PROPERTIES[name]


def unit_of(kind: TensorKind, unit: str | None = None) -> str:
    """``unit`` if it can be that of a tensor of the kind; without one the usual unit.

    A piezoelectric tensor may also be in pm/V, as d. Kinds without a usual unit may have any.

    Raises
    ------
    UnknownName
        For an unknown unit.
    CrysnbError
        ``unit.dimension`` for a unit that measures something else.
    """
    spec = PROPERTIES.get(kind.name)
    if spec is None:
        return "1" if unit is None else check_unit(unit)
    fitting = (*units_like(spec.unit), *(("pm/V",) if kind == PIEZOELECTRIC else ()))
    if unit is None or check_unit(unit) in fitting:
        return unit or spec.unit
    raise CrysnbError(
        "unit.dimension",
        found=f"the unit {quote(unit)} for a tensor of kind {kind.name}",
        accepted=", ".join(fitting),
        action="crysnb.tensors.convert.to_stiffness makes a stiffness of a compliance"
        if (kind, unit) == (ELASTIC, "1/TPa")
        else "",
    )
