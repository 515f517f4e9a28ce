"""Which element could take another's place: neighbours in a table, and what known crystals say."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata, spearmanr

from crysnb.elements.chemistry import PROPERTIES, element_property, partition
from crysnb.elements.compare import NEIGHBOURS, nearest
from crysnb.elements.prepare import Prepared, Scaling, pairwise, prepare
from crysnb.elements.table import element_table
from crysnb.errors import CrysnbError, UnknownName
from crysnb.values.element_table import ElementTable

#: λ of a pair of species that was never seen to replace one another.
_FLOOR = -5.0
_REASONS = ("X", "radius", "IE1", "mendeleev")


@dataclass(frozen=True, slots=True)
class Neighbour:
    """An element near another one in a table.

    Attributes
    ----------
    element
        Symbol.
    rank
        1 is the nearest.
    distance
        In the scaled table.
    reasons
        What the two have in common or not, in words.
    differences
        Property to (neighbour − element), in the property's unit.
    known
        λ of known substitutions (Hautier et al. 2011), largest over equal oxidation states; None if no such
        pair is tabulated.
    """

    element: str
    rank: int
    distance: float
    reasons: tuple[str, ...]
    differences: dict[str, float]
    known: float | None

    def to_dict(self) -> dict[str, Any]:
        """JSON values."""
        return asdict(self)


def neighbours(
    table: ElementTable | Any, element: str, n: int = NEIGHBOURS, *, scaling: Scaling | None = None
) -> list[Neighbour]:
    """The elements nearest to one in a table, with reasons; noble gases take part.

    Parameters
    ----------
    table
        A table, or what :func:`crysnb.element_table` takes.
    element
        Symbol.
    n
        How many.
    scaling
        As in :func:`crysnb.cluster_elements`.

    Raises
    ------
    UnknownName
        ``name.unknown_element``.
    CrysnbError
        ``elements.unseen`` if the table has not seen the element.
    """
    source = element_table(table)
    ready = prepare(source, scaling, noble_gases=True)
    if element not in ready.elements:
        if element not in source:
            raise UnknownName.of("element", element, source.elements)
        raise CrysnbError(
            "elements.unseen",
            found=f"{element} was not seen when {source.name} was made: it has no neighbours",
            accepted="an element with a vector",
        )
    return _nearest_to([element], ready, n)[element]


def all_neighbours(
    table: ElementTable | Any, n: int = NEIGHBOURS, *, scaling: Scaling | None = None
) -> dict[str, list[Neighbour]]:
    """:func:`neighbours` of every element that the table has seen."""
    ready = prepare(element_table(table), scaling, noble_gases=True)
    return _nearest_to(ready.elements, ready, n)


def _nearest_to(elements: Sequence[str], ready: Prepared, n: int) -> dict[str, list[Neighbour]]:
    distances = ready.distances()
    chosen = nearest(distances, n)
    rows = {symbol: ready.elements.index(symbol) for symbol in elements}
    return {
        symbol: [
            _described(symbol, ready.elements[j], rank, float(distances[i, j]))
            for rank, j in enumerate(chosen[i], 1)
        ]
        for symbol, i in rows.items()
    }


def _described(element: str, other: str, rank: int, distance: float) -> Neighbour:
    differences = {}
    for name in _REASONS:
        here, there = element_property(name, [element, other])
        if np.isfinite(here) and np.isfinite(there):
            differences[name] = float(there - here)
    same = [
        f"same {name} ({a})"
        for name in ("group", "row", "block", "family")
        for a, b in [partition(name, [element, other])]
        if a == b and not (name == "block" and _same("group", element, other))
    ]
    reasons = [
        f"{_SHORT[name]} {value:+.2f}{' ' + PROPERTIES[name].unit if PROPERTIES[name].unit else ''}"
        for name, value in differences.items()
        if name in _SHORT
    ]
    known = known_substitution(element, other)
    if known is not None:
        reasons.append(
            "replaced in known crystals" if known > _FLOOR + 1e-9 else "never replaced in known crystals"
        )
    return Neighbour(other, rank, distance, (*same, *reasons), differences, known)


_SHORT = {"X": "electronegativity", "radius": "radius"}


def _same(name: str, one: str, other: str) -> bool:
    a, b = partition(name, [one, other])
    return a == b


@cache
def _substitutions() -> tuple[Any, dict[str, list[Any]]]:
    """The table of pymatgen, and the species of each element."""
    from pymatgen.core.structure_prediction.substitution_probability import SubstitutionProbability

    table: Any = SubstitutionProbability()  # type: ignore[no-untyped-call]
    by_element: dict[str, list[Any]] = {}
    for species in sorted(table.species, key=str):
        by_element.setdefault(species.element.symbol, []).append(species)
    return table, by_element


@cache
def _largest(one: str, other: str) -> float | None:
    table, by_element = _substitutions()
    pairs = itertools.product(by_element.get(one, ()), by_element.get(other, ()))
    values = [float(table.get_lambda(a, b)) for a, b in pairs if a.oxi_state == b.oxi_state]
    return max(values, default=None)


@cache
def _species_lambda() -> dict[frozenset[str], float]:
    """λ of element pairs: the largest over species of equal oxidation state."""
    pairs = itertools.combinations(sorted(_substitutions()[1]), 2)
    return {frozenset(pair): value for pair in pairs if (value := _largest(*pair)) is not None}


def known_substitution(one: str, other: str) -> float | None:
    """λ of pymatgen's substitution probability (Hautier et al. 2011, doi:10.1021/ic102031h), or None.

    The largest over pairs of species of the two elements with equal oxidation state; -5 where no such pair
    was seen to replace one another in known crystals.
    """
    return _largest(*sorted((one, other)))


@dataclass(frozen=True, slots=True)
class SubstitutionAgreement:
    """How well closeness in a table tells what replaces what in known crystals.

    Attributes
    ----------
    rho
        Spearman correlation of closeness and λ over pairs that were seen.
    auc
        Chance that a pair with λ > 0 is closer than one without.
    overlap
        Mean share of the five likeliest substitutes among the five nearest elements that have a λ.
    n_elements, n_pairs, n_never
        Elements with substitutions, pairs with a λ, and those never seen.
    """

    rho: float
    auc: float
    overlap: float
    n_elements: int
    n_pairs: int
    n_never: int

    def to_dict(self) -> dict[str, Any]:
        """JSON values."""
        return asdict(self)


def substitution_agreement(
    table: ElementTable | Any, *, elements: Iterable[str] | None = None, scaling: Scaling = "zscore"
) -> SubstitutionAgreement:
    """Neighbours in a table against substitutions in known crystals.

    Parameters
    ----------
    table
        A table, or what :func:`crysnb.element_table` takes. ``"mendeleev"`` is the baseline to beat.
    elements
        Only these; by default all but noble gases.
    scaling
        Of the rows, whose cosine then measures closeness; a table of one column is compared by difference.

    Raises
    ------
    ShapeError
        ``elements.too_few``.
    """
    known = _species_lambda()
    tabulated = frozenset().union(*known)
    source = element_table(table)
    chosen = [s for s in (source.elements if elements is None else elements) if s in tabulated]
    ready = prepare(source, scaling, elements=chosen)
    n = len(ready.elements)
    likely = np.full((n, n), np.nan)
    for i, j in itertools.combinations(range(n), 2):
        value = known.get(frozenset((ready.elements[i], ready.elements[j])))
        if value is not None:
            likely[i, j] = likely[j, i] = value
    points = ready.points
    if points.shape[1] > 1:
        length = np.linalg.norm(points, axis=1, keepdims=True)
        points = points / np.where(length > 0, length, np.inf)
    return _compared(pairwise(points), likely)


def _compared(distances: NDArray[np.float64], likely: NDArray[np.float64]) -> SubstitutionAgreement:
    upper = np.triu_indices(len(likely), 1)
    value, closeness = likely[upper], -distances[upper]
    told = np.isfinite(value)
    value, closeness = value[told], closeness[told]
    seen = value > _FLOOR + 1e-9
    rho = float(spearmanr(closeness[seen], value[seen]).statistic) if seen.sum() > 2 else np.nan
    # Only elements with a λ can be ranked; who has fewer than five of them has no five substitutes.
    no_pair = ~np.isfinite(likely)
    best = nearest(np.where(no_pair, np.inf, -likely))
    close = nearest(np.where(no_pair, np.inf, distances))
    shares = [
        len(set(best[i].tolist()) & set(close[i].tolist())) / NEIGHBOURS
        for i in np.flatnonzero((~no_pair).sum(axis=1) >= NEIGHBOURS)
    ]
    return SubstitutionAgreement(
        rho,
        _auc(closeness, value > 0),
        float(np.mean(shares)) if shares else np.nan,
        len(likely),
        int(told.sum()),
        int((~seen).sum()),
    )


def _auc(score: NDArray[np.float64], positive: NDArray[np.bool_]) -> float:
    """Area under the receiver operating characteristic, by the rank sum (Hanley and McNeil 1982)."""
    n, m = int(positive.sum()), int((~positive).sum())
    if not n or not m:
        return np.nan
    return float((rankdata(score)[positive].sum() - n * (n + 1) / 2) / (n * m))
