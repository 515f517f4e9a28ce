r"""Stiffness and compliance, the two piezoelectric tensors, Voigt orders and Mandel form, with all factors.

A Voigt matrix abbreviates a symmetric pair of indices. Stress (and with it stiffness c and the
piezoelectric e) is abbreviated as it is; engineering shear strains are twice the tensor's, so the
compliance s and the piezoelectric d carry factors:

=========== ==================== ================================================
quantity    law                  Voigt entry from tensor components
=========== ==================== ================================================
stiffness   σ_I = c_IJ ε_J       c_IJ = c_ijkl
compliance  ε_I = s_IJ σ_J       s_IJ = s_ijkl × (1, 2 for one shear pair, 4 for two)
e           D_i = e_iJ ε_J       e_iJ = e_ijk
d           D_i = d_iJ σ_J       d_iJ = d_ijk × (1, 2 for a shear pair)
=========== ==================== ================================================

A tensor may be turned only as a tensor: expand a matrix with factors first (:func:`to_cartesian`).
Nye (1957), *Physical Properties of Crystals*, ch. VII §3 (d) and ch. VIII §3 (s, c); IEEE Standard
176-1987, §2.
Mandel form: Cowin and Mehrabadi (1992), doi:10.1016/0022-5096(92)90029-2.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crysnb.errors import ShapeError, UnknownName
from crysnb.values.real_numbers import real_numbers
from crysnb.values.tensor_kind import ELASTIC, PIEZOELECTRIC, TensorKind

Array = NDArray[np.float64]

#: Named orders of Voigt pairs. VASP prints stresses so, and the JARVIS tables follow it; the last two are
#: the upper triangle of a 3×3 matrix by rows and by columns.
VOIGT_ORDERS: dict[str, tuple[str, ...]] = {
    "standard": ("xx", "yy", "zz", "yz", "xz", "xy"),
    "vasp": ("xx", "yy", "zz", "xy", "yz", "xz"),
    "abaqus": ("xx", "yy", "zz", "xy", "xz", "yz"),
    "row_major": ("xx", "xy", "xz", "yy", "yz", "zz"),
    "column_major": ("xx", "xy", "yy", "xz", "yz", "zz"),
}
#: Factor of the Voigt entry over the tensor component for each strain-like index.
_SHEAR = np.array([1.0, 1.0, 1.0, 2.0, 2.0, 2.0])
#: Kind of index symmetry, and how many trailing Voigt indices are strain-like.
_QUANTITIES: dict[str, tuple[TensorKind, int]] = {
    "stiffness": (ELASTIC, 0),
    "compliance": (ELASTIC, 2),
    "e": (PIEZOELECTRIC, 0),
    "d": (PIEZOELECTRIC, 1),
}
#: (C/m²)/GPa = 1e-9 m/V, in pm/V.
_PM_PER_V = 1000.0
#: Beyond this a stiffness is singular for all we know.
_MAX_CONDITION = 1e12


def reorder(matrix: ArrayLike, source: str, target: str = "standard") -> Array:
    """The same Voigt matrix with its Voigt indices in another order.

    Parameters
    ----------
    matrix
        Any array; every axis of length 6 is a Voigt index.
    source, target
        Names in :data:`VOIGT_ORDERS`.

    Raises
    ------
    UnknownName
        For an unknown order.
    ShapeError
        ``tensor.shape`` without an axis of length 6.

    Examples
    --------
    >>> reorder([1, 2, 3, 12, 23, 13], "vasp").tolist()
    [1.0, 2.0, 3.0, 23.0, 13.0, 12.0]
    """
    for name in (source, target):
        if name not in VOIGT_ORDERS:
            raise UnknownName.of("voigt order", name, VOIGT_ORDERS)
    array = _numbers(matrix)
    if 6 not in array.shape:
        raise ShapeError("tensor.shape", found=f"shape {array.shape}", accepted="an axis of length 6")
    picks = [VOIGT_ORDERS[source].index(pair) for pair in VOIGT_ORDERS[target]]
    for axis, size in enumerate(array.shape):
        if size == 6:
            array = np.take(array, picks, axis=axis)
    return array


def to_cartesian(matrix: ArrayLike, quantity: str) -> Array:
    """Full Cartesian tensor, shape [3, 3, 3] or [3, 3, 3, 3], of a Voigt matrix in the standard order.

    Parameters
    ----------
    matrix
        Voigt matrix with the factors usual for the quantity.
    quantity
        ``"stiffness"``, ``"compliance"``, ``"e"`` or ``"d"``.

    Notes
    -----
    What comes out turns like a tensor; a compliance matrix as such does not.
    """
    kind, strains = _quantity(quantity)
    return kind.cartesian(_matrix(matrix, kind) / _factors(kind, strains))


def to_voigt(tensor: ArrayLike, quantity: str) -> Array:
    """Voigt matrix with the factors usual for the quantity; the inverse of :func:`to_cartesian`.

    Raises
    ------
    ShapeError
        ``tensor.shape`` unless the tensor is Cartesian and in full; ``tensor.asymmetric`` if two
        entries differ that one Voigt entry stands for.
    """
    kind, strains = _quantity(quantity)
    full = _numbers(tensor)
    if full.shape != (3,) * kind.rank:
        raise ShapeError(
            "tensor.shape", found=f"shape {full.shape}", accepted=f"the full Cartesian {(3,) * kind.rank}"
        )
    matrix = kind.matrix(full)
    if np.abs(kind.cartesian(matrix) - full).max() > 1e-6 * np.abs(full).max():
        raise ShapeError(
            "tensor.asymmetric",
            found="entries that differ under exchange of a symmetric pair of indices",
            accepted="a tensor that a Voigt matrix can stand for",
        )
    return matrix * _factors(kind, strains)


def to_compliance(stiffness: ArrayLike) -> Array:
    """Compliance matrix s, shape [6, 6], of a stiffness matrix c; in the inverse unit, with factors 2 and 4.

    Raises
    ------
    ShapeError
        ``tensor.singular`` if some strain costs no energy.

    Examples
    --------
    >>> to_compliance(np.diag([2.0, 2, 2, 1, 1, 1])).diagonal().tolist()
    [0.5, 0.5, 0.5, 1.0, 1.0, 1.0]
    """
    return _inverse(_matrix(stiffness, ELASTIC))


def to_stiffness(compliance: ArrayLike) -> Array:
    """Stiffness matrix c, shape [6, 6], of a compliance matrix s; the inverse of :func:`to_compliance`."""
    return _inverse(_matrix(compliance, ELASTIC))


def to_piezo_d(
    e: ArrayLike, *, stiffness: ArrayLike | None = None, compliance: ArrayLike | None = None
) -> Array:
    """Piezoelectric strain matrix d = e s, shape [3, 6], in pm/V, with factors 2.

    Parameters
    ----------
    e
        Piezoelectric stress matrix in C/m², shape [3, 6].
    stiffness, compliance
        One of them: at constant electric field, in GPa or 1/GPa, shape [6, 6].

    Raises
    ------
    ShapeError
        ``tensor.elastic_missing`` unless exactly one of the two is given.

    Notes
    -----
    Converts and turns alike: the d of a turned crystal is the turned d. IEEE Standard 176-1987, table 1.
    """
    s = _one_of(to_compliance, stiffness, compliance)
    return np.asarray(_PM_PER_V * _matrix(e, PIEZOELECTRIC) @ s)


def to_piezo_e(
    d: ArrayLike, *, stiffness: ArrayLike | None = None, compliance: ArrayLike | None = None
) -> Array:
    """Piezoelectric stress matrix e = d c, shape [3, 6], in C/m²; the inverse of :func:`to_piezo_d`.

    Parameters
    ----------
    d
        Piezoelectric strain matrix in pm/V, with factors 2, shape [3, 6].
    stiffness, compliance
        As in :func:`to_piezo_d`.
    """
    c = _one_of(to_stiffness, compliance, stiffness)
    return np.asarray(_matrix(d, PIEZOELECTRIC) @ c / _PM_PER_V)


def to_mandel(matrix: ArrayLike, quantity: str = "stiffness") -> Array:
    """Mandel (Kelvin) form of a stiffness or compliance Voigt matrix, shape [6, 6].

    A tensor component times √2 for each shear index. In this form a rotation is an orthogonal 6×6 matrix, the
    Frobenius norm is that of the tensor, and stiffness and compliance are inverse matrices of each other.
    """
    return np.asarray(_matrix(matrix, ELASTIC) * _mandel_factors(quantity))


def from_mandel(mandel: ArrayLike, quantity: str = "stiffness") -> Array:
    """Voigt matrix, shape [6, 6], of one in Mandel form; the inverse of :func:`to_mandel`."""
    return np.asarray(_matrix(mandel, ELASTIC) / _mandel_factors(quantity))


def _mandel_factors(quantity: str) -> Array:
    kind, strains = _quantity(quantity)
    if kind is not ELASTIC:
        raise UnknownName.of("elastic quantity", quantity, ("stiffness", "compliance"))
    root = np.sqrt(_SHEAR)
    return np.asarray(np.outer(root, root) / _factors(kind, strains))


def _factors(kind: TensorKind, strains: int) -> Array:
    """Voigt entry over tensor component, in the shape of the printed matrix."""
    if strains == 0:
        return np.ones(kind.matrix_shape)
    first = _SHEAR if strains == 2 else np.ones(kind.matrix_shape[0])
    return np.asarray(np.outer(first, _SHEAR))


def _quantity(name: str) -> tuple[TensorKind, int]:
    if name not in _QUANTITIES:
        raise UnknownName.of("quantity", name, _QUANTITIES)
    return _QUANTITIES[name]


def _numbers(x: ArrayLike) -> Array:
    # The rank is not known yet, so the kinds cannot check: their faults, their codes.
    array = real_numbers(x, "a matrix")
    if not np.isfinite(array).all():
        raise ShapeError("tensor.non_finite", found="NaN or infinity", accepted="finite numbers")
    return array


def _matrix(x: ArrayLike, kind: TensorKind) -> Array:
    array = _numbers(x)
    if array.shape != kind.matrix_shape:
        raise ShapeError(
            "tensor.shape",
            found=f"shape {array.shape}",
            accepted=f"a Voigt matrix {kind.matrix_shape}",
            action="to_voigt makes one of a Cartesian tensor" if array.ndim == kind.rank else "",
        )
    return array


def _inverse(matrix: Array) -> Array:
    if not np.any(matrix) or np.linalg.cond(matrix) > _MAX_CONDITION:
        raise ShapeError(
            "tensor.singular",
            found="an elastic matrix without an inverse",
            accepted="one with six non-zero eigenvalues",
        )
    return np.asarray(np.linalg.inv(matrix))


def _one_of(convert: Callable[[ArrayLike], Array], other: ArrayLike | None, same: ArrayLike | None) -> Array:
    if (other is None) == (same is None):
        raise ShapeError(
            "tensor.elastic_missing",
            found="both stiffness and compliance"
            if other is not None
            else "neither stiffness nor compliance",
            accepted="exactly one of stiffness=… and compliance=…",
        )
    return _matrix(same, ELASTIC) if same is not None else convert(np.asarray(other))
