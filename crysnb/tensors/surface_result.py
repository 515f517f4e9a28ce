"""A directional property of one tensor: values, extremes with directions, and what contributes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crysnb.errors import ShapeError, UnknownName, quote
from crysnb.tensors.directional import (
    MAX,
    MIN,
    Directional,
    Elastic,
    Evaluator,
    Longitudinal,
    properties_of,
)
from crysnb.tensors.moduli import Averages, averages, zener_ratio
from crysnb.tensors.optics import Optics, optics
from crysnb.tensors.sphere import indices_of, smallest
from crysnb.units import convert
from crysnb.values.tensor_kind import TensorKind

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]

#: Values that differ by less than this share of the largest are the same in every direction.
SAME_EVERYWHERE = 1e-9
#: A second direction must be perpendicular to the first up to this cosine.
_PERPENDICULAR = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Extreme:
    """A largest or smallest value, and where it is taken.

    Attributes
    ----------
    which
        ``"max"`` or ``"min"``.
    value
        In the unit of the surface.
    direction
        Unit vector n in the frame of the tensor; one of several where symmetry makes them equal. None where
        the value is the same in every direction.
    across
        Unit vector m ⊥ n of a shear modulus or Poisson's ratio; otherwise None.
    indices
        The direction on the crystal axes, such as ``"[111]"``, where small integers say it to 0.05°.
    """

    which: str
    value: float
    direction: tuple[float, ...] | None
    across: tuple[float, ...] | None = None
    indices: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "which": self.which,
            "value": self.value,
            "direction": None if self.direction is None else list(self.direction),
            "across": None if self.across is None else list(self.across),
            "indices": self.indices,
        }


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Surface:
    """One property of a crystal in every direction. Made by :func:`crysnb.tensors.surface.surface`.

    It turns with the tensor: the value of the turned tensor along the turned direction is the same.

    Attributes
    ----------
    quantity
        What is measured along a direction: name, symbol, title, unit, sheets.
    kind
        Kind of the tensor.
    tensor
        The printed matrix (Voigt where usual), its indices made symmetric.
    unit
        Unit of the values, such as ``"GPa"`` or ``"1/TPa"``.
    tensor_unit
        Unit of the tensor.
    title
        What the crystal is called; empty if it was not named.
    point_group
        Of the crystal; None if it was not given.
    axes
        Columns are its conventional axes in the frame of the tensor, shape [3, 3]; or None.
    frame
        Name of the frame of the tensor: ``"own"`` is that of the structure as given.
    asymmetry
        Share of the norm by which the given matrix broke the symmetry of its indices (such as c12 ≠ c21).
    evaluator
        Computes the values.
    """

    quantity: Directional
    kind: TensorKind
    tensor: Array
    unit: str
    tensor_unit: str
    title: str = ""
    point_group: str | None = None
    axes: Array | None = None
    frame: str = "own"
    asymmetry: float = 0.0
    evaluator: Evaluator

    def value(self, direction: ArrayLike, across: ArrayLike | None = None, sheet: str | None = None) -> Any:
        """The property along directions.

        Parameters
        ----------
        direction
            Vectors n of any length in the frame of the tensor, shape [..., 3].
        across
            For a shear modulus (stress in the plane of n and m) or Poisson's ratio (strain along m under
            stress along n): the second direction m ⊥ n, same shape.
        sheet
            Without ``across``: ``"max"`` (the default), ``"mean"`` or ``"min"`` over all m.

        Returns
        -------
        float or ndarray
            In ``.unit``, shape [...]; a float for one direction.

        Raises
        ------
        ShapeError
            ``surface.direction`` for what is no direction, ``surface.across`` if m is not perpendicular to n
            or the property has no m.
        UnknownName
            For an unknown sheet.
        """
        n = _directions(direction)
        if across is None:
            out = self.evaluator.values(n, self._sheet(sheet))
        else:
            m = _directions(across)
            self._check_across(n, m)
            out = self.evaluator.at_pair(n, m)
        return float(out) if out.ndim == 0 else out

    def across(self, direction: ArrayLike, sheet: str = MAX) -> Array:
        """The m ⊥ n for which the value is the largest or smallest, shape [..., 3]; its sign is free.

        Raises
        ------
        ShapeError
            ``surface.across`` if the property has no second direction, or for the mean.
        """
        found = self.evaluator.across(_directions(direction), self._sheet(sheet))
        if found is None:
            raise ShapeError(
                "surface.across",
                found=f"the second direction of {self.quantity.title}, {sheet}",
                accepted="the max or min of a shear modulus or Poisson's ratio",
            )
        return found

    def contributions(self, direction: ArrayLike, sheet: str | None = None) -> dict[str, float]:
        """What each tensor component makes up of the value along one direction; the sum is the value.

        For ε, e and other tensors each term is a component times its direction cosines. For the elastic
        properties it is the elastic energy that a stiffness component stores (see
        :mod:`crysnb.tensors.directional`): E under uniaxial stress along n, G under the shear stress, β and ν
        mutually between uniaxial stress and pressure, or stress along m. Turning the frame changes the
        components, and with them the terms, but not the sum.

        Returns
        -------
        dict
            Component -> part of the value in ``.unit``, the largest size first.
        """
        n = _directions(direction)
        if n.ndim != 1:
            raise _no_direction(direction, "one direction")
        terms = self.evaluator.contributions(n, self._sheet(sheet))
        pairs = zip(self.kind.names, (terms + 0.0).tolist(), strict=True)  # no minus zeros
        return dict(sorted(pairs, key=lambda pair: -abs(pair[1])))

    @cached_property
    def extremes(self) -> dict[str, Extreme]:
        """``{"max": …, "min": …}``, over all n and all m; to rounding, see :func:`smallest`."""
        found = {which: self._extreme(which) for which in (MAX, MIN)}
        low, high = found[MIN].value, found[MAX].value
        if high - low > SAME_EVERYWHERE * max(abs(high), abs(low)):
            return found
        return {w: Extreme(which=w, value=e.value, direction=None) for w, e in found.items()}

    def _extreme(self, which: str) -> Extreme:
        sheet = which if self.quantity.has_across else self.quantity.sheets[0]
        sign = -1.0 if which == MAX else 1.0

        def rated(n: Array) -> Array:
            return np.asarray(sign * self.evaluator.values(n, sheet))

        value, n = smallest(rated)
        m = self.evaluator.across(n, sheet)
        return Extreme(
            which=which,
            value=sign * value,
            direction=tuple(n.tolist()),
            across=None if m is None else tuple(_upward(m).tolist()),
            indices="" if self.axes is None else indices_of(n, self.axes),
        )

    @property
    def anisotropy(self) -> float | None:
        """Largest over smallest value; None unless both are positive."""
        low, high = self.extremes[MIN].value, self.extremes[MAX].value
        return high / low if low > 0 else None

    @cached_property
    def averages(self) -> Averages | None:
        """Voigt, Reuss and Hill moduli and A^U, in the unit of the tensor; None unless elastic."""
        return averages(self.tensor) if self.kind.name == "elastic" else None

    @property
    def universal_anisotropy(self) -> float | None:
        """A^U of Ranganathan and Ostoja-Starzewski; None unless elastic."""
        return None if self.averages is None else self.averages.universal_anisotropy

    @cached_property
    def zener(self) -> float | None:
        """Zener's ratio where the stiffness is cubic on the crystal axes (without a crystal: on x, y, z)."""
        return zener_ratio(self.tensor, self.axes) if self.kind.name == "elastic" else None

    @cached_property
    def optics(self) -> Optics | None:
        """Principal values, optic axes, refractive indices of a permittivity; None for other tensors."""
        return optics(self.tensor) if self.quantity.name == "ellipsoid" else None

    def of(self, name: str) -> Surface:
        """The same tensor, another of its properties."""
        return _made(self, property_of(self.kind, name))

    @property
    def others(self) -> tuple[str, ...]:
        """Names of all properties of this tensor."""
        return tuple(p.name for p in properties_of(self.kind))

    def to_dict(self) -> dict[str, Any]:
        """All facts as plain data."""
        return {
            "property": self.quantity.name,
            "title": self.title,
            "kind": self.kind.name,
            "unit": self.unit,
            "point_group": self.point_group,
            "frame": self.frame,
            "asymmetry": self.asymmetry,
            "extremes": {which: extreme.to_dict() for which, extreme in self.extremes.items()},
            "anisotropy": self.anisotropy,
            "averages": None if self.averages is None else self.averages.to_dict(),
            "universal_anisotropy": self.universal_anisotropy,
            "zener": self.zener,
            "optics": None if self.optics is None else self.optics.to_dict(),
        }

    def to_frame(self) -> pd.DataFrame:
        """One row per extreme: which, value, unit, n, m, indices."""
        import pandas as pd

        rows = []
        for extreme in self.extremes.values():
            n, m = (v or (np.nan,) * 3 for v in (extreme.direction, extreme.across))
            rows.append(
                (self.quantity.name, extreme.which, extreme.value, self.unit, *n, *m, extreme.indices)
            )
        columns = ["property", "which", "value", "unit", "n_x", "n_y", "n_z", "m_x", "m_y", "m_z", "indices"]
        return pd.DataFrame(rows, columns=columns)

    def __repr__(self) -> str:
        low, high = self.extremes[MIN].value, self.extremes[MAX].value
        unit = "" if self.unit == "1" else f" {self.unit}"
        name = f"{self.title}: " if self.title else ""
        return f"Surface({name}{self.quantity.title} {low:.4g} to {high:.4g}{unit})"

    def _sheet(self, sheet: str | None) -> str:
        known = self.quantity.sheets
        if sheet is not None and sheet not in known:
            raise UnknownName.of("sheet", sheet, known)
        return known[0] if sheet is None else sheet

    def _check_across(self, n: Array, m: Array) -> None:
        if not self.quantity.has_across:
            raise ShapeError(
                "surface.across",
                found=f"a second direction for {self.quantity.title}",
                accepted="one direction",
            )
        try:
            cosine = np.abs((n * m).sum(axis=-1)).max(initial=0.0)
        except ValueError:
            cosine = np.inf
        if cosine > _PERPENDICULAR:
            raise ShapeError(
                "surface.across",
                found="a second direction that is not perpendicular to the first",
                accepted="m ⊥ n, in arrays of one shape",
            )


def built(prop: Directional, cls: type[Surface] = Surface, **facts: Any) -> Surface:
    """The surface of a tensor whose facts are known; :class:`ShapeError` if it is not positive definite."""
    kind, tensor, unit = facts["kind"], facts["tensor"], facts["tensor_unit"]
    if kind.name == "elastic":
        averages(tensor)  # refuses what is not positive definite
        to_unit = 1000 / convert(1.0, unit, "GPa") if prop.unit == "1/TPa" else 1.0
        evaluator: Evaluator = Elastic(tensor, prop.name, to_unit)
    else:
        evaluator = Longitudinal(kind, kind.components(tensor))
    return cls(quantity=prop, unit=prop.unit or unit, evaluator=evaluator, **facts)


def _made(like: Surface, prop: Directional) -> Surface:
    names = ("kind", "tensor", "tensor_unit", "title", "point_group", "axes", "frame", "asymmetry")
    return built(prop, type(like), **{name: getattr(like, name) for name in names})


def property_of(kind: TensorKind, name: str | None) -> Directional:
    """The directional property called so, or the usual one; :class:`UnknownName` otherwise."""
    known = {p.name: p for p in properties_of(kind)}
    if name is None:
        return next(iter(known.values()))
    if name not in tuple(known):  # a list has no hash
        raise UnknownName.of("directional property", name, known)
    return known[name]


def _directions(given: ArrayLike) -> Array:
    """Unit vectors, shape [..., 3]."""
    try:
        n = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise _no_direction(given) from None
    if n.ndim < 1 or n.shape[-1] != 3 or not np.isfinite(n).all():
        raise _no_direction(given)
    size = np.abs(n).max(axis=-1, keepdims=True)
    if (size == 0).any():
        raise _no_direction(given)
    n = n / size
    return np.asarray(n / np.linalg.norm(n, axis=-1, keepdims=True))


def _no_direction(
    given: object, accepted: str = "vectors of three finite numbers, not all zero"
) -> ShapeError:
    return ShapeError("surface.direction", found=f"the direction {quote(given)}", accepted=accepted)


def _upward(m: Array) -> Array:
    """The one of m and −m whose last component that is not zero is positive."""
    kept = m[np.abs(m) > 1e-6]
    return m if not len(kept) or kept[-1] > 0 else -m
