"""Kinds of crystal tensor: rank, intrinsic index symmetry, parity, and how components are named.

A kind is written in e3nn's notation for index symmetry, e.g. ``"ijkl=jikl=klij"`` for the elastic
stiffness. The independent components are the orbits of index tuples under the permutations that
the formula generates (with sign, so that ``"ij=-ji"`` works too).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crysnb.errors import ShapeError, UnknownName
from crysnb.values.jahn import parse
from crysnb.values.real_numbers import real_numbers

#: Voigt pairs in the order xx, yy, zz, yz, xz, xy.
VOIGT: tuple[tuple[int, int], ...] = ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))
_VOIGT_OF = {pair: k for k, (i, j) in enumerate(VOIGT) for pair in ((i, j), (j, i))}

Permutation = tuple[tuple[int, ...], int]


@dataclass(frozen=True)
class TensorKind:
    """A kind of tensor.

    Attributes
    ----------
    name
        Stable name, for example ``"elastic"``.
    letter
        Letter of printed components, for example ``"c"``.
    formula
        Index symmetry in e3nn notation.
    groups
        How indices are grouped when printed: 1 for a Cartesian index, 2 for a Voigt pair.
        ``(1, 2)`` prints ``e14``; ``(1, 1)`` prints ``eps23``.
    axial
        True if the tensor picks up det(R) under an operation R.
    irreps
        e3nn irreps of the independent components; empty where not stated.
    jahn
        Jahn symbol.
    """

    name: str
    letter: str
    formula: str
    groups: tuple[int, ...]
    axial: bool = False
    irreps: str = ""
    jahn: str = ""

    def __post_init__(self) -> None:
        if sum(self.groups) != self.rank or not set(self.groups) <= {1, 2}:
            raise ShapeError(
                "tensor.groups",
                found=f"index groups {self.groups} for a tensor of rank {self.rank}",
                accepted="ones and twos that add up to the rank",
            )

    @classmethod
    def from_jahn(cls, symbol: str) -> TensorKind:
        """The kind that a Jahn symbol means, with letter t and Cartesian indices.

        Parameters
        ----------
        symbol
            For example ``"[[V2]2]"``, ``"e[V2]"`` or ``"{V2}"``.

        Raises
        ------
        ShapeError
            ``tensor.jahn`` if it is none.

        Examples
        --------
        >>> TensorKind.from_jahn("V[V2]").n_components
        18
        """
        parsed = parse(symbol)
        rank = len(parsed.formula.split("=")[0])
        return cls(symbol, "t", parsed.formula, (1,) * rank, axial=parsed.axial, jahn=symbol)

    @property
    def rank(self) -> int:
        """Number of Cartesian indices."""
        return len(self.formula.split("=")[0].lstrip("-"))

    @property
    def matrix_shape(self) -> tuple[int, ...]:
        """Shape of the printed array, e.g. (6, 6) for the elastic stiffness."""
        return tuple(3 if g == 1 else 6 for g in self.groups)

    @cached_property
    def permutations(self) -> tuple[Permutation, ...]:
        """All index permutations of the kind with their signs, the identity first."""
        return _closure(_generators(self.formula), self.rank)

    @cached_property
    def _orbits(self) -> tuple[tuple[str, dict[tuple[int, ...], int]], ...]:
        return _orbits(self)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the independent components in printing order (Nye order)."""
        return tuple(name for name, _ in self._orbits)

    @property
    def n_components(self) -> int:
        """Number of components left by the index symmetry alone (6, 18, 21 for ε, e, c)."""
        return len(self._orbits)

    @cached_property
    def expand(self) -> NDArray[np.float64]:
        """Matrix [3**rank, component] from named components to the flat Cartesian tensor."""
        out = np.zeros((3**self.rank, self.n_components))
        for column, (_, orbit) in enumerate(self._orbits):
            for index, sign in orbit.items():
                out[np.ravel_multi_index(index, (3,) * self.rank), column] = sign
        out.flags.writeable = False
        return out

    @cached_property
    def multiplicity(self) -> NDArray[np.float64]:
        """How many Cartesian entries each named component stands for, shape [component]."""
        return np.asarray(np.abs(self.expand).sum(axis=0))

    @cached_property
    def _first(self) -> NDArray[np.intp]:
        """For every named component the first flat Cartesian entry with sign +1."""
        return np.asarray((self.expand > 0).argmax(axis=0), dtype=np.intp)

    def components(self, tensor: ArrayLike) -> NDArray[np.float64]:
        """Named components, shape [component], of a tensor in either form.

        Entries that the index symmetry makes equal are averaged.
        """
        flat = self.cartesian(tensor).reshape(-1)
        first = flat[self._first]
        # One entry plus the mean deviation from it: entries that are equal come out to the last bit.
        return np.asarray(first + self.expand.T @ (flat - self.expand @ first) / self.multiplicity)

    def from_components(self, values: ArrayLike) -> NDArray[np.float64]:
        """Full Cartesian tensor, shape (3,)*rank, from named components."""
        array = np.asarray(values, dtype=np.float64)
        if array.shape != (self.n_components,):
            raise ShapeError(
                "tensor.components",
                found=f"{array.shape} components",
                accepted=f"({self.n_components},) in the order {', '.join(self.names[:4])}, …",
            )
        return np.asarray((self.expand @ array).reshape((3,) * self.rank))

    def cartesian(self, tensor: ArrayLike) -> NDArray[np.float64]:
        """Full Cartesian tensor, shape (3,)*rank, from that or from the printed matrix.

        Raises
        ------
        ShapeError
            ``tensor.shape`` if the shape is neither, ``tensor.non_finite`` for NaN or infinity; those of
            :func:`~crysnb.values.real_numbers.real_numbers`.
        """
        array = real_numbers(tensor)
        full = (3,) * self.rank
        if array.shape == full:
            result = array
        elif array.shape == self.matrix_shape:
            result = array[self._matrix_index].reshape(full)
        else:
            raise ShapeError(
                "tensor.shape",
                found=f"shape {array.shape} for {self.name}",
                accepted=f"the full Cartesian {full}"
                if self.matrix_shape == full
                else f"{self.matrix_shape} or the full Cartesian {full}",
            )
        if not np.isfinite(result).all():
            raise ShapeError(
                "tensor.non_finite",
                found=f"NaN or infinity in a tensor of kind {self.name}",
                accepted="finite numbers",
            )
        return result

    def matrix(self, tensor: ArrayLike) -> NDArray[np.float64]:
        """The printed array (Voigt where usual) of a tensor in either form; no factors of 2."""
        return self.cartesian(tensor).reshape(-1)[self.matrix_rows].reshape(self.matrix_shape)

    @cached_property
    def _matrix_index(self) -> tuple[NDArray[np.intp], ...]:
        """For every Cartesian index tuple its place in the printed array."""
        places = [self.place(index) for index in np.ndindex(*(3,) * self.rank)]
        return tuple(np.asarray(axis, dtype=np.intp) for axis in zip(*places, strict=True))

    @cached_property
    def cartesian_rows(self) -> NDArray[np.intp]:
        """For every entry of the flat Cartesian tensor its place in the flat printed array, [3**rank]."""
        return np.asarray(np.ravel_multi_index(self._matrix_index, self.matrix_shape), dtype=np.intp)

    @cached_property
    def matrix_rows(self) -> NDArray[np.intp]:
        """For every entry of the flat printed array the Cartesian entry it shows, flat indices."""
        picks = [[(k,) for k in range(3)] if g == 1 else list(VOIGT) for g in self.groups]
        indices = [sum(choice, ()) for choice in itertools.product(*picks)]
        return np.asarray([np.ravel_multi_index(i, (3,) * self.rank) for i in indices], dtype=np.intp)

    @cached_property
    def from_cartesian(self) -> NDArray[np.float64]:
        """Matrix [component, 3**rank] from the flat Cartesian tensor to named components (means)."""
        return np.asarray(self.expand.T / self.multiplicity[:, None])

    @cached_property
    def from_matrix(self) -> NDArray[np.float64]:
        """Matrix [component, entry] from the flat printed array to named components."""
        one_hot = np.zeros((3**self.rank, int(np.prod(self.matrix_shape))))
        one_hot[np.arange(3**self.rank), self.cartesian_rows] = 1.0
        return np.asarray(self.from_cartesian @ one_hot)

    @cached_property
    def to_matrix(self) -> NDArray[np.float64]:
        """Matrix [entry, component] from named components to the flat printed array."""
        return np.asarray(self.expand[self.matrix_rows])

    def place(self, index: tuple[int, ...]) -> tuple[int, ...]:
        """Place in the printed array of a Cartesian entry, both counted from 0."""
        place, at = [], 0
        for group in self.groups:
            place.append(index[at] if group == 1 else _VOIGT_OF[index[at], index[at + 1]])
            at += group
        return tuple(place)

    def __repr__(self) -> str:
        return f"TensorKind({self.name!r}, {self.formula})"


def _generators(formula: str) -> list[Permutation]:
    first, *others = formula.split("=")
    generators = []
    for term in others:
        sign, letters = (-1, term[1:]) if term.startswith("-") else (1, term)
        if sorted(letters) != sorted(first) or len(set(first)) != len(first):
            raise ShapeError("tensor.formula", found=f"index formula {formula!r}", accepted="e.g. 'ijk=ikj'")
        generators.append((tuple(first.index(letter) for letter in letters), sign))
    return generators


def _closure(generators: list[Permutation], rank: int) -> tuple[Permutation, ...]:
    identity = (tuple(range(rank)), 1)
    known, new = {identity}, [identity]
    while new:
        step = [(tuple(a[k] for k in b), sign_a * sign_b) for a, sign_a in new for b, sign_b in generators]
        new = [p for p in dict.fromkeys(step) if p not in known]
        known.update(new)
    return tuple(sorted(known, key=lambda p: (p != identity, p)))


def _orbits(kind: TensorKind) -> tuple[tuple[str, dict[tuple[int, ...], int]], ...]:
    found: dict[tuple[int, ...], tuple[str, dict[tuple[int, ...], int]]] = {}
    seen: set[tuple[int, ...]] = set()
    for index in sorted(np.ndindex(*(3,) * kind.rank), key=lambda i: _order(kind, i)):
        if index in seen:
            continue
        orbit: dict[tuple[int, ...], int] = {}
        cancels = False
        for permutation, sign in kind.permutations:
            image = tuple(index[k] for k in permutation)
            cancels |= orbit.setdefault(image, sign) != sign
        seen.update(orbit)
        if not cancels:
            name = kind.letter + "".join(str(p + 1) for p in kind.place(index))
            found[index] = (name, orbit)
    return tuple(found.values())


def _order(kind: TensorKind, index: tuple[int, ...]) -> tuple[object, ...]:
    # A symmetric pair of Cartesian indices runs like a Voigt index: diagonal first (Nye's order).
    if kind.groups == (1, 1):
        return (_VOIGT_OF[index[0], index[1]], index)
    return (kind.place(index), index)


DIELECTRIC = TensorKind("dielectric", "eps", "ij=ji", (1, 1), irreps="1x0e+1x2e", jahn="[V2]")
PIEZOELECTRIC = TensorKind("piezoelectric", "e", "ijk=ikj", (1, 2), irreps="2x1o+1x2o+1x3o", jahn="V[V2]")
ELASTIC = TensorKind("elastic", "c", "ijkl=jikl=klij", (2, 2), irreps="2x0e+2x2e+1x4e", jahn="[[V2]2]")
SHG = TensorKind("shg", "d", "ijk=ikj", (1, 2), irreps="2x1o+1x2o+1x3o", jahn="V[V2]")
SHG_KLEINMAN = TensorKind("shg_kleinman", "d", "ijk=jik=ikj", (1, 2), irreps="1x1o+1x3o", jahn="[V3]")
GYRATION = TensorKind("gyration", "g", "ij=ji", (1, 1), axial=True, irreps="1x0o+1x2o", jahn="e[V2]")
GYRATION_GENERAL = TensorKind(
    "gyration_general", "g", "ij", (1, 1), axial=True, irreps="1x0o+1x1o+1x2o", jahn="eV2"
)
THIRD_ORDER_ELASTIC = TensorKind(
    "third_order_elastic",
    "c",
    "ijklmn=jiklmn=klijmn=ijmnkl",
    (2, 2, 2),
    irreps="3x0e+3x2e+1x3e+2x4e+1x6e",
    jahn="[[V2]3]",
)
PHOTOELASTIC = TensorKind(
    "photoelastic",
    "p",
    "ijkl=jikl=ijlk",
    (2, 2),
    irreps="2x0e+1x1e+3x2e+1x3e+1x4e",
    jahn="[V2][V2]",
)
CHI3 = TensorKind("chi3", "chi", "ijkl=jikl=ikjl=ijlk", (1, 1, 1, 1), irreps="1x0e+1x2e+1x4e", jahn="[V4]")
PYROELECTRIC = TensorKind("pyroelectric", "p", "i", (1,), irreps="1x1o", jahn="V")
FLEXOELECTRIC = TensorKind(
    "flexoelectric",
    "mu",
    "ijkl=jikl",
    (1, 1, 1, 1),
    irreps="2x0e+3x1e+4x2e+2x3e+1x4e",
    jahn="[V2]V2",
)

KINDS: dict[str, TensorKind] = {
    k.name: k
    for k in (
        DIELECTRIC,
        PIEZOELECTRIC,
        ELASTIC,
        SHG,
        SHG_KLEINMAN,
        GYRATION,
        GYRATION_GENERAL,
        THIRD_ORDER_ELASTIC,
        PHOTOELASTIC,
        CHI3,
        PYROELECTRIC,
        FLEXOELECTRIC,
    )
}


def tensor_kind(kind: str | TensorKind, others: tuple[str, ...] = ()) -> TensorKind:
    """The kind called so, that of a Jahn symbol such as ``"[V2]"``, or the kind itself.

    Parameters
    ----------
    kind
        A name in :data:`KINDS`, a Jahn symbol, or a kind.
    others
        Further words that the caller takes, for the error.

    Raises
    ------
    UnknownName
        For anything else.
    ShapeError
        ``tensor.jahn`` for what looks like a Jahn symbol and is none.
    """
    if isinstance(kind, TensorKind):
        return kind
    word = str(kind)
    if word in KINDS:
        return KINDS[word]
    if "V" in word:  # no name has one, and no symbol is without
        return TensorKind.from_jahn(word)
    raise UnknownName.of("tensor kind", kind, (*others, *KINDS))


def represent(kind: TensorKind, rotations: ArrayLike) -> NDArray[np.float64]:
    """Matrices D(R), shape [op, m, m], acting on components in *orthonormal* coordinates.

    Orthonormal coordinates are the named components times √multiplicity, so that their Euclidean
    norm is the Cartesian Frobenius norm and D(R) is orthogonal for orthogonal R. Axial kinds
    carry det(R).
    """
    r = np.asarray(rotations, dtype=np.float64)
    basis = kind.expand / np.sqrt(kind.multiplicity)
    m = kind.n_components
    n, inner = len(r), 3 ** (kind.rank - 1)
    tensor = np.broadcast_to(basis, (n, *basis.shape))
    for _ in range(kind.rank):
        # Turn the first index, then move it behind the others: after `rank` steps all are back in place.
        turned = r @ tensor.reshape(n, 3, inner * m)
        tensor = turned.reshape(n, 3, inner, m).transpose(0, 2, 1, 3)
    out = basis.T @ tensor.reshape(n, 3 * inner, m)
    if kind.axial:
        out = out * np.sign(np.linalg.det(r))[:, None, None]
    return np.asarray(out)


def rotate(kind: TensorKind, tensor: ArrayLike, rotation: ArrayLike) -> NDArray[np.float64]:
    """The tensor turned by ``rotation`` (T'_{ij…} = R_{ia} R_{jb} … T_{ab…}), in the form it came in."""
    full = kind.cartesian(tensor)
    r = np.asarray(rotation, dtype=np.float64)
    for axis in range(kind.rank):
        full = np.asarray(np.moveaxis(np.tensordot(r, full, axes=(1, axis)), 0, axis), dtype=np.float64)
    if kind.axial:
        full = full * np.sign(np.linalg.det(r))
    return full if np.shape(tensor) == full.shape else kind.matrix(full)
