"""A predicted property of one crystal, and the notices that travel with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from crysnb.errors import ShapeError
from crysnb.units import display_unit
from crysnb.values.property_spec import PropertySpec

if TYPE_CHECKING:
    import pandas as pd

    from crysnb.values.symmetry_info import SymmetryInfo

Severity = Literal["info", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Notice:
    """A remark shown beside a number.

    Attributes
    ----------
    code
        Stable dotted name, for example ``"domain.rare_element"``.
    severity
        ``"info"``, ``"warning"``, or ``"error"`` (the number should not be used).
    text
        One or two plain sentences.
    """

    code: str
    severity: Severity
    text: str

    def to_dict(self) -> dict[str, str]:
        """``{"code", "severity", "text"}``."""
        return {"code": self.code, "severity": self.severity, "text": self.text}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)
class Prediction:
    """One property of one crystal.

    Attributes
    ----------
    value
        float64, in the form usual for the kind: 3×3 for a rank-2 tensor, Voigt matrix 3×6 or 6×6
        (order xx, yy, zz, yz, xz, xy) for rank 3 and 4, shape () for a scalar.
    spec
        The property: name, unit, tensor kind, meaning.
    model
        Name of the model.
    frame
        Frame of ``value``; ``"own"`` is that of the structure as given.
    symmetry
        Symmetry used for the projection, or None where it was not determined.
    symmetry_residual
        ‖T − P T‖ / ‖T‖ (Cartesian norm) of the raw network output for the structure exactly as
        given, *before* idealisation and projection; ‖T‖ counts as at least the floor of the unit (1e-6 for
        pure numbers, 1e-3 C/m², 1e-2 GPa). None for scalars or without symmetry.
    uncertainty
        In the shape of ``value``: the spread of an ensemble's members times one factor, chosen so
        that ‖uncertainty‖ covers ‖error‖ (Cartesian norm) for 68 % of the validation crystals. None
        if the model gives none.
    notices
        Remarks, most severe first.
    structure_id
        Stem of the file, id of the record, or the reduced formula.
    formula
        Reduced formula.
    """

    value: NDArray[np.float64]
    spec: PropertySpec
    model: str
    frame: str
    symmetry: SymmetryInfo | None
    symmetry_residual: float | None
    uncertainty: NDArray[np.float64] | None = None
    notices: tuple[Notice, ...] = ()
    structure_id: str = ""
    formula: str = ""

    def __post_init__(self) -> None:
        value = np.array(self.value, dtype=np.float64)
        if not np.isfinite(value).all() and not any(n.severity == "error" for n in self.notices):
            raise ShapeError(
                "prediction.non_finite",
                found=f"{self.model} gave a non-finite {self.spec.name}",
                accepted="finite numbers, or an error notice beside them",
            )
        value.flags.writeable = False
        object.__setattr__(self, "value", value)

    @property
    def unit(self) -> str:
        """Unit of ``value``; ``"1"`` for a pure number."""
        return self.spec.unit

    @property
    def kind(self) -> str | None:
        """Name of the tensor kind, or None for a scalar."""
        return self.spec.tensor.name if self.spec.tensor else None

    def __repr__(self) -> str:
        if self.value.ndim:
            body = f"{'×'.join(map(str, self.value.shape))}"
        else:
            body = f"{float(self.value):.4g}"
        unit = display_unit(self.unit)
        group = f", {self.symmetry.symbol}" if self.symmetry else ""
        return (
            f"Prediction({self.structure_id or self.formula}: {self.spec.symbol} {body}"
            f"{' ' + unit if unit else ''}{group}, {self.model}, {len(self.notices)} notices)"
        )

    def to_dict(self) -> dict[str, Any]:
        """The documented JSON object of ``crysnb predict``."""
        s = self.symmetry
        return {
            "id": self.structure_id,
            "formula": self.formula,
            "model": self.model,
            "property": self.property,
            "value": [_json_number(v) for v in self.value] if self.value.ndim else _json_number(self.value),
            "unit": self.unit,
            "frame": self.frame,
            "space_group": s.number if s else None,
            "point_group": s.point_group if s else None,
            "symprec": s.symprec if s else None,
            "symmetry_residual": self.symmetry_residual,
            "notices": [n.to_dict() for n in self.notices],
        }

    def to_frame(self) -> pd.DataFrame:
        """One row per printed component: name, value, unit."""
        import pandas as pd

        if self.spec.tensor is None:
            rows = [(self.spec.symbol, float(self.value), self.unit)]
        else:
            rows = [
                (name, float(number), self.unit)
                for name, number in zip(
                    self.spec.tensor.names, self.spec.tensor.components(self.value), strict=True
                )
            ]
        return pd.DataFrame(rows, columns=["component", "value", "unit"])

    # Last in the class: from here on the name hides the built-in decorator.
    @property
    def property(self) -> str:
        """Name of the property."""
        return self.spec.name


def _json_number(x: Any) -> Any:
    a = np.asarray(x)
    if a.ndim:
        return [_json_number(v) for v in a]
    return float(a) if np.isfinite(a) else None
