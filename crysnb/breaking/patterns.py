"""Distortions of a crystal: strain, shifts of sites, a turn, a rattle; and the part that breaks nothing."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crysnb.errors import ShapeError, UnknownName, quote
from crysnb.symmetry.parent import Parent, parent_of
from crysnb.values.tensor_kind import VOIGT

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure

Array = NDArray[np.float64]
Family = Literal["strain", "mode", "atom", "rotation", "rattle"]

#: Families of distortions with the unit of their amplitude and the largest amplitude.
FAMILIES: dict[str, tuple[str, float]] = {
    "strain": ("", 0.05),
    "mode": ("Å", 0.3),
    "atom": ("Å", 0.3),
    "rotation": ("°", 180.0),
    "rattle": ("Å", 0.3),
}
DIRECTIONS = ("x", "y", "z", "a", "b", "c")
#: Share of a pattern that is rounding.
_ZERO = 1e-9
#: Sizes of a matrix, a shift or an axis that can be scaled to 1 without loss.
_SMALLEST, _GREATEST = 1e-100, 1e100


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Pattern:
    """One direction to distort a crystal in; an amplitude says how far.

    Attributes
    ----------
    name
        Short and unique for a crystal, for example ``"strain e5"`` or ``"atom 2 z"``.
    family
        ``"strain"``, ``"mode"``, ``"atom"``, ``"rotation"`` or ``"rattle"``.
    text
        In words.
    displacements
        Cartesian shift of every site per unit of amplitude, shape [site, 3]; the longest is 1. Zero for a
        strain and a turn.
    strain
        Symmetric matrix E, shape [3, 3]: the crystal is deformed by F = 1 + amplitude · E, sites keep their
        fractional coordinates.
    axis
        Unit vector that the crystal is turned about, by the amplitude in degrees; zero without a turn.
    dimension
        Dimension of the irreducible representation that a mode belongs to; 0 where that says nothing.
    """

    name: str
    family: Family
    text: str
    displacements: Array
    strain: Array
    axis: Array
    dimension: int = 0

    @property
    def unit(self) -> str:
        """Unit of the amplitude: ``"Å"``, ``"°"``, or empty for a strain."""
        return FAMILIES[self.family][0]

    @property
    def largest(self) -> float:
        """Largest amplitude that is accepted."""
        return FAMILIES[self.family][1]

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "name": self.name,
            "family": self.family,
            "text": self.text,
            "unit": self.unit,
            "displacements": self.displacements.tolist(),
            "strain": self.strain.tolist(),
            "axis": self.axis.tolist(),
            "dimension": self.dimension,
        }

    def __repr__(self) -> str:
        return f"Pattern({self.name!r}: {self.text})"


def strain(x: Any, component: str | ArrayLike) -> Pattern:
    """A homogeneous strain of the crystal, which keeps its orientation (F = 1 + amplitude · E, symmetric).

    Parameters
    ----------
    x
        Anything that :func:`crysnb.as_structure` accepts, or its :class:`Parent`.
    component
        ``"e1"`` … ``"e6"``: Voigt components in the frame of the structure, shear as engineering strain, so
        that e4 = 2 ε_yz; ``"hydrostatic"``; or a matrix E, shape [3, 3], of which the symmetric part is taken
        and scaled to a largest entry of 1.

    Raises
    ------
    UnknownName
        For any other name.
    ShapeError
        ``breaking.pattern`` for a matrix that is no strain.
    """
    n = len(parent_of(x).structure)
    if isinstance(component, str):
        names = (*(f"e{k}" for k in range(1, 7)), "hydrostatic")
        if component not in names:
            raise UnknownName.of("strain", component, names)
        if component == "hydrostatic":
            return _pattern("strain hydrostatic", "strain", "every length grows alike", n, e=np.eye(3))
        i, j = VOIGT[int(component[1]) - 1]
        e = np.zeros((3, 3))
        e[i, j] = e[j, i] = 1.0 if i == j else 0.5
        pair = "xyz"[i] + "xyz"[j]
        text = (
            f"strain along {pair[0]}"
            if i == j
            else f"shear of {pair[0]} against {pair[1]}, engineering strain"
        )
        return _pattern(f"strain {component}", "strain", text, n, e=e)
    matrix = _numbers(component, (3, 3), "a strain")
    mean = np.asarray(matrix + matrix.T) / 2
    if np.abs(mean).max() <= _ZERO * np.abs(matrix).max():
        raise ShapeError(
            "breaking.pattern",
            found="a strain without a symmetric part: a turn",
            accepted="a symmetric matrix",
        )
    return _pattern("strain", "strain", "a strain of your own", n, e=mean / np.abs(mean).max())


def displacement(x: Any, site: int | ArrayLike, direction: str | ArrayLike = "z") -> Pattern:
    """One site moved, or a displacement of all sites.

    Parameters
    ----------
    x
        Anything that :func:`crysnb.as_structure` accepts, or its :class:`Parent`.
    site
        Index of the site, from 0; or displacements of all sites, Cartesian, shape [site, 3], which are scaled
        so that the longest is 1.
    direction
        ``"x"``, ``"y"``, ``"z"`` (Cartesian, frame of the structure), ``"a"``, ``"b"``, ``"c"`` (along a cell
        edge), or a Cartesian vector of three numbers.

    Raises
    ------
    ShapeError
        ``breaking.pattern`` if there is no such site, or nothing moves.
    UnknownName
        For an unknown direction.
    """
    structure = parent_of(x).structure
    n = len(structure)
    if not isinstance(site, int | np.integer):
        d = _numbers(site, (n, 3), "a displacement")
        return _pattern("displacement", "atom", "a displacement of your own", n, d=_scaled(d))
    if isinstance(site, bool) or not 0 <= site < n:
        raise ShapeError("breaking.pattern", found=f"site {quote(site)}", accepted=f"0 to {n - 1}")
    if isinstance(direction, str):
        if direction not in DIRECTIONS:
            raise UnknownName.of("direction", direction, DIRECTIONS)
        k = DIRECTIONS.index(direction)
        vector = np.eye(3)[k] if k < 3 else np.asarray(structure.lattice.matrix[k - 3])
        name, along = f"atom {site} {direction}", direction
    else:
        vector = _numbers(direction, (3,), "a direction")
        name, along = f"atom {site}", "(" + ", ".join(f"{v:.3g}" for v in vector) + ")"
    d = np.zeros((n, 3))
    d[site] = vector
    return _pattern(
        name, "atom", f"{structure[site].specie.symbol}, site {site}, along {along}", n, d=_scaled(d)
    )


def rotation(x: Any, axis: ArrayLike = (1.0, 2.0, 3.0)) -> Pattern:
    """The whole crystal turned: nothing may change but the frame, so this tests equivariance alone.

    Parameters
    ----------
    x
        Anything that :func:`crysnb.as_structure` accepts, or its :class:`Parent`.
    axis
        Cartesian vector; not along a symmetry axis by default.
    """
    vector = _numbers(axis, (3,), "an axis")
    text = "about (" + ", ".join(f"{v:.3g}" for v in vector) + ")"
    n = len(parent_of(x).structure)
    return _pattern("rotation", "rotation", text, n, axis=vector / np.linalg.norm(vector))


def rattle(x: Any, seed: int = 0) -> Pattern:
    """Every site moved at random (normal in each coordinate), the longest shift being the amplitude.

    Parameters
    ----------
    x
        Anything that :func:`crysnb.as_structure` accepts, or its :class:`Parent`.
    seed
        Of the random numbers; 0 or above.

    Raises
    ------
    ShapeError
        ``breaking.pattern`` for another seed, and for a cell of one site.
    """
    if type(seed) is not int or seed < 0:
        raise ShapeError("breaking.pattern", found=f"seed {quote(seed)}", accepted="a whole number from 0")
    n = len(parent_of(x).structure)
    if n == 1:
        raise ShapeError(
            "breaking.pattern",
            found="a rattle of one site, which moves the crystal as a whole",
            accepted="a cell of two sites or more",
        )
    d = np.random.default_rng(seed).normal(size=(n, 3))
    return _pattern(
        f"rattle {seed}", "rattle", f"all sites at random, seed {seed}", n, d=_scaled(d - d.mean(axis=0))
    )


def symmetric_part(pattern: Pattern, x: Any) -> Array:
    """The part of a distortion that every operation keeps: |G|⁻¹ Σ_g g d.

    Parameters
    ----------
    pattern
        A distortion of the crystal.
    x
        Anything that :func:`crysnb.as_structure` accepts, or its :class:`Parent`.

    Returns
    -------
    ndarray
        For displacements d₁ = |G|⁻¹ Σ_g P_g d R_gᵀ, shape [site, 3], without a shift of the whole
        crystal, which is no distortion; for a strain E₁ = |G|⁻¹ Σ_g R_g E R_gᵀ, shape [3, 3]. Zero for
        a turn. Turning the crystal turns it.
    """
    whole = parent_of(x)
    if pattern.strain.any():
        r = whole.rotations
        return np.asarray((r @ pattern.strain @ r.transpose(0, 2, 1)).mean(axis=0))
    d = _of_crystal(pattern, whole) - pattern.displacements.mean(axis=0)
    mean = whole.act(d).mean(axis=0)
    return np.asarray(np.where(np.abs(mean) < _ZERO, 0.0, mean))


def is_symmetric(pattern: Pattern, x: Any) -> bool:
    """Whether a distortion has a part that breaks nothing, so that invariants may change at first order."""
    return bool(np.abs(symmetric_part(pattern, x)).max() > _ZERO)


def distort(x: Any, pattern: Pattern, amplitude: float) -> Structure:
    """The idealised crystal, distorted; sites and their order are kept.

    Parameters
    ----------
    x
        Anything that :func:`crysnb.as_structure` accepts, or its :class:`Parent`.
    pattern
        The distortion.
    amplitude
        How far, in ``pattern.unit``; of either sign.

    Raises
    ------
    ShapeError
        ``breaking.amplitude`` if it is not finite or too large; ``breaking.pattern`` if the pattern
        belongs to a crystal with another number of sites.
    """
    from pymatgen.core.lattice import Lattice
    from pymatgen.core.structure import Structure

    whole = parent_of(x)
    size = check_amplitude(pattern, amplitude)
    start = whole.structure
    lattice = np.asarray(start.lattice.matrix, dtype=np.float64)
    d = _of_crystal(pattern, whole)
    deformation = np.eye(3) + size * pattern.strain
    if pattern.axis.any():
        deformation = turn(pattern, size)
    lattice = lattice @ deformation.T
    frac = np.asarray(start.frac_coords, dtype=np.float64) + size * d @ np.linalg.inv(lattice)
    return Structure(Lattice(lattice), start.species, frac)


def turn(pattern: Pattern, amplitude: float) -> Array:
    """Matrix of the turn at an amplitude, shape [3, 3]; the identity for a pattern without one."""
    x, y, z = pattern.axis
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    angle = math.radians(amplitude)
    return np.asarray(np.eye(3) + math.sin(angle) * cross + (1 - math.cos(angle)) * cross @ cross)


def check_amplitude(pattern: Pattern, amplitude: object) -> float:
    """The amplitude as a float; :class:`ShapeError` unless it is usable."""
    if not isinstance(pattern, Pattern):
        raise ShapeError("breaking.pattern", found=quote(pattern), accepted="a distortion")
    ok = isinstance(amplitude, int | float | np.floating | np.integer) and not isinstance(amplitude, bool)
    if not ok or not abs(float(amplitude)) <= pattern.largest * (1 + 1e-9):  # type: ignore[arg-type]
        limit = f"{pattern.largest:g} {pattern.unit}".rstrip()
        raise ShapeError(
            "breaking.amplitude",
            found=f"amplitude {quote(amplitude)} for {pattern.name}",
            accepted=f"a number from -{limit} to {limit}",
        )
    return float(amplitude)  # type: ignore[arg-type]


def _of_crystal(pattern: Pattern, whole: Parent) -> Array:
    if len(pattern.displacements) != len(whole.structure):
        raise ShapeError(
            "breaking.pattern",
            found=f"a pattern of {len(pattern.displacements)} sites for a crystal of {len(whole.structure)}",
            accepted="a pattern of the same crystal",
        )
    return pattern.displacements


def _pattern(name: str, family: Family, text: str, n: int, *, d: Array | None = None, e: Array | None = None,
             axis: Array | None = None, dimension: int = 0) -> Pattern:  # fmt: skip
    return Pattern(
        name=name,
        family=family,
        text=text,
        displacements=np.zeros((n, 3)) if d is None else d,
        strain=np.zeros((3, 3)) if e is None else e,
        axis=np.zeros(3) if axis is None else axis,
        dimension=dimension,
    )


def mode_pattern(name: str, text: str, displacements: Array, dimension: int) -> Pattern:
    """A symmetry-adapted displacement, scaled so that the longest shift is 1."""
    return _pattern(name, "mode", text, len(displacements), d=_scaled(displacements), dimension=dimension)


def _scaled(d: Array) -> Array:
    return np.asarray(d / np.sqrt((d**2).sum(axis=1).max()))


def _numbers(x: ArrayLike, shape: tuple[int, ...], what: str) -> Array:
    try:
        array = np.asarray(x, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ShapeError("breaking.pattern", found=f"{what} that is no array of numbers ({error})") from error
    if array.shape != shape or not np.isfinite(array).all() or not array.any():
        raise ShapeError(
            "breaking.pattern",
            found=f"{what} of shape {array.shape}" if array.shape != shape else f"{what} without finite size",
            accepted=f"finite numbers of shape {shape}, not all zero",
        )
    if not _SMALLEST <= np.abs(array).max() <= _GREATEST:
        raise ShapeError(
            "breaking.pattern",
            found=f"{what} of size {np.abs(array).max():.3g}",
            accepted=f"a size from {_SMALLEST:g} to {_GREATEST:g}; it is scaled to 1",
        )
    return array
