"""Born's conditions of elastic stability by Laue class, each by name; the bounds of the polycrystal."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from numbers import Real

import numpy as np
from numpy.typing import NDArray

from crysnb.errors import ShapeError, UnknownName, quote
from crysnb.tensors.moduli import averages
from crysnb.values.admissible import ROUNDING, Finding, told_apart
from crysnb.values.tensor_kind import ELASTIC

Array = NDArray[np.float64]
#: Moduli of a polycrystal that :func:`reported_bounds` takes.
MODULI = ("k_voigt", "k_reuss", "g_voigt", "g_reuss")
#: Name of a condition, what has to be positive, and its value for a Voigt matrix.
Condition = tuple[str, str, Callable[[Array], float]]


def _c(matrix: Array, i: int, j: int) -> float:
    return float(matrix[i - 1, j - 1])


def _axial(shear: tuple[Condition, ...]) -> tuple[Condition, ...]:
    return (
        ("c11_c12", "c11 - |c12|", lambda m: _c(m, 1, 1) - abs(_c(m, 1, 2))),
        (
            "c33_c13",
            "c33 (c11 + c12) - 2 c13²",
            lambda m: _c(m, 3, 3) * (_c(m, 1, 1) + _c(m, 1, 2)) - 2 * _c(m, 1, 3) ** 2,
        ),
        ("c44", "c44", lambda m: _c(m, 4, 4)),
        *shear,
    )


def _minor(n: int) -> Condition:
    return f"minor{n}", f"leading {n}×{n} minor", lambda m: float(np.linalg.det(m[:n, :n]))


_CUBIC: tuple[Condition, ...] = (
    ("c11_c12", "c11 - c12", lambda m: _c(m, 1, 1) - _c(m, 1, 2)),
    ("c11_2c12", "c11 + 2 c12", lambda m: _c(m, 1, 1) + 2 * _c(m, 1, 2)),
    ("c44", "c44", lambda m: _c(m, 4, 4)),
)
_HEXAGONAL = _axial(())
_TETRAGONAL = _axial((("c66", "c66", lambda m: _c(m, 6, 6)),))
_TETRAGONAL_LOW = _axial(
    (
        (
            "c66_c16",
            "c66 (c11 - c12) - 2 c16²",
            lambda m: _c(m, 6, 6) * (_c(m, 1, 1) - _c(m, 1, 2)) - 2 * _c(m, 1, 6) ** 2,
        ),
    )
)
_TRIGONAL = _axial(
    (
        (
            "c44_c14_c15",
            "c44 (c11 - c12) - 2 (c14² + c15²)",
            lambda m: _c(m, 4, 4) * (_c(m, 1, 1) - _c(m, 1, 2)) - 2 * (_c(m, 1, 4) ** 2 + _c(m, 1, 5) ** 2),
        ),
    )
)
_ORTHORHOMBIC: tuple[Condition, ...] = (
    ("c11", "c11", lambda m: _c(m, 1, 1)),
    ("c11_c22_c12", "c11 c22 - c12²", lambda m: _c(m, 1, 1) * _c(m, 2, 2) - _c(m, 1, 2) ** 2),
    (
        "c11_c22_c33",
        "c11 c22 c33 + 2 c12 c13 c23 - c11 c23² - c22 c13² - c33 c12²",
        lambda m: float(np.linalg.det(m[:3, :3])),
    ),
    ("c44", "c44", lambda m: _c(m, 4, 4)),
    ("c55", "c55", lambda m: _c(m, 5, 5)),
    ("c66", "c66", lambda m: _c(m, 6, 6)),
)
_GENERAL = tuple(_minor(n) for n in range(1, 7))

#: Conditions for each crystal class, and the Laue class they belong to.
_BY_CLASS: dict[str, tuple[str, tuple[Condition, ...]]] = {
    symbol: (laue, conditions)
    for laue, symbols, conditions in (
        ("-1", "1 -1", _GENERAL),
        ("2/m", "2 m 2/m", _GENERAL),
        ("mmm", "222 mm2 mmm", _ORTHORHOMBIC),
        ("4/m", "4 -4 4/m", _TETRAGONAL_LOW),
        ("4/mmm", "422 4mm -42m 4/mmm", _TETRAGONAL),
        ("-3", "3 -3", _TRIGONAL),
        ("-3m", "32 3m -3m", _TRIGONAL),
        ("6/m", "6 -6 6/m", _HEXAGONAL),
        ("6/mmm", "622 6mm -6m2 6/mmm", _HEXAGONAL),
        ("m-3", "23 m-3", _CUBIC),
        ("m-3m", "432 -43m m-3m", _CUBIC),
    )
    for symbol in symbols.split()
}


def born_conditions(stiffness: Array, point_group: str, note: str = "") -> tuple[Finding, ...]:
    """Whether a crystal of a class is elastically stable, condition by condition.

    Parameters
    ----------
    stiffness
        Cartesian tensor or Voigt matrix in GPa, of the form that the class allows, in its standard axes
        (x ∥ a, z ∥ c*; the main axis along z).
    point_group
        Hermann–Mauguin symbol of the class.
    note
        What else to say of the tensor in each text.

    Returns
    -------
    tuple of Finding
        Codes ``elastic.born.…``; all are met exactly if the matrix is positive definite.

    Notes
    -----
    Mouhat and Coudert (2014), doi:10.1103/PhysRevB.90.224104: necessary and sufficient conditions for
    each Laue class; for monoclinic and triclinic crystals Sylvester's criterion, the six leading minors.
    For trigonal classes c14² + c15² is what does not depend on the choice of x.
    """
    laue, conditions = _BY_CLASS[point_group]
    matrix = ELASTIC.matrix(stiffness)
    scale = float(np.abs(matrix).max()) or 1.0
    found = []
    for name, formula, value_of in conditions:
        # In units of the largest entry, so that products of any degree have one scale of rounding.
        share = value_of(matrix / scale)
        passed = share > ROUNDING
        word = "> 0" if passed else "but has to be positive"
        with np.errstate(over="ignore"):
            value = value_of(matrix)
        if not math.isfinite(value):  # a product of six entries in a very small unit
            value, word = share, f"in units of the largest entry, {word}"
        found.append(
            Finding(
                code=f"elastic.born.{name}",
                passed=passed,
                values=((formula, value),),
                text=f"Born stability, Laue class {laue}{note}: {formula} = {value:.5g} {word}.",
            )
        )
    return tuple(found)


def polycrystal_bounds(stiffness: Array) -> tuple[Finding, ...]:
    """Voigt's averages of K and G are not below Reuss's; none where Reuss's has no meaning.

    Parameters
    ----------
    stiffness
        Positive definite Cartesian tensor or Voigt matrix, in GPa.

    Notes
    -----
    Hill (1952), doi:10.1088/0370-1298/65/5/307: a theorem for every positive definite stiffness, so that
    only moduli from elsewhere can break it: see :func:`reported_bounds`.
    """
    scale = float(np.abs(stiffness).max())  # the inverse of a tiny stiffness overflows
    both = averages(stiffness / scale)
    return reported_bounds(
        {
            "k_voigt": scale * both.voigt.bulk,
            "k_reuss": scale * both.reuss.bulk,
            "g_voigt": scale * both.voigt.shear,
            "g_reuss": scale * both.reuss.shear,
        }
    )


def reported_bounds(moduli: Mapping[str, float | None], rounding: float = 1e-9) -> tuple[Finding, ...]:
    """Whether reported Voigt averages are not below the Reuss averages.

    Parameters
    ----------
    moduli
        In GPa by name: any of the pairs ``k_voigt``, ``k_reuss`` and ``g_voigt``, ``g_reuss``; None for one
        that is not known.
    rounding
        Share of the value by which the order may be broken.

    Returns
    -------
    tuple of Finding
        ``elastic.voigt_reuss_bulk`` and ``elastic.voigt_reuss_shear``, where both numbers are given.

    Raises
    ------
    UnknownName
        For another name.
    ShapeError
        ``elastic.modulus`` for a value that is no finite number.
    """
    known = {name: _modulus(name, value) for name, value in moduli.items()}
    found = []
    for letter, word in (("k", "bulk"), ("g", "shear")):
        voigt, reuss = known.get(f"{letter}_voigt"), known.get(f"{letter}_reuss")
        if voigt is None or reuss is None:
            continue
        passed = bool(voigt >= reuss - rounding * abs(voigt))
        sign = "≥" if passed else "<"
        first, second = (f"{voigt:.5g}", f"{reuss:.5g}") if passed else told_apart(voigt, reuss)
        name = letter.upper()
        found.append(
            Finding(
                code=f"elastic.voigt_reuss_{word}",
                passed=passed,
                values=((f"{name}_V", voigt), (f"{name}_R", reuss)),
                text=f"{word.capitalize()} modulus, Voigt {first} {sign} Reuss {second} GPa.",
            )
        )
    return tuple(found)


def _modulus(name: str, value: object) -> float | None:
    if name not in MODULI:
        raise UnknownName.of("modulus", name, MODULI)
    if value is None:
        return None
    try:
        number = float(value) if isinstance(value, Real) else math.nan
    except OverflowError:
        number = math.nan
    if not math.isfinite(number):
        raise ShapeError(
            "elastic.modulus", found=f"{name} = {quote(value)}", accepted="a finite number in GPa"
        )
    return number
