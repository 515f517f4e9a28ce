r"""Properties that depend on a direction, and how much each tensor component contributes.

With the compliance s = c⁻¹ and unit vectors n ⊥ m (summation understood; Nye 1957, ch. VIII §7; Ting 2005,
doi:10.1007/s10659-005-9004-y; Gaillac, Pullumbi and Coudert 2016, doi:10.1088/0953-8984/28/27/275201):

======================  ==============================================
Young's modulus         1/E(n) = s_ijkl n_i n_j n_k n_l
linear compressibility  β(n) = s_ijkk n_i n_j
shear modulus           1/G(n, m) = 4 s_ijkl n_i m_j n_k m_l
Poisson's ratio         ν(n, m) = −E(n) s_ijkl n_i n_j m_k m_l
other tensors           T(n) = T_ij… n_i n_j …
======================  ==============================================

For fixed n the last two are quadratic forms of m in the plane across n: their extremes over m are
eigenvalues of a 2×2 matrix, their means over all m are closed forms.

Each elastic value is a product of stresses a and b, a : s : b, times a factor. With the strains x = s a and
y = s b this is x : c : y, a sum of one term for each stiffness component: the (mutual) elastic energy that
this component stores. That is what contributes; the terms add up to the value. For E and G it is also
c ∂/∂c of the value, for β the same with a minus (Euler's theorem: they are homogeneous of degree 1, 1 and −1
in c); for ν the terms are those of the numerator, with E(n) as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crysnb.tensors.convert import to_compliance
from crysnb.tensors.sphere import plane
from crysnb.values.tensor_kind import ELASTIC, VOIGT, TensorKind

Array = NDArray[np.float64]

MAX, MEAN, MIN, ONLY = "max", "mean", "min", "value"
#: Where a property depends on a second direction: its largest, mean and smallest value for each n.
SHEETS = (MAX, MEAN, MIN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Directional:
    """A property of a direction.

    Attributes
    ----------
    name
        Stable name, for example ``"young"``.
    symbol
        For people, for example ``"E"``.
    title
        In words.
    unit
        Unit of the values; empty if it is that of the tensor.
    sheets
        ``("value",)``, or ``("max", "mean", "min")`` over the second direction.
    """

    name: str
    symbol: str
    title: str
    unit: str = ""
    sheets: tuple[str, ...] = (ONLY,)

    @property
    def has_across(self) -> bool:
        """Whether it depends on a second direction m ⊥ n."""
        return self.sheets != (ONLY,)


ELASTIC_PROPERTIES = (
    Directional(name="young", symbol="E", title="Young's modulus"),
    Directional(name="linear_compressibility", symbol="β", title="linear compressibility", unit="1/TPa"),
    Directional(name="shear", symbol="G", title="shear modulus", sheets=SHEETS),
    Directional(name="poisson", symbol="ν", title="Poisson's ratio", unit="1", sheets=SHEETS),
)
ELLIPSOID = Directional(name="ellipsoid", symbol="ε", title="permittivity along n")


def properties_of(kind: TensorKind) -> tuple[Directional, ...]:
    """The directional properties of a kind of tensor, the usual one first."""
    if kind.name == "elastic":
        return ELASTIC_PROPERTIES
    if kind.name.startswith("dielectric"):
        return (ELLIPSOID,)
    return (
        Directional(name="longitudinal", symbol=kind.letter, title=f"longitudinal {kind.name} coefficient"),
    )


class Evaluator:
    """Values of one property, for arrays of directions. Unit vectors throughout."""

    def values(self, n: Array, sheet: str) -> Array:
        """Values, shape [...], at unit vectors of shape [..., 3]."""
        raise NotImplementedError

    def across(self, n: Array, sheet: str) -> Array | None:
        """The m that belongs to ``"max"`` or ``"min"``, shape [..., 3]; None for a single value or a mean."""
        del n, sheet
        return None

    def at_pair(self, n: Array, m: Array) -> Array:
        """Values for n and m ⊥ n."""
        raise NotImplementedError

    def contributions(self, n: Array, sheet: str) -> Array:
        """Part of the value at one n that each named component makes up, shape [component]."""
        raise NotImplementedError


class Longitudinal(Evaluator):
    """T_ij… n_i n_j … of a tensor of any rank; exact and linear in its components."""

    def __init__(self, kind: TensorKind, components: Array) -> None:
        self.components = components
        #: Exponents of n_x, n_y, n_z and factor of each component.
        self.exponents, self.factors = _monomials(kind)

    def _terms(self, n: Array) -> Array:
        powers = np.prod(n[..., None, :] ** self.exponents, axis=-1)
        return np.asarray(powers * (self.factors * self.components))

    def values(self, n: Array, sheet: str) -> Array:
        """The sum of all terms."""
        del sheet
        return np.asarray(self._terms(n).sum(axis=-1))

    def contributions(self, n: Array, sheet: str) -> Array:
        """The terms."""
        del sheet
        return self._terms(n)


def _monomials(kind: TensorKind) -> tuple[Array, Array]:
    exponents = np.zeros((kind.n_components, 3))
    factors = np.asarray(kind.expand.sum(axis=0))
    for column in range(kind.n_components):
        flat = int(np.flatnonzero(kind.expand[:, column])[0])
        for axis in np.unravel_index(flat, (3,) * kind.rank):
            exponents[column, int(axis)] += 1
    return exponents, factors


#: Voigt vector of a hydrostatic stress.
_PRESSURE = np.array([1.0, 1.0, 1.0, 0.0, 0.0, 0.0])
_ROWS, _COLUMNS = (np.array(axis) for axis in zip(*VOIGT, strict=True))


def stress(a: Array, b: Array) -> Array:
    """Voigt vector of the symmetric part of a ⊗ b, shape [..., 6]."""
    return np.asarray((a[..., _ROWS] * b[..., _COLUMNS] + a[..., _COLUMNS] * b[..., _ROWS]) / 2)


class Elastic(Evaluator):
    """The four elastic properties of a positive definite stiffness matrix, shape [6, 6].

    Parameters
    ----------
    stiffness
        Voigt matrix.
    name
        Of :data:`ELASTIC_PROPERTIES`.
    to_unit
        Factor from inverse stiffness to the unit of β.
    """

    def __init__(self, stiffness: Array, name: str, to_unit: float = 1.0) -> None:
        self.c, self.s = stiffness, to_compliance(stiffness)
        self.name, self.to_unit = name, to_unit
        self._values: dict[str, Callable[[Array, str], Array]] = {
            "young": lambda n, _: 1 / self._product(stress(n, n)),
            "linear_compressibility": lambda n, _: to_unit * self._product(stress(n, n), _PRESSURE),
            "shear": self._shear,
            "poisson": self._poisson,
        }

    def _product(self, a: Array, b: Array | None = None) -> Array:
        return np.asarray((a @ self.s * (a if b is None else b)).sum(axis=-1))

    def values(self, n: Array, sheet: str) -> Array:
        """Values at each n; over m as the sheet says."""
        return self._values[self.name](n, sheet)

    def _shear(self, n: Array, sheet: str) -> Array:
        middle, half, *_ = self._across(n)
        if sheet == MEAN:  # of 1/(h + r cos 2t) over all t
            return np.asarray(1 / np.sqrt(middle**2 - half**2))
        return np.asarray(1 / (middle + (half if sheet == MIN else -half)))

    def _poisson(self, n: Array, sheet: str) -> Array:
        middle, half, *_ = self._across(n)
        form = middle + {MEAN: 0.0, MIN: 1.0, MAX: -1.0}[sheet] * half
        return np.asarray(-form / self._product(stress(n, n)))

    def _across(self, n: Array) -> tuple[Array, Array, Array, Array, Array]:
        """The form of m: mean and half spread of its eigenvalues, the angle of the larger, the plane."""
        p, q = plane(n)
        if self.name == "shear":
            one, two = 2 * stress(n, p), 2 * stress(n, q)
            a, d, b = self._product(one), self._product(two), self._product(one, two)
        else:
            along = stress(n, n)
            a, d, b = (self._product(along, stress(u, v)) for u, v in ((p, p), (q, q), (p, q)))
        return (a + d) / 2, np.hypot((a - d) / 2, b), np.arctan2(2 * b, a - d) / 2, p, q

    def across(self, n: Array, sheet: str) -> Array | None:
        """Eigenvectors of the form: the larger eigenvalue gives the smaller value."""
        if self.name not in ("shear", "poisson") or sheet == MEAN:
            return None
        *_, angle, p, q = self._across(n)
        angle = angle if sheet == MIN else angle + np.pi / 2
        return np.asarray(np.cos(angle)[..., None] * p + np.sin(angle)[..., None] * q)

    def at_pair(self, n: Array, m: Array) -> Array:
        """G(n, m) or ν(n, m)."""
        if self.name == "shear":
            return np.asarray(1 / self._product(2 * stress(n, m)))
        return np.asarray(-self._product(stress(n, n), stress(m, m)) / self._product(stress(n, n)))

    def contributions(self, n: Array, sheet: str) -> Array:
        """Energy terms; those of a mean over m are the mean of the two extremes' (G: of their shares)."""
        if self.name == "young":
            a = stress(n, n)
            return self._terms(a, a) / self._product(a) ** 2
        if self.name == "linear_compressibility":
            return self.to_unit * self._terms(stress(n, n), _PRESSURE)
        if sheet == MEAN:
            both = [(self.contributions(n, one), self.values(n, one)) for one in (MIN, MAX)]
            if self.name == "shear":
                return np.asarray(self.values(n, MEAN) * sum(terms / value for terms, value in both) / 2)
            return np.asarray(sum(terms for terms, _ in both) / 2)
        m = self.across(n, sheet)
        assert m is not None  # noqa: S101 - both of these properties have one
        if self.name == "shear":
            a = 2 * stress(n, m)
            return self._terms(a, a) / self._product(a) ** 2
        a = stress(n, n)
        return -self._terms(a, stress(m, m)) / self._product(a)

    def _terms(self, a: Array, b: Array) -> Array:
        """Terms of x : c : y for the strains x = s a and y = s b; the sum is a : s : b."""
        x, y = self.s @ a, self.s @ b
        rows, columns = np.triu_indices(6)
        twice = np.where(rows == columns, 0.5, 1.0)
        terms = self.c[rows, columns] * (x[rows] * y[columns] + x[columns] * y[rows]) * twice
        order = [ELASTIC.names.index(f"c{i + 1}{j + 1}") for i, j in zip(rows, columns, strict=True)]
        out = np.empty(len(order))
        out[order] = terms
        return out
