"""``cn.break_symmetry``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from crysnb.breaking.patterns import Pattern
from crysnb.breaking.response import TensorFunction
from crysnb.errors import CrysnbError
from crysnb.symmetry.parent import parent_of
from crysnb.values.tensor_kind import TensorKind, tensor_kind
from crysnb.widgets.breaking_view import BreakingView
from crysnb.widgets.breaking_work import Asker

if TYPE_CHECKING:
    from crysnb.models.interface import Model
    from crysnb.symmetry.detect import Symprec


def break_symmetry(
    x: Any,
    model: str | Path | Model | TensorFunction | None = None,
    *,
    pattern: str | Pattern | None = None,
    amplitude: float | None = None,
    kind: str | TensorKind | None = None,
    symprec: Symprec = "auto",
) -> BreakingView:
    """Distort a crystal by hand: which operations go, which zeros open, and what a model makes of it.

    Parameters
    ----------
    x
        Anything that :func:`crysnb.as_structure` accepts; it is idealised first, in its own orientation.
    model
        Shipped name, folder, or loaded model, asked for its raw output (float64, nothing idealised, nothing
        projected) when the slider rests; the default model of :func:`crysnb.predict` if omitted. Or any
        function of a list of structures that returns a tensor for each, then with ``kind``.
    pattern
        Distortion to begin with: a name such as ``"strain e5"``, ``"mode 2"``, ``"atom 1 z"``, ``"rotation"``
        or ``"rattle 0"`` (``.distortions()`` lists them), or a :class:`~crysnb.breaking.patterns.Pattern`.
    amplitude
        How far: a strain without unit (shear as engineering strain), Å for displacements, degrees for a turn.
    kind
        Tensor whose zeros are followed; by default the first that the model predicts.
    symprec
        As in :func:`crysnb.symmetry`.

    Returns
    -------
    BreakingView
        Shows itself in Jupyter. ``.result`` has what is left, ``.response`` the curve of the model. A model
        that cannot predict this crystal is an error in the view; the symmetry goes on without it.

    Raises
    ------
    StructureError
        If the structure is refused; ``breaking.cell`` for a supercell that does not carry every point
        operation of the crystal (2×1×1 of NaCl).
    SymmetryUndetermined
        If no symmetry is found.
    UnknownName
        For an unknown distortion or tensor, or if there is no such model.
    ShapeError
        ``view.option`` for an amplitude that is no number.
    CrysnbError
        ``breaking.kind`` for a function without ``kind``.
    """
    from crysnb.predict.run import DEFAULT_MODEL
    from crysnb.structure.read import read

    chosen = DEFAULT_MODEL if model is None else model
    tensor = _kind_of(chosen) if kind is None else tensor_kind(kind)
    reading = read(x)
    parent = parent_of(reading.structure, symprec)
    view = BreakingView(parent, Asker(chosen), tensor, reading.structure_id)
    if pattern is not None:
        view.pattern = pattern
    if amplitude is not None:
        view.amplitude = amplitude
    return view


def _kind_of(model: str | Path | Model | TensorFunction) -> TensorKind:
    """The first tensor that a model predicts; the default kind for one that predicts none."""
    from crysnb.models.interface import Model, load_model
    from crysnb.values.property_spec import property_spec

    if callable(model) and not isinstance(model, Model):
        raise CrysnbError(
            "breaking.kind",
            found="a function without the kind of its tensors",
            accepted='kind="dielectric" or another',
        )
    kinds = [property_spec(name).tensor for name in load_model(model).properties]
    return next((k for k in kinds if k is not None), tensor_kind("dielectric"))
