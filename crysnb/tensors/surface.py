"""``surface``: the directional analysis of a tensor, without a browser."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from crysnb.errors import CrysnbError, ShapeError, quote
from crysnb.structure.formula import title_of
from crysnb.tensors.form import TensorForm, tensor_form
from crysnb.tensors.given import filled_half, given_tensor
from crysnb.tensors.surface_result import Surface, built, property_of
from crysnb.values.prediction import Prediction
from crysnb.values.property_spec import unit_of
from crysnb.values.tensor_kind import TensorKind

#: A tensor that breaks the symmetry of its indices by more than this share of its norm is refused.
MAX_ASYMMETRY = 0.05


def surface(
    T: ArrayLike | Prediction,
    property: str | None = None,  # noqa: A002 - the public name of the argument
    structure: Any = None,
    kind: str | TensorKind | None = None,
    *,
    unit: str | None = None,
    title: str = "",
) -> Surface:
    """A tensor's directional property: values, extremes with directions, and which components make them up.

    What ``crysnb.surface`` returns shows itself in Jupyter, as a surface that turns; its ``.view()`` and
    ``.figure()`` make a view and a plain figure. All numbers are there without a browser and without the
    notebook extra, and ``crysnb.tensors.surface.surface`` has them alone.

    Parameters
    ----------
    T
        Full Cartesian tensor or printed matrix (3×3, 3×6, 6×6; stiffness in GPa and e without factors); or a
        :class:`Prediction`.
    property
        For a stiffness ``"young"`` (the default), ``"linear_compressibility"``, ``"shear"`` or
        ``"poisson"``; for a permittivity ``"ellipsoid"``; ``"longitudinal"`` for all other tensors.
    structure
        The crystal in whose frame the tensor is (anything that :func:`crysnb.as_structure` accepts), a point
        group such as ``"4mm"``, a space-group number, or a :class:`TensorForm`: directions then have
        crystal indices. The tensor is taken as it is, also where it breaks that symmetry.
    kind
        Kind of the array, its name, or a Jahn symbol; told from its shape if omitted.
    unit
        Unit of the array; the usual one of its kind if omitted. A prediction has its own.
    title
        What the crystal is called; that of ``structure`` if omitted.

    Returns
    -------
    Surface
        ``.extremes``, ``.value(n)``, ``.contributions(n)``, ``.averages``, ``.to_dict()``, ``.to_frame()``.

    Raises
    ------
    ShapeError
        ``elastic.not_positive_definite`` for a stiffness under which some strain costs no energy (E and
        G would be negative or infinite somewhere); ``tensor.asymmetric`` if the indices are not
        symmetric; ``tensor.kind`` for a scalar; those of :class:`TensorKind`.
    UnknownName
        For an unknown property, kind or unit.
    CrysnbError
        ``unit.dimension`` for a unit that measures something else than the tensor, and for another one than
        that of a prediction.

    Examples
    --------
    >>> import numpy as np
    >>> c = np.diag([168.4, 168.4, 168.4, 75.4, 75.4, 75.4])
    >>> c[:3, :3] += 121.4 * (1 - np.eye(3))
    >>> copper = surface(c, "young", "m-3m")
    >>> copper.extremes["max"].indices, round(copper.extremes["max"].value, 1)
    ('[111]', 191.1)
    """
    chosen, full = given_tensor(T, kind)
    unit = _unit(T, chosen, unit)
    if isinstance(T, Prediction):
        title = title or T.structure_id or T.formula
        structure = T.symmetry if structure is None else structure
    form = structure if isinstance(structure, TensorForm) else None
    if form is None and structure is not None:
        form = tensor_form(structure, chosen)
    components = chosen.components(full)
    even = chosen.from_components(components)
    norm = float(np.linalg.norm(full))
    asymmetry = float(np.linalg.norm(full - even)) / norm if norm else 0.0
    if asymmetry > MAX_ASYMMETRY:
        half = filled_half(chosen, chosen.matrix(full))
        raise ShapeError(
            "tensor.asymmetric",
            found=f"a tensor of kind {chosen.name} whose indices are unsymmetric by {100 * asymmetry:.2g} %",
            accepted=f"at most {100 * MAX_ASYMMETRY:.0f} % of the norm",
            action=f"Only the {half} triangle is filled: fill in the other one too" if half else "",
        )
    return built(
        property_of(chosen, property),
        kind=chosen,
        tensor=chosen.matrix(even),
        tensor_unit=unit,
        title=title or title_of(structure),
        point_group=None if form is None else form.point_group,
        axes=None if form is None else form.axes,
        frame="own" if form is None else form.frame,
        asymmetry=asymmetry,
    )


def _unit(T: ArrayLike | Prediction, kind: TensorKind, unit: str | None) -> str:
    if not isinstance(T, Prediction):
        return unit_of(kind, unit)
    if unit not in (None, T.unit):
        raise CrysnbError(
            "unit.dimension",
            found=f"the unit {quote(unit)} beside a prediction in {T.unit}",
            accepted="a prediction with its own unit",
        )
    return T.unit
