"""The mistakes that people make with tensors: other axes, other Voigt orders, factors of 2, turned twice."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from crysnb.errors import ShapeError
from crysnb.symmetry.point_groups import point_group_operations
from crysnb.tensors.convert import VOIGT_ORDERS, to_stiffness
from crysnb.tensors.form import TensorForm
from crysnb.tensors.frames import ieee_rotation
from crysnb.tensors.given import filled_half
from crysnb.tensors.settings import turn_text
from crysnb.values.tensor_kind import ELASTIC, TensorKind

Array = NDArray[np.float64]

STANDARD = " ".join(VOIGT_ORDERS["standard"])
#: How far a mistake is from being the first guess; two at once are the last.
FIRST, SECOND, THIRD, FOURTH, PAIR = 1, 2, 3, 4, 5
_LETTERS = "abc"
_AXES = "xyz"
_WORDS = {
    "vasp": "VASP and JARVIS",
    "abaqus": "Abaqus and LAMMPS",
    "row_major": "the upper triangle row by row",
    "column_major": "the upper triangle column by column",
}
#: Where the factor 2 at each shear index is usual, by rank.
_LIKE = {(3, 2.0): ", as in the matrix of d", (4, 2.0): ", as in a compliance matrix"}
# Rows are primitive vectors in conventional axes (Setyawan and Curtarolo 2010; obverse setting for R).
_PRIMITIVE: dict[str, Array] = {
    "F": np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]]) / 2,
    "I": np.array([[-1, 1, 1], [1, -1, 1], [1, 1, -1]]) / 2,
    "C": np.array([[1, -1, 0], [1, 1, 0], [0, 0, 2]]) / 2,
    "A": np.array([[2, 0, 0], [0, 1, -1], [0, 1, 1]]) / 2,
    "R": np.array([[2, 1, 1], [-1, 1, 1], [-1, -2, 1]]) / 3,
}


@dataclass(frozen=True, slots=True, eq=False)
class Turn:
    """A mistake of axes.

    Attributes
    ----------
    rank
        1 for a first guess.
    rotation
        Orthogonal matrix [3, 3] that undoes it.
    text
        What happened, to follow "the tensor was given".
    simple
        1 for a mistake that is as easily made as any; what counts where two are called equally simple.
    """

    rank: int
    rotation: Array
    text: str
    simple: int


@dataclass(frozen=True, slots=True, eq=False)
class Rewriting:
    """A mistake in the printed matrix: another order of the Voigt indices, or factors at the shear ones.

    Attributes
    ----------
    rank
        1 for a first guess.
    undo
        Printed matrix as it should be, of one as it was given.
    order
        Voigt order in which it was given.
    text
        What happened, to follow "the tensor was given".
    """

    rank: int
    undo: Callable[[Array], Array]
    order: str
    text: str


def suggested(kind: TensorKind, matrix: Array) -> Iterator[Rewriting]:
    """Mistakes that the numbers of a printed matrix suggest: half of it is missing, or it is a compliance."""
    half = filled_half(kind, matrix)
    if half:
        mirrored = matrix + np.tril(matrix.T, -1) + np.triu(matrix.T, 1)
        yield Rewriting(FIRST, lambda _: mirrored, STANDARD, f"with only its {half} triangle filled")
    # Poisson's ratios are positive on the whole: the sum of s12, s13 and s23 is negative, that of c12, … not.
    if kind == ELASTIC and matrix[0, 1] + matrix[0, 2] + matrix[1, 2] < 0:
        with contextlib.suppress(ShapeError):
            stiffness = to_stiffness(matrix)
            text = (
                "as a compliance matrix (factors 1, 2, 4); its inverse, in the inverse unit, is the stiffness"
            )
            yield Rewriting(SECOND, lambda _: stiffness, STANDARD, text)


def rewritings(kind: TensorKind) -> Iterator[Rewriting]:
    """Mistakes in the printed matrix; none for kinds without a Voigt index."""
    voigt = tuple(axis for axis, group in enumerate(kind.groups) if group == 2)
    if not voigt:
        return
    for name, order in VOIGT_ORDERS.items():
        if name != "standard":
            rank = FIRST if name == "vasp" else SECOND
            yield _reordering(rank, order, voigt, f"in the Voigt order {' '.join(order)} ({_WORDS[name]})")
    known = set(VOIGT_ORDERS.values())
    for shear in itertools.permutations(VOIGT_ORDERS["standard"][3:]):
        order = ("xx", "yy", "zz", *shear)
        if order not in known:
            yield _reordering(FOURTH, order, voigt, f"in the Voigt order {' '.join(order)}")
    if len(voigt) == 2:
        for axis, word in zip(voigt, ("rows", "columns"), strict=True):
            for name in ("vasp", "abaqus"):
                order = VOIGT_ORDERS[name]
                text = f"with its {word} alone in the Voigt order {' '.join(order)} ({_WORDS[name]})"
                yield _reordering(FOURTH, order, (axis,), text)
    yield from _factors(kind, voigt)


def _reordering(rank: int, order: tuple[str, ...], axes: tuple[int, ...], text: str) -> Rewriting:
    picks = [order.index(pair) for pair in VOIGT_ORDERS["standard"]]

    def undo(matrix: Array) -> Array:
        for axis in axes:
            matrix = np.take(matrix, picks, axis=axis)
        return matrix

    return Rewriting(rank, undo, " ".join(order), text)


def _factors(kind: TensorKind, voigt: tuple[int, ...]) -> Iterator[Rewriting]:
    for factor, words in (
        (2.0, "twice"),
        (0.5, "half"),
        (np.sqrt(2.0), "√2 times (Mandel form)"),
        (1 / np.sqrt(2.0), "1/√2 times"),
    ):
        like = _LIKE.get((kind.rank, factor), "")
        yield _scaling(kind, voigt, factor, f"with {words} its value for each shear index{like}")
        if len(voigt) > 1 and factor in (2.0, 0.5):
            yield _scaling(kind, voigt[-1:], factor, f"with {words} its value in the shear columns")


def _scaling(kind: TensorKind, axes: tuple[int, ...], factor: float, text: str) -> Rewriting:
    weights = np.ones(kind.matrix_shape)
    for axis in axes:
        shape = [1] * len(kind.matrix_shape)
        shape[axis] = 6
        weights = weights * np.array([1.0, 1, 1, factor, factor, factor]).reshape(shape)
    return Rewriting(SECOND, lambda matrix: matrix / weights, STANDARD, text)


def turns(form: TensorForm, lattice: Array | None) -> list[Turn]:
    """Mistakes of axes, the first guesses first: each rotation once, up to what the crystal cannot tell.

    Parameters
    ----------
    form
        The form in whose frame the tensor should have been.
    lattice
        Rows are the lattice vectors as given, in the own frame; None without a crystal.
    """
    found = [*_permuted(), *_framed(form, lattice)]
    found.sort(key=lambda turn: turn.rank)
    return _distinct(form, found)


def _distinct(form: TensorForm, found: list[Turn]) -> list[Turn]:
    group = form.rotations
    if form.kind.rank % 2 == 0 and not form.kind.axial:
        group = np.concatenate([group, -group])  # the inversion changes nothing
    rotations = np.array([turn.rotation for turn in found])
    # A turn followed by an operation of the crystal is the same mistake: the smallest of them stands for all.
    images = np.round(group[None] @ rotations[:, None], 5).reshape(len(found), len(group), 9) + 0.0
    weights = np.array([1.0, 3.1, 7.7, 19.3, 43.1, 97.7, 211.3, 433.9, 881.7])
    best = (images @ weights).argmin(axis=1)
    keys = [images[k, b].tobytes() for k, b in enumerate(best)]
    kept: dict[bytes, Turn] = {}
    nothing = _key(np.eye(3), group, weights)
    for key, turn in zip(keys, found, strict=True):
        first = kept.setdefault(key, turn)
        if turn.simple < first.simple:  # the same, said in a simpler way
            kept[key] = replace(turn, rank=first.rank)
    kept.pop(nothing, None)
    return list(kept.values())


def _key(rotation: Array, group: Array, weights: Array) -> bytes:
    images = np.round(group @ rotation, 5).reshape(len(group), 9) + 0.0
    return bytes(images[(images @ weights).argmin()].tobytes())


def _permuted() -> Iterator[Turn]:
    """The 48 ways to call the Cartesian axes otherwise."""
    for matrix in _signed():
        given = _named_axes(matrix.T)
        handed = "" if np.linalg.det(matrix) > 0 else " (left-handed)"
        flips = int((matrix < 0).sum())
        unsigned = not flips
        single = flips == 1 and np.trace(np.abs(matrix)) == 3
        rank = FIRST if unsigned else SECOND if single else FOURTH
        about_an_axis = not handed and (np.diag(matrix) == 1).any()
        simple = FIRST if single or about_an_axis else rank
        yield Turn(rank, matrix, f"in axes named otherwise{handed}: {given}", simple)


def _named_axes(matrix: Array) -> str:
    """How the axes of a signed permutation are called: rows are the new axes in the old ones."""
    words = []
    for new, row in zip(_AXES, matrix, strict=True):
        old = int(np.abs(row).argmax())
        words.append(f"{new} for {'−' if row[old] < 0 else ''}{_AXES[old]}")
    return ", ".join(words)


def _signed() -> Array:
    """The signed permutation matrices, shape [48, 3, 3]."""
    proper = point_group_operations("432")
    return np.concatenate([proper, -proper])


def standard_frame(form: TensorForm) -> Array:
    """Rotation from the frame of a form to x ∥ a, z ∥ c* of its conventional axes, shape [3, 3]."""
    return _pair_frame(form.axes.T, 0, 1)


@dataclass(frozen=True, slots=True, eq=False)
class _Frame:
    rank: int
    rotation: Array  # from the frame of the form to this one
    text: str


def _framed(form: TensorForm, lattice: Array | None) -> Iterator[Turn]:
    own = form.rotation
    trigonal = form.point_group.lstrip("-")[0] in "36"
    standard = standard_frame(form)
    turns_of_axes = point_group_operations("622" if trigonal else "432")
    equivalents = np.swapaxes(standard, 0, 1) @ turns_of_axes @ standard
    orders = point_group_operations("432")
    for frame in _frames(form, None if lattice is None else lattice @ own.T):
        r = frame.rotation
        yield from _misused(frame.rank, r, frame.text)
        for turn, equivalent in zip(turns_of_axes, equivalents, strict=True):
            words = f"{frame.text}, with the crystal's axes {turn_text(turn)}"
            yield from _misused(frame.rank + 2, r @ equivalent, words)
        for turn in orders:
            yield from _misused(frame.rank + 2, turn @ r, f"{frame.text}, {turn_text(turn)}")


def _misused(rank: int, rotation: Array, frame: str) -> Iterator[Turn]:
    """What goes wrong with the rotation to a frame: none was made, or twice, or its transpose."""
    yield Turn(rank, rotation.T, f"in {frame}", rank)
    twice = f"turned twice: the rotation to {frame} was applied where its transpose was due"
    yield Turn(rank + 1, rotation.T @ rotation.T, twice, rank + 1)
    backwards = f"turned backwards: by the transpose of the rotation to {frame}"
    yield Turn(rank + 1, rotation, backwards, rank + 1)


def _frames(form: TensorForm, lattice: Array | None) -> Iterator[_Frame]:
    """Named frames, and those that lattice vectors span, seen from the frame of the form."""
    own = form.rotation
    conventional = form.axes.T
    info = form.symmetry
    if np.abs(own - np.eye(3)).max() > 1e-9:
        yield _Frame(FIRST, own.T, "the own frame of the structure")
    yield _Frame(FIRST, standard_frame(form), "the frame x ∥ a, z ∥ c* of the conventional cell (nye)")
    cells = [("conventional", conventional)]
    if info is not None:
        yield _Frame(FIRST, ieee_rotation(info) @ own.T, "the IEEE 1987 frame")
        if lattice is not None:
            cells.insert(0, ("given", lattice))
        primitive = _PRIMITIVE.get(info.symbol[0])
        if primitive is not None:
            vectors = primitive @ conventional
            cells.append(("primitive", vectors))
            if info.symbol[0] == "R":
                text = "the frame of the standard rhombohedral cell (x ∥ a + b, z ∥ c*)"
                yield _Frame(SECOND, _pair_frame(np.array([vectors[0] + vectors[1], vectors[1]]), 0, 1), text)
    for name, vectors in cells:
        file = _pair_frame(vectors, 2, 0)[[1, 2, 0]]
        yield _Frame(FIRST, file, f"the frame of a CIF of the {name} cell (z ∥ c, a in the x–z plane)")
        for i, j in itertools.permutations(range(3), 2):
            text = f"the frame x ∥ {_LETTERS[i]}, {_LETTERS[j]} in the x–y plane of the {name} cell"
            yield _Frame(SECOND, _pair_frame(vectors, i, j), text)


def _pair_frame(vectors: Array, i: int, j: int) -> Array:
    """Rotation to the frame with x along one vector and another one in the x–y plane, y > 0; right-handed."""
    x = vectors[i] / np.linalg.norm(vectors[i])
    z = np.cross(x, vectors[j])
    z = z / np.linalg.norm(z)
    return np.array([x, np.cross(z, x), z])
