"""The headless result behind ``cn.nye``: a tensor, the form its crystal allows, and what follows."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crysnb.errors import ShapeError, UnknownName, quote
from crysnb.structure.formula import title_of
from crysnb.values.prediction import Notice, Prediction
from crysnb.values.property_spec import FLOOR, unit_of
from crysnb.values.tensor_kind import TensorKind
from crysnb.widgets.component_facts import Component, components_of, index_notices
from crysnb.widgets.nye_frames import frame_facts, in_frame
from crysnb.widgets.nye_input import is_symmetry

if TYPE_CHECKING:
    import pandas as pd

    from crysnb.symmetry.detect import Symprec
    from crysnb.tensors.form import TensorForm

#: What a tensor view may show.
Shown = Literal["given", "symmetrised", "repaired"]
SHOWN: tuple[Shown, ...] = get_args(Shown)

#: A component off by less than this share of the norm counts as consistent.
TOLERANCE = 1e-3
#: A projected tensor that is further than this from its form was not projected onto it.
EXACT = 1e-9


_LOST_SPREAD = Notice(
    "view.uncertainty_frame",
    "info",
    "The model gives its uncertainty component by component, in the frame of the structure. It is left out "
    "where other axes or a projection mix components: it is not known there.",
)


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
    shown
        Whether ``value`` is the tensor as ``"given"``, ``"symmetrised"`` (projected onto the form), or
        ``"repaired"`` (the mistake that :func:`crysnb.check` found undone).
    given
        The printed matrix as it was given, in the frame that ``given_rotation`` leads to from the own one.
    spread
        One standard deviation of each component in the frame of ``form``, shape [component]; NaN where it
        cannot be known there. None without any.
    repair
        What undid the mistake, for a repaired tensor.
    crystal
        The structure, where it is known; other tolerances need it.
    symprec
        Tolerance that was asked for.
    """

    kind: TensorKind
    form: TensorForm | None
    value: NDArray[np.float64] | None
    unit: str
    symbol: str
    title: str
    tolerance: float = TOLERANCE
    prediction: Prediction | None = None
    shown: Shown = "given"
    given: NDArray[np.float64] | None = None
    given_rotation: NDArray[np.float64] = field(default_factory=lambda: np.eye(3))
    spread: NDArray[np.float64] | None = None
    repair: str = ""
    crystal: Any = None
    symprec: Symprec = "auto"

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
        return components_of(self.kind, self.form, self.value, allowed, self.spread)

    @cached_property
    def residual(self) -> float | None:
        """‖T − P T‖ / ‖T‖ of the tensor shown; None without tensor or form."""
        if self.form is None or not self.is_finite or self.value is None:
            return None
        return float(self.form.residual(self.kind.cartesian(self.value)))

    @cached_property
    def before(self) -> NDArray[np.float64] | None:
        """The tensor as given, as a matrix in the frame of ``form``."""
        if self.shown == "given" or self.given is None or self.form is None:
            return self.value
        return in_frame(self.kind, self.given, self.form.rotation @ self.given_rotation.T)

    @cached_property
    def removed(self) -> tuple[float, float]:
        """‖given − shown‖ in the unit of the tensor, and its share of ‖given‖."""
        if self.shown == "given" or self.before is None or self.value is None:
            return 0.0, 0.0
        norms = [
            float(np.linalg.norm(self.kind.cartesian(t))) for t in (self.before - self.value, self.before)
        ]
        return norms[0], norms[0] / norms[1] if norms[1] else 0.0

    @cached_property
    def changes(self) -> dict[str, float]:
        """Shown minus given, by component; empty for the tensor as given."""
        if self.shown == "given" or self.before is None or self.value is None:
            return {}
        gap = self.kind.components(self.value) - self.kind.components(self.before)
        return dict(zip(self.kind.names, gap.tolist(), strict=True))

    @property
    def frame(self) -> str | None:
        """Name of the frame in which everything is written."""
        if self.form is not None:
            return self.form.frame
        return self.prediction.frame if self.prediction is not None else None

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
        if self._has_lost_spread:
            ours += (_LOST_SPREAD,)
        if self.value is not None and self.is_finite:
            ours += index_notices(self.kind, self.value, self.norm, self.unit)
        return (*given, *ours)

    @property
    def _has_lost_spread(self) -> bool:
        p = self.prediction
        if p is None or p.uncertainty is None or not np.isfinite(p.uncertainty).all():
            return False
        return self.spread is None or not np.isfinite(self.spread).all()

    def to_dict(self) -> dict[str, Any]:
        """All facts as plain data."""
        form, prediction = self.form, self.prediction
        return {
            "title": self.title,
            "kind": self.kind.name,
            "unit": self.unit,
            "model": prediction.model if prediction is not None else None,
            **frame_facts(self),
            "space_group": _space_group(self),
            "point_group": form.point_group if form is not None else None,
            "n_independent": form.n_independent if form is not None else None,
            "free": list(form.free) if form is not None else [],
            "zeros": list(form.zeros) if form is not None else [],
            "relations": dict(form.relations) if form is not None else {},
            "forbidden": self.is_forbidden,
            "violations": list(self.violations),
            "residual": self.residual,
            "shown": self.shown,
            "removed": dict(zip(("norm", "share"), self.removed, strict=True)),
            "repair": self.repair,
            "raw_residual": prediction.symmetry_residual if prediction is not None else None,
            "notices": [n.to_dict() for n in self.notices],
            "components": {
                c.name: {
                    "role": c.role,
                    "value": c.value,
                    "uncertainty": c.uncertainty,
                    "deviation": c.deviation,
                    "change": self.changes.get(c.name, 0.0),
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
    frame: str | None = None,
    setting: int = 0,
    symprec: Symprec = "auto",
) -> NyeResult:
    """The result behind :func:`crysnb.widgets.tensor_view.nye`; same parameters, no widget.

    Raises
    ------
    ShapeError
        ``view.scalar`` for a scalar prediction, ``tensor.kind`` if the kind cannot be told from the
        shape, ``view.kind`` if tensor and form are of two kinds, ``view.structure_missing`` for
        an array alone, ``view.option`` for a tolerance where the symmetry is already known, and those of
        :class:`TensorKind`.
    UnknownName
        For a frame or setting that there is not.
    CrysnbError
        ``unit.dimension`` for a unit that measures something else than the tensor.
    """
    from crysnb.tensors.form import TensorForm
    from crysnb.widgets.nye_options import NyeChoices

    has_symmetry = isinstance(x, (Prediction, TensorForm)) or isinstance(structure, TensorForm)
    if has_symmetry and symprec != "auto":
        raise ShapeError(
            "view.option",
            found=f"symprec = {quote(symprec)} beside a symmetry that was already found",
            accepted="a tolerance where the symmetry is looked for",
            action="Give symprec to cn.predict or cn.tensor_form",
        )
    if isinstance(x, Prediction):
        first = _of_prediction(x, tolerance)
    elif isinstance(x, TensorForm):
        first = _of_form(x, None, title_of(structure), unit, tolerance)
    else:
        first = _of_array(x, structure, kind, unit, tolerance, symprec)
    if frame is None and setting == 0:
        return first
    choices = NyeChoices(first)
    if frame is not None and frame not in choices.frames:
        raise UnknownName.of("frame", frame, choices.frames)
    asked = {"frame": frame if frame is not None else choices.first["frame"], "setting": setting}
    return choices.result(choices.settled({**choices.first, **asked}, asked))


def _of_array(
    x: ArrayLike,
    structure: Any,
    kind: str | TensorKind | None,
    unit: str | None,
    tolerance: float,
    symprec: Symprec,
) -> NyeResult:
    from crysnb.symmetry.detect import structure_of
    from crysnb.tensors.form import TensorForm, tensor_form
    from crysnb.tensors.given import given_tensor

    chosen, full = given_tensor(x, kind)
    value = chosen.matrix(full)
    if structure is None:
        raise ShapeError(
            "view.structure_missing",
            found=f"a tensor of kind {chosen.name} without its crystal",
            accepted="structure=… (a crystal, a point group such as '4mm', or a TensorForm)",
            action="The crystal says which components may differ from zero",
        )
    crystal = None if is_symmetry(structure) else structure_of(structure)
    if isinstance(structure, TensorForm):
        form = structure
    else:
        form = tensor_form(structure if crystal is None else crystal, chosen, symprec=symprec)
    if form.kind.name != chosen.name:
        raise ShapeError(
            "view.kind",
            found=f"a tensor of kind {chosen.name} and the form of kind {form.kind.name}",
            accepted="a tensor and a form of one kind",
        )
    result = _of_form(form, value, title_of(structure), unit, tolerance)
    return replace(result, crystal=crystal, symprec=symprec)


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
    spread = prediction.uncertainty
    return NyeResult(
        kind=kind,
        form=form,
        value=prediction.value,
        unit=prediction.unit,
        symbol=prediction.spec.symbol,
        title=prediction.structure_id or prediction.formula or "crystal",
        tolerance=tolerance,
        prediction=prediction,
        given=prediction.value,
        spread=kind.components(spread) if spread is not None and np.isfinite(spread).all() else None,
    )


def _of_form(
    form: TensorForm, value: NDArray[np.float64] | None, title: str, unit: str | None, tolerance: float
) -> NyeResult:
    return NyeResult(
        kind=form.kind,
        form=form,
        value=value,
        unit=unit_of(form.kind, unit),
        symbol="ε" if form.kind.name == "dielectric" else form.kind.letter,
        title=title
        or (form.symmetry.symbol if form.symmetry is not None else f"point group {form.point_group}"),
        tolerance=tolerance,
        given=value,
        given_rotation=form.rotation,
    )


def _space_group(result: NyeResult) -> str | None:
    symmetry = result.prediction.symmetry if result.prediction is not None else None
    if symmetry is None and result.form is not None:
        symmetry = result.form.symmetry
    return f"{symmetry.symbol} ({symmetry.number})" if symmetry is not None else None
