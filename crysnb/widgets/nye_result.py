"""The headless result behind ``cn.nye``: a tensor, the form its crystal allows, and what follows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crysnb.errors import ShapeError
from crysnb.units import check_unit, display_unit
from crysnb.values.prediction import Notice, Prediction
from crysnb.values.property_spec import FLOOR, PROPERTIES
from crysnb.values.tensor_kind import TensorKind, tensor_kind
from crysnb.widgets.component_facts import Component, components_of

if TYPE_CHECKING:
    import pandas as pd

    from crysnb.tensors.form import TensorForm

#: A component off by less than this share of the norm counts as consistent.
TOLERANCE = 1e-3
#: A projected tensor that is further than this from its form was not projected onto it.
EXACT = 1e-9


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class NyeResult:
    """A tensor beside the form that the crystal allows.

    Attributes
    ----------
    kind
        Kind of the tensor.
    form
        Allowed form, or None where the symmetry was not determined.
    value
        The printed matrix (Voigt where usual), or None for the form alone.
    unit
        Unit of ``value``.
    symbol
        Symbol of the property.
    title
        What the crystal is called.
    tolerance
        Share of the norm by which one component may miss its form.
    prediction
        The prediction shown, or None.
    """

    kind: TensorKind
    form: TensorForm | None
    value: NDArray[np.float64] | None
    unit: str
    symbol: str
    title: str
    tolerance: float = TOLERANCE
    prediction: Prediction | None = None

    @cached_property
    def norm(self) -> float:
        """Cartesian Frobenius norm of the tensor; 0 without a finite one."""
        if self.value is None or not self.is_finite:
            return 0.0
        return float(np.linalg.norm(self.kind.cartesian(self.value)))

    @property
    def is_finite(self) -> bool:
        """Whether there is a tensor and all its numbers are finite."""
        return self.value is not None and bool(np.isfinite(self.value).all())

    @cached_property
    def components(self) -> tuple[Component, ...]:
        """Every component with its role, relatives and deviation."""
        allowed = max(self.tolerance * self.norm, FLOOR.get(self.unit, 0.0))
        spread = self.prediction.uncertainty if self.prediction is not None else None
        return components_of(self.kind, self.form, self.value, allowed, spread)

    @cached_property
    def residual(self) -> float | None:
        """‖T − P T‖ / ‖T‖ of the tensor shown; None without tensor or form."""
        if self.form is None or not self.is_finite or self.value is None:
            return None
        return float(self.form.residual(self.kind.cartesian(self.value)))

    @property
    def violations(self) -> tuple[str, ...]:
        """Names of the components that break the form."""
        return tuple(c.name for c in self.components if c.violated)

    @property
    def is_forbidden(self) -> bool:
        """Whether symmetry forbids the whole tensor."""
        return self.form is not None and self.form.n_independent == 0

    @cached_property
    def notices(self) -> tuple[Notice, ...]:
        """Remarks of the prediction, and ours about the tensor as given."""
        given = self.prediction.notices if self.prediction is not None else ()
        notes = self.form.notes if self.form is not None else ()
        ours = tuple(Notice("form.note", "info", text) for text in notes)
        return (*given, *ours, *_index_notices(self))

    def to_dict(self) -> dict[str, Any]:
        """All facts as plain data."""
        form, prediction = self.form, self.prediction
        return {
            "title": self.title,
            "kind": self.kind.name,
            "unit": self.unit,
            "model": prediction.model if prediction is not None else None,
            "frame": prediction.frame
            if prediction is not None
            else (form.frame if form is not None else None),
            "space_group": _space_group(self),
            "point_group": form.point_group if form is not None else None,
            "n_independent": form.n_independent if form is not None else None,
            "free": list(form.free) if form is not None else [],
            "zeros": list(form.zeros) if form is not None else [],
            "relations": dict(form.relations) if form is not None else {},
            "forbidden": self.is_forbidden,
            "violations": list(self.violations),
            "residual": self.residual,
            "raw_residual": prediction.symmetry_residual if prediction is not None else None,
            "notices": [n.to_dict() for n in self.notices],
            "components": {
                c.name: {
                    "role": c.role,
                    "value": c.value,
                    "uncertainty": c.uncertainty,
                    "deviation": c.deviation,
                    "violated": c.violated,
                    "relation": c.relation,
                    "why": [operation.text for operation in c.operations],
                    "tied_to": [name for name, _ in c.links],
                }
                for c in self.components
            },
        }

    def to_frame(self) -> pd.DataFrame:
        """One row per component."""
        import pandas as pd

        rows = [
            {
                "component": c.name,
                "role": c.role,
                "value": c.value,
                "unit": self.unit,
                "uncertainty": c.uncertainty,
                "deviation": c.deviation,
                "relation": c.relation,
                "why": "; ".join(operation.text for operation in c.operations),
            }
            for c in self.components
        ]
        return pd.DataFrame(rows)

    def __repr__(self) -> str:
        free = "symmetry not determined" if self.form is None else f"{self.form.n_independent} independent"
        group = _space_group(self)
        return f"NyeResult({self.title}: {self.kind.name}{', ' + group if group else ''}, {free})"


def nye_result(
    x: ArrayLike | Prediction | TensorForm,
    structure: Any = None,
    kind: str | TensorKind | None = None,
    *,
    unit: str | None = None,
    tolerance: float = TOLERANCE,
) -> NyeResult:
    """The result behind :func:`crysnb.widgets.tensor_view.nye`; same parameters, no widget.

    Raises
    ------
    ShapeError
        ``view.scalar`` for a scalar prediction, ``tensor.kind`` if the kind cannot be told from the
        shape, ``view.kind`` if tensor and form are of two kinds, ``view.structure_missing`` for
        an array alone, and those of :class:`TensorKind`.
    """
    from crysnb.tensors.check import kind_of_shape
    from crysnb.tensors.form import TensorForm, tensor_form

    if isinstance(x, Prediction):
        return _of_prediction(x, tolerance)
    if isinstance(x, TensorForm):
        return _of_form(x, None, _title(structure), unit, tolerance)
    array = np.asarray(x)
    chosen = tensor_kind(kind) if kind is not None else kind_of_shape(array.shape)
    value = chosen.matrix(x)  # checks shape, numbers and finiteness
    if structure is None:
        raise ShapeError(
            "view.structure_missing",
            found=f"a {chosen.name} tensor without its crystal",
            accepted="structure=… (a crystal, a point group such as '4mm', or a TensorForm)",
            action="The crystal says which components may differ from zero",
        )
    form = structure if isinstance(structure, TensorForm) else tensor_form(structure, chosen)
    if form.kind.name != chosen.name:
        raise ShapeError(
            "view.kind",
            found=f"a {chosen.name} tensor and the form of a {form.kind.name} one",
            accepted="a tensor and a form of one kind",
        )
    return _of_form(form, value, _title(structure), unit, tolerance)


def _of_prediction(prediction: Prediction, tolerance: float) -> NyeResult:
    from crysnb.tensors.form import tensor_form

    kind = prediction.spec.tensor
    if kind is None:
        raise ShapeError(
            "view.scalar",
            found=f"a prediction of {prediction.spec.name}, which is one number",
            accepted="a tensor",
            action="Read .value instead",
        )
    form = tensor_form(prediction.symmetry, kind) if prediction.symmetry is not None else None
    return NyeResult(
        kind=kind,
        form=form,
        value=prediction.value,
        unit=prediction.unit,
        symbol=prediction.spec.symbol,
        title=prediction.structure_id or prediction.formula or "crystal",
        tolerance=tolerance,
        prediction=prediction,
    )


def _of_form(
    form: TensorForm, value: NDArray[np.float64] | None, title: str, unit: str | None, tolerance: float
) -> NyeResult:
    spec = PROPERTIES.get(form.kind.name)
    return NyeResult(
        kind=form.kind,
        form=form,
        value=value,
        unit=check_unit(unit) if unit is not None else (spec.unit if spec is not None else "1"),
        symbol="ε" if form.kind.name == "dielectric" else form.kind.letter,
        title=title
        or (form.symmetry.symbol if form.symmetry is not None else f"point group {form.point_group}"),
        tolerance=tolerance,
    )


def _title(structure: Any) -> str:
    """What a crystal is called: its id from reading, its name as typed, or its formula."""
    known = getattr(structure, "properties", None)
    if isinstance(known, dict) and isinstance(known.get("crysnb"), dict):
        return str(known["crysnb"].get("id", ""))
    if isinstance(structure, str) and len(structure) <= 40 and "\n" not in structure:
        return structure
    formula = getattr(structure, "reduced_formula", None) or getattr(
        getattr(structure, "composition", None), "reduced_formula", ""
    )
    return str(formula)


def _space_group(result: NyeResult) -> str | None:
    symmetry = result.prediction.symmetry if result.prediction is not None else None
    if symmetry is None and result.form is not None:
        symmetry = result.form.symmetry
    return f"{symmetry.symbol} ({symmetry.number})" if symmetry is not None else None


def _index_notices(result: NyeResult) -> tuple[Notice, ...]:
    """A matrix that breaks the symmetry of its indices is averaged for display; that must be said."""
    if result.value is None or not result.is_finite:
        return ()
    given = np.asarray(result.value)
    kept = result.kind.matrix(result.kind.from_components(result.kind.components(given)))
    gap = float(np.abs(given - kept).max())
    if gap <= 1e-6 * max(result.norm, 1e-300):
        return ()
    size = f"{gap:.2g} {display_unit(result.unit)}".strip()
    return (
        Notice(
            "tensor.index_symmetry",
            "warning",
            f"The matrix is not symmetric under exchange of its indices (by up to {size}); "
            "the mean of the two halves is shown.",
        ),
    )
